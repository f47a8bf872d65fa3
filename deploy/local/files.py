"""Files that are whole or not there: whoever reads one while it is written sees the old one."""

import os
from pathlib import Path

_PUBLIC = 0o644
_PRIVATE = 0o600


def write_public(file: Path, content: bytes) -> None:
    """Writes a file that everybody may read."""
    _write(file, content, _PUBLIC)


def write_private(file: Path, content: bytes) -> None:
    """Writes a file that only its owner may read: keys and tokens. At no moment is it open to others."""
    _write(file, content, _PRIVATE)


def _write(file: Path, content: bytes, mode: int) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as target:
        target.write(content)
    fresh.replace(file)
