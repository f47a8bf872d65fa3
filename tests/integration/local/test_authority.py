"""The local authority's certificates and tokens are what the services accept, and no more."""

import json
import socket
import ssl
import stat
import threading
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from deploy.local import certificates
from deploy.local.authority import AUDIENCE, ISSUER, Authority, role_names


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "authority")
    made.ensure()
    return made


def verified(authority: Authority, token: str) -> dict[str, object]:
    keys = {key["kid"]: key for key in json.loads(authority.jwks.read_text())["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]])
    claims: dict[str, object] = jwt.decode(token, key.key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)
    return claims


def test_a_token_verifies_against_the_published_key(authority: Authority) -> None:
    token = authority.token(["crime_recorder", "ROLE_AUDITOR"], force="greater-manchester", subject="someone")
    claims = verified(authority, token)
    assert claims["roles"] == ["ROLE_CRIME_RECORDER", "ROLE_AUDITOR"]
    assert (claims["force"], claims["sub"]) == ("greater-manchester", "someone")


def test_a_token_can_be_over_before_it_begins(authority: Authority) -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(authority, authority.token(["officer"], hours=-1))


def test_another_authoritys_token_does_not_verify(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.ensure()
    with pytest.raises(KeyError):
        verified(authority, other.token(["officer"]))


def test_every_role_of_the_contract_can_be_had_and_no_other(authority: Authority) -> None:
    assert len(role_names()) == 13
    assert verified(authority, authority.token(role_names()))["roles"] == list(role_names())
    with pytest.raises(ValueError, match="no role 'sheriff'; there are call_handler, "):
        authority.token(["sheriff"])


def test_the_issuer_speaks_for_its_forces(authority: Authority) -> None:
    Authority(authority.home, ["kent"]).ensure()
    authority.ensure()
    (key,) = json.loads(authority.jwks.read_text())["keys"]
    assert key["peel_forces"] == ["greater-manchester", "kent", "west-yorkshire"]
    assert {key["kty"], key["crv"], key["use"], key["alg"]} == {"OKP", "Ed25519", "sig", "EdDSA"}


def test_keys_stay_when_all_is_well(authority: Authority) -> None:
    before = {file.name: file.read_bytes() for file in authority.home.iterdir()}
    authority.ensure()
    assert {file.name: file.read_bytes() for file in authority.home.iterdir()} == before


def test_private_keys_are_private_and_the_authoritys_own_is_kept_nowhere(authority: Authority) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in authority.home.iterdir()}
    private = dict.fromkeys(("server.key", "issuer.key", "page.key"), 0o600)
    assert modes == private | dict.fromkeys(("ca.pem", "server.pem", "jwks.json"), 0o644)


def test_a_certificate_is_renewed_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_VALID", timedelta(days=6))
    authority = Authority(tmp_path)
    authority.ensure()
    old = authority.server_certificate.read_bytes()
    monkeypatch.undo()
    authority.ensure()
    assert authority.server_certificate.read_bytes() != old


def test_files_that_do_not_belong_together_are_made_anew(authority: Authority) -> None:
    _, _, stray = certificates.make_certificates()
    authority.server_key.write_bytes(stray)
    authority.ensure()
    assert authority.server_key.read_bytes() != stray


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_client_that_trusts_the_authority_trusts_the_server(authority: Authority, name: str) -> None:
    assert _handshake(authority, name) == "TLSv1.3"


def test_a_client_refuses_the_server_under_another_name(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(authority, "peel.example")


def _handshake(authority: Authority, name: str) -> str | None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.server_certificate, authority.server_key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with theirs:
            try:
                server.wrap_socket(theirs, server_side=True).close()
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours, ssl.create_default_context(cafile=authority.ca).wrap_socket(ours, server_hostname=name) as client:
            return client.version()
    finally:
        thread.join()
