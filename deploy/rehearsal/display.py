"""What there is to see while a rehearsal runs: live on a terminal, a line now and then anywhere else."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from deploy.rehearsal.progress import Progress

_LINE_SECONDS = 10.0


class Display:
    """Shows progress whenever it is told to look."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console, self._progress = console, progress
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._began = self._line_at = time.monotonic()
        self._last = (self._began, 0)
        self._rate = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    @property
    def rate(self) -> float:
        """Calls answered a second, over the whole time."""
        return self._progress.calls / max(0.001, time.monotonic() - self._began)

    def look(self) -> None:
        """Shows where things stand now."""
        now, calls = time.monotonic(), self._progress.calls
        before, calls_before = self._last
        if now - before > 0.2:
            self._rate = (calls - calls_before) / (now - before)
            self._last = (now, calls)
        if self._live:
            self._live.update(self._table(), refresh=True)
        elif now >= self._line_at:
            self._line_at = now + _LINE_SECONDS
            self._console.print(self._line(), highlight=False)

    def _line(self) -> str:
        seen, ledger = self._progress, self._progress.ledger
        return (
            f"{seen.clock:%d %b %Y %H:%M} {seen.phase}: {seen.rows_reported:,} of {seen.rows_to_report:,} rows "
            f"reported, {ledger.received:,} received, {ledger.decided:,} decided, {ledger.recorded:,} recorded, "
            f"{ledger.undecided:,} undecided, {ledger.overdue:,} overdue, {seen.outcomes:,} outcomes, "
            f"{self._rate:,.0f} calls/s, lag {seen.lag:,}"
        )

    def _table(self) -> Table:
        seen, ledger = self._progress, self._progress.ledger
        shown = Table.grid(padding=(0, 2))
        shown.add_column(style="dim")
        shown.add_column(justify="right", min_width=10)
        shown.add_column(style="dim")
        shown.add_column(justify="right", min_width=10)
        shown.add_row("rehearsal clock", f"[bold]{seen.clock:%a %d %b %Y %H:%M}[/]", "now", seen.phase)
        shown.add_row("rows reported", f"{seen.rows_reported:,}", "of", f"{seen.rows_to_report:,}")
        shown.add_row("received", f"{ledger.received:,}", "decided", f"{ledger.decided:,}")
        shown.add_row("recorded", f"{ledger.recorded:,}", "undecided", f"{ledger.undecided:,}")
        shown.add_row("overdue", f"{ledger.overdue:,}", "outcomes", f"{seen.outcomes:,}")
        shown.add_row("calls a second", f"{self._rate:,.0f}", "contacts on their way", f"{seen.lag:,}")
        shown.add_row("killed", ", ".join(seen.kills) or "-", "calls made again", f"{seen.retries:,}")
        return shown
