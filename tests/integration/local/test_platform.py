"""The platform comes up whole, comes back from a kill, and goes down to the last process."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console

from deploy.local.faults import LocalFault
from deploy.local.orders import order
from deploy.local.platform import Platform
from deploy.local.ready import port_open
from deploy.local.roster import ROSTER
from services.kernel.settings import load_settings
from services.table import SERVICES
from tests.integration.local.waiting import eventually, family, gone

ROOT = Path(__file__).parents[3]
STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    home = tmp_path_factory.mktemp("platform")
    with Platform(home, console=QUIET, cli=STAND_IN) as running:
        yield running
    running.postgres.wipe()


def test_everything_is_up(platform: Platform) -> None:
    assert list(platform.pids) == ["kafka", "postgres", *(planned.name for planned in ROSTER)]
    assert set(platform.addresses) >= set(SERVICES)
    replicas = platform.addresses["safety-emergency"].split(",")
    assert replicas == [platform.listening[f"safety-emergency-{number}"] for number in (1, 2)]


def test_whoever_carries_a_press_gets_the_processor_first(platform: Platform) -> None:
    """I4: no report keeps a press waiting. Niceness alone says nothing between sessions (ADR 0021)."""
    pids, here = platform.pids, os.getpriority(os.PRIO_PROCESS, 0)
    first = {"postgres", "safety-emergency-1", "safety-emergency-2", "safety-probe"}
    assert {name for name, pid in pids.items() if os.getpriority(os.PRIO_PROCESS, pid) == here} == first
    assert {os.getsid(pid) for pid in pids.values()} == {os.getsid(0)}
    # A Ctrl-C in the terminal reaches none of them: it goes to one group of processes.
    assert all(os.getpgid(pid) == pid for pid in pids.values())


def test_another_terminal_stops_a_process_and_starts_it_again(platform: Platform) -> None:
    order(platform.home, "stop", "crime-worker")
    assert "crime-worker" not in platform.pids
    with pytest.raises(LocalFault, match="not running"):
        order(platform.home, "stop", "crime-worker")
    order(platform.home, "start", "crime-worker")
    eventually(lambda: "crime-worker" in platform.pids)


def test_orders_need_a_platform(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    with pytest.raises(LocalFault, match="no platform"):
        order(tmp_path, "start", "kafka")


def test_each_service_has_a_database(platform: Platform) -> None:
    async def ask(service: str) -> object:
        connection = await asyncpg.connect(platform.postgres.dsn(service), timeout=10)
        try:
            return await connection.fetchval("select current_database()")
        finally:
            await connection.close()

    assert [asyncio.run(ask(service)) for service in SERVICES] == list(SERVICES)


def test_the_command_line_finds_the_platform(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEL_ENV_FILE", str(platform.env_file))
    settings = load_settings()
    assert settings.database_of("crime") == platform.postgres.dsn("crime")
    assert settings.kafka == platform.kafka.bootstrap
    assert settings.addresses == platform.addresses
    assert settings.tls_ca == platform.authority.ca
    assert settings.token_file == platform.token_file("auditor")
    assert settings.page_key.get_secret_value() == platform.authority.page_key.read_text()
    assert not settings.rehearsal
    assert stat.S_IMODE(platform.env_file.stat().st_mode) == 0o600


def test_there_is_a_token_for_each_role(platform: Platform) -> None:
    roles = {file.stem for file in (platform.home / "tokens").iterdir()}
    assert {"call_handler", "crime_recorder", "auditor"} < roles
    assert platform.token_file("auditor").exists()


@pytest.mark.parametrize("name", ["postgres", "kafka", "crime-worker"])
def test_what_is_killed_comes_back(platform: Platform, name: str) -> None:  # I1, I5
    before = platform.pids
    os.kill(before[name], signal.SIGKILL)
    eventually(lambda: platform.pids.get(name) not in (None, before[name]))
    platform.supervisor[name].wait_ready(30)
    after = platform.pids
    assert {other for other in before if after[other] != before[other]} == {name}


def test_one_platform_a_folder(platform: Platform) -> None:
    with pytest.raises(LocalFault, match=f"is up in .*process {os.getpid()}"):
        Platform(platform.home, console=QUIET, cli=STAND_IN).up()
    assert len(platform.pids) == 2 + len(ROSTER)


def test_down_leaves_no_process(platform: Platform) -> None:
    everyone = {member for pid in platform.pids.values() for member in family(pid)}
    platform.down()
    assert all(map(gone, everyone))
    assert platform.pids == {}
    assert not platform.postgres.sockets.exists()
    assert list((platform.home / "pids").iterdir()) == []
    platform.down()


def test_a_folder_that_no_platform_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "somebodys").touch()
    with pytest.raises(LocalFault, match="which no platform made"):
        Platform(tmp_path, console=QUIET, cli=STAND_IN).up()
    assert (tmp_path / "postgres" / "somebodys").exists()


def test_a_rehearsal_without_a_clock_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="needs its clock"):
        Platform(tmp_path, rehearsal=True, console=QUIET, cli=STAND_IN).up()


def test_a_rehearsal_runs_on_its_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEL_CLOCK_FILE", "/elsewhere")
    rehearsing, real = Platform(tmp_path, rehearsal=True, console=QUIET), Platform(tmp_path, console=QUIET)
    for platform in (rehearsing, real):
        platform.authority.ensure()
    assert rehearsing.env("crime-api")["PEEL_CLOCK_FILE"] == str(rehearsing.clock_file)
    assert rehearsing.env("crime-api")["PEEL_REHEARSAL"] == "1"
    assert "PEEL_CLOCK_FILE" not in real.env("crime-api")


def test_fixed_ports_are_where_the_notes_say(tmp_path: Path) -> None:
    platform = Platform(tmp_path, port_base=7100, console=QUIET)
    assert {name: int(address.rsplit(":", 1)[1]) for name, address in platform.listening.items()} == {
        "intake-api": 7101,
        "crime-api": 7102,
        "dispatch-api": 7103,
        "safety-api": 7104,
        "safety-emergency-1": 7105,
        "safety-emergency-2": 7106,
    }
    assert (platform.ports.postgres, platform.ports.kafka) == (7132, 7192)
    assert platform.ports.metrics["crime-api"] == 7153
    named = platform.ports.named()
    assert len(named) == 3 + len(platform.ports.grpc) + len(platform.ports.metrics)


def test_replicas_know_each_other(tmp_path: Path) -> None:
    platform = Platform(tmp_path, port_base=7100, console=QUIET)
    platform.authority.ensure()
    first, second = (platform.env(f"safety-emergency-{number}") for number in (1, 2))
    assert first["PEEL_LISTEN"] == second["PEEL_PEERS"] == "127.0.0.1:7105"
    assert second["PEEL_LISTEN"] == first["PEEL_PEERS"] == "127.0.0.1:7106"
    assert first["PEEL_SPOOL"] != second["PEEL_SPOOL"]
    assert (first["PEEL_INSTANCE"], second["PEEL_INSTANCE"]) == ("safety-emergency-1", "safety-emergency-2")
    assert "PEEL_LISTEN" not in platform.env("safety-worker")


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_platform_that_is_ended(tmp_path: Path, way: signal.Signals) -> None:
    script = (
        "import signal, json; from pathlib import Path; from rich.console import Console;"
        "from deploy.local.platform import Platform; signal.signal(signal.SIGTERM, signal.default_int_handler);"
        f"p = Platform(Path({str(tmp_path)!r}), console=Console(quiet=True), cli={STAND_IN!r}); p.__enter__();"
        "print(json.dumps([p.pids, p.ports.kafka]), flush=True)\n"
        "try: signal.pause()\n"
        "finally: p.__exit__(None, None, None)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pids, kafka = json.loads(holder.stdout.readline())
        everyone = {member for pid in pids.values() for member in family(pid)}
        holder.send_signal(way)
    eventually(lambda: all(map(gone, everyone)))
    eventually(lambda: not port_open(kafka)())
    Platform(tmp_path, console=QUIET).postgres.wipe()
