"""Two processes of dispatch on one database, whose transactions meet."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from peel.intake.v1 import events_pb2 as intake
from peel.intake.v1 import types_pb2 as intake_types
from peel.safety.v1 import types_pb2 as safety
from peel.type.v1.place_pb2 import Place
from services.dispatch.assignments import handlers as assignment_handlers
from services.dispatch.assignments import store as assignment_store
from services.dispatch.domain.records import Assignment, CrewMember
from services.dispatch.hazards import changed_markers
from services.dispatch.incidents import handlers as incident_handlers
from services.dispatch.incidents.messages import incident_from
from services.dispatch.markers.messages import marker_from
from services.dispatch.units import store as unit_store
from services.dispatch.units.domain.units import book_on, register
from services.kernel.caller import Caller, service_itself
from services.kernel.ids import new_id
from services.kernel.transaction import UnitOfWork
from services.kernel.wire import stamp
from tests.integration.dispatch.desk import HERE, at

FORCE = "west-yorkshire"
WORKER = service_itself("dispatch", FORCE)
DISPATCHER = Caller("dispatcher-1", FORCE, frozenset({"ROLE_DISPATCHER"}))


class Side:
    """A process of dispatch, on one database with another."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work

    async def incident(self) -> UUID:
        """An incident at HERE, with a replica that is fresh."""
        graded = intake_types.Incident(
            incident_id=str(new_id()), contact_id=str(new_id()), force=FORCE, grade="2", graded_at=_now()
        )
        contact = intake_types.Contact(place=Place(address=HERE))
        incident = incident_from(intake.IncidentGraded(incident=graded, first_contact_at=_now(), contact=contact))
        async with self.work.begin(WORKER) as tx:
            await incident_handlers.register_incident(incident, tx)
            await changed_markers.confirm_ledger(datetime.now(UTC), 0, tx)
        return incident.id

    async def unit(self) -> UUID:
        unit = register(new_id(), FORCE, f"WY-{new_id().hex[-8:]}", datetime.now(UTC))
        async with self.work.begin(DISPATCHER) as tx:
            await unit_store.add_unit(tx, unit)
            radio = f"radio-{unit.callsign}"
            crew = (CrewMember("officer-1"),)
            await unit_store.keep_unit(tx, book_on(unit, crew, (radio,), [radio], tx.now, tx.now))
        return unit.id

    @asynccontextmanager
    async def sending(self, incident_id: UUID, unit_id: UUID) -> AsyncIterator[Assignment]:
        """A unit is being sent: what is done in the block is done before that commits."""
        async with self.work.begin(DISPATCHER) as tx:
            command = assignment_handlers.AssignUnit(incident_id, unit_id, frozenset(), confirm_pre_emption=False)
            yield await assignment_handlers.assign_unit(command, tx)

    @asynccontextmanager
    async def marking(self, number: int) -> AsyncIterator[None]:
        """A marker at HERE is being applied."""
        async with self.work.begin(WORKER) as tx:
            subject = safety.MarkerSubject(kind=safety.SUBJECT_KIND_ADDRESS, addresses=[at(HERE)])
            marker = safety.Marker(
                marker_id=str(UUID(int=number)),
                force=FORCE,
                version=1,
                subject=subject,
                code="FI",
                severity=safety.SEVERITY_HIGHEST,
                source=safety.MARKER_SOURCE_INTELLIGENCE,
            )
            await changed_markers.apply_marker(marker_from(marker), marker.SerializeToString(), tx)
            yield

    async def newest(self, assignment: Assignment) -> Assignment:
        async with self.work.begin(DISPATCHER) as tx:
            return await assignment_store.assignment(tx, assignment.id, FORCE)


def _now() -> Any:
    return stamp(datetime.now(UTC))


Test: TypeAlias = Callable[[Side, Side], Awaitable[None]]
Two: TypeAlias = Callable[[Test], None]


async def strike(side: Side, kind: str, subject: UUID, act: Callable[..., Awaitable[None]], *more: object) -> None:
    """A timer fires, as the timer loop has it fire."""
    async with side.work.begin(WORKER) as tx:
        sql = "update timer set state = 'FIRED', settled_at = now() where kind = $1 and subject = $2 returning id"
        assert await tx.all(sql, kind, subject)
        await act(subject, FORCE, *more, tx)
