"""Devices are tested by the path that a press takes (R-OS-07), and their carriers give it their codes (R-OS-06)."""

from uuid import uuid4

import grpc

from peel.safety.v1 import emergency_api_pb2 as emergency
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1 import events_pb2 as events
from services.safety.emergency.domain.naming import device_id
from tests.integration.local.waiting import eventually
from tests.integration.safety.consoles import Console, press
from tests.integration.safety.radios import DURESS, SAFE, codes, devices, self_test
from tests.integration.safety.replicas import FORCE, Safety

NONE_OF_THE_CREW = "somebody-else"


def _on_duty(safety: Safety, radio: str, officer: str) -> None:
    """As after the event of a booking-on."""
    safety.rows(
        "insert into device (device_id, force, radio, unit_id, callsign, crew, duty, duty_since) "
        "values ($1, $2, $3, $4, 'T1', $5, 1, now())",
        device_id(FORCE, radio),
        FORCE,
        radio,
        uuid4(),
        [officer],
    )


def test_a_self_test_is_a_press_that_a_watcher_saw(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:  # R-OS-07
    gateway, one = safety.person("radio_gateway"), safety.replicas[0]
    request = self_test(radio)
    reply = gateway.ask(devices(one).SelfTest, request)
    assert (reply.passed, reply.reason) == (True, "")
    assert 0 < reply.seconds < 2
    assert (reply.device.radio, reply.device.test_passed) == (radio, True)
    assert reply.device.HasField("tested_at")
    assert reply.device.HasField("heard_at")
    assert gateway.ask(devices(one).SelfTest, request) == reply
    told = safety.rows("select type, sequence, payload from outbox where subject = $1", reply.device.device_id)
    ((kind, sequence, payload),) = told
    assert (kind, sequence) == ("peel.safety.v1.DeviceTested", 1)
    assert events.DeviceTested.FromString(payload).device == reply.device
    # The press is on record as what it was, and no console is bothered with it.
    stored = [types.Signal.FromString(row["body"]) for row in safety.rows("select body from signal where synthetic")]
    assert {signal.press.trigger for signal in stored if signal.press.radio == radio} == {types.TRIGGER_SYNTHETIC}
    assert not any(one.synthetic for console in consoles for _, one in console.emergencies())


def test_a_self_test_proves_no_site(safety: Safety, radio: str) -> None:  # R-OS-07
    one = safety.replicas[0]
    watcher = safety.person("service", name="probe")
    stream = one.emergency.WatchEmergencies(
        emergency.WatchEmergenciesRequest(force=FORCE, console="probe", synthetic=True), metadata=watcher.headers
    )
    safety.person("radio_gateway").ask(devices(one).SelfTest, self_test(radio))
    shown = next(one.emergency for one in stream if any(press.radio == radio for press in one.emergency.presses))
    stream.cancel()  # type: ignore[no-untyped-call]
    confirming = emergency.ConfirmShownRequest(force=FORCE, emergency_id=shown.emergency_id, console="probe")
    watcher.ask(one.emergency.ConfirmShown, confirming)
    assert one.metric("peel_emergency_path_unproven_seconds", force=FORCE, site="wakefield") > 0
    assert 'site=""' not in one.page("/metrics")


def test_both_replicas_know_the_codes_of_whoever_set_them(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:  # R-OS-06
    one, two = safety.replicas
    officer = safety.person("officer", name="officer-1")
    _on_duty(safety, radio, "officer-1")
    refused = safety.person("officer", name=NONE_OF_THE_CREW).refused(devices(one).SetSafeCodes, codes(radio))
    assert refused.told == (grpc.StatusCode.PERMISSION_DENIED, "NOT_OF_CREW")
    assert officer.ask(devices(one).SetSafeCodes, codes(radio)).device.codes_known
    assert safety.value("select codes_by from device where radio = $1", radio) == "officer-1"
    pressed = safety.person("radio_gateway").ask(two.emergency.PressEmergency, press(radio)).emergency_id
    consoles[1].until(pressed)
    wrong = emergency.GiveSafeCodeRequest(force=FORCE, emergency_id=pressed, spoken_code="0000")

    def told() -> str:
        return str(officer.refused(two.emergency.GiveSafeCode, wrong).reason)

    eventually(lambda: told() == "CODE_WRONG")
    right = emergency.GiveSafeCodeRequest(force=FORCE, emergency_id=pressed, spoken_code=SAFE)
    officer.ask(two.emergency.GiveSafeCode, right)
    assert consoles[0].until(pressed, lambda found: found.safe_code_given)
    stored = safety.rows("select safe_digest, duress_digest from device where radio = $1", radio)
    assert not {SAFE.encode(), DURESS.encode()} & {bytes(part) for part in stored[0]}


def test_codes_that_are_none(safety: Safety, radio: str) -> None:
    asking = safety.person("supervisor")
    for parts, fields in (
        ({"safe_code": "123"}, {"safe_code"}),
        ({"safe_code": "12345678901234"}, {"safe_code"}),
        ({"duress_code": "12ab"}, {"duress_code"}),
        ({"safe_code": SAFE, "duress_code": SAFE}, {"duress_code"}),
        ({"radio": ""}, {"radio"}),
    ):
        request = codes(**({"radio": radio} | parts))
        refused = asking.refused(devices(safety.replicas[0]).SetSafeCodes, request)
        assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
        assert set(refused.fields) == fields
    assert safety.value("select count(*) from device where radio = $1", radio) == 0


def test_without_postgres_a_self_test_says_so(safety: Safety, radio: str) -> None:
    safety.postgres.stop()
    refused = safety.person("radio_gateway").refused(devices(safety.replicas[0]).SelfTest, self_test(radio))
    assert refused.code is grpc.StatusCode.UNAVAILABLE
