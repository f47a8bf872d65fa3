"""The rehearsal clock goes forward only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.rehearsal.hands import ClockHands
from services.kernel.clock import RehearsalClock, set_rehearsal_clock

START = datetime(2018, 6, 30, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_every_reader_sees_the_step(tmp_path: Path) -> None:
    set_rehearsal_clock(tmp_path / "clock", START)
    hands, reader = ClockHands(tmp_path / "clock"), RehearsalClock(tmp_path / "clock")
    assert hands.step(START + HOUR) == START + HOUR
    assert reader.now() == hands.now == START + HOUR


def test_a_replay_goes_on_from_where_the_clock_was_left(tmp_path: Path) -> None:
    set_rehearsal_clock(tmp_path / "clock", START + 5 * HOUR)
    hands = ClockHands(tmp_path / "clock")
    assert hands.step(START + HOUR) == START + 5 * HOUR
    assert RehearsalClock(tmp_path / "clock").now() == START + 5 * HOUR
