"""Brings Kafka's jars by Maven coordinate, with jgo: neither Maven nor Java has to be installed.

jgo only warns where a file differs from what its repository says of it, so each file is held against the committed list
before it gets its name in the cache.
"""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from jgo import resolve
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact, MavenContext, PythonResolver
from rich.console import Console
from rich.filesize import decimal
from rich.progress import Progress

from deploy.local.faults import LocalFault
from deploy.local.jars import Jar, Lock

_AT_ONCE = 4
_TRIES = 3
_TIMEOUT_SECONDS = 30


def fetch_jars(wanted: list[Jar], cache: Path, console: Console) -> None:
    """Puts these jars into the cache, a line for each; other runs may be doing the same.

    Raises LocalFault where one cannot be had or has another sum than the list says.
    """
    console.print(f"Kafka's jars: {len(wanted)} to fetch, {decimal(sum(jar.size for jar in wanted))}, into {cache}")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=cache) as incoming:
            _bring(wanted, Path(incoming), cache, console)
    except PermissionError as error:
        raise LocalFault(f"{cache} cannot be written ({error.strerror}): set XDG_CACHE_HOME") from error


def make_lock(roots: tuple[str, ...]) -> Lock:
    """The list that these coordinates come to: how jars.toml is made anew for another version of Kafka.

    Trusts what the repository serves, this once: the change of jars.toml is what a reviewer looks at.
    """
    found = resolve("+".join(roots), repositories=GlobalSettings.load().repositories)
    with tempfile.TemporaryDirectory() as incoming:
        context = _context(Path(incoming), PythonResolver())
        coordinates = [f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}" for artifact in found]
        jars = [Jar.of(coordinate, _artifact(coordinate, context).resolve()) for coordinate in coordinates]
    return Lock(roots, tuple(jars))


def _bring(wanted: list[Jar], incoming: Path, cache: Path, console: Console) -> None:
    with Progress(console=console, transient=True) as progress, ThreadPoolExecutor(_AT_ONCE) as pool:
        task = progress.add_task("", total=sum(jar.size for jar in wanted))

        @contextmanager
        def count(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
            yield lambda received: progress.advance(task, received)

        context = _context(incoming, PythonResolver(progress_callback=count))

        def bring(jar: Jar) -> None:
            # Under its own name only once it is whole and right: another run may be looking.
            _fetch(jar, context).replace(cache / jar.file_name)
            progress.console.print(f"  {jar.file_name}  {decimal(jar.size)}")

        try:
            for _ in pool.map(bring, wanted):
                pass
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch(jar: Jar, context: MavenContext) -> Path:
    """The jar, downloaded and with the right sum. A broken connection is tried again."""
    problem = ""
    for _ in range(_TRIES):
        artifact = _artifact(jar.coordinate, context)
        try:
            file = artifact.resolve()
        except (OSError, RuntimeError) as error:
            problem = str(error)
        else:
            if jar.is_at(file):
                return file
            problem = f"its SHA-256 is not the one in the list, which is {jar.sha256}"
        # jgo would take a half-written file for the whole one.
        (context.repo_cache / artifact.component.path_prefix / artifact.cached_filename).unlink(missing_ok=True)
    raise LocalFault(f"{jar.coordinate} could not be fetched: {problem}")


def _artifact(coordinate: str, context: MavenContext) -> Artifact:
    group, name, version = coordinate.split(":")
    return context.project(group, name).at_version(version).artifact()


def _context(folder: Path, resolver: PythonResolver) -> MavenContext:
    """Downloads into that folder, from the repositories of this machine's jgo settings."""
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    return MavenContext(resolver, repo_cache=folder, remote_repos=repositories, timeout=_TIMEOUT_SECONDS)
