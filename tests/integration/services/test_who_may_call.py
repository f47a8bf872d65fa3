"""Who may call what: tokens that prove nothing, roles that do not suffice, and the walls between forces."""

import time
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.authority import ISSUER
from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from tests.integration.services.calling import Person
from tests.integration.services.following import crimes_of, told
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import (
    alleging,
    assessment,
    cancellation,
    closing,
    contact,
    decision,
    grading,
    outcome,
    recording,
)

NOBODY, DENIED = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED
ABSENT = grpc.StatusCode.NOT_FOUND, "NOT_FOUND"
HANDLER = "ROLE_CALL_HANDLER"


def _signed(
    running: Running, *, key: Any = None, algorithm: str = "EdDSA", kid: str | None = None, **claims: Any
) -> str:
    """A token like those of the local authority, but for what is given. A claim of None is left out."""
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "sub": "Zephyrine Quillfeather",
        "aud": "peel",
        "iat": now,
        "exp": now + 600,
        "force": SHARED_FORCE,
        "roles": [HANDLER],
    }
    given = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    public = running.authority._public_key()
    own = key if key is not None else running.authority._private_key()
    return jwt.encode(given, own, algorithm=algorithm, headers={"kid": public["kid"] if kid is None else kid})


def _refused(running: Running, token: str | None) -> tuple[grpc.StatusCode, str]:
    request = contact(SHARED_FORCE, running.now, alleging())
    refusal = Person(token).refused(running.intake.OpenContact, request)
    assert b"Zephyrine" not in refusal.raw
    assert running.count("intake", "from request where id::text = $1", request.request_id) == 0
    return refusal.told


def test_no_token(running: Running) -> None:
    assert _refused(running, None) == (NOBODY, "TOKEN_MISSING")
    basic = Person(None, [("authorization", "Basic WmVwaHlyaW5l")])
    assert basic.refused(running.intake.OpenContact, contact(SHARED_FORCE, running.now)).told == (
        NOBODY,
        "TOKEN_MISSING",
    )
    # Not even whether a body is well formed is told to somebody unknown.
    method = running.raw("/peel.intake.v1.IntakeService/OpenContact")
    assert Person(None).refused(method, b"\xff\xff").told == (NOBODY, "TOKEN_MISSING")


def test_an_expired_token(running: Running) -> None:
    token = running.authority.token(["call_handler"], SHARED_FORCE, hours=-1)
    assert _refused(running, token) == (NOBODY, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"sub": None},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"kid": "unknown"},
        {"force": None},
        {"force": ["west-yorkshire"]},
        {"roles": None},
        {"roles": HANDLER},
    ],
    ids="-".join,
)
def test_a_token_that_proves_nothing(running: Running, claims: dict[str, Any]) -> None:
    assert _refused(running, _signed(running, **claims)) == (NOBODY, "TOKEN_INVALID")


def test_a_token_that_somebody_made_up(running: Running) -> None:
    good = _signed(running)
    head, body, signature = good.split(".")
    public = running.authority._public_key()["x"]
    for token in (
        "Zephyrine",
        f"{head}.{body}.",
        f"{head}.{body[:-4]}AAAA.{signature}",
        _signed(running, key=Ed25519PrivateKey.generate()),
        _signed(running, key="", algorithm="none"),
        # The public key, which everybody has, taken for a shared secret.
        _signed(running, key=public.ljust(64, "="), algorithm="HS256"),
    ):
        assert _refused(running, token) == (NOBODY, "TOKEN_INVALID")


def test_a_role_that_does_not_suffice(running: Running) -> None:
    assert _refused(running, _signed(running, roles=["ROLE_AUDITOR"])) == (DENIED, "ROLE_MISSING")
    assert _refused(running, _signed(running, roles=[])) == (DENIED, "ROLE_MISSING")
    assert _refused(running, _signed(running, roles=["ROLE_UNSPECIFIED", "ROLE_CHIEF"])) == (DENIED, "ROLE_MISSING")


def test_the_registrar_holds_no_other_role(running: Running) -> None:
    both = _signed(running, roles=["ROLE_CRIME_REGISTRAR", HANDLER])
    assert _refused(running, both) == (DENIED, "ROLE_CONFLICT")


def test_another_force(running: Running, force: str) -> None:
    assert _refused(running, _signed(running, force=force)) == (DENIED, "FORCE_MISMATCH")
    assert _refused(running, _signed(running, force="atlantis")) == (DENIED, "FORCE_NOT_ISSUED")


def test_lists_and_streams_of_another_force(running: Running, force: str) -> None:
    registrar, handler = (running.person(role, force=force) for role in ("crime_registrar", "call_handler"))
    for person, method, request in (
        (handler, running.intake.ListContacts, intake.ListContactsRequest(force=SHARED_FORCE)),
        (handler, running.intake.ListIncidents, intake.ListIncidentsRequest(force=SHARED_FORCE)),
        (registrar, running.crime.ListReports, crime.ListReportsRequest(force=SHARED_FORCE)),
        (registrar, running.crime.ListCrimes, crime.ListCrimesRequest()),
        (registrar, running.crime.GetRecordingRate, crime.GetRecordingRateRequest(force=SHARED_FORCE)),
        (registrar, running.crime.ReconcileReports, crime.ReconcileReportsRequest(force=SHARED_FORCE)),
        (registrar, running.crime.ExportStreetCrime, crime.ExportStreetCrimeRequest(force=SHARED_FORCE)),
    ):
        assert person.refused(method, request).told == (DENIED, "FORCE_MISMATCH")


def test_records_of_another_force_are_not_there(running: Running, force: str) -> None:
    """The answer is the same as for a record that does not exist, so that nobody can find out which do."""
    handler = running.person("call_handler")
    (report,) = told(running, contact(SHARED_FORCE, running.now, alleging()))
    (one,) = crimes_of(running, report)
    contact_id = report.contact.contact_id
    handler.ask(running.intake.AssessThrive, assessment(contact_id))
    incident_id = handler.ask(running.intake.GradeContact, grading(contact_id)).incident.incident_id
    stranger, maker, registrar = (
        running.person(role, force=force) for role in ("call_handler", "decision_maker", "crime_registrar")
    )
    for person, method, request in (
        (stranger, running.intake.GetContact, intake.GetContactRequest(contact_id=contact_id)),
        (stranger, running.intake.AssessThrive, assessment(contact_id)),
        (stranger, running.intake.GradeContact, grading(contact_id)),
        (stranger, running.intake.GetIncident, intake.GetIncidentRequest(incident_id=incident_id)),
        (stranger, running.intake.CloseIncident, closing(incident_id, types.CLOSING_KIND_CRIME)),
        (maker, running.crime.GetReport, crime.GetReportRequest(report_id=report.report_id)),
        (maker, running.crime.DecideRecording, decision(report.report_id, recording(1))),
        (maker, running.crime.GetCrime, crime.GetCrimeRequest(crime_id=one.crime_id)),
        (maker, running.crime.RecordOutcome, outcome(one.crime_id, "1")),
        (registrar, running.crime.CancelCrime, cancellation(one.crime_id)),
    ):
        assert person.refused(method, request).told == ABSENT
    own = maker.ask(running.crime.ListCrimes, crime.ListCrimesRequest(force=force, report_id=report.report_id))
    assert not own.crimes
