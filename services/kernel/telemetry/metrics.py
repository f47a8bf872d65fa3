"""The metrics catalogue: each metric is declared once, with what it means and what to do when it moves."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry(auto_describe=True)

# Bounds of the service level objectives must be among these: a ratio over a bound that is no bucket is silently empty.
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A line of the catalogue."""

    name: str
    meaning: str
    action: str
    labels: tuple[str, ...]


CATALOGUE: dict[str, Metric] = {}


def _declare(name: str, meaning: str, action: str, labels: tuple[str, ...]) -> None:
    if name in CATALOGUE:
        raise ValueError(f"metric {name} is declared twice")
    CATALOGUE[name] = Metric(name, meaning, action, labels)


def counter(name: str, meaning: str, *, action: str, labels: tuple[str, ...] = ()) -> Counter:
    """Declares a count that only grows. The exported name ends in _total."""
    _declare(name, meaning, action, labels)
    return Counter(name, meaning, labels, registry=REGISTRY)


def gauge(name: str, meaning: str, *, action: str, labels: tuple[str, ...] = ()) -> Gauge:
    """Declares a level that goes up and down."""
    _declare(name, meaning, action, labels)
    return Gauge(name, meaning, labels, registry=REGISTRY)


def histogram(
    name: str, meaning: str, *, action: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = SECONDS
) -> Histogram:
    """Declares a distribution, in seconds unless its name says otherwise."""
    _declare(name, meaning, action, labels)
    return Histogram(name, meaning, labels, buckets=buckets, registry=REGISTRY)


def register(collector: Collector) -> None:
    """Adds a collector that reads its values when it is scraped."""
    REGISTRY.register(collector)


RPC_SECONDS = histogram(
    "peel_rpc_seconds",
    "How long a call took, from its arrival to its reply, by method, workflow and gRPC status.",
    action="A rising tail on a victim-facing workflow: look at peel_append_batch_rows and Postgres before the code.",
    labels=("method", "workflow", "code"),
)
RPC_IN_FLIGHT = gauge(
    "peel_rpc_in_flight",
    "Calls being served now.",
    action="Near the append queue's bound: the database is slower than the callers; look for the slow query.",
)
STANDING = gauge(
    "peel_standing_streams",
    "Streams without a deadline that are open now, by method.",
    action="A sudden fall: consoles or terminals lost their connection together; look at the network before them.",
    labels=("method",),
)
STANDING_ENDED = counter(
    "peel_standing_streams_ended",
    "Streams without a deadline that ended, by method, workflow and gRPC status. CANCELLED: the caller went away.",
    action="Any status but OK, CANCELLED and UNAVAILABLE: a stream broke on our side; the log has its trace id.",
    labels=("method", "workflow", "code"),
)
APPEND_BATCH_ROWS = histogram(
    "peel_append_batch_rows",
    "Appends that one group commit took together.",
    action="Constantly at PEEL_APPEND_BATCH: commits are slow; look at the disk under Postgres.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
APPEND_SHED = counter(
    "peel_append_shed",
    "Appends refused because the bounded queue was full.",
    action="Any: callers were told to come back. Postgres is down or too slow.",
)
TIMER_FIRED = counter(
    "peel_timer_fired",
    "Durable timers that came due and had their effect, by kind.",
    action="None by itself; of a kind that marks a missed duty each is one: the service's README says which are.",
    labels=("kind",),
)
TIMER_LATE_SECONDS = histogram(
    "peel_timer_late_seconds",
    "How long after its due time a timer fired.",
    action="Seconds: the worker is down or overloaded; escalations are late.",
    labels=("kind",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0),
)
BACKLOG_SIZE = gauge(
    "peel_backlog_size",
    "Items waiting in a queue, tray or clock, by its name and owner.",
    action="Growing: its owner works it down; `peel backlogs` shows the oldest.",
    labels=("backlog", "owner"),
)
BACKLOG_OLDEST_SECONDS = gauge(
    "peel_backlog_oldest_seconds",
    "Age of the oldest item waiting, 0 where nothing waits.",
    action="Past the backlog's own limit: escalate to its owner.",
    labels=("backlog", "owner"),
)
REHEARSAL = gauge(
    "peel_rehearsal",
    "1 while this process runs on a rehearsal clock.",
    action="1 in production: stop at once; no duty is being timed for real.",
)
