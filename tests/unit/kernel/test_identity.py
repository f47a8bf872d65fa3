"""Who a token proves its bearer to be, and every token that proves nothing."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.kernel import identity
from services.kernel.caller import Caller
from services.kernel.errors import Kind, PeelError
from services.kernel.identity import Identity
from tests.unit.kernel.calls import FORCE, settings

ISSUER, OTHER_ISSUER = "https://authority.example", "https://other.example"
HANDLER, REGISTRAR = "ROLE_CALL_HANDLER", "ROLE_CRIME_REGISTRAR"


class Authority:
    """Issuers of tokens and the file of their public keys."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.written = 0
        self.keys: dict[str, Ed25519PrivateKey] = {}
        self.lines: dict[str, dict[str, object]] = {}
        self.add("k1", ISSUER, [FORCE])

    def add(self, kid: str, issuer: str, forces: list[str]) -> None:
        self.keys[kid] = Ed25519PrivateKey.generate()
        raw = self.keys[kid].public_key().public_bytes_raw()
        self.lines[kid] = {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64.urlsafe_b64encode(raw).decode().rstrip("="),
            "kid": kid,
            "use": "sig",
            "alg": "EdDSA",
            "peel_issuer": issuer,
            "peel_forces": forces,
        }
        self.write()

    def remove(self, kid: str) -> None:
        del self.lines[kid]
        self.write()

    def write(self) -> None:
        self.file.write_text(json.dumps({"keys": list(self.lines.values())}))
        # A coarse file clock must not hide that it changed.
        self.written += 10**9
        os.utime(self.file, ns=(self.written, self.written))

    def token(self, kid: str = "k1", *, signed_by: str | None = None, headers: Any = None, **changes: Any) -> str:
        now = datetime.now(UTC)
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": "person-7",
            "aud": "peel",
            "iat": now,
            "exp": now + timedelta(hours=1),
            "force": FORCE,
            "roles": [HANDLER],
        }
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        key = self.keys[signed_by or kid]
        return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid} | (headers or {}))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "jwks.json")


@pytest.fixture
def known(authority: Authority) -> Identity:
    return Identity(settings(jwks=authority.file))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock of the cache on by so many seconds."""
    moved = [0.0]
    monkeypatch.setattr(identity, "time", SimpleNamespace(time=lambda: datetime.now(UTC).timestamp() + moved[0]))

    def move(seconds: float) -> None:
        moved[0] += seconds

    return move


def bearer(token: str) -> str:
    return f"Bearer {token}"


def reason(known: Identity, authorization: str | None) -> str:
    with pytest.raises(PeelError) as refused:
        known.caller(authorization)
    assert refused.value.kind in (Kind.UNAUTHENTICATED, Kind.FORBIDDEN)
    return refused.value.reason


def ago(**parts: float) -> datetime:
    return datetime.now(UTC) - timedelta(**parts)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_token_proves_its_bearer(authority: Authority, known: Identity) -> None:
    expected = Caller("person-7", FORCE, frozenset({HANDLER}))
    token = authority.token()
    assert known.caller(bearer(token)) == expected
    assert known.caller(f"bearer {token} ") == expected


@pytest.mark.parametrize("authorization", [None, "", "Basic dXNlcjpwYXNz", "Bearer", "token"])
def test_a_call_without_a_token(known: Identity, authorization: str | None) -> None:
    assert reason(known, authorization) == "TOKEN_MISSING"


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "é.é.é", "\x00", "x" * 10_000])
def test_a_token_that_is_none(known: Identity, token: str) -> None:
    assert reason(known, bearer(token)) == "TOKEN_INVALID"


def test_an_expired_token(authority: Authority, known: Identity) -> None:
    assert reason(known, bearer(authority.token(exp=ago(seconds=10)))) == "TOKEN_EXPIRED"
    # Clocks may differ by five seconds.
    assert known.caller(bearer(authority.token(exp=ago(seconds=2)))).subject == "person-7"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another system"},
        {"aud": None},
        {"iss": OTHER_ISSUER},
        {"iss": None},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"iat": datetime.now(UTC) + timedelta(hours=1)},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"force": None},
        {"force": [FORCE]},
        {"roles": None},
        {"roles": HANDLER},
    ],
    ids=lambda changes: "-".join(f"{name}-{type(value).__name__}" for name, value in changes.items()),
)
def test_a_token_with_a_wrong_claim(authority: Authority, known: Identity, changes: dict[str, Any]) -> None:
    assert reason(known, bearer(authority.token(**changes))) == "TOKEN_INVALID"


def test_a_token_of_an_unknown_key(authority: Authority, known: Identity) -> None:
    assert reason(known, bearer(authority.token("k1", headers={"kid": "k9"}))) == "TOKEN_INVALID"
    assert reason(known, bearer(authority.token("k1", headers={"kid": ""}))) == "TOKEN_INVALID"


def test_a_token_signed_by_another_key(authority: Authority, known: Identity) -> None:
    authority.add("k2", OTHER_ISSUER, [FORCE])
    assert reason(known, bearer(authority.token("k1", signed_by="k2"))) == "TOKEN_INVALID"


def test_an_issuer_cannot_speak_in_the_name_of_another(authority: Authority, known: Identity) -> None:
    authority.add("k2", OTHER_ISSUER, ["greater-manchester"])
    assert reason(known, bearer(authority.token("k2"))) == "TOKEN_INVALID"


def test_a_token_without_a_signature(authority: Authority, known: Identity) -> None:
    head, body, _ = authority.token().split(".")
    assert reason(known, bearer(f"{head}.{body}.")) == "TOKEN_INVALID"
    for algorithm in ("none", "None", "NONE"):
        unsigned = part({"alg": algorithm, "kid": "k1"})
        assert reason(known, bearer(f"{unsigned}.{body}.")) == "TOKEN_INVALID"


def test_a_token_signed_with_the_public_key_as_a_shared_secret(authority: Authority, known: Identity) -> None:
    body = authority.token().split(".")[1]
    head = part({"alg": "HS256", "typ": "JWT", "kid": "k1"})
    public = str(authority.lines["k1"]["x"])
    for secret in (public.encode(), base64.urlsafe_b64decode(public + "=")):
        signature = part(hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256))
        assert reason(known, bearer(f"{head}.{body}.{signature}")) == "TOKEN_INVALID"


def test_an_issuer_speaks_for_its_own_forces_only(authority: Authority, known: Identity) -> None:
    assert reason(known, bearer(authority.token(force="greater-manchester"))) == "FORCE_NOT_ISSUED"


def test_the_registrar_holds_no_other_role(authority: Authority, known: Identity) -> None:  # domain facts 2.5
    assert reason(known, bearer(authority.token(roles=[REGISTRAR, HANDLER]))) == "ROLE_CONFLICT"
    assert known.caller(bearer(authority.token(roles=[REGISTRAR]))).roles == {REGISTRAR}


def test_no_error_repeats_a_claim(authority: Authority, known: Identity) -> None:  # I7
    for changes in ({"sub": ["Quill"]}, {"aud": "Quill"}, {"force": "Quill"}, {"iss": "Quill"}):
        with pytest.raises(PeelError) as refused:
            known.caller(bearer(authority.token(**changes)))
        assert "Quill" not in f"{refused.value}{refused.value.metadata}"


def test_a_new_key_works_at_once(authority: Authority, known: Identity) -> None:
    known.caller(bearer(authority.token()))
    authority.add("k2", OTHER_ISSUER, ["greater-manchester"])
    token = authority.token("k2", iss=OTHER_ISSUER, force="greater-manchester")
    assert known.caller(bearer(token)).force == "greater-manchester"


def test_a_key_taken_out_of_the_file_stops_working(
    authority: Authority, known: Identity, later: Callable[[float], None]
) -> None:
    authority.add("k2", OTHER_ISSUER, ["greater-manchester"])
    known.caller(bearer(authority.token("k2", iss=OTHER_ISSUER, force="greater-manchester")))
    token = authority.token()
    known.caller(bearer(token))
    authority.remove("k1")
    # A token not seen before is refused at once; one that was verified is believed for half a minute.
    assert reason(known, bearer(authority.token(sub="person-8"))) == "TOKEN_INVALID"
    later(29)
    assert known.caller(bearer(token)).subject == "person-7"
    later(2)
    assert reason(known, bearer(token)) == "TOKEN_INVALID"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [{}]}', '{"keys": [{"kty": "OKP"}]}', '{"keys": 1}', None])
def test_a_key_file_that_cannot_be_read_leaves_the_keys_of_before(
    authority: Authority, known: Identity, text: str | None
) -> None:
    if text is None:
        authority.file.unlink()
    else:
        authority.file.write_text(text)
        os.utime(authority.file, ns=(1, 1))
    assert known.caller(bearer(authority.token())).subject == "person-7"
    authority.add("k2", OTHER_ISSUER, ["greater-manchester"])
    token = authority.token("k2", iss=OTHER_ISSUER, force="greater-manchester")
    assert known.caller(bearer(token)).force == "greater-manchester"


def test_a_verified_token_is_not_believed_beyond_its_end(
    authority: Authority, known: Identity, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = authority.token(exp=datetime.now(UTC) + timedelta(seconds=10))
    known.caller(bearer(token))
    asked: list[str] = []

    def verify(again: str) -> tuple[Caller, float]:
        asked.append(again)
        return Caller("person-7", FORCE, frozenset()), 0.0

    monkeypatch.setattr(known, "_verify", verify)
    later(8)
    known.caller(bearer(token))
    assert asked == []
    later(4)
    known.caller(bearer(token))
    assert asked == [token]


def test_the_cache_is_bounded(authority: Authority, known: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_CACHE_ENTRIES", 3)
    for number in range(10):
        known.caller(bearer(authority.token(sub=f"person-{number}")))
    assert len(known._believed) == 3


def test_without_a_key_file_nobody_is_anybody(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PEEL_JWKS"):
        Identity(settings(jwks=None))
    with pytest.raises(FileNotFoundError):
        Identity(settings(jwks=tmp_path / "nowhere"))


def test_in_an_emergency_a_token_counts_for_some_time_after_its_end(authority: Authority, known: Identity) -> None:
    day = timedelta(hours=24)
    late = bearer(authority.token(exp=ago(hours=23)))
    caller = known.caller(late, day)
    assert (caller.subject, caller.token_expired) == ("person-7", True)
    # It goes on proving nothing to anybody else.
    assert reason(known, late) == "TOKEN_EXPIRED"
    with pytest.raises(PeelError, match="TOKEN_EXPIRED"):
        known.caller(bearer(authority.token(exp=ago(hours=25))), day)
    assert not known.caller(bearer(authority.token()), day).token_expired


def test_an_emergency_excuses_nothing_else(authority: Authority, known: Identity) -> None:
    day = timedelta(hours=24)
    authority.add("k2", OTHER_ISSUER, [FORCE])
    for token, told in [
        (authority.token("k1", signed_by="k2", exp=ago(hours=1)), "TOKEN_INVALID"),
        (authority.token(aud="another system", exp=ago(hours=1)), "TOKEN_INVALID"),
        (authority.token(nbf=ago(hours=-1), exp=ago(hours=1)), "TOKEN_INVALID"),
        (authority.token(force="nowhere", exp=ago(hours=1)), "FORCE_NOT_ISSUED"),
    ]:
        with pytest.raises(PeelError, match=told):
            known.caller(bearer(token), day)
