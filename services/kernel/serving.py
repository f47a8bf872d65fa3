"""What an API process is made of, as it is handed to a service's api.py, and the parts that a service is served in."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import grpc

from services.kernel.appender import Appender
from services.kernel.clock import Clock
from services.kernel.contract import files_of
from services.kernel.database import Pool
from services.kernel.errors import OperatorFault
from services.kernel.health import Health
from services.kernel.settings import Settings
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.tracing import Tracing
from services.kernel.transaction import UnitOfWork
from services.kernel.usecases import UseCases

_LOG = logger(__name__)

Work: TypeAlias = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Serving:
    """One API process. `background` starts what lives as long as the process: a name and an `async run(stop)`."""

    service: str
    settings: Settings
    server: grpc.aio.Server
    cases: UseCases
    clock: Clock
    pool: Pool
    work: UnitOfWork
    appender: Appender
    tracing: Tracing
    health: Health
    background: Callable[[str, Work], None]


@dataclass(frozen=True, slots=True)
class Part:
    """What one process of a service may serve by itself: the services of these proto files ("emergency_api").

    An independent one starts and is ready without its database, which then shows as degraded.
    """

    protos: tuple[str, ...]
    serve: Callable[[Serving], None]
    independent: bool = False


def parts_of(service: str, only: tuple[str, ...] = ()) -> tuple[Part, ...]:
    """The parts of that name, all without a name. A service whose api.py has no PARTS is served as one.

    Raises OperatorFault for a part that there is not.
    """
    module = import_module(f"services.{service}.api")
    parts: Mapping[str, Part] = getattr(module, "PARTS", {})
    if unknown := sorted(set(only) - parts.keys()):
        has = f"has the parts {', '.join(sorted(parts))}" if parts else "is not served in parts"
        raise OperatorFault(f"{service} {has}: there is no {', '.join(unknown)}")
    if not parts:
        protos = tuple(stem(file.name) for file in files_of(service) if file.services_by_name)
        return (Part(protos, module.serve),)
    return tuple(part for name, part in parts.items() if not only or name in only)


def stem(proto: str) -> str:
    """The name of a proto file: "emergency_api" of "peel/safety/v1/emergency_api.proto"."""
    return proto.rsplit("/", 1)[-1].removesuffix(".proto")


class Background:
    """What runs beside the calls. Whatever of it ends before it is told to, ends the process."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Work) -> None:
        """Starts work that runs until the event it is given is set."""
        self._tasks.add(asyncio.create_task(work(self._stop), name=name))

    async def one_ended(self) -> None:
        """Returns once one has ended."""
        if not self._tasks:
            await self._stop.wait()
            return
        ended, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            _LOG.error("background work ended", work=task.get_name(), exc_info=task.exception())

    async def stop(self, seconds: float) -> None:
        """Tells all to end, and cuts off what has not after so many seconds."""
        self._stop.set()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            _LOG.error("background work did not end", work=task.get_name())
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
