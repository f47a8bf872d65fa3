"""What the public is told of a crime's outcome: domain facts 2.6."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.crime.domain import (
    CourtDisposal,
    Crime,
    CrimeState,
    IncidentCategory,
    Outcome,
    OutcomeEvidence,
    incident_category,
    is_published,
    public_outcome,
)
from tests.unit.crime.building import DAY, NOON, TABLES, a_crime

# Every category of the West Yorkshire file of July 2018 that a crime there has.
SEEN = """Unable to prosecute suspect|Investigation complete; no suspect identified|Status update unavailable
Local resolution|Court result unavailable|Awaiting court outcome|Offender sent to prison|Offender given a caution
Offender given community sentence|Action to be taken by another organisation|Defendant found not guilty
Further investigation is not in the public interest|Court case unable to proceed|Offender fined
Offender given conditional discharge|Offender given suspended prison sentence
Formal action is not in the public interest|Offender otherwise dealt with|Offender ordered to pay compensation
Suspect charged as part of another case|Offender deprived of property|Offender given absolute discharge"""


def ended(code: str, disposal: CourtDisposal = CourtDisposal.UNSPECIFIED, at: datetime = NOON) -> Crime:
    outcome = Outcome(code, OutcomeEvidence(), at, disposal, at if disposal else None)
    return replace(a_crime(), state=CrimeState.OUTCOME_RECORDED, outcome=outcome)


@pytest.mark.parametrize(
    ("codes", "category"),
    [
        (["5", "11", "12", "13", "14", "15", "16", "17"], "Unable to prosecute suspect"),
        (["18"], "Investigation complete; no suspect identified"),
        (["8"], "Local resolution"),
        (["2", "2A", "3", "3A"], "Offender given a caution"),
        (["6"], "Offender given penalty notice"),
        (["7"], "Offender given a drugs possession warning"),
        (["9", "10"], "Formal action is not in the public interest"),
        (["20"], "Action to be taken by another organisation"),
        (["21"], "Further investigation is not in the public interest"),
        (["22"], "Further action is not in the public interest"),
        (["4"], "Suspect charged as part of another case"),
    ],
)
def test_an_outcome_has_its_public_category_for_good(codes: list[str], category: str) -> None:
    for code in codes:
        assert public_outcome(ended(code), NOON, TABLES) == category
        assert public_outcome(ended(code), NOON + 1000 * DAY, TABLES) == category


def test_a_crime_without_an_outcome_is_under_investigation_for_180_days() -> None:
    last_moment = NOON + 180 * DAY - timedelta(microseconds=1)
    assert public_outcome(a_crime(), last_moment, TABLES) == "Under investigation"
    assert public_outcome(a_crime(), NOON + 180 * DAY, TABLES) == "Status update unavailable"


@pytest.mark.parametrize("code", ["1", "1A"])
def test_a_charged_crime_awaits_the_court_for_180_days_from_the_charge(code: str) -> None:
    charged = ended(code, at=NOON + 90 * DAY)
    last_moment = NOON + 270 * DAY - timedelta(microseconds=1)
    assert public_outcome(charged, last_moment, TABLES) == "Awaiting court outcome"
    assert public_outcome(charged, NOON + 270 * DAY, TABLES) == "Court result unavailable"


@pytest.mark.parametrize("disposal", [one for one in CourtDisposal if one])
def test_a_courts_disposal_has_a_category_of_its_own(disposal: CourtDisposal) -> None:
    category = public_outcome(ended("1", disposal), NOON + 1000 * DAY, TABLES)
    assert category == TABLES.disposals[disposal]
    assert category in SEEN


def test_every_category_of_the_public_file_can_be_told() -> None:
    seen = {category for line in SEEN.splitlines() for category in line.split("|")}
    crimes = [a_crime(), *(ended(code) for code in TABLES.outcomes), *(ended("1", one) for one in CourtDisposal)]
    told = {public_outcome(crime, NOON + age * DAY, TABLES) for crime in crimes for age in (0, 180)}
    assert len(seen) == 22
    assert seen <= told


def test_a_cancelled_crime_is_not_published() -> None:  # 2.4
    assert is_published(a_crime())
    assert not is_published(replace(a_crime(), state=CrimeState.CANCELLED))


def test_anti_social_behaviour_is_published_and_other_incidents_are_not() -> None:
    published = {one.name for one in IncidentCategory if incident_category(one, TABLES.publication)}
    assert published == {"ASB_PERSONAL", "ASB_NUISANCE", "ASB_ENVIRONMENTAL"}
    assert incident_category(IncidentCategory.ASB_NUISANCE, TABLES.publication) == "Anti-social behaviour"
