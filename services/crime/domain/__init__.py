"""Crime recording, as the counting rules put it. Pure: nothing here reads, writes, waits or knows what time it is.

recording    the recording standard, and how findings settle a report
rulings      what a person decides; second_person: what takes two; protected: victims whose own word may be missing
reported_incidents   the record that a rape leaves where it is not recorded
counting     one crime per victim, finished incident, principal crime
outcomes     how a crime ends; cancelling: how it is taken back; publication: what the public is told
rate         how much of what should have been recorded was
"""

from services.crime.domain.authority import Action, Authorities, Authority
from services.crime.domain.cancelling import cancel
from services.crime.domain.counting import Candidate, Counted, count
from services.crime.domain.numbering import crime_number
from services.crime.domain.offences import Offence, OffenceTable
from services.crime.domain.outcomes import record_outcome
from services.crime.domain.publication import incident_category, is_published, public_outcome
from services.crime.domain.rate import RecordingRate, recording_rate, strata, wilson
from services.crime.domain.recording import (
    RULES,
    CrimeIdentity,
    Finding,
    decide_by_rules,
    mark_overdue,
    register,
    settle,
)
from services.crime.domain.records import (
    Allegation,
    Crime,
    Decision,
    Outcome,
    OutcomeEvidence,
    Period,
    Place,
    Point,
    Proposal,
    Report,
    ReportedContact,
    Transfer,
    VictimDecision,
)
from services.crime.domain.reported_incidents import ReportedIncident, reported_incident
from services.crime.domain.rule_sets import ConductRule, RuleSet, RuleSets
from services.crime.domain.rulings import Ruling, decide_by_person
from services.crime.domain.second_person import needs_second_person, proposals, proposed
from services.crime.domain.tables import GroundRule, OutcomeRule, Publication, SuspectRule, Tables
from services.crime.domain.terms import (
    Basis,
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
    Role,
    Stratum,
    VictimDecisionMeans,
)
from services.crime.domain.validity import Validity, local_date

__all__ = [
    "RULES",
    "Action",
    "Allegation",
    "Authorities",
    "Authority",
    "Basis",
    "CancellationGround",
    "Candidate",
    "Channel",
    "ConductRule",
    "Counted",
    "CountingRule",
    "CourtDisposal",
    "Crime",
    "CrimeFlag",
    "CrimeIdentity",
    "CrimeState",
    "Decision",
    "Finding",
    "GroundRule",
    "IncidentCategory",
    "NonRecordingReason",
    "Offence",
    "OffenceTable",
    "Outcome",
    "OutcomeEvidence",
    "OutcomeRule",
    "Period",
    "Place",
    "Point",
    "Proposal",
    "Publication",
    "RecordingRate",
    "Report",
    "ReportState",
    "ReportedContact",
    "ReportedIncident",
    "ReporterRelation",
    "Role",
    "RuleSet",
    "RuleSets",
    "Ruling",
    "Stratum",
    "SuspectRule",
    "Tables",
    "Transfer",
    "Validity",
    "VictimDecision",
    "VictimDecisionMeans",
    "cancel",
    "count",
    "crime_number",
    "decide_by_person",
    "decide_by_rules",
    "incident_category",
    "is_published",
    "local_date",
    "mark_overdue",
    "needs_second_person",
    "proposals",
    "proposed",
    "public_outcome",
    "record_outcome",
    "recording_rate",
    "register",
    "reported_incident",
    "settle",
    "strata",
    "wilson",
]
