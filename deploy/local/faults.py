"""The one error that this folder raises for what its user can mend."""

from pathlib import Path

_TAIL_CHARACTERS = 2000


class LocalFault(RuntimeError):
    """Something about this machine or this start that a person has to know; the text says what and where."""


def tail(log: Path) -> str:
    """The end of a log, to be shown in a fault; empty where there is no such log."""
    if not log.is_file():
        return ""
    return log.read_text(errors="replace")[-_TAIL_CHARACTERS:].strip()
