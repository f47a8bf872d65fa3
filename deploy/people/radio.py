"""The gateway of the radios: a press is sent again, to whichever replica answers, until one has."""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import grpc

from deploy.people.line import AGAIN
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from peel.type.v1.place_pb2 import Point
from services.watch.replicas import Replicas

_CALL_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
_BACK_OFF_SECONDS = (0.02, 0.5)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press and its first acknowledgement. Times are of the monotonic clock."""

    radio: str
    press_id: str
    emergency_id: str
    signal_id: str
    durability: types.Durability.ValueType
    sent_at: float
    answered_at: float


class Gateway:
    """Carries the presses of a force's radios."""

    def __init__(self, force: str, replicas: Replicas) -> None:
        self._force, self._replicas = force, replicas

    async def press(
        self,
        radio: str,
        *,
        point: Point | None = None,
        trigger: types.Trigger.ValueType = types.TRIGGER_BUTTON,
        press_id: str = "",
        pressed_at: datetime | None = None,
    ) -> Pressed:
        """One press, with its first acknowledgement. Raises the last error where nobody answers for a minute.

        `press_id` and `pressed_at` together say which press it is: now where left out.
        """
        request = api.PressEmergencyRequest(
            force=self._force, radio=radio, press_id=press_id or str(uuid4()), trigger=trigger, point=point
        )
        request.pressed_at.FromDatetime(pressed_at or datetime.now(UTC))
        sent, delay = time.monotonic(), _BACK_OFF_SECONDS[0]
        while True:
            stub, headers = EmergencyServiceStub(self._replicas.channel), self._replicas.headers
            try:
                reply = await stub.PressEmergency(request, timeout=_CALL_SECONDS, metadata=headers)
            except grpc.aio.AioRpcError as error:
                if error.code() not in AGAIN or time.monotonic() - sent > _PATIENCE_SECONDS:
                    raise
                self._replicas.leave()
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))
                delay = min(_BACK_OFF_SECONDS[1], 2 * delay)
            else:
                now = time.monotonic()
                return Pressed(
                    radio=radio,
                    press_id=request.press_id,
                    emergency_id=reply.emergency_id,
                    signal_id=reply.signal_id,
                    durability=reply.durability,
                    sent_at=sent,
                    answered_at=now,
                )
