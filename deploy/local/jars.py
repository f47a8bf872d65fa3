"""Kafka's jars: which ones, by a committed list with their SHA-256 sums, and where on this machine they are."""

import hashlib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.local.faults import LocalFault

LOCK = Path(__file__).with_name("jars.toml")


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked file: Maven coordinate group:artifact:version, size in bytes, SHA-256 in hexadecimal."""

    coordinate: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    @classmethod
    def of(cls, coordinate: str, file: Path) -> "Jar":
        """The jar as that file has it."""
        with file.open("rb") as content:
            return cls(coordinate, file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())

    def is_at(self, file: Path) -> bool:
        """Whether that file is this jar, to the last byte."""
        return file.is_file() and file.stat().st_size == self.size and Jar.of(self.coordinate, file) == self


@dataclass(frozen=True, slots=True)
class Lock:
    """The committed list: what was asked for, and every file that this comes to."""

    roots: tuple[str, ...]
    jars: tuple[Jar, ...]


def read_lock(file: Path = LOCK) -> Lock:
    """The list in that file. Raises OSError or KeyError for one that is not there or lacks something."""
    content = tomllib.loads(file.read_text())
    return Lock(
        roots=tuple(content["roots"]),
        jars=tuple(Jar(jar["coordinate"], jar["size"], jar["sha256"]) for jar in content["jar"]),
    )


def write_lock(lock: Lock, file: Path = LOCK) -> None:
    """Writes the list, in an order that does not change by itself."""
    lines = [
        "# Kafka and all that it needs, by Maven coordinate. Made by `python -m deploy.local lock COORDINATE…`.",
        "",
    ]
    lines += ["roots = [", *(f'    "{root}",' for root in lock.roots), "]"]
    for jar in sorted(lock.jars, key=lambda jar: jar.coordinate):
        lines += ["", "[[jar]]", f'coordinate = "{jar.coordinate}"', f"size = {jar.size}", f'sha256 = "{jar.sha256}"']
    file.write_text("\n".join(lines) + "\n")


def default_cache() -> Path:
    """The folder of jars that all runs of this user share.

    Raises LocalFault for a user without a home, who has to set XDG_CACHE_HOME.
    """
    if configured := os.environ.get("XDG_CACHE_HOME"):
        return Path(configured) / "peel" / "jars"
    try:
        return Path.home() / ".cache" / "peel" / "jars"
    except RuntimeError as error:
        raise LocalFault("no folder to keep Kafka's jars in: set XDG_CACHE_HOME") from error


def ensure_jars(lock: Lock, console: Console, cache: Path | None = None) -> Path:
    """The cache folder, with every listed jar in it; fetches those that are not there, or not as the list has them.

    Every file is summed every time (45 MB, about 40 ms). Raises LocalFault where a jar cannot be had.
    """
    cache = cache or default_cache()
    wanted = [jar for jar in lock.jars if not jar.is_at(cache / jar.file_name)]
    if wanted:
        # Only here: jgo takes half a second to import, and is needed once on a machine.
        from deploy.local.download import fetch_jars

        fetch_jars(wanted, cache, console)
    return cache


def class_path(lock: Lock, cache: Path) -> str:
    """The jars for Java: exactly the listed ones, whatever else the folder holds."""
    return ":".join(str(cache / jar.file_name) for jar in lock.jars)
