"""A press from a radio to two consoles on two replicas, until it is cleared, with everything up (R-OS-01, R-OS-02)."""

from collections.abc import Iterator
from itertools import count

import pytest

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from tests.integration.safety.consoles import Console, Gateway
from tests.integration.safety.replicas import FORCE, Safety

_NUMBERS = count(2341000)


@pytest.fixture(scope="module")
def safety(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Safety]:
    safety = Safety(tmp_path_factory.mktemp("safety"))
    try:
        safety.up()
        yield safety
    finally:
        safety.down()


@pytest.fixture
def radio() -> str:
    return str(next(_NUMBERS))


@pytest.fixture
def consoles(safety: Safety) -> Iterator[tuple[Console, Console]]:
    """One on each replica, each confirming what it shows."""
    people = [safety.person("dispatcher", name=f"dispatcher-{number}") for number in (1, 2)]
    one, other = (
        Console(replica, person, f"pod-{number}", confirms=True)
        for number, (replica, person) in enumerate(zip(safety.replicas, people, strict=True), 1)
    )
    yield one, other
    one.close()
    other.close()


def press(radio: str, press_id: str = "1", **parts: object) -> api.PressEmergencyRequest:
    return api.PressEmergencyRequest(force=FORCE, radio=radio, press_id=press_id, **parts)  # type: ignore[arg-type]


def test_a_press_is_durable_and_shown_at_both_consoles(
    safety: Safety, consoles: tuple[Console, Console], radio: str
) -> None:  # R-OS-01, R-OS-02
    gateway = Gateway(safety.replicas[0], safety.person("radio_gateway"))
    reply = safety.person("radio_gateway").ask(safety.replicas[0].emergency.PressEmergency, press(radio))
    assert reply.durability == types.DURABILITY_COMMITTED
    for console in consoles:
        shown = console.until(reply.emergency_id, lambda one: len(one.shown) == 2)
        assert shown.state == types.EMERGENCY_STATE_OPEN
        assert shown.presses[0].radio == radio
        assert {one.console for one in shown.shown} == {"pod-1", "pod-2"}
    assert (
        safety.value("select count(*) from signal where emergency_id::text = $1 and kind = 1", reply.emergency_id) == 1
    )
    gateway.close()
    assert gateway.of("1")[:1] == ["DURABLE"]
