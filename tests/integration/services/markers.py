"""Requests about markers, in few words. All people are invented, and known by the same marks as everybody here."""

from datetime import datetime, timedelta

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import types_pb2 as types
from services.kernel.wire import stamp
from tests.integration.services.running import Running
from tests.integration.services.telling import request_id

GROUNDS = "Zephyrine told a neighbour in Exampleford that she keeps one under the stairs."
HANDLING = "Call Zephyrine out of the house first."
CONTACT_POINT = "Exampleford intelligence desk, +447700900999"
PHONE, VEHICLE, UPRN = "+447700900321", "ZZ99EXA", "999000111222"
YEAR = timedelta(days=365)


def subject(**parts: object) -> types.MarkerSubject:
    """A person with all that can be known of one."""
    fields: dict[str, object] = {
        "kind": types.SUBJECT_KIND_PERSON,
        "given_name": "Zephyrine",
        "family_name": "Quillfeather",
        "aliases": [types.Alias(given_name="Zeph", family_name="Exampleford")],
        "date_of_birth": "1931-02-17",
        "addresses": [types.MarkedAddress(uprn=UPRN, address="14 Nowhere Crescent, Exampleford")],
        "phones": [PHONE],
        "vehicle_registrations": [VEHICLE],
    }
    return types.MarkerSubject(**{**fields, **parts})  # type: ignore[arg-type]


def content(now: datetime, **parts: object) -> api.MarkerContent:
    """A firearms marker that says all there is to say."""
    fields: dict[str, object] = {
        "subject": subject(),
        "code": "FI",
        "source": types.MARKER_SOURCE_INTELLIGENCE,
        "reliability": types.RELIABILITY_UNTESTED,
        "grounds": GROUNDS,
        "handling_instruction": HANDLING,
        "contact_point": CONTACT_POINT,
        "expires_at": stamp(now + YEAR),
    }
    return api.MarkerContent(**{**fields, **parts})  # type: ignore[arg-type]


def creating(running: Running, force: str, **parts: object) -> api.CreateMarkerRequest:
    return api.CreateMarkerRequest(request_id=request_id(), force=force, content=content(running.now, **parts))


def revising(running: Running, marker: types.Marker, **parts: object) -> api.ReviseMarkerRequest:
    return api.ReviseMarkerRequest(
        request_id=request_id(),
        marker_id=marker.marker_id,
        version=marker.version,
        content=content(running.now, **parts),
    )


def withdrawing(marker_id: str) -> api.WithdrawMarkerRequest:
    return api.WithdrawMarkerRequest(
        request_id=request_id(), marker_id=marker_id, explanation="Zephyrine never had any: searched twice."
    )


def searching(force: str, **parts: object) -> api.SearchMarkersRequest:
    return api.SearchMarkersRequest(force=force, **parts)  # type: ignore[arg-type]


def register(force: str, now: datetime, *numbers: int, whole: bool = True) -> list[api.ImportCertificateHoldersRequest]:
    """A register of certificate holders as it streams in."""
    entries = [
        api.ImportCertificateHoldersRequest(
            force=force,
            certificate_number=f"EX/{number}",
            given_name="Zephyrine",
            family_name="Quillfeather",
            date_of_birth="1931-02-17",
            kept_at=types.MarkedAddress(uprn=UPRN, address="14 Nowhere Crescent, Exampleford"),
            expires_at=stamp(now + YEAR),
        )
        for number in numbers
    ]
    return [*entries, *([api.ImportCertificateHoldersRequest(force=force, complete=True)] if whole else [])]


def made(running: Running, force: str, **parts: object) -> types.Marker:
    """A marker that intelligence has made."""
    analyst = running.person("intelligence", force=force)
    return analyst.ask(running.markers.CreateMarker, creating(running, force, **parts)).marker
