"""The register of firearms certificate holders as a source of markers (HMIC 2015; R-MK-04).

Each entry is a marker on its holder and the address where the weapons are kept, so that whoever is sent there knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.kernel.errors import Refused, Violation
from services.safety.markers.domain.codes import Codes
from services.safety.markers.domain.marker import Content, Marker, changed, made
from services.safety.markers.domain.subjects import Address, Subject
from services.safety.markers.domain.terms import MarkerSource, Reliability, SubjectKind

CODE = "FC"
GROUNDS = "Holds a firearms certificate: register of firearms licensing."
HANDLING = "Firearms may lawfully be kept at this address."
GONE = "No longer in the register of firearms licensing."
# Certificates run five years and are renewed ahead of time; whatever runs longer is a slip of the pen [R].
LONGEST = timedelta(days=6 * 366)
REFUSALS_NAMED = 100


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """An entry of the register; parts may be missing. `date_of_birth` is an ISO date, "" where it has none."""

    certificate_number: str
    given_name: str
    family_name: str
    date_of_birth: str
    kept_at: Address
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry by its place in the register, counted from 1, and what is wrong with how it is written."""

    number: int
    entry: Entry
    violations: tuple[Violation, ...] = ()


class WholeRegister:
    """Said last: nothing is missing from the register as it was sent."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that broke a rule: its place in the register, the field and the rule; never what was in it (I7)."""

    number: int
    field: str
    rule: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of entries. Complete, the register has received less refused plus kept in the ledger: `held`."""

    received: int = 0
    created: int = 0
    revised: int = 0
    unchanged: int = 0
    refused: int = 0
    # Of the refused ones, those whose certificate the ledger holds: its marker stays as it was.
    kept: int = 0
    withdrawn: int = 0
    # Markers that stand afterwards, expired ones too.
    held: int = 0
    refusals: tuple[Refusal, ...] = ()

    def __add__(self, later: "Tally") -> "Tally":
        """With what came later."""
        return Tally(
            received=self.received + later.received,
            created=self.created + later.created,
            revised=self.revised + later.revised,
            unchanged=self.unchanged + later.unchanged,
            refused=self.refused + later.refused,
            kept=self.kept + later.kept,
            withdrawn=self.withdrawn + later.withdrawn,
            held=later.held,
            refusals=(self.refusals + later.refusals)[:REFUSALS_NAMED],
        )


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the ledger holds of certificate holders, to be compared with the register's own count."""

    active: int
    expired: int
    withdrawn: int
    last_complete_import_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A marker that stands for a certificate, and the number of the last import that held it."""

    marker: Marker
    seen_in: int


@dataclass(frozen=True, slots=True)
class SortedOut:
    """What a batch of entries does to the ledger."""

    entries: int
    created: tuple[Marker, ...]
    revised: tuple[Marker, ...]
    unchanged: tuple[UUID, ...]
    kept: tuple[UUID, ...]
    refusals: tuple[Refusal, ...]

    def tally(self, withdrawn: int, held: int) -> Tally:
        """The batch in numbers, with how many markers were withdrawn after it, and how many then stand."""
        return Tally(
            received=self.entries,
            created=len(self.created),
            revised=len(self.revised),
            unchanged=len(self.unchanged),
            refused=len(self.refusals),
            kept=len(self.kept),
            withdrawn=withdrawn,
            held=held,
            refusals=self.refusals[:REFUSALS_NAMED],
        )


def faults(entry: Entry, now: datetime) -> Iterator[Violation]:
    """What is wrong with an entry, by field."""
    if not entry.certificate_number:
        yield Violation("certificate_number", "must be given")
    if not entry.family_name.strip():
        yield Violation("family_name", "must be given")
    if entry.kept_at == Address():
        yield Violation("kept_at", "must have a UPRN or an address")
    if entry.expires_at is None:
        yield Violation("expires_at", "must be given")
    elif entry.expires_at <= now:
        yield Violation("expires_at", "must be in the future")
    elif entry.expires_at - now > LONGEST:
        yield Violation("expires_at", "must be at most six years from now")


def content_of(entry: Entry, codes: Codes) -> Content:
    """What the marker of an entry without faults says."""
    if entry.expires_at is None:
        raise ValueError("an entry without an expiry")
    return Content(
        subject=Subject(
            SubjectKind.PERSON,
            entry.given_name,
            entry.family_name,
            date_of_birth=entry.date_of_birth,
            addresses=(entry.kept_at,),
        ),
        code=CODE,
        severity=codes[CODE].severity,
        source=MarkerSource.FIREARMS_LICENSING,
        reliability=Reliability.RELIABLE,
        grounds=GROUNDS,
        expires_at=entry.expires_at,
        review_due=entry.expires_at,
        handling_instruction=HANDLING,
        certificate_number=entry.certificate_number,
    )


@dataclass(frozen=True, slots=True)
class Importing:
    """One import: its force and number, the codes of the day, who sends it and when."""

    force: str
    number: int
    codes: Codes
    by: str
    at: datetime


def sort_out(
    batch: Sequence[Numbered], held: Mapping[str, Held], new_ids: Iterator[UUID], importing: Importing
) -> SortedOut:
    """What to make, revise, leave and refuse. `held` are the markers that stand for the certificates of the batch."""
    created: dict[str, Marker] = {}
    revised: dict[str, Marker] = {}
    unchanged: dict[str, UUID] = {}
    kept: dict[str, UUID] = {}
    refusals: list[Refusal] = []
    for one in batch:
        key = one.entry.certificate_number
        standing = held.get(key)
        seen = standing is not None and standing.seen_in == importing.number
        twice = seen or any(key in so_far for so_far in (created, revised, unchanged, kept))
        wrong = _wrong(one, importing.at, twice=twice)
        if wrong is not None:
            refusals.append(Refusal(one.number, wrong.field, wrong.rule))
            if standing is not None and not twice:
                kept[key] = standing.marker.id
            continue
        content = content_of(one.entry, importing.codes)
        if standing is None:
            created[key] = made(next(new_ids), importing.force, content, importing.by, importing.at)
        elif standing.marker.content == content:
            unchanged[key] = standing.marker.id
        else:
            revised[key] = replace(changed(standing.marker, importing.by, importing.at), content=content)
    return SortedOut(
        entries=len(batch),
        created=tuple(created.values()),
        revised=tuple(revised.values()),
        unchanged=tuple(unchanged.values()),
        kept=tuple(kept.values()),
        refusals=tuple(refusals),
    )


def _wrong(one: Numbered, now: datetime, *, twice: bool) -> Violation | None:
    """The first thing that is wrong with an entry."""
    found = (*one.violations, *faults(one.entry, now))
    if found:
        return found[0]
    return Violation("certificate_number", "must be in the register once only") if twice else None


def gone(marker: Marker, importing: Importing) -> Marker:
    """The marker of a certificate that the complete register does not hold any more."""
    return replace(changed(marker, importing.by, importing.at), withdrawn_at=importing.at, withdrawn_explanation=GONE)


def require_entries(received: int) -> None:
    """Raises Refused(REGISTER_EMPTY): an empty register is a fault on the way, and would withdraw every marker."""
    if received == 0:
        raise Refused("REGISTER_EMPTY", rule="a register without a single entry withdraws nobody's marker")
