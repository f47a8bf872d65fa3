"""Victims: a report that nobody decides. Its 24 hours run in public, by a clock that is stepped (I2, R-CR-01)."""

import random
from datetime import timedelta

from deploy.people.waiting import until
from deploy.prove.catalogue import Line, catalogue
from deploy.prove.stage import FORCE, Stage
from deploy.prove.telling import report_of_burglary
from deploy.prove.verdict import Figure, Verdict
from deploy.rehearsal.hands import ClockHands
from peel.crime.v1 import api_pb2 as crime

_OVERDUE, _OWNER = "crime.recording-overdue", "force crime registrar"
_PATIENCE_SECONDS = 30.0


async def victims(stage: Stage) -> Verdict:
    """Looks at a third party's report an hour before its time is over and a minute after."""
    hands = ClockHands(stage.platform.clock_file)
    request = report_of_burglary(random.Random(24), hands.now, confirmed=False)
    contact_id = (await stage.line.ask(stage.line.intake.OpenContact, request, "call_handler")).contact_id
    in_tray = await until(lambda: _listed(stage, contact_id, overdue=False), _PATIENCE_SECONDS)
    hands.step(hands.now + timedelta(hours=23))
    early = await _listed(stage, contact_id, overdue=True)
    hands.step(hands.now + timedelta(hours=1, minutes=1))
    late = await until(lambda: _listed(stage, contact_id, overdue=True), _PATIENCE_SECONDS)
    line = await until(lambda: _escalated(stage), _PATIENCE_SECONDS)
    owner = line.owner if line else "nobody"
    faults = [
        "it was not in the recording tray" if not in_tray else "",
        "it was called overdue before its time" if early else "",
        "it was not called overdue after 24 hours" if not late else "",
        f"it is on the tray of {owner}" if owner != _OWNER else "",
    ]
    figures: dict[str, Figure] = {
        "overdue_at_23_h": int(early),
        "overdue_at_24_h_and_a_minute": int(late),
        "shown_as_overdue_for_seconds": round(line.oldest_seconds, 1) if line else -1.0,
        "escalated_to": owner,
    }
    return Verdict(figures, tuple(filter(None, faults)))


async def _listed(stage: Stage, contact_id: str, *, overdue: bool) -> bool:
    request = crime.ListReportsRequest(force=FORCE, page_size=100, overdue=overdue)
    page = await stage.line.ask(stage.line.crime.ListReports, request, "crime_recorder")
    return any(report.contact.contact_id == contact_id for report in page.reports)


async def _escalated(stage: Stage) -> Line | None:
    line = (await catalogue(stage)).get(_OVERDUE)
    return line if line and line.size else None
