"""One rehearsal on a platform that is up: everybody at their places, the month, the count."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console

from deploy.local.platform import Platform
from deploy.people.line import Line
from deploy.rehearsal.auditor import Auditor
from deploy.rehearsal.call_handlers import CallHandlers
from deploy.rehearsal.contacts import PlannedContact, Sources, plan_contacts
from deploy.rehearsal.control_room import ControlRoom
from deploy.rehearsal.crew import Crew
from deploy.rehearsal.demand import Demand, Span, span_of
from deploy.rehearsal.dispatchers import Dispatchers
from deploy.rehearsal.display import Display
from deploy.rehearsal.emergency_desk import emergency_desk
from deploy.rehearsal.endings import Calendar, Endings, calendar_for, known_outcomes
from deploy.rehearsal.going_out import GoingOut, going_out
from deploy.rehearsal.hands import ClockHands
from deploy.rehearsal.investigators import Investigators
from deploy.rehearsal.kills import Kill, Killer, kill_hours
from deploy.rehearsal.month import Month, People
from deploy.rehearsal.offences import OffenceDraw
from deploy.rehearsal.patrols import patrols
from deploy.rehearsal.progress import Progress
from deploy.rehearsal.reconciliation import Reconciliation, reconcile
from deploy.rehearsal.recorders import Recorders
from deploy.rehearsal.street import Known, StreetFile
from deploy.rehearsal.usage import Usage
from peel.crime.v1 import api_pb2 as api
from services.crime.reference import forces, tables

_ROLES = (
    *("call_handler", "officer", "partner_system", "dispatcher"),
    *("crime_recorder", "decision_maker", "auditor", "supervisor", "intelligence"),
)
# Calls in hand at once.
_CALL_HANDLERS, _CONTROL_ROOM, _RECORDERS, _INVESTIGATORS, _DISPATCHERS = 64, 8, 16, 32, 16
# Units of the synthetic force.
_PATROLS = 30
_TOKEN_HOURS = 24.0
_SHIFT = timedelta(hours=12)
_LOOK_SECONDS = 0.5
# The ledger is asked for its sums less often: it has to add them up.
_ASK_EVERY = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """A month as it will be told."""

    file: StreetFile
    span: Span
    calendar: Calendar
    contacts: Sequence[PlannedContact]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. `cpu` is processor seconds by process, the driver's own among them; `a_contact` one's id."""

    found: Reconciliation
    export: Sequence[api.ExportStreetCrimeResponse]
    seconds: float
    rate: float
    cpu: dict[str, float]
    a_contact: str
    going_out: GoingOut


def known_words() -> Known:
    """The words that a street-level file may use: those that the reference data of crime recording knows."""
    rules = tables()
    return Known(
        forces={force.name: force.force for force in forces().values()},
        crime_types={offence.category for offence in rules.offences.by_code.values() if offence.recordable},
        outcomes=known_outcomes(rules),
    )


def plan(file: StreetFile) -> Plan:
    """Plans the contacts of a file, always the same for the same file."""
    span = span_of(file.month)
    rules = tables()
    calendar = calendar_for(span, {row.outcome for row in file.rows if row.is_crime}, rules)
    sources = Sources(Demand(span), OffenceDraw(rules.offences, span), Endings(rules, calendar, span), rules.offences)
    return Plan(file, span, calendar, plan_contacts(file.rows, sources))


class Rehearsal:
    """Replays a plan on a platform."""

    def __init__(self, platform: Platform, todo: Plan, kill: Kill | None, console: Console) -> None:
        """The platform has to be up."""
        self._hands = ClockHands(platform.clock_file)
        self.progress = Progress(self._hands.now, rows_to_report=len(todo.file.rows))
        self._platform, self._plan = platform, todo
        self._kills = kill_hours(kill, len(todo.span.hours))
        self._display = Display(console, self.progress)
        self._usage = Usage()

    async def run(self) -> Result:
        """Runs it. Raises an ExceptionGroup with whatever stopped it."""
        platform, force = self._platform, self._plan.file.force
        tokens = {
            role: platform.authority.token([role], force, f"rehearsal-{role.replace('_', '-')}", _TOKEN_HOURS)
            for role in _ROLES
        }
        began = time.monotonic()
        async with Line(platform.addresses, platform.authority.ca, tokens, self.progress) as line:
            people, contacts, gone_out = await self._replay(line)
            self.progress.phase = "the count"
            result, export = await self._count(people.auditor, contacts)
        seconds = time.monotonic() - began
        self._usage.look(self._platform.pids)
        return Result(
            result, export, seconds, self._display.rate, self._usage.seconds(), next(iter(contacts)), gone_out
        )

    async def _replay(self, line: Line) -> tuple[People, dict[str, PlannedContact], GoingOut]:
        force, progress = self._plan.file.force, self.progress
        auditor = Auditor(line, force)
        shift_ends_at = self._hands.now + _SHIFT
        with self._display:
            async with (
                patrols(line, self._platform, force, _PATROLS, shift_ends_at) as on_patrol,
                emergency_desk(self._platform, force) as desk,
                asyncio.TaskGroup() as group,
            ):
                room = ControlRoom(line, Crew(group, _CONTROL_ROOM), progress)
                dispatchers = Dispatchers(line, force, Crew(group, _DISPATCHERS), on_patrol, desk, room.attended)

                async def grade_and_queue(contact: PlannedContact, contact_id: str) -> None:
                    dispatchers.queue(contact, await room.grade(contact, contact_id))

                handlers = CallHandlers(line, force, Crew(group, _CALL_HANDLERS), progress, grade_and_queue)
                contacts = handlers.contacts
                recorders = Recorders(line, force, Crew(group, _RECORDERS), progress, contacts)
                investigators = Investigators(line, force, Crew(group, _INVESTIGATORS), progress, contacts)
                people = People(handlers, room, dispatchers, recorders, investigators, auditor)
                killer = Killer(self._platform, self._kills, group, progress)
                watch = group.create_task(self._watch(auditor))
                todo = self._plan
                await Month(todo.span, todo.calendar, todo.contacts, self._hands, people, progress, killer.strike).run()
                watch.cancel()
        return people, contacts, going_out(dispatchers.sent, desk, dispatchers.waiting)

    async def _watch(self, auditor: Auditor) -> None:
        """Shows progress and adds up processor time, until cancelled."""
        span, looks = self._plan.span, 0
        while True:
            if looks % _ASK_EVERY == 0:
                self.progress.ledger = await auditor.figures(span.start, span.end)
                self._usage.look(self._platform.pids)
            looks += 1
            self._display.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _count(
        self, auditor: Auditor, contacts: dict[str, PlannedContact]
    ) -> tuple[Reconciliation, Sequence[api.ExportStreetCrimeResponse]]:
        span = self._plan.span
        late = {contact_id for contact_id, contact in contacts.items() if contact.late}
        named = await auditor.overdue_contacts(span.start, span.end)
        ledger = await auditor.by_category(span.start, span.end)
        export = await auditor.street_file(span.month)
        return reconcile(self._plan.file, len(contacts), (late, named), ledger, export), export
