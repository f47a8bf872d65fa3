"""What holds for any report whatever: domain facts 2.1 to 2.3, I2 and I5."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.crime.domain import (
    Basis,
    CountingRule,
    Crime,
    CrimeFlag,
    Decision,
    Finding,
    NonRecordingReason,
    Period,
    Report,
    ReporterRelation,
    ReportState,
    Ruling,
    decide_by_person,
    decide_by_rules,
    mark_overdue,
)
from tests.unit.crime.building import DAY, HOUR, NOON, REGISTRAR, TABLES, alleging, settled, told

# A mixture of every kind: graver and slighter, against people and the state, conduct, rape, out of date, unknown.
CODES = ["8N", "105A", "8L", "8Q", "19C", "28E", "58C", "46", "92E", "10D", "9A", "28A", "AF", "no such code"]
ALWAYS_RECORDABLE = frozenset(CODES) - {"28A", "AF", "no such code"}
OTHER_THEFT = "49"
ANSWERS_EVERYTHING = NonRecordingReason.OTHER_AGENCY_DEALING

days = st.integers(0, 6).map(lambda day: datetime(2018, 7, 1, tzinfo=UTC) + day * DAY)
periods = st.one_of(
    st.none(),
    st.tuples(days, days).map(lambda ends: Period(min(ends), max(ends))),
    days.map(lambda day: Period(day, None)),
    days.map(lambda day: Period(None, day)),
)
allegations = st.builds(
    alleging,
    st.sampled_from(CODES),
    victim=st.sampled_from(["", "ann", "ben", "cat"]),
    suspect=st.sampled_from(["", "sam", "tom"]),
    victim_confirms=st.booleans(),
    points_to_prove_made_out=st.booleans(),
    credible_evidence_to_contrary=st.booleans(),
    occurred=periods,
    flags=st.lists(st.sampled_from([flag for flag in CrimeFlag if flag]), unique=True, max_size=3).map(tuple),
)
moments = st.integers(0, 20 * 365 * 24).map(lambda hours: datetime(2005, 1, 1, tzinfo=UTC) + hours * HOUR)
reports = st.builds(
    lambda told_of, relation, at, occurred: told(*told_of, by=relation, at=at, occurred=occurred),
    st.lists(allegations, max_size=7),
    st.sampled_from([relation for relation in ReporterRelation if relation]),
    moments,
    periods,
)


@dataclass(frozen=True)
class Decided:
    """A report after the rules and, for what they left, the registrar."""

    report: Report
    crimes: tuple[Crime, ...]
    # The offence that each recorded or absorbed allegation was counted as.
    offences: dict[int, str]


def decided(report: Report, data: st.DataObject) -> Decided:
    at = report.contact.first_contact_at + HOUR
    by_rules = decide_by_rules(report, TABLES, at)
    half, crimes = settled(report, by_rules)
    if half.state is ReportState.DECIDED:
        return Decided(half, crimes, offences_of(by_rules))
    by_person = decide_by_person(half, by_the_registrar(half, data), REGISTRAR, TABLES, at + HOUR)
    whole, more = settled(half, by_person)
    return Decided(whole, (*crimes, *more), offences_of((*by_rules, *by_person)))


def by_the_registrar(report: Report, data: st.DataObject) -> list[Ruling]:
    """A ruling on everything that waits: recorded or not as drawn, under a code that can be recorded."""
    rulings = []
    for allegation in report.undecided():
        code = allegation.offence_code if allegation.offence_code in ALWAYS_RECORDABLE else OTHER_THEFT
        reason = data.draw(st.sampled_from([NonRecordingReason.UNSPECIFIED, ANSWERS_EVERYTHING]))
        rulings.append(Ruling(allegation.number, not reason, code, reason))
    return rulings


def offences_of(findings: Sequence[Finding]) -> dict[int, str]:
    return {finding.allegation_number: finding.offence_code for finding in findings if not finding.reason}


def endings(decision: Decision) -> list[str]:
    """In how many ways a decision ended: it should be one."""
    stands = decision.crime_id is not None and not decision.absorbed_by
    within = decision.crime_id is not None and decision.absorbed_by
    named = [(stands, "recorded"), (within, "absorbed"), (decision.reason, "reason")]
    return [name for happened, name in named if happened]


@given(reports, st.data())
def test_each_allegation_ends_in_exactly_one_way(report: Report, data: st.DataObject) -> None:  # I2
    after = decided(report, data)
    decisions = after.report.decisions
    assert after.report.state is ReportState.DECIDED
    assert [one.allegation_number for one in decisions] == ([one.number for one in report.contact.allegations] or [0])
    assert all(len(endings(one)) == 1 for one in decisions)
    recorded = [one.crime_id for one in decisions if endings(one) == ["recorded"]]
    assert recorded == [one.crime_id for one in sorted(after.crimes, key=lambda crime: crime.allegation_number)]
    assert {one.crime_id for one in decisions if one.crime_id} == set(recorded)


@given(reports, st.data())
def test_there_are_never_fewer_crimes_than_victims(report: Report, data: st.DataObject) -> None:  # 2.3 D
    after = decided(report, data)
    counted = [one for one in report.contact.allegations if one.number in after.offences]
    named = {one.victim_ref for one in counted if one.victim_ref}
    unnamed = [one for one in counted if not one.victim_ref and is_of_a_person(after.offences[one.number])]
    crimes_of_unnamed = [one for one in after.crimes if not one.victim_ref and is_of_a_person(one.offence_code)]
    assert {one.victim_ref for one in after.crimes if one.victim_ref} == named
    assert len(crimes_of_unnamed) == len(unnamed)
    assert len(after.crimes) >= len(named) + len(unnamed)


def is_of_a_person(code: str) -> bool:
    return TABLES.offences.by_code[code].basis is Basis.VICTIM


@given(reports, st.data())
def test_an_absorbed_allegation_counts_within_a_crime_of_its_own_parties(report: Report, data: st.DataObject) -> None:
    after = decided(report, data)  # 2.3 D, E and F
    by_id = {crime.crime_id: crime for crime in after.crimes}
    alleged = {one.number: one for one in report.contact.allegations}
    for decision in after.report.decisions:
        if decision.absorbed_by and decision.crime_id:
            crime, allegation = by_id[decision.crime_id], alleged[decision.allegation_number]
            same_offence = crime.offence_code == after.offences[allegation.number]
            assert (crime.victim_ref, crime.suspect_ref) == (allegation.victim_ref, allegation.suspect_ref)
            assert set(allegation.flags) <= set(crime.flags)
            assert same_offence == (decision.absorbed_by is CountingRule.FINISHED_INCIDENT)


@given(reports, st.data())
def test_acts_of_unnamed_offenders_count_as_one_only_where_they_share_a_moment(
    report: Report, data: st.DataObject
) -> None:  # 2.3 E, F1
    after = decided(report, data)
    by_id = {crime.crime_id: crime for crime in after.crimes}
    alleged = {one.number: one for one in report.contact.allegations}
    for decision in after.report.decisions:
        if decision.absorbed_by and decision.crime_id and not by_id[decision.crime_id].suspect_ref:
            when = alleged[decision.allegation_number].occurred or report.contact.occurred
            principal = by_id[decision.crime_id].occurred
            assert ends(when) == ends(principal) or overlap(ends(when), ends(principal))


def ends(period: Period | None) -> tuple[datetime, datetime] | None:
    known = [end for end in (period.start, period.end) if end] if period else []
    return (known[0], known[-1]) if known else None


def overlap(one: tuple[datetime, datetime] | None, other: tuple[datetime, datetime] | None) -> bool:
    return bool(one and other) and one[0] <= other[1] and other[0] <= one[1]  # type: ignore[index]


@given(reports)
def test_rules_never_turn_an_allegation_down(report: Report) -> None:  # 2.1 rule 2
    findings = decide_by_rules(report, TABLES, NOON)
    assert all(finding.allegation_number == 0 for finding in findings if finding.reason)


@given(reports, st.randoms(use_true_random=False))
def test_decisions_do_not_depend_on_the_order_of_telling(report: Report, shuffle: object) -> None:
    in_another_order = list(report.contact.allegations)
    shuffle.shuffle(in_another_order)  # type: ignore[attr-defined]
    contact = replace(report.contact, allegations=tuple(in_another_order))
    other = replace(report, contact=contact)
    assert decide_by_rules(report, TABLES, NOON) == decide_by_rules(report, TABLES, NOON)
    assert decide_by_rules(other, TABLES, NOON) == decide_by_rules(report, TABLES, NOON)


@given(reports, st.data())
def test_deciding_again_changes_nothing(report: Report, data: st.DataObject) -> None:  # I5
    whole = decided(report, data).report
    assert settled(whole, decide_by_rules(whole, TABLES, NOON)) == (whole, ())


@given(reports, st.data(), st.integers(0, 100))
def test_the_due_time_never_moves(report: Report, data: st.DataObject, days: int) -> None:  # R-CR-01
    late = mark_overdue(report, report.contact.first_contact_at + days * DAY)
    whole = decided(late, data).report
    marked = mark_overdue(whole, whole.due_at + days * DAY)
    rules = TABLES.rule_sets.at(report.contact.first_contact_at)
    assert report.due_at == late.due_at == whole.due_at == marked.due_at
    assert report.due_at == report.contact.first_contact_at + rules.duty
    assert whole.overdue_at == marked.overdue_at == late.overdue_at


@given(reports)
def test_every_decision_says_by_whom_by_which_rules_and_when(report: Report) -> None:  # 2.8
    whole, _ = settled(report, decide_by_rules(report, TABLES, NOON))
    expected = TABLES.rule_sets.at(report.contact.first_contact_at).name
    assert all((one.authority, one.rule_set, one.decided_at) == ("RULES", expected, NOON) for one in whole.decisions)
