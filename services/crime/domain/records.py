"""What crime recording keeps: reports, the decisions on them, and the crimes they became."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.crime.domain.terms import (
    CancellationGround,
    Channel,
    CountingRule,
    CourtDisposal,
    CrimeFlag,
    CrimeState,
    IncidentCategory,
    NonRecordingReason,
    ReporterRelation,
    ReportState,
    VictimDecisionMeans,
)


@dataclass(frozen=True, slots=True)
class Period:
    """When something happened, both ends included; an end that nobody knows is None."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees north and east (WGS84), and the radius in metres within which the true place lies."""

    latitude: float
    longitude: float
    accuracy_metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happened; what is not known is left out."""

    point: Point | None = None
    address: str = ""
    uprn: str = ""
    lsoa: str = ""


@dataclass(frozen=True, slots=True)
class Allegation:
    """One disclosed offence against one alleged victim, numbered 1, 2, 3 … within its contact (R-CR-03)."""

    number: int
    offence_code: str
    victim_ref: str = ""
    suspect_ref: str = ""
    victim_confirms: bool = False
    points_to_prove_made_out: bool = False
    credible_evidence_to_contrary: bool = False
    occurred: Period | None = None
    flags: tuple[CrimeFlag, ...] = ()
    victim_vulnerable: bool = False
    # The circumstances themselves show it (2.1, rule 6).
    crime_evident: bool = False
    victim_born: date | None = None


@dataclass(frozen=True, slots=True)
class ReportedContact:
    """A contact as intake took it: the parts that recording decides on."""

    contact_id: UUID
    force: str
    channel: Channel
    relation: ReporterRelation
    category: IncidentCategory
    first_contact_at: datetime
    allegations: tuple[Allegation, ...] = ()
    occurred: Period | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A crime handed to the force where it occurred: the transfer's reference, and where its receipt is kept."""

    reference: str
    acknowledgement: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one allegation: a crime, part of one, or a reason. Number 0: the report alleges nothing."""

    allegation_number: int
    decided_at: datetime
    authority: str
    rule_set: str
    crime_id: UUID | None = None
    crime_number: str = ""
    absorbed_by: CountingRule = CountingRule.UNSPECIFIED
    reason: NonRecordingReason = NonRecordingReason.UNSPECIFIED
    # Who decided: the subject of their token; empty where the rules did.
    decided_by: str = ""
    # The record that a rape or modern slavery leaves where it is not recorded: "N100/2".
    reported_incident: str = ""
    transfer: Transfer | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One person would not record an allegation, for this reason; a second person has to say so too (R-CR-06)."""

    allegation_number: int
    reason: NonRecordingReason
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """One contact, seen as a duty to decide. `due_at` is fixed when it is registered and never moves."""

    report_id: UUID
    contact: ReportedContact
    due_at: datetime
    state: ReportState = ReportState.UNDECIDED
    decided_at: datetime | None = None
    overdue_at: datetime | None = None
    decisions: tuple[Decision, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    def undecided(self) -> tuple[Allegation, ...]:
        """The allegations that nobody has decided yet."""
        decided = {decision.allegation_number for decision in self.decisions}
        return tuple(one for one in self.contact.allegations if one.number not in decided)


@dataclass(frozen=True, slots=True)
class VictimDecision:
    """The auditable record that a victim does not support the case (R-CR-07)."""

    decided_at: datetime | None = None
    means: VictimDecisionMeans = VictimDecisionMeans.UNSPECIFIED
    reference: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeEvidence:
    """What supports an outcome; which parts it needs depends on the outcome (domain facts 2.6)."""

    victim_decision: VictimDecision | None = None
    suspect_identified: bool = False
    reference: str = ""
    prosecution_time_limit: datetime | None = None
    other_body_acknowledgement: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a crime ended, and what a court did with it once one has."""

    code: str
    evidence: OutcomeEvidence
    recorded_at: datetime
    disposal: CourtDisposal = CourtDisposal.UNSPECIFIED
    disposed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Crime:
    """A recorded crime. Never deleted: a cancelled one says on which ground and where the evidence is kept."""

    crime_id: UUID
    number: str
    force: str
    report_id: UUID
    contact_id: UUID
    allegation_number: int
    offence_code: str
    victim_ref: str
    suspect_ref: str
    flags: tuple[CrimeFlag, ...]
    place: Place | None
    occurred: Period | None
    reported_at: datetime
    recorded_at: datetime
    rule_set: str
    # Who recorded it: the subject of their token; empty where the rules did.
    recorded_by: str = ""
    state: CrimeState = CrimeState.UNDER_INVESTIGATION
    outcome: Outcome | None = None
    cancellation_ground: CancellationGround = CancellationGround.UNSPECIFIED
    cancellation_evidence: str = ""
    cancelled_at: datetime | None = None
