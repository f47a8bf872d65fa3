"""What consoles and gateways are sent: everything, then every change, and nobody slows anybody (R-OS-01, R-OS-02)."""

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import UTC, timedelta
from typing import TypeVar

import pytest

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from services.safety.emergency import proving
from services.safety.emergency.board import KEPT_SECONDS, Board
from services.safety.emergency.changes import ChangeLog
from services.safety.emergency.domain import answering
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import fold
from services.safety.emergency.domain.signals import Durability, Point, Trigger
from services.safety.emergency.escalation import Escalation
from services.safety.emergency.held import Held
from services.safety.emergency.proving import Proofs
from services.safety.emergency.telling import Devices, Gateways
from services.safety.emergency.timing import Timing
from services.safety.emergency.watches import HEARTBEAT_SECONDS
from services.safety.emergency.watching import Consoles, Wanted
from tests.unit.kernel.virtual_time import now, run
from tests.unit.safety.boards import StoodClock, a_board
from tests.unit.safety.pressing import FORCE, answer, at, cleared, pressed, safe, taken

Message = TypeVar("Message")
Told = api.WatchAcknowledgementsResponse
EVERYTHING = Wanted(FORCE)


def consoles(board: Board, most_marks: int = 100) -> tuple[Consoles, ChangeLog, Proofs]:
    log, proofs = ChangeLog(), Proofs({(FORCE, "leeds"): timedelta(seconds=180)})
    board.listen(log.changed)
    board.listen(proofs.changed)
    return Consoles(board, proofs, log, most_marks), log, proofs


async def some(stream: AsyncGenerator[Message, None], count: int) -> list[Message]:
    return [await anext(stream) for _ in range(count)]


async def until_quiet(stream: AsyncGenerator[api.WatchEmergenciesResponse, None]) -> list[api.WatchEmergenciesResponse]:
    """What is sent until there is no more."""
    sent = []
    while not (message := await anext(stream)).heartbeat:
        sent.append(message)
    return sent


def test_a_stream_begins_with_everything_that_is_open() -> None:
    ended = cleared(*safe(*taken(pressed("2341003"))))
    board, _ = a_board(pressed("2341002", seconds=1), pressed(), *ended)

    async def watch() -> None:
        stream = consoles(board)[0].stream(EVERYTHING)
        begins, *found, ends = await some(stream, 4)
        assert (begins.snapshot_begins, ends.snapshot_ends) == (True, True)
        assert [one.emergency.presses[0].radio for one in found] == ["2341001", "2341002"]
        assert ends.resume_token
        assert not any(one.resume_token for one in (begins, *found))

    run(watch())


def test_then_every_change_in_its_newest_state() -> None:
    board, _ = a_board()

    async def watch() -> None:
        stream = consoles(board)[0].stream(EVERYTHING)
        await some(stream, 2)
        signals = taken(pressed())
        board.add(Held(signals[0]))
        (first,) = await some(stream, 1)
        assert first.emergency.state == types.EMERGENCY_STATE_OPEN
        board.settle(Held(signals[0]), Durability.COMMITTED)
        board.add(Held(signals[1]))
        board.settle(Held(signals[1]), Durability.COMMITTED)
        (second,) = await some(stream, 1)
        # Whatever happened before it was taken, it is one message.
        assert second.emergency.state == types.EMERGENCY_STATE_ACKNOWLEDGED
        assert second.emergency.durability == types.DURABILITY_COMMITTED

    run(watch())


def test_a_quiet_stream_beats() -> None:
    board, _ = a_board()

    async def watch() -> None:
        stream = consoles(board)[0].stream(EVERYTHING)
        await some(stream, 2)
        (beat,) = await some(stream, 1)
        assert beat.heartbeat
        assert now() == HEARTBEAT_SECONDS

    run(watch())


def test_that_it_is_not_safe_is_told_at_once() -> None:
    board, _ = a_board()

    async def watch() -> None:
        stream = consoles(board)[0].stream(EVERYTHING)
        await some(stream, 2)
        press = pressed()
        board.add(Held(press))
        (first,) = await some(stream, 1)
        board.settle(Held(press), Durability.NOT_DURABLE)
        (second,) = await some(stream, 1)
        assert (first.emergency.durability, second.emergency.durability) == (
            types.DURABILITY_UNSPECIFIED,
            types.DURABILITY_NOT_DURABLE,
        )
        assert now() == 0

    run(watch())


def test_that_others_show_it_too_and_that_it_is_safe_is_told_together() -> None:
    board, _ = a_board()

    async def watch() -> None:
        stream = consoles(board)[0].stream(EVERYTHING)
        await some(stream, 2)
        press = pressed()
        board.add(Held(press))
        await some(stream, 1)
        board.settle(Held(press), Durability.COMMITTED)
        for number in range(20):
            signal = answering.shown(fold([press]), f"pod-{number}", answer())
            assert signal is not None
            board.add(Held(signal))
        (message,) = await some(stream, 1)
        assert len(message.emergency.shown) == 20
        assert message.emergency.durability == types.DURABILITY_COMMITTED
        assert 0.1 < now() < 0.5

    run(watch())


def test_who_comes_back_is_sent_what_they_missed() -> None:
    seen, missed, ended = pressed(), pressed("2341002"), cleared(*safe(*taken(pressed("2341003"))))
    board, _ = a_board()

    async def watch() -> None:
        served, log, _ = consoles(board)
        for signal in (seen, *ended[:-1]):
            board.add(Held(signal))
        token = log.token
        board.add(Held(missed))
        board.add(Held(ended[-1]))
        found = await until_quiet(served.stream(Wanted(FORCE, token)))
        assert not any(one.snapshot_begins for one in found)
        told = {one.emergency.emergency_id: one.emergency.state for one in found if one.HasField("emergency")}
        # Of what ended meanwhile, too.
        assert told == {
            str(missed.emergency_id): types.EMERGENCY_STATE_OPEN,
            str(ended[0].emergency_id): types.EMERGENCY_STATE_CLEARED,
        }
        for other in ("", "nonsense", "0123456789ab.1", f"{log.replica}.x", f"{log.replica}."):
            (first,) = await some(served.stream(Wanted(FORCE, other)), 1)
            assert first.snapshot_begins

    run(watch())


def test_a_token_says_what_was_sent_and_no_more() -> None:
    """A stream that breaks off in the middle of a batch is resumed from before it."""
    board, _ = a_board()

    async def watch() -> None:
        served, log, _ = consoles(board)
        stream = served.stream(EVERYTHING)
        _, ends = await some(stream, 2)
        signals = [pressed(f"23410{number}") for number in range(3)]
        for signal in signals:
            board.add(Held(signal))
        first, second, third = await some(stream, 3)
        assert first.resume_token == second.resume_token == ends.resume_token
        assert third.resume_token == log.token
        again = await until_quiet(served.stream(Wanted(FORCE, second.resume_token)))
        assert len([one for one in again if one.HasField("emergency")]) == 3

    run(watch())


def test_a_beat_does_not_say_that_what_waits_was_sent() -> None:
    board, _ = a_board()

    async def watch() -> None:
        served, log, _ = consoles(board)
        stream = served.stream(EVERYTHING)
        press = pressed()
        board.add(Held(press, Durability.COMMITTED))
        await some(stream, 3)
        began = now()
        waiting = asyncio.create_task(some(stream, 1))
        await asyncio.sleep(HEARTBEAT_SECONDS - 0.1)
        signal = answering.shown(fold([press]), "pod-2", answer())
        assert signal is not None
        board.add(Held(signal))
        (message,) = await waiting
        assert now() == began + HEARTBEAT_SECONDS
        assert [shown.console for shown in message.emergency.shown] == ["pod-2"]
        assert message.resume_token == log.token

    run(watch())


def test_a_token_that_is_too_old_gets_everything() -> None:
    board, _ = a_board()
    log = ChangeLog(most=2)
    board.listen(log.changed)
    token = log.token
    for number in range(3):
        board.add(Held(pressed(f"23410{number}")))
    assert log.since(token) is None
    assert log.since(log.token) == []


def test_who_is_too_slow_is_told_everything_and_slows_nobody() -> None:
    board, _ = a_board()

    async def watch() -> None:
        served = consoles(board, most_marks=10)[0]
        slow, fast = served.stream(EVERYTHING), served.stream(EVERYTHING)
        await some(slow, 2)
        await some(fast, 2)
        for number in range(30):
            board.add(Held(pressed(f"23410{number:02}")))
            (message,) = await some(fast, 1)
            assert message.emergency.presses[0].radio == f"23410{number:02}"
        begins, *found = await some(slow, 32)
        assert begins.snapshot_begins
        assert found[-1].snapshot_ends
        assert len({one.emergency.emergency_id for one in found[:-1]}) == 30

    run(watch())


def test_synthetic_presses_are_for_those_who_ask() -> None:  # R-OS-07
    board, _ = a_board(pressed(trigger=Trigger.SYNTHETIC, site="leeds"))

    async def watch() -> None:
        served = consoles(board)[0]
        assert [one.HasField("emergency") for one in await some(served.stream(EVERYTHING), 2)] == [False, False]
        found = await some(served.stream(Wanted(FORCE, synthetic=True)), 2)
        assert found[1].emergency.synthetic

    run(watch())


def test_a_site_that_nobody_proves_is_alarmed_from_memory() -> None:  # R-OS-07
    board, _ = a_board()

    async def watch() -> None:
        served, _, proofs = consoles(board)
        stream = served.stream(EVERYTHING)
        await some(stream, 2)
        path = proofs._paths[(FORCE, "leeds")]
        path.proven -= 181
        proofs.look()
        (alarm,) = await some(stream, 1)
        assert (alarm.path_alarm.site, alarm.path_alarm.over) == ("leeds", False)
        assert not alarm.path_alarm.HasField("last_proven_at")
        # Who comes later is told too.
        _, later, _ = await some(served.stream(EVERYTHING), 3)
        assert later.path_alarm.site == "leeds"
        # A press alone proves nothing; that a watcher shows it does.
        probe = pressed(trigger=Trigger.SYNTHETIC, site="leeds")
        board.add(Held(probe))
        assert path.alarmed
        signal = answering.shown(fold([probe]), "probe", answer())
        assert signal is not None
        board.add(Held(signal))
        (over,) = await some(stream, 1)
        assert over.path_alarm.over
        assert over.path_alarm.HasField("last_proven_at")

    run(watch())
    assert proving.UNPROVEN.labels(FORCE, "leeds")._value.get() > 180


def told(*messages: Told) -> list[str]:
    return [Told.Acknowledgement.Name(one.acknowledgement).removeprefix("ACKNOWLEDGEMENT_") for one in messages]


def test_a_device_is_told_each_once_as_it_comes() -> None:  # R-OS-02
    board, _ = a_board()

    async def watch() -> None:
        gateways = Gateways(board, StoodClock())
        stream = gateways.stream(Devices(FORCE, "2341001"))
        press = pressed()
        board.add(Held(press))
        (beat,) = await some(stream, 1)
        assert beat.heartbeat
        board.settle(Held(press), Durability.LOCAL)
        assert told(*await some(stream, 1)) == ["DURABLE"]
        assert now() == HEARTBEAT_SECONDS
        board.settle(Held(press), Durability.COMMITTED)
        for number in (1, 2):
            signal = answering.shown(fold([press]), f"pod-{number}", answer())
            assert signal is not None
            board.add(Held(signal))
        assert told(*await some(stream, 1)) == ["SHOWN"]
        assert now() == HEARTBEAT_SECONDS
        for signal in cleared(*safe(*taken(press))):
            board.add(Held(signal))
        assert told(*await some(stream, 2)) == ["PERSON", "CLEARED"]
        board.add(Held(pressed("2341002"), Durability.COMMITTED))
        (beat,) = await some(stream, 1)
        assert beat.heartbeat
        # Who comes later hears all of it.
        assert told(*await some(gateways.stream(Devices(FORCE)), 5)) == [
            "DURABLE",
            "SHOWN",
            "PERSON",
            "CLEARED",
            "DURABLE",
        ]

    run(watch())


def test_a_device_is_told_the_same_at_the_same_moment_after_either_code() -> None:  # R-OS-06
    def heard(code: Code) -> list[tuple[float, list[str]]]:
        """What the device has been told by then, before the code, after it, and at the end of all that follows."""
        board, clock = a_board()

        async def watch() -> list[tuple[float, list[str]]]:
            stream, moments = Gateways(board, clock).stream(Devices(FORCE)), []
            messages: list[Told] = []

            async def until_beat(seconds: float) -> None:
                while not (message := await anext(stream)).heartbeat:
                    messages.append(message)
                moments.append((seconds, told(*messages)))

            signals = taken(pressed())
            followed = safe(*signals, code=code)
            if code is Code.DURESS:
                ends = cleared(
                    *taken(*followed, seconds=40), by="supervisor-1", roles=frozenset({"ROLE_SUPERVISOR"}), seconds=90
                )
            else:
                ends = cleared(*followed, seconds=20)
            for signal in ends:
                clock.at = signal.at
                board.add(Held(signal, Durability.COMMITTED))
                await until_beat((signal.at - at(0)).total_seconds())
            return moments

        return run(watch())

    safely, under_duress = heard(Code.SAFE), heard(Code.DURESS)
    assert safely[:3] == under_duress[:3]
    assert safely[2] == (6.0, ["DURABLE", "PERSON", "CLEARED"])
    # Whatever people do afterwards, and whenever they do, tells the device nothing.
    assert {tuple(told) for _, told in (*safely[2:], *under_duress[2:])} == {("DURABLE", "PERSON", "CLEARED")}


def alerts(*messages: Told) -> list[tuple[int, float]]:
    """Levels and radii of alerts."""
    return [(one.alert.level, one.alert.within_metres) for one in messages if one.HasField("alert")]


def test_a_gateway_is_told_whom_to_alert_while_nobody_takes_it() -> None:  # R-OS-03: from memory, whatever is down
    board, clock = a_board()

    async def watch() -> None:
        gateways = Gateways(board, clock)
        escalation = Escalation(clock, board)
        everybody = gateways.stream(Devices(FORCE, alerts=True))
        officer = gateways.stream(Devices(FORCE, "2341001"))
        signals = taken(pressed(point=Point(53.8, -1.5)), seconds=31)
        board.add(Held(signals[0], Durability.LOCAL))
        await some(officer, 1)
        for seconds in (10, 20, 30):
            clock.at = at(seconds)
            escalation.look(clock.at)
        sent = await some(everybody, 4)
        assert told(sent[0]) == ["DURABLE"]
        within = [(1, 0.0), (2, 0.0), (3, 3000.0)]
        assert alerts(*sent) == within
        assert (sent[-1].radio, sent[-1].alert.point.latitude) == ("2341001", 53.8)
        # A gateway that comes back is told what holds, and whoever carries the radio is told nothing of it.
        assert alerts(*await some(gateways.stream(Devices(FORCE, alerts=True)), 4)) == within
        assert (await anext(officer)).heartbeat
        board.add(Held(signals[1], Durability.LOCAL))
        clock.at = at(90)
        escalation.look(clock.at)
        assert told(*await some(everybody, 1)) == ["PERSON"]
        assert (await anext(everybody)).heartbeat
        assert not alerts(*await some(gateways.stream(Devices(FORCE, alerts=True)), 2))

    run(watch())


def test_next_door_sees_it_from_the_last_level_on_to_its_end() -> None:  # R-OS-03
    board, clock = a_board()
    neighbour = Wanted("greater-manchester")

    async def watch() -> None:
        served, log, _ = consoles(board)
        escalation = Escalation(clock, board)
        theirs = served.stream(neighbour)
        await some(theirs, 2)
        signals = taken(pressed(), seconds=70)
        board.add(Held(signals[0]))
        for seconds in (10, 20, 30, 59):
            clock.at = at(seconds)
            escalation.look(clock.at)
        assert (await anext(theirs)).heartbeat
        clock.at = at(60)
        escalation.look(clock.at)
        (seen,) = await some(theirs, 1)
        assert (seen.emergency.force, seen.emergency.level) == (FORCE, types.ESCALATION_LEVEL_NEIGHBOURING_FORCE)
        for signal in cleared(*safe(*signals, seconds=80), seconds=90)[1:]:
            board.add(Held(signal))
        (seen,) = await some(theirs, 1)
        assert seen.emergency.state == types.EMERGENCY_STATE_CLEARED
        # Another force sees nothing of it, also not by a token of somebody else's.
        for wanted in (Wanted("kent"), Wanted("kent", f"{log.replica}.0")):
            assert not any(one.HasField("emergency") for one in await until_quiet(served.stream(wanted)))

    run(watch())


def test_what_the_board_lets_go_of_nobody_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    board, clock = a_board()
    timing, gateways = Timing(board), Gateways(board, clock)

    async def watch() -> None:
        stream = gateways.stream(Devices(FORCE))
        probes = [pressed(trigger=Trigger.SYNTHETIC, site="leeds", press_id=str(number)) for number in range(3)]
        for signal in (*probes, *cleared(*safe(*taken(pressed())))):
            board.add(Held(signal, Durability.COMMITTED))
            if signal.press is not None:
                timing.pressed_here(signal)
        untaken = pressed("2341002")
        board.add(Held(untaken))
        timing.pressed_here(untaken)
        await some(stream, 6)
        assert (await anext(stream)).heartbeat
        assert len(gateways._sent[0]) == 5
        began = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: began + KEPT_SECONDS + 1)
        board.forget()
        assert gateways._sent == [{untaken.emergency_id: set()}]
        assert timing._pressed.keys() == {untaken.id}
        await stream.aclose()
        assert gateways._sent == []

    run(watch())


def test_durable_since_it_was_and_not_since_it_was_told() -> None:  # R-OS-02
    board, clock = a_board()
    press = pressed()
    clock.at = at(1)
    board.add(Held(press, Durability.LOCAL))
    clock.at = at(2)
    board.settle(Held(press), Durability.COMMITTED)
    clock.at = at(50)
    (message,) = run(some(Gateways(board, clock).stream(Devices(FORCE)), 1))
    assert message.at.ToDatetime(UTC) == at(1)


def test_streams_that_end_leave_nothing_behind() -> None:
    board, _ = a_board()

    async def watch() -> None:
        served = consoles(board)[0]
        stream = served.stream(EVERYTHING)
        await some(stream, 1)
        assert len(served._watches._watches) == 1
        await stream.aclose()
        assert not served._watches._watches
        await asyncio.sleep(0)

    run(watch())
