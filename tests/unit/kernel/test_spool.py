"""The spool: what was added is on disk until it was replayed, also for the next process (I4, R-OS-09)."""

import asyncio
import errno
import fcntl
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.kernel.errors import OperatorFault
from services.kernel.spool import Spool, SpoolFailed
from services.kernel.spool.spool import MOST_BODY
from services.kernel.telemetry.metrics import REGISTRY
from tests.unit.kernel.disks import Disk
from tests.unit.kernel.spooling import DEADLINE_SECONDS, aside, bodies, number, run, segments, spooling


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_what_was_added_is_pending_in_its_order(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            for value in range(5):
                await spool.add(number(value), b"%d" % value)
            assert [(record.id, record.body) for record in spool.pending()] == [
                (number(value), b"%d" % value) for value in range(5)
            ]
            assert spool.size == 5

    run(work())


def test_the_next_process_finds_what_was_not_replayed(folder: Path) -> None:
    async def first() -> None:
        async with spooling(folder) as spool:
            records = [await spool.add(number(value), b"%d" % value) for value in range(5)]
            await spool.replayed([records[1], records[3]])

    async def second() -> None:
        async with spooling(folder) as spool:
            assert bodies(spool.pending()) == [b"0", b"2", b"4"]
            await spool.add(number(9), b"9")
            await spool.replayed(spool.pending()[:2])

    async def third() -> None:
        async with spooling(folder) as spool:
            assert bodies(spool.pending()) == [b"4", b"9"]

    for work in (first, second, third):
        run(work())


def test_the_same_id_may_come_twice_and_each_is_replayed_for_itself(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            first = await spool.add(number(1), b"pressed")
            seen = spool.pending()
            # Added while the first was on its way to the store: the store has not seen this one.
            await spool.add(number(1), b"pressed again")
            await spool.replayed(seen)
            assert bodies(spool.pending()) == [b"pressed again"]
            await spool.replayed([first])
            assert bodies(spool.pending()) == [b"pressed again"]

    run(work())


def test_a_place_long_replayed_never_stands_for_another_record(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            stale = await spool.add(number(1), b"one")
            await spool.replayed([stale])
            await spool.add(number(2), b"two")
            await spool.replayed([stale])
            assert bodies(spool.pending()) == [b"two"]

    run(work())


def test_a_file_goes_once_all_in_it_and_before_it_was_replayed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.spool.segments._SEGMENT_BYTES", 100)

    async def work() -> None:
        async with spooling(folder) as spool:
            records = [await spool.add(number(value), bytes(100)) for value in range(4)]
            files = segments(folder)
            assert len(files) == 4
            # Its mark stands in a later file, and is no reason to forget the first.
            await spool.replayed([records[1]])
            assert set(segments(folder)) > set(files)
            await spool.replayed([records[0]])
            assert segments(folder)[0] == files[2]
            await spool.replayed(records)
            assert [file.stat().st_size for file in segments(folder)] == [0]

    run(work())


def test_additions_of_the_same_moment_share_a_sync(folder: Path) -> None:
    async def work() -> None:
        with Disk(folder).between() as disk:
            async with spooling(folder) as spool:
                await asyncio.gather(*(spool.add(number(value), b"%d" % value) for value in range(100)))
                assert disk.syncs == 1
                assert bodies(spool.pending()) == [b"%d" % value for value in range(100)]

    run(work())


def test_a_slow_disk_holds_up_whoever_adds_and_nobody_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, asked = threading.Event(), threading.Event()
    sync = os.fdatasync

    def slowly(fd: int) -> None:
        asked.set()
        slow.wait()
        sync(fd)

    async def work() -> None:
        async with spooling(folder) as spool:
            monkeypatch.setattr(os, "fdatasync", slowly)
            adding = asyncio.create_task(spool.add(number(1), b"one"))
            try:
                await asyncio.to_thread(asked.wait, DEADLINE_SECONDS)
                assert not adding.done()
                # Nobody was promised anything, so nothing may be replayed yet.
                assert spool.size == 0
            finally:
                slow.set()
            assert (await adding).body == b"one"
            assert spool.size == 1

    run(work())


def test_who_stops_waiting_takes_nothing_back(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            adding = asyncio.create_task(spool.add(number(1), b"one"))
            await asyncio.sleep(0)
            adding.cancel()
            await spool.add(number(2), b"two")
            assert bodies(spool.pending()) == [b"one", b"two"]

    run(work())


def test_additions_during_a_replay_are_safe(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            for value in range(50):
                await spool.add(number(value), b"%d" % value)
            seen = spool.pending()
            await asyncio.gather(
                *(spool.replayed([record]) for record in seen),
                *(spool.add(number(value), b"%d" % value) for value in range(50, 100)),
            )

    async def again() -> None:
        async with spooling(folder) as spool:
            assert bodies(spool.pending()) == [b"%d" % value for value in range(50, 100)]

    run(work())
    run(again())


def test_a_second_owner_is_refused(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder):
            with pytest.raises(OperatorFault, match="in use by another process"):
                Spool(folder)
        async with spooling(folder):
            pass

    run(work())


def test_a_folder_that_cannot_be_locked_is_said_to_the_operator(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(_fd: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OperatorFault, match="cannot be locked"):
        Spool(folder)


def test_only_the_owner_may_read(folder: Path) -> None:
    folder.mkdir(mode=0o755)

    async def work() -> None:
        async with spooling(folder) as spool:
            await spool.add(number(1), b"one")
            await spool.put_aside(await spool.add(number(2), b"two"))

    run(work())
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_is_no_folder_cannot_be_used(folder: Path) -> None:
    folder.write_bytes(b"")
    with pytest.raises(OperatorFault, match="cannot be used"):
        Spool(folder)


def test_a_record_has_a_largest_size(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            with pytest.raises(SpoolFailed) as refused:
                await spool.add(number(1), bytes(MOST_BODY + 1))
            assert refused.value.reason == "RECORD_TOO_LARGE"
            await spool.add(number(2), bytes(MOST_BODY))

    async def again() -> None:
        async with spooling(folder) as spool:
            assert bodies(spool.pending()) == [bytes(MOST_BODY)]

    run(work())
    run(again())


def test_a_full_spool_says_so_and_has_room_again_once_it_was_replayed(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder, most_bytes=1000) as spool:
            adding = (spool.add(number(value), bytes(100)) for value in range(20))
            outcomes = await asyncio.gather(*adding, return_exceptions=True)
            refused = [outcome for outcome in outcomes if isinstance(outcome, SpoolFailed)]
            assert {one.reason for one in refused} == {"SPOOL_FULL"}
            assert spool.size == 20 - len(refused) == 6
            # A smaller one still fits.
            await spool.add(number(99), b"")
            await spool.replayed(spool.pending())
            assert spool.wrong() is None
            await spool.add(number(100), bytes(100))

    run(work())


def test_size_and_age_are_on_the_metrics_page(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            assert (spool.size, spool.oldest) == (0, None)
            assert REGISTRY.get_sample_value("peel_spool_oldest_seconds") == 0
            before = datetime.now(UTC)
            record = await spool.add(number(1), b"one")
            await spool.add(number(2), b"two")
            assert spool.oldest == record.added_at
            assert before <= record.added_at <= datetime.now(UTC)
            assert REGISTRY.get_sample_value("peel_spool_records") == 2
            assert 0 < (REGISTRY.get_sample_value("peel_spool_oldest_seconds") or 0) < 20
            await spool.put_aside(record)
            assert REGISTRY.get_sample_value("peel_spool_set_aside") == spool.set_aside == 1
            for file in aside(folder, "refused"):
                assert file.read_bytes() == b"one"
                file.unlink()
            assert REGISTRY.get_sample_value("peel_spool_set_aside") == spool.set_aside == 0
            assert REGISTRY.get_sample_value("peel_spool_records") == 1

    run(work())


def test_what_is_being_added_at_the_end_is_kept_and_nothing_after(folder: Path) -> None:
    async def work() -> None:
        spool = Spool(folder)
        adding = asyncio.create_task(spool.add(number(1), b"one"))
        await asyncio.sleep(0)
        await spool.close()
        assert (await adding).body == b"one"
        with pytest.raises(SpoolFailed) as refused:
            await spool.add(number(2), b"two")
        assert refused.value.reason == "SPOOL_CLOSED"

    run(work())
