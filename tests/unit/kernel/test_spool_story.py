"""Whatever happens to a spool, in whatever order: what was promised is there, and what was never added is not (I4)."""

import asyncio
import errno
import shutil
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.kernel.spool import Record, Spool, SpoolFailed
from tests.unit.kernel.disks import Disk, Killed
from tests.unit.kernel.spooling import DEADLINE_SECONDS, bodies, number

Answer = TypeVar("Answer")
STORY = settings(
    max_examples=60, stateful_step_count=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
# Steps of a call to the disk, of which each may be the process's last.
steps = st.integers(1, 12)
sizes = st.lists(st.sampled_from((0, 1, 40, 500)), min_size=1, max_size=4)
faults = st.sampled_from(
    [
        {"write": errno.EIO},
        {"fdatasync": errno.EIO},
        {"fdatasync": errno.EIO, "ftruncate": errno.EIO},
        {"write": errno.EROFS, "open": errno.EROFS, "unlink": errno.EROFS, "ftruncate": errno.EROFS},
        {"fsync": errno.EIO},
        {"unlink": errno.EPERM},
        {"replace": errno.EIO},
    ]
)


class Story(RuleBasedStateMachine):
    """A spool, a disk that fails, and a store that takes each record once.

    Each body is its own, so a record is known by it. Promised: its `add` returned. Gone: the store has it, or a person.
    """

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.disk = Disk(self.home / "spool")
        self._between = self.disk.between()
        self._between.__enter__()
        self._runner = asyncio.Runner()
        self.asked: list[bytes] = []
        self.promised: set[bytes] = set()
        self.store: set[bytes] = set()
        self.marked: set[bytes] = set()
        self._open: Spool | None = None

    @initialize()
    def start(self) -> None:
        self._open = Spool(self.disk.folder)

    @property
    def spool(self) -> Spool:
        assert self._open is not None
        return self._open

    def teardown(self) -> None:
        self.die()
        self._runner.close()
        self._between.__exit__(None, None, None)
        shutil.rmtree(self.home)

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        async def bounded() -> Answer:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await work

        return self._runner.run(bounded())

    def die(self) -> None:
        """As the process ends: its files close, and nothing else happens."""
        if self._open is not None:
            self._open._log.close()
            self._open._thread.shutdown()
            self._open = None

    def restart(self) -> None:
        self.die()
        self.disk.healthy()
        self.start()

    def add_some(self, lengths: Sequence[int]) -> list[Record | BaseException]:
        async def work() -> list[Record | BaseException]:
            adding = []
            for length in lengths:
                body = b"%d/" % len(self.asked) + bytes(length)
                self.asked.append(body)
                # Few ids, so that they come again.
                adding.append(self.spool.add(number(len(self.asked) % 3), body))
            return await asyncio.gather(*adding, return_exceptions=True)

        outcomes = self.run(work())
        self.promised |= {outcome.body for outcome in outcomes if isinstance(outcome, Record)}
        return outcomes

    def give_to_store(self, data: st.DataObject) -> list[Record]:
        pending = self.spool.pending()
        given = data.draw(st.lists(st.sampled_from(pending), unique=True)) if pending else []
        self.store |= {record.body for record in given}
        return given

    @rule(lengths=sizes)
    def add(self, lengths: list[int]) -> None:
        assert all(isinstance(outcome, Record) for outcome in self.add_some(lengths))

    @rule(lengths=sizes, room=st.integers(0, 400), piece=st.sampled_from((None, 1, 50)))
    def add_to_a_full_disk(self, lengths: list[int], room: int, piece: int | None) -> None:
        self.disk.room, self.disk.piece = room, piece
        assert all(isinstance(outcome, Record | SpoolFailed) for outcome in self.add_some(lengths))
        self.disk.healthy()

    @rule(lengths=sizes, fault=faults)
    def add_to_a_failing_disk(self, lengths: list[int], fault: dict[str, int]) -> None:
        self.disk.refuses = dict(fault)
        assert all(isinstance(outcome, Record | SpoolFailed) for outcome in self.add_some(lengths))
        self.disk.healthy()

    @rule(data=st.data())
    def replay_some(self, data: st.DataObject) -> None:
        given = self.give_to_store(data)
        self.run(self.spool.replayed(given))
        self.marked |= {record.body for record in given}

    @rule()
    def replay_all(self) -> None:
        pending = self.spool.pending()
        self.store |= {record.body for record in pending}
        self.run(self.spool.replayed(pending))
        self.marked |= {record.body for record in pending}
        assert sum(path.stat().st_size for path in self.disk.folder.glob("*.spool")) == 0

    @rule(data=st.data(), fault=faults)
    def replay_on_a_failing_disk(self, data: st.DataObject, fault: dict[str, int]) -> None:
        given = self.give_to_store(data)
        self.disk.refuses = dict(fault)
        self.run(self.spool.replayed(given))
        self.disk.healthy()
        assert not {record.body for record in given} & set(bodies(self.spool.pending()))

    @rule(data=st.data(), fault=st.one_of(st.just({}), faults))
    def set_aside(self, data: st.DataObject, fault: dict[str, int]) -> None:
        pending = self.spool.pending()
        if pending:
            record = data.draw(st.sampled_from(pending))
            self.disk.refuses = dict(fault)
            try:
                self.run(self.spool.put_aside(record))
                if not fault:
                    self.marked.add(record.body)
            except SpoolFailed:
                assert fault
            self.disk.healthy()

    @rule()
    def restart_cleanly(self) -> None:
        self.run(self.spool.close())
        self._open = None
        self.start()

    @rule()
    def restart_killed(self) -> None:
        self.restart()

    @rule(step=steps, lengths=sizes)
    def kill_while_adding(self, step: int, lengths: list[int]) -> None:
        self.disk.kill_in = step
        outcomes = self.add_some(lengths)
        assert all(isinstance(outcome, Record | Killed) for outcome in outcomes)
        self.restart()

    @rule(step=steps, data=st.data())
    def kill_while_marking(self, step: int, data: st.DataObject) -> None:
        given = self.give_to_store(data)
        self.disk.kill_in = step
        try:
            self.run(self.spool.replayed(given))
            self.marked |= {record.body for record in given}
        except Killed:
            pass
        self.restart()

    @rule(step=steps)
    def kill_while_setting_aside(self, step: int) -> None:
        for record in self.spool.pending()[:1]:
            self.disk.kill_in = step
            try:
                self.run(self.spool.put_aside(record))
            except Killed:
                break
        self.restart()

    @rule(step=steps)
    def kill_while_starting(self, step: int) -> None:
        self.die()
        self.disk.kill_in = step
        try:
            self._open = Spool(self.disk.folder)
        except Killed:
            # Its lock went with it in truth.
            self.disk.let_go()
        self.restart()

    @rule(lengths=sizes, step=steps, data=st.data())
    def power_cut_while_adding(self, lengths: list[int], step: int, data: st.DataObject) -> None:
        self.disk.kill_in = step
        self.add_some(lengths)
        self.die()
        self.disk.power_cut(lambda synced, size: data.draw(st.integers(synced, size)))
        self.restart()

    @rule(step=steps, data=st.data())
    def power_cut_while_setting_aside(self, step: int, data: st.DataObject) -> None:
        for record in self.spool.pending()[:1]:
            self.disk.kill_in = step
            try:
                self.run(self.spool.put_aside(record))
            except Killed:
                break
        self.die()
        self.disk.power_cut(lambda synced, size: data.draw(st.integers(synced, size)))
        self.restart()

    def with_people(self) -> set[bytes]:
        return {path.read_bytes() for path in (self.disk.folder / "set-aside").glob("*.refused")}

    @invariant()
    def nothing_promised_is_lost(self) -> None:
        assert self.promised <= self.store | self.with_people() | set(bodies(self.spool.pending()))

    @invariant()
    def nothing_is_invented(self) -> None:
        assert self.with_people() | set(bodies(self.spool.pending())) <= set(self.asked)

    @invariant()
    def nothing_comes_twice_in_one_spool(self) -> None:
        pending = bodies(self.spool.pending())
        assert len(set(pending)) == len(pending)

    @invariant()
    def what_was_marked_does_not_come_back(self) -> None:
        assert not self.marked & set(bodies(self.spool.pending()))

    @invariant()
    def they_wait_in_the_order_they_came(self) -> None:
        order = [self.asked.index(body) for body in bodies(self.spool.pending())]
        assert order == sorted(order)

    @invariant()
    def no_whole_record_is_taken_for_damage(self) -> None:
        assert not list((self.disk.folder / "set-aside").glob("*.changed"))


def test_the_life_of_a_spool() -> None:
    run_state_machine_as_test(Story, settings=STORY)
