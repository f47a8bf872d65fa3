"""Rows become contacts: every row once, in stated shares, and the same whenever the same file is replayed."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from deploy.rehearsal.rehearsal import plan
from peel.intake.v1 import types_pb2 as intake
from tests.unit.rehearsal.months import GOOD, NUISANCE, changed, read, real_month, written

HOUR = timedelta(hours=1)


def test_every_row_is_disclosed_in_exactly_one_contact() -> None:
    month = real_month()
    lines = Counter(told.row.line for contact in month.contacts for told in contact.disclosures)
    assert lines == Counter(row.line for row in month.file.rows)


def test_one_contact_in_ten_discloses_two_or_three_crimes_of_one_place_against_different_victims() -> None:  # R-CR-03
    contacts = real_month().contacts
    several = [contact for contact in contacts if len(contact.disclosures) > 1]
    assert 0.08 < len(several) / len(contacts) < 0.12
    for contact in several:
        assert len(contact.disclosures) <= 3
        assert len({told.row.spot for told in contact.disclosures}) == 1
        assert all(told.has_victim for told in contact.disclosures)


def test_offences_are_of_the_category_of_the_row_and_may_be_recorded_then() -> None:
    month = real_month()
    for contact in month.contacts:
        for told in contact.disclosures:
            if told.row.is_crime:
                assert told.offence is not None
                assert told.offence.category == told.row.crime_type
                assert told.offence.recordable
                assert told.offence.validity.covers(contact.at.date())


def test_codes_are_drawn_in_proportion_to_how_often_they_were_recorded() -> None:
    drawn = Counter(
        told.offence.code for contact in real_month().contacts for told in contact.disclosures if told.offence
    )
    # 509,372 to 467,643 in 2017-18.
    assert 0.8 < drawn["105A"] / drawn["8N"] < 1.4
    assert drawn["28E"] > drawn["30C"] > drawn["28H"]


def test_a_share_waits_for_a_person_who_decides_within_the_day() -> None:  # R-CR-01
    contacts = real_month().contacts
    waiting = [contact for contact in contacts if contact.decide_at]
    assert 0.08 < len(waiting) / len(contacts) < 0.14
    for contact in waiting:
        assert contact.decide_at is not None
        hours = (contact.decide_at - contact.at) / HOUR
        assert (25 <= hours <= 40) if contact.late else (1 <= hours <= 20)


def test_of_the_whole_month_about_fifty_are_decided_too_late() -> None:
    contacts = real_month(None).contacts
    assert 40 <= sum(contact.late for contact in contacts) <= 60
    assert 2500 <= sum(bool(contact.decide_at) for contact in contacts) <= 3300


def test_some_anti_social_behaviour_carries_an_allegation_that_is_turned_down() -> None:
    nuisances = [one for one in real_month().contacts if not one.disclosures[0].row.is_crime]
    turned_down = [contact for contact in nuisances if contact.turned_down]
    assert 0 < len(turned_down) < 0.05 * len(nuisances)
    for contact in turned_down:
        assert contact.decide_at
        assert contact.relation == intake.REPORTER_RELATION_OTHER_THIRD_PARTY
        assert not any(told.victim_confirms for told in contact.disclosures)


def test_only_emergency_calls_are_graded_about_one_contact_in_twenty() -> None:
    contacts = real_month().contacts
    graded = [contact for contact in contacts if contact.graded]
    assert 0.03 < len(graded) / len(contacts) < 0.07
    assert {contact.channel for contact in graded} == {intake.CHANNEL_EMERGENCY_999}


def test_every_channel_is_used() -> None:  # R-CR-05
    assert len({contact.channel for contact in real_month().contacts}) == 6


def test_the_same_file_is_told_in_the_same_way() -> None:
    assert plan(real_month().file).contacts == real_month().contacts


def test_identical_rows_are_each_a_report_of_their_own(tmp_path: Path) -> None:
    contacts = plan(read(written(tmp_path, NUISANCE, NUISANCE, NUISANCE))).contacts
    assert len({contact.request_id for contact in contacts}) == 3


def test_a_row_keeps_its_request_ids_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    other = changed(GOOD, Location="On or near Elm Row", Longitude="-1.5")
    one = plan(read(written(tmp_path, GOOD, other))).contacts
    two = plan(read(written(tmp_path, other, GOOD))).contacts
    assert {contact.request_id for contact in one} == {contact.request_id for contact in two}
    assert one[0].request_for("decision") != one[0].request_for("thrive")
