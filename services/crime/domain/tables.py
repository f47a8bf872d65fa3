"""The reference data that the rules read, loaded once by the composition and passed to every function that needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from services.crime.domain.authority import Authorities
from services.crime.domain.offences import OffenceTable
from services.crime.domain.reported_incidents import ReportedIncident
from services.crime.domain.rule_sets import RuleSets
from services.crime.domain.terms import CancellationGround, CourtDisposal
from services.crime.domain.validity import ALWAYS, Validity


class SuspectRule(Enum):
    """What an outcome says of a suspect."""

    EITHER = ""
    REQUIRED = "REQUIRED"
    FORBIDDEN = "FORBIDDEN"


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """One outcome code: the evidence it needs, and what the public is told of it (domain facts 2.6)."""

    code: str
    description: str
    suspect: SuspectRule = SuspectRule.EITHER
    needs_victim_decision: bool = False
    needs_reference: bool = False
    needs_time_limit: bool = False
    needs_other_body: bool = False
    # A court decides what follows.
    court: bool = False
    # False for the code that only the national fraud bureau uses.
    force_use: bool = True
    # Empty where the court's disposal decides.
    public_category: str = ""
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class GroundRule:
    """One ground for cancelling a crime, C1 to C5 (domain facts 2.4)."""

    ground: CancellationGround
    description: str
    needs_evidence: bool
    violence_only: bool
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class Publication:
    """What the public street-level file says where neither outcome nor court does."""

    undecided_for: timedelta
    undecided: str
    undecided_late: str
    charged_for: timedelta
    charged: str
    charged_late: str
    anti_social_behaviour: str


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that is data and not code."""

    offences: OffenceTable
    rule_sets: RuleSets
    authorities: Authorities
    outcomes: Mapping[str, OutcomeRule]
    grounds: Mapping[CancellationGround, GroundRule]
    disposals: Mapping[CourtDisposal, str]
    publication: Publication
    reported_incidents: Sequence[ReportedIncident]
