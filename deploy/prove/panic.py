"""Panic: 300 presses while everything else fails. At iOPS's force panic buttons did not work (I4, R-OS-01, F13)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import grpc

from deploy.people.radio import Gateway, Pressed
from deploy.people.waiting import until
from deploy.prove.stage import Stage
from deploy.prove.verdict import Verdict
from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1 import emergency_types_pb2 as types
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from services.watch.console import Console
from services.watch.replicas import Replicas

_EVERY_SECONDS, _AT_ONCE = 0.1, 16
_SHOWN_SECONDS = 20.0
_REPLAYED_SECONDS = 60.0
# R-OS-01: press to two positions, at the most.
_P99_SECONDS, _MOST_SECONDS = 1.0, 2.0
_OTHERS = tuple(f"{service}-{process}" for service in ("intake", "crime", "dispatch") for process in ("api", "worker"))


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is the matter while so many presses come in. `kills`: a replica dies, so its console has to move."""

    name: str
    presses: int
    matter: Callable[[Stage], AbstractAsyncContextManager[None]]
    kills: bool = False


@dataclass(slots=True)
class _Seen:
    """Press by press, in seconds: sent to answered, and sent to shown at the later of the two consoles."""

    answered: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    unseen: int = 0


async def panic(stage: Stage) -> Verdict:
    """Presses through every scene; afterwards every press must be in the database, once."""
    scenes = (
        _Scene("all well", 60, _well),
        _Scene("Kafka down", 60, lambda stage: stage.without("kafka")),
        _Scene("Postgres frozen", 50, lambda stage: stage.frozen_postgres()),
        _Scene("Postgres killed", 40, _killing("postgres")),
        _Scene("a replica killed", 40, _killing("safety-emergency-1"), kills=True),
        _Scene("intake, crime and dispatch down", 50, lambda stage: stage.without(*_OTHERS)),
    )
    seen, presses = _Seen(), []
    async with stage.consoles("pod-1", "pod-2") as consoles, stage.gateway() as gateway:
        for scene in scenes:
            async with scene.matter(stage):
                pressed = await _press(gateway, scene)
                await _watch_until_shown(consoles, pressed, seen, moved=scene.kills)
            presses += pressed
        await stage.ready()
        stored = await _stored(stage, presses)
    return _verdict(presses, seen, stored)


async def _press(gateway: Gateway, scene: _Scene) -> list[Pressed]:
    """Each from a radio of its own, one after the other at a steady pace, whatever the last one takes."""
    name = scene.name.replace(" ", "-")
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number in range(scene.presses):
            tasks.append(group.create_task(gateway.press(f"review-{name}-{number}")))
            await asyncio.sleep(_EVERY_SECONDS)
    return [task.result() for task in tasks]


async def _watch_until_shown(consoles: list[Console], pressed: list[Pressed], seen: _Seen, *, moved: bool) -> None:
    async def all_shown() -> bool:
        return all(one.emergency_id in console.seen for one in pressed for console in consoles)

    await until(all_shown, _SHOWN_SECONDS)
    for one in pressed:
        seen.answered.append(one.answered_at - one.sent_at)
        times = [console.seen.get(one.emergency_id) for console in consoles]
        if None in times:
            seen.unseen += 1
        else:
            took = max(time for time in times if time is not None) - one.sent_at
            (seen.moved if moved else seen.shown).append(took)


async def _stored(stage: Stage, presses: list[Pressed]) -> Counter[str]:
    """How many emergencies are in the database with their press once, missing, or doubled."""
    replicas, free = stage.replicas("dispatcher"), asyncio.Semaphore(_AT_ONCE)
    deadline = asyncio.get_running_loop().time() + _REPLAYED_SECONDS

    async def look(one: Pressed) -> str:
        async with free:
            left = deadline - asyncio.get_running_loop().time()
            return await until(partial(_settled, replicas, one), left) or "missing"

    try:
        return Counter(await asyncio.gather(*map(look, presses)))
    finally:
        await replicas.close()


async def _settled(replicas: Replicas, one: Pressed) -> str:
    """Whether it is in the database once; empty while it is not, or no replica answers."""
    try:
        request = api.GetEmergencyRequest(emergency_id=one.emergency_id)
        stub = EmergencyServiceStub(replicas.channel)
        reply = await stub.GetEmergency(request, timeout=5, metadata=replicas.headers)
    except grpc.aio.AioRpcError:
        replicas.leave()
        return ""
    kinds = Counter(signal.kind for signal in reply.signals)
    mine = [s for s in reply.signals if s.kind == types.SIGNAL_KIND_PRESSED and s.press.press_id == one.press_id]
    if reply.emergency.durability != types.DURABILITY_COMMITTED or not kinds[types.SIGNAL_KIND_SHOWN]:
        return ""
    return "once" if len(mine) == 1 and kinds[types.SIGNAL_KIND_PRESSED] == 1 else "doubled"


def _verdict(presses: list[Pressed], seen: _Seen, stored: Counter[str]) -> Verdict:
    kept = Counter(types.Durability.Name(one.durability).removeprefix("DURABILITY_") for one in presses)
    shown = sorted(seen.shown)
    p99, most = shown[int(len(shown) * 0.99)], shown[-1]
    faults = [
        f"{seen.unseen} presses were not shown at both consoles" if seen.unseen else "",
        f"p99 of press to shown is {p99:.2f} s" if p99 > _P99_SECONDS else "",
        f"the slowest press was shown after {most:.2f} s" if most > _MOST_SECONDS else "",
        f"{kept['UNSPECIFIED']} answers do not say how durable they are" if kept["UNSPECIFIED"] else "",
        f"{stored['missing']} presses are not in the database" if stored["missing"] - kept["NOT_DURABLE"] > 0 else "",
        f"{stored['doubled']} presses are in the database twice" if stored["doubled"] else "",
    ]
    figures = {
        "presses": len(presses),
        "shown_at_both_consoles": len(presses) - seen.unseen,
        "durable_in_database_at_once": kept["COMMITTED"],
        "durable_on_disk_first": kept["LOCAL"],
        "not_durable_and_said_so": kept["NOT_DURABLE"],
        "stored_once": stored["once"],
        "press_to_shown_p50_ms": round(1_000 * shown[len(shown) // 2], 1),
        "press_to_shown_p99_ms": round(1_000 * p99, 1),
        "press_to_shown_max_ms": round(1_000 * most, 1),
        "max_ms_while_a_console_changes_replica": round(1_000 * max(seen.moved, default=0.0), 1),
        "press_to_answer_max_ms": round(1_000 * max(seen.answered), 1),
    }
    return Verdict(figures, tuple(filter(None, faults)))


@asynccontextmanager
async def _well(_stage: Stage) -> AsyncIterator[None]:
    yield


def _killing(name: str) -> Callable[[Stage], AbstractAsyncContextManager[None]]:
    """Killed a moment after the presses begin, and brought back by the platform in its own time."""

    @asynccontextmanager
    async def matter(stage: Stage) -> AsyncIterator[None]:
        async def strike() -> None:
            await asyncio.sleep(5 * _EVERY_SECONDS)
            await stage.kill(name)

        striking = asyncio.create_task(strike())
        try:
            yield
        finally:
            await striking
            await stage.ready()

    return matter
