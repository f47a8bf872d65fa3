"""Tables that people read, on terminals of any width: nothing is cut off, and no word or number is broken in two."""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

# What stands around a column's text: two blanks and a line. One more line ends the table.
_AROUND = 3


class LegibleTable(Table):
    """A table where every word can be read whole.

    Columns give way where they have room, never below their longest word. On a terminal too narrow for that, each row
    is shown by itself, a line a column: a number whose digits are spread over two lines is easily read wrong.
    """

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        """A string is shown as it is: what people wrote is no markup, and must neither vanish nor end the screen."""
        plain = (Text(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*plain, style=style, end_section=end_section)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Drawn for the width that there is now."""
        room = options.max_width - _AROUND * len(self.columns) - 1
        widths = _shared_out(room, list(self._needs(console, options)))
        if widths is None:
            yield from self._row_by_row().__rich_console__(console, options)
            return
        for column, width in zip(self.columns, widths, strict=True):
            column.width = width
        yield from super().__rich_console__(console, options)

    def _needs(self, console: Console, options: ConsoleOptions) -> Iterator[tuple[int, int]]:
        """Of each column, the length of its longest word and of its longest line."""
        for column in self.columns:
            cells = (column.header, *column.cells)
            needed = [Measurement.get(console, options.update(max_width=10_000), cell) for cell in cells]
            yield max(1, *(one.minimum for one in needed)), max(1, *(one.maximum for one in needed))

    def _row_by_row(self) -> Table:
        table = Table(title=self.title, caption=self.caption, expand=self.expand, show_header=False)
        table.add_column(overflow="fold", style="dim")
        table.add_column(overflow="fold")
        for row in zip(*(column.cells for column in self.columns), strict=True):
            for column, cell in zip(self.columns, row, strict=True):
                table.add_row(column.header, cell)
            table.add_section()
        return table


def _shared_out(room: int, needs: Sequence[tuple[int, int]]) -> list[int] | None:
    """Widths within `room`, each at least its column's least and at most its most; None where even those are too wide.

    Who wants little more than the least has it all; the others share the rest alike.
    """
    left = room - sum(least for least, _ in needs)
    if left < 0:
        return None
    widths = [least for least, _ in needs]
    wanting = sorted(range(len(needs)), key=lambda index: needs[index][1] - needs[index][0])
    for position, index in enumerate(wanting):
        least, most = needs[index]
        given = min(most - least, left // (len(wanting) - position))
        widths[index] += given
        left -= given
    return widths


def a_table(*columns: str, title: str | None = None, expand: bool = False) -> LegibleTable:
    """A table to be filled by `add_row`; with `expand` always as wide as the terminal."""
    return LegibleTable(*columns, title=title, expand=expand)
