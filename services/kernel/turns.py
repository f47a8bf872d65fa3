"""What a service does by itself at intervals of real time, whoever calls: sweeps for silence, ledgers of heartbeats."""

import asyncio
import random
from collections.abc import Mapping

from services.kernel.caller import service_itself
from services.kernel.pause import pause
from services.kernel.reactions import Turn
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter
from services.kernel.transaction import UnitOfWork

_LOG = logger(__name__)
_LOCK = 7_003_520

TURNS = counter(
    "peel_turns",
    "Turns of what a service does by itself, by name and outcome: done, passed (another worker was at it), failed.",
    labels=("turn", "outcome"),
    action="failed: the log has the error; what the turn watches is not being watched. None done: no worker runs.",
)


class Turns:
    """A part of the worker. Each turn is one transaction, and one worker at a time takes it.

    Several workers take more turns than one: what a turn does must not depend on how often it comes.
    """

    def __init__(self, service: str, work: UnitOfWork, turns: Mapping[str, Turn]) -> None:
        self._service, self._work, self._turns = service, work, turns

    async def run(self, stop: asyncio.Event) -> None:
        """Takes turns until `stop` is set."""
        await asyncio.gather(stop.wait(), *(self._repeat(name, turn, stop) for name, turn in self._turns.items()))

    async def _repeat(self, name: str, turn: Turn, stop: asyncio.Event) -> None:
        while not stop.is_set():
            # Not in step: workers that were started together would all come at once.
            await pause(turn.seconds * random.uniform(0.8, 1.2), stop)
            if stop.is_set():
                return
            try:
                outcome = await self._take(name, turn)
            except Exception as error:  # noqa: BLE001 - whatever failed this turn, the next must come
                _LOG.error("turn failed", turn=name, exc_info=error)
                outcome = "failed"
            TURNS.labels(name, outcome).inc()

    async def _take(self, name: str, turn: Turn) -> str:
        async with self._work.begin(service_itself(self._service)) as tx:
            (row,) = await tx.all("select pg_try_advisory_xact_lock($1, hashtext($2)) as ours", _LOCK, name)
            if not row["ours"]:
                return "passed"
            await turn.act(tx)
        return "done"
