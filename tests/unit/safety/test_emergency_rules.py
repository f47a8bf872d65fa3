"""Who takes an emergency, who ends it, and what is never ended (R-OS-02, R-OS-05, R-OS-06)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from services.kernel.errors import Refused
from services.safety.emergency.domain import answering
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.folding import EmergencyState, Gravity, fold
from services.safety.emergency.domain.receiving import SAME_PRESS
from services.safety.emergency.domain.signals import SignalKind, Trigger
from services.safety.emergency.domain.telling import Acknowledgement, told
from tests.unit.safety.pressing import answer, at, cleared, guessed, pressed, safe, taken

SUPERVISOR = frozenset({"ROLE_SUPERVISOR"})


def refusal(*signals: object, **parts: object) -> str:
    with pytest.raises(Refused) as refused:
        cleared(*signals, **parts)  # type: ignore[arg-type]
    return refused.value.reason


def test_a_press_opens_an_emergency() -> None:
    emergency = fold([pressed()])
    assert (emergency.state, emergency.gravity) == (EmergencyState.OPEN, Gravity.EMERGENCY)


def test_another_try_of_a_press_is_the_same_signal() -> None:  # R-OS-05
    press = pressed()
    assert pressed(known=[fold([press])], seconds=30) == press


def test_another_press_of_the_radio_joins_its_emergency_and_escalates_anew() -> None:  # R-OS-03, R-OS-05
    signals = taken(pressed())
    second = pressed(press_id="2", known=[fold(signals)], seconds=300)
    emergency = fold([*signals, second])
    assert emergency.id == signals[0].emergency_id
    assert [press.press_id for press in emergency.presses] == ["1", "2"]
    assert emergency.state is EmergencyState.OPEN
    assert emergency.untaken == (second,)


def test_two_replicas_that_do_not_hear_each_other_name_it_alike() -> None:  # R-OS-05
    assert pressed(press_id="1").emergency_id == pressed(press_id="2", seconds=2).emergency_id


def test_a_press_after_a_clear_is_another_emergency() -> None:
    ended = fold(cleared(*safe(*taken(pressed()))))
    again = pressed(press_id="2", known=[ended], seconds=60)
    assert again.emergency_id != ended.id
    # Whoever knows of that clear names it alike.
    assert pressed(press_id="3", known=[ended], seconds=61).emergency_id == again.emergency_id


def test_a_late_try_of_a_press_that_was_cleared_begins_nothing() -> None:
    """A gateway sends the same message again, and so the same time of the device."""
    ended = fold(cleared(*safe(*taken(pressed(pressed_at=at(0))))))
    assert pressed(known=[ended], seconds=60, pressed_at=at(0)) == ended.signals[0]


@pytest.mark.parametrize("pressed_at", [None, at(60)])
def test_a_radio_that_counts_from_1_again_is_heard_after_a_clear(pressed_at: datetime | None) -> None:  # I4, R-OS-05
    ended = fold(cleared(*safe(*taken(pressed(pressed_at=pressed_at and at(0))))))
    again = pressed(known=[ended], seconds=60, pressed_at=pressed_at)
    assert again.id not in {signal.id for signal in ended.signals}
    assert fold([again]).state is EmergencyState.OPEN
    # Another try of it is the same, also at a replica that has not heard of the first try.
    assert pressed(known=[ended, fold([again])], seconds=90, pressed_at=pressed_at) == again
    assert pressed(known=[ended], seconds=90, pressed_at=pressed_at).id == again.id


def test_a_radio_that_counts_from_1_again_escalates_anew_in_an_open_emergency() -> None:  # I4, R-OS-03
    signals = taken(pressed(pressed_at=at(0)))
    again = pressed(known=[fold(signals)], seconds=60, pressed_at=at(60))
    assert fold([*signals, again]).untaken == (again,)
    assert pressed(known=[fold([*signals, again])], seconds=61, pressed_at=at(60)) == again


def test_a_replica_that_knows_nothing_of_a_clear_does_not_take_the_next_press_for_the_old_one() -> None:  # I4
    ended = cleared(*safe(*taken(pressed(pressed_at=at(0)))))
    alone = pressed(seconds=60, pressed_at=at(60))
    assert fold([*ended, alone]).untaken == (alone,)


def test_a_try_that_lost_its_time_on_the_way_is_the_same_press() -> None:
    press = pressed(pressed_at=at(0))
    assert pressed(known=[fold([press])], seconds=1, salvaged=True) == press


def test_a_press_id_that_a_device_uses_again_is_a_press() -> None:
    first = pressed()
    later = SAME_PRESS.total_seconds() + 1
    again = pressed(known=[fold(taken(first))], seconds=later)
    assert again.id != first.id
    assert fold([*taken(first), again]).untaken == (again,)
    assert pressed(known=[fold(taken(first))], seconds=later) == again


def test_presses_of_radios_that_could_not_be_read_stay_apart() -> None:
    one, other = pressed(radio="", press_id=""), pressed(radio="", press_id="")
    assert one.emergency_id != other.emergency_id


def test_a_synthetic_press_stays_apart() -> None:  # R-OS-07
    real = pressed()
    probe = pressed(trigger=Trigger.SYNTHETIC, site="leeds", press_id="7", known=[fold([real])])
    assert probe.emergency_id != real.emergency_id
    assert fold([probe]).synthetic


def test_each_console_is_shown_once() -> None:  # R-OS-02
    press = pressed()
    first = answering.shown(fold([press]), "pod-1", answer())
    assert first is not None
    both = fold([press, first])
    assert answering.shown(both, "pod-1", answer()) is None
    other = answering.shown(both, "pod-2", answer())
    assert other is not None
    assert other.covers == {press.id}


def test_an_acknowledgement_takes_what_was_seen() -> None:  # R-OS-03
    press = pressed()
    unseen = pressed(press_id="2", known=[fold([press])], seconds=1)
    ack = answering.acknowledge(fold([press, unseen]), "pod-1", answer(seen=frozenset({press.id})))
    assert ack is not None
    emergency = fold([press, unseen, ack])
    assert emergency.state is EmergencyState.OPEN
    assert emergency.untaken == (unseen,)
    assert answering.acknowledge(emergency, "pod-1", answer(seen=frozenset({press.id}))) is None


def test_a_clear_needs_an_acknowledgement() -> None:
    assert refusal(pressed()) == "NOT_ACKNOWLEDGED"


def test_a_clear_needs_the_safe_code_and_a_controller() -> None:  # R-OS-06
    signals = taken(pressed())
    assert refusal(*signals) == "SAFE_CODE_MISSING"
    ended = fold(cleared(*safe(*signals)))
    assert ended.state is EmergencyState.CLEARED
    assert ended.cleared is not None
    assert ended.cleared.explanation == "seen well"


def test_a_press_after_the_safe_code_takes_it_back() -> None:  # R-OS-06
    signals = safe(*taken(pressed()))
    again = pressed(press_id="2", known=[fold(signals)], seconds=30)
    assert refusal(*taken(*signals, again, seconds=31)) == "SAFE_CODE_MISSING"


def test_a_duress_code_is_the_opposite_of_a_safe_code() -> None:  # R-OS-06
    signals = safe(*taken(pressed()), code=Code.DURESS)
    emergency = fold(signals)
    assert (emergency.state, emergency.gravity) == (EmergencyState.OPEN, Gravity.DURESS)
    assert not emergency.safe_code_given
    # It has to be taken by somebody, and no safe code that follows is believed.
    again = safe(*taken(*signals, seconds=8), seconds=9)
    assert not fold(again).safe_code_given
    assert refusal(*again) == "SECOND_PERSON_NEEDED"
    assert refusal(*again, roles=SUPERVISOR) == "SECOND_PERSON_NEEDED"
    assert fold(cleared(*again, by="supervisor-1", roles=SUPERVISOR)).state is EmergencyState.CLEARED


def test_after_three_wrong_codes_none_is_believed() -> None:  # R-OS-06
    signals = guessed(*taken(pressed()), times=2)
    assert fold(safe(*signals, seconds=8)).safe_code_given
    locked = fold(guessed(*signals, seconds=7))
    assert (locked.wrong_codes, locked.codes_locked) == (3, True)
    assert answering.give_code(locked, Code.SAFE, answer(seconds=8)) is None
    # One more would change nothing, so nobody can fill the ledger with them.
    assert answering.give_wrong_code(locked, answer(seconds=8), uuid4()) is None
    assert refusal(*locked.signals) == "SECOND_PERSON_NEEDED"
    ended = fold(cleared(*locked.signals, by="supervisor-1", roles=SUPERVISOR, seconds=9))
    assert ended.state is EmergencyState.CLEARED
    # A code that another replica took for right before it heard of the guesses is not believed either.
    assert not fold([*safe(*signals, seconds=8), *locked.signals]).safe_code_given


def test_guesses_of_an_emergency_that_was_cleared_say_nothing_about_the_next_press() -> None:  # R-OS-06
    ended = cleared(*guessed(*taken(pressed()), times=3), by="supervisor-1", roles=SUPERVISOR)
    again = fold([*ended, *taken(pressed(press_id="2", seconds=60), seconds=61)])
    assert not again.codes_locked


def test_every_try_of_a_call_with_a_wrong_code_is_one_guess() -> None:  # R-OS-06
    emergency, attempt = fold(taken(pressed())), uuid4()
    one, other = (answering.give_wrong_code(emergency, answer(seconds=seconds), attempt) for seconds in (6, 7))
    assert one is not None
    assert other is not None
    assert one.id == other.id


def test_a_duress_code_is_an_alarm_after_however_many_guesses() -> None:  # R-OS-06
    signals = safe(*guessed(*taken(pressed()), times=3), code=Code.DURESS, seconds=20)
    assert (fold(signals).state, fold(signals).gravity) == (EmergencyState.OPEN, Gravity.DURESS)
    # Whoever gave it was told that no code is taken, and the device is told nothing else.
    assert Acknowledgement.CLEARED not in {one.acknowledgement for one in told(fold(signals))}


def test_without_known_codes_a_second_person_clears() -> None:  # R-OS-06
    signals = taken(pressed())
    assert refusal(*signals, codes_known=False) == "SECOND_PERSON_NEEDED"
    assert refusal(*signals, codes_known=False, by="dispatcher-2") == "SECOND_PERSON_NEEDED"
    assert refusal(*signals, codes_known=False, roles=SUPERVISOR) == "SECOND_PERSON_NEEDED"
    ended = fold(cleared(*signals, codes_known=False, roles=SUPERVISOR, by="supervisor-1"))
    assert ended.state is EmergencyState.CLEARED


def test_a_press_that_a_clear_does_not_name_keeps_the_emergency_open() -> None:  # R-OS-06
    press = pressed()
    unheard = pressed(press_id="2", seconds=4)
    emergency = fold([unheard, *cleared(*safe(*taken(press)))])
    assert emergency.state is EmergencyState.OPEN
    assert emergency.open_alarms == (unheard,)
    # What was taken before says nothing about it.
    assert emergency.acknowledged is None


def test_what_is_cleared_is_cleared_once() -> None:
    ended = cleared(*safe(*taken(pressed())))
    emergency = fold(ended)
    rules = {"roles": frozenset({"ROLE_DISPATCHER"}), "codes_known": True, "explanation": "again"}
    assert answering.clear(emergency, answer(seconds=99), **rules) is None  # type: ignore[arg-type]
    assert answering.give_code(emergency, Code.DURESS, answer(seconds=99)) is None


def test_a_signal_before_its_press_is_no_emergency_yet() -> None:
    press, ack = taken(pressed())
    assert fold([ack]).state is EmergencyState.UNSPECIFIED
    assert fold([ack, press]).state is EmergencyState.ACKNOWLEDGED


def test_who_took_it_is_whoever_took_its_newest_alarm_first() -> None:
    signals = taken(pressed())
    second = pressed(press_id="2", known=[fold(signals)], seconds=300)
    emergency = fold(taken(*signals, second, by="dispatcher-2", seconds=310))
    assert emergency.acknowledged is not None
    assert emergency.acknowledged.by == "dispatcher-2"
    assert emergency.acknowledged.at - signals[0].at == timedelta(seconds=310)
    assert len(emergency.of(SignalKind.ACKNOWLEDGED)) == 2
