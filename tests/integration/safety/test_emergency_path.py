"""A press from a radio to two consoles on two replicas, until it is cleared (R-OS-01, R-OS-02, R-OS-06). Kafka is down
throughout."""

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.type.v1.place_pb2 import Point
from services.safety.emergency.carriers import Codes
from services.safety.emergency.domain.naming import device_id
from tests.integration.local.waiting import eventually
from tests.integration.safety.consoles import Console, Gateway, press
from tests.integration.safety.replicas import FORCE, STRANGER, Safety

OPEN, ACKNOWLEDGED, CLEARED = (
    types.EMERGENCY_STATE_OPEN,
    types.EMERGENCY_STATE_ACKNOWLEDGED,
    types.EMERGENCY_STATE_CLEARED,
)
# R-OS-01: from the press to two positions, at the most.
MOST_SECONDS = 2.0
HERE = Point(latitude=53.8008, longitude=-1.5491, accuracy_metres=8)
THERE = Point(latitude=53.8026, longitude=-1.5491, accuracy_metres=8)


def acknowledged(safety: Safety, emergency_id: str, replica: int = 0, name: str = "dispatcher-1") -> types.Emergency:
    request = api.AcknowledgeEmergencyRequest(force=FORCE, emergency_id=emergency_id)
    who = safety.person("dispatcher", name=name)
    return who.ask(safety.replicas[replica].emergency.AcknowledgeEmergency, request).emergency


def clearing(emergency_id: str) -> api.ClearEmergencyRequest:
    return api.ClearEmergencyRequest(force=FORCE, emergency_id=emergency_id, explanation="seen safe and well")


def test_from_press_to_clear(safety: Safety, consoles: tuple[Console, ...], radio: str) -> None:  # R-OS-01, R-OS-02
    one = safety.replicas[0]
    gateway = Gateway(one, safety.person("radio_gateway"), radio)
    began = time.monotonic()
    reply = safety.person("radio_gateway").ask(one.emergency.PressEmergency, press(radio, point=HERE))
    assert reply.durability == types.DURABILITY_COMMITTED
    for console in consoles:
        console.until(reply.emergency_id)
        assert console.first_shown_at(reply.emergency_id) - began <= MOST_SECONDS
        shown = console.until(reply.emergency_id, lambda found: len(found.shown) == 2)
        assert (shown.state, shown.gravity) == (OPEN, types.GRAVITY_EMERGENCY)
        assert (shown.presses[0].radio, shown.point) == (radio, HERE)
        assert {where.console for where in shown.shown} == {"pod-1", "pod-2"}
        assert shown.durability == types.DURABILITY_COMMITTED
    # Acknowledged at the other replica, and cleared at this one by somebody else: no codes are known.
    taken = acknowledged(safety, reply.emergency_id, replica=1)
    assert (taken.state, taken.acknowledged_by) == (ACKNOWLEDGED, "dispatcher-1")
    consoles[0].until(reply.emergency_id, lambda found: found.state == ACKNOWLEDGED)
    supervisor = safety.person("supervisor", name="supervisor-1")
    ended = supervisor.ask(one.emergency.ClearEmergency, clearing(reply.emergency_id)).emergency
    assert (ended.state, ended.clear_explanation) == (CLEARED, "seen safe and well")
    for console in consoles:
        console.until(reply.emergency_id, lambda found: found.state == CLEARED)
    # A quick console has it on its screen before it is durable.
    eventually(lambda: sorted(gateway.of("1")[:2]) == ["DURABLE", "SHOWN"])
    eventually(lambda: gateway.of("1")[2:] == ["PERSON", "CLEARED"])
    gateway.close()


def test_who_may_not_clear(safety: Safety, consoles: tuple[Console, ...], radio: str) -> None:  # R-OS-06
    one = safety.replicas[0]
    reply = safety.person("radio_gateway").ask(one.emergency.PressEmergency, press(radio))
    supervisor = safety.person("supervisor", name="supervisor-1")
    refused = supervisor.refused(one.emergency.ClearEmergency, clearing(reply.emergency_id))
    assert refused.told == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_ACKNOWLEDGED")
    acknowledged(safety, reply.emergency_id, name="supervisor-1")
    for who in (supervisor, safety.person("dispatcher", name="dispatcher-2")):
        refused = who.refused(one.emergency.ClearEmergency, clearing(reply.emergency_id))
        assert refused.told == (grpc.StatusCode.PERMISSION_DENIED, "SECOND_PERSON_NEEDED")
    code = api.GiveSafeCodeRequest(force=FORCE, emergency_id=reply.emergency_id, spoken_code="1234")
    refused = safety.person("officer").refused(one.emergency.GiveSafeCode, code)
    assert refused.told == (grpc.StatusCode.FAILED_PRECONDITION, "CODES_UNKNOWN")
    assert consoles[0].until(reply.emergency_id, lambda found: found.state == ACKNOWLEDGED)


def test_an_officer_cannot_read_what_a_duress_code_has_changed(safety: Safety, radio: str) -> None:  # R-OS-06
    one = safety.replicas[0]
    reply = safety.person("officer").ask(one.emergency.PressEmergency, press(radio))
    asked = api.GetEmergencyRequest(emergency_id=reply.emergency_id)
    refused = safety.person("officer").refused(one.emergency.GetEmergency, asked)
    assert refused.told == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")


def test_codes_are_not_guessed_from_replica_to_replica(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:  # R-OS-06
    codes = Codes.of("4711", "1174")
    sql = (
        "insert into device (device_id, force, radio, duty, safe_digest, duress_digest, salt) "
        "values ($1, $2, $3, 1, $4, $5, $6)"
    )
    safety.rows(sql, device_id(FORCE, radio), FORCE, radio, codes.safe, codes.duress, codes.salt)
    reply = safety.person("radio_gateway").ask(safety.replicas[0].emergency.PressEmergency, press(radio))
    acknowledged(safety, reply.emergency_id)
    officer = safety.person("officer")

    def given(code: str, replica: int) -> tuple[grpc.StatusCode, str]:
        said = api.GiveSafeCodeRequest(force=FORCE, emergency_id=reply.emergency_id, spoken_code=code)
        return officer.refused(safety.replicas[replica].emergency.GiveSafeCode, said).told

    wrong = (grpc.StatusCode.PERMISSION_DENIED, "CODE_WRONG")
    eventually(lambda: given("0000", 0) == wrong)
    for number, (code, replica) in enumerate((("0000", 1), ("0001", 0)), 2):
        assert given(code, replica) == wrong
        for console in consoles:
            console.until(reply.emergency_id, lambda found, number=number: found.codes_wrong == number)  # type: ignore[misc]
    for code in ("4711", "0002", "1174"):
        assert given(code, 1) == (grpc.StatusCode.FAILED_PRECONDITION, "CODES_LOCKED")
    # The last was the duress code, which nobody was told.
    for console in consoles:
        shown = console.until(reply.emergency_id, lambda found: found.gravity == types.GRAVITY_DURESS)
        assert (shown.codes_locked, shown.state) == (True, OPEN)
    acknowledged(safety, reply.emergency_id)
    refused = safety.person("dispatcher", name="dispatcher-2").refused(
        safety.replicas[0].emergency.ClearEmergency, clearing(reply.emergency_id)
    )
    assert refused.reason == "SECOND_PERSON_NEEDED"
    stored = safety.value("select count(*) from signal where emergency_id::text = $1 and kind = 8", reply.emergency_id)
    assert stored == 3


def test_presses_merge_wherever_they_arrive(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:  # R-OS-05
    gateway = safety.person("radio_gateway")
    first = gateway.ask(safety.replicas[0].emergency.PressEmergency, press(radio))
    # Before the other replica has heard of it, it says when it received it itself.
    consoles[1].until(first.emergency_id)
    again = gateway.ask(safety.replicas[1].emergency.PressEmergency, press(radio))
    second = gateway.ask(safety.replicas[1].emergency.PressEmergency, press(radio, "2"))
    assert (again.signal_id, again.received_at) == (first.signal_id, first.received_at)
    assert second.emergency_id == first.emergency_id
    for console in consoles:
        shown = console.until(first.emergency_id, lambda found: len(found.presses) == 2)
        assert [one.press_id for one in shown.presses] == ["1", "2"]
    stored = "select count(*) from signal where emergency_id::text = $1 and kind = 1"
    assert safety.value(stored, first.emergency_id) == 2
    at_once = [gateway.ask(replica.emergency.PressEmergency, press(f"{radio}-at-once")) for replica in safety.replicas]
    assert len({(reply.emergency_id, reply.signal_id) for reply in at_once}) == 1
    assert safety.value(stored, at_once[0].emergency_id) == 1


def test_a_second_officer_nearby_makes_it_graver(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:  # R-OS-05
    gateway = safety.person("radio_gateway")
    first = gateway.ask(safety.replicas[0].emergency.PressEmergency, press(radio, point=HERE))
    second = gateway.ask(safety.replicas[1].emergency.PressEmergency, press(f"{radio}-2", point=THERE))
    several = types.GRAVITY_SEVERAL_OFFICERS
    for console in consoles:
        for emergency, other in ((first, second), (second, first)):
            shown = console.until(emergency.emergency_id, lambda found: found.gravity == several)
            assert other.emergency_id in shown.nearby_emergency_ids


def test_what_can_be_read_of_a_damaged_body_is_taken(safety: Safety, consoles: tuple[Console, ...], radio: str) -> None:
    body = press(radio).SerializeToString() + b"\x32\x05\xff\xff"
    path = "/peel.safety.v1.EmergencyService/PressEmergency"
    raw = safety.replicas[0].channel.unary_unary(path, None, api.PressEmergencyResponse.FromString)
    reply = raw(body, timeout=5, metadata=safety.person("radio_gateway").headers)
    shown = consoles[1].until(reply.emergency_id)
    assert (shown.presses[0].radio, shown.presses[0].salvaged) == (radio, True)
    # Nothing at all that can be read, and values that nobody can use.
    nothing = raw(b"\xff\xff\xff", timeout=5, metadata=safety.person("radio_gateway").headers)
    assert consoles[1].until(nothing.emergency_id).presses[0].radio == ""
    odd = press(f"{radio}-3", trigger=99, point=Point(latitude=95, longitude=0), pressed_at=Timestamp(seconds=10**15))
    reply = safety.person("officer").ask(safety.replicas[0].emergency.PressEmergency, odd)
    shown = consoles[0].until(reply.emergency_id)
    assert (shown.presses[0].trigger, shown.presses[0].salvaged) == (types.TRIGGER_BUTTON, True)
    assert shown.position_source == types.POSITION_SOURCE_NONE


def test_a_token_that_expired_lately_is_taken_and_shown_as_such(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:
    one = safety.replicas[0]
    late = safety.person("officer", hours=-1)
    shown = consoles[1].until(late.ask(one.emergency.PressEmergency, press(radio)).emergency_id)
    assert shown.presses[0].token_expired
    refused = safety.person("officer", hours=-25).refused(one.emergency.PressEmergency, press(radio))
    assert refused.told == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


def test_an_unknown_device_is_taken_and_shown_as_such(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:
    reply = safety.person("officer").ask(safety.replicas[0].emergency.PressEmergency, press(radio))
    assert consoles[0].until(reply.emergency_id).carrier.duty == types.DUTY_UNKNOWN_DEVICE


def test_without_a_position_what_is_known_of_the_carrier(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:  # R-OS-04
    sql = (
        "insert into device (device_id, force, radio, callsign, crew, duty, incident_address, latitude, longitude, "
        "point_at) values ($1, $2, $3, 'W21', '{A Test,B Test}', 1, '1 Test Street', 53.8, -1.5, now())"
    )
    shown = types.Emergency()
    names = (f"{radio}-{number}" for number in range(50))

    def known() -> bool:
        # Of another radio each time: replicas hear of a carrier just after the commit, and a press waits for nobody.
        nonlocal shown
        name = next(names)
        safety.rows(sql, device_id(FORCE, name), FORCE, name)
        reply = safety.person("officer").ask(safety.replicas[1].emergency.PressEmergency, press(name))
        shown = consoles[0].until(reply.emergency_id)
        return shown.carrier.callsign == "W21"

    eventually(known)
    assert list(shown.carrier.crew) == ["A Test", "B Test"]
    assert shown.carrier.incident_address == "1 Test Street"
    assert (shown.position_source, shown.point.latitude) == (types.POSITION_SOURCE_LAST_KNOWN, 53.8)
    assert shown.HasField("position_at")


def test_another_forces_console_sees_nothing(safety: Safety, consoles: tuple[Console, ...], radio: str) -> None:
    one = safety.replicas[0]
    stranger = safety.person("dispatcher", "supervisor", force=STRANGER)
    theirs = Console(one, stranger, "pod-9", force=STRANGER)
    reply = safety.person("officer").ask(one.emergency.PressEmergency, press(radio))
    consoles[1].until(reply.emergency_id, lambda found: len(found.shown) == 2)
    for method, request in (
        (one.emergency.AcknowledgeEmergency, api.AcknowledgeEmergencyRequest(force=STRANGER)),
        (one.emergency.ConfirmShown, api.ConfirmShownRequest(force=STRANGER, console="pod-9")),
        (one.emergency.ClearEmergency, api.ClearEmergencyRequest(force=STRANGER, explanation="over")),
        (one.emergency.GetEmergency, api.GetEmergencyRequest()),
    ):
        request.emergency_id = reply.emergency_id
        assert stranger.refused(method, request).told == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    # By its own message it would be the other force's: it is not, since the token is not.
    lying = api.AcknowledgeEmergencyRequest(force=FORCE, emergency_id=reply.emergency_id)
    assert stranger.refused(one.emergency.AcknowledgeEmergency, lying).reason == "NOT_FOUND"
    listed = stranger.ask(one.emergency.ListEmergencies, api.ListEmergenciesRequest(force=STRANGER))
    assert not listed.emergencies
    assert not list(theirs.emergencies())
    theirs.close()


def test_a_console_that_comes_back_is_sent_what_it_missed(safety: Safety, radio: str) -> None:
    one, who = safety.replicas[0], safety.person("dispatcher")
    before = Console(one, who)
    first = safety.person("officer").ask(one.emergency.PressEmergency, press(radio))
    before.until(first.emergency_id, lambda found: found.durability == types.DURABILITY_COMMITTED)
    eventually(lambda: not before.messages[-1][1].HasField("emergency") or before.token != "")
    token = before.token
    before.close()
    missed = safety.person("officer").ask(one.emergency.PressEmergency, press(f"{radio}-2"))
    after = Console(one, who, token=token)
    after.until(missed.emergency_id)
    assert not any(message.snapshot_begins for _, message in after.messages)
    assert after.shows(first.emergency_id) is None
    after.close()
    # Of another replica, or of nobody: everything.
    anew = Console(safety.replicas[1], who, token=token)
    assert anew.messages[0][1].snapshot_begins
    anew.until(first.emergency_id)
    anew.until(missed.emergency_id)
    anew.close()


def test_the_worker_follows_with_events_and_a_list(safety: Safety, radio: str) -> None:
    one = safety.replicas[0]
    before = safety.person("officer").ask(one.emergency.PressEmergency, press(f"{radio}-before"))
    acknowledged(safety, before.emergency_id)
    reply = safety.person("officer").ask(one.emergency.PressEmergency, press(radio))
    events = "select type, sequence from outbox where subject = $1 order by sequence"
    eventually(lambda: len(safety.rows(events, reply.emergency_id)) == 1)
    acknowledged(safety, reply.emergency_id)
    eventually(lambda: len(safety.rows(events, reply.emergency_id)) == 2)
    told = [(row["type"].rsplit(".", 1)[1], row["sequence"]) for row in safety.rows(events, reply.emergency_id)]
    assert told == [("EmergencyRaised", 1), ("EmergencyAcknowledged", 2)]
    auditor = safety.person("auditor")
    whole = auditor.ask(one.emergency.GetEmergency, api.GetEmergencyRequest(emergency_id=reply.emergency_id))
    assert (whole.emergency.state, whole.signals[0].kind) == (ACKNOWLEDGED, types.SIGNAL_KIND_PRESSED)
    page = api.ListEmergenciesRequest(force=FORCE, page_size=1, state=ACKNOWLEDGED)
    listed = auditor.ask(one.emergency.ListEmergencies, page)
    assert [found.emergency_id for found in listed.emergencies] == [reply.emergency_id]
    page.page_token = listed.next_page_token
    assert [found.emergency_id for found in auditor.ask(one.emergency.ListEmergencies, page).emergencies] == [
        before.emergency_id
    ]


def test_every_call_is_on_record(safety: Safety, radio: str) -> None:  # I6
    one = safety.replicas[0]
    reply = safety.person("officer", name="officer-77").ask(one.emergency.PressEmergency, press(radio))
    (row,) = safety.rows("select * from audit where subject = 'officer-77'")
    assert (row["action"], row["force"]) == ("COLLECTION", FORCE)
    assert row["fields"] == ["PressEmergencyRequest.radio"]
    console = Console(one, safety.person("dispatcher", name="dispatcher-77"))
    acknowledged(safety, reply.emergency_id, name="dispatcher-77")
    acknowledged(safety, reply.emergency_id, name="dispatcher-77")
    watched = "select action, records from audit where subject = 'dispatcher-77' order by id"
    eventually(lambda: len(safety.rows(watched)) == 3)
    assert sorted(found["action"] for found in safety.rows(watched)) == ["ALTERATION", "ALTERATION", "CONSULTATION"]
    console.close()


@pytest.mark.parametrize("replica", [0, 1])
def test_levels_come_from_memory_on_time(
    safety: Safety, consoles: tuple[Console, ...], radio: str, replica: int
) -> None:
    # R-OS-03
    began = time.monotonic()
    reply = safety.person("officer").ask(safety.replicas[replica].emergency.PressEmergency, press(radio))
    for console in consoles:
        console.until(reply.emergency_id, lambda found: found.level == types.ESCALATION_LEVEL_SUPERVISOR, 12)
        assert 9.9 < time.monotonic() - began < 11
