"""Who or what a marker is about, and which parts fit which kind of subject."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.kernel.errors import Violation
from services.safety.markers.domain.terms import SubjectKind


@dataclass(frozen=True, slots=True, repr=False)
class Alias:
    """Another name of a person."""

    given_name: str = ""
    family_name: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Unique property reference number (1 to 12 digits) and address as text; "" for what nobody knows."""

    uprn: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """Who or what; "" and () for what nobody knows.

    `date_of_birth` is an ISO date, `phones` are E.164, `vehicle_registrations` capitals and digits without spaces. A
    person or an organisation is also found by every address, phone and vehicle given here (R-MK-01).
    """

    kind: SubjectKind
    given_name: str = ""
    family_name: str = ""
    aliases: tuple[Alias, ...] = ()
    date_of_birth: str = ""
    organisation_name: str = ""
    addresses: tuple[Address, ...] = ()
    phones: tuple[str, ...] = ()
    vehicle_registrations: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[Alias, ...]:
        """Every name of a person, the first one first."""
        own = Alias(self.given_name, self.family_name)
        return tuple(name for name in (own, *self.aliases) if name != Alias())


_WHO = ("given_name", "family_name", "aliases", "date_of_birth")
_REACHED_BY = ("addresses", "phones", "vehicle_registrations")
_PARTS = (*_WHO, "organisation_name", *_REACHED_BY)
# What may be said of each kind. A marker about a thing is about that one thing.
_FITTING = {
    SubjectKind.PERSON: (*_WHO, *_REACHED_BY),
    SubjectKind.ADDRESS: ("addresses",),
    SubjectKind.VEHICLE: ("vehicle_registrations",),
    SubjectKind.PHONE: ("phones",),
    SubjectKind.ORGANISATION: ("organisation_name", *_REACHED_BY),
}


def misfits(subject: Subject) -> Iterator[Violation]:
    """What does not fit the subject's kind, by field."""
    fitting = _FITTING.get(subject.kind)
    if fitting is None:
        return
    for part in _PARTS:
        if getattr(subject, part) and part not in fitting:
            yield Violation(part, f"does not fit a subject that is a {_word(subject.kind)}", "PART_DOES_NOT_FIT")
    yield from _missing(subject)


def _missing(subject: Subject) -> Iterator[Violation]:
    match subject.kind:
        case SubjectKind.PERSON:
            if not (subject.given_name or subject.family_name):
                yield Violation("family_name", "must be given, or the given name", "NAME_MISSING")
        case SubjectKind.ORGANISATION:
            if not subject.organisation_name:
                yield Violation("organisation_name", "must be given", "NAME_MISSING")
        case kind:
            (part,) = _FITTING[kind]
            if len(getattr(subject, part)) != 1:
                yield Violation(part, f"must have exactly one entry for a {_word(kind)}", "ONE_NEEDED")


def _word(kind: SubjectKind) -> str:
    return kind.name.lower()
