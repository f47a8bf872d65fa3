"""Metrics, backlogs and log lines: each says what it is for, and none can carry personal data (I7, I8)."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import services
from services.kernel.backlog import Backlog, backlogs_of
from services.kernel.contract import personal_field_names
from services.kernel.telemetry.metrics import CATALOGUE, REGISTRY, Metric
from services.table import SERVICES

PERSONAL = frozenset(personal_field_names(SERVICES))
SENTENCES = re.compile(r"\S.{9,}\.", re.DOTALL)
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "bind"}
ROOT = Path(services.__file__).parent


def import_all() -> None:
    for module in walk_packages(services.__path__, "services."):
        import_module(module.name)


def metrics() -> list[Metric]:
    import_all()
    return list(CATALOGUE.values())


def backlogs() -> list[Backlog]:
    return [one for service in SERVICES for one in backlogs_of(service)]


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric.name)
def test_a_metric_says_what_it_means_and_what_to_do(metric: Metric) -> None:
    assert re.fullmatch(r"peel_[a-z_]+[a-z]", metric.name)
    assert SENTENCES.fullmatch(metric.meaning)
    assert SENTENCES.fullmatch(metric.action)
    assert PERSONAL.isdisjoint(metric.labels)


def test_no_metric_is_made_around_the_catalogue() -> None:
    import_all()
    assert {family.name for family in REGISTRY.collect()} == set(CATALOGUE)


def test_a_backlog_has_a_name_of_its_own_an_owner_and_a_meaning() -> None:  # I8, R-OBS-01
    names = [one.name for one in backlogs()]
    assert len(set(names)) == len(names)
    for one in backlogs():
        assert re.fullmatch(r"[a-z]+\.[a-z-]+", one.name)
        assert one.owner.strip()
        assert SENTENCES.fullmatch(one.meaning)


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_backlogs_bear_its_name(service: str) -> None:
    assert all(one.name.startswith(f"{service}.") for one in backlogs_of(service))


def log_lines(source: str) -> Iterator[ast.Call]:
    """The calls that write a log line: of a method of what is named a log, or of `say`, which holds one."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        on_logger = (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and isinstance(node.func.value, ast.Name)
            and "log" in node.func.value.id.lower()
        )
        if on_logger or (isinstance(node.func, ast.Name) and node.func.id == "say"):
            yield node


def log_faults(source: str) -> list[str]:
    """Log lines whose event is put together (and may hold a value), or that name a personal field.

    A field of a personal name is removed by the scrubber, so at best the line says less than its author meant.
    """
    faults = []
    for call in log_lines(source):
        if not (call.args and isinstance(call.args[0], ast.Constant)):
            faults.append(f"line {call.lineno}: the event is not a constant")
        faults += [f"line {call.lineno}: names {word.arg}" for word in call.keywords if word.arg in PERSONAL]
    return faults


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_log_lines_are_constant_and_name_nothing_personal(path: Path) -> None:  # I7
    assert log_faults(path.read_text(encoding="utf-8")) == []


def test_there_are_log_lines_to_look_at() -> None:
    assert sum(1 for path in ROOT.rglob("*.py") for _ in log_lines(path.read_text(encoding="utf-8"))) > 10


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('_LOG.info(f"serving {name}")', "line 1: the event is not a constant"),
        ('_LOG.warning("contact from " + phone)', "line 1: the event is not a constant"),
        ('_LOG.info("serving", address=listen)', "line 1: names address"),
    ],
)
def test_a_faulty_log_line_is_found(line: str, fault: str) -> None:  # I7
    assert log_faults(line) == [fault]
