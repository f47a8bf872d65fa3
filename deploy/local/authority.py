"""Who is trusted on this machine: a certificate for the servers, and an issuer of tokens for synthetic people."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.certificates import certificates_end, make_certificates
from deploy.local.files import write_private, write_public
from peel.options.v1 import options_pb2

ISSUER = "https://identity.peel.example"
AUDIENCE = "peel"
FORCES = ("greater-manchester", "west-yorkshire")

_RENEW_BEFORE = timedelta(days=7)


class Authority:
    """The files that servers and clients trust, all in one folder. None of it is worth anything elsewhere."""

    def __init__(self, home: Path, forces: Iterable[str] = FORCES) -> None:
        """`forces`: those the issuer speaks for, by data.police.uk name, beside those it spoke for before."""
        self.home = home.absolute()
        self._forces = frozenset(forces)
        self.ca = self.home / "ca.pem"
        self.server_certificate = self.home / "server.pem"
        self.server_key = self.home / "server.key"
        self.jwks = self.home / "jwks.json"
        self.page_key = self.home / "page.key"
        self._issuer_key = self.home / "issuer.key"

    def ensure(self) -> None:
        """Makes what is not there yet, and anew what expires within seven days."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self._certificates_are_due():
            authority, certificate, key = make_certificates()
            write_private(self.server_key, key)
            write_public(self.server_certificate, certificate)
            write_public(self.ca, authority)
        if not self._issuer_key.exists():
            write_private(self._issuer_key, _new_issuer_key())
        if not self.page_key.exists():
            write_private(self.page_key, secrets.token_hex(32).encode())
        forces = sorted(self._forces | self._forces_of_before())
        issuer: dict[str, object] = {**self._public_key(), "peel_issuer": ISSUER, "peel_forces": forces}
        write_public(self.jwks, json.dumps({"keys": [issuer]}, indent=2).encode())

    def token(
        self, roles: Sequence[str], force: str = "west-yorkshire", subject: str = "local-person", hours: float = 12.0
    ) -> str:
        """A bearer token of a synthetic person with these roles ("crime_recorder" or "ROLE_CRIME_RECORDER").

        Negative hours make one that has expired. Neither the force nor the mix of roles is checked here: to refuse
        wrong ones is the services' part, and tests ask for them. Raises ValueError for a role the contract has not.
        """
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": min(now, now + timedelta(hours=hours)),
            "exp": now + timedelta(hours=hours),
            "force": force,
            "roles": [role_name(role) for role in roles],
        }
        key = self._private_key()
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": self._public_key()["kid"]})

    def _certificates_are_due(self) -> bool:
        files = (self.ca, self.server_certificate, self.server_key)
        if not all(file.exists() for file in files):
            return True
        return certificates_end(*(file.read_bytes() for file in files)) - datetime.now(UTC) < _RENEW_BEFORE

    def _private_key(self) -> Ed25519PrivateKey:
        return cast(Ed25519PrivateKey, serialization.load_pem_private_key(self._issuer_key.read_bytes(), password=None))

    def _public_key(self) -> dict[str, str]:
        raw = self._private_key().public_key().public_bytes_raw()
        point = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
        # RFC 7638: the key's own digest is its name, so a new key never goes by an old one's.
        name = _base64url(hashlib.sha256(json.dumps(point, sort_keys=True, separators=(",", ":")).encode()).digest())
        return point | {"kid": name, "use": "sig", "alg": "EdDSA"}

    def _forces_of_before(self) -> set[str]:
        if not self.jwks.exists():
            return set()
        return {force for key in json.loads(self.jwks.read_text())["keys"] for force in key["peel_forces"]}


def role_names() -> tuple[str, ...]:
    """Every role that the contract knows, as tokens name it."""
    return tuple(value.name for value in options_pb2.Role.DESCRIPTOR.values if value.number)


def role_name(role: str) -> str:
    """The contract's name of a role, which may be given short: crime_recorder. Raises ValueError for one it has not."""
    name = "ROLE_" + role.upper().removeprefix("ROLE_")
    if name not in role_names():
        known = ", ".join(short_role(known) for known in role_names())
        raise ValueError(f"no role {role!r}; there are {known}")
    return name


def short_role(name: str) -> str:
    """ROLE_CRIME_RECORDER as people write it: crime_recorder."""
    return name.removeprefix("ROLE_").lower()


def _new_issuer_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
