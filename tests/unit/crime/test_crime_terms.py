"""The domain speaks the contract's words: names and numbers agree, so that the doors can translate by number."""

from enum import IntEnum

import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from peel.crime.v1 import types_pb2 as crime
from peel.intake.v1 import types_pb2 as intake
from peel.options.v1 import options_pb2 as options
from services.crime.domain import (
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
    VictimDecisionMeans,
)

PAIRS = [
    (Channel, intake.Channel, "CHANNEL_"),
    (ReporterRelation, intake.ReporterRelation, "REPORTER_RELATION_"),
    (IncidentCategory, intake.IncidentCategory, "INCIDENT_CATEGORY_"),
    (CrimeFlag, intake.CrimeFlag, "CRIME_FLAG_"),
    (ReportState, crime.ReportState, "REPORT_STATE_"),
    (NonRecordingReason, crime.NonRecordingReason, "NON_RECORDING_REASON_"),
    (CountingRule, crime.CountingRule, "COUNTING_RULE_"),
    (CrimeState, crime.CrimeState, "CRIME_STATE_"),
    (CourtDisposal, crime.CourtDisposal, "COURT_DISPOSAL_"),
    (CancellationGround, crime.CancellationGround, "CANCELLATION_GROUND_"),
    (VictimDecisionMeans, crime.VictimDecisionMeans, "VICTIM_DECISION_MEANS_"),
]


@pytest.mark.parametrize(("words", "contract", "prefix"), PAIRS, ids=[words.__name__ for words, _, _ in PAIRS])
def test_words_have_the_contracts_names_and_numbers(
    words: type[IntEnum], contract: EnumTypeWrapper, prefix: str
) -> None:
    assert {prefix + word.name: word.value for word in words} == dict(contract.items())


def test_roles_are_those_of_the_contract() -> None:
    assert {role.value for role in Role} <= set(options.Role.keys())
