"""The probe's door: an event's contact_id names the fault that it meets while that fault is on."""

import asyncio
import os

from peel.crime.v1.events_pb2 import ReportRegistered
from services.kernel.database import Table
from services.kernel.envelope import current_event
from services.kernel.errors import Refused
from services.kernel.reactions import Reactions
from services.kernel.timers import Timer
from services.kernel.transaction import Transaction

EFFECT = Table.of("effect", "subject text, sequence bigint, process int")


class OwnTopic(Reactions):
    """Reacts on the topic of this test alone."""

    @property
    def topics(self) -> tuple[str, ...]:
        return (os.environ["PROBE_TOPIC"],) if "PROBE_TOPIC" in os.environ else ()


reactions = OwnTopic("probe")


@reactions.consumes(ReportRegistered)
async def note(event: ReportRegistered, tx: Transaction) -> None:
    if event.contact_id and await tx.maybe("select name from fault where name = $1", event.contact_id):
        await _fail(event.contact_id, tx)
    tx.add(EFFECT, (event.report_id, current_event().sequence, os.getpid()))


async def _fail(fault: str, tx: Transaction) -> None:
    match fault:
        case "refused":
            raise Refused("PROBE_REFUSES", rule="the test wants it so")
        case "bug":
            raise TypeError("the test wants it so")
        case "table":
            await tx.execute("insert into nowhere default values")
        case "slow":
            await asyncio.sleep(float(os.environ.get("PROBE_SLOW_SECONDS", "1")))


@reactions.fires("PROBE")
async def fired(timer: Timer, tx: Transaction) -> None:
    tx.add(EFFECT, (str(timer.subject), 0, os.getpid()))
