"""The words of crime recording. Names and numbers are those of the contract (peel.crime.v1, peel.intake.v1)."""

from enum import Enum, IntEnum, StrEnum


class Channel(IntEnum):
    """How the contact reached the police."""

    UNSPECIFIED = 0
    EMERGENCY_999 = 1
    NON_EMERGENCY_101 = 2
    WEB = 3
    FRONT_COUNTER = 4
    PARTNER = 5
    OFFICER = 6


class ReporterRelation(IntEnum):
    """What the reporter is to the alleged victim."""

    UNSPECIFIED = 0
    VICTIM = 1
    PARENT_OR_CARER = 2
    PROFESSIONAL_THIRD_PARTY = 3
    OTHER_THIRD_PARTY = 4
    WITNESS = 5
    OFFICER = 6


class IncidentCategory(IntEnum):
    """What the contact is about, after the National Standard for Incident Recording."""

    UNSPECIFIED = 0
    CRIME = 1
    ASB_PERSONAL = 2
    ASB_NUISANCE = 3
    ASB_ENVIRONMENTAL = 4
    TRANSPORT = 5
    PUBLIC_SAFETY_AND_WELFARE = 6
    ADMINISTRATION = 7


class CrimeFlag(IntEnum):
    """What is known of the nature of an offence beyond its code."""

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


class ReportState(IntEnum):
    """Where a report stands."""

    UNSPECIFIED = 0
    UNDECIDED = 1
    DECIDED = 2


class NonRecordingReason(IntEnum):
    """Why an allegation was not recorded as a crime (domain facts 2.1)."""

    UNSPECIFIED = 0
    NO_CRIME_ALLEGED = 1
    VICTIM_NOT_CONFIRMED_THIRD_PARTY = 2
    VICTIM_NOT_TRACED = 3
    OUTSIDE_FORCE_TRANSFERRED = 4
    OTHER_AGENCY_DEALING = 5
    SCHOOLS_PROTOCOL = 6
    EXCLUDED_OFFENCE = 7
    CREDIBLE_EVIDENCE_TO_CONTRARY = 8
    POINTS_TO_PROVE_NOT_MADE_OUT = 9


class CountingRule(IntEnum):
    """The counting rule that counted one allegation within another crime (domain facts 2.3)."""

    UNSPECIFIED = 0
    FINISHED_INCIDENT = 1
    PRINCIPAL_CRIME = 2


class CrimeState(IntEnum):
    """Where a crime stands."""

    UNSPECIFIED = 0
    UNDER_INVESTIGATION = 1
    OUTCOME_RECORDED = 2
    CANCELLED = 3


class CourtDisposal(IntEnum):
    """What a court did with a charged crime."""

    UNSPECIFIED = 0
    PRISON = 1
    SUSPENDED_PRISON = 2
    COMMUNITY_SENTENCE = 3
    FINE = 4
    CONDITIONAL_DISCHARGE = 5
    ABSOLUTE_DISCHARGE = 6
    COMPENSATION = 7
    DEPRIVED_OF_PROPERTY = 8
    OTHERWISE_DEALT_WITH = 9
    NOT_GUILTY = 10
    UNABLE_TO_PROCEED = 11


class CancellationGround(IntEnum):
    """Grounds on which a recorded crime may be cancelled, C1 to C5 (domain facts 2.4)."""

    UNSPECIFIED = 0
    OUTSIDE_JURISDICTION = 1
    VERIFIABLE_INFORMATION = 2
    DUPLICATE = 3
    RECORDED_IN_ERROR = 4
    SELF_DEFENCE = 5


class VictimDecisionMeans(IntEnum):
    """How a victim told the police of a decision."""

    UNSPECIFIED = 0
    WRITTEN_STATEMENT = 1
    BODY_WORN_VIDEO = 2
    RECORDED_CALL = 3
    POCKET_NOTEBOOK = 4


class Role(StrEnum):
    """The roles that decide something here; values are the contract's names, as a token carries them.

    Listed from the least authority to the greatest: whoever holds several decides by the least that suffices.
    """

    OFFICER = "ROLE_OFFICER"
    CRIME_RECORDER = "ROLE_CRIME_RECORDER"
    DECISION_MAKER = "ROLE_DECISION_MAKER"
    CRIME_REGISTRAR = "ROLE_CRIME_REGISTRAR"


class Basis(Enum):
    """Whose word makes it a crime (domain facts 2.1, rules 2 and 3)."""

    VICTIM = "VICTIM"
    STATE = "STATE"


class Stratum(StrEnum):
    """What the recording rate is estimated for (domain facts 2.9)."""

    OVERALL = "OVERALL"
    VIOLENCE = "VIOLENCE"
    SEXUAL = "SEXUAL"
    DOMESTIC_ABUSE = "DOMESTIC_ABUSE"
