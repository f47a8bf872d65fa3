"""Radios through the public API: tested, heard, silent, and nobody who carries one is forgotten."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import grpc
import pytest

from peel.dispatch.v1 import types_pb2 as types
from peel.dispatch.v1 import unit_api_pb2 as units
from peel.safety.v1 import device_api_pb2 as api
from peel.safety.v1 import emergency_api_pb2 as emergency_api
from peel.safety.v1 import emergency_types_pb2 as emergency_types
from peel.safety.v1.device_api_pb2_grpc import DeviceServiceStub
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from tests.integration.local.waiting import eventually
from tests.integration.services.emergencies import pressed
from tests.integration.services.incidents import graded, sent
from tests.integration.services.radios import beating, checking_in, starting, trying
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import HERE, request_id
from tests.integration.services.units import booking_on, radio, registered, status
from tests.integration.services.waiting import found
from tests.integration.services.watching import Watched, watching

REPLICAS = ("safety-emergency-1", "safety-emergency-2")
MINUTE = timedelta(minutes=1)


@contextmanager
def consoles(running: Running, force: str) -> Iterator[list[Watched[emergency_api.WatchEmergenciesResponse]]]:
    """A console at each replica, with all that is open."""
    with ExitStack() as open_streams:
        opened = []
        for number, replica in enumerate(REPLICAS, 1):
            request = emergency_api.WatchEmergenciesRequest(force=force, console=f"pod-{number}")
            method = EmergencyServiceStub(running.channels[replica]).WatchEmergencies
            stream = open_streams.enter_context(
                watching(running.person("dispatcher", force=force), method, request, 60)
            )
            stream.until(lambda reply: reply.snapshot_ends)
            opened.append(stream)
        yield opened


def of_radio(carried: str, reply: emergency_api.WatchEmergenciesResponse) -> bool:
    return any(press.radio == carried for press in reply.emergency.presses)


def carried_by(running: Running, force: str, carried: str) -> api.ListDevicesResponse:
    """The force's devices, once safety has heard who carries this one."""
    auditor = running.person("auditor", force=force)

    def ask() -> list[api.ListDevicesResponse]:
        page = auditor.ask(running.devices.ListDevices, api.ListDevicesRequest(force=force, page_size=500))
        known = [one for one in page.devices if one.radio == carried and one.carrier.duty == emergency_types.DUTY_ON]
        return [page] if known else []

    return found(ask)


def test_a_unit_may_be_sent_once_its_radio_has_passed(running: Running, force: str) -> None:  # R-OS-07
    unit_id, carried = registered(running, force), radio()
    officer = running.person("officer", force=force)
    unit = officer.ask(running.units.BookOn, booking_on(running, unit_id, radios=(carried,))).unit
    assert unit.device_test == types.DEVICE_TEST_WAITING
    assert officer.ask(running.devices.SelfTest, trying(force, carried)).passed

    def deployable() -> bool:
        asked = units.GetUnitRequest(unit_id=unit_id)
        return officer.ask(running.units.GetUnit, asked).unit.device_test == types.DEVICE_TEST_PASSED

    eventually(deployable, 20)
    (device,) = carried_by(running, force, carried).devices
    assert (device.carrier.unit_id, list(device.carrier.crew)) == (unit_id, ["test-officer"])
    off = units.BookOffRequest(request_id=request_id(), unit_id=unit_id)
    officer.ask(running.units.BookOff, off)
    row = "from device where radio = $1 and duty = 2"
    eventually(lambda: running.count("safety", row, carried) == 1, 20)


def test_who_is_at_a_scene_and_says_nothing_is_an_emergency(running: Running) -> None:  # R-OS-08
    unit_id, carried = registered(running, SHARED_FORCE), radio()
    officer = running.person("officer")
    officer.ask(running.units.BookOn, booking_on(running, unit_id, radios=(carried,)))
    assert officer.ask(running.devices.SelfTest, trying(SHARED_FORCE, carried)).passed
    eventually(lambda: running.count("dispatch", "from unit where radios = $1 and device_test = 2", [carried]) == 1, 20)
    officer.ask(running.units.SetUnitStatus, status(unit_id, 2))
    incident_id = graded(running)
    sent(running, incident_id, unit_id)
    for code in (5, 6):
        officer.ask(running.units.SetUnitStatus, status(unit_id, code))
    sql = "select minutes from welfare where unit_id = $1::text::uuid and ended_at is null"
    minutes = found(lambda: running.rows("safety", sql, unit_id))["minutes"]
    assert minutes in (10, 20)
    device = next(one for one in carried_by(running, SHARED_FORCE, carried).devices if one.radio == carried)
    assert device.carrier.incident_id == incident_id
    with consoles(running, SHARED_FORCE) as opened:
        running.advance(0.8 * minutes * MINUTE)
        warned = "from outbox where type like '%WelfareWarned' and payload like ('%' || $1 || '%')::bytea"
        eventually(lambda: running.count("safety", warned, unit_id) == 1)
        running.advance(0.2 * minutes * MINUTE)
        for console in opened:
            shown = console.until(lambda reply: of_radio(carried, reply))[-1].emergency
            assert [press.trigger for press in shown.presses] == [emergency_types.TRIGGER_WELFARE]
            assert shown.carrier.incident_address.endswith("Nowhere Crescent, Exampleford")
            assert shown.state == emergency_types.EMERGENCY_STATE_OPEN
        running.advance(timedelta(seconds=10))
        for console in opened:
            console.until(
                lambda reply: (
                    of_radio(carried, reply) and reply.emergency.level == emergency_types.ESCALATION_LEVEL_SUPERVISOR
                )
            )
    refused = officer.refused(running.devices.CheckIn, checking_in(SHARED_FORCE, carried))
    assert refused.told == (grpc.StatusCode.FAILED_PRECONDITION, "WELFARE_IS_EMERGENCY")


@pytest.mark.parametrize(("heard_at", "pressed_at"), [REPLICAS, REPLICAS[::-1], (REPLICAS[0], REPLICAS[0])])
def test_a_press_without_a_point_is_where_the_radio_was_heard(  # R-OS-04
    running: Running, force: str, heard_at: str, pressed_at: str
) -> None:
    carried = radio()
    gateway = running.person("radio_gateway", force=force)
    reply = gateway.send(
        DeviceServiceStub(running.channels[heard_at]).ReportHeartbeats, [beating(running, force, carried, HERE.point)]
    )
    assert (reply.received, reply.ignored) == (1, 0)
    method = EmergencyServiceStub(running.channels[pressed_at]).PressEmergency
    dispatcher = running.person("dispatcher", force=force)

    def placed() -> list[emergency_types.Emergency]:
        request = emergency_api.PressEmergencyRequest(force=force, radio=carried, press_id=request_id())
        taken = gateway.ask(method, request)
        asked = emergency_api.GetEmergencyRequest(emergency_id=taken.emergency_id)
        found_now = dispatcher.ask(running.emergency.GetEmergency, asked).emergency
        last = found_now.position_source == emergency_types.POSITION_SOURCE_LAST_KNOWN
        return [found_now] if last else []

    shown = found(placed, 6)
    assert shown.point == HERE.point
    assert shown.HasField("position_at")
    assert shown.carrier.duty == emergency_types.DUTY_UNKNOWN_DEVICE


def test_a_radio_on_duty_falls_silent_and_is_heard_again(running: Running, force: str) -> None:  # R-OS-07
    unit_id, carried = registered(running, force), radio()
    running.person("officer", force=force).ask(running.units.BookOn, booking_on(running, unit_id, radios=(carried,)))
    carried_by(running, force, carried)
    # By itself: of one radio nobody can tell whether it or its path is silent.
    running.advance(4 * MINUTE)
    supervisor = running.person("supervisor", force=force)
    silent_only = api.ListDevicesRequest(force=force, silent_only=True)

    def silent() -> list[str]:
        return [one.radio for one in supervisor.ask(running.devices.ListDevices, silent_only).devices]

    eventually(lambda: silent() == [carried], 10)
    gateway = running.person("radio_gateway", force=force)
    gateway.send(running.devices.ReportHeartbeats, [beating(running, force, carried)])
    eventually(lambda: silent() == [], 10)


def test_a_bad_heartbeat_ends_no_stream(running: Running, force: str) -> None:  # R-OS-07: others beat in it too
    right, wrong, after = (beating(running, force, radio()) for _ in range(3))
    wrong.heartbeats[0].ClearField("at")
    gateway = running.person("radio_gateway", force=force)
    tally = gateway.send(running.devices.ReportHeartbeats, [right, wrong, after])
    assert (tally.received, tally.ignored) == (3, 1)
    heard = [one.heartbeats[0].radio for one in (right, after)]
    assert running.count("safety", "from device where radio = any($1)", heard) == 2


def test_a_welfare_timer_is_started_again_and_ended(running: Running, force: str) -> None:  # R-OS-08
    carried = radio()
    dispatcher = running.person("dispatcher", force=force)
    refused = dispatcher.refused(running.devices.CheckIn, checking_in(force, carried))
    assert refused.told == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    for minutes in (0, 241):
        refused = dispatcher.refused(running.devices.StartWelfareTimer, starting(force, carried, minutes))
        assert set(refused.fields) == {"minutes"}
    begun = dispatcher.ask(running.devices.StartWelfareTimer, starting(force, carried)).welfare
    again = dispatcher.ask(running.devices.CheckIn, checking_in(force, carried)).welfare
    assert again.welfare_id == begun.welfare_id
    assert not dispatcher.ask(running.devices.CheckIn, checking_in(force, carried, finished=True)).HasField("welfare")
    refused = dispatcher.refused(running.devices.CheckIn, checking_in(force, carried))
    assert refused.told == (grpc.StatusCode.FAILED_PRECONDITION, "NO_WELFARE_TIMER")


def test_the_path_of_the_site_is_proven(running: Running) -> None:  # R-OS-07
    seen = 'peel_probe_presses_total{force="west-yorkshire",outcome="seen",site="wakefield"}'

    def proven() -> bool:
        return any(line.startswith(seen) for line in running.page("safety-probe", "/metrics")[1].splitlines())

    eventually(proven, 80)
    for replica in REPLICAS:
        _, text = running.page(replica, "/metrics")
        unproven = 'peel_emergency_path_unproven_seconds{force="west-yorkshire",site="wakefield"} '
        (line,) = [line for line in text.splitlines() if line.startswith(unproven)]
        assert float(line.removeprefix(unproven)) < 80


def test_a_crew_that_presses_is_known(running: Running, force: str) -> None:  # R-OS-04
    unit_id, carried = registered(running, force), radio()
    running.person("officer", force=force).ask(running.units.BookOn, booking_on(running, unit_id, radios=(carried,)))
    carried_by(running, force, carried)
    with consoles(running, force) as opened:
        pressed(running, force, carried)
        for console in opened:
            shown = console.until(lambda reply: of_radio(carried, reply))[-1].emergency
            assert (shown.carrier.unit_id, list(shown.carrier.crew)) == (unit_id, ["test-officer"])
            assert shown.point == HERE.point
