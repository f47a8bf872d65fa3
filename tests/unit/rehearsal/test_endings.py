"""How crimes end: which moments the clock has to reach, and what an outcome needs."""

import random
from datetime import timedelta

import pytest

from deploy.rehearsal.demand import span_of
from deploy.rehearsal.endings import Endings, calendar_for, known_outcomes
from services.crime.reference import tables

JULY = span_of("2018-07")
DAY = timedelta(days=1)
RULES = tables()
ASSAULT, CANNABIS, DWELLING = (RULES.offences.by_code[code] for code in ("105A", "92E", "28E"))
UNABLE = "Unable to prosecute suspect"
LATE = ["Status update unavailable", "Court result unavailable", "Awaiting court outcome"]


def endings(*outcomes: str) -> Endings:
    calendar = calendar_for(JULY, outcomes, RULES)
    return Endings(RULES, calendar, JULY)


def test_the_clock_runs_until_a_case_without_news_counts_as_unavailable() -> None:
    calendar = calendar_for(JULY, LATE, RULES)
    assert calendar.final - JULY.end > RULES.publication.undecided_for
    assert list(calendar.steps) == sorted(set(calendar.steps))


def test_a_file_of_young_cases_is_made_while_they_are_young() -> None:
    calendar = calendar_for(JULY, ["Under investigation", "Local resolution"], RULES)
    assert calendar.final - JULY.start < RULES.publication.undecided_for


def test_the_clock_runs_until_every_outcome_of_the_file_is_available() -> None:
    calendar = calendar_for(JULY, ["Further action is not in the public interest"], RULES)
    assert calendar.final.date() > RULES.outcomes["22"].validity.first


def test_awaited_courts_were_called_lately_and_silent_ones_long_ago() -> None:
    drawn = endings(*LATE)
    final = calendar_for(JULY, LATE, RULES).final
    for seed in range(200):
        awaited = drawn.draw("Awaiting court outcome", ASSAULT, JULY.start, random.Random(seed)).acts
        silent = drawn.draw("Court result unavailable", ASSAULT, JULY.start, random.Random(seed)).acts
        assert final - awaited[0].at < RULES.publication.charged_for - 20 * DAY
        assert final - silent[0].at > RULES.publication.charged_for + 20 * DAY


def test_a_court_disposes_after_the_charge() -> None:
    drawn = endings(*LATE)
    charge, disposal = drawn.draw("Offender fined", ASSAULT, JULY.end - DAY, random.Random(3)).acts
    assert charge.at < disposal.at
    assert charge.code == disposal.code
    assert (bool(charge.disposal), bool(disposal.disposal)) == (False, True)


def test_without_an_outcome_nothing_is_recorded() -> None:
    drawn = endings(*LATE)
    assert not drawn.draw("Status update unavailable", ASSAULT, JULY.start, random.Random(1)).acts


def test_a_victim_who_does_not_support_the_case_leaves_a_record_and_needs_a_supervisor() -> None:  # R-CR-07
    drawn = endings(*LATE)
    acts = [
        drawn.draw("Unable to prosecute suspect", ASSAULT, JULY.start, random.Random(seed)).acts[0]
        for seed in range(400)
    ]
    declined = [act for act in acts if act.code in ("14", "16")]
    assert declined
    assert all(act.evidence.victim_decision.reference for act in declined)
    assert {act.authority for act in declined} == {"decision_maker"}


def test_an_offence_without_a_victim_is_never_closed_for_want_of_one() -> None:
    drawn = endings(*LATE)
    for seed in range(400):
        act = drawn.draw(UNABLE, CANNABIS, JULY.start, random.Random(seed)).acts[0]
        assert act.code not in ("14", "16")


def test_only_a_summary_offence_runs_out_of_time_and_only_where_the_clock_runs_that_long() -> None:
    drawn = endings(*LATE)
    young = endings("Under investigation")
    codes = {
        (
            which,
            offence.code,
            source.draw("Unable to prosecute suspect", offence, JULY.start, random.Random(seed)).acts[0].code,
        )
        for which, source in (("long", drawn), ("short", young))
        for offence in (ASSAULT, DWELLING)
        for seed in range(1500)
    }
    assert {entry[:2] for entry in codes if entry[2] == "17"} == {("long", "105A")}


@pytest.mark.parametrize("code", ["14", "18"])
def test_no_suspect_is_named_where_the_outcome_says_that_none_is_identified(code: str) -> None:
    drawn = endings(*LATE)
    category = RULES.outcomes[code].public_category
    for seed in range(300):
        ending = drawn.draw(category, ASSAULT, JULY.start, random.Random(seed))
        if ending.acts[0].code == code:
            assert not ending.suspect_named
            assert not ending.acts[0].evidence.suspect_identified


def test_every_word_of_the_real_file_is_known() -> None:
    assert {"Local resolution", "Offender sent to prison", "Under investigation", *LATE} <= known_outcomes(RULES)
