"""Publishes records so that none is lost and those of one key keep their order."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from kafka import KafkaProducer

from services.kernel.envelope import REQUEST_BYTES
from services.kernel.kafka.client import open_client
from services.kernel.kafka.records import Outgoing
from services.kernel.settings import Settings

_DELIVERY_SECONDS = 10
_CLOSE_SECONDS = 0.5


class Producer:
    """An idempotent producer with a thread of its own: sending blocks, so it never happens on an event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: KafkaProducer | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka-producer")

    async def send(self, records: Sequence[Outgoing]) -> None:
        """`publish` on the producer's thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.publish, records)

    def publish(self, records: Sequence[Outgoing]) -> None:
        """Returns once every in-sync replica has every record. Blocks: not for an event loop's thread.

        Raises KafkaError where that did not happen within ten seconds: any of the records may then be there or not.
        """
        delivered = False
        try:
            client = self._connected()
            pending = [client.send(r.topic, key=r.key, value=r.value, headers=list(r.headers)) for r in records]
            for future in pending:
                future.get(2 * _DELIVERY_SECONDS)
            delivered = True
        finally:
            # Some errors put a producer beyond use, and what it still holds would overtake the next attempt.
            if not delivered:
                self._discard()

    def close(self) -> None:
        """Gives up on what is not delivered yet."""
        self._discard()
        self._thread.shutdown(wait=False)

    def _connected(self) -> KafkaProducer:
        if self._client is None:
            self._client = open_client(
                KafkaProducer,
                self._settings,
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                batch_size=65_536,
                max_request_size=REQUEST_BYTES,
                max_block_ms=5_000,
                request_timeout_ms=5_000,
                delivery_timeout_ms=1_000 * _DELIVERY_SECONDS,
            )
        return self._client

    def _discard(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close(timeout=_CLOSE_SECONDS)
