"""The review's own books: a fault fails its experiment, and one failed experiment fails the review."""

import json
from pathlib import Path

from deploy.prove.stage import Stage
from deploy.prove.verdict import Experiment, Verdict, line_of, write_report


async def never(_stage: Stage) -> Verdict:
    raise AssertionError


ONE, TWO = Experiment("one", "Is it?", never), Experiment("two", "Is that?", never)


def test_one_fault_fails_the_review(tmp_path: Path) -> None:
    write_report(tmp_path / "there" / "report.json", {ONE: Verdict({"lost": 0}), TWO: Verdict({}, ("a fault",))}, 1.23)
    report = json.loads((tmp_path / "there" / "report.json").read_text())
    assert report["passed"] is False
    assert report["experiments"]["one"] == {"passed": True, "figures": {"lost": 0}, "faults": []}
    assert report["experiments"]["two"]["faults"] == ["a fault"]


def test_a_line_has_every_figure() -> None:
    line = line_of(ONE, Verdict({"press_to_shown_ms": 12.345, "presses": 1300}), 3)
    assert "press to shown ms 12.35" in line
    assert "presses 1,300" in line
