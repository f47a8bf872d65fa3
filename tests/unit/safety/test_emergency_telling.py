"""What gateways are told: each acknowledgement once, and whom to alert; no stream leaves anything behind (R-OS-02)."""

import asyncio
import time
from datetime import UTC

import pytest

from services.safety.emergency.board import KEPT_SECONDS
from services.safety.emergency.domain import answering
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import fold
from services.safety.emergency.domain.signals import Durability, Point, Trigger
from services.safety.emergency.escalation import Escalation
from services.safety.emergency.held import Held
from services.safety.emergency.telling import Devices, Gateways
from services.safety.emergency.timing import Timing
from services.safety.emergency.watches import HEARTBEAT_SECONDS
from tests.unit.kernel.virtual_time import now, run
from tests.unit.safety.boards import StoodClock, a_board
from tests.unit.safety.pressing import FORCE, answer, at, cleared, pressed, safe, taken
from tests.unit.safety.streams import (
    EVERYTHING,
    Told,
    alerts,
    consoles,
    some,
    told,
)


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
