"""What two transactions do at once, on connections of their own: a marker comes while a unit is being sent (I3)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from services.dispatch.assignments import handlers as assignment_handlers
from services.dispatch.assignments import sending, warning
from services.dispatch.assignments import store as assignment_store
from services.dispatch.domain.records import Assignment
from services.dispatch.domain.terms import HazardOutcome, NotCheckedReason
from services.dispatch.hazards import handlers as hazard_handlers
from services.dispatch.incidents import handlers as incident_handlers
from services.dispatch.incidents import store as incident_store
from services.dispatch.markers.rechecking import HAZARD_RECHECK
from tests.integration.dispatch.sides import DISPATCHER, FORCE, WORKER, Side, Two, strike


async def _committed(block: Any) -> None:
    async with block:
        pass


def test_a_marker_that_comes_while_a_unit_is_sent_waits_and_is_told(two: Two) -> None:  # I3
    async def test(api: Side, worker: Side) -> None:
        incident_id, unit_id = await api.incident(), await api.unit()
        async with api.sending(incident_id, unit_id) as assignment:
            assert assignment.hazard.outcome is HazardOutcome.NONE_FOUND
            applying = asyncio.create_task(_committed(worker.marking(7)))
            done, _ = await asyncio.wait({applying}, timeout=0.3)
            assert not done, "a marker was applied that neither the look nor its own transaction could tell of"
        await applying
        newest = await api.newest(assignment)
        assert (newest.hazard.outcome, newest.hazard.version) == (HazardOutcome.MARKERS_FOUND, 2)

    two(test)


def test_a_unit_that_is_sent_while_a_marker_comes_waits_for_it(two: Two) -> None:  # I3
    async def test(api: Side, worker: Side) -> None:
        incident_id, unit_id = await api.incident(), await api.unit()
        sent: list[Assignment] = []

        async def send() -> None:
            async with api.sending(incident_id, unit_id) as assignment:
                sent.append(assignment)

        async with worker.marking(7):
            sending = asyncio.create_task(send())
            await asyncio.wait({sending}, timeout=0.2)
            assert not sent
        await sending
        assert sent[0].hazard.outcome is HazardOutcome.MARKERS_FOUND

    two(test)


def test_a_marker_that_takes_long_keeps_nobody_from_being_sent(two: Two) -> None:  # domain facts 4.3: 800 ms
    async def test(api: Side, worker: Side) -> None:
        incident_id, unit_id = await api.incident(), await api.unit()
        async with worker.marking(7):
            began = asyncio.get_running_loop().time()
            async with api.sending(incident_id, unit_id) as assignment:
                took = asyncio.get_running_loop().time() - began
            assert (assignment.hazard.outcome, assignment.hazard.reason) == (
                HazardOutcome.NOT_CHECKED,
                NotCheckedReason.TIMED_OUT,
            )
            assert 0.8 <= took < 5
        async with api.work.begin(WORKER) as tx:
            (timer,) = await tx.all(
                "select kind from timer where subject = $1 and kind = 'HAZARD_RECHECK'", assignment.id
            )
            assert timer["kind"]

    two(test)


def test_a_process_learns_what_another_has_read(two: Two) -> None:
    async def test(api: Side, worker: Side) -> None:
        await _committed(worker.marking(7))
        async with worker.sending(await api.incident(), await api.unit()) as assignment:
            assert assignment.hazard.outcome is HazardOutcome.MARKERS_FOUND
        await _committed(worker.marking(8))
        async with api.sending(await api.incident(), await api.unit()) as assignment:
            assert len(assignment.hazard.hazards) == 2
        # Once more, now that it has the first two in memory.
        await _committed(worker.marking(9))
        async with api.sending(await api.incident(), await api.unit()) as assignment:
            assert len(assignment.hazard.hazards) == 3

    two(test)


def test_what_was_rolled_back_is_not_remembered(two: Two) -> None:
    async def test(api: Side, worker: Side) -> None:
        with pytest.raises(ZeroDivisionError):
            async with worker.marking(7):
                raise ZeroDivisionError
        async with worker.sending(await api.incident(), await api.unit()) as assignment:
            assert assignment.hazard.outcome is HazardOutcome.NONE_FOUND
        await _committed(worker.marking(8))
        async with worker.sending(await api.incident(), await api.unit()) as assignment:
            assert [hazard.marker_id.int for hazard in assignment.hazard.hazards] == [8]

    two(test)


def test_two_dispatchers_who_send_one_unit_wait_for_each_other(two: Two) -> None:
    async def test(one: Side, other: Side) -> None:
        unit_id = await one.unit()
        incidents = [await one.incident(), await one.incident()]

        async def send(side: Side, incident_id: UUID) -> bool:
            try:
                await _committed(side.sending(incident_id, unit_id))
            except Exception as error:  # noqa: BLE001 - which one it is, is looked at
                assert getattr(error, "reason", "") == "PRE_EMPTION_REFUSED"  # noqa: PT017 - one of two is refused
                return False
            return True

        assert sorted(await asyncio.gather(send(one, incidents[0]), send(other, incidents[1]))) == [False, True]

    two(test)


CLOCKS = (
    (sending.ACK_VOICE, assignment_handlers.voice_assignment),
    (sending.ACK_NEXT_UNIT, assignment_handlers.offer_next_unit),
    (sending.ACK_SUPERVISOR, assignment_handlers.supervise_assignment),
    (warning.HAZARD_ACK_VOICE, hazard_handlers.voice_hazard),
)


async def _known(side: Side, assignment: Assignment) -> None:
    """The crew says that it knows the assignment, and its hazards."""
    async with side.work.begin(DISPATCHER) as tx:
        await assignment_handlers.acknowledge_assignment(assignment.id, tx)
        await hazard_handlers.acknowledge_hazard(hazard_handlers.AcknowledgeHazard(assignment.id, 1), tx)


async def _unchecked(api: Side, worker: Side) -> Assignment:
    """A unit that was sent unchecked, so that there is something to acknowledge about hazards too."""
    incident_id, unit_id = await api.incident(), await api.unit()
    async with worker.marking(7), api.sending(incident_id, unit_id) as assignment:
        pass
    return assignment


@pytest.mark.parametrize(("kind", "act"), CLOCKS)
def test_a_clock_that_strikes_while_its_crew_acknowledges_waits_for_nobody(
    two: Two, kind: str, act: Callable[..., Awaitable[None]]
) -> None:
    async def test(api: Side, worker: Side) -> None:
        assignment = await _unchecked(api, worker)
        async with api.work.begin(DISPATCHER) as tx:
            await assignment_store.assignment(tx, assignment.id, FORCE, lock=True)
            await asyncio.wait_for(strike(worker, kind, assignment.id, act), 2)
        # It strikes once more, unless they have said by then that they know.
        async with api.work.begin(DISPATCHER) as tx:
            (timer,) = await tx.all("select state from timer where kind = $1 and subject = $2", kind, assignment.id)
            assert timer["state"] == "WAITING"
        await _known(api, assignment)
        async with api.work.begin(DISPATCHER) as tx:
            (timer,) = await tx.all("select state from timer where kind = $1 and subject = $2", kind, assignment.id)
            assert timer["state"] == "CANCELLED"
            assert await tx.all("select from task where assignment_id = $1", assignment.id) == []

    two(test)


@pytest.mark.parametrize(("kind", "act"), CLOCKS)
def test_a_crew_that_acknowledges_while_a_clock_strikes_leaves_no_task(
    two: Two, kind: str, act: Callable[..., Awaitable[None]]
) -> None:
    """What strikes has looked, and has not committed: who acknowledges then waits for its task, and ends it."""

    async def test(api: Side, worker: Side) -> None:
        assignment = await _unchecked(api, worker)
        async with worker.work.begin(WORKER) as tx:
            fire = "update timer set state = 'FIRED', settled_at = now() where kind = $1 and subject = $2"
            await tx.execute(fire, kind, assignment.id)
            await act(assignment.id, FORCE, tx)
            await tx.flush()
            knowing = asyncio.create_task(_known(api, assignment))
            await asyncio.wait({knowing}, timeout=0.3)
        await knowing
        async with api.work.begin(DISPATCHER) as tx:
            (task,) = await tx.all("select done_by from task where assignment_id = $1", assignment.id)
            assert task["done_by"] == "dispatcher-1"

    two(test)


def test_a_look_that_is_due_while_a_unit_is_stood_down_waits_for_nobody(two: Two) -> None:
    async def test(api: Side, worker: Side) -> None:
        incident_id, unit_id = await api.incident(), await api.unit()
        async with worker.marking(7), api.sending(incident_id, unit_id) as assignment:
            assert assignment.hazard.outcome is HazardOutcome.NOT_CHECKED
        async with api.work.begin(DISPATCHER) as tx:
            await assignment_store.assignment(tx, assignment.id, FORCE, lock=True)
            act = hazard_handlers.check_again
            await asyncio.wait_for(strike(worker, HAZARD_RECHECK, assignment.id, act), 2)
            command = assignment_handlers.StandDownUnit(assignment.id, "not needed")
            await assignment_handlers.stand_down_unit(command, tx)
        async with api.work.begin(DISPATCHER) as tx:
            rows = await tx.all("select 1 from timer where subject = $1 and state = 'WAITING'", assignment.id)
        assert rows == []

    two(test)


def test_an_escalation_that_is_due_while_a_unit_is_sent_waits_for_nobody(two: Two) -> None:  # R-DP-01
    async def test(api: Side, worker: Side) -> None:
        incident_id, unit_id = await api.incident(), await api.unit()
        async with api.work.begin(DISPATCHER) as tx:
            await incident_store.incident(tx, incident_id, FORCE, lock=True)
            act = incident_handlers.tell_unresourced
            await asyncio.wait_for(strike(worker, incident_handlers.UNRESOURCED, incident_id, act, tx.now), 2)
            command = assignment_handlers.AssignUnit(incident_id, unit_id, frozenset(), confirm_pre_emption=False)
            await assignment_handlers.assign_unit(command, tx)
        async with api.work.begin(DISPATCHER) as tx:
            (timer,) = await tx.all("select state from timer where subject = $1", incident_id)
            assert timer["state"] == "CANCELLED"
            assert await tx.all("select 1 from task where incident_id = $1", incident_id) == []

    two(test)
