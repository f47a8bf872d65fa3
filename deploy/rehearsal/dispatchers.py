"""Dispatchers send a unit to each graded incident, and see to it that its crew knows what it goes to."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import grpc

from deploy.people.line import Line, reason_of
from deploy.people.waiting import until
from deploy.rehearsal.contacts import PlannedContact
from deploy.rehearsal.crew import Crew
from deploy.rehearsal.emergency_desk import EmergencyDesk
from deploy.rehearsal.events import DrawnEvents, events_of
from deploy.rehearsal.patrols import SKILL, Patrol, Patrols
from deploy.rehearsal.stuck import RehearsalStuck
from peel.dispatch.v1 import api_pb2 as api
from peel.dispatch.v1 import types_pb2 as types
from peel.safety.v1 import api_pb2 as safety
from peel.safety.v1 import device_api_pb2 as devices

_TOLD_SECONDS = 60.0
_NOT_YET, _IN_EMERGENCY = "NOT_FOUND", "UNIT_IN_EMERGENCY"
# The one of this scene is not heard of yet; the last one of the unit may have become an emergency.
_NO_TIMER = ("NO_WELFARE_TIMER", "WELFARE_IS_EMERGENCY")

Attended: TypeAlias = Callable[[PlannedContact, str], None]


@dataclass(slots=True)
class Sent:
    """What came of it so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    updates_expected: int = 0
    updates_acknowledged: int = 0
    welfare_expected: int = 0
    welfare_expired: int = 0

    @property
    def assignments(self) -> int:
        return self.outcomes.total()


class Dispatchers:
    """Knows which incidents nobody has been sent to yet."""

    def __init__(
        self, line: Line, force: str, crew: Crew, patrols: Patrols, desk: EmergencyDesk, attended: Attended
    ) -> None:
        """`attended` is told of each incident that somebody was at."""
        self._line, self._force, self._crew = line, force, crew
        self._patrols, self._desk, self._attended = patrols, desk, attended
        self._waiting: list[tuple[PlannedContact, str]] = []
        self._at_scene: list[tuple[Patrol, PlannedContact, str]] = []
        self.sent = Sent()

    def queue(self, contact: PlannedContact, incident_id: str) -> None:
        """An incident was graded: somebody has to go."""
        self._waiting.append((contact, incident_id))

    async def make_known(self, contacts: list[PlannedContact]) -> None:
        """The markers that are there before the month begins."""
        for contact in contacts:
            events = events_of(contact, self._force)
            if events.marker is not None and not events.known_later:
                await self._crew.take_on(self._mark, contact, events.marker)
        await self._crew.finish()

    async def send(self) -> None:
        """Sends a unit to every incident that dispatch knows of; returns once each crew is done or forgotten.

        The clock stands still meanwhile, so that no crew is called late for the rehearsal's own haste.
        """
        waiting, self._waiting = self._waiting, []
        for contact, incident_id in waiting:
            await self._crew.take_on(self._go, contact, incident_id)
        await self._crew.finish()

    async def hear_from_the_forgotten(self) -> None:
        """After the clock went on: whoever did not check in has become an emergency."""
        forgotten, self._at_scene = self._at_scene, []
        for patrol, contact, incident_id in forgotten:
            await self._desk.welfare_of(patrol.radio)
            self.sent.welfare_expired += 1
            await self._finish(patrol, contact, incident_id)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def _mark(self, contact: PlannedContact, marker: safety.MarkerContent) -> None:
        request = safety.CreateMarkerRequest(
            request_id=contact.request_for("marker"), force=self._force, content=marker
        )
        await self._line.ask(self._line.markers.CreateMarker, request, "intelligence")

    async def _go(self, contact: PlannedContact, incident_id: str) -> None:
        incident = await self._incident(incident_id)
        if incident is None:
            self._waiting.append((contact, incident_id))
            return
        events = events_of(contact, self._force)
        if incident.state == types.DISPATCH_STATE_RESULTED:
            # By an earlier replay of the same file.
            self._attended(contact, incident_id)
            return
        patrol = await self._patrols.free.get()
        assignment = await self._assign(contact, incident_id, patrol)
        self.sent.outcomes[types.HazardOutcome.Name(assignment.hazard.outcome)] += 1
        await self._told(patrol, assignment.assignment_id, 1)
        if events.known_later and events.marker is not None:
            await self._mark(contact, events.marker)
            self.sent.updates_expected += 1
            await self._told(patrol, assignment.assignment_id, 2)
            self.sent.updates_acknowledged += 1
        await self._attend(contact, incident_id, patrol, events)

    async def _attend(self, contact: PlannedContact, incident_id: str, patrol: Patrol, events: DrawnEvents) -> None:
        await self._say(patrol, types.UNIT_STATUS_EN_ROUTE, contact, "en-route")
        await self._say(patrol, types.UNIT_STATUS_AT_SCENE, contact, "at-scene")
        if events.presses:
            await self._desk.press(patrol.radio, contact.request_for("press"), contact.at)
        # Officer safety hears by Kafka that the crew is there, and the clock must not run on before it has.
        await self._check_in(patrol, contact, finished=not events.forgets)
        if events.forgets:
            self.sent.welfare_expected += 1
            self._at_scene.append((patrol, contact, incident_id))
        else:
            await self._finish(patrol, contact, incident_id)

    async def _check_in(self, patrol: Patrol, contact: PlannedContact, *, finished: bool) -> None:
        """The crew says that it is well, as soon as its welfare time runs: for the last time, or before it forgets."""
        request = devices.CheckInRequest(
            request_id=contact.request_for("check-in"), force=self._force, radio=patrol.radio, finished=finished
        )

        async def attempt() -> bool:
            try:
                await self._line.ask(self._line.devices.CheckIn, request, patrol.officer)
            except grpc.aio.AioRpcError as error:
                if reason_of(error) not in _NO_TIMER:
                    raise
                return False
            return True

        if not await until(attempt, _TOLD_SECONDS):
            raise RehearsalStuck(f"no welfare time runs for {patrol.callsign}, which is at a scene")

    async def _finish(self, patrol: Patrol, contact: PlannedContact, incident_id: str) -> None:
        request = api.ResultIncidentRequest(
            request_id=contact.request_for("result"), incident_id=incident_id, result="ATTENDED"
        )
        await self._line.ask(self._line.dispatch.ResultIncident, request, "dispatcher")
        await self._say(patrol, types.UNIT_STATUS_ON_PATROL, contact, "on-patrol")
        self._patrols.free.put_nowait(patrol)
        self._attended(contact, incident_id)

    async def _say(
        self, patrol: Patrol, status: types.UnitStatus.ValueType, contact: PlannedContact, step: str
    ) -> None:
        await self._patrols.set_status(patrol, status, contact.request_for(step))

    async def _assign(self, contact: PlannedContact, incident_id: str, patrol: Patrol) -> types.Assignment:
        request = api.AssignUnitRequest(
            request_id=contact.request_for("assign"), incident_id=incident_id, unit_id=patrol.unit_id, skills=[SKILL]
        )

        async def attempt() -> types.Assignment | None:
            try:
                return (await self._line.ask(self._line.dispatch.AssignUnit, request, "dispatcher")).assignment
            except grpc.aio.AioRpcError as error:
                if reason_of(error) != _IN_EMERGENCY:
                    raise
                # It is over, and dispatch has not heard of its end yet; or word that the crew had left a scene came
                # after the clock went on, and it counts as missing.
                await self._desk.relieve(patrol.radio)
                return None

        assignment = await until(attempt, _TOLD_SECONDS)
        if assignment is None:
            raise RehearsalStuck(f"dispatch does not hear that {patrol.callsign} is out of its emergency")
        return assignment

    async def _incident(self, incident_id: str) -> types.DispatchIncident | None:
        """None where dispatch has not heard of it yet."""
        request = api.GetDispatchIncidentRequest(incident_id=incident_id)
        try:
            return (await self._line.ask(self._line.dispatch.GetDispatchIncident, request, "dispatcher")).incident
        except grpc.aio.AioRpcError as error:
            if reason_of(error) != _NOT_YET:
                raise
            return None

    async def _told(self, patrol: Patrol, assignment_id: str, version: int) -> None:
        """Waits until the crew has acknowledged the assignment, and that version of its hazards or a later one."""
        terminal = patrol.terminal

        def acknowledged() -> bool:
            told = terminal.assignments.get(assignment_id)
            return (
                told is not None
                and told.hazard_acknowledged >= version
                and told.state >= types.ASSIGNMENT_STATE_ACKNOWLEDGED
            )

        try:
            async with asyncio.timeout(_TOLD_SECONDS):
                while not acknowledged():
                    terminal.changed.clear()
                    await terminal.changed.wait()
        except TimeoutError:
            raise RehearsalStuck(f"{patrol.callsign} did not hear version {version} of its hazards") from None
