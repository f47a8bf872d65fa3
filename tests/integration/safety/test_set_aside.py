"""What a replica's disk set aside is given back to the database: stored once, while the replica works on (I4)."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from peel.safety.v1 import emergency_types_pb2 as types
from services.kernel.migrations import migrate
from services.kernel.settings import Settings
from services.kernel.spool import Spool
from services.safety.emergency.domain.signals import Durability, Signal
from services.safety.emergency.held import Held
from services.safety.emergency.held_messages import held_message
from tests.integration.services.running import ROOT, query
from tests.unit.safety.pressing import NOON, pressed

RADIO = "2341777"
# Something that the database refuses for a reason of its own, until somebody mends it.
BAR = "alter table signal add constraint barred check (force <> 'west-yorkshire') not valid"


class Replica:
    """A database, and a spool that a replica's process has open."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        asyncio.run(migrate(Settings(database=dsn), "safety"))

    def sql(self, statement: str, *args: object) -> list[object]:
        return [tuple(row) for row in asyncio.run(query(self.dsn, statement, *args))]

    def peel(self, *arguments: str, database: str = "") -> subprocess.CompletedProcess[str]:
        """One run of `peel safety spool …` beside that process."""
        given = {"PEEL_DATABASE": database or self.dsn, "PEEL_SPOOL": str(self.folder), "COLUMNS": "80"}
        command = [sys.executable, "-m", "services.cli", "safety", "spool", *arguments]
        environment = {**os.environ, **given, "NO_COLOR": "1", "PEEL_ENV_FILE": "/dev/null"}
        return subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )

    def fails(self, *arguments: str, database: str = "") -> str:
        """What it says where it does not do it: a line."""
        ended = self.peel(*arguments, database=database)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended
        return ended.stderr

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Spool]:
        spool = Spool(self.folder)
        try:
            yield spool
        finally:
            await spool.close()

    def refuse(self, *signals: Signal) -> list[str]:
        """Signals that its disk sets aside; returns the names of the files."""

        async def work() -> None:
            async with self.working() as spool:
                for signal in signals:
                    await spool.put_aside(await spool.add(signal.id, _body(signal)))

        asyncio.run(work())
        return sorted(path.name for path in (self.folder / "set-aside").iterdir())


def _body(signal: Signal) -> bytes:
    origin = types.Origin(
        subject="gateway-1", roles=["ROLE_RADIO_GATEWAY"], force=signal.force, action="COLLECTION", purpose="W5"
    )
    origin.rpc = "peel.safety.v1.EmergencyService.PressEmergency"
    origin.at.FromDatetime(NOON)
    return held_message(Held(signal, Durability.LOCAL, origin)).SerializeToString()


@pytest.fixture
def replica(fresh_database: Callable[[], str], tmp_path: Path) -> Replica:
    return Replica(fresh_database(), tmp_path / "spool")


def test_a_signal_is_given_back_once_while_the_replica_is_at_work(replica: Replica) -> None:
    press = pressed(RADIO)
    (name,) = replica.refuse(press)
    content = (replica.folder / "set-aside" / name).read_bytes()

    async def work() -> None:
        async with replica.working() as spool:
            for _ in range(2):
                given = await asyncio.to_thread(replica.peel, "give-back", name)
                assert (given.returncode, given.stdout) == (0, "given back 1\n"), given
                assert spool.set_aside == 0
                # As though it had died before it took the file away.
                (replica.folder / "set-aside" / name).write_bytes(content)

    asyncio.run(work())
    assert replica.sql("select id, force from signal") == [(press.id, press.force)]
    assert replica.sql("select subject, rpc from audit") == [
        ("gateway-1", "peel.safety.v1.EmergencyService.PressEmergency")
    ]
    # Word to the worker, and a clock for each level: it escalates as any other.
    assert replica.sql("select count(*) from timer where subject = $1", press.id) == [(5,)]


def test_what_the_database_refuses_still_stays(replica: Replica) -> None:
    replica.sql(BAR)
    names = replica.refuse(pressed(RADIO), pressed("2341778"))
    assert replica.fails("give-back", *names) == (
        f"peel: {names[0]}: the database refuses it still: CheckViolationError\n"
    )
    assert {path.name for path in (replica.folder / "set-aside").iterdir()} == set(names)
    replica.sql("alter table signal drop constraint barred")
    assert replica.peel("give-back", *names).returncode == 0
    assert replica.sql("select count(*) from signal") == [(2,)]
    assert list((replica.folder / "set-aside").iterdir()) == []


def test_files_are_listed_whole_and_shown_without_personal_data(replica: Replica) -> None:  # I7
    press = pressed(RADIO)
    assert "no spool folder" in replica.fails("list")
    (name,) = replica.refuse(press)
    changed = "00000001-0123456789abcdef.spool-0.changed"
    (replica.folder / "set-aside" / changed).write_bytes(b"whatever")
    listed = replica.peel("list").stdout.splitlines()
    assert (listed[0], listed[2]) == (changed, name)
    assert ("damaged bytes" in listed[1], "a signal that the database refused" in listed[3]) == (True, True)
    shown = json.loads(replica.peel("show", name).stdout)
    assert shown["signal"]["emergency_id"] == str(press.emergency_id)
    assert shown["signals"] == [{"signal_id": str(press.id), "in_the_database": False}]
    assert "Press.radio" in shown["removed"]
    assert RADIO not in json.dumps(shown)
    assert replica.peel("give-back", name).returncode == 0
    assert json.loads(replica.peel("show", changed).stdout)["signal"] is None
    assert "holds no whole signal" in replica.fails("give-back", changed)


def test_what_cannot_be_done_is_a_line(replica: Replica) -> None:
    (name,) = replica.refuse(pressed(RADIO))
    assert "no file nothing is set aside here" in replica.fails("give-back", "nothing")
    away = f"postgresql://peel@127.0.0.1:{free_port()}/{{service}}"
    for command in ("show", "give-back"):
        assert "the database of safety does not answer" in replica.fails(command, name, database=away)
    garbled = name.replace(".refused", "0.refused")
    (replica.folder / "set-aside" / garbled).write_bytes(b"\xff")
    assert "cannot be read as a signal: DecodeError" in replica.fails("give-back", garbled)
    assert {path.name for path in (replica.folder / "set-aside").iterdir()} == {name, garbled}
