"""What a person decides: domain facts 2.1 (reasons), 2.4 (N100) and 2.5 (roles)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.crime.domain import (
    CrimeFlag,
    Finding,
    NonRecordingReason,
    Period,
    Report,
    ReporterRelation,
    ReportState,
    Role,
    Ruling,
    Transfer,
    decide_by_person,
    decide_by_rules,
    settle,
)
from services.kernel.errors import Invalid, Kind
from tests.unit.crime.building import (
    ASSAULT,
    CANNABIS,
    COMMON_ASSAULT,
    DAMAGE,
    DECISION_MAKER,
    HARASSMENT,
    HOUR,
    NOON,
    RAPE,
    RECORDER,
    REGISTRAR,
    TABLES,
    alleging,
    identities,
    record,
    refused,
    settled,
    told,
    told_of,
    turn_down,
)

Reason = NonRecordingReason
WITNESSED = ReporterRelation.WITNESS


def decide(report: Report, *rulings: Ruling, roles: frozenset[Role] = RECORDER) -> Sequence[Finding]:
    return decide_by_person(report, rulings, roles, TABLES, NOON + HOUR)


def test_a_recorder_records_what_waited() -> None:  # 2.5
    report = told(alleging(), by=WITNESSED)
    findings = decide(report, record(1))
    decided, (crime,) = settled(report, findings)
    assert told_of(findings) == {1: "recorded"}
    assert (decided.state, decided.decided_at) == (ReportState.DECIDED, NOON + HOUR)
    assert (decided.decisions[0].authority, crime.offence_code) == ("ROLE_CRIME_RECORDER", ASSAULT)


def test_what_a_person_records_is_counted_by_the_same_rules() -> None:  # 2.3
    report = told(*(alleging(code, "ann", "sam") for code in (DAMAGE, ASSAULT, HARASSMENT)), by=WITNESSED)
    findings = decide(report, record(1), record(2), record(3))
    assert told_of(findings) == {1: "PRINCIPAL_CRIME in 2", 2: "recorded", 3: "recorded"}


def test_what_is_not_recorded_absorbs_nothing() -> None:  # 2.3 F counts crimes, and it is none
    report = told(alleging(DAMAGE, "ann", "sam"), alleging(ASSAULT, "ann", "sam"), by=WITNESSED)
    findings = decide(report, record(1), turn_down(2, Reason.VICTIM_NOT_TRACED), roles=DECISION_MAKER)
    assert told_of(findings) == {1: "recorded", 2: "VICTIM_NOT_TRACED"}


def test_rules_decide_one_group_and_a_person_the_other() -> None:  # 2.2
    report = told(
        alleging(victim="ann", victim_confirms=True), alleging(DAMAGE, "ben"), alleging(victim="cat"), by=WITNESSED
    )
    half, _ = settled(report, decide_by_rules(report, TABLES, NOON))
    decided, crimes = settled(half, decide(half, record(3), record(2)))
    assert [one.allegation_number for one in decided.decisions] == [1, 2, 3]
    assert (decided.state, len(crimes)) == (ReportState.DECIDED, 2)


def test_a_decided_report_is_not_decided_again() -> None:  # 2.1 rule 4: once recorded it stays recorded
    report = told(alleging())
    decided, _ = settled(report, decide_by_rules(report, TABLES, NOON))
    with refused("ALREADY_DECIDED"):
        decide(decided, record(1))


def test_an_allegation_that_rules_decided_is_not_ruled_on() -> None:
    report = told(alleging(victim="ann", victim_confirms=True), alleging(victim="ben"), by=WITNESSED)
    half, _ = settled(report, decide_by_rules(report, TABLES, NOON))
    with refused("ALREADY_DECIDED") as caught:
        decide(half, record(1), record(2))
    assert caught.value.metadata == {"allegations": "1"}


def test_every_undecided_allegation_needs_a_ruling() -> None:  # R-CR-02: none is left behind
    report = told(*(alleging(victim=victim) for victim in ("ann", "ben", "cat")), by=WITNESSED)
    with refused("RULINGS_INCOMPLETE") as caught:
        decide(report, record(2))
    assert caught.value.metadata == {"allegations": "1,3"}


def test_a_ruling_names_an_allegation_of_the_report() -> None:
    with refused("RULING_UNKNOWN_ALLEGATION") as caught:
        decide(told(alleging(), by=WITNESSED), record(1), record(2), record(0))
    assert caught.value.metadata == {"allegations": "0,2"}


def test_an_allegation_is_ruled_on_once() -> None:
    with refused("RULING_REPEATED") as caught:
        decide(told(alleging(), by=WITNESSED), record(1), turn_down(1, Reason.VICTIM_NOT_TRACED))
    assert isinstance(caught.value, Invalid)
    assert caught.value.violations[0].field == "rulings[1].allegation_number"


@pytest.mark.parametrize("reason", [Reason.UNSPECIFIED, Reason.NO_CRIME_ALLEGED])
def test_a_person_who_does_not_record_says_why(reason: NonRecordingReason) -> None:  # I2: a coded reason
    with refused("REASON_MISSING"):
        decide(told(alleging(), by=WITNESSED), turn_down(1, reason), roles=DECISION_MAKER)


def test_a_recorded_allegation_has_no_reason_not_to_be() -> None:
    with refused("RULING_CONTRADICTED"):
        decide(told(alleging(), by=WITNESSED), Ruling(1, record=True, reason=Reason.VICTIM_NOT_TRACED))


@pytest.mark.parametrize("roles", [DECISION_MAKER, REGISTRAR])
def test_not_recording_needs_a_decision_maker_or_the_registrar(roles: frozenset[Role]) -> None:  # R-CR-06
    report = told(alleging(), by=WITNESSED)
    ruling = turn_down(1, Reason.VICTIM_NOT_CONFIRMED_THIRD_PARTY)
    (finding,) = decide(report, ruling, roles=roles)
    assert finding.authority in roles
    with refused("AUTHORITY_MISSING") as caught:
        decide(report, ruling, roles=RECORDER)
    assert caught.value.kind is Kind.FORBIDDEN
    assert caught.value.metadata == {"roles": "ROLE_DECISION_MAKER,ROLE_CRIME_REGISTRAR"}


def test_whoever_holds_several_roles_decides_by_the_least_that_suffices() -> None:  # 2.5
    both = RECORDER | DECISION_MAKER
    report = told(alleging(victim="ann"), alleging(victim="ben"), by=WITNESSED)
    findings = decide(report, record(1), turn_down(2, Reason.VICTIM_NOT_TRACED), roles=both)
    assert [one.authority for one in findings] == ["ROLE_CRIME_RECORDER", "ROLE_DECISION_MAKER"]


def test_only_the_registrar_finds_credible_evidence_against_a_rape() -> None:  # 2.4: N100
    report = told(alleging(RAPE))
    doubted = told(alleging(RAPE, credible_evidence_to_contrary=True))
    ruling = turn_down(1, Reason.CREDIBLE_EVIDENCE_TO_CONTRARY)
    with refused("AUTHORITY_MISSING"):
        decide(doubted, ruling, roles=DECISION_MAKER)
    assert told_of(decide(report, ruling, roles=REGISTRAR)) == {1: "CREDIBLE_EVIDENCE_TO_CONTRARY"}
    other = told(alleging(ASSAULT, credible_evidence_to_contrary=True))
    assert told_of(decide(other, ruling, roles=DECISION_MAKER)) == {1: "CREDIBLE_EVIDENCE_TO_CONTRARY"}


def test_a_rape_is_not_talked_down_to_another_offence_without_the_registrar() -> None:  # 2.4: N100 is no detour
    report = told(alleging(RAPE), by=WITNESSED)
    with refused("AUTHORITY_MISSING"):
        decide(report, record(1, COMMON_ASSAULT), roles=RECORDER | DECISION_MAKER)
    naming_another = Ruling(1, record=False, offence_code=ASSAULT, reason=Reason.CREDIBLE_EVIDENCE_TO_CONTRARY)
    with refused("AUTHORITY_MISSING"):
        decide(report, naming_another, roles=DECISION_MAKER)
    assert decide(report, record(1, COMMON_ASSAULT), roles=REGISTRAR)[0].offence_code == COMMON_ASSAULT
    assert decide(report, record(1, "19D"), roles=RECORDER)[0].offence_code == "19D"


def test_an_offence_is_recorded_as_it_now_appears() -> None:  # 2.3: classification follows the facts
    report = told(alleging(COMMON_ASSAULT), by=WITNESSED)
    _, (crime,) = settled(report, decide(report, record(1, ASSAULT)))
    assert crime.offence_code == ASSAULT


@pytest.mark.parametrize(
    ("code", "reason"), [("8Z", "OFFENCE_UNKNOWN"), ("28A", "OFFENCE_NOT_VALID"), ("AF", "OFFENCE_NOT_VALID")]
)
def test_an_offence_recorded_is_one_that_a_force_records_on_that_day(code: str, reason: str) -> None:  # 2.7
    with refused(reason) as caught:
        decide(told(alleging(), by=WITNESSED), record(1, code))
    assert isinstance(caught.value, Invalid)
    assert caught.value.violations[0].field == "rulings[0].offence_code"
    assert code not in str(caught.value)


def test_an_allegation_of_a_code_out_of_date_is_recorded_under_the_right_one_or_not_at_all() -> None:  # 2.7, I2
    report = told(alleging("28A"))
    with refused("OFFENCE_NOT_VALID"):
        decide(report, record(1))
    assert told_of(decide(report, record(1, "28E"))) == {1: "recorded"}
    excluded = turn_down(1, Reason.EXCLUDED_OFFENCE)
    assert told_of(decide(report, excluded, roles=DECISION_MAKER)) == {1: "EXCLUDED_OFFENCE"}


def test_an_old_crime_is_recorded_under_the_code_of_its_day() -> None:  # 2.7
    in_2016 = Period(datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 5, 1, tzinfo=UTC))
    report = told(alleging("28A", occurred=in_2016), by=WITNESSED)
    assert told_of(decide(report, record(1))) == {1: "recorded"}


@pytest.mark.parametrize("reason", [Reason.VICTIM_NOT_CONFIRMED_THIRD_PARTY, Reason.VICTIM_NOT_TRACED])
def test_a_reason_about_the_victim_does_not_answer_an_offence_against_the_state(reason: NonRecordingReason) -> None:
    with refused("REASON_NOT_APPLICABLE"):  # 2.1 rule 3
        decide(told(alleging(CANNABIS, victim=""), by=WITNESSED), turn_down(1, reason), roles=DECISION_MAKER)


def test_points_to_prove_answer_only_an_offence_against_the_state() -> None:  # 2.1 rule 3
    ruling = turn_down(1, Reason.POINTS_TO_PROVE_NOT_MADE_OUT)
    with refused("REASON_NOT_APPLICABLE"):
        decide(told(alleging(), by=WITNESSED), ruling, roles=DECISION_MAKER)
    against_the_state = told(alleging(CANNABIS, victim=""), by=WITNESSED)
    assert told_of(decide(against_the_state, ruling, roles=DECISION_MAKER)) == {1: "POINTS_TO_PROVE_NOT_MADE_OUT"}


@pytest.mark.parametrize("relation", [ReporterRelation.VICTIM, ReporterRelation.PROFESSIONAL_THIRD_PARTY])
def test_a_report_that_counts_as_the_victims_is_not_turned_down_as_a_third_partys(relation: ReporterRelation) -> None:
    doubted = told(alleging(credible_evidence_to_contrary=True), by=relation)  # 2.1 rule 6
    with refused("REASON_NOT_APPLICABLE"):
        decide(doubted, turn_down(1, Reason.VICTIM_NOT_CONFIRMED_THIRD_PARTY), roles=DECISION_MAKER)


@pytest.mark.parametrize(
    "reason",
    [Reason.OTHER_AGENCY_DEALING, Reason.SCHOOLS_PROTOCOL, Reason.EXCLUDED_OFFENCE],
)
@pytest.mark.parametrize("code", [ASSAULT, CANNABIS])
def test_the_other_reasons_answer_every_offence(code: str, reason: NonRecordingReason) -> None:  # 2.1
    findings = decide(told(alleging(code), by=WITNESSED), turn_down(1, reason), roles=DECISION_MAKER)
    assert told_of(findings) == {1: reason.name}


UNCONFIRMED = [Reason.VICTIM_NOT_CONFIRMED_THIRD_PARTY, Reason.VICTIM_NOT_TRACED]
PROTECTED = {
    "a flag of child sexual abuse": {"flags": (CrimeFlag.CHILD_SEXUAL_ABUSE,)},
    "a flag of child sexual exploitation": {"flags": (CrimeFlag.CHILD_SEXUAL_EXPLOITATION,)},
    "an offence that only a child can suffer": {"offence": "11A"},
    "a victim who is vulnerable": {"victim_vulnerable": True},
    "a victim of seventeen": {"victim_born": date(2000, 7, 5)},
    "a crime that is evident": {"crime_evident": True},
}


@pytest.mark.parametrize("reason", UNCONFIRMED)
@pytest.mark.parametrize("known", PROTECTED.values(), ids=PROTECTED.keys())
def test_a_child_or_vulnerable_victim_does_not_have_to_confirm_nor_whoever_an_evident_crime_was_done_to(
    known: dict[str, object], reason: NonRecordingReason
) -> None:  # 2.1 rule 6
    report = told(alleging(**known), by=ReporterRelation.OTHER_THIRD_PARTY)  # type: ignore[arg-type]
    with refused("REASON_NOT_APPLICABLE"):
        decide(report, turn_down(1, reason), roles=DECISION_MAKER | REGISTRAR)
    # Nor by ruling that it was another offence.
    named = replace(turn_down(1, reason), offence_code=ASSAULT)
    with refused("REASON_NOT_APPLICABLE"):
        decide(report, named, roles=DECISION_MAKER | REGISTRAR)
    assert told_of(decide(report, record(1))) == {1: "recorded"}


def test_an_adults_word_is_needed() -> None:  # 2.1 rule 6
    of_age = alleging(victim_born=date(2000, 7, 4))
    findings = decide(told(of_age, by=WITNESSED), turn_down(1, Reason.VICTIM_NOT_TRACED), roles=DECISION_MAKER)
    assert told_of(findings) == {1: "VICTIM_NOT_TRACED"}


TRANSFER = Transfer("WYP-2018-17", "GMP receipt 4711")


@pytest.mark.parametrize(
    ("transfer", "missing"),
    [
        (None, "transfer_reference"),
        (Transfer(" ", TRANSFER.acknowledgement), "transfer_reference"),
        (Transfer(TRANSFER.reference, ""), "transfer_acknowledgement"),
    ],
)
@pytest.mark.parametrize("code", [ASSAULT, CANNABIS])
def test_a_crime_goes_to_another_force_only_once_that_force_acknowledged_it(
    code: str, transfer: Transfer | None, missing: str
) -> None:  # 2.1 rule 7
    report = told(alleging(code), by=WITNESSED)
    ruling = turn_down(1, Reason.OUTSIDE_FORCE_TRANSFERRED)
    with refused("EVIDENCE_MISSING") as caught:
        decide(report, replace(ruling, transfer=transfer), roles=DECISION_MAKER)
    assert caught.value.metadata == {"evidence": missing}
    findings = decide(report, replace(ruling, transfer=TRANSFER), roles=DECISION_MAKER)
    decided, _ = settled(report, findings)
    assert decided.decisions[0].transfer == TRANSFER


@pytest.mark.parametrize("ruling", [record(1), turn_down(1, Reason.VICTIM_NOT_TRACED)])
def test_only_what_was_transferred_has_a_transfer(ruling: Ruling) -> None:  # 2.1 rule 7
    with refused("RULING_CONTRADICTED"):
        decide(told(alleging(), by=WITNESSED), replace(ruling, transfer=TRANSFER), roles=DECISION_MAKER)


@pytest.mark.parametrize(
    ("code", "reason", "left"),
    [
        (RAPE, Reason.CREDIBLE_EVIDENCE_TO_CONTRARY, "N100/1"),
        (RAPE, Reason.VICTIM_NOT_CONFIRMED_THIRD_PARTY, "N100/2"),
        (RAPE, Reason.VICTIM_NOT_TRACED, "N100/2"),
        (RAPE, Reason.OUTSIDE_FORCE_TRANSFERRED, "N100/3"),
        (RAPE, Reason.OTHER_AGENCY_DEALING, "N100"),
        ("106", Reason.VICTIM_NOT_TRACED, "N200"),
        (ASSAULT, Reason.VICTIM_NOT_TRACED, ""),
    ],
)
def test_a_rape_or_modern_slavery_that_is_not_recorded_leaves_a_record(
    code: str, reason: NonRecordingReason, left: str
) -> None:  # 2.4: N100 and N200
    transfer = TRANSFER if reason is Reason.OUTSIDE_FORCE_TRANSFERRED else None
    report = told(alleging(code), by=WITNESSED)
    findings = decide(report, replace(turn_down(1, reason), transfer=transfer), roles=DECISION_MAKER | REGISTRAR)
    decided, _ = settled(report, findings)
    assert decided.decisions[0].reported_incident == left


def test_a_recorded_rape_leaves_no_other_record() -> None:  # 2.4
    report = told(alleging(RAPE), by=WITNESSED)
    decided, _ = settled(report, decide(report, record(1)))
    assert decided.decisions[0].reported_incident == ""


def test_whoever_recorded_it_is_kept_with_the_crime() -> None:  # R-CR-06: who may then not cancel it
    report = told(alleging(), by=WITNESSED)
    findings = decide(report, record(1))
    decided, (crime,) = settle(report, findings, identities(findings), "ann")
    assert (crime.recorded_by, decided.decisions[0].decided_by) == ("ann", "ann")
