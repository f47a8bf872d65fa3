"""A console position and a radio gateway, as clients of the public API that keep all they are sent."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from tests.integration.local.waiting import eventually
from tests.integration.safety.replicas import FORCE, Replica
from tests.integration.services.calling import Person


class Console:
    """A stream of emergencies, read by a thread of its own. `confirms`: it says that it shows what it is sent."""

    def __init__(
        self,
        replica: Replica,
        person: Person,
        name: str = "pod-1",
        *,
        confirms: bool = False,
        token: str = "",
        force: str = FORCE,
    ) -> None:
        self._replica, self._person, self.name, self._confirms = replica, person, name, confirms
        request = api.WatchEmergenciesRequest(force=force, console=name, resume_token=token)
        self._call = replica.emergency.WatchEmergencies(request, metadata=person.headers)
        self.messages: list[tuple[float, api.WatchEmergenciesResponse]] = []
        self.ended: grpc.RpcError | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        eventually(lambda: (bool(self.messages) and self.messages[-1][1].resume_token != "") or self.ended is not None)

    def _read(self) -> None:
        try:
            for message in self._call:
                self.messages.append((time.monotonic(), message))
                if self._confirms and message.HasField("emergency"):
                    self.confirm(message.emergency)
        except grpc.RpcError as error:
            self.ended = error

    def confirm(self, emergency: types.Emergency) -> None:
        if self.name in {shown.console for shown in emergency.shown}:
            return
        request = api.ConfirmShownRequest(
            force=FORCE,
            emergency_id=emergency.emergency_id,
            console=self.name,
            seen_signal_ids=emergency.alarm_signal_ids,
        )
        self._replica.emergency.ConfirmShown(request, timeout=5, metadata=self._person.headers)

    def emergencies(self) -> Iterator[tuple[float, types.Emergency]]:
        """All that it was sent, in order, each with when."""
        return ((at, one.emergency) for at, one in tuple(self.messages) if one.HasField("emergency"))

    def shows(self, emergency_id: str) -> types.Emergency | None:
        """An emergency as it was sent last."""
        found = [one for _, one in self.emergencies() if one.emergency_id == emergency_id]
        return found[-1] if found else None

    def first_shown_at(self, emergency_id: str) -> float:
        """When it was sent first, by the monotonic clock."""
        return next(at for at, one in self.emergencies() if one.emergency_id == emergency_id)

    def until(
        self, emergency_id: str, such: Callable[[types.Emergency], bool] = lambda _: True, seconds: float = 10.0
    ) -> types.Emergency:
        """The emergency as soon as it is such."""
        found: list[types.Emergency] = []

        def is_so() -> bool:
            shown = self.shows(emergency_id)
            if shown is not None and such(shown):
                found.append(shown)
            return bool(found)

        eventually(is_so, seconds)
        return found[0]

    @property
    def token(self) -> str:
        """How to go on."""
        return self.messages[-1][1].resume_token

    def close(self) -> None:
        self._call.cancel()  # type: ignore[no-untyped-call]
        self._thread.join(5)


def press(radio: str, press_id: str = "1", **parts: Any) -> api.PressEmergencyRequest:
    """A press of a radio."""
    return api.PressEmergencyRequest(force=FORCE, radio=radio, press_id=press_id, **parts)


class Gateway:
    """A stream of acknowledgements."""

    def __init__(self, replica: Replica, person: Person, radio: str = "") -> None:
        request = api.WatchAcknowledgementsRequest(force=FORCE, radio=radio)
        self._call = replica.emergency.WatchAcknowledgements(request, metadata=person.headers)
        self.told: list[api.WatchAcknowledgementsResponse] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for message in self._call:
                if not message.heartbeat:
                    self.told.append(message)
        except grpc.RpcError:
            return

    def of(self, press_id: str) -> list[str]:
        """What a press was told, in order."""
        names = api.WatchAcknowledgementsResponse.Acknowledgement
        return [
            names.Name(one.acknowledgement).removeprefix("ACKNOWLEDGEMENT_")
            for one in tuple(self.told)
            if one.press_id == press_id
        ]

    def close(self) -> None:
        self._call.cancel()  # type: ignore[no-untyped-call]
        self._thread.join(5)
