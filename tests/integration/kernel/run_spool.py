"""A process with a spool, which can be made to die by its own hand within any call to the disk.

    run_spool.py FOLDER work [CALL WHEN NUMBER]   adds, replays and sets aside, and says of each when it is done
    run_spool.py FOLDER flood                     adds from 20 tasks without end
    run_spool.py FOLDER limit BYTES               adds where no file may grow larger, then where it may again
    run_spool.py FOLDER unprivileged              starts as a user who may not write the folder, and tries to add
    run_spool.py FOLDER drain DSN NUMBER          replays into Postgres; dies when so many are there, before marking any

With CALL (write, fdatasync …) of the spool's files it kills itself before, half-way or after the call of that NUMBER.
"""

import asyncio
import itertools
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.kernel.spool import Record, Spool, SpoolFailed, drain

NOBODY = 65534


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in(folder: Path, name: str, when: str, number: int) -> None:
    """Makes the process die in its call of that name and number that concerns the folder."""
    calls = itertools.count(1)
    act: Callable[..., Any] = getattr(os, name)

    def call(target: Any, *args: Any, **kwargs: Any) -> Any:
        path = Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else Path(target)
        chosen = folder in (path, *path.parents) and next(calls) == number
        if chosen and when == "half":
            act(target, bytes(args[0])[: len(args[0]) // 2])
        if chosen and when != "after":
            die()
        result = act(target, *args, **kwargs)
        if chosen:
            die()
        return result

    setattr(os, name, call)


async def work(spool: Spool) -> None:
    for value in range(100):
        body = b"%d" % value
        say("tried", value)
        record = await spool.add(UUID(int=value), body)
        say("kept", value)
        if value % 5 == 4:
            taken = spool.pending()[1:4] if value % 10 == 4 else spool.pending()
            say("stored", *(int(one.body) for one in taken))
            await spool.replayed(taken)
            say("marked", *(int(one.body) for one in taken))
        if value % 7 == 0:
            await spool.put_aside(record)


async def flood(spool: Spool) -> None:
    async def adding() -> None:
        while True:
            record_id = uuid4()
            say("tried", record_id)
            await spool.add(record_id, os.urandom(300))
            say("kept", record_id)

    await asyncio.gather(*(adding() for _ in range(20)))


async def limited(spool: Spool, size: int) -> None:
    """No file of this process may grow beyond so many bytes; what this costs is told, and then it may."""
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    async def adding(value: int, length: int) -> None:
        try:
            await spool.add(UUID(int=value), bytes(length))
        except SpoolFailed as failure:
            say("refused", value, failure.reason, failure.rule)
        else:
            say("kept", value)

    await asyncio.gather(*(adding(value, 100 if value % 3 else size) for value in range(30)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    await adding(30, size)


async def unprivileged(spool: Spool) -> None:
    say("pending", *(record.id.int for record in spool.pending()))
    try:
        await spool.add(UUID(int=9), b"nine")
    except SpoolFailed as failure:
        say("refused", failure.reason, failure.rule)


async def drain_and_die(spool: Spool, dsn: str, number: int) -> None:
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1)
    stored = itertools.count(1)

    async def apply(record: Record) -> None:
        await pool.execute("insert into press values ($1, $2) on conflict do nothing", record.id, record.body)
        if next(stored) == number:
            die()

    await drain(spool, apply, (), back=asyncio.Event(), stop=asyncio.Event())


def main(folder: Path, act: str, *args: str) -> None:
    if act == "unprivileged" and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if act == "work" and args:
        die_in(folder, args[0], args[1], int(args[2]))

    async def run() -> None:
        spool = Spool(folder)
        say("owns")
        match act:
            case "work":
                await work(spool)
            case "flood":
                await flood(spool)
            case "limit":
                await limited(spool, int(args[0]))
            case "unprivileged":
                await unprivileged(spool)
            case "drain":
                await drain_and_die(spool, args[0], int(args[1]))

    asyncio.run(run())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
