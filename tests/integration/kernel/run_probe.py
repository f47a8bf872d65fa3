"""The probe's worker as a process of its own, which can be made to die by its own hand at the worst moment.

PROBE_DIE=commit:2 dies before the second commit of offsets: the effects are in the database, and Kafka does not know;
PROBE_DIE=ack:2 dies after the broker's second acknowledgement: the outbox is not marked yet;
PROBE_DIE=thread:1 makes the consumer's thread fail at its first poll with records.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer

from services.kernel.kafka import Producer
from services.kernel.kafka.session import Session
from services.kernel.settings import load_settings
from services.kernel.worker import run_worker
from tests.integration.kernel import probing


def at_call(number: int, act: Callable[[], None], method: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """The method, with an act before or after its call of that number."""
    calls = itertools.count(1)

    def changed(*args: Any, **kwargs: Any) -> Any:
        now = next(calls) == number
        if now and not after:
            act()
        result = method(*args, **kwargs)
        if now and after:
            act()
        return result

    return changed


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise RuntimeError("the test wants it so")


def main() -> int:
    assert probing.SERVICES.is_dir()
    place, _, number = os.environ.get("PROBE_DIE", "").partition(":")
    match place:
        case "commit":
            KafkaConsumer.commit = at_call(int(number), die, KafkaConsumer.commit, after=False)
        case "ack":
            Producer.publish = at_call(int(number), die, Producer.publish, after=True)  # type: ignore[method-assign]
        case "thread":
            Session._round = at_call(int(number), fail, Session._round, after=False)  # type: ignore[method-assign]
    return run_worker("probe", load_settings())


if __name__ == "__main__":
    sys.exit(main())
