"""Watched processes come back, stop in order, and leave nobody behind."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import processes
from deploy.local.faults import LocalFault
from deploy.local.home import Home
from deploy.local.processes import Command, Process, Supervisor
from tests.integration.local.waiting import eventually, family, gone

FOREVER = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
WITH_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import signal; signal.pause()'])"
ROOT = Path(__file__).parents[3]


def command(folder: Path, script: str, name: str = "child", **settings: object) -> Command:
    argv = (sys.executable, "-c", script)
    plain = Command(name, argv, dict(os.environ), folder / f"{name}.log", lambda: True, pid_file=folder / f"{name}.pid")
    return replace(plain, **settings)  # type: ignore[arg-type]


def test_a_killed_child_is_restarted(tmp_path: Path) -> None:
    process = Process(command(tmp_path, FOREVER), restart=True)
    process.start()
    first = process.pid or 0
    os.kill(first, signal.SIGKILL)
    eventually(lambda: process.pid not in (None, first))
    assert process.restarts == 1
    assert "ended with status -9: restart 1" in process.command.log.read_text()
    process.stop()


def test_kill_returns_when_that_one_is_gone_and_another_comes(tmp_path: Path) -> None:
    process = Process(command(tmp_path, FOREVER), restart=True)
    process.start()
    first = process.pid or 0
    process.kill()
    assert gone(first)
    process.wait_ready(10)
    assert process.pid != first
    process.stop()


def test_a_child_that_is_not_to_be_restarted_stays_away(tmp_path: Path) -> None:
    process = Process(command(tmp_path, FOREVER))
    process.start()
    process.kill()
    with pytest.raises(LocalFault, match="ended before it was ready"):
        process.wait_ready(5)
    process.start()
    assert process.pid is not None
    process.stop()


def test_stop_is_final_even_between_two_lives(tmp_path: Path) -> None:
    process = Process(command(tmp_path, "raise SystemExit(3)"), restart=True)
    process.start()
    eventually(lambda: process.restarts > 1)
    process.stop()
    restarts = process.restarts
    assert process.pid is None
    assert not process.command.pid_file or not process.command.pid_file.exists()
    process.stop()
    assert process.restarts == restarts


def test_one_that_cannot_live_is_not_waited_for(tmp_path: Path) -> None:
    never = command(tmp_path, "raise SystemExit('no such table')", ready=lambda: False)
    process = Process(never, restart=True)
    process.start()
    with pytest.raises(LocalFault, match=r"(?s)child ended before it was ready.*no such table"):
        process.wait_ready(30)
    process.stop()


def test_one_that_does_not_listen_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    process = Process(command(tmp_path, STUBBORN, grace_seconds=0.2))
    process.start()
    eventually(lambda: "up" in process.command.log.read_text())
    running = process.pid or 0
    process.stop()
    assert gone(running)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    process = Process(command(tmp_path, "", argv=("/no/such/program",), ready=lambda: False))
    process.start()
    with pytest.raises(LocalFault, match="/no/such/program: No such file"):
        process.wait_ready(10)


def test_grandchildren_do_not_outlive_their_parent(tmp_path: Path) -> None:
    process = Process(command(tmp_path, WITH_CHILD))
    process.start()
    eventually(lambda: len(family(process.pid or 0)) == 2)
    everyone = family(process.pid or 0)
    process.kill()
    eventually(lambda: all(map(gone, everyone)))


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    """The parent-death signal is tied to a thread: an executor's must not take the platform with it when it ends."""
    process = Process(command(tmp_path, FOREVER))
    asking = threading.Thread(target=process.start)
    asking.start()
    # Waited for by name: what other tests left running is no concern of this one.
    asking.join()
    running = process.pid or 0
    assert not gone(running)
    assert process.pid == running
    process.stop()


def test_pauses_between_restarts_grow_to_five_seconds() -> None:
    for streak in (0, 1, 5, 100_000):
        assert 0.2 <= processes._pause(streak) <= min(5.0, 0.4 * 2.0 ** min(streak, 5))
    assert max(processes._pause(100_000) for _ in range(50)) > 2


def test_the_supervisor_stops_the_last_started_first(tmp_path: Path) -> None:
    script = "import signal, sys; signal.signal(15, lambda *_: sys.exit(0)); print('up', flush=True); signal.pause()"
    supervisor = Supervisor()
    ends: list[str] = []
    for name in ("first", "second", "third"):
        process = supervisor.start(Process(command(tmp_path, script, name), restart=True))
        eventually(lambda log=process.command.log: "up" in log.read_text())  # type: ignore[misc]
        process.stop = _noting(process, ends)  # type: ignore[method-assign]
    pids = supervisor.pids
    assert list(pids) == ["first", "second", "third"]
    supervisor.stop()
    assert ends == ["third", "second", "first"]
    assert all(map(gone, pids.values()))


def _noting(process: Process, ends: list[str]):  # type: ignore[no-untyped-def] # noqa: ANN202
    stop = process.stop

    def noted() -> None:
        stop()
        ends.append(process.name)

    return noted


def test_children_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal; from pathlib import Path; from deploy.local.processes import Command, Process;"
        f"c = Command('c', ({sys.executable!r}, '-c', {STUBBORN!r}), dict(os.environ), Path({str(tmp_path)!r}) / 'log',"
        " lambda: True); p = Process(c, restart=True); p.start(); print(p.pid, flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        eventually(lambda: "up" in (tmp_path / "log").read_text())
        parent.kill()
    eventually(lambda: gone(child))


def test_what_a_killed_run_left_behind_is_ended(tmp_path: Path) -> None:
    """As where the kernel knows no parent-death signal: the pid file is all that is left of it."""
    process = Process(command(tmp_path, FOREVER, pid_file=tmp_path / "pids" / "child.pid"))
    process.start()
    running = process.pid or 0
    (tmp_path / "pids" / "stale.pid").write_text(f"{os.getpid()} 12345.6\n")
    home = Home(tmp_path, ())
    assert home.claim() == ["child"]
    assert gone(running)
    home.release()
