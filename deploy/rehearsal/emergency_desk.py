"""Two positions that watch for emergencies, and their people: they take each, hear the safe code, and clear it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from deploy.local.platform import Platform
from deploy.people.radio import Gateway
from deploy.rehearsal.patrols import SAFE_CODE
from deploy.rehearsal.stuck import RehearsalStuck
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.watch.console import Console
from services.watch.replicas import Replicas

_TOKEN_HOURS = 24.0
_SHOWN_SECONDS = 60.0
_TRIES = 40


class EmergencyDesk:
    """What it has seen: how many presses, how long each took to be on both screens, and which welfare times ran out."""

    def __init__(self, force: str, consoles: list[Console], gateway: Gateway) -> None:
        self._force, self._consoles, self._gateway = force, consoles, gateway
        # Seconds from each press until it was on both screens, and presses that never were.
        self.shown: list[float] = []
        self.unseen = 0
        self.cleared: set[str] = set()

    async def press(self, radio: str, press_id: str, pressed_at: datetime) -> None:
        """An officer presses; returns when the emergency is over. A press of an earlier replay is over already."""
        pressed = await self._gateway.press(radio, press_id=press_id, pressed_at=pressed_at)
        if await self._state(pressed.emergency_id) == types.EMERGENCY_STATE_CLEARED:
            return
        try:
            await self._on_screens(pressed.signal_id)
        except TimeoutError:
            self.unseen += 1
            return
        last = max(console.alarms_at[pressed.signal_id] for console in self._consoles)
        self.shown.append(last - pressed.sent_at)
        await self.deal_with(pressed.emergency_id)

    async def welfare_of(self, radio: str) -> None:
        """Waits until the welfare time of that radio has run out and become an emergency, and deals with it."""
        deadline = time.monotonic() + _SHOWN_SECONDS
        while not (found := self._by_welfare(radio)):
            self._consoles[0].changed.clear()
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await self._consoles[0].changed.wait()
            except TimeoutError:
                raise RehearsalStuck("a welfare time that ran out did not become an emergency") from None
        await self.deal_with(found)

    async def relieve(self, radio: str) -> None:
        """Deals with an emergency of that radio that a welfare time has become, if there is one."""
        if found := self._by_welfare(radio):
            await self.deal_with(found)

    async def deal_with(self, emergency_id: str) -> None:
        """A person takes it, hears the safe code, and clears it."""
        console = self._consoles[0]
        await console.acknowledge(emergency_id)
        said = api.GiveSafeCodeRequest(
            request_id=_id(emergency_id, "code"),
            force=self._force,
            emergency_id=emergency_id,
            spoken_code=SAFE_CODE,
        )
        await console.ask("GiveSafeCode", EmergencyServiceStub, said, _TRIES)
        clear = api.ClearEmergencyRequest(
            request_id=_id(emergency_id, "clear"),
            force=self._force,
            emergency_id=emergency_id,
            explanation="REHEARSAL: the officer is safe.",
            seen_signal_ids=console.alarms_seen(emergency_id),
        )
        await console.ask("ClearEmergency", EmergencyServiceStub, clear, _TRIES)
        self.cleared.add(emergency_id)

    async def _on_screens(self, signal_id: str) -> None:
        async with asyncio.timeout(_SHOWN_SECONDS):
            for console in self._consoles:
                while signal_id not in console.alarms_at:
                    console.changed.clear()
                    await console.changed.wait()

    def _by_welfare(self, radio: str) -> str | None:
        for one in self._consoles[0].emergencies.values():
            if one.state == types.EMERGENCY_STATE_CLEARED or one.emergency_id in self.cleared:
                continue
            if any(press.radio == radio and press.trigger == types.TRIGGER_WELFARE for press in one.presses):
                return one.emergency_id
        return None

    async def _state(self, emergency_id: str) -> types.EmergencyState.ValueType:
        request = api.GetEmergencyRequest(emergency_id=emergency_id)
        reply = await self._consoles[0].ask("GetEmergency", EmergencyServiceStub, request, _TRIES)
        state: types.EmergencyState.ValueType = reply.emergency.state
        return state


@asynccontextmanager
async def emergency_desk(platform: Platform, force: str) -> AsyncIterator[EmergencyDesk]:
    """Opens both positions, each at another replica."""
    addresses, authority = platform.addresses["safety-emergency"].split(","), platform.authority.ca
    dispatcher = platform.authority.token(["dispatcher"], force, "rehearsal-controller", _TOKEN_HOURS)
    radios = platform.authority.token(["radio_gateway"], force, "rehearsal-gateway", _TOKEN_HOURS)
    lines = [Replicas(addresses, authority, dispatcher, first=at) for at in range(2)]
    carrier = Replicas(addresses, authority, radios)
    consoles = [Console(f"pod-{at + 1}", force, line) for at, line in enumerate(lines)]
    watching = [asyncio.create_task(console.run()) for console in consoles]
    try:
        for console in consoles:
            await console.watching.wait()
        yield EmergencyDesk(force, consoles, Gateway(force, carrier))
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for line in (*lines, carrier):
            await line.close()


def _id(emergency_id: str, step: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"rehearsal/{emergency_id}/{step}"))
