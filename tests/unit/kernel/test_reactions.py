"""What a service reacts to is read from its declarations."""

import pytest

from peel.crime.v1.events_pb2 import CrimeRecorded, RecordingDecided, ReportRegistered
from peel.crime.v1.types_pb2 import Crime
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction


async def nothing(event: object, tx: Transaction) -> None:
    """Reacts by doing nothing."""


async def nothing_due(timer: Timer, tx: Transaction) -> None:
    """Fires without effect."""


def test_topics_come_from_the_contract_once_each() -> None:
    reactions = Reactions("intake")
    for kind in (RecordingDecided, ReportRegistered, CrimeRecorded):
        reactions.consumes(kind)(nothing)
    assert reactions.topics == ("crime.crime.v1", "crime.report.v1")
    assert reactions.events["peel.crime.v1.RecordingDecided"].message is RecordingDecided


def test_nothing_is_declared_twice() -> None:
    reactions = Reactions("crime")
    reactions.consumes(ReportRegistered)(nothing)
    reactions.fires("RECORDING_DUE")(nothing_due)
    with pytest.raises(ValueError, match="ReportRegistered twice"):
        reactions.consumes(ReportRegistered)
    with pytest.raises(ValueError, match="RECORDING_DUE twice"):
        reactions.fires("RECORDING_DUE")


async def sweep(tx: Transaction) -> None:
    """Looks for silence."""


def test_what_a_service_does_by_itself_bears_its_functions_name_and_is_declared_once() -> None:
    reactions = Reactions("crime")
    assert reactions.every(5)(sweep) is sweep
    assert {name: (turn.seconds, turn.act) for name, turn in reactions.turns.items()} == {"sweep": (5, sweep)}
    with pytest.raises(ValueError, match="sweep twice"):
        reactions.every(7)(sweep)


def test_only_an_event_can_be_consumed() -> None:
    with pytest.raises(LookupError, match="declares no"):
        Reactions("crime").consumes(Crime)
