"""A part of the real month through the whole platform, as a person runs it; the crime worker is killed on the way."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = 300
UP_TO_THE_VERDICT = 150
DOWN = 30
READY = "Ctrl-C stops everything"


class Run:
    """One `python -m deploy.rehearsal`; its output is collected, and can be waited for."""

    def __init__(self, home: Path, *options: str) -> None:
        argv = [sys.executable, "-m", "deploy.rehearsal", "--home", str(home), "--port-base", "0", "--rows", str(ROWS)]
        self.process = subprocess.Popen(
            [*argv, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                if READY in line:
                    self._ready.set()
        # Ended before it was ready: nobody should wait any longer.
        self._ready.set()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DOWN)
        self._reader.join(DOWN)

    def wait_ready(self) -> None:
        assert self._ready.wait(UP_TO_THE_VERDICT), self.output
        assert READY in self.output, self.output


@contextmanager
def running(home: Path, *options: str) -> Iterator[Run]:
    run = Run(home, *options)
    try:
        yield run
    finally:
        run.end()


def report_in(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "report.json").read_text())
    return found


def check_report(report: dict[str, Any]) -> None:
    """I1, I2: every row received once and decided, the alarm right, the public file the same."""
    assert report["faults"] == []
    assert (report["received"], report["lost"], report["undecided"], report["set_aside"]) == (ROWS, 0, 0, 0)
    assert report["recorded"] + report["not_crime"] == ROWS
    assert report["overdue"] == report["overdue_expected"] > 0
    assert report["export_equal"]
    assert report["rehearsal"]
    assert sum(one["recorded"] for one in report["categories"].values()) == report["recorded"]


@pytest.mark.timeout(2 * (UP_TO_THE_VERDICT + DOWN))
def test_no_report_is_lost_and_a_replay_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "run"
    with running(home, "--kill", "worker") as run:
        run.wait_ready()
        first, street = report_in(home), (home / "street.csv").read_bytes()
        check_report(first)
        assert first["kills"] == ["crime-worker"] * 3
        check_calls_to_try(run.lines)
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(DOWN) == 0, run.output
    assert not any((home / "pids").iterdir())
    with running(home, "--keep", "--exit") as again:
        assert again.process.wait(UP_TO_THE_VERDICT) == 0, again.output
    check_report(report_in(home))
    # The same crimes by the same ids, with the same outcomes: the file is the same to the byte.
    assert (home / "street.csv").read_bytes() == street
    assert report_in(home)["contacts"] == first["contacts"]


def check_calls_to_try(lines: list[str]) -> None:
    """Each printed call works as it is pasted."""
    calls = [line for line in lines if " curl " in line]
    assert len(calls) == 3
    for call in calls:
        shell = ["/bin/bash", "-c", call]
        done = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, timeout=DOWN, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
