"""What consoles are sent: everything, then every change, and nobody slows anybody (R-OS-01)."""

import asyncio

from peel.safety.v1 import emergency_types_pb2 as types
from services.safety.emergency import proving
from services.safety.emergency.changes import ChangeLog
from services.safety.emergency.domain import answering
from services.safety.emergency.domain.folding import fold
from services.safety.emergency.domain.signals import Durability, Trigger
from services.safety.emergency.escalation import Escalation
from services.safety.emergency.held import Held
from services.safety.emergency.watches import HEARTBEAT_SECONDS
from services.safety.emergency.watching import Wanted
from tests.unit.kernel.virtual_time import now, run
from tests.unit.safety.boards import a_board
from tests.unit.safety.pressing import FORCE, answer, at, cleared, pressed, safe, taken
from tests.unit.safety.streams import (
    EVERYTHING,
    consoles,
    some,
    until_quiet,
)


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
