"""Warning markers as dispatch keeps them (domain facts 4.3).

Personal details stay out of every `repr`, so that none gets into a log or an error by way of one (I7).
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from services.dispatch.markers.domain.terms import MarkerState, Severity, SubjectKind


@dataclass(frozen=True, slots=True)
class Address:
    """Where: the unique property reference number (1 to 12 digits) and the address as text; "" for what is unknown."""

    uprn: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what a marker is about; "" and () for what is unknown.

    `aliases` are further (given, family) names of a person. `date_of_birth` is an ISO date, `phones` are E.164,
    `vehicles` are registration marks. A person is also reached by each address, phone and vehicle given here
    (R-MK-01); a marker about an address has that address alone.
    """

    kind: SubjectKind
    given: str = field(default="", repr=False)
    family: str = field(default="", repr=False)
    aliases: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    date_of_birth: str = field(default="", repr=False)
    organisation: str = field(default="", repr=False)
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    vehicles: tuple[str, ...] = field(default=(), repr=False)

    def names(self) -> tuple[tuple[str, str], ...]:
        """Every (given, family) name of the subject."""
        return ((self.given, self.family), *self.aliases) if self.given or self.family else self.aliases


@dataclass(frozen=True, slots=True)
class Marker:
    """A warning marker. From `expires_at` on it does not count as verified.

    `expired`: officer safety says so, whatever the clock here says.
    """

    id: UUID
    force: str
    version: int
    subject: Subject
    code: str
    severity: Severity
    source: str
    review_due: date
    expires_at: datetime
    handling: str = field(default="", repr=False)
    restricted: bool = False
    contact_point: str = field(default="", repr=False)
    withdrawn: bool = False
    expired: bool = False

    def state(self, at: datetime) -> MarkerState:
        """Where it stands at a moment."""
        if self.withdrawn:
            return MarkerState.WITHDRAWN
        return MarkerState.EXPIRED if self.expired or at >= self.expires_at else MarkerState.ACTIVE

    def shown(self) -> "Marker":
        """What may be shown of it: of a restricted marker its existence, and whom and how to ask.

        Whom it is about, its code and its source are left out (domain facts 4.3: restricted content must still expose
        its existence and contact point).
        """
        if not self.restricted:
            return self
        return replace(self, subject=Subject(self.subject.kind), code="", source="")
