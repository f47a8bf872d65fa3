"""Tables of the emergency path: by force and day, and never missing (R-OS-03, R-OS-06)."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import resources

import pytest

from services.safety.emergency.domain.signals import EscalationLevel
from services.safety.emergency.rows import HAPPENED, level_kind
from services.safety.reference import emergency as reference
from services.safety.worker import reactions

TODAY = date(2026, 11, 23)
LINES = [
    {
        "force": "*",
        "level": "SUPERVISOR",
        "after_seconds": "10",
        "told": "supervisor",
        "within_metres": "",
        "valid_from": "",
        "valid_to": "",
    },
    {
        "force": "north",
        "level": "SUPERVISOR",
        "after_seconds": "5",
        "told": "x",
        "within_metres": "",
        "valid_from": "",
        "valid_to": "2026-01-01",
    },
    {
        "force": "north",
        "level": "ALL_POSITIONS",
        "after_seconds": "9",
        "told": "y",
        "within_metres": "",
        "valid_from": "2026-01-02",
        "valid_to": "",
    },
]


def test_the_levels_of_every_force() -> None:  # R-OS-03
    for force in ("west-yorkshire", "a force that nobody wrote down"):
        rungs = reference.ladder(force, TODAY)
        assert [(rung.level, rung.after.total_seconds()) for rung in rungs] == [
            (EscalationLevel.SUPERVISOR, 10),
            (EscalationLevel.ALL_POSITIONS, 20),
            (EscalationLevel.UNITS_NEARBY, 30),
            (EscalationLevel.NEIGHBOURING_FORCE, 60),
        ]
        assert reference.nearness(force, TODAY).metres > 0


def test_who_is_told_by_radio_and_next_door() -> None:  # R-OS-03
    within = {rung.level: rung.within_metres for rung in reference.ladder("west-yorkshire", TODAY)}
    assert [level for level, metres in within.items() if metres > 0] == [EscalationLevel.UNITS_NEARBY]
    assert "greater-manchester" in reference.neighbours("west-yorkshire", TODAY)
    assert "west-yorkshire" in reference.neighbours("greater-manchester", TODAY)
    # A force that nobody wrote down has no neighbour that would be told by mistake.
    assert not reference.neighbours("a force that nobody wrote down", TODAY)


def test_a_site_is_proven_within_180_seconds() -> None:  # R-OS-07
    assert set(reference.sites(TODAY).values()) == {timedelta(seconds=180)}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, date], list[tuple[int, float]]]]:
    """A ladder by these lines."""
    monkeypatch.setattr(reference, "read_table", lambda *_: iter(LINES))
    reference.ladder.cache_clear()
    yield lambda force, on: [(rung.level, rung.after.total_seconds()) for rung in reference.ladder(force, on)]
    reference.ladder.cache_clear()


def test_a_forces_own_lines_take_the_place_of_everybodys(
    written: Callable[[str, date], list[tuple[int, float]]],
) -> None:
    assert written("north", date(2025, 6, 1)) == [(1, 5)]
    assert written("north", TODAY) == [(2, 9)]
    assert written("south", TODAY) == [(1, 10)]


def test_what_goes_first_is_what_its_index_finds() -> None:  # R-OS-09, ADR 0020
    """An index of part of a table is used only where the query names that very part."""
    indexes = (resources.files("services.safety") / "migrations" / "0007_pre_emergencies_first.sql").read_text()
    topics, kinds = (set(re.findall(r"'([\w.]+)'", part)) - {"WAITING"} for part in indexes.split("create index")[1:])
    assert topics == set(reactions.first_topics)
    assert kinds == set(reactions.first_kinds)
    levels = {level_kind(rung.level) for rung in reference.ladder("west-yorkshire", TODAY)}
    assert {HAPPENED, *levels} < kinds
