"""What happens when firearms licensing sends its register of certificate holders (R-MK-04)."""

from collections.abc import Sequence

from services.kernel.errors import Invalid, Refused, Violation
from services.kernel.ids import new_id
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction
from services.safety.markers import handlers, store, store_register
from services.safety.markers.domain.register import (
    Importing,
    Numbered,
    Reconciliation,
    Tally,
    WholeRegister,
    gone,
    require_entries,
    sort_out,
)
from services.safety.reference.markers import marker_codes

_TOGETHER = 500


class Import:
    """One import, a batch at a time, each in a transaction of its own.

    What was taken stays taken where the stream breaks off: nothing is withdrawn then, and the next import goes over all
    of it again. A later import of the same force ends this one.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._received = 0
        self._whole = False

    async def take(self, batch: Sequence[Numbered | WholeRegister], tx: Transaction) -> Tally:
        """What became of a batch.

        Raises Refused: IMPORT_SUPERSEDED, REGISTER_EMPTY; Invalid where more follows the end.
        """
        entries = [one for one in batch if isinstance(one, Numbered)]
        if self._whole or not all(isinstance(one, Numbered) for one in batch[:-1]):
            raise Invalid([Violation("complete", "must be said in the last message")])
        number = self._number or await store_register.begin_import(tx)
        importing = Importing(
            force=tx.caller.force,
            number=number,
            codes=marker_codes(tx.caller.force, local_date(tx.now)),
            by=tx.caller.subject,
            at=tx.now,
        )
        tally = await self._sort_out(entries, importing, tx)
        if len(entries) < len(batch):
            require_entries(self._received + len(entries))
            tally += await self._complete(importing, tx)
        self._number, self._received = number, self._received + len(entries)
        return tally

    async def _sort_out(self, entries: Sequence[Numbered], importing: Importing, tx: Transaction) -> Tally:
        held = await store_register.holders(tx, [one.entry.certificate_number for one in entries])
        sorted_out = sort_out(entries, held, iter(new_id, None), importing)
        if not await store_register.go_on(tx, importing.number, sorted_out.entries, len(sorted_out.refusals)):
            raise Refused("IMPORT_SUPERSEDED", rule="a later import of this force's register has begun")
        await store.keep(tx, [*sorted_out.created, *sorted_out.revised], importing.number)
        await store_register.see(tx, [*sorted_out.unchanged, *sorted_out.kept], importing.number)
        for marker in sorted_out.created:
            handlers.begin(marker, tx)
        for marker in sorted_out.revised:
            handlers.go_on(marker, tx)
        return sorted_out.tally(withdrawn=0, held=await store_register.held(tx))

    async def _complete(self, importing: Importing, tx: Transaction) -> Tally:
        """Withdraws the markers of whoever the register does not hold any more."""
        withdrawn = 0
        while absent := await store_register.unseen(tx, importing.number, _TOGETHER):
            markers = [gone(marker, importing) for marker in absent]
            await store.keep(tx, markers)
            for marker in markers:
                handlers.end(marker, tx)
            withdrawn += len(markers)
        await store_register.complete(tx, importing.number)
        self._whole = True
        return Tally(withdrawn=withdrawn, held=await store_register.held(tx))


async def reconcile_certificate_holders(_: None, tx: Transaction) -> Reconciliation:
    return await store_register.reconciliation(tx)
