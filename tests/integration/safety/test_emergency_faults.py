"""Postgres frozen or killed, a replica killed: each press is shown at both consoles, and stored once (I4, R-OS-09).

Kafka is down throughout.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
import pytest

from deploy.local.postgres import LocalPostgres
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from tests.integration.local.waiting import eventually
from tests.integration.safety.consoles import Console, press
from tests.integration.safety.replicas import FORCE, Replica, Safety, freeze, thaw

PRESSES = 20
LOCAL, COMMITTED = types.DURABILITY_LOCAL, types.DURABILITY_COMMITTED


@dataclass(frozen=True)
class Pressed:
    """A press, and the answer to it."""

    press_id: str
    reply: api.PressEmergencyResponse

    @property
    def emergency_id(self) -> str:
        return self.reply.emergency_id

    @property
    def durability(self) -> int:
        return self.reply.durability


def presses(safety: Safety, replica: Replica, radio: str, count: int = PRESSES) -> list[Pressed]:
    """Presses of so many radios, all at once."""
    gateway = safety.person("radio_gateway")
    names = [f"{radio}-{number}" for number in range(count)]
    with ThreadPoolExecutor(count) as at_once:
        replies = at_once.map(lambda one: gateway.ask(replica.emergency.PressEmergency, press(one, one)), names)
        return [Pressed(name, reply) for name, reply in zip(names, replies, strict=True)]


def acknowledge(safety: Safety, replica: Replica, emergency_id: str) -> api.AcknowledgeEmergencyResponse:
    request = api.AcknowledgeEmergencyRequest(force=FORCE, emergency_id=emergency_id)
    return safety.person("dispatcher", name="dispatcher-9").ask(replica.emergency.AcknowledgeEmergency, request)


def shown_at(consoles: tuple[Console, ...], replies: list[Pressed]) -> None:
    for reply in replies:
        for console in consoles:
            console.until(reply.emergency_id)


def stored_once(safety: Safety, replies: list[Pressed], acknowledged: int = 0) -> None:
    """Each press has its row, its audit row and its event, and each acknowledgement too: once."""
    ids = [reply.emergency_id for reply in replies]
    pressed = "select count(*) from signal where emergency_id::text = any($1) and kind = $2"
    eventually(lambda: safety.value(pressed, ids, 1) == len(ids), 20)
    eventually(lambda: safety.value(pressed, ids, 3) == acknowledged, 20)
    raised = "select count(*) from outbox where subject = any($1) and type like '%.EmergencyRaised'"
    eventually(lambda: safety.value(raised, ids) == len(ids), 20)
    audited = "select count(*) from audit where rpc like '%.PressEmergency' and records && $1::text[]"
    assert safety.value(audited, [f"press:{one.press_id}" for one in replies]) == len(ids)
    for count in (pressed.replace("$2", "1"), raised):
        assert safety.value(count, ids) == len(ids)


def kill(postgres: LocalPostgres) -> None:
    postgres.kill()


def start(postgres: LocalPostgres) -> None:
    postgres.start()


@pytest.mark.parametrize(("away", "back"), [(freeze, thaw), (kill, start)], ids=["frozen", "killed"])
def test_postgres_away(
    safety: Safety,
    consoles: tuple[Console, ...],
    radio: str,
    away: Callable[[LocalPostgres], None],
    back: Callable[[LocalPostgres], None],
) -> None:
    one, other = safety.replicas
    away(safety.postgres)
    began = time.monotonic()
    replies = [*presses(safety, one, radio), *presses(safety, other, f"{radio}-b")]
    # Nobody waited for the database for longer than its budget.
    assert time.monotonic() - began < 2
    assert {reply.durability for reply in replies} == {LOCAL}
    shown_at(consoles, replies)
    # What is taken at one replica may be acknowledged at the other.
    taken = [
        acknowledge(safety, other if at < PRESSES else one, one_of.emergency_id) for at, one_of in enumerate(replies)
    ]
    assert {answer.durability for answer in taken} == {LOCAL}
    for reply in replies:
        for console in consoles:
            console.until(reply.emergency_id, lambda found: found.state == types.EMERGENCY_STATE_ACKNOWLEDGED)
    assert one.metric("peel_spool_records") + other.metric("peel_spool_records") >= len(replies)
    back(safety.postgres)
    stored_once(safety, replies, acknowledged=len(replies))
    for console in consoles:
        console.until(replies[0].emergency_id, lambda found: found.durability == COMMITTED)
    safety.await_settled()
    again = presses(safety, one, f"{radio}-c", 3)
    assert {reply.durability for reply in again} == {COMMITTED}


def test_presses_while_postgres_goes_and_comes(safety: Safety, consoles: tuple[Console, ...], radio: str) -> None:
    replies = []
    for number in range(4):
        replies += presses(safety, safety.replicas[number % 2], f"{radio}-{number}-before", 5)
        safety.postgres.kill()
        replies += presses(safety, safety.replicas[number % 2], f"{radio}-{number}-during", 5)
        safety.postgres.start()
        replies += presses(safety, safety.replicas[number % 2], f"{radio}-{number}-after", 5)
    assert {reply.durability for reply in replies} <= {LOCAL, COMMITTED}
    shown_at(consoles, replies)
    stored_once(safety, replies)


def test_a_replica_killed_with_a_full_spool(safety: Safety, radio: str) -> None:
    one, other = safety.replicas
    watching = Console(other, safety.person("dispatcher"), "pod-2", confirms=True)
    freeze(safety.postgres)
    replies = presses(safety, one, radio)
    assert {reply.durability for reply in replies} == {LOCAL}
    one.process.kill()
    shown_at((watching,), replies)
    # Back without its database, it shows what it had on its disk, and what its peer knows.
    late = presses(safety, other, f"{radio}-late", 3)
    one.start()
    anew = Console(one, safety.person("dispatcher"), "pod-1")
    shown_at((anew,), [*replies, *late])
    assert anew.until(replies[0].emergency_id).durability == LOCAL
    thaw(safety.postgres)
    stored_once(safety, [*replies, *late])
    for console in (watching, anew):
        console.close()


def test_a_replica_killed_for_good(safety: Safety, radio: str) -> None:
    """What it had on its disk, another replica gives to the database in the end."""
    one, other = safety.replicas
    safety.postgres.kill()
    replies = presses(safety, one, radio, 3)
    eventually(lambda: other.metric("peel_emergency_peer_reached") == 1)
    watching = Console(other, safety.person("dispatcher"), "pod-2")
    shown_at((watching,), replies)
    one.process.kill()
    safety.postgres.start()
    stored_once(safety, replies)
    # And when it comes back with them after all, nothing is there twice.
    one.start()
    safety.await_settled()
    stored_once(safety, replies)
    watching.close()


def test_a_spool_replayed_twice(safety: Safety, radio: str) -> None:
    """As after a crash between the database's commit and the note of it."""
    one = safety.replicas[0]
    freeze(safety.postgres)
    replies = presses(safety, one, radio)
    copy = one.spool.with_name("copy")
    shutil.copytree(one.spool, copy)
    thaw(safety.postgres)
    stored_once(safety, replies)
    one.process.stop()
    shutil.rmtree(one.spool)
    copy.rename(one.spool)
    one.start()
    eventually(lambda: one.metric("peel_spool_replayed_total") >= len(replies), 20)
    safety.await_settled()
    stored_once(safety, replies)


def test_a_frozen_replica_holds_up_nobody(safety: Safety, radio: str) -> None:
    """It is told of everything as soon as it goes on, also what the database could not tell."""
    one, other = safety.replicas
    watching = Console(one, safety.person("dispatcher"))
    assert other.process.pid is not None
    os.kill(other.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        replies = presses(safety, one, radio)
        assert time.monotonic() - began < 2
        assert {reply.durability for reply in replies} == {COMMITTED}
        shown_at((watching,), replies)
        safety.postgres.kill()
        replies += presses(safety, one, f"{radio}-late", 5)
        # Long enough for the first replica to give the other up.
        eventually(lambda: one.metric("peel_emergency_peer_reached") == 0)
    finally:
        os.kill(other.process.pid, signal.SIGCONT)
    theirs = Console(other, safety.person("dispatcher"))
    shown_at((theirs,), replies)
    safety.postgres.start()
    stored_once(safety, replies)
    for console in (watching, theirs):
        console.close()


def test_a_caller_that_gives_up_has_pressed_all_the_same(
    safety: Safety, consoles: tuple[Console, ...], radio: str
) -> None:
    one = safety.replicas[0]
    freeze(safety.postgres)
    with pytest.raises(grpc.RpcError):
        safety.person("officer").ask(one.emergency.PressEmergency, press(radio, radio), seconds=0.06)
    for console in consoles:
        eventually(lambda console=console: radio in radios(console))  # type: ignore[misc]
    # Tried again, it is the same press.
    again = safety.person("officer").ask(one.emergency.PressEmergency, press(radio, radio))
    assert again.durability == LOCAL
    thaw(safety.postgres)
    stored_once(safety, [Pressed(radio, again)])


def radios(console: Console) -> set[str]:
    return {emergency.presses[0].radio for _, emergency in console.emergencies()}


def test_a_console_that_stops_reading_slows_no_other(safety: Safety, radio: str) -> None:
    """It is sent everything anew when it goes on."""
    one, who = safety.replicas[0], safety.person("dispatcher")
    fast = Console(one, who, "pod-1")
    # Else the buffers between them would take it all.
    narrow = one.connected(("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 16_384))
    stub = EmergencyServiceStub(narrow)
    slow = stub.WatchEmergencies(api.WatchEmergenciesRequest(force=FORCE), metadata=who.headers)
    began = next(iter(slow))
    assert began.snapshot_begins
    # More than any buffer between them takes, and more than is remembered for it one by one.
    replies = [reply for part in range(30) for reply in presses(safety, one, f"{radio}-{part}", 30)]
    last = time.monotonic()
    fast.until(replies[-1].emergency_id)
    # The slow one reads nothing until then: whoever waited for it would wait for ever. On a busy machine 900 presses
    # may take a moment to be read.
    assert time.monotonic() - last < 5
    shown_at((fast,), replies)
    missing = {reply.emergency_id for reply in replies}
    begun = 0
    for message in slow:
        begun += message.snapshot_begins
        missing.discard(message.emergency.emergency_id)
        if not missing:
            break
    assert begun > 0
    assert one.metric("peel_live_resyncs_total", hub="emergencies") >= 1
    slow.cancel()  # type: ignore[no-untyped-call]
    narrow.close()
    fast.close()
