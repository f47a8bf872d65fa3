"""The emergency path alone in the world: no Postgres, no Kafka, no disk (I4, R-OS-09)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from tests.integration.local.waiting import eventually
from tests.integration.safety.consoles import Console, Gateway, press
from tests.integration.safety.replicas import FORCE, NEIGHBOUR, Safety

LEVELS = (
    (10, types.ESCALATION_LEVEL_SUPERVISOR),
    (20, types.ESCALATION_LEVEL_ALL_POSITIONS),
    (30, types.ESCALATION_LEVEL_UNITS_NEARBY),
    (60, types.ESCALATION_LEVEL_NEIGHBOURING_FORCE),
)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Safety]:
    """Two replicas on a clock that is stepped; nothing else is there."""
    safety = Safety(tmp_path, rehearsal=True)
    try:
        yield safety
    finally:
        safety.down()


def opened(safety: Safety) -> list[Console]:
    for replica in safety.replicas:
        replica.start()
    who = safety.person("dispatcher")
    return [Console(replica, who, f"pod-{at}") for at, replica in enumerate(safety.replicas, 1)]


def at_level(level: int) -> Callable[[types.Emergency], bool]:
    return lambda emergency: emergency.level == level


def test_it_takes_shows_and_escalates_from_the_very_start(alone: Safety, radio: str) -> None:  # R-OS-01, R-OS-03
    consoles = opened(alone)
    one = alone.replicas[0]
    reply = alone.person("radio_gateway").ask(one.emergency.PressEmergency, press(radio))
    assert reply.durability == types.DURABILITY_LOCAL
    for console in consoles:
        assert console.until(reply.emergency_id).level == types.ESCALATION_LEVEL_UNSPECIFIED
    for seconds, reached in LEVELS:
        alone.step_to(seconds - 0.001)
        alone.step_to(seconds)
        for console in consoles:
            shown = console.until(reply.emergency_id, at_level(reached), 2)
            assert shown.escalated_at.ToNanoseconds() - reply.received_at.ToNanoseconds() == seconds * 10**9
    # Nothing but a person ends it.
    alone.step_to(7 * 86_400)
    request = api.AcknowledgeEmergencyRequest(force=FORCE, emergency_id=reply.emergency_id)
    answer = alone.person("dispatcher").ask(alone.replicas[1].emergency.AcknowledgeEmergency, request)
    assert answer.emergency.state == types.EMERGENCY_STATE_ACKNOWLEDGED
    # The database comes at last: the press, and every level that it had reached, are on record.
    alone.database_up()
    alone.start_worker()
    signals = "select kind, count(*) from signal where emergency_id::text = $1 group by kind order by kind"
    eventually(lambda: [tuple(row) for row in alone.rows(signals, reply.emergency_id)] == [(1, 1), (3, 1), (4, 4)], 20)
    told = "select type from outbox where subject = $1 order by sequence"
    eventually(lambda: len(alone.rows(told, reply.emergency_id)) == 6, 20)
    kinds = [row["type"].rsplit(".", 1)[1] for row in alone.rows(told, reply.emergency_id)]
    assert sorted(kinds) == ["EmergencyAcknowledged", *["EmergencyEscalated"] * 4, "EmergencyRaised"]
    for console in consoles:
        console.until(reply.emergency_id, lambda found: found.durability == types.DURABILITY_COMMITTED)
        console.close()


def test_next_door_sees_and_takes_what_nobody_here_took(alone: Safety, radio: str) -> None:  # R-OS-03
    ours, here = opened(alone)
    there = alone.replicas[1]
    neighbour = alone.person("dispatcher", "supervisor", force=NEIGHBOUR, name="neighbour-1")
    theirs = Console(there, neighbour, "pod-1", force=NEIGHBOUR)
    gateway = Gateway(there, alone.person("radio_gateway"))
    reply = alone.person("radio_gateway").ask(alone.replicas[0].emergency.PressEmergency, press(radio))
    here.until(reply.emergency_id)
    taking = api.AcknowledgeEmergencyRequest(force=NEIGHBOUR, emergency_id=reply.emergency_id)
    for seconds, reached in LEVELS[:-1]:
        alone.step_to(seconds)
        here.until(reply.emergency_id, at_level(reached))
    assert theirs.shows(reply.emergency_id) is None
    assert neighbour.refused(there.emergency.AcknowledgeEmergency, taking).reason == "NOT_FOUND"
    alone.step_to(60)
    shown = theirs.until(reply.emergency_id, at_level(types.ESCALATION_LEVEL_NEIGHBOURING_FORCE))
    assert (shown.force, shown.presses[0].radio) == (FORCE, radio)
    # By its gateway every level came to the radios, with neither database, Kafka nor dispatch.
    eventually(lambda: [one.alert.level for one in gateway.told if one.HasField("alert")] == [of for _, of in LEVELS])
    nearby = [one for one in gateway.told if one.alert.level == types.ESCALATION_LEVEL_UNITS_NEARBY]
    assert [(one.radio, one.alert.within_metres > 0) for one in nearby] == [(radio, True)]
    # To see it and to take it is all that they may.
    neighbour.ask(
        there.emergency.ConfirmShown,
        api.ConfirmShownRequest(force=NEIGHBOUR, emergency_id=reply.emergency_id, console="pod-1"),
    )
    for method, request in (
        (there.emergency.ClearEmergency, api.ClearEmergencyRequest(force=NEIGHBOUR, explanation="over")),
        (there.emergency.GiveSafeCode, api.GiveSafeCodeRequest(force=NEIGHBOUR, spoken_code="1234")),
    ):
        request.emergency_id = reply.emergency_id
        assert neighbour.refused(method, request).reason == "NOT_FOUND"
    taken = neighbour.ask(there.emergency.AcknowledgeEmergency, taking).emergency
    assert (taken.state, taken.acknowledged_by) == (types.EMERGENCY_STATE_ACKNOWLEDGED, "neighbour-1")
    shown = ours.until(reply.emergency_id, lambda found: found.state == types.EMERGENCY_STATE_ACKNOWLEDGED)
    assert [where.console for where in shown.shown] == [f"{NEIGHBOUR}/pod-1"]
    for stream in (ours, here, theirs, gateway):
        stream.close()


def test_without_a_disk_it_says_so_shows_and_escalates(alone: Safety, radio: str) -> None:
    """A folder that cannot be used: a file is in its place."""
    for replica in alone.replicas:
        replica.spool.write_text("no folder")
    consoles = opened(alone)
    one = alone.replicas[0]
    reply = alone.person("radio_gateway").ask(one.emergency.PressEmergency, press(radio))
    assert reply.durability == types.DURABILITY_NOT_DURABLE
    alone.step_to(10)
    for console in consoles:
        shown = console.until(reply.emergency_id, at_level(types.ESCALATION_LEVEL_SUPERVISOR))
        assert shown.durability == types.DURABILITY_NOT_DURABLE
    assert one.metric("peel_emergency_kept_total", durability="NOT_DURABLE") == 1
    assert "NOT DURABLE" in one.log.read_text()
    assert "spool" in one.page("/readyz")
    # As soon as the disk can be used it is there, without anybody's help.
    one.spool.unlink()
    for console in consoles:
        console.until(reply.emergency_id, lambda found: found.durability == types.DURABILITY_LOCAL, 20)
    alone.database_up()
    for console in consoles:
        console.until(reply.emergency_id, lambda found: found.durability == types.DURABILITY_COMMITTED, 20)
        console.close()
