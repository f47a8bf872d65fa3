"""What happens to devices when dispatch books, sends and frees the units that carry them (R-OS-04).

Events of different units, and of units and assignments, come in any order: the newest one stands.
"""

from services.kernel.transaction import Transaction
from services.safety.devices import handlers_welfare, store_duty
from services.safety.devices.domain.duty import Freed, OffDuty, OnDuty, Sent


async def come_on_duty(told: OnDuty, tx: Transaction) -> None:
    """The crew carries these radios. Codes of somebody who is not of the crew lapse."""
    await store_duty.carry(tx, told)


async def go_off_duty(told: OffDuty, tx: Transaction) -> None:
    """Nobody is on duty with these radios. Who carried them last stays known: a press then says OFF, and who it was."""
    await store_duty.put_away(tx, told)
    await handlers_welfare.end_of_unit(told.unit_id, tx)


async def be_sent(told: Sent, tx: Transaction) -> None:
    """A press without a point is then at the incident."""
    await store_duty.send(tx, told)


async def be_freed(told: Freed, tx: Transaction) -> None:
    """What it is at, nobody knows."""
    await store_duty.free(tx, told)
