"""The units of a synthetic force: on duty for the whole month, each with a tested radio and an open terminal."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from deploy.local.platform import Platform
from deploy.people.line import Line
from deploy.people.waiting import until
from deploy.rehearsal.stuck import RehearsalStuck
from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as units
from peel.safety.v1 import device_api_pb2 as devices
from services.kernel.wire import stamp
from services.watch.replicas import Replicas
from services.watch.terminal import Terminal

SAFE_CODE, DURESS_CODE = "4711", "9999"
SKILL = "RESPONSE"
_TOKEN_HOURS = 24.0
_TESTED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Patrol:
    """A unit. `officer` is whose token it calls with."""

    unit_id: str
    callsign: str
    officer: str
    radio: str
    terminal: Terminal


class Patrols:
    """All of them, and who is free."""

    def __init__(self, line: Line, force: str, on_duty: Sequence[Patrol]) -> None:
        self._line, self._force = line, force
        self.free: asyncio.Queue[Patrol] = asyncio.Queue()
        self.by_radio = {patrol.radio: patrol for patrol in on_duty}
        for patrol in on_duty:
            self.free.put_nowait(patrol)

    async def set_status(self, patrol: Patrol, status: types.UnitStatus.ValueType, step: str) -> None:
        """The crew says what it does; `step` names this saying of it."""
        request = units.SetUnitStatusRequest(request_id=_id(step), unit_id=patrol.unit_id, status=status)
        await self._line.ask(self._line.units.SetUnitStatus, request, patrol.officer)


@asynccontextmanager
async def patrols(
    line: Line, platform: Platform, force: str, count: int, shift_ends_at: datetime
) -> AsyncIterator[Patrols]:
    """So many units, on patrol, long after their shift has ended: this force is synthetic, and never sleeps."""
    on_duty = []
    for number in range(count):
        callsign, officer = f"RH{number:02d}", f"rehearsal-officer-{number:02d}"
        token = platform.authority.token(["officer"], force, officer, _TOKEN_HOURS)
        line.introduce(officer, token)
        replicas = Replicas([platform.addresses["dispatch"]], platform.authority.ca, token)
        unit_id = await _book_on(line, force, callsign, officer, shift_ends_at)
        terminal = Terminal(unit_id, replicas, acknowledges=True)
        on_duty.append(Patrol(unit_id, callsign, officer, f"radio-{callsign}", terminal))
    watching = [asyncio.create_task(patrol.terminal.run()) for patrol in on_duty]
    try:
        for patrol in on_duty:
            await patrol.terminal.watching.wait()
        yield Patrols(line, force, on_duty)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for patrol in on_duty:
            await patrol.terminal.replicas.close()


async def _book_on(line: Line, force: str, callsign: str, officer: str, shift_ends_at: datetime) -> str:
    """Registers and books on a unit, and tests its radio by the emergency path itself; returns its id, deployable."""
    registering = units.RegisterUnitRequest(request_id=_id(f"{force}/{callsign}"), force=force, callsign=callsign)
    unit_id = (await line.ask(line.units.RegisterUnit, registering, "supervisor")).unit.unit_id
    unit = (await line.ask(line.units.GetUnit, units.GetUnitRequest(unit_id=unit_id), "supervisor")).unit
    # On duty already, where the same file is replayed.
    if unit.status in (types.UNIT_STATUS_UNSPECIFIED, types.UNIT_STATUS_OFF_DUTY):
        await _begin_shift(line, force, unit, officer, shift_ends_at)
    deployable = await until(lambda: _deployable(line, unit_id, officer), _TESTED_SECONDS)
    if deployable is None:
        raise RehearsalStuck(f"dispatch did not hear that the radio of {callsign} passed its test")
    if deployable.status == types.UNIT_STATUS_ON_DUTY:
        patrol = units.SetUnitStatusRequest(
            request_id=_id(f"{unit_id}/patrol"), unit_id=unit_id, status=types.UNIT_STATUS_ON_PATROL
        )
        await line.ask(line.units.SetUnitStatus, patrol, officer)
    return unit_id


async def _begin_shift(line: Line, force: str, unit: types.Unit, officer: str, shift_ends_at: datetime) -> None:
    """The crew comes on duty, registers its codes and tests its radio."""
    unit_id, radio = unit.unit_id, f"radio-{unit.callsign}"
    booking = units.BookOnRequest(
        request_id=_id(f"{unit_id}/on"),
        unit_id=unit_id,
        crew=[types.CrewMember(officer_id=officer, skills=[types.Skill(code=SKILL)])],
        radios=[radio],
        shift_ends_at=stamp(shift_ends_at),
    )
    await line.ask(line.units.BookOn, booking, officer)
    codes = devices.SetSafeCodesRequest(
        request_id=_id(f"{unit_id}/codes"), force=force, radio=radio, safe_code=SAFE_CODE, duress_code=DURESS_CODE
    )
    await line.ask(line.devices.SetSafeCodes, codes, officer)
    test = devices.SelfTestRequest(request_id=_id(f"{unit_id}/test"), force=force, radio=radio)
    if not (tested := await line.ask(line.devices.SelfTest, test, officer)).passed:
        raise RehearsalStuck(f"the radio of {unit.callsign} failed its test: {tested.reason}")


async def _deployable(line: Line, unit_id: str, officer: str) -> types.Unit | None:
    unit = (await line.ask(line.units.GetUnit, units.GetUnitRequest(unit_id=unit_id), officer)).unit
    return unit if unit.device_test == types.DEVICE_TEST_PASSED else None


def _id(step: str) -> str:
    """The same whenever the same file is replayed."""
    return str(uuid5(NAMESPACE_URL, f"rehearsal/{step}"))
