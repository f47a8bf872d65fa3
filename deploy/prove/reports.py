"""Reports: 2,000 of them while processes are killed. At iOPS's force one in five was not recorded (I1, F1)."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from functools import partial

from deploy.people.waiting import until
from deploy.prove.stage import FORCE, Stage
from deploy.prove.telling import report_of_burglary
from deploy.prove.verdict import Verdict
from deploy.rehearsal.auditor import Auditor
from deploy.rehearsal.progress import LedgerFigures
from peel.intake.v1 import api_pb2 as intake
from services.kernel.clock import SystemClock

REPORTS = 2_000
_AT_ONCE = 48
_KILLED = ("crime-worker", "intake-api", "kafka", "intake-worker", "postgres", "crime-api")
_SETTLE_SECONDS = 90.0
_POLL_SECONDS = 0.2
_PAGE = 500


async def reports(stage: Stage) -> Verdict:
    """Kills six processes while reports come in; then compares what was promised with what both ledgers hold."""
    began = SystemClock().now() - timedelta(minutes=2)
    auditor = Auditor(stage.line, FORCE)
    before = await auditor.figures(began, began + timedelta(days=1))
    acknowledged: list[str] = []
    rng, free = random.Random(2019), asyncio.Semaphore(_AT_ONCE)

    async def one() -> None:
        async with free:
            request = report_of_burglary(rng, SystemClock().now())
            reply = await stage.line.ask(stage.line.intake.OpenContact, request, "call_handler")
            acknowledged.append(reply.contact_id)

    async with asyncio.TaskGroup() as group:
        killing = group.create_task(_kill_along(stage, acknowledged))
        for _ in range(REPORTS):
            group.create_task(one())
    await killing
    await stage.ready()
    held = await _settled(auditor, began, before.reports + REPORTS)
    listed = await _listed(stage, began)
    lost = len(set(acknowledged) - set(listed))
    double = len(listed) - len(set(listed)) + max(0, len(listed) - len(set(acknowledged)))
    crimes = held.recorded - before.recorded
    reached = held.reports - before.reports
    faults = [
        f"{lost} acknowledged reports are not in the ledger" if lost else "",
        f"{double} reports are in the ledger twice" if double else "",
        f"{reached} of {REPORTS} reached crime recording" if reached != REPORTS else "",
        f"{crimes} crimes of {REPORTS}" if crimes != REPORTS else "",
    ]
    figures = {
        "reports": len(acknowledged),
        "killed": len(_KILLED),
        "calls_made_again": stage.tally.retries,
        "lost": lost,
        "double": double,
        "crimes_recorded": crimes,
    }
    return Verdict(figures, tuple(filter(None, faults)))


async def _kill_along(stage: Stage, acknowledged: list[str]) -> None:
    """One kill each time another seventh of the reports is in, whatever that takes."""
    step = REPORTS // (len(_KILLED) + 1)
    for number, name in enumerate(_KILLED, start=1):
        await until(partial(_are_in, acknowledged, number * step), _SETTLE_SECONDS)
        await stage.kill(name)


async def _are_in(acknowledged: list[str], wanted: int) -> bool:
    return len(acknowledged) >= wanted


async def _settled(auditor: Auditor, began: datetime, wanted: int) -> LedgerFigures:
    deadline = asyncio.get_running_loop().time() + _SETTLE_SECONDS
    while True:
        figures = await auditor.figures(began, began + timedelta(days=1))
        if figures.reports >= wanted or asyncio.get_running_loop().time() > deadline:
            return figures
        await asyncio.sleep(_POLL_SECONDS)


async def _listed(stage: Stage, began: datetime) -> list[str]:
    """The ids of every contact that call intake recorded since, as it lists them."""
    found: list[str] = []
    request = intake.ListContactsRequest(force=FORCE, page_size=_PAGE)
    while True:
        page = await stage.line.ask(stage.line.intake.ListContacts, request, "auditor")
        for contact in page.contacts:
            # Newest first.
            if contact.recorded_at.ToDatetime(tzinfo=UTC) < began:
                return found
            found.append(contact.contact_id)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token
