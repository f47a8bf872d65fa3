"""The count: what the file held, what the ledger has, and whether the ledger's own public file is the same."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeAlias

from deploy.rehearsal.street import Row, StreetFile
from peel.crime.v1 import api_pb2 as api

Published: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """One crime type of the public file. Counts are of rows."""

    in_file: int
    received: int
    recorded: int
    not_crime: int
    undecided: int

    @property
    def lost(self) -> int:
        return self.in_file - self.received


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that one file has more often than the other."""

    row: Published
    in_file: int
    in_export: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Everything that has to agree. `categories` is by crime type, and its sums are the ledger's."""

    crimes_in_file: int
    contacts: int
    absorbed: int
    set_aside: int
    late_expected: frozenset[str]
    late_named: frozenset[str]
    categories: Mapping[str, CategoryCount]
    differences: tuple[Difference, ...]

    @property
    def total(self) -> CategoryCount:
        sums = [sum(counts) for counts in zip(*(asdict(one).values() for one in self.categories.values()), strict=True)]
        return CategoryCount(*sums)

    @property
    def export_equal(self) -> bool:
        return not self.differences

    @property
    def faults(self) -> list[str]:
        """What does not agree, in words; nothing where all does."""
        total = self.total
        checks = {
            f"{total.lost:,} rows lost": total.lost != 0,
            f"{total.undecided:,} reports undecided": total.undecided != 0,
            f"{total.recorded:,} crimes recorded of {self.crimes_in_file:,}": total.recorded != self.crimes_in_file,
            f"{total.not_crime:,} rows found to be no crime, not {total.in_file - self.crimes_in_file:,}": (
                total.not_crime != total.in_file - self.crimes_in_file
            ),
            f"{self.absorbed:,} crimes counted within others": self.absorbed != 0,
            f"{len(self.late_named):,} reports named as overdue, {len(self.late_expected & self.late_named):,} of them "
            f"among the {len(self.late_expected):,} that were": self.late_named != self.late_expected,
            f"the exported file differs in {len(self.differences):,} kinds of row": not self.export_equal,
            "the categories do not add up": any(one.lost for one in self.categories.values()),
        }
        return [fault for fault, is_one in checks.items() if is_one]


def reconcile(
    file: StreetFile,
    contacts: int,
    late: tuple[Iterable[str], Iterable[str]],
    ledger: Mapping[str, api.ReconcileReportsResponse],
    export: Iterable[api.ExportStreetCrimeResponse],
) -> Reconciliation:
    """The count. `late` holds the contacts decided too late on purpose, and those the overdue list names."""
    in_file = Counter(row.crime_type for row in file.rows)
    expected, named = late
    return Reconciliation(
        crimes_in_file=sum(row.is_crime for row in file.rows),
        contacts=contacts,
        absorbed=sum(line.absorbed for line in ledger.values()),
        set_aside=len(file.set_aside),
        late_expected=frozenset(expected),
        late_named=frozenset(named),
        categories={
            category: _count(in_file[category], ledger.get(category, api.ReconcileReportsResponse()))
            for category in sorted(in_file.keys() | ledger.keys(), key=lambda name: (-in_file[name], name))
        },
        differences=tuple(_differences(Counter(map(_told, file.rows)), Counter(map(_exported, export)))),
    )


def _count(in_file: int, line: api.ReconcileReportsResponse) -> CategoryCount:
    return CategoryCount(in_file, line.received, line.recorded, sum(line.not_recorded.values()), line.undecided)


def _differences(told: Counter[Published], exported: Counter[Published]) -> Iterable[Difference]:
    for row in sorted(told.keys() | exported.keys()):
        if told[row] != exported[row]:
            yield Difference(row, told[row], exported[row])


def _told(row: Row) -> Published:
    place = (row.location, _degrees(row.longitude), _degrees(row.latitude))
    return (row.month, row.lsoa, row.crime_type, row.outcome, *place)


def _exported(row: api.ExportStreetCrimeResponse) -> Published:
    place = (row.location, _degrees(row.longitude), _degrees(row.latitude))
    return (row.month, row.lsoa_code, row.crime_type, row.last_outcome_category, *place)


def _degrees(text: str) -> str:
    """Coordinates as the public file has them, to six places: some ten centimetres."""
    return f"{float(text):.6f}" if text else ""
