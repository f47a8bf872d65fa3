"""The Kafka door of call intake: what it reacts to. No logic."""

from uuid import UUID

from peel.crime.v1 import types_pb2 as crime
from peel.crime.v1.events_pb2 import RecordingDecided
from services.intake import handlers
from services.intake.domain import AllegationDecision
from services.kernel.reactions import Reactions
from services.kernel.transaction import Transaction

reactions = Reactions("intake")


def _resolved(event: RecordingDecided) -> handlers.ResolveAllegations:
    decisions = [(d.allegation_number, *_decision(d)) for d in event.decisions if d.allegation_number]
    return handlers.ResolveAllegations(UUID(event.contact_id), decisions)


@reactions.consumes(RecordingDecided, _resolved)
async def recording_decided(command: handlers.ResolveAllegations, tx: Transaction) -> None:
    await handlers.resolve_allegations(command, tx)


def _decision(decision: crime.Decision) -> tuple[AllegationDecision, str]:
    if decision.reason:
        return AllegationDecision.NOT_RECORDED, crime.NonRecordingReason.Name(decision.reason)
    kind = AllegationDecision.ABSORBED if decision.absorbed_by else AllegationDecision.RECORDED
    return kind, decision.crime_number
