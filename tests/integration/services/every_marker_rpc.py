"""The part of every_rpc that is about warning markers."""

from collections.abc import Callable, Iterator
from typing import Any

from peel.safety.v1 import api_pb2 as api
from tests.integration.services.markers import (
    GROUNDS,
    PHONE,
    creating,
    made,
    register,
    revising,
    searching,
    withdrawing,
)
from tests.integration.services.running import SHARED_FORCE, Running

_SUBJECT = {
    *("Alias.given_name", "Alias.family_name", "MarkedAddress.uprn", "MarkedAddress.address"),
    *(f"MarkerSubject.{part}" for part in ("given_name", "family_name", "date_of_birth", "phones")),
    "MarkerSubject.vehicle_registrations",
}
_SAID = ("grounds", "handling_instruction", "contact_point")
MARKER = _SUBJECT | {f"Marker.{part}" for part in _SAID}
CONTENT = MARKER | {f"MarkerContent.{part}" for part in _SAID}
_NAMED = ("given_name", "family_name", "date_of_birth")


def every_marker_rpc(running: Running, step: Callable[..., Any]) -> Iterator[Any]:
    """The steps of one marker, from its making to its end, and of the register of certificate holders."""
    force = SHARED_FORCE
    yield step("officer", creating(running, force), set(), CONTENT)
    marker = made(running, force)
    a_marker = {f"marker:{marker.marker_id}"}
    yield step("supervisor", revising(running, marker, grounds=GROUNDS + " Seen again."), a_marker, CONTENT)
    yield step("call_handler", api.GetMarkerRequest(marker_id=marker.marker_id), a_marker, MARKER)
    asked = {"given_name": "Zefyrine", "family_name": "Quilfeather", "date_of_birth": "1931-02-17"}
    yield step(
        "dispatcher",
        searching(force, page_size=100, **asked),
        a_marker,
        MARKER | {f"SearchMarkersRequest.{part}" for part in _NAMED},
    )
    listed = api.ListSubjectMarkersRequest(force=force, phone=PHONE)
    yield step("auditor", listed, a_marker, MARKER | {"ListSubjectMarkersRequest.phone"})
    yield step("intelligence", withdrawing(marker.marker_id), a_marker, MARKER | {"Marker.withdrawn_explanation"})
    holder = {f"ImportCertificateHoldersRequest.{part}" for part in (*_NAMED, "certificate_number")}
    yield step("firearms_licensing", register(force, running.now, 1, 2), set(), holder | {"MarkedAddress.uprn"})
    yield step("auditor", api.ReconcileCertificateHoldersRequest(force=force))
