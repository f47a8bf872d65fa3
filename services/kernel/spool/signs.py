"""What a spool shows of itself, and how it fails."""

import errno

from services.kernel.errors import Kind, PeelError
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter, gauge

_LOG = logger(__name__)

SIZE = gauge(
    "peel_spool_records",
    "Records on the local disk that the store does not have yet.",
    action="Above 0: the store did not answer an emergency; the replay begins by itself once it does.",
)
OLDEST_SECONDS = gauge(
    "peel_spool_oldest_seconds",
    "Age of the oldest record that the store does not have yet, 0 where there is none.",
    action="Growing while the store is up: see the log for what the replay stumbles over.",
)
SET_ASIDE = gauge(
    "peel_spool_set_aside",
    "Files that the spool set aside for a person: records that the store refuses, and damaged bytes.",
    action="Any: see `peel <service> spool list` and `show`; give back what can be read, and take away the rest.",
)
ADDED = counter(
    "peel_spool_added",
    "Records kept on the local disk because the store did not answer.",
    action="Any: the store was away. Look at Postgres.",
)
REPLAYED = counter(
    "peel_spool_replayed",
    "Records that the store took over from the local disk.",
    action="None by itself; flat while peel_spool_records is above 0: see peel_spool_oldest_seconds.",
)
REFUSED = counter(
    "peel_spool_refused",
    "Records that the store refused for good, which were set aside.",
    action="Any: an emergency is in no list but the folder set-aside. Act on it now, find out why, then give it back.",
)
DAMAGED = counter(
    "peel_spool_damaged",
    "Damage found at a start. torn: a write that a crash broke off, promised to nobody; changed: kept in set-aside; "
    "unreadable: a file that the disk does not give back and that stays where it is.",
    labels=("damage",),
    action="torn after a crash is usual. changed or unreadable: the disk is failing; read what was set aside.",
)
FAILED = counter(
    "peel_spool_failed",
    "Writes that the local disk refused. add: a record was not kept; check: it would not have been; mark: a record may "
    "be replayed again; segment: another file was begun; cut, remove and set_aside are tried again later.",
    labels=("step",),
    action="Any: free the disk or repair it. While adds fail an emergency is not durable when the store is away.",
)


class SpoolFailed(PeelError):
    """A record could not be kept on the local disk: whoever asked must not promise that it is safe."""

    kind = Kind.UNAVAILABLE


def failed(step: str, error: OSError, records: int = 1) -> SpoolFailed:
    """Reports a write that the disk refused; returns what its caller may be told."""
    reason = errno.errorcode.get(error.errno or 0, type(error).__name__)
    FAILED.labels(step).inc(records)
    _LOG.error("spool fails", step=step, reason=reason)
    return SpoolFailed("SPOOL_UNWRITABLE", rule=f"the local disk does not take it ({reason})")


def full() -> SpoolFailed:
    """Reports a record beyond what a spool may hold."""
    FAILED.labels("add").inc()
    _LOG.error("spool is full")
    return SpoolFailed("SPOOL_FULL", rule="the local spool holds as much as it may until the store is back")


def damaged(damage: str, segment: str, offset: int) -> None:
    """Reports bytes that are no entry."""
    DAMAGED.labels(damage).inc()
    _LOG.error("spool is damaged", damage=damage, segment=segment, offset=offset)
