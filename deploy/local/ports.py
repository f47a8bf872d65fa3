"""TCP ports on loopback: the fixed ones of `make run`, free ones for tests."""

import random
import socket
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.local.faults import LocalFault
from deploy.local.roster import Planned

LOOPBACK = "127.0.0.1"

# Below 32768 on purpose: from there on kernels lend ports to clients, and a client that keeps calling a dead server may
# be lent that server's own port, connect to itself, and keep the server from coming back.
_FREE_RANGE = range(12_000, 32_000)
# Ports that were handed out last are held, bound and not listened on, until this process ends: whoever else looks for
# free ones passes them over, and the server that they are meant for may still take them.
_MOST_HELD = 256
_held: deque[socket.socket] = deque()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part of a platform listens. `grpc` and `metrics` are keyed by process: intake-api, intake-worker, …"""

    postgres: int
    kafka: int
    kafka_controller: int
    grpc: Mapping[str, int]
    metrics: Mapping[str, int]

    def named(self) -> dict[int, str]:
        """Every port, with who listens on it."""
        names = {self.postgres: "PostgreSQL", self.kafka: "Kafka", self.kafka_controller: "Kafka's controller"}
        names |= {port: process for process, port in self.grpc.items()}
        return names | {port: f"metrics of {process}" for process, port in self.metrics.items()}


def fixed_ports(base: int, processes: Iterable[Planned]) -> Ports:
    """The ports of a platform that people and notes can point to: with 7100, intake's api is 7101, Postgres 7132."""
    processes = list(processes)
    return Ports(
        postgres=base + 32,
        kafka=base + 92,
        kafka_controller=base + 93,
        grpc={planned.name: base + 1 + at for at, planned in enumerate(one for one in processes if one.address)},
        metrics={planned.name: base + 51 + at for at, planned in enumerate(processes)},
    )


def free_ports(processes: Iterable[Planned]) -> Ports:
    """Ports that nobody listens on now."""
    processes = list(processes)
    serving = [planned for planned in processes if planned.address]
    found = iter(_free(3 + len(serving) + len(processes)))
    return Ports(
        postgres=next(found),
        kafka=next(found),
        kafka_controller=next(found),
        grpc={planned.name: next(found) for planned in serving},
        metrics={planned.name: next(found) for planned in processes},
    )


def free_port() -> int:
    """One port that nobody listens on now."""
    return _free(1)[0]


def _free(count: int) -> list[int]:
    # Of its own generator: a seeded run must not draw the same ports as the run beside it.
    candidates = random.SystemRandom().sample(_FREE_RANGE, min(20 * count, len(_FREE_RANGE)))
    found: list[int] = []
    for port in candidates:
        if len(found) < count and _hold(port):
            found.append(port)
    if len(found) < count:
        raise LocalFault(f"no {count} free ports between {_FREE_RANGE.start} and {_FREE_RANGE.stop}")
    return found


def require_free(names: Mapping[int, str]) -> None:
    """Raises LocalFault naming every port that is taken: a stale server would otherwise answer in a new one's place."""
    taken = [f"{port} ({who})" for port, who in sorted(names.items()) if not _is_free(port)]
    if taken:
        raise LocalFault(f"taken on {LOOPBACK}: port {', '.join(taken)}; stop what listens there or choose other ports")


def _hold(port: int) -> bool:
    """Holds a port for whoever will serve there; False where somebody has it, or holds it."""
    with socket.socket() as probe:
        try:
            # Without the option that lets two share it while neither listens.
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        return False
    _held.append(holder)
    while len(_held) > _MOST_HELD:
        _held.popleft().close()
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do it: a port whose last connections are still being forgotten is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
