"""A page token leads on in the query, force and time it was made for, and nowhere else."""

import base64
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from pydantic import SecretStr

from peel.intake.v1 import api_pb2 as intake
from services.kernel import paging
from services.kernel.caller import set_call
from services.kernel.errors import Invalid
from services.kernel.paging import Page, Pages
from services.kernel.validation import Check
from tests.unit.kernel.calls import FORCE, OTHER_FORCE, call, settings

IDS = [UUID(int=n) for n in range(1, 6)]
KEY = SecretStr("another secret of the service")


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def time(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(paging, "time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture(autouse=True)
def _calling() -> None:
    set_call(call())


def page(pages: Pages, request: intake.ListContactsRequest) -> Page:
    return pages.page(request, Check(datetime(2018, 7, 4, tzinfo=UTC)))


def asking(size: int = 2, token: str = "", state: int = 0) -> intake.ListContactsRequest:
    return intake.ListContactsRequest(force=FORCE, page_size=size, page_token=token, state=state)  # type: ignore[arg-type]


def first_token(pages: Pages) -> str:
    return page(pages, asking()).next_token(IDS[:3], lambda one: [str(one)])


def reason(pages: Pages, request: intake.ListContactsRequest) -> str:
    with pytest.raises(Invalid) as refused:
        page(pages, request)
    assert [one.field for one in refused.value.violations] == ["page_token"]
    return refused.value.reason


def test_a_page_fetches_one_more_than_it_shows() -> None:
    first = page(Pages(settings()), asking(size=2))
    assert (first.limit, first.after_id) == (3, None)
    assert first.items(IDS[:3]) == IDS[:2]
    assert first.next_token(IDS[:2], lambda one: [str(one)]) == ""


def test_a_token_leads_on_after_the_last_one_shown() -> None:
    pages = Pages(settings())
    following = page(pages, asking(token=first_token(pages)))
    assert following.after_id == IDS[1]


def test_a_token_may_change_the_size_of_the_page() -> None:
    pages = Pages(settings())
    assert page(pages, asking(size=500, token=first_token(pages))).limit == 501


def test_a_token_works_in_another_replica_with_the_same_key() -> None:
    assert page(Pages(settings()), asking(token=first_token(Pages(settings())))).after_id == IDS[1]


def test_a_token_of_another_key_is_refused() -> None:
    assert reason(Pages(settings(page_key=KEY)), asking(token=first_token(Pages(settings())))) == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("token", ["x", "AAAA", "é", "\x00", "A" * 500, "=", "-_" * 40])
def test_a_made_up_token_is_refused(token: str) -> None:
    assert reason(Pages(settings()), asking(token=token)) == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("byte", [0, 31, 32, 40, -1])
def test_a_token_with_any_byte_changed_is_refused(byte: int) -> None:
    pages = Pages(settings())
    token = first_token(pages)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[byte] ^= 1
    forged = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert reason(pages, asking(token=forged)) == "PAGE_TOKEN_INVALID"


def test_a_token_of_another_force_is_refused() -> None:
    pages = Pages(settings())
    token = first_token(pages)
    set_call(call(OTHER_FORCE))
    assert reason(pages, asking(token=token)) == "PAGE_TOKEN_INVALID"


def test_a_token_of_another_query_is_refused() -> None:
    pages = Pages(settings())
    token = first_token(pages)
    assert reason(pages, asking(token=token, state=1)) == "PAGE_TOKEN_INVALID"


def test_a_token_of_another_list_is_refused() -> None:
    pages = Pages(settings())
    request = intake.ListIncidentsRequest(force=FORCE, page_size=2, page_token=first_token(pages))
    with pytest.raises(Invalid) as refused:
        pages.page(request, Check(datetime(2018, 7, 4, tzinfo=UTC)))
    assert refused.value.reason == "PAGE_TOKEN_INVALID"


def test_a_token_expires(clock: Clock) -> None:
    pages = Pages(settings(page_ttl_seconds=60))
    token = first_token(pages)
    clock.seconds += 60
    assert page(pages, asking(token=token)).after_id == IDS[1]
    clock.seconds += 1
    assert reason(pages, asking(token=token)) == "PAGE_TOKEN_EXPIRED"


@pytest.mark.parametrize("size", [-1, 501])
def test_a_page_has_its_limits(size: int) -> None:
    with pytest.raises(Invalid) as refused:
        page(Pages(settings()), asking(size=size))
    assert [one.field for one in refused.value.violations] == ["page_size"]


@pytest.mark.parametrize("key", ["", "fifteen chars.."])
def test_a_weak_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="PEEL_PAGE_KEY"):
        Pages(settings(page_key=SecretStr(key)))


def test_a_token_does_not_tell_its_key() -> None:
    assert "0123456789abcdef" not in str(base64.urlsafe_b64decode(first_token(Pages(settings())) + "=="))
