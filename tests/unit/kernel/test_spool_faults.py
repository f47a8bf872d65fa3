"""A disk that fails under the spool: nothing promised is lost, nothing refused is promised, and all of it is told."""

import asyncio
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.errors import OperatorFault
from services.kernel.spool import Spool, SpoolFailed
from services.kernel.telemetry.metrics import REGISTRY
from tests.unit.kernel.disks import Disk
from tests.unit.kernel.spooling import aside, bodies, number, run, segments, spooling


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with Disk(tmp_path / "spool").between() as disk:
        yield disk


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def found_by_the_next(folder: Path) -> list[bytes]:
    """What a process after this one finds to replay."""

    async def work() -> list[bytes]:
        async with spooling(folder) as spool:
            return bodies(spool.pending())

    return run(work())


async def refused(spool: Spool, value: int, body: bytes = b"refused") -> SpoolFailed:
    with pytest.raises(SpoolFailed) as failure:
        await spool.add(number(value), body)
    assert spool.wrong() == failure.value.rule
    return failure.value


@pytest.mark.parametrize("room", range(0, 56, 5))
def test_a_full_disk_is_told_and_what_comes_after_is_sound(disk: Disk, room: int) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            await spool.add(number(1), b"before")
            disk.room = room
            failure = await refused(spool, 2)
            assert (failure.reason, "ENOSPC" in failure.rule) == ("SPOOL_UNWRITABLE", True)
            await refused(spool, 3)
            disk.healthy()
            await spool.add(number(4), b"after")
            assert spool.wrong() is None
            assert bodies(spool.pending()) == [b"before", b"after"]

    run(work())
    assert found_by_the_next(disk.folder) == [b"before", b"after"]


def test_a_nearly_full_disk_takes_what_fits_of_a_batch(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            disk.room = 4000
            adding = (spool.add(number(size), bytes(size)) for size in (10, 4000, 11, 4000, 12))
            outcomes = await asyncio.gather(*adding, return_exceptions=True)
            assert [isinstance(outcome, SpoolFailed) for outcome in outcomes] == [False, True, False, True, False]

    run(work())
    assert found_by_the_next(disk.folder) == [bytes(10), bytes(11), bytes(12)]


def test_nobody_is_left_without_an_answer(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            disk.refuses["write"] = errno.EIO
            adding = (spool.add(number(value), b"refused") for value in range(20))
            outcomes = await asyncio.gather(*adding, return_exceptions=True)
            assert all(isinstance(outcome, SpoolFailed) for outcome in outcomes)
            assert spool.size == 0

    before = count("peel_spool_failed_total", step="add")
    run(work())
    assert count("peel_spool_failed_total", step="add") == before + 20


def test_a_file_that_fails_is_left_and_nobody_notices(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            await spool.add(number(1), b"before")
            bad, write = segments(disk.folder)[-1], os.write

            def failing(fd: int, content: bytes) -> int:
                if Path(f"/proc/self/fd/{fd}").readlink() == bad:
                    raise OSError(errno.EIO, "a bad block")
                return write(fd, content)

            monkeypatch.setattr(os, "write", failing)
            await spool.add(number(2), b"after")
            assert spool.wrong() is None

    run(work())
    assert found_by_the_next(disk.folder) == [b"before", b"after"]


@pytest.mark.parametrize("cut", [True, False])
def test_after_a_failed_sync_that_file_is_never_trusted_again(disk: Disk, cut: bool) -> None:
    """The kernel says once that it lost a page; the next sync of the same file succeeds, and proves nothing."""

    async def work() -> None:
        async with spooling(disk.folder) as spool:
            await spool.add(number(1), b"before")
            file = segments(disk.folder)[-1]
            size = file.stat().st_size
            disk.refuses["fdatasync"] = errno.EIO
            if not cut:
                disk.refuses["ftruncate"] = errno.EIO
            await refused(spool, 2)
            disk.healthy()
            assert (file.stat().st_size == size) == cut
            await spool.add(number(3), b"after")
            assert segments(disk.folder)[-1] != file
            assert bodies(spool.pending()) == [b"before", b"after"]

    run(work())
    found = found_by_the_next(disk.folder)
    # What could not be cut off may be whole: replayed although it was not promised, which harms nobody.
    assert found == ([b"before", b"after"] if cut else [b"before", b"refused", b"after"])


def test_what_could_not_be_cut_off_is_found_torn_and_does_not_hide_what_follows(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            await spool.add(number(1), b"before")
            disk.room = 20
            disk.refuses["ftruncate"] = errno.EIO
            await refused(spool, 2)
            disk.healthy()
            await spool.add(number(3), b"after")

    run(work())
    torn = count("peel_spool_damaged_total", damage="torn")
    assert found_by_the_next(disk.folder) == [b"before", b"after"]
    assert count("peel_spool_damaged_total", damage="torn") == torn + 1
    # It was cut off, so it is told once.
    assert found_by_the_next(disk.folder) == [b"before", b"after"]
    assert count("peel_spool_damaged_total", damage="torn") == torn + 1


@pytest.mark.parametrize("piece", [1, 7, 48, 49, 50])
def test_a_write_that_takes_a_piece_at_a_time_is_whole_in_the_end(disk: Disk, piece: int) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            disk.piece = piece
            await asyncio.gather(*(spool.add(number(value), bytes(value)) for value in range(10)))

    run(work())
    assert found_by_the_next(disk.folder) == [bytes(value) for value in range(10)]


def test_a_disk_that_stays_full_is_not_littered_with_files(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            await spool.add(number(1), b"before")
            disk.room = 0
            for value in range(2, 20):
                await refused(spool, value)
            assert len(segments(disk.folder)) <= 2

    run(work())


def test_a_full_disk_can_be_worked_off(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.spool.segments._SEGMENT_BYTES", 100)

    async def work() -> None:
        async with spooling(disk.folder) as spool:
            for value in range(6):
                await spool.add(number(value), bytes(60))
            disk.room = 0
            records = spool.pending()
            for record in records[:3]:
                await spool.replayed([record])
            # No mark could be written, and yet the store's copies are not asked for twice by this process.
            assert spool.pending() == records[3:]
            await spool.replayed(records[3:])
            assert [file.stat().st_size for file in segments(disk.folder)] in ([], [0])

    run(work())
    assert found_by_the_next(disk.folder) == []


def test_a_mark_that_the_disk_refuses_costs_a_second_replay_and_no_record(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            for value in range(3):
                await spool.add(number(value), b"%d" % value)
            disk.refuses["write"] = errno.EIO
            await spool.replayed(spool.pending()[:2])
            assert bodies(spool.pending()) == [b"2"]

    before = count("peel_spool_failed_total", step="mark")
    run(work())
    assert count("peel_spool_failed_total", step="mark") == before + 1
    assert found_by_the_next(disk.folder) == [b"0", b"1", b"2"]


def test_a_file_that_cannot_be_removed_is_marked_instead(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            await spool.add(number(1), b"one")
            disk.refuses["unlink"] = errno.EPERM
            await spool.replayed(spool.pending())

    run(work())
    assert found_by_the_next(disk.folder) == []


def test_a_folder_that_takes_no_new_file_is_found_out_before_it_is_needed(disk: Disk) -> None:
    async def work() -> None:
        Spool(disk.folder)._folder.close()
        disk.refuses["open"] = errno.EROFS
        async with spooling(disk.folder) as spool:
            with pytest.raises(SpoolFailed, match="EROFS"):
                await spool.check()
            assert "EROFS" in (spool.wrong() or "")
            await refused(spool, 1)
            disk.healthy()
            await spool.check()
            assert spool.wrong() is None
            await spool.add(number(2), b"two")

    run(work())
    assert found_by_the_next(disk.folder) == [b"two"]


def test_checks_leave_nothing_behind(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            for _ in range(5):
                await spool.check()
            assert [file.stat().st_size for file in segments(disk.folder)] == [0]
            await spool.add(number(1), b"one")
            for _ in range(5):
                await spool.check()

    run(work())
    assert found_by_the_next(disk.folder) == [b"one"]


def test_what_cannot_be_set_aside_waits_on(disk: Disk) -> None:
    async def work() -> None:
        async with spooling(disk.folder) as spool:
            record = await spool.add(number(1), b"poison")
            disk.room = 3
            with pytest.raises(SpoolFailed):
                await spool.put_aside(record)
            assert (spool.pending(), spool.set_aside) == ((record,), 0)
            disk.healthy()
            await spool.put_aside(record)
            assert (spool.pending(), spool.set_aside) == ((), 1)
            # A second time it is no longer there to be set aside.
            refusals = count("peel_spool_refused_total")
            await spool.put_aside(record)
            assert count("peel_spool_refused_total") == refusals

    run(work())
    assert [file.read_bytes() for file in aside(disk.folder, "refused")] == [b"poison"]


def test_a_folder_that_cannot_be_synced_is_not_used(disk: Disk) -> None:
    disk.folder.mkdir(mode=0o700)
    disk.refuses["fsync"] = errno.EIO

    async def work() -> None:
        async with spooling(disk.folder) as spool:
            # A file that a power cut takes away keeps nothing.
            await refused(spool, 1)
            assert segments(disk.folder) == []

    run(work())


def test_a_folder_that_cannot_be_made_is_an_operators_fault(disk: Disk) -> None:
    disk.refuses["mkdir"] = errno.ENOSPC
    with pytest.raises(OperatorFault, match="cannot be used"):
        Spool(disk.folder)


def written(folder: Path, count: int) -> Path:
    """The one file of a spool with so many records."""

    async def work() -> None:
        async with spooling(folder) as spool:
            for value in range(count):
                await spool.add(number(value), b"%d" % value * 5)

    run(work())
    return segments(folder)[0]


def test_a_flipped_bit_is_told_kept_for_a_person_and_costs_one_record(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    file = written(folder, 5)
    content = bytearray(file.read_bytes())
    size = len(content) // 5
    content[size * 2 + 10] ^= 1
    file.write_bytes(content)
    before = count("peel_spool_damaged_total", damage="changed")
    assert found_by_the_next(folder) == [b"%d" % value * 5 for value in (0, 1, 3, 4)]
    assert [kept.read_bytes() for kept in aside(folder, "changed")] == [content[size * 2 : size * 3]]
    # Told once, although its file stays until the others are replayed.
    assert found_by_the_next(folder) == [b"%d" % value * 5 for value in (0, 1, 3, 4)]
    assert count("peel_spool_damaged_total", damage="changed") == before + 1


def test_damage_that_cannot_be_set_aside_stays_where_it_is(disk: Disk) -> None:
    file = written(disk.folder, 2)
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)

    async def work() -> None:
        disk.refuses["mkdir"] = errno.ENOSPC
        async with spooling(disk.folder) as spool:
            disk.healthy()
            await spool.replayed(spool.pending())
            assert spool.size == 0

    run(work())
    assert file.exists()
    assert found_by_the_next(disk.folder) == []
    assert not file.exists()
    assert len(aside(disk.folder, "changed")) == 1


def test_a_file_that_the_disk_does_not_give_back_hides_no_other_and_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "spool"
    unreadable = written(folder, 1)
    read = Path.read_bytes

    def failing(path: Path) -> bytes:
        if path == unreadable:
            raise OSError(errno.EIO, "gone")
        return read(path)

    async def meanwhile() -> None:
        async with spooling(folder) as spool:
            assert spool.pending() == ()
            await spool.add(number(7), b"new")
            await spool.add(number(8), b"newer")
            await spool.replayed(spool.pending()[:1])

    before = count("peel_spool_damaged_total", damage="unreadable")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", failing)
        run(meanwhile())
    assert count("peel_spool_damaged_total", damage="unreadable") == before + 1
    # Readable again: nothing that was written meanwhile took its place.
    assert found_by_the_next(folder) == [b"0" * 5, b"newer"]


@settings(max_examples=30, deadline=None, database=None)
@given(st.data())
def test_cut_at_any_byte_or_flipped_at_any_bit_all_other_records_are_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    file = written(folder, 4)
    content = bytearray(file.read_bytes())
    size = len(content) // 4
    all_of_it = [b"%d" % value * 5 for value in range(4)]
    if data.draw(st.booleans()):
        length = data.draw(st.integers(0, len(content)))
        file.write_bytes(content[:length])
        assert found_by_the_next(folder) == all_of_it[: length // size]
        # Cut to the last whole record, durably.
        assert not file.exists() or file.stat().st_size == length // size * size
    else:
        bit = data.draw(st.integers(0, len(content) * 8 - 1))
        content[bit // 8] ^= 1 << bit % 8
        file.write_bytes(content)
        hit = bit // 8 // size
        assert found_by_the_next(folder) == all_of_it[:hit] + all_of_it[hit + 1 :]
        assert len(aside(folder, "changed")) == 1
