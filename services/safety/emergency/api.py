"""The gRPC doors of the emergency path: request to command, result to reply. No logic."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_api_pb2_grpc as api_grpc
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.door import Context
from services.kernel.errors import Invalid, Violation
from services.kernel.ids import new_id
from services.kernel.usecases import UseCases
from services.kernel.validation import Check
from services.kernel.wire import stamp
from services.safety.emergency import handlers, ledger
from services.safety.emergency.desk import Desk
from services.safety.emergency.domain.folding import EmergencyState
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held_messages import readable
from services.safety.emergency.messages import press_from
from services.safety.emergency.telling import Devices, Gateways
from services.safety.emergency.watching import Consoles, Wanted

_CONSOLE_LONGEST = 64
_MOST_SEEN = 10_000
_MOST_PUSHED = 500


class EmergencyDoor(api_grpc.EmergencyServiceServicer):
    def __init__(self, cases: UseCases, desk: Desk, consoles: Consoles, gateways: Gateways) -> None:
        self._cases, self._desk = cases, desk
        self._consoles, self._gateways = consoles, gateways

    async def PressEmergency(self, request: api.PressEmergencyRequest, context: Context) -> api.PressEmergencyResponse:
        call = self._desk.call
        press = press_from(
            request,
            salvaged=call.salvaged,
            token_expired=call.token_expired,
            ours=call.caller.may("ROLE_SERVICE"),
        )
        taken = await handlers.take_press(handlers.TakePress(press, call.request_id or new_id()), self._desk)
        return api.PressEmergencyResponse(
            emergency_id=str(taken.signal.emergency_id),
            signal_id=str(taken.signal.id),
            durability=_durability(taken.durability),
            received_at=stamp(taken.signal.at),
        )

    async def WatchEmergencies(
        self, request: api.WatchEmergenciesRequest, context: Context
    ) -> AsyncGenerator[api.WatchEmergenciesResponse, None]:
        wanted = Wanted(request.force, request.resume_token, request.synthetic)
        async for reply in self._cases.standing(self._consoles.stream(wanted), lambda reply: reply):
            yield reply

    async def ConfirmShown(self, request: api.ConfirmShownRequest, context: Context) -> api.ConfirmShownResponse:
        check = Check(self._desk.now)
        command = handlers.ConfirmShown(
            check.uuid("emergency_id", request.emergency_id),
            check.text("console", request.console, longest=_CONSOLE_LONGEST, required=True),
            _seen(check, request.seen_signal_ids),
        )
        check.done()
        return api.ConfirmShownResponse(durability=_durability(await handlers.confirm_shown(command, self._desk)))

    async def AcknowledgeEmergency(
        self, request: api.AcknowledgeEmergencyRequest, context: Context
    ) -> api.AcknowledgeEmergencyResponse:
        check = Check(self._desk.now)
        command = handlers.Acknowledge(
            check.uuid("emergency_id", request.emergency_id),
            check.text("console", request.console, longest=_CONSOLE_LONGEST),
            _seen(check, request.seen_signal_ids),
        )
        check.done()
        durability = await handlers.acknowledge(command, self._desk)
        return api.AcknowledgeEmergencyResponse(
            emergency=self._desk.message(command.emergency_id), durability=_durability(durability)
        )

    async def GiveSafeCode(self, request: api.GiveSafeCodeRequest, context: Context) -> api.GiveSafeCodeResponse:
        check = Check(self._desk.now)
        command = handlers.GiveSafeCode(
            check.uuid("emergency_id", request.emergency_id),
            check.text("spoken_code", request.spoken_code, longest=12, required=True),
            _attempt(request.request_id),
        )
        check.done()
        return api.GiveSafeCodeResponse(durability=_durability(await handlers.give_safe_code(command, self._desk)))

    async def ClearEmergency(self, request: api.ClearEmergencyRequest, context: Context) -> api.ClearEmergencyResponse:
        check = Check(self._desk.now)
        command = handlers.Clear(
            check.uuid("emergency_id", request.emergency_id),
            check.text("explanation", request.explanation, longest=1000, required=True),
            _seen(check, request.seen_signal_ids),
        )
        check.done()
        durability = await handlers.clear(command, self._desk)
        return api.ClearEmergencyResponse(
            emergency=self._desk.message(command.emergency_id), durability=_durability(durability)
        )

    async def WatchAcknowledgements(
        self, request: api.WatchAcknowledgementsRequest, context: Context
    ) -> AsyncGenerator[api.WatchAcknowledgementsResponse, None]:
        check = Check(self._desk.now)
        # An officer hears of a radio that they name, a gateway of all that it carries, and whom to alert.
        gateway = self._desk.call.caller.may("ROLE_RADIO_GATEWAY")
        radio = check.text("radio", request.radio, longest=64, required=not gateway)
        devices = Devices(request.force, radio, alerts=gateway and not radio)
        check.done()
        async for reply in self._cases.standing(self._gateways.stream(devices), lambda reply: reply):
            yield reply

    async def GetEmergency(self, request: api.GetEmergencyRequest, context: Context) -> api.GetEmergencyResponse:
        check = Check(self._desk.now)
        emergency_id = check.uuid("emergency_id", request.emergency_id)
        check.done()
        return await self._cases.handle(ledger.get_emergency, emergency_id, ledger.whole, api.GetEmergencyResponse)

    async def ListEmergencies(
        self, request: api.ListEmergenciesRequest, context: Context
    ) -> api.ListEmergenciesResponse:
        check = Check(self._desk.now)
        state = check.known("state", request.state, EmergencyState, required=False)
        page = self._cases.pages.page(request, check)
        command = ledger.ListEmergencies(state, request.synthetic, page.position, page.limit)
        return await self._cases.handle(
            ledger.list_emergencies,
            command,
            lambda found: api.ListEmergenciesResponse(
                emergencies=[one.message for one in page.items(found)],
                next_page_token=page.next_token(found, lambda one: one.place),
            ),
            api.ListEmergenciesResponse,
        )


class PeerDoor(api_grpc.PeerServiceServicer):
    def __init__(self, desk: Desk, replica: str) -> None:
        """`replica` is this one's name."""
        self._desk, self._replica = desk, replica

    async def PushSignals(self, request: api.PushSignalsRequest, context: Context) -> api.PushSignalsResponse:
        if len(request.signals) > _MOST_PUSHED:
            raise Invalid([Violation("signals", f"must have at most {_MOST_PUSHED} entries")])
        return api.PushSignalsResponse(
            added=handlers.hear(readable(request.signals), self._desk), replica=self._replica
        )


def _attempt(request_id: str) -> UUID:
    """The call's own id. One made of its body would be made of the code, and what names a signal is kept for ever."""
    try:
        return UUID(request_id)
    except ValueError:
        return new_id()


def _seen(check: Check, ids: Sequence[str]) -> frozenset[UUID] | None:
    """The alarms that a console had; None where it does not say."""
    given = check.entries("seen_signal_ids", ids, most=_MOST_SEEN)
    return frozenset(check.uuid(f"seen_signal_ids[{at}]", one) for at, one in enumerate(given)) or None


def _durability(durability: Durability) -> types.Durability.ValueType:
    return types.Durability.ValueType(durability)
