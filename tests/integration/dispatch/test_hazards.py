"""I3: what is known of hazards is inside the assignment, and what comes later is told to whoever was sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from peel.safety.v1 import types_pb2 as safety
from peel.type.v1.person_pb2 import Person
from services.dispatch.domain.records import Assignment
from services.dispatch.domain.terms import (
    Certainty,
    HazardOutcome,
    HazardSeverity,
    MatchedBy,
    NotCheckedReason,
    TaskKind,
)
from services.dispatch.markers import replica
from services.dispatch.markers.domain import Subject
from services.dispatch.markers.domain.lookups import Lookups
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp
from tests.integration.dispatch.desk import HERE, Desk, at

WITHDRAWN = safety.MARKER_STATE_WITHDRAWN


@pytest.fixture
def fresh(desk: Desk) -> Desk:
    """A desk whose replica of markers is whole and a moment old."""
    desk.confirm()
    return desk


def sent(desk: Desk, callsign: str = "WY1", **incident: Any) -> Assignment:
    return desk.assign(desk.grade(**incident), desk.unit(callsign))


def test_nothing_is_found_where_there_is_nothing(fresh: Desk) -> None:  # R-MK-02
    answer = sent(fresh).hazard
    assert (answer.outcome, answer.hazards) == (HazardOutcome.NONE_FOUND, ())
    assert 0 <= answer.replica_staleness_seconds < 30


def test_a_marker_is_told_whole_with_the_assignment(fresh: Desk) -> None:  # R-MK-02
    marker_id = fresh.marker(7)
    answer = sent(fresh).hazard
    assert answer.outcome is HazardOutcome.MARKERS_FOUND
    (hazard,) = answer.hazards
    assert (hazard.marker_id, hazard.code, hazard.severity) == (marker_id, "FI", HazardSeverity.HIGHEST)
    assert (hazard.matched_by, hazard.certainty) == ((MatchedBy.ADDRESS,), Certainty.EXACT)
    assert (hazard.handling_instruction, hazard.subject_description) == ("do not enter alone", HERE)


def test_a_restricted_marker_is_told_to_exist_with_whom_to_ask(fresh: Desk) -> None:  # domain facts 4.3
    fresh.marker(7, restricted=True, code="", contact_point="ask the intelligence unit")
    (hazard,) = sent(fresh).hazard.hazards
    assert (hazard.restricted, hazard.contact_point) == (True, "ask the intelligence unit")
    assert (hazard.code, hazard.subject_description) == ("", "")


def test_an_expired_marker_is_told_as_expired(fresh: Desk) -> None:  # domain facts 4.3
    fresh.marker(7)
    fresh.clock.advance(fresh.clock.now().replace(year=2020) - fresh.clock.now())
    (hazard,) = sent(fresh).hazard.hazards
    assert hazard.expired


def test_a_crew_that_was_sent_is_told_when_a_marker_expires(fresh: Desk) -> None:  # domain facts 4.3
    """At its moment, and not at midnight; by officer safety's word, whatever our clock says."""
    expires = fresh.clock.now() + timedelta(minutes=1)
    fresh.marker(7, expires_at=stamp(expires))
    first = sent(fresh)
    assert [hazard.expired for hazard in first.hazard.hazards] == [False]
    fresh.marker(7, version=2, expires_at=stamp(expires), state=safety.MARKER_STATE_EXPIRED)
    newest = fresh.assignment(first.id).hazard
    assert (newest.version, [hazard.expired for hazard in newest.hazards]) == (2, [True])
    fresh.marker(8, expires_at=stamp(expires))
    fresh.clock.advance(timedelta(minutes=1))
    assert [hazard.expired for hazard in sent(fresh, "WY2").hazard.hazards] == [True, True]


def test_another_forces_markers_are_its_own(fresh: Desk) -> None:
    fresh.marker(7, force="greater-manchester")
    assert sent(fresh).hazard.outcome is HazardOutcome.NONE_FOUND


def test_people_whom_earlier_incidents_at_the_address_named_are_looked_for(fresh: Desk) -> None:  # R-MK-01
    who = Person(given_name="Zephyrine", family_name="Quillfeather")
    fresh.grade(people=(who,))
    fresh.marker(7, subject=safety.MarkerSubject(kind=safety.SUBJECT_KIND_PERSON, given_name="Zephyrine",
                                                 family_name="Quillfeather"))  # fmt: skip
    (hazard,) = sent(fresh).hazard.hazards
    assert MatchedBy.ASSOCIATE_OF_ADDRESS in hazard.matched_by
    assert sent(fresh, "WY2", address="2 Elsewhere Road").hazard.outcome is HazardOutcome.NONE_FOUND


def test_whoever_a_later_incident_at_the_address_names_is_looked_for_as_well(fresh: Desk) -> None:  # R-MK-01
    first = sent(fresh)
    fresh.marker(7, subject=safety.MarkerSubject(kind=safety.SUBJECT_KIND_PERSON, given_name="Zephyrine",
                                                 family_name="Quillfeather"))  # fmt: skip
    fresh.grade(people=(Person(given_name="Zephyrine", family_name="Quillfeather"),))
    fresh.fire()
    newest = fresh.assignment(first.id).hazard
    assert (newest.outcome, newest.version) == (HazardOutcome.MARKERS_FOUND, 2)


def test_an_incident_of_which_nothing_is_known_says_so(fresh: Desk) -> None:
    answer = sent(fresh, address="").hazard
    assert (answer.outcome, answer.reason) == (HazardOutcome.NOT_CHECKED, NotCheckedReason.NOTHING_TO_CHECK)


def test_a_stale_replica_is_not_relied_on_and_what_it_knows_is_told(desk: Desk) -> None:  # R-MK-02
    desk.confirm(seconds_ago=31)
    desk.marker(7)
    answer = sent(desk).hazard
    assert (answer.outcome, answer.reason) == (HazardOutcome.NOT_CHECKED, NotCheckedReason.REPLICA_STALE)
    assert answer.replica_staleness_seconds >= 31
    assert len(answer.hazards) == 1


def test_a_replica_that_lacks_markers_is_none(desk: Desk) -> None:
    desk.marker(7)
    desk.confirm(markers=2)
    answer = sent(desk).hazard
    assert (answer.reason, len(answer.hazards)) == (NotCheckedReason.REPLICA_MISSING, 1)


def test_a_marker_that_cannot_be_read_hides_no_other(fresh: Desk) -> None:  # I3
    """What is stored cannot be kept in memory: by a fault of ours, since it was read before it was stored."""
    fresh.marker(7)
    before = sent(fresh)
    fresh.rows("update marker set body = 'spoilt', changed = changed + 1 returning 1")
    fresh.rows("update counter set last = last + 1 where name = 'marker-changed' returning 1")
    fresh.marker(8, code="WE")
    answer = sent(fresh, "WY2").hazard
    # What was known of the one is told still, and the other, and that this may not be all.
    assert (answer.outcome, answer.reason) == (HazardOutcome.NOT_CHECKED, NotCheckedReason.REPLICA_MISSING)
    assert {hazard.code for hazard in answer.hazards} == {"FI", "WE"}
    fresh.marker(7, version=2, code="VI")
    assert sent(fresh, "WY3").hazard.outcome is HazardOutcome.MARKERS_FOUND
    assert fresh.assignment(before.id).hazard.version > 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [(TimeoutError(), NotCheckedReason.TIMED_OUT), (ZeroDivisionError(), NotCheckedReason.FAILED)],
)
def test_a_look_that_breaks_keeps_nobody_from_being_sent(
    fresh: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: NotCheckedReason
) -> None:  # domain facts 4.3
    fresh.marker(7)

    async def breaks(_: replica.MarkerReplica, tx: Transaction) -> None:
        # What a statement leaves behind that fails: a transaction that takes no other.
        await tx.execute("savepoint broken")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(replica.MarkerReplica, "catch_up", breaks)
        first = sent(fresh)
        assert first.hazard.reason is reason
        fresh.fire()
    # It is looked for again at once, and then until it succeeds.
    assert fresh.assignment(first.id).hazard.version == 1
    assert "HAZARD_RECHECK" in fresh.timers(first.id)
    fresh.later(seconds=5)
    newest = fresh.assignment(first.id).hazard
    assert (newest.outcome, newest.version) == (HazardOutcome.MARKERS_FOUND, 2)
    assert "HAZARD_RECHECK" not in fresh.timers(first.id)
    assert fresh.told(first.id) == ["UnitAssigned", "HazardUpdated"]


def test_what_was_not_checked_is_checked_once_the_replica_is_fresh(desk: Desk) -> None:  # I3
    first = sent(desk)
    assert first.hazard.reason is NotCheckedReason.REPLICA_MISSING
    desk.fire()
    desk.confirm()
    desk.fire()
    newest = desk.assignment(first.id).hazard
    assert (newest.outcome, newest.version) == (HazardOutcome.NONE_FOUND, 2)
    assert desk.shown("assignment")[-1].assignment.hazard.version == 2
    # That the doubt is settled is something to know, too.
    desk.later(seconds=15)
    assert TaskKind.VOICE_HAZARD in [task.kind for task in desk.tasks()]


def test_a_marker_that_is_made_later_is_told_to_whoever_was_sent(fresh: Desk) -> None:  # I3
    first, elsewhere = sent(fresh), sent(fresh, "WY2", address="2 Elsewhere Road")
    fresh.marker(7)
    newest = fresh.assignment(first.id)
    assert (newest.hazard.outcome, newest.hazard.version) == (HazardOutcome.MARKERS_FOUND, 2)
    assert fresh.told(first.id) == ["UnitAssigned", "HazardUpdated"]
    assert fresh.events("HazardUpdated")[-1].assignment == fresh.shown("assignment")[-1].assignment
    assert fresh.told(elsewhere.id) == ["UnitAssigned"]
    # Until it is acknowledged: by voice after 15 s.
    fresh.later(seconds=15)
    assert TaskKind.VOICE_HAZARD in [task.kind for task in fresh.tasks()]
    fresh.acknowledge_hazard(first.id, 2, "officer-WY1")
    assert TaskKind.VOICE_HAZARD not in [task.kind for task in fresh.tasks()]


def test_a_marker_that_is_revised_or_withdrawn_is_told_as_well(fresh: Desk) -> None:  # I3
    fresh.marker(7)
    first = sent(fresh)
    fresh.marker(7, 2, code="VI")
    assert [hazard.code for hazard in fresh.assignment(first.id).hazard.hazards] == ["VI"]
    fresh.marker(7, 3, code="VI", state=WITHDRAWN)
    newest = fresh.assignment(first.id).hazard
    assert (newest.version, [hazard.withdrawn for hazard in newest.hazards]) == (3, [True])
    # Whoever is sent from now on is not bothered with it.
    assert sent(fresh, "WY2").hazard.outcome is HazardOutcome.NONE_FOUND


def test_a_marker_that_moves_away_is_told_to_be_gone(fresh: Desk) -> None:
    fresh.marker(7)
    first = sent(fresh)
    elsewhere = safety.MarkerSubject(kind=safety.SUBJECT_KIND_ADDRESS, addresses=[at("2 Elsewhere Road")])
    fresh.marker(7, 2, subject=elsewhere)
    assert [hazard.withdrawn for hazard in fresh.assignment(first.id).hazard.hazards] == [True]


def test_old_and_repeated_events_of_a_marker_change_nothing(fresh: Desk) -> None:  # I5
    fresh.marker(7, 3)
    first = sent(fresh)
    fresh.marker(7, 2, code="VI")
    fresh.marker(7, 3, code="VI")
    assert fresh.assignment(first.id) == first
    assert fresh.rows("select held_markers from marker_replica")[0]["held_markers"] == 1


def test_what_says_the_same_to_the_crew_is_no_new_version(fresh: Desk) -> None:
    fresh.marker(7)
    first = sent(fresh)
    fresh.marker(7, 2)
    assert fresh.assignment(first.id) == first


def test_a_crew_that_is_there_is_not_left_alone_with_a_new_marker(fresh: Desk) -> None:  # R-MK-03
    first = sent(fresh)
    fresh.arrive(first)
    assert fresh.tasks() == []
    fresh.marker(7)
    assert [task.kind for task in fresh.tasks()] == [TaskKind.HAZARD_UNKNOWN_AT_SCENE]


def test_whoever_is_not_on_the_way_any_more_is_told_nothing(fresh: Desk) -> None:
    first = sent(fresh)
    fresh.result(first.incident_id)
    fresh.marker(7)
    assert fresh.assignment(first.id).hazard.version == 1


def test_a_register_that_is_imported_is_told_of_right_after(fresh: Desk) -> None:  # I3, R-MK-04
    """Many markers in one transaction are looked through together, by a timer that the same transaction starts."""
    first = sent(fresh)
    elsewhere = safety.MarkerSubject(kind=safety.SUBJECT_KIND_ADDRESS, addresses=[at("2 Elsewhere Road")])
    fresh.markers({number: {} if number == 30 else {"subject": elsewhere} for number in range(1, 41)})
    assert fresh.assignment(first.id).hazard.version == 1
    assert fresh.rows("select from timer where kind = 'MARKERS_CHANGED' and state = 'WAITING'")
    fresh.fire()
    newest = fresh.assignment(first.id).hazard
    assert (newest.version, [hazard.marker_id.int for hazard in newest.hazards]) == (2, [30])
    # Whoever is sent meanwhile is told by their own look.
    assert len(sent(fresh, "WY2").hazard.hazards) == 1


def test_one_marker_that_cannot_be_read_silences_no_other(fresh: Desk) -> None:  # I3
    first = sent(fresh)
    elsewhere = sent(fresh, "WY2", address="2 Elsewhere Road")
    fresh.markers({number: {} for number in range(1, 11)})
    _garble(fresh, 8)
    fresh.fire()
    newest = fresh.assignment(first.id).hazard
    assert {hazard.marker_id.int for hazard in newest.hazards} == {*range(1, 11)} - {8}
    # Whom it concerns, nobody knows: nobody is left with the word that there is nothing.
    for one in (first, elsewhere):
        answer = fresh.assignment(one.id).hazard
        assert (answer.outcome, answer.reason) == (HazardOutcome.NOT_CHECKED, NotCheckedReason.REPLICA_MISSING)
    fresh.marker(8, 2)
    fresh.later(seconds=6)
    assert fresh.assignment(elsewhere.id).hazard.outcome is HazardOutcome.NONE_FOUND
    assert len(fresh.assignment(first.id).hazard.hazards) == 10


def test_a_warning_whose_marker_cannot_be_read_any_more_is_not_taken_back(fresh: Desk) -> None:  # R-MK-02
    fresh.marker(3)
    first = sent(fresh)
    fresh.markers({number: {} for number in range(5, 12)})
    _garble(fresh, 3)
    fresh.fire()
    told = {hazard.marker_id.int: hazard.withdrawn for hazard in fresh.assignment(first.id).hazard.hazards}
    assert told[3] is False


def test_a_marker_that_breaks_the_search_silences_no_other(fresh: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sent(fresh)
    whole = Lookups.add

    def breaks(lookups: Lookups, owner: int, subject: Subject) -> None:
        whole(lookups, owner, subject)
        if subject.phones:
            raise ZeroDivisionError

    monkeypatch.setattr(Lookups, "add", breaks)
    broken = safety.MarkerSubject(kind=safety.SUBJECT_KIND_ADDRESS, addresses=[at(HERE)], phones=["+441632960001"])
    fresh.markers({number: {"subject": broken} if number == 8 else {} for number in range(1, 11)})
    fresh.fire()
    newest = fresh.assignment(first.id).hazard
    assert {hazard.marker_id.int for hazard in newest.hazards} == {*range(1, 11)} - {8}
    assert (newest.outcome, newest.reason) == (HazardOutcome.NOT_CHECKED, NotCheckedReason.REPLICA_MISSING)


def _garble(desk: Desk, number: int) -> None:
    """What is held of a marker is not readable any more."""
    assert desk.rows("update marker set body = $2 where id = $1 returning id", UUID(int=number), b"\xff")
