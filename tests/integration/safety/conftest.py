"""Two replicas of the emergency path at work, without Kafka from the very start, and a console on each."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.integration.safety.consoles import Console
from tests.integration.safety.replicas import Safety, thaw
from tests.together import share_until

_NUMBERS = count(2341000)


@pytest.fixture(scope="session")
def _safety(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Safety]:
    safety = Safety(tmp_path_factory.mktemp("safety"))
    try:
        share_until("_safety", safety.down)
        safety.up()
        yield safety
    finally:
        safety.down()


@pytest.fixture
def safety(_safety: Safety) -> Iterator[Safety]:
    """Everything but Kafka, whatever a test left behind."""
    yield _safety
    thaw(_safety.postgres)
    if _safety.postgres.pid is None:
        _safety.postgres.start()
    for replica in _safety.replicas:
        if replica.process.pid is None:
            replica.start()
    _safety.await_settled()


@pytest.fixture
def radio() -> str:
    """A radio that no other test uses."""
    return str(next(_NUMBERS))


@pytest.fixture
def consoles(safety: Safety) -> Iterator[tuple[Console, ...]]:
    """One on each replica, each confirming what it shows."""
    people = [safety.person("dispatcher", name=f"dispatcher-{number}") for number in (1, 2)]
    opened = tuple(
        Console(replica, person, f"pod-{number}", confirms=True)
        for number, (replica, person) in enumerate(zip(safety.replicas, people, strict=True), 1)
    )
    yield opened
    for console in opened:
        console.close()
