"""The register of certificate holders, streamed into the ledger: it reconciles, and a break is mended (R-MK-04)."""

import asyncio
from collections.abc import Iterator

import psutil
import pytest

from peel.safety.v1 import api_pb2 as api
from peel.safety.v1 import types_pb2 as types
from services.kernel.errors import Invalid
from services.kernel.pause import pause
from services.kernel.wire import stamp
from services.safety.markers import handlers, handlers_register
from services.safety.markers.domain.finding import Means, Way
from services.safety.markers.domain.likeness import Asked
from services.safety.markers.domain.register import Reconciliation
from services.safety.markers.domain.terms import MarkerSource
from tests.integration.safety.ledger import Ledger, ledger
from tests.unit.safety.markers.building import DAY, FORCE, NOW, YEAR, content, refused, registered

__all__ = ["ledger"]

WHOLE = api.ImportCertificateHoldersRequest(force=FORCE, complete=True)


def certificates(*numbers: int) -> list[api.ImportCertificateHoldersRequest]:
    return [registered(certificate_number=f"YK/{number}") for number in numbers]


def reconciled(ledger: Ledger) -> Reconciliation:
    return ledger.handle(handlers_register.reconcile_certificate_holders, None, "ROLE_AUDITOR")


def sums(reply: api.ImportCertificateHoldersResponse) -> dict[str, int]:
    return {field.name: value for field, value in reply.ListFields() if field.name != "refusals"}


def test_whoever_is_sent_to_a_holders_address_can_know_it(ledger: Ledger) -> None:  # HMIC 2015
    assert sums(ledger.take(*certificates(1, 2), WHOLE)) == {"received": 2, "created": 2, "held": 2}
    way = Way(Means.UPRN, "100055000111")
    found = ledger.handle(handlers.list_subject_markers, handlers.ListSubjectMarkers(way, None, 9), "ROLE_DISPATCHER")
    assert {one.content.certificate_number for one in found} == {"YK/1", "YK/2"}
    assert {one.content.source for one in found} == {MarkerSource.FIREARMS_LICENSING}
    search = handlers.SearchMarkers(Asked(address="7 tannery row leeds"), 9)
    assert len(ledger.handle(handlers.search_markers, search, "ROLE_DISPATCHER")) == 2
    assert [told.marker.certificate_number for told in ledger.told()] == ["YK/1", "YK/2"]


def test_an_import_over_the_last_one_changes_what_changed(ledger: Ledger) -> None:
    ledger.take(*certificates(1, 2, 3), WHOLE)
    moved = registered(certificate_number="YK/2", kept_at=types.MarkedAddress(uprn="77"))
    reply = ledger.take(registered(certificate_number="YK/1"), moved, WHOLE)
    assert sums(reply) == {"received": 2, "revised": 1, "unchanged": 1, "withdrawn": 1, "held": 2}
    assert [type(told).__name__ for told in ledger.told()[3:]] == ["MarkerRevised", "MarkerWithdrawn"]
    assert reconciled(ledger) == Reconciliation(active=2, expired=0, withdrawn=1, last_complete_import_at=NOW)
    again = ledger.take(*certificates(3), moved, registered(certificate_number="YK/1"), WHOLE)
    assert sums(again) == {"received": 3, "created": 1, "unchanged": 2, "held": 3}


def test_bad_entries_are_named_and_stop_nobody(ledger: Ledger) -> None:
    ledger.take(*certificates(1), WHOLE)
    slip = registered(certificate_number="YK/1", date_of_birth="1961-13-09")
    reply = ledger.take(slip, *certificates(2), registered(certificate_number="YK/3", family_name=""), WHOLE)
    assert sums(reply) == {"received": 3, "created": 1, "refused": 2, "kept": 1, "held": 2}
    assert [(one.number, one.field) for one in reply.refusals] == [(1, "date_of_birth"), (3, "family_name")]


class BrokenOff(Exception):
    """The line went dead."""


def test_a_stream_that_breaks_off_withdraws_nobody_and_the_next_import_mends_it(ledger: Ledger) -> None:
    ledger.take(*certificates(*range(1, 1201)), WHOLE)
    with pytest.raises(BrokenOff):
        ledger.take(*certificates(*range(601, 1301)), BrokenOff())
    before = reconciled(ledger)
    assert (before.withdrawn, before.last_complete_import_at) == (0, NOW)
    assert before.active >= 1200
    reply = ledger.take(*certificates(*range(601, 1401)), WHOLE)
    assert (reply.withdrawn, reply.held, reply.refused) == (600, 800, 0)
    after = reconciled(ledger)
    assert (after.active, after.withdrawn) == (800, 600)


def test_without_its_end_a_register_withdraws_nobody(ledger: Ledger) -> None:
    ledger.take(*certificates(1, 2), WHOLE)
    assert sums(ledger.take(*certificates(1))) == {"received": 1, "unchanged": 1, "held": 2}


def test_an_empty_register_is_a_fault_on_the_way(ledger: Ledger) -> None:
    ledger.take(*certificates(1), WHOLE)
    with refused("REGISTER_EMPTY"):
        ledger.take(WHOLE)
    assert reconciled(ledger).active == 1


@pytest.mark.parametrize("after", [WHOLE, registered(certificate_number="YK/2")], ids=["another end", "an entry"])
def test_nothing_follows_the_end(ledger: Ledger, after: api.ImportCertificateHoldersRequest) -> None:
    with pytest.raises(Invalid):
        ledger.take(*certificates(1), WHOLE, after)


def test_a_later_import_ends_an_earlier_one(ledger: Ledger) -> None:
    async def a_later_one() -> None:
        begun = "select 1 from certificate_import where received > 0"
        async with asyncio.timeout(20):
            while not await ledger.pool.fetch(begun):
                await pause(0.01, asyncio.Event())
        await asyncio.create_task(ledger.importing([*certificates(2, 3), WHOLE]))

    with refused("IMPORT_SUPERSEDED"):
        ledger.take(*certificates(1), a_later_one, *certificates(4), WHOLE)
    found = ledger.rows("select certificate_number from marker where withdrawn_at is null order by 1")
    assert [row["certificate_number"] for row in found] == ["YK/2", "YK/3"]


def test_another_forces_register_is_its_own(ledger: Ledger) -> None:
    other = "greater-manchester"
    ledger.take(*certificates(1, 2), WHOLE)
    theirs = [registered(force=other), api.ImportCertificateHoldersRequest(force=other, complete=True)]
    assert sums(ledger.run(ledger.importing(theirs, other))) == {"received": 1, "created": 1, "held": 1}
    assert reconciled(ledger).active == 2


def test_a_certificate_that_ran_out_waits_for_licensing(ledger: Ledger) -> None:
    ledger.take(*certificates(1, 2), WHOLE)
    ledger.handle(handlers.create_marker, content(), "ROLE_INTELLIGENCE")
    ledger.clock.advance(3 * YEAR + DAY)
    ledger.fire()
    level = ledger.backlog("safety.certificates-expired")
    assert (level.size, level.backlog.owner) == (2, "firearms licensing")
    assert ledger.backlog("safety.markers-expired").size == 1
    found = reconciled(ledger)
    assert (found.active, found.expired) == (0, 2)
    renewed = [
        registered(certificate_number=f"YK/{number}", expires_at=stamp(ledger.clock.now() + YEAR)) for number in (1, 2)
    ]
    assert sums(ledger.take(*renewed, WHOLE)) == {"received": 2, "revised": 2, "held": 2}
    assert ledger.backlog("safety.certificates-expired").size == 0


def test_twenty_thousand_entries_take_no_more_memory_than_a_batch(ledger: Ledger) -> None:
    def register(count: int) -> Iterator[api.ImportCertificateHoldersRequest]:
        for number in range(count):
            yield registered(certificate_number=f"YK/{number}", kept_at=types.MarkedAddress(uprn=str(number + 1)))
        yield WHOLE

    ledger.run(ledger.importing(register(1_000)))
    before = psutil.Process().memory_info().rss
    reply = ledger.run(ledger.importing(register(20_000)))
    grown = psutil.Process().memory_info().rss - before
    assert sums(reply) == {"received": 20_000, "created": 19_000, "unchanged": 1_000, "held": 20_000}
    # All of them at once would be more than 80 MB.
    assert grown < 40 << 20
    assert reconciled(ledger).active == 20_000
