"""A terminal that a program believes in: what it draws can be read, and keys can be pressed."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.integration.local.waiting import eventually
from tests.integration.services.running import ROOT, Running

_COLOURS = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
_SIZE = (50, 200)


class Screen:
    """One run of `peel watch …`. `drawn` is all that it has drawn so far, without colours."""

    def __init__(self, running: Running, arguments: Sequence[str]) -> None:
        self._master, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, _SIZE)
        self._drawn = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "watch", *arguments],
            cwd=ROOT,
            # As wide as the terminal is, and not as whoever runs the tests says that theirs is.
            env={**_without(running.environment(), "COLUMNS", "LINES"), "TERM": "xterm-256color"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # The terminal's end is an error on this side.
        with suppress(OSError):
            while piece := os.read(self._master, 65_536):
                self._drawn += piece

    @property
    def drawn(self) -> str:
        return _COLOURS.sub(b"", self._drawn).decode("utf-8", "replace")

    def shows(self, text: str, seconds: float = 20.0) -> None:
        """Returns once it has drawn that text."""
        try:
            eventually(lambda: text in self.drawn, seconds)
        except AssertionError as late:
            raise AssertionError(f"{text!r} was not drawn within {seconds:g} s, but: {self.drawn[-3_000:]}") from late

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)


def _without(environment: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


@contextmanager
def screen(running: Running, *arguments: str) -> Iterator[Screen]:
    """A run of `peel watch` with these arguments."""
    opened = Screen(running, arguments)
    try:
        yield opened
    finally:
        opened.close()
