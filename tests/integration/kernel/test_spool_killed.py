"""Processes with a spool that are killed, limited or unprivileged: what they promised is there (I4, R-OS-09)."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from tests.integration.kernel.run_spool import NOBODY
from tests.integration.local.waiting import eventually
from tests.unit.kernel.spooling import aside, bodies, number, run, spooling

RUN_SPOOL = Path(__file__).with_name("run_spool.py")
SECONDS = 30
# Where a kill may come: in each call that changes the disk, whether it adds, marks or sets aside.
MOMENTS = [
    *(("write", when, at) for when in ("before", "half", "after") for at in (1, 3, 6)),
    *(("fdatasync", when, at) for when in ("before", "after") for at in (1, 6)),
    *(("open", when, at) for when in ("before", "after") for at in (1, 2, 3)),
    *(("fsync", when, at) for when in ("before", "after") for at in (1, 2, 3, 5)),
    *(("unlink", when, 1) for when in ("before", "after")),
    *(("replace", when, 1) for when in ("before", "after")),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def spool_process(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(RUN_SPOOL), str(folder), *args],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def said(output: str, word: str) -> list[str]:
    """Everything that was said after such a word."""
    return [said for line in output.splitlines() if line.startswith(f"{word} ") for said in line.split()[1:]]


def found(folder: Path) -> dict[UUID, bytes]:
    """What the next process would replay, by id."""

    async def work() -> dict[UUID, bytes]:
        async with spooling(folder) as spool:
            assert len({record.id for record in spool.pending()}) == spool.size
            return {record.id: record.body for record in spool.pending()}

    return run(work())


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: "-".join(map(str, moment)))
def test_killed_at_each_step_of_a_write_it_loses_and_invents_nothing(
    folder: Path, moment: tuple[str, str, int]
) -> None:
    call, when, at = moment
    process = spool_process(folder, "work", call, when, str(at))
    assert process.returncode == -signal.SIGKILL, process.stderr
    tried, kept, stored, marked = (
        {int(value) for value in said(process.stdout, word)} for word in ("tried", "kept", "stored", "marked")
    )
    pending = {int(body) for body in found(folder).values()} if folder.exists() else set()
    with_people = {int(file.read_bytes()) for file in aside(folder, "refused")}
    assert kept <= pending | stored | with_people
    assert pending | with_people <= tried
    assert not marked & pending
    # A kill cuts a write short; it changes nothing that was whole.
    assert aside(folder, "changed") == []


@contextmanager
def flooding(folder: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, str(RUN_SPOOL), str(folder), "flood"], stdout=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait(SECONDS)


@pytest.mark.parametrize("acknowledged", [1, 300, 3000])
def test_killed_from_outside_under_load_with_a_spool_that_fills(
    folder: Path, tmp_path: Path, acknowledged: int
) -> None:
    log = tmp_path / "log"
    with flooding(folder, log) as process:
        eventually(lambda: log.read_bytes().count(b"kept") >= acknowledged, SECONDS)
        process.kill()
        process.wait(SECONDS)
    # Its last line may be cut short, and then tells of nothing.
    lines = log.read_text().rpartition("\n")[0]
    pending = {str(record_id) for record_id in found(folder)}
    assert set(said(lines, "kept")) <= pending
    assert acknowledged <= len(pending)
    assert pending <= set(said(log.read_text(), "tried"))


def test_a_second_process_is_refused_until_the_first_is_dead(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with flooding(folder, log) as process:
        eventually(lambda: b"kept" in log.read_bytes(), SECONDS)
        second = spool_process(folder, "work")
        assert second.returncode == 1
        assert "in use by another process" in second.stderr
        process.kill()
        process.wait(SECONDS)
    # What was left behind is the next one's, without anybody having to clear a lock away.
    assert spool_process(folder, "limit", "3000").returncode == 0


@pytest.mark.parametrize("size", [200, 1000, 3000])
def test_where_no_file_may_grow_each_is_kept_or_told_so_and_later_ones_are_sound(folder: Path, size: int) -> None:
    process = spool_process(folder, "limit", str(size))
    assert process.returncode == 0, process.stderr
    refused = said(process.stdout, "refused")
    # Only what no file can hold: a fresh one was tried for the others.
    too_large = {str(value) for value in range(0, 30, 3)}
    assert {word for word in refused if word.isdigit()} == too_large
    assert "SPOOL_UNWRITABLE" in refused
    assert "(EFBIG)" in refused
    kept = said(process.stdout, "kept")
    assert set(kept) == {str(value) for value in range(31)} - too_large
    assert sorted(record_id.int for record_id in found(folder)) == sorted(map(int, kept))


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user of the machine may reach."""
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    yield home / "spool"
    # Whoever is not root may take nothing out of a folder that may not be written.
    (home / "spool").chmod(0o700)
    shutil.rmtree(home)


def test_a_folder_that_may_not_be_written_still_gives_what_it_holds(reachable: Path) -> None:
    async def before() -> None:
        async with spooling(reachable) as spool:
            for value in range(3):
                await spool.add(number(value), b"%d" % value)

    run(before())
    for path in (reachable, *reachable.iterdir()):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        path.chmod(0o500 if path.is_dir() else 0o400)
    process = spool_process(reachable, "unprivileged")
    assert process.returncode == 0, process.stderr
    assert said(process.stdout, "pending") == ["0", "1", "2"]
    assert said(process.stdout, "refused")[0] == "SPOOL_UNWRITABLE"
    assert "(EACCES)" in process.stdout


def test_a_process_that_was_killed_in_the_middle_can_be_followed_by_any_number(folder: Path) -> None:
    for at in (2, 9, 4, 13):
        assert spool_process(folder, "work", "write", "half", str(at)).returncode == -signal.SIGKILL

    async def after() -> list[bytes]:
        async with spooling(folder) as spool:
            await spool.add(number(1000), b"after")
            return bodies(spool.pending())

    assert run(after())[-1] == b"after"
