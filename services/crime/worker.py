"""The Kafka and timer door of crime recording: what it reacts to. No logic."""

from peel.intake.v1.events_pb2 import ContactOpened
from services.crime import handlers
from services.crime.messages import reported_contact_from
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction

reactions = Reactions("crime")


def _reported(event: ContactOpened) -> handlers.RegisterReport:
    return handlers.RegisterReport(reported_contact_from(event.contact), event.contact)


@reactions.consumes(ContactOpened, _reported)
async def contact_opened(command: handlers.RegisterReport, tx: Transaction) -> None:
    await handlers.register_report(command, tx)


@reactions.fires(handlers.RECORDING_DUE)
async def recording_due(timer: Timer, tx: Transaction) -> None:
    await handlers.report_overdue(timer.subject, timer.force, tx)
