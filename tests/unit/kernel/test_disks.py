"""The disk that fails when told to forgets what it knew of a file that is gone."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.kernel.disks import Disk, Killed

FRESH = os.O_CREAT | os.O_EXCL | os.O_WRONLY


@pytest.mark.parametrize("kill_in", [1, 2], ids=["torn", "written"])
def test_a_file_that_has_the_number_of_a_removed_one_is_not_synced(tmp_path: Path, kill_in: int) -> None:
    """File systems give the numbers of removed files to new ones, which of them depends on what else goes on there."""

    class Reused(dict[int, int]):
        """As though every number had been that of a file of which so much was synced."""

        def get(self, number: int, *_: int) -> int:  # type: ignore[override]
            return super().get(number, 7)

    disk, survived = Disk(tmp_path), []

    def survives(synced: int, size: int) -> int:
        survived.append((synced, size))
        return synced

    with disk.between():
        disk._synced = Reused()
        fd = os.open(tmp_path / "file", FRESH)
        folder = os.open(tmp_path, os.O_RDONLY)
        os.fsync(folder)
        disk.kill_in = kill_in
        with suppress(Killed):
            os.write(fd, bytes(20))
            os.fdatasync(fd)
        disk.power_cut(survives)
        os.close(fd)
        os.close(folder)
    assert survived == [(0, 20 if kill_in == 2 else 10)]
    assert (tmp_path / "file").stat().st_size == 0
