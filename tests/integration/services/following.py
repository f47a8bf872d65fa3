"""Follows a contact to what becomes of it in the other service, which learns of it a moment later."""

from collections.abc import Callable

from peel.crime.v1 import api_pb2 as crime
from peel.crime.v1 import types_pb2 as crime_types
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as intake_types
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.waiting import found


def opened(running: Running, request: intake.OpenContactRequest) -> str:
    """Opens the contact; returns its id."""
    handler = running.person("call_handler", force=request.force)
    return handler.ask(running.intake.OpenContact, request).contact_id


def reports(running: Running, force: str) -> list[crime_types.Report]:
    """The force's tray, in its order."""
    auditor = running.person("auditor", force=force)
    return list(auditor.ask(running.crime.ListReports, crime.ListReportsRequest(force=force, page_size=500)).reports)


def report_of(
    running: Running,
    contact_id: str,
    force: str = SHARED_FORCE,
    such: Callable[[crime_types.Report], bool] = lambda report: True,  # noqa: ARG005
) -> crime_types.Report:
    """The report that a contact became, once there is one such."""

    def ask() -> list[crime_types.Report]:
        return [one for one in reports(running, force) if one.contact.contact_id == contact_id and such(one)]

    return found(ask)


def told(running: Running, *requests: intake.OpenContactRequest) -> list[crime_types.Report]:
    """Opens contacts and returns the reports that they became."""
    ids = [(opened(running, request), request.force) for request in requests]
    return [report_of(running, contact_id, force) for contact_id, force in ids]


def crimes_of(running: Running, report: crime_types.Report) -> list[crime_types.Crime]:
    """The crimes of a report, by allegation."""
    auditor = running.person("auditor", force=report.force)
    request = crime.ListCrimesRequest(force=report.force, report_id=report.report_id)
    return sorted(auditor.ask(running.crime.ListCrimes, request).crimes, key=lambda one: one.allegation_number)


def contact_when_decided(running: Running, contact_id: str, force: str = SHARED_FORCE) -> intake_types.Contact:
    """The contact, once intake has learnt what was decided of its allegations."""
    auditor = running.person("auditor", force=force)

    def ask() -> list[intake_types.Contact]:
        contact = auditor.ask(running.intake.GetContact, intake.GetContactRequest(contact_id=contact_id)).contact
        return [contact] if all(one.decision for one in contact.allegations) else []

    return found(ask)
