"""The one place where the broker client's arguments are put together and its faults at start-up are mended."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from services.kernel.kafka.records import Record
from services.kernel.settings import Settings

Client = TypeVar("Client")
BOOTSTRAP_MS = 5_000


def open_client(kind: Callable[..., Client], settings: Settings, **arguments: Any) -> Client:
    """A producer, consumer or admin client of the settings' broker, connected.

    Raises KafkaError where no broker answers within five seconds.
    """
    made: list[KafkaNetClient] = []

    def network(**configuration: Any) -> KafkaNetClient:
        made.append(KafkaNetClient(**configuration))
        return made[-1]

    try:
        return kind(
            bootstrap_servers=settings.kafka.split(","),
            client_id=f"peel-{settings.instance}",
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            # By default a client that lost its broker looks for it again only every 30 s.
            reconnect_backoff_max_ms=1_000,
            kafka_client=network,
            **arguments,
        )
    except KafkaError:
        # A client that finds no broker forgets its I/O thread, which would then look for one for ever.
        for client in made:
            client.close()
        raise


def record_of(found: Any) -> Record:
    """The client library's record in our own words."""
    age = max(0.0, time.time() - found.timestamp / 1_000)
    return Record(found.topic, found.partition, found.offset, found.key, found.value, tuple(found.headers or ()), age)
