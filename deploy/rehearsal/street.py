"""A month of the public street-level file (data.police.uk), row by row.

One bad row never stops the rest: it is set aside with its line number, its field and what is wrong with it. Each line
is a record of its own, as the published files have it, so that a stray quotation mark costs one row, not all after it.
"""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    *("Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code"),
    *("LSOA name", "Crime type", "Last outcome category", "Context"),
)
NO_LOCATION = "No Location"
ANTI_SOCIAL_BEHAVIOUR = "Anti-social behaviour"
_PUBLIC_FORM = "on or near "
_LONGEST_LOCATION = 500
_MONTH = re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])")
_LSOA = re.compile(r"[EW]\d{8}")
_GZIP = b"\x1f\x8b"


class StreetFileFault(ValueError):
    """The file as a whole is not a street-level file; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that can be reported. `line` counts from 1, the header's."""

    line: int
    text: str
    month: str
    reported_by: str
    longitude: str
    latitude: str
    location: str
    lsoa: str
    crime_type: str
    outcome: str

    @property
    def is_crime(self) -> bool:
        """Anti-social behaviour is in the file, and is no crime."""
        return self.crime_type != ANTI_SOCIAL_BEHAVIOUR

    @property
    def spot(self) -> tuple[str, str, str, str]:
        """The public place: rows of one contact share it."""
        return (self.lsoa, self.location, self.longitude, self.latitude)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that cannot be reported: where it stands, the first field that is wrong, and what is wrong with it."""

    line: int
    field: str
    problem: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """The words that the file may use: names of forces to their ids, crime types, outcome categories of crimes."""

    forces: Mapping[str, str]
    crime_types: Container[str]
    outcomes: Container[str]


@dataclass(frozen=True, slots=True)
class StreetFile:
    """What a file holds. `lines` counts its rows, good and bad."""

    force: str
    month: str
    rows: tuple[Row, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def lines(self) -> int:
        return len(self.rows) + len(self.set_aside)


class _Bad(Exception):
    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


def read_street(path: Path, known: Known, most: int | None = None) -> StreetFile:
    """Reads a file, plain or gzipped; with `most`, only so many of its first rows.

    It is of the month and force that most of its rows name. Raises StreetFileFault where the file cannot be read, has
    another header, or has no row that can be reported.
    """
    good: list[Row] = []
    aside: list[SetAside] = []
    for line, raw in _lines(path, most):
        try:
            good.append(_row(line, raw, known))
        except _Bad as bad:
            aside.append(SetAside(line, bad.field, bad.problem, raw.decode(errors="replace")))
    if not good:
        raise StreetFileFault(f"{path} has no row that can be reported")
    month = Counter(row.month for row in good).most_common(1)[0][0]
    force = Counter(row.reported_by for row in good).most_common(1)[0][0]
    rows = []
    for row in good:
        if row.month == month and row.reported_by == force:
            rows.append(row)
            continue
        field, problem = ("Month", f"not of {month}") if row.month != month else ("Reported by", f"not {force}")
        aside.append(SetAside(row.line, field, f"{problem}, as the rest of the file is", row.text))
    return StreetFile(known.forces[force], month, tuple(rows), tuple(sorted(aside, key=lambda one: one.line)))


def _lines(path: Path, most: int | None) -> Iterator[tuple[int, bytes]]:
    """Every row with its line number; blank lines are none."""
    try:
        with path.open("rb") as plain:
            zipped = plain.read(len(_GZIP)) == _GZIP
        with gzip.open(path, "rb") if zipped else path.open("rb") as file:
            _check_header(path, file.readline())
            yield from _some(((at, raw.rstrip(b"\r\n")) for at, raw in enumerate(file, start=2)), most)
    except (OSError, EOFError) as error:
        raise StreetFileFault(f"{path} cannot be read: {error}") from error


def _some(lines: Iterable[tuple[int, bytes]], most: int | None) -> Iterator[tuple[int, bytes]]:
    given = 0
    for line, raw in lines:
        if given == most:
            return
        if raw:
            given += 1
            yield line, raw


def _check_header(path: Path, raw: bytes) -> None:
    header = raw.decode("utf-8-sig", errors="replace").strip().split(",")
    if header != list(COLUMNS):
        raise StreetFileFault(f"{path} has not the columns of a street-level file: {', '.join(COLUMNS)}")


def _row(line: int, raw: bytes, known: Known) -> Row:
    # Surrogates stand for the bytes that are no UTF-8, so that the field they are in can be named.
    text = raw.decode("utf-8", errors="surrogateescape")
    try:
        records = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise _Bad("row", f"is not CSV: {error}") from error
    if len(records[0]) != len(COLUMNS):
        raise _Bad("row", f"has {len(records[0])} columns, not {len(COLUMNS)}")
    fields = dict(zip(COLUMNS, records[0], strict=True))
    for name, value in fields.items():
        _check_text(name, value)
    _check_words(fields, known)
    _check_place(fields)
    return Row(
        line,
        text,
        fields["Month"],
        fields["Reported by"],
        fields["Longitude"],
        fields["Latitude"],
        fields["Location"],
        fields["LSOA code"],
        fields["Crime type"],
        fields["Last outcome category"],
    )


def _check_text(name: str, value: str) -> None:
    if "\x00" in value:
        raise _Bad(name, "holds a null character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Bad(name, "is not UTF-8") from None


def _check_words(fields: Mapping[str, str], known: Known) -> None:
    if not _MONTH.fullmatch(fields["Month"]):
        raise _Bad("Month", "is not a month such as 2018-07")
    if fields["Reported by"] not in known.forces:
        raise _Bad("Reported by", "is not the public name of a force")
    crime_type, outcome = fields["Crime type"], fields["Last outcome category"]
    if crime_type == ANTI_SOCIAL_BEHAVIOUR:
        if outcome:
            raise _Bad("Last outcome category", "is given for what is no crime")
    elif crime_type not in known.crime_types:
        raise _Bad("Crime type", "is none of those of the offence table")
    elif outcome not in known.outcomes:
        raise _Bad("Last outcome category", "is none of those that an outcome or a court leads to")


def _check_place(fields: Mapping[str, str]) -> None:
    longitude, latitude = fields["Longitude"], fields["Latitude"]
    if bool(longitude) != bool(latitude):
        raise _Bad("Latitude" if longitude else "Longitude", "is missing beside the other")
    if longitude:
        _check_degrees("Longitude", longitude, 180)
        _check_degrees("Latitude", latitude, 90)
    location = fields["Location"]
    if location == NO_LOCATION:
        if longitude:
            raise _Bad("Location", "is missing beside coordinates")
    elif not location.lower().startswith(_PUBLIC_FORM):
        raise _Bad("Location", 'is not in the public form, "On or near …"')
    elif len(location) > _LONGEST_LOCATION:
        raise _Bad("Location", f"has more than {_LONGEST_LOCATION} characters")
    if fields["LSOA code"] and not _LSOA.fullmatch(fields["LSOA code"]):
        raise _Bad("LSOA code", "is not a letter and eight digits")


def _check_degrees(name: str, text: str, most: int) -> None:
    try:
        degrees = float(text)
    except ValueError:
        raise _Bad(name, "is not a number") from None
    # Written so that NaN, of which no comparison is true, is refused too.
    if not -most <= degrees <= most:
        raise _Bad(name, f"is not between -{most} and {most}")
