"""What a spool set aside can be looked at and dealt with while its own process goes on."""

from pathlib import Path

import pytest

from services.kernel.errors import OperatorFault
from services.kernel.spool import AsideFolder, Record, Spool
from tests.unit.kernel.spooling import aside, number, run, segments, spooling


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


async def refuse(spool: Spool, *values: int) -> list[Record]:
    """Records that the store refuses."""
    records = [await spool.add(number(value), b"%d" % value) for value in values]
    for record in records:
        await spool.put_aside(record)
    return records


def test_a_refused_record_is_read_whole_beside_the_process_that_owns_it(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            records = await refuse(spool, 2, 1)
            found = AsideFolder(folder)
            assert [file.record for file in found.all()] == records
            assert found.get(found.all()[0].name).record == records[0]
            found.take_away(found.all()[0].name)
            assert [file.record for file in found.all()] == records[1:]
            assert spool.set_aside == 1

    run(work())


def test_what_two_people_take_away_is_gone_once(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            await refuse(spool, 1)
        (file,) = AsideFolder(folder).all()
        for _ in range(2):
            AsideFolder(folder).take_away(file.name)
        with pytest.raises(OperatorFault, match="no file"):
            AsideFolder(folder).get(file.name)

    run(work())


def test_of_damaged_bytes_is_told_what_they_were_about(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            for value in range(3):
                await spool.add(number(value), b"body %d" % value)

    run(work())
    (file,) = segments(folder)
    content = bytearray(file.read_bytes())
    # The last byte of the body of the second of three.
    content[len(content) // 3 * 2 - 1] ^= 1
    file.write_bytes(content)
    Spool(folder)
    (found,) = AsideFolder(folder).all()
    assert (found.record, found.size) == (None, len(content) // 3)
    assert [entry.id for entry in found.entries] == [number(1)]


def test_of_a_damaged_header_nothing_is_made_out(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            await spool.add(number(1), b"body")

    run(work())
    (file,) = segments(folder)
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)
    Spool(folder)
    (found,) = AsideFolder(folder).all()
    assert (found.record, found.entries) == (None, ())


def test_what_is_being_written_is_no_file_yet(folder: Path) -> None:
    async def work() -> None:
        async with spooling(folder) as spool:
            await refuse(spool, 1)

    run(work())
    (file,) = aside(folder, "refused")
    unfinished = file.rename(file.with_name(f"{file.name}.unfinished"))
    assert AsideFolder(folder).all() == []
    with pytest.raises(OperatorFault, match="no file"):
        AsideFolder(folder).get(unfinished.name)


@pytest.mark.parametrize("name", ["../spool.refused", "/etc/hostname", "", ".", "..", "nothing.refused"])
def test_only_files_that_were_set_aside_are_read(folder: Path, name: str) -> None:
    Spool(folder)
    (folder / "set-aside").mkdir()
    with pytest.raises(OperatorFault, match="no file"):
        AsideFolder(folder).get(name)


def test_a_folder_that_is_none_is_an_operators_fault(folder: Path) -> None:
    with pytest.raises(OperatorFault, match="no spool folder"):
        AsideFolder(folder)
    Spool(folder)
    assert AsideFolder(folder).all() == []
