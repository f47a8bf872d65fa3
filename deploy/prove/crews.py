"""Units on duty, as they come on duty: registered, booked on, radio tested, on patrol, terminal open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from deploy.people.waiting import until
from deploy.prove.stage import FORCE, Stage
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as units
from peel.safety.v1 import device_api_pb2 as devices
from services.kernel.clock import SystemClock
from services.kernel.wire import stamp
from services.watch.replicas import Replicas
from services.watch.terminal import Terminal

_SHIFT = timedelta(hours=8)
_TESTED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Crew:
    """A unit and its terminal. `role` is by which its crew calls."""

    unit_id: str
    callsign: str
    role: str
    radio: str
    terminal: Terminal


@asynccontextmanager
async def crews(stage: Stage, count: int, prefix: str) -> AsyncIterator[list[Crew]]:
    """So many units, each on patrol with an open terminal."""
    on_duty = [await _crew(stage, f"{prefix}{number:02d}") for number in range(count)]
    watching = [asyncio.create_task(crew.terminal.run()) for crew in on_duty]
    try:
        async with asyncio.timeout(20):
            for crew in on_duty:
                await crew.terminal.watching.wait()
        yield on_duty
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for crew in on_duty:
            await crew.terminal.replicas.close()


async def set_status(stage: Stage, crew: Crew, status: types.UnitStatus.ValueType) -> None:
    """The crew says what it does now."""
    request = units.SetUnitStatusRequest(request_id=str(uuid4()), unit_id=crew.unit_id, status=status)
    await stage.line.ask(stage.line.units.SetUnitStatus, request, crew.role)


async def _crew(stage: Stage, callsign: str) -> Crew:
    line, radio, role = stage.line, f"review-{callsign}", f"officer-{callsign}"
    token = stage.token("officer", role)
    line.introduce(role, token)
    registering = units.RegisterUnitRequest(request_id=str(uuid4()), force=FORCE, callsign=callsign)
    unit = (await line.ask(line.units.RegisterUnit, registering, "supervisor")).unit
    booking = units.BookOnRequest(
        request_id=str(uuid4()),
        unit_id=unit.unit_id,
        crew=[types.CrewMember(officer_id=role, skills=[types.Skill(code="RESPONSE")])],
        radios=[radio],
        shift_ends_at=stamp(SystemClock().now() + _SHIFT),
    )
    await line.ask(line.units.BookOn, booking, role)
    await _tested(stage, radio, unit.unit_id, role)
    replicas = Replicas([stage.platform.addresses["dispatch"]], stage.authority, token)
    crew = Crew(unit.unit_id, callsign, role, radio, Terminal(unit.unit_id, replicas, acknowledges=True))
    await set_status(stage, crew, types.UNIT_STATUS_ON_PATROL)
    return crew


async def _tested(stage: Stage, radio: str, unit_id: str, role: str) -> None:
    """Tests the radio by the emergency path itself; returns once dispatch has heard that it passed."""
    test = devices.SelfTestRequest(request_id=str(uuid4()), force=FORCE, radio=radio)
    reply = await stage.line.ask(stage.line.devices.SelfTest, test, "radio_gateway")
    if not reply.passed:
        raise RuntimeError(f"the self-test of a radio failed: {reply.reason}")

    async def deployable() -> bool:
        asked = units.GetUnitRequest(unit_id=unit_id)
        unit = (await stage.line.ask(stage.line.units.GetUnit, asked, role)).unit
        return unit.device_test == types.DEVICE_TEST_PASSED

    if not await until(deployable, _TESTED_SECONDS):
        raise RuntimeError("dispatch did not hear that a radio passed its test")
