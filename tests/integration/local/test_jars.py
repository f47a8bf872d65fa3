"""Kafka's jars are exactly the committed ones, whoever serves them, and are looked for once."""

import hashlib
import io
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.faults import LocalFault
from deploy.local.jars import Jar, Lock, ensure_jars, read_lock, write_lock

CONTENT = b"a jar, as far as anyone can tell"
GOOD = Jar("org.example:thing:1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Not into the test's output."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven repository on loopback that jgo's settings name, as they would a mirror."""
    folder = tmp_path / "repository"
    jar = folder / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("repository")
def test_a_jar_comes_from_the_machines_mirror_with_a_line_that_says_so(tmp_path: Path) -> None:
    said = io.StringIO()
    cache = ensure_jars(Lock((), (GOOD,)), Console(file=said, width=200), tmp_path / "cache")
    assert (cache / "thing-1.0.jar").read_bytes() == CONTENT
    assert "thing-1.0.jar  32 bytes" in said.getvalue()
    assert [file.name for file in cache.iterdir()] == ["thing-1.0.jar"]


@pytest.mark.usefixtures("repository")
def test_another_sum_than_the_listed_one_is_refused(tmp_path: Path) -> None:
    other = Jar(GOOD.coordinate, GOOD.size, "0" * 64)
    with pytest.raises(LocalFault, match=r"org\.example:thing:1\.0 could not be fetched: its SHA-256"):
        ensure_jars(Lock((), (other,)), Console(quiet=True), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.usefixtures("repository")
def test_a_damaged_jar_is_fetched_anew(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "thing-1.0.jar").write_bytes(CONTENT.upper())
    ensure_jars(Lock((), (GOOD,)), Console(quiet=True), cache)
    assert (cache / "thing-1.0.jar").read_bytes() == CONTENT


@pytest.mark.usefixtures("repository")
def test_a_jar_that_nobody_serves_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match=r"org\.example:other:1\.0 could not be fetched"):
        ensure_jars(Lock((), (Jar("org.example:other:1.0", 1, ""),)), Console(quiet=True), tmp_path / "cache")


def test_the_committed_list_is_whole_and_names_no_address() -> None:
    lock = read_lock()
    assert "org.apache.kafka:kafka_2.13:4.3.1" in lock.roots
    assert {*lock.roots} <= {jar.coordinate for jar in lock.jars}
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in lock.jars)
    # The cache has them side by side.
    assert len({jar.file_name for jar in lock.jars}) == len(lock.jars)


def test_the_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    lock = Lock(("org.example:thing:1.0",), (GOOD,))
    write_lock(lock, tmp_path / "jars.toml")
    assert read_lock(tmp_path / "jars.toml") == lock


def test_once_fetched_they_are_found_at_once_without_asking_anyone() -> None:
    ensure_jars(read_lock(), Console(quiet=True))
    script = (
        "import sys; from rich.console import Console; from deploy.local.jars import ensure_jars, read_lock;"
        "ensure_jars(read_lock(), Console(quiet=True)); sys.exit('jgo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[3])
    began = time.monotonic()
    ensure_jars(read_lock(), Console(quiet=True))
    assert time.monotonic() - began < 0.3
