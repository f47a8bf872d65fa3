"""Backlog: a consumer stops. At iOPS's force new ones were still being found after months (I8, R-OBS-01, F8)."""

import asyncio
import random

from deploy.people.waiting import until
from deploy.prove.catalogue import Line, catalogue
from deploy.prove.stage import Stage
from deploy.prove.telling import report_of_burglary
from deploy.prove.verdict import Figure, Verdict
from services.kernel.clock import SystemClock

_REPORTS = 40
_INBOX = "crime.inbox"
_WITHIN_SECONDS = 10.0
_DRAINED_SECONDS = 40.0


async def backlog(stage: Stage) -> Verdict:
    """Stops the worker of crime, reports 40 crimes, and asks the catalogue."""
    rng = random.Random(8)
    async with stage.without("crime-worker"):
        for _ in range(_REPORTS):
            request = report_of_burglary(rng, SystemClock().now())
            await stage.line.ask(stage.line.intake.OpenContact, request, "call_handler")
        began = asyncio.get_running_loop().time()
        shown = await until(lambda: _shows(stage, _REPORTS), 2 * _WITHIN_SECONDS)
        took = asyncio.get_running_loop().time() - began
    drained = await until(lambda: _drained(stage), _DRAINED_SECONDS)
    faults = [
        f"the catalogue did not show {_REPORTS} waiting events" if shown is None else "",
        f"it took {took:.1f} s to show" if took > _WITHIN_SECONDS else "",
        "no owner" if shown and not shown.owner else "",
        "no age" if shown and shown.oldest_seconds <= 0 else "",
        "it was not worked off once the consumer was back" if not drained else "",
    ]
    figures: dict[str, Figure] = {
        "waiting": shown.size if shown else 0,
        "oldest_seconds": round(shown.oldest_seconds, 1) if shown else -1.0,
        "owner": shown.owner if shown else "nobody",
        "shown_after_seconds": round(took, 1),
    }
    return Verdict(figures, tuple(filter(None, faults)))


async def _shows(stage: Stage, at_least: int) -> Line | None:
    line = (await catalogue(stage)).get(_INBOX)
    return line if line and line.size >= at_least else None


async def _drained(stage: Stage) -> bool:
    line = (await catalogue(stage)).get(_INBOX)
    return line is not None and line.size == 0
