"""Child processes that are watched: restarted when they die, stopped in order, and never left behind.

Each has a keeper, and keepers are threads rather than asyncio tasks: the same code serves pytest fixtures, the command
line and an asyncio driver, whose loop must not be what restarts depend on. A thread that waits for its child polls for
nothing. And the kernel ties the parent-death signal to the *thread* that started the child, not to the process: were
children started from a passing thread of some executor, they would be killed as soon as that thread ended. A keeper
lives exactly as long as its child may.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from deploy.local.account import Account
from deploy.local.faults import LocalFault, tail
from deploy.local.launch import leashed
from deploy.local.pidfile import write_pid_file

_BACK_OFF_SECONDS = (0.2, 5.0)
_DOUBLINGS = 8
# A process that ran this long was well; its next restart is a quick one again.
_SETTLED_SECONDS = 10.0
_POLL_SECONDS = 0.03
# A process that died this often before it answered once will not be waited for any longer.
_STILLBORN = 3
# Of what yields: it gets a tenth of the time of what does not, where both want all there is.
_NICENESS = 10


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and how to tell that it runs.

    `death_signal` is what the process gets when this one dies without stopping it. SIGKILL by default: everything here
    is built to survive that, and nothing can ignore it.

    What `yields` stands back where the processor is not enough for everybody, so that a press does not wait for it.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    cwd: Path | None = None
    account: Account | None = None
    pid_file: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    grace_seconds: float = 12.0
    yields: bool = False


class Process:
    """One child process. With `restart`, it comes back whenever it ends without having been told to stop."""

    def __init__(self, command: Command, *, restart: bool = False) -> None:
        self.command = command
        self.restarts = 0
        self._restart = restart
        self._ends = 0
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._change = threading.Condition()

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def pid(self) -> int | None:
        """The process id; None while it does not run."""
        child = self._child
        return child.pid if child else None

    def start(self) -> None:
        """Starts it; returns once it exists, which is before it is ready.

        Raises LocalFault where it runs already or cannot be started.
        """
        if self._is_kept():
            raise LocalFault(f"{self.name} runs already")
        self._stopping = False
        born: Future[None] = Future()
        self._keeper = threading.Thread(target=self._keep, args=(born,), name=f"keeper of {self.name}", daemon=True)
        self._keeper.start()
        born.result()

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Returns once it answers. Raises LocalFault with the end of its log where it dies or takes longer."""
        deadline, ends_before = time.monotonic() + seconds, self._ends
        while not (self.command.ready() and self.pid is not None):
            with self._change:
                if not self._is_kept() or self._ends - ends_before >= _STILLBORN:
                    raise self._fault("ended before it was ready")
                if time.monotonic() > deadline:
                    raise self._fault(f"was not ready within {seconds:g} s")
                self._change.wait(_POLL_SECONDS)

    def stop(self) -> None:
        """Ends it for good: its stop signal, then SIGKILL when the grace is over. Returns once it is gone."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
            if self._child is not None:
                self._child.send_signal(self.command.stop_signal)
            if not self._change.wait_for(lambda: self._child is None, self.command.grace_seconds) and self._child:
                self._child.kill()
        if self._keeper is not None:
            self._keeper.join()

    def kill(self) -> None:
        """SIGKILL, as in a crash; returns once that process is gone. It comes back if it is to be restarted."""
        with self._change:
            victim = self._child
            if victim is not None:
                victim.kill()
                self._change.wait_for(lambda: self._child is not victim)

    def _is_kept(self) -> bool:
        return self._keeper is not None and self._keeper.is_alive()

    def _fault(self, what: str) -> LocalFault:
        return LocalFault(f"{self.name} {what}; {self.command.log} ends with:\n{tail(self.command.log)}")

    def _keep(self, born: "Future[None]") -> None:
        streak = 0
        while True:
            began = time.monotonic()
            try:
                outcome = self._run_once(born)
            except OSError as error:
                if not born.done():
                    born.set_exception(LocalFault(f"{self.name} could not be started: {error}"))
                    return
                outcome = f"could not be started: {error}"
            streak = 0 if time.monotonic() - began > _SETTLED_SECONDS else streak + 1
            if not self._comes_back(outcome, streak):
                return

    def _run_once(self, born: "Future[None]") -> str:
        with self._change:
            if self._stopping:
                return "was stopped"
            child = self._spawn()
            self._child = child
        if not born.done():
            born.set_result(None)
        status = child.wait()
        # What it started itself and did not take with it.
        _kill_group(child.pid)
        if self.command.pid_file:
            self.command.pid_file.unlink(missing_ok=True)
        with self._change:
            self._child = None
            self._ends += 1
            self._change.notify_all()
        return f"ended with status {status}"

    def _spawn(self) -> "subprocess.Popen[bytes]":
        command = self.command
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log:
            child = subprocess.Popen(
                leashed(
                    command.argv,
                    command.account,
                    command.death_signal,
                    niceness=_NICENESS if command.yields else 0,
                ),
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Out of reach of the terminal's Ctrl-C: the platform stops its parts itself, in order. A group and not
                # a session: Linux shares its time out between sessions first, and looks at niceness only within one.
                process_group=0,
            )
        if command.pid_file:
            try:
                write_pid_file(command.pid_file, child.pid)
            except OSError:
                child.kill()
                child.wait()
                raise
        return child

    def _comes_back(self, outcome: str, streak: int) -> bool:
        """Whether to run it again, after the pause that this takes."""
        pause = _pause(streak)
        with self._change:
            if self._stopping or not self._restart:
                return False
            self.restarts += 1
            with self.command.log.open("a") as log:
                log.write(f"{self.name} {outcome}: restart {self.restarts} in {pause:.1f} s\n")
            return not self._change.wait_for(lambda: self._stopping, pause)


def _pause(streak: int) -> float:
    """Seconds until the next try: longer with each quick end in a row, and never the same, so that what fell together
    does not come back in step."""
    shortest, longest = _BACK_OFF_SECONDS
    # Not the shared generator: that one belongs to whoever seeded it.
    return random.SystemRandom().uniform(shortest, min(longest, shortest * 2 ** min(streak + 1, _DOUBLINGS)))


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


class Supervisor:
    """Processes in the order in which they were started."""

    def __init__(self) -> None:
        self._processes: dict[str, Process] = {}

    def __getitem__(self, name: str) -> Process:
        return self._processes[name]

    def __iter__(self) -> Iterator[Process]:
        return iter(self._processes.values())

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by name, of those that run at this moment."""
        return {process.name: process.pid for process in self if process.pid is not None}

    def start(self, process: Process) -> Process:
        """Starts a process and answers for stopping it. Raises LocalFault where it cannot be started."""
        self.adopt(process)
        process.start()
        return process

    def adopt(self, process: Process) -> None:
        """Answers from now on for stopping a process that somebody else started."""
        self._processes[process.name] = process

    def stop(self) -> None:
        """Stops all, the last started first. Returns once the last is gone."""
        for process in reversed(list(self)):
            process.stop()
        self._processes.clear()
