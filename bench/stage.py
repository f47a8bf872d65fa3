"""The platform that is measured, and the ways in which it is loaded."""

import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from bench.sample import ROLE, EqualTransaction
from deploy.local.platform import Platform
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres_wheel import programs
from deploy.local.processes import Command, Process
from deploy.local.ready import http_ready, port_open
from deploy.local.roster import ROSTER

IN_FLIGHT = 64
PROCESSES = tuple(planned.name for planned in ROSTER)
# What is compared with echoes and plain SQL; everything else stands still meanwhile.
MEASURED = "intake-api"
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one load came to."""

    per_second: float
    p99_ms: float = 0.0


class Stage:
    """A platform that is up; and, when they are started, an echo server and two processes of the measured API."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        # Each with its address. They yield to nobody, as the echo and pgbench's server do not.
        self.replicas = {address: self._replica(address) for address in (f"{LOOPBACK}:{free_port()}" for _ in range(2))}
        self.echo_address = {kind: f"{LOOPBACK}:{free_port()}" for kind in ("door", "bare")}
        self.echo = Process(
            Command(
                name="echo",
                argv=(sys.executable, "-m", "bench.echo", *self.echo_address.values()),
                env=platform.env(MEASURED),
                log=platform.home / "log" / "echo.log",
                ready=port_open(int(self.echo_address["bare"].rsplit(":", 1)[1])),
            )
        )

    def _replica(self, address: str) -> Process:
        """One more process of the measured API, which serves there."""
        metrics, name = free_port(), f"{MEASURED}-{address}"
        own = {"PEEL_LISTEN": address, "PEEL_METRICS_LISTEN": f"{LOOPBACK}:{metrics}", "PEEL_INSTANCE": name}
        model = self.platform.supervisor[MEASURED].command
        return Process(
            replace(
                model,
                name=name,
                env={**model.env, **own},
                log=self.platform.home / "log" / f"{name}.log",
                ready=http_ready(metrics),
                pid_file=None,
                yields=False,
            )
        )

    def call(self, addresses: str, *, seconds: float, calls: int = 1_000_000) -> Load:
        """Calls OpenContact from a process of its own, 64 at a time.

        Raises RuntimeError where a call failed: a figure over failures would be of nothing.
        """
        command = [sys.executable, "-m", "bench.load", addresses, "--authority", str(self.platform.authority.ca)]
        command += ["--token-file", str(self.platform.token_file(ROLE)), "--in-flight", str(IN_FLIGHT)]
        command += ["--seconds", str(seconds), "--calls", str(calls)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
        told = json.loads(ran.stdout)
        if told["failures"]:
            raise RuntimeError(f"calls failed: {told['failures']}")
        return Load(told["calls"] / told["seconds"], told["p99_ms"])

    def plain_sql(self, seconds: float, *, waking: bool = False) -> Load:
        """Transactions of the equal statement by pgbench, 64 clients, one a transaction."""
        statement, transaction = EqualTransaction.of_a_call(waking=waking)
        script = self.platform.home / "open_contact.sql"
        script.write_text(statement + "\n")
        command = [str(programs(Path()) / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={IN_FLIGHT}"]
        command += ["--jobs=2", f"--time={seconds:.0f}", f"--file={script}"]
        command += [f"-Dv{number}={value}" for number, value in enumerate(transaction.values)]
        command.append(self.platform.postgres.dsn("intake"))
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
        (line,) = (line for line in ran.stdout.splitlines() if line.startswith("tps = "))
        return Load(float(line.split()[2]))

    def memory(self) -> dict[str, float]:
        """Resident memory of each process, MB."""
        pids = self.platform.pids
        return {name: psutil.Process(pids[name]).memory_info().rss / 1e6 for name in PROCESSES}

    def settle(self, reports: int) -> None:
        """Returns once the crime worker has applied so many contacts and no event waits. Raises TimeoutError."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        wanted = 'peel_consumer_events_total{outcome="applied",topic="intake.contact.v1"}'
        while self._metric("crime-worker", wanted) < reports:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the crime worker did not apply {reports} contacts")
            time.sleep(0.2)

    def _metric(self, process: str, name: str) -> float:
        port = self.platform.ports.metrics[process]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
            lines = page.read().decode().splitlines()
        return float(next((line.rsplit(" ", 1)[1] for line in lines if line.startswith(name)), "0"))

    def restart(self, name: str) -> float:
        """Seconds from a process's start to its being ready."""
        process = self.platform.supervisor[name]
        process.stop()
        began = time.monotonic()
        process.start()
        process.wait_ready()
        return time.monotonic() - began
