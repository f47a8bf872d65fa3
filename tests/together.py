"""What runs in one process, one test after the other, and what begins first.

The rest of a module is together in any case, so that its fixtures are made once. Groups go by where a test is, for
whoever deals out the tests knows no more of them; the marks of `--dist loadgroup` do not reach it with this pytest.
"""

from collections.abc import Callable
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# By the fixture that is so dear to start that all who need it share one: where they are, in their order.
_SHARING = {
    "_running": ("tests/integration/services/", "tests/telemetry/"),
    "_safety": (
        "tests/integration/safety/test_device_tests.py",
        "tests/integration/safety/test_emergency_path.py",
        # Last: it leaves many an emergency open, and every console is shown those that are.
        "tests/integration/safety/test_emergency_faults.py",
    ),
}
# What takes longest begins first, so that no process is left with it while the others have nothing more to do.
_FIRST = (
    "tests/e2e/test_month.py",
    "_running",
    "_safety",
    "tests/integration/kernel/test_worker.py",
    "tests/integration/safety/test_emergency_alone.py",
    "tests/integration/local/test_platform.py",
    "tests/stateful/test_hazards.py",
)


def unit_of(nodeid: str) -> str:
    """The name of what a test is dealt out with: of a shared fixture, or of its module."""
    for fixture, places in _SHARING.items():
        if nodeid.startswith(places):
            return fixture
    return nodeid.split("::", 1)[0]


def turn_of(nodeid: str) -> tuple[int, int]:
    """Where in the order of all tests one is. Those of the same turn stay as they were collected."""
    unit = unit_of(nodeid)
    places = _SHARING.get(unit, ())
    within = next((at for at, place in enumerate(places) if nodeid.startswith(place)), 0)
    return (_FIRST.index(unit) if unit in _FIRST else len(_FIRST), within)


_ends: dict[str, Callable[[], None]] = {}


def share_until(fixture: str, end: Callable[[], None]) -> None:
    """`end` is called after the last test that shares a fixture. It lives to the end of the session otherwise, and even
    idle processes take time from those whose tests are still to come."""
    _ends[fixture] = end


def end_shared(item: pytest.Item, following: pytest.Item | None) -> None:
    """Ends what an item shared with those before it, where none that follows does."""
    unit = unit_of(item.nodeid)
    if unit in _ends and (following is None or unit_of(following.nodeid) != unit):
        _ends.pop(unit)()


def check_together(item: pytest.Item) -> None:
    """Raises UsageError for a test that would start for itself what others share."""
    for fixture, places in _SHARING.items():
        if fixture in getattr(item, "fixturenames", ()) and unit_of(item.nodeid) != fixture:
            raise pytest.UsageError(f"{item.nodeid} needs {fixture}: only tests in {', '.join(places)} may")


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out units, in the order in which they were collected and not the largest first."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self.config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
