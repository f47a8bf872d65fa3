"""Who is calling: bearer tokens (JWT, EdDSA), checked against the issuers' public keys in a JWKS file."""

import json
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import jwt

from services.kernel.caller import Caller
from services.kernel.contract import independent_roles
from services.kernel.errors import Refused, Unauthenticated
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger

_LOG = logger(__name__)

# A verified token is believed this long without looking again; a key taken out of the file stops working by then.
_BELIEVED_SECONDS = 30.0
_CACHE_ENTRIES = 4096
_LEEWAY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Issuer:
    key: jwt.PyJWK
    name: str
    forces: frozenset[str]


class _Expired(Unauthenticated):
    def __init__(self) -> None:
        super().__init__("TOKEN_EXPIRED", rule="the token has expired; get a new one")


class Identity:
    """Verifies tokens. Reads the key file again when it changes; while it cannot be read, the keys of before hold."""

    def __init__(self, settings: Settings) -> None:
        if settings.jwks is None:
            raise ValueError("PEEL_JWKS is not set: nobody could be authenticated")
        self._file: Path = settings.jwks
        self._audience = settings.audience
        self._issuers: dict[str, _Issuer] = {}
        self._read_at = 0
        self._believed: dict[str, tuple[Caller, float]] = {}
        self._read()

    def caller(self, authorization: str | None, expired_for: timedelta = timedelta(0)) -> Caller:
        """The caller that an `authorization` metadata value proves; also by a token that expired so long ago.

        Raises Unauthenticated(TOKEN_MISSING | TOKEN_INVALID | TOKEN_EXPIRED) and Refused(ROLE_CONFLICT |
        FORCE_NOT_ISSUED).
        """
        if not authorization or not authorization.lower().startswith("bearer "):
            raise Unauthenticated("TOKEN_MISSING", rule="send `authorization: Bearer <token>`")
        token = authorization[7:].strip()
        believed = self._believed.get(token)
        if believed and believed[1] > time.time():
            return believed[0]
        try:
            caller, expires = self._verify(token)
        except _Expired:
            if not expired_for:
                raise
            # Not kept: it proves nothing to the next call.
            return self._lately(token, expired_for)
        if len(self._believed) >= _CACHE_ENTRIES:
            self._believed.pop(next(iter(self._believed)))
        self._believed[token] = (caller, min(expires, time.time() + _BELIEVED_SECONDS))
        return caller

    def _verify(self, token: str, *, ends: bool = True) -> tuple[Caller, float]:
        """Whom the token proves and when it expires, in seconds since 1970; with `ends`, not beyond that."""
        try:
            issuer = self._issuer(jwt.get_unverified_header(token).get("kid", ""))
            claims = jwt.decode(
                token,
                issuer.key.key,
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=issuer.name,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_exp": ends},
            )
        except jwt.ExpiredSignatureError as error:
            raise _Expired from error
        except jwt.PyJWTError as error:
            raise Unauthenticated("TOKEN_INVALID", rule=f"the token is not valid: {type(error).__name__}") from error
        return _caller(claims, issuer), float(claims["exp"])

    def _lately(self, token: str, expired_for: timedelta) -> Caller:
        """Whom a token proves that is known to have expired."""
        caller, expired = self._verify(token, ends=False)
        if time.time() - expired > expired_for.total_seconds():
            raise _Expired
        return replace(caller, token_expired=True)

    def _issuer(self, key_id: str) -> _Issuer:
        self._refresh()
        try:
            return self._issuers[key_id]
        except KeyError:
            raise jwt.InvalidKeyError("unknown key id") from None

    def _refresh(self) -> None:
        try:
            if self._file.stat().st_mtime_ns != self._read_at:
                self._read()
        except (OSError, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
            _LOG.error("key file cannot be read", error=type(error).__name__)

    def _read(self) -> None:
        self._read_at = self._file.stat().st_mtime_ns
        keys = json.loads(self._file.read_text())["keys"]
        self._issuers = {
            key["kid"]: _Issuer(jwt.PyJWK(key), key["peel_issuer"], frozenset(key["peel_forces"])) for key in keys
        }


def _caller(claims: dict[str, object], issuer: _Issuer) -> Caller:
    force, roles = claims.get("force"), claims.get("roles")
    if not isinstance(force, str) or not isinstance(roles, list):
        raise Unauthenticated("TOKEN_INVALID", rule="the token names no force or no roles")
    if force not in issuer.forces:
        raise Refused("FORCE_NOT_ISSUED", rule="this issuer does not speak for that force", permission=True)
    held = frozenset(str(role) for role in roles)
    if held & independent_roles() and len(held) > 1:
        raise Refused("ROLE_CONFLICT", rule="an independent role may not be held with another", permission=True)
    return Caller(subject=str(claims["sub"]), force=force, roles=held)
