"""What an operator's commands print can be read whole, on a terminal of 80 columns too."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from peel.crime.v1 import api_pb2 as crime
from services import operate
from services.arrival import Arrival
from services.kernel.backlog import backlogs_of
from services.kernel.dlq import DeadLetter
from services.kernel.settings import Settings
from services.layout import a_table
from services.table import SERVICES

SETTINGS = Settings(addresses={"crime": "[fe80::1%eth0]:7102"}, rehearsal=True)
_LINES = re.compile(r"[\s│┃]+")


def drawn(table: Table, width: int = 80) -> str:
    paper = Console(width=width, file=StringIO(), record=True)
    paper.print(table)
    return paper.export_text()


def cut(table: Table, width: int = 80) -> Counter[str]:
    """The words of headers and cells that cannot be read whole in what is drawn."""
    wanted = Counter(word for text in _texts(table) for word in text.split())
    return wanted - Counter(_LINES.split(drawn(table, width)))


def _texts(table: Table) -> Iterator[str]:
    for column in table.columns:
        yield str(column.header)
        for cell in column.cells:
            assert isinstance(cell, Text)
            yield cell.plain


def settings() -> Table:
    return operate.settings_table(SETTINGS)


def backlogs() -> Table:
    known = [one for service in SERVICES for one in backlogs_of(service)]
    lines = [operate.Waiting(one.name, one.owner, 1_234_567, 400_000, one.meaning) for one in known]
    return operate.backlogs_table(SETTINGS, lines)


def dead_letters() -> Table:
    event = str(UUID(int=2**127))
    where = ("worker", "safety.emergency.v1", 3, 1_234_567)
    letter = DeadLetter(71_234, *where, event, "Refused:INVENTED", at=datetime.now(UTC), replayed_at=None)
    return operate.dead_letters_table("dispatch", [letter, letter], 2, cut=True)


def reconciliation() -> Table:
    line = crime.ReconcileReportsResponse(
        day="2018-07-11",
        category="violence-and-sexual-offences",
        lsoa="E01010568",
        received=1_031_635,
        recorded=1_026_193,
        not_recorded={"NON_RECORDING_REASON_ADDITIONAL_INFORMATION": 1_442, "NON_RECORDING_REASON_DUPLICATE": 12},
    )
    return operate.reconcile_table(SETTINGS, "west-yorkshire", ("day", "category", "lsoa"), [line, line])


def arrived() -> Table:
    return operate.arrival_table(SETTINGS, "west-yorkshire", Arrival(31_635, 30, 5, 4_000.0))


@pytest.mark.parametrize("table", [settings(), backlogs(), dead_letters(), reconciliation(), arrived()])
@pytest.mark.parametrize("width", [80, 100, 200])
def test_every_word_and_number_can_be_read_whole(table: Table, width: int) -> None:
    assert cut(table, width) == Counter()
    assert max(map(len, drawn(table, width).splitlines())) <= width


@given(st.lists(st.lists(st.text("ab c[/]0,.", max_size=40), min_size=4, max_size=4), max_size=4))
def test_whatever_is_in_the_cells_can_be_read_whole(rows: list[list[str]]) -> None:
    table = a_table("one", "two", "three", "four")
    for row in rows:
        table.add_row(*row)
    assert cut(table) == Counter()


def test_a_word_longer_than_the_terminal_goes_on_in_the_next_line() -> None:
    table = a_table("setting", "value")
    table.add_row("PEEL_SPOOL", "x" * 200)
    assert drawn(table).count("x") == 200


def test_a_table_that_fits_is_no_wider_than_it_needs() -> None:
    table = a_table("a", "b")
    table.add_row("one", "two")
    assert drawn(table, 200).splitlines()[0] == "┏━━━━━┳━━━━━┓"
    assert len(drawn(table, 80).splitlines()) == 5


def test_what_people_wrote_is_no_markup() -> None:
    table = a_table("where", "reason")
    table.add_row("[/] 9001 Review Street [red]", "[fe80::1]")
    assert "[/] 9001 Review Street [red] │ [fe80::1]" in drawn(table)
