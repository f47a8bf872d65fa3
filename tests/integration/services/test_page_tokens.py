"""Page tokens lead from page to page, for one query of one force, for an hour; nobody can make one up."""

import base64
import contextvars
import json

import grpc
import pytest

from peel.crime.v1 import api_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import types_pb2 as types
from services.kernel.caller import Call, Caller, set_call
from services.kernel.contract import rpc_policy
from services.kernel.paging import Pages
from tests.integration.services.following import opened, told
from tests.integration.services.running import Running
from tests.integration.services.telling import alleging, contact

INVALID = grpc.StatusCode.INVALID_ARGUMENT
METHOD = intake.DESCRIPTOR.services_by_name["IntakeService"].methods_by_name["ListContacts"]


@pytest.fixture
def pages(running: Running, force: str) -> list[intake.ListContactsResponse]:
    """All pages of a force's five contacts, two a page."""
    ids = [opened(running, contact(force, running.now)) for _ in range(5)]
    handler = running.person("call_handler", force=force)
    pages = [handler.ask(running.intake.ListContacts, intake.ListContactsRequest(force=force, page_size=2))]
    while token := pages[-1].next_page_token:
        request = intake.ListContactsRequest(force=force, page_size=2, page_token=token)
        pages.append(handler.ask(running.intake.ListContacts, request))
    assert [one.contact_id for page in pages for one in page.contacts] == ids[::-1]
    return pages


def _refused(running: Running, request: intake.ListContactsRequest) -> str:
    handler = running.person("call_handler", force=request.force)
    refusal = handler.refused(running.intake.ListContacts, request)
    assert refusal.code == INVALID
    assert refusal.fields["page_token"][1] == refusal.reason
    return refusal.reason


def test_pages_of_two(pages: list[intake.ListContactsResponse]) -> None:
    assert [len(page.contacts) for page in pages] == [2, 2, 1]


def test_a_contact_taken_meanwhile_moves_no_page(
    running: Running, force: str, pages: list[intake.ListContactsResponse]
) -> None:
    opened(running, contact(force, running.now))
    request = intake.ListContactsRequest(force=force, page_size=2, page_token=pages[0].next_page_token)
    again = running.person("call_handler", force=force).ask(running.intake.ListContacts, request)
    assert again.contacts == pages[1].contacts


def test_a_token_that_somebody_made_up(running: Running, force: str, pages: list[intake.ListContactsResponse]) -> None:
    raw = base64.urlsafe_b64decode(pages[0].next_page_token + "==")
    position = json.dumps([2**40, ["ffffffff-ffff-7fff-bfff-ffffffffffff"]]).encode()
    for forged in (raw[:-1] + b"x", b"\0" * 32 + raw[32:], raw[:32] + position, b"short", b""):
        token = base64.urlsafe_b64encode(forged).decode() or "Zephyrine"
        assert _refused(running, intake.ListContactsRequest(force=force, page_token=token)) == "PAGE_TOKEN_INVALID"
    for noise in ("é", "=", "a", "%%%%"):
        assert _refused(running, intake.ListContactsRequest(force=force, page_token=noise)) == "PAGE_TOKEN_INVALID"


def test_a_token_of_another_force_or_query(
    running: Running, force: str, pages: list[intake.ListContactsResponse]
) -> None:
    token = pages[0].next_page_token
    other = running.next_force()
    opened(running, contact(other, running.now))
    assert _refused(running, intake.ListContactsRequest(force=other, page_token=token)) == "PAGE_TOKEN_INVALID"
    open_only = intake.ListContactsRequest(force=force, page_token=token, state=types.CONTACT_STATE_OPEN)
    assert _refused(running, open_only) == "PAGE_TOKEN_INVALID"
    incidents = intake.ListIncidentsRequest(force=force, page_token=token)
    handler = running.person("call_handler", force=force)
    assert handler.refused(running.intake.ListIncidents, incidents).reason == "PAGE_TOKEN_INVALID"
    smaller = intake.ListContactsRequest(force=force, page_token=token, page_size=1)
    assert len(handler.ask(running.intake.ListContacts, smaller).contacts) == 1


def test_an_expired_token(running: Running, force: str, pages: list[intake.ListContactsResponse]) -> None:
    request = intake.ListContactsRequest(force=force)
    policy = rpc_policy(METHOD)
    last = pages[0].contacts[1].contact_id

    def expired() -> str:
        caller = Caller("test", force, frozenset())
        set_call(Call(caller, policy, "W2", frozenset(), frozenset(), None, b""))
        maker = Pages(running.settings)
        maker._seconds = -1
        return maker.token(request, [last])

    token = contextvars.copy_context().run(expired)
    request.page_token = token
    assert _refused(running, request) == "PAGE_TOKEN_EXPIRED"


def test_the_tray_and_the_ledger_have_pages_too(running: Running, force: str) -> None:
    reports = told(
        running, *[contact(force, running.now, alleging("8N", "p1"), alleging("8N", "p2")) for _ in range(2)]
    )
    auditor = running.person("auditor", force=force)
    shown, token = [], ""
    for _ in range(4):
        request = crime.ListCrimesRequest(force=force, page_size=1, page_token=token)
        page = auditor.ask(running.crime.ListCrimes, request)
        shown += [one.report_id for one in page.crimes]
        token = page.next_page_token
    assert not token
    assert sorted(shown) == sorted([one.report_id for one in reports] * 2)
