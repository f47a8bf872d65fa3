"""Escalation at 10, 20, 30 and 60 s without a person (R-OS-03)."""

import pytest

from services.safety.emergency.domain import answering
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import fold
from services.safety.emergency.domain.ladder import level_at, next_level_at, reaches
from services.safety.emergency.domain.signals import EscalationLevel, Signal, Trigger
from tests.unit.safety.pressing import LADDER, NOON, at, cleared, pressed, safe, taken


def level(*signals: Signal, seconds: float) -> int:
    reached = level_at(fold(signals), at(seconds), LADDER)
    return reached.level if reached else 0


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, 0), (9.999, 0), (10, 1), (19, 1), (20, 2), (30, 3), (59, 3), (60, 4), (86_400, 4)]
)
def test_levels(seconds: float, expected: int) -> None:  # R-OS-03
    assert level(pressed(), seconds=seconds) == expected


def test_the_moment_of_a_level_is_when_it_was_due() -> None:
    reached = level_at(fold([pressed()]), at(59), LADDER)
    assert reached is not None
    assert reached.at == at(30)


def test_an_acknowledgement_ends_it_and_leaves_what_was_reached() -> None:
    signals = taken(pressed(), seconds=25)
    assert level(*signals, seconds=3600) == EscalationLevel.ALL_POSITIONS
    assert next_level_at(fold(signals), at(26), LADDER) is None


def test_the_next_press_escalates_from_its_own_beginning() -> None:
    signals = taken(pressed(), seconds=5)
    second = pressed(press_id="2", known=[fold(signals)], seconds=100)
    assert level(*signals, second, seconds=109) == 0
    assert level(*signals, second, seconds=110) == EscalationLevel.SUPERVISOR
    assert next_level_at(fold([*signals, second]), at(105), LADDER) == at(110)


def test_a_duress_code_escalates_from_its_own_beginning() -> None:  # R-OS-06
    signals = safe(*taken(pressed()), code=Code.DURESS, seconds=200)
    assert level(*signals, seconds=209) == 0
    assert level(*signals, seconds=220) == EscalationLevel.ALL_POSITIONS


def test_time_alone_never_closes_it() -> None:  # R-OS-06
    emergency = fold([pressed()])
    assert level_at(emergency, at(10 * 365 * 86_400), LADDER) is not None
    assert emergency.untaken


def test_a_clear_ends_it() -> None:
    signals = cleared(*safe(*taken(pressed(), seconds=5)))
    assert next_level_at(fold(signals), at(8), LADDER) is None
    assert level(*signals, seconds=3600) == 0


def test_a_synthetic_press_escalates_to_nobody() -> None:  # R-OS-07
    emergency = fold([pressed(trigger=Trigger.SYNTHETIC, site="leeds")])
    assert level_at(emergency, at(3600), LADDER) is None
    assert next_level_at(emergency, NOON, LADDER) is None
    assert not reaches(emergency, emergency.alarms[0].id, at(10))


def test_a_durable_timer_that_fires_late_finds_what_memory_did() -> None:  # R-OS-03
    press = pressed()
    late = fold(taken(press, seconds=25))
    assert [reaches(late, press.id, at(due)) for due in (10, 20, 30, 60)] == [True, True, False, False]
    record = answering.escalated(late, press.id, EscalationLevel.SUPERVISOR, at(10), "service:safety")
    assert record == answering.escalated(fold([press]), press.id, EscalationLevel.SUPERVISOR, at(10), "service:safety")


def test_a_level_on_record_is_not_taken_back_by_another_ladder() -> None:
    press = pressed()
    record = answering.escalated(fold([press]), press.id, EscalationLevel.UNITS_NEARBY, at(3), "service:safety")
    assert level(press, record, seconds=4) == EscalationLevel.UNITS_NEARBY
