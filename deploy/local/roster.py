"""Every process that a platform runs for the services. Adding one is adding a line."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """One process: `peel <service> <command>`, `only` some parts of an api.

    `address` is the key that clients find it by, where it serves gRPC. Replicas have the same one, and know each other.
    An `urgent` one gets the processor before the others do: an officer in need waits for no report (I4).
    """

    name: str
    service: str
    command: str
    only: tuple[str, ...] = ()
    address: str | None = None
    urgent: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        """What follows `peel`."""
        return (self.service, self.command, *(word for part in self.only for word in ("--only", part)))


# The order is that of the fixed ports: intake's api is the first that serves, and so on.
ROSTER = (
    Planned("intake-api", "intake", "api", address="intake"),
    Planned("intake-worker", "intake", "worker"),
    Planned("crime-api", "crime", "api", address="crime"),
    Planned("crime-worker", "crime", "worker"),
    Planned("dispatch-api", "dispatch", "api", address="dispatch"),
    Planned("dispatch-worker", "dispatch", "worker"),
    Planned("safety-api", "safety", "api", only=("markers",), address="safety"),
    # Two, because a press must outlive any one of them (R-OS-09).
    Planned("safety-emergency-1", "safety", "api", only=("emergency",), address="safety-emergency", urgent=True),
    Planned("safety-emergency-2", "safety", "api", only=("emergency",), address="safety-emergency", urgent=True),
    Planned("safety-worker", "safety", "worker"),
    # It shows how a press fares, and so goes where a press goes.
    Planned("safety-probe", "safety", "probe", urgent=True),
)


def serving(processes: Iterable[Planned]) -> dict[str, list[Planned]]:
    """Those that serve gRPC, by their address's key."""
    found: dict[str, list[Planned]] = {}
    for planned in processes:
        if planned.address:
            found.setdefault(planned.address, []).append(planned)
    return found
