"""A control room on a real database: incidents are graded, units booked on, and all that dispatch does is done here.

Each desk begins with nothing, and all that happened at it is undone at its end. All people are invented.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from peel.dispatch.v1 import events_pb2 as events
from peel.dispatch.v1 import types_pb2 as types
from peel.intake.v1 import events_pb2 as intake
from peel.intake.v1 import types_pb2 as intake_types
from peel.safety.v1 import events_pb2 as safety
from peel.safety.v1 import types_pb2 as safety_types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place
from services.dispatch.assignments import handlers as assignment_handlers
from services.dispatch.assignments import sending
from services.dispatch.domain.records import Assignment, CrewMember, Incident, Skill, Task, Unit
from services.dispatch.domain.terms import TaskKind
from services.dispatch.hazards import handlers as hazard_handlers
from services.dispatch.sharing import handlers as sharing_handlers
from services.dispatch.tasks import handlers as task_handlers
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.units import book_on, register
from services.kernel.bulk import outbox_row
from services.kernel.caller import Caller
from services.kernel.database import Row
from services.kernel.ids import new_id
from services.kernel.transaction import Transaction
from services.kernel.wire import stamp
from tests.stateful.ledgers import FORCE, Ledger, Ledgers, StoryClock

Result = TypeVar("Result")
DISPATCHER, SUPERVISOR, OFFICER = "ROLE_DISPATCHER", "ROLE_SUPERVISOR", "ROLE_OFFICER"
HERE = "14 Nowhere Crescent, Exampleford LS1 4ZZ"


def at(address: str, uprn: str = "") -> safety_types.MarkedAddress:
    """An address as a marker knows it."""
    return safety_types.MarkedAddress(address=address, uprn=uprn)


class Desk:
    """One control room."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers
        self.clock = StoryClock()
        self.dispatch: Ledger = ledgers.begin(self.clock)["dispatch"]
        self._numbers = count(1)

    def close(self) -> None:
        self._ledgers.end()

    # What happens elsewhere.

    def deliver(self, event: Message, force: str = FORCE) -> None:
        """Another service's event arrives."""
        self._ledgers.run(self.dispatch.deliver(self._row(event, force)))

    def deliver_together(self, together: Sequence[Message], force: str = FORCE) -> None:
        """Another service's events arrive in one batch."""
        self._ledgers.run(self.dispatch.deliver(*(self._row(event, force) for event in together)))

    def _row(self, event: Message, force: str) -> Any:
        number = next(self._numbers)
        names = ("topic", "key", "event_id", "type", "force", "subject", "sequence", "time", "traceparent", "payload")
        row = outbox_row(event, force=force, sequence=number, time=self.clock.now())
        return {"id": number, **dict(zip(names, row, strict=True))}

    def grade(
        self,
        grade: str = "2",
        address: str = HERE,
        people: tuple[Person, ...] = (),
        force: str = FORCE,
        incident_id: UUID | None = None,
        **place: str,
    ) -> UUID:
        """A contact was graded and waits."""
        incident_id = incident_id or new_id()
        graded = intake.IncidentGraded(
            incident=intake_types.Incident(
                incident_id=str(incident_id),
                contact_id=str(new_id()),
                force=force,
                grade=grade,
                graded_at=stamp(self.clock.now()),
            ),
            first_contact_at=stamp(self.clock.now() - timedelta(minutes=2)),
            contact=intake_types.Contact(people=people, place=Place(address=address, **place)),  # type: ignore[arg-type]
        )
        self.deliver(graded, force)
        return incident_id

    def close_incident(self, incident_id: UUID) -> None:
        """Intake closed it."""
        closed = intake_types.Incident(incident_id=str(incident_id), force=FORCE, closed_at=stamp(self.clock.now()))
        self.deliver(intake.IncidentClosed(incident=closed))

    def marker(self, number: int, version: int = 1, *, force: str = FORCE, **content: Any) -> UUID:
        """Officer safety tells of a marker, for firearms at HERE where nothing else is said."""
        event = self._marker(number, version, force, content)
        self.deliver(event, force)
        return UUID(event.marker.marker_id)

    def markers(self, contents: dict[int, dict[str, Any]]) -> None:
        """Officer safety tells of many markers, in one go."""
        self.deliver_together([self._marker(number, 1, FORCE, content) for number, content in contents.items()])

    def _marker(self, number: int, version: int, force: str, content: dict[str, Any]) -> safety.MarkerCreated:
        fields: dict[str, Any] = {
            "subject": safety_types.MarkerSubject(kind=safety_types.SUBJECT_KIND_ADDRESS, addresses=[at(HERE)]),
            "code": "FI",
            "severity": safety_types.SEVERITY_HIGHEST,
            "source": safety_types.MARKER_SOURCE_INTELLIGENCE,
            "handling_instruction": "do not enter alone",
            "state": safety_types.MARKER_STATE_ACTIVE,
            "expires_at": stamp(self.clock.now() + timedelta(days=90)),
        }
        marker = safety_types.Marker(marker_id=str(UUID(int=number)), force=force, version=version, **fields | content)
        withdrawn = marker.state == safety_types.MARKER_STATE_WITHDRAWN
        kind = safety.MarkerWithdrawn if withdrawn else safety.MarkerRevised if version > 1 else safety.MarkerCreated
        return kind(marker=marker)  # type: ignore[return-value]  # the three are alike

    def confirm(self, seconds_ago: float = 0.0, markers: int | None = None) -> None:
        """Officer safety says that all it has was told, by the clock of the machine."""
        (held,) = self.rows("select held_markers from marker_replica")
        confirmed = safety.MarkerLedgerConfirmed(
            marker_id=str(UUID(int=0)),
            as_of=stamp(datetime.now(UTC) - timedelta(seconds=seconds_ago)),
            markers=held["held_markers"] if markers is None else markers,
        )
        self.deliver(confirmed, "*")

    def unit(self, callsign: str, *skills: str, force: str = FORCE, tested: bool = True) -> UUID:
        """A unit whose one officer bears its callsign, on duty."""

        async def make(unit: Unit, tx: Transaction) -> None:
            await unit_store.add_unit(tx, unit)
            crew = (CrewMember(f"officer-{callsign}", tuple(Skill(code) for code in skills)),)
            radio = f"radio-{callsign}"
            shift_ends_at = tx.now + timedelta(hours=8)
            passed = [radio] if tested else []
            await unit_store.keep_unit(tx, book_on(unit, crew, (radio,), passed, shift_ends_at, tx.now))

        unit = register(new_id(), force, callsign, self.clock.now())
        self.handle(make, unit)
        return unit.id

    def later(self, **by: float) -> None:
        """Time passes, and what falls due happens."""
        self.clock.advance(timedelta(**by))
        self.fire()

    def fire(self) -> None:
        """What is due happens."""
        self._ledgers.run(self.dispatch.fire())

    # What people do.

    def handle(
        self,
        handler: Callable[[Any, Transaction], Awaitable[Result]],
        command: object,
        *roles: str,
        subject: str = "dispatcher-1",
        force: str = FORCE,
    ) -> Result:
        """Runs a use case for somebody with these roles."""

        async def attempt() -> Result:
            async with self.dispatch.work.begin(Caller(subject, force, frozenset(roles or (DISPATCHER,)))) as tx:
                return await handler(command, tx)

        return self._ledgers.run(attempt())

    def assign(self, incident_id: UUID, unit_id: UUID, *skills: str, confirm: bool = False) -> Assignment:
        command = assignment_handlers.AssignUnit(incident_id, unit_id, frozenset(skills), confirm)
        return self.handle(assignment_handlers.assign_unit, command)

    def acknowledge(self, assignment_id: UUID, subject: str) -> Assignment:
        """An officer taps."""
        handler = assignment_handlers.acknowledge_assignment
        return self.handle(handler, assignment_id, OFFICER, subject=subject)

    def acknowledge_hazard(self, assignment_id: UUID, version: int, subject: str) -> Assignment:
        command = hazard_handlers.AcknowledgeHazard(assignment_id, version)
        return self.handle(hazard_handlers.acknowledge_hazard, command, OFFICER, subject=subject)

    def arrive(self, assignment: Assignment) -> None:
        """The crew sets status 6."""

        async def set_status(unit_id: UUID, tx: Transaction) -> None:
            await sending.arrived(tx, await unit_store.unit(tx, unit_id, lock=True), tx.now)

        self.handle(set_status, assignment.unit_id)

    def stand_down(self, assignment_id: UUID) -> Assignment:
        command = assignment_handlers.StandDownUnit(assignment_id, "another unit is nearer")
        return self.handle(assignment_handlers.stand_down_unit, command)

    def reassign(self, assignment_id: UUID, incident_id: UUID) -> Assignment:
        command = assignment_handlers.ReassignUnit(assignment_id, incident_id, frozenset(), "needed more there")
        return self.handle(assignment_handlers.reassign_unit, command)

    def result(self, incident_id: UUID, result: str = "ATTENDED") -> Incident:
        command = assignment_handlers.ResultIncident(incident_id, result)
        return self.handle(assignment_handlers.result_incident, command)

    # What can be seen.

    def incident(self, incident_id: UUID, force: str = FORCE) -> tuple[Incident, list[Assignment]]:
        return self.handle(sharing_handlers.get_incident, incident_id, force=force)

    def assignment(self, assignment_id: UUID) -> Assignment:
        (row,) = self.rows("select incident_id from assignment where id = $1", assignment_id)
        return next(one for one in self.incident(row["incident_id"])[1] if one.id == assignment_id)

    def tasks(self, *, done: bool = False, force: str = FORCE) -> list[Task]:
        command = task_handlers.ListTasks(TaskKind.UNSPECIFIED, done, None, 500)
        return self.handle(task_handlers.list_tasks, command, force=force)

    def rows(self, sql: str, *args: object) -> list[Row]:
        return self._ledgers.run(self.dispatch.rows(sql, *args))

    def told(self, subject: UUID) -> list[str]:
        """The events of a record so far, in order."""
        rows = self.rows("select type, sequence from outbox where subject = $1 order by id", str(subject))
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        return [row["type"].rpartition(".")[2] for row in rows]

    def events(self, kind: str) -> list[Any]:
        """The events of a kind, in order."""
        rows = self.rows("select payload from outbox where type = $1 order by id", f"peel.dispatch.v1.{kind}")
        return [getattr(events, kind).FromString(row["payload"]) for row in rows]

    def shown(self, kind: str, force: str = FORCE) -> list[types.BoardChange]:
        """The changes of the board of a kind of record."""
        sql = "select body from board_change where kind = $1 and force = $2 order by id"
        return [types.BoardChange.FromString(row["body"]) for row in self.rows(sql, kind, force)]

    def everything(self) -> list[list[Row]]:
        """All that the database holds but its counters."""
        tables = (
            "unit",
            "incident",
            "assignment",
            "task",
            "marker",
            "marker_replica",
            "timer",
            "outbox",
            "board_change",
        )
        return [self.rows(f"select * from {table} order by 1") for table in tables]

    def timers(self, subject: UUID) -> set[str]:
        """The clocks that run for a record."""
        rows = self.rows("select kind from timer where subject = $1 and state = 'WAITING'", subject)
        return {row["kind"] for row in rows}


def desks(ledgers: Ledgers) -> Iterator[Desk]:
    """One desk, undone at its end."""
    desk = Desk(ledgers)
    yield desk
    desk.close()
