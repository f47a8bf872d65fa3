"""Units of a test's own force, put together by what its own people ask for. All people are invented."""

import uuid
from datetime import timedelta

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as api
from peel.type.v1.place_pb2 import Point
from services.kernel.wire import stamp
from tests.integration.services.running import Running
from tests.integration.services.waiting import found

SHIFT = timedelta(hours=8)
# Subject of the token of `running.person("officer")`.
OFFICER = "test-officer"


def request_id() -> str:
    """The id of a request that is made once."""
    return str(uuid.uuid4())


def callsign() -> str:
    """A callsign that no other unit bears."""
    return f"T-{uuid.uuid4().hex[:10]}"


def radio() -> str:
    """A radio that nobody else carries."""
    return f"radio-{uuid.uuid4().hex[:12]}"


def registering(force: str) -> api.RegisterUnitRequest:
    """The registration of a unit."""
    return api.RegisterUnitRequest(request_id=request_id(), force=force, callsign=callsign())


def booking_on(
    running: Running, unit_id: str, *skills: types.Skill, radios: tuple[str, ...] = (), officer: str = OFFICER
) -> api.BookOnRequest:
    """A crew of one coming on duty with those radios, or one of its own."""
    return api.BookOnRequest(
        request_id=request_id(),
        unit_id=unit_id,
        crew=[types.CrewMember(officer_id=officer, skills=skills)],
        radios=radios or (radio(),),
        shift_ends_at=stamp(running.now + SHIFT),
    )


def status(unit_id: str, code: int, upon: str = "") -> api.SetUnitStatusRequest:
    """A status, by its number on the radio."""
    return api.SetUnitStatusRequest(
        request_id=request_id(),
        unit_id=unit_id,
        status=types.UnitStatus.ValueType(code),
        self_attach_incident_id=upon,
    )


def overriding(unit_id: str) -> api.OverrideDeviceTestRequest:
    """A supervisor's word that a unit may work."""
    return api.OverrideDeviceTestRequest(
        request_id=request_id(), unit_id=unit_id, explanation="the spare radio was heard on the talkgroup"
    )


def registered(running: Running, force: str) -> str:
    """Registers a unit; returns its id."""
    asked = running.person("supervisor", force=force).ask(running.units.RegisterUnit, registering(force))
    return asked.unit.unit_id


def on_patrol(running: Running, force: str, *skills: types.Skill) -> types.Unit:
    """A unit on patrol that may be sent: a supervisor has overridden the test of its radio."""
    unit_id = registered(running, force)
    officer, supervisor = running.person("officer", force=force), running.person("supervisor", force=force)
    officer.ask(running.units.BookOn, booking_on(running, unit_id, *skills))
    supervisor.ask(running.units.OverrideDeviceTest, overriding(unit_id))
    return officer.ask(running.units.SetUnitStatus, status(unit_id, 2)).unit


def position(
    running: Running, unit_id: str, latitude: float, longitude: float, seconds_ago: float = 0.0
) -> api.UnitPosition:
    """Where a unit was."""
    return api.UnitPosition(
        unit_id=unit_id,
        point=Point(latitude=latitude, longitude=longitude, accuracy_metres=5),
        at=stamp(running.now - timedelta(seconds=seconds_ago)),
    )


def reported(running: Running, force: str, *positions: api.UnitPosition) -> api.ReportPositionsResponse:
    """What a radio gateway is answered that reports these, each in a message of its own."""
    messages = [api.ReportPositionsRequest(force=force, positions=[one]) for one in positions]
    return running.person("radio_gateway", force=force).send(running.units.ReportPositions, messages)


def kept(running: Running, unit_id: str, latitude: float | None = None) -> types.Unit:
    """The unit, once a position of it is stored, or the one of that latitude."""
    (row,) = running.rows("dispatch", "select force from unit where id = $1", unit_id)
    auditor = running.person("auditor", force=row["force"])

    def ask() -> list[types.Unit]:
        unit = auditor.ask(running.units.GetUnit, api.GetUnitRequest(unit_id=unit_id)).unit
        return [unit] if unit.HasField("point") and latitude in (None, unit.point.latitude) else []

    return found(ask)
