"""Assessing, grading and closing: the rules of services/intake/domain.py."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.domain import (
    Allegation,
    AllegationDecision,
    ClosingKind,
    Contact,
    ContactState,
    GradingScheme,
    Incident,
    IncidentCategory,
    IncidentState,
    Promise,
    assess,
    close,
    grade,
)
from services.kernel.errors import Invalid, Kind
from tests.unit.intake.building import DAY, DISPATCHER, HANDLER, HOUR, INCIDENT_ID, NOW, contact, refused, thrive

SCHEME = GradingScheme(
    "west-yorkshire",
    {
        "1": Promise("1", "Emergency", timedelta(minutes=15), HANDLER | DISPATCHER),
        "5": Promise("5", "Resolved without deployment", None, DISPATCHER),
    },
)
CRIME, CRIME_RELATED, NON_CRIME = ClosingKind.CRIME, ClosingKind.CRIME_RELATED_INCIDENT, ClosingKind.NON_CRIME
UNDECIDED, RECORDED = AllegationDecision.UNDECIDED, AllegationDecision.RECORDED
ABSORBED, NOT_RECORDED = AllegationDecision.ABSORBED, AllegationDecision.NOT_RECORDED


def assessed() -> Contact:
    return assess(contact(), thrive())


def graded(code: str = "1") -> Incident:
    return grade(assessed(), code, SCHEME, DISPATCHER, INCIDENT_ID, NOW)


def alleging(*decisions: AllegationDecision) -> list[Allegation]:
    return [Allegation(n, "8N", decision=decision) for n, decision in enumerate(decisions, start=1)]


def closed(kind: ClosingKind, *decisions: AllegationDecision) -> Incident:
    category = IncidentCategory.PUBLIC_SAFETY_AND_WELFARE if kind is NON_CRIME else IncidentCategory.CRIME
    return close(graded(), thrive(), alleging(*decisions), kind, category, NOW + DAY)


def test_an_assessment_is_kept_with_the_contact() -> None:
    found = assessed()
    assert (found.state, found.thrive, found.sequence) == (ContactState.ASSESSED, thrive(), 2)


def test_a_contact_is_assessed_again_on_a_change() -> None:  # domain facts 3.3
    again = assess(assessed(), thrive(NOW + HOUR))
    assert again.thrive == thrive(NOW + HOUR)
    assert again.sequence == 3


def test_assessing_a_graded_contact_again_leaves_it_graded() -> None:
    again = assess(replace(assessed(), state=ContactState.GRADED, incident_id=INCIDENT_ID), thrive(NOW + HOUR))
    assert again.state is ContactState.GRADED


def test_a_closed_contact_is_not_assessed() -> None:
    with refused("CONTACT_CLOSED"):
        assess(replace(assessed(), state=ContactState.CLOSED), thrive())


def test_a_graded_contact_becomes_an_incident_with_a_promise_from_first_contact() -> None:
    incident = graded()
    # First contact was an hour before the grading: the quarter of an hour ran out long ago.
    assert incident.attend_by == contact().first_contact_at + timedelta(minutes=15)
    assert incident.attend_by < NOW
    assert (incident.state, incident.grade, incident.graded_at) == (IncidentState.OPEN, "1", NOW)
    assert (incident.id, incident.contact_id, incident.force) == (INCIDENT_ID, contact().id, "west-yorkshire")
    assert incident.category is IncidentCategory.CRIME


def test_a_grade_without_attendance_promises_none() -> None:
    assert graded("5").attend_by is None


def test_no_grade_without_thrive() -> None:  # domain facts 3.3
    with refused("THRIVE_MISSING"):
        grade(contact(), "1", SCHEME, HANDLER, INCIDENT_ID, NOW)


def test_a_contact_is_graded_once() -> None:
    with refused("ALREADY_GRADED"):
        grade(replace(assessed(), incident_id=INCIDENT_ID), "1", SCHEME, HANDLER, INCIDENT_ID, NOW)


def test_an_unknown_grade_is_told_the_known_ones() -> None:
    with refused("GRADE_UNKNOWN") as error:
        grade(assessed(), "I", SCHEME, HANDLER, INCIDENT_ID, NOW)
    assert error.value.rule.endswith(": 1, 5")


def test_a_grade_is_given_only_by_its_roles() -> None:
    with refused("GRADE_NOT_PERMITTED") as error:
        grade(assessed(), "5", SCHEME, HANDLER, INCIDENT_ID, NOW)
    assert error.value.kind is Kind.FORBIDDEN
    assert "ROLE_DISPATCHER" in error.value.rule


def test_no_closure_without_thrive() -> None:  # domain facts 3.3
    with refused("THRIVE_MISSING"):
        close(graded(), None, [], NON_CRIME, IncidentCategory.CRIME, NOW)


@pytest.mark.parametrize("kind", [CRIME_RELATED, NON_CRIME])
def test_no_closing_as_other_than_a_crime_while_an_allegation_has_no_decision(kind: ClosingKind) -> None:  # R-CR-02
    with refused("ALLEGATIONS_UNDECIDED") as error:
        closed(kind, UNDECIDED, NOT_RECORDED, RECORDED, UNDECIDED)
    assert error.value.kind is Kind.REFUSED
    assert error.value.metadata == {"allegations": "1,4"}


def test_an_undecided_allegation_is_no_crime_yet() -> None:  # R-CR-02
    with refused("CLOSING_CONTRADICTED"):
        closed(CRIME, UNDECIDED, NOT_RECORDED)


@pytest.mark.parametrize(
    ("decisions", "fitting"),
    [
        ((RECORDED,), CRIME),
        ((ABSORBED,), CRIME),
        ((NOT_RECORDED, RECORDED), CRIME),
        ((RECORDED, UNDECIDED), CRIME),
        ((NOT_RECORDED, NOT_RECORDED), CRIME_RELATED),
        ((), NON_CRIME),
    ],
)
def test_an_incident_closes_as_its_decisions_say(
    decisions: tuple[AllegationDecision, ...], fitting: ClosingKind
) -> None:
    incident = closed(fitting, *decisions)
    assert (incident.state, incident.closing_kind, incident.closed_at) == (IncidentState.CLOSED, fitting, NOW + DAY)
    assert incident.sequence == 2
    for other in {CRIME, CRIME_RELATED, NON_CRIME} - {fitting}:
        with refused("ALLEGATIONS_UNDECIDED" if UNDECIDED in decisions else "CLOSING_CONTRADICTED"):
            closed(other, *decisions)


def test_the_closing_category_may_differ() -> None:
    incident = close(graded(), thrive(), [], NON_CRIME, IncidentCategory.ASB_NUISANCE, NOW)
    assert (graded().category, incident.category) == (IncidentCategory.CRIME, IncidentCategory.ASB_NUISANCE)


NUISANCES = [IncidentCategory.ASB_PERSONAL, IncidentCategory.ASB_NUISANCE, IncidentCategory.ASB_ENVIRONMENTAL]


@pytest.mark.parametrize(
    ("kind", "decision", "category"),
    [(NON_CRIME, (), IncidentCategory.CRIME), *((CRIME, (RECORDED,), nuisance) for nuisance in NUISANCES)],
)
def test_an_incident_does_not_close_in_a_category_that_says_the_opposite(
    kind: ClosingKind, decision: tuple[AllegationDecision, ...], category: IncidentCategory
) -> None:  # domain facts 3.2; R-CR-02
    with refused("CATEGORY_CONTRADICTED") as error:
        close(graded(), thrive(), alleging(*decision), kind, category, NOW)
    assert isinstance(error.value, Invalid)
    assert [violation.field for violation in error.value.violations] == ["category"]


@pytest.mark.parametrize("category", [IncidentCategory.ASB_NUISANCE, IncidentCategory.CRIME])
def test_what_was_alleged_and_not_recorded_closes_in_either_category(category: IncidentCategory) -> None:
    incident = close(graded(), thrive(), alleging(NOT_RECORDED), CRIME_RELATED, category, NOW)
    assert (incident.closing_kind, incident.category) == (CRIME_RELATED, category)


def test_an_incident_is_closed_once() -> None:
    incident = closed(NON_CRIME)
    with refused("ALREADY_CLOSED"):
        close(incident, thrive(), [], NON_CRIME, IncidentCategory.CRIME, NOW)
