"""How an incident stands, and what becomes of it."""

from datetime import timedelta

from services.dispatch.domain.records import Person
from services.dispatch.domain.terms import AssignmentState, DispatchState
from services.dispatch.incidents.domain.incidents import escalate, result, share, standing, with_associates
from tests.unit.dispatch.crews import refused
from tests.unit.dispatch.sent import NOON, an_incident

LATER = NOON + timedelta(minutes=1)
SENT, KNOWN, THERE = AssignmentState.SENT, AssignmentState.ACKNOWLEDGED, AssignmentState.AT_SCENE


def test_an_incident_stands_as_its_assignments_do() -> None:
    assert standing([]) is DispatchState.QUEUED
    assert standing([SENT, KNOWN]) is DispatchState.ASSIGNED
    assert standing([SENT, THERE]) is DispatchState.AT_SCENE


def test_an_incident_ends_once() -> None:
    over = result(an_incident(), "ATTENDED", NOON)
    assert (over.state, over.result, over.resulted_at) == (DispatchState.RESULTED, "ATTENDED", NOON)
    with refused("INCIDENT_ENDED"):
        result(over, "NO_TRACE", LATER)


def test_sharing_counts_as_an_event_once() -> None:
    shared = share(an_incident(), "cumbria")
    assert (shared.shared_with, shared.sequence) == (("cumbria",), an_incident().sequence + 1)
    assert share(shared, "cumbria") is shared
    with refused("OWN_FORCE"):
        share(shared, shared.force)


def test_an_escalation_says_whom_and_when() -> None:  # R-DP-01
    told = escalate(an_incident(), "duty sergeant", LATER)
    assert (told.escalated_to, told.escalated_at) == ("duty sergeant", LATER)


def test_only_who_is_new_at_an_address_is_news() -> None:  # R-MK-01
    incident = an_incident(people=(Person("Zephyrine", "Quillfeather"),))
    assert with_associates(incident, incident.people) is incident
    learnt = with_associates(incident, [Person("Barnaby", "Thistlewick"), *incident.people])
    assert learnt.associates == (Person("Barnaby", "Thistlewick"),)
    assert with_associates(learnt, learnt.associates) is learnt
