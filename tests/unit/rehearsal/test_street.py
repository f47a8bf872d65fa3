"""A malformed row is reported with its line number and field, set aside and counted; it never stops the rest."""

import gzip
from pathlib import Path

import pytest

from deploy.rehearsal.__main__ import MONTH
from deploy.rehearsal.street import StreetFileFault
from tests.unit.rehearsal.months import GOOD, HEADER, NUISANCE, changed, read, written


def test_the_real_month_is_read_whole() -> None:
    file = read(MONTH)
    assert (file.force, file.month) == ("west-yorkshire", "2018-07")
    assert (file.lines, len(file.set_aside)) == (31_635, 0)
    assert sum(row.is_crime for row in file.rows) == 26_193
    assert sum(not row.longitude for row in file.rows) == 883


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (changed(GOOD, Month="2018-13"), "Month"),
        (changed(GOOD, Month="2018-08"), "Month"),
        (changed(GOOD, Reported_by="Dunwich Police"), "Reported by"),
        (changed(GOOD, Reported_by="Kent Police"), "Reported by"),
        (changed(GOOD, Longitude=""), "Longitude"),
        (changed(GOOD, Latitude=""), "Latitude"),
        (changed(GOOD, Latitude="north"), "Latitude"),
        (changed(GOOD, Latitude="95.0"), "Latitude"),
        (changed(GOOD, Longitude="nan"), "Longitude"),
        (changed(GOOD, Location="No Location"), "Location"),
        (changed(GOOD, Location="12 Ash Mount"), "Location"),
        (changed(GOOD, Location="On or near " + "x" * 600), "Location"),
        (changed(GOOD, LSOA_code="Leeds"), "LSOA code"),
        (changed(GOOD, Crime_type="Witchcraft"), "Crime type"),
        (changed(GOOD, Last_outcome_category="Hanged"), "Last outcome category"),
        (changed(GOOD, Last_outcome_category=""), "Last outcome category"),
        (changed(NUISANCE, Last_outcome_category="Local resolution"), "Last outcome category"),
        (changed(GOOD, Location="On or near \x00 Mount"), "Location"),
        (changed(GOOD, Location="On or near Ash").encode().replace(b"Ash", b"A\xffsh"), "Location"),
        (GOOD + ",extra", "row"),
        (GOOD.rpartition(",Burglary")[0], "row"),
        (changed(GOOD, Location='"On or near Ash'), "row"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_line_and_field(tmp_path: Path, bad: str | bytes, field: str) -> None:
    file = read(written(tmp_path, GOOD, NUISANCE, bad, GOOD))
    assert [(one.line, one.field) for one in file.set_aside] == [(4, field)]
    assert [row.line for row in file.rows] == [2, 3, 5]
    assert file.lines == 4


def test_a_comma_within_quotation_marks_is_no_column(tmp_path: Path) -> None:
    file = read(written(tmp_path, changed(GOOD, Location='"On or near Ash Mount, Leeds"')))
    assert file.rows[0].location == "On or near Ash Mount, Leeds"


def test_it_may_be_gzipped_have_a_byte_order_mark_and_end_its_lines_as_on_windows(tmp_path: Path) -> None:
    path = tmp_path / "street.csv.gz"
    path.write_bytes(gzip.compress(f"\ufeff{HEADER}\r\n{GOOD}\r\n\r\n{NUISANCE}\r\n".encode()))
    assert [row.line for row in read(path).rows] == [2, 4]


def test_only_the_first_rows_are_read_where_that_is_asked_for(tmp_path: Path) -> None:
    file = read(written(tmp_path, GOOD, changed(GOOD, Month=""), GOOD, GOOD), most=3)
    assert (len(file.rows), len(file.set_aside)) == (2, 1)


@pytest.mark.parametrize("content", [b"", b"Crime ID,Month\n", f"{HEADER}\nnothing\n".encode(), b"\x1f\x8b\x08broken"])
def test_what_is_no_street_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "street.csv"
    path.write_bytes(content)
    with pytest.raises(StreetFileFault):
        read(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StreetFileFault):
        read(tmp_path / "none.csv")
