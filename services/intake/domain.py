"""Contacts, their risk, and the incidents they become. Pure: no I/O, no clock, no wire format.

Enum members carry the numbers of the contract.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from services.kernel.errors import Invalid, Refused, Violation


class Channel(IntEnum):
    UNSPECIFIED = 0
    EMERGENCY_999 = 1
    NON_EMERGENCY_101 = 2
    WEB = 3
    FRONT_COUNTER = 4
    PARTNER = 5
    OFFICER = 6


class ReporterRelation(IntEnum):
    UNSPECIFIED = 0
    VICTIM = 1
    PARENT_OR_CARER = 2
    PROFESSIONAL_THIRD_PARTY = 3
    OTHER_THIRD_PARTY = 4
    WITNESS = 5
    OFFICER = 6


class IncidentCategory(IntEnum):
    UNSPECIFIED = 0
    CRIME = 1
    ASB_PERSONAL = 2
    ASB_NUISANCE = 3
    ASB_ENVIRONMENTAL = 4
    TRANSPORT = 5
    PUBLIC_SAFETY_AND_WELFARE = 6
    ADMINISTRATION = 7


_ANTI_SOCIAL = frozenset(
    {IncidentCategory.ASB_PERSONAL, IncidentCategory.ASB_NUISANCE, IncidentCategory.ASB_ENVIRONMENTAL}
)


class CrimeFlag(IntEnum):
    UNSPECIFIED = 0
    DOMESTIC_ABUSE = 1
    CHILD_SEXUAL_ABUSE = 2
    CHILD_SEXUAL_EXPLOITATION = 3
    HATE = 4
    HONOUR_BASED_ABUSE = 5
    FORCED_MARRIAGE = 6
    ONLINE = 7
    ALCOHOL = 8
    KNIFE = 9
    CORROSIVE_SUBSTANCE = 10


class ContactState(IntEnum):
    UNSPECIFIED = 0
    OPEN = 1
    ASSESSED = 2
    GRADED = 3
    CLOSED = 4


class AllegationDecision(IntEnum):
    UNDECIDED = 0
    RECORDED = 1
    ABSORBED = 2
    NOT_RECORDED = 3


class IncidentState(IntEnum):
    UNSPECIFIED = 0
    OPEN = 1
    CLOSED = 2


class ClosingKind(IntEnum):
    UNSPECIFIED = 0
    CRIME = 1
    CRIME_RELATED_INCIDENT = 2
    NON_CRIME = 3


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the report names them. `date_of_birth` is an ISO date, `phone` E.164."""

    ref: str
    given_name: str = ""
    family_name: str = ""
    date_of_birth: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was, as far as known. Degrees WGS84, accuracy in metres."""

    latitude: float | None = None
    longitude: float | None = None
    accuracy_metres: float = 0.0
    address: str = ""
    uprn: str = ""
    lsoa: str = ""

    @property
    def unknown(self) -> bool:
        """Whether nobody said anything of it."""
        return self.latitude is None and not (self.address or self.uprn or self.lsoa)


@dataclass(frozen=True, slots=True)
class Period:
    """From and to, both included; either may be unknown."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def unknown(self) -> bool:
        """Whether nobody said anything of it."""
        return self.start is None and self.end is None


@dataclass(frozen=True, slots=True)
class Allegation:
    """One disclosed offence against one alleged victim (R-CR-03)."""

    number: int
    offence_code: str
    victim_ref: str = ""
    suspect_ref: str = ""
    victim_confirms: bool = False
    points_to_prove_made_out: bool = False
    credible_evidence_to_contrary: bool = False
    occurred: Period = Period()
    flags: tuple[CrimeFlag, ...] = ()
    victim_vulnerable: bool = False
    crime_evident: bool = False
    decision: AllegationDecision = AllegationDecision.UNDECIDED
    decision_detail: str = ""


@dataclass(frozen=True, slots=True)
class Thrive:
    """Threat, harm, risk, investigation, vulnerability, engagement: the risk, in the handler's words."""

    threat: str
    harm: str
    risk: str
    investigation: str
    vulnerability: str
    engagement: str
    assessed_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """Anything anybody told the police. Every clock of the report starts at `first_contact_at` and never restarts."""

    id: UUID
    force: str
    channel: Channel
    category: IncidentCategory
    state: ContactState
    first_contact_at: datetime
    recorded_at: datetime
    reporter_ref: str
    reporter_relation: ReporterRelation
    people: tuple[Person, ...]
    place: Place | None
    occurred: Period
    narrative: str
    allegations: tuple[Allegation, ...]
    # As they were named: capitals and digits without spaces, each once, in alphabetical order.
    vehicle_registrations: tuple[str, ...] = ()
    thrive: Thrive | None = None
    incident_id: UUID | None = None
    sequence: int = 1


@dataclass(frozen=True, slots=True)
class Promise:
    """What a force promises for a grade: attendance within this time, given only by these roles."""

    grade: str
    meaning: str
    attendance: timedelta | None
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class GradingScheme:
    """A force's grades on one day, by code."""

    force: str
    promises: Mapping[str, Promise]

    def promise(self, grade: str) -> Promise:
        """Raises Refused(GRADE_UNKNOWN), with the grades that there are."""
        try:
            return self.promises[grade]
        except KeyError:
            known = ", ".join(self.promises)
            raise Refused("GRADE_UNKNOWN", rule=f"this force grades by: {known}") from None


@dataclass(frozen=True, slots=True)
class Incident:
    """A graded contact."""

    id: UUID
    contact_id: UUID
    force: str
    state: IncidentState
    grade: str
    graded_at: datetime
    attend_by: datetime | None
    category: IncidentCategory
    closing_kind: ClosingKind = ClosingKind.UNSPECIFIED
    closed_at: datetime | None = None
    sequence: int = 1


def assess(contact: Contact, thrive: Thrive) -> Contact:
    """The contact with its risk assessed, or assessed again on a change.

    Raises Refused(CONTACT_CLOSED).
    """
    if contact.state is ContactState.CLOSED:
        raise Refused("CONTACT_CLOSED", rule="a closed contact is not assessed again")
    state = contact.state if contact.state is ContactState.GRADED else ContactState.ASSESSED
    return replace(contact, thrive=thrive, state=state, sequence=contact.sequence + 1)


def grade(
    contact: Contact, code: str, scheme: GradingScheme, roles: frozenset[str], incident_id: UUID, at: datetime
) -> Incident:
    """The incident that a graded contact becomes.

    Raises Refused: THRIVE_MISSING (no grade or closure without a recorded THRIVE: domain facts 3.3), ALREADY_GRADED,
    GRADE_UNKNOWN, GRADE_NOT_PERMITTED.
    """
    if contact.thrive is None:
        raise Refused("THRIVE_MISSING", rule="a contact is graded on its risk, so assess it first")
    if contact.incident_id is not None:
        raise Refused("ALREADY_GRADED", rule="the contact has its incident already")
    promise = scheme.promise(code)
    if roles.isdisjoint(promise.roles):
        needed = " or ".join(sorted(promise.roles))
        raise Refused("GRADE_NOT_PERMITTED", rule=f"this grade is given by {needed}", permission=True)
    return Incident(
        id=incident_id,
        contact_id=contact.id,
        force=contact.force,
        state=IncidentState.OPEN,
        grade=code,
        graded_at=at,
        # The promise counts from first contact, never from the grading.
        attend_by=None if promise.attendance is None else contact.first_contact_at + promise.attendance,
        category=contact.category,
    )


def close(
    incident: Incident,
    thrive: Thrive | None,
    allegations: Sequence[Allegation],
    kind: ClosingKind,
    category: IncidentCategory,
    at: datetime,
) -> Incident:
    """The incident, closed.

    Raises Refused: ALREADY_CLOSED, THRIVE_MISSING, ALLEGATIONS_UNDECIDED (R-CR-02: no closing as anything but a crime
    while an allegation has no decision; the metadata lists which), CLOSING_CONTRADICTED where the decisions say
    otherwise. Raises Invalid(CATEGORY_CONTRADICTED), naming the category, where it says the opposite of the kind.
    """
    if incident.state is IncidentState.CLOSED:
        raise Refused("ALREADY_CLOSED", rule="the incident is closed")
    if thrive is None:
        raise Refused("THRIVE_MISSING", rule="no closure without a recorded THRIVE")
    undecided = [str(a.number) for a in allegations if a.decision is AllegationDecision.UNDECIDED]
    if undecided and kind is not ClosingKind.CRIME:
        raise Refused(
            "ALLEGATIONS_UNDECIDED",
            rule="an incident is not closed as a non-crime while an allegation has no decision",
            metadata={"allegations": ",".join(undecided)},
        )
    if kind is not (fitting := _fitting_kind(allegations)):
        raise Refused(
            "CLOSING_CONTRADICTED", rule=f"by what was decided of its allegations it closes as {fitting.name}"
        )
    _check_category(kind, category)
    return replace(
        incident,
        state=IncidentState.CLOSED,
        closing_kind=kind,
        category=category,
        closed_at=at,
        sequence=incident.sequence + 1,
    )


def _check_category(kind: ClosingKind, category: IncidentCategory) -> None:
    """A crime does not close as anti-social behaviour, nor as a crime what was none (domain facts 3.2)."""
    if kind is ClosingKind.NON_CRIME and category is IncidentCategory.CRIME:
        rule = "an incident that closes as no crime has another category than crime"
    elif kind is ClosingKind.CRIME and category in _ANTI_SOCIAL:
        rule = "an incident that closes as a crime is not of a category of anti-social behaviour"
    else:
        return
    raise Invalid([Violation("category", rule, "CATEGORY_CONTRADICTED")], reason="CATEGORY_CONTRADICTED")


def _fitting_kind(allegations: Sequence[Allegation]) -> ClosingKind:
    if any(a.decision in (AllegationDecision.RECORDED, AllegationDecision.ABSORBED) for a in allegations):
        return ClosingKind.CRIME
    return ClosingKind.CRIME_RELATED_INCIDENT if allegations else ClosingKind.NON_CRIME
