"""What `peel watch` runs: live views of the control room, for whoever holds a token that may see them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import grpc

from peel.safety.v1 import emergency_types_pb2 as emergency_types
from services.kernel.clock import open_clock
from services.kernel.errors import OperatorFault
from services.kernel.settings import Settings
from services.watch.board import Board
from services.watch.console import Console
from services.watch.replicas import Replicas
from services.watch.screens.board import board_screen
from services.watch.screens.emergencies import emergencies_screen
from services.watch.screens.unit import unit_screen
from services.watch.show import show
from services.watch.terminal import Terminal


def board(settings: Settings, force: str, token_file: Path | None) -> None:
    """The board of a force."""

    async def work(replicas: Replicas) -> None:
        watched = Board(force, replicas)
        await show(watched, lambda now: board_screen(watched, now), open_clock(settings).now, {}, "")

    _run(settings, "dispatch", "dispatcher", token_file, work)


def emergencies(settings: Settings, force: str, console: str, replica: int, token_file: Path | None) -> None:
    """The emergencies of a force, at one console position; confirms what it shows."""

    async def work(replicas: Replicas) -> None:
        watched = Console(console, force, replicas)
        taking: set[asyncio.Task[object]] = set()

        def take() -> None:
            if oldest := _oldest_untaken(watched):
                task: asyncio.Task[object] = asyncio.create_task(watched.acknowledge(oldest))
                taking.add(task)
                task.add_done_callback(taking.discard)

        clock = open_clock(settings)
        await show(watched, lambda now: emergencies_screen(watched, now), clock.now, {"a": take}, "a: take the oldest")

    _run(settings, "safety-emergency", "dispatcher", token_file, work, first=replica - 1)


def unit(settings: Settings, unit_id: str, token_file: Path | None) -> None:
    """The terminal of a unit."""

    async def work(replicas: Replicas) -> None:
        watched = Terminal(unit_id, replicas)

        def acknowledge() -> None:
            for told in watched.assignments.values():
                watched.acknowledge(told)

        clock = open_clock(settings)
        await show(watched, lambda now: unit_screen(watched, now), clock.now, {"a": acknowledge}, "a: acknowledge")

    _run(settings, "dispatch", "officer", token_file, work)


def _oldest_untaken(watched: Console) -> str | None:
    waiting = [
        one
        for one in watched.emergencies.values()
        if one.state == emergency_types.EMERGENCY_STATE_OPEN and not one.synthetic
    ]
    oldest = min(waiting, key=lambda one: one.raised_at.ToMicroseconds(), default=None)
    return oldest.emergency_id if oldest else None


def _run(
    settings: Settings,
    service: str,
    role: str,
    token_file: Path | None,
    work: Callable[[Replicas], Awaitable[None]],
    first: int = 0,
) -> None:
    addresses, token = _addresses(settings, service), _token(settings, role, token_file)

    async def watching() -> None:
        replicas = Replicas(addresses, settings.tls_ca, token, first=first)
        try:
            await work(replicas)
        finally:
            await replicas.close()

    try:
        asyncio.run(watching())
    except grpc.aio.AioRpcError as error:
        raise OperatorFault(f"{service} answered {error.code().name}: {error.details()}") from error
    except KeyboardInterrupt:
        return


def _addresses(settings: Settings, service: str) -> Sequence[str]:
    if service not in settings.addresses:
        raise OperatorFault(f"set PEEL_ADDRESSES (JSON) with the addresses of {service}")
    return settings.addresses[service].split(",")


def _token(settings: Settings, role: str, token_file: Path | None) -> str:
    file = token_file or (settings.token_file.with_name(f"{role}.jwt") if settings.token_file else None)
    if file is None or not file.is_file():
        raise OperatorFault(f"no token of a {role}: give --token-file")
    return file.read_text().strip()
