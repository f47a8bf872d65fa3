"""No log line holds personal data, whoever writes it and whatever it is handed (I7)."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from peel.type.v1.person_pb2 import Person
from services.kernel.telemetry.logs import Scrubber

REMOVED = "[removed]"
ID = UUID("0190a000-0000-7000-8000-000000000001")


def scrubbed(**event: Any) -> dict[str, Any]:
    return dict(Scrubber(["family_name", "narrative"])(None, "info", event))


def test_a_personal_field_is_removed_at_any_depth() -> None:
    found = scrubbed(
        family_name="Quill", nested={"narrative": "It was dark.", "rows": 3, "list": [{"family_name": "Q"}]}
    )
    assert found == {
        "family_name": REMOVED,
        "nested": {"narrative": REMOVED, "rows": 3, "list": [{"family_name": REMOVED}]},
    }


@pytest.mark.parametrize(
    "said",
    [
        "+441134960000",
        "+44 113 496 0000",
        "01134960000",
        "01134 960000",
        "0113 496 0000",
        "07700 900 123",
        "0113-496-0000",
        "ada.quill@example.org",
        "a+b@mail.example.co.uk",
        "LS1 4AP",
        "W1A 1AA",
        "M11AE",
    ],
)
def test_what_looks_personal_is_removed_from_any_text(said: str) -> None:
    assert scrubbed(event=f"call from {said} taken") == {"event": f"call from {REMOVED} taken"}
    assert scrubbed(detail=[(said,)]) == {"detail": [[REMOVED]]}


@pytest.mark.parametrize(
    "said",
    [
        str(ID),
        "0af7651916cd43dd8448eb211c80319c",
        "E01011229",
        "2018-07-04T11:00:00.000001Z",
        "127.0.0.1:7101",
        "crime.report.v1[3]",
        "peel.intake.v1.IntakeService.OpenContact",
        "NON_RECORDING_REASON_VICTIM_NOT_TRACED",
    ],
)
def test_what_an_operator_needs_is_kept(said: str) -> None:
    assert scrubbed(event=said) == {"event": said}


def test_plain_values_are_kept() -> None:
    at = datetime(2018, 7, 4, tzinfo=UTC)
    plain = {"rows": 3, "seconds": 0.5, "ok": True, "nothing": None, "id": ID, "at": at}
    assert scrubbed(**plain) == plain


@pytest.mark.parametrize(
    "value",
    [Person(family_name="Quill"), ValueError("Quill"), b"Quill", {"Quill"}, object()],
    ids=lambda value: type(value).__name__,
)
def test_an_object_does_not_speak_for_itself(value: object) -> None:
    said = scrubbed(value=value)["value"]
    if isinstance(value, set):
        # A set is a list of what it holds.
        assert said == ["Quill"]
    else:
        assert said == f"({type(value).__name__})"


SPOKEN = """
import logging
from services.kernel.telemetry.logs import logger, set_up_logging
set_up_logging("INFO", ["family_name"], service="intake", process="api")
log = logger("services.intake")
log.info("taken", family_name="Quill", rows=3)
log.debug("not at this level")
try:
    raise ValueError("Quill of LS1 4AP")
except ValueError:
    log.exception("failed")
    logging.getLogger("a.library").error("it broke for %s", "ada@example.org", exc_info=True)
try:
    {}["Quill"]
except KeyError as error:
    log.error("failed", exc_info=error)
logging.getLogger("kafka").info("reconnecting")
"""


@pytest.fixture(scope="module")
def spoken() -> list[dict[str, Any]]:
    """What a process logs: set up once for all loggers, so in a process of its own."""
    ran = subprocess.run([sys.executable, "-c", SPOKEN], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == ""
    assert "Quill" not in ran.stderr
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_each_line_is_one_object_that_says_whose_it_is(spoken: list[dict[str, Any]]) -> None:
    assert [line["event"] for line in spoken] == ["taken", "failed", f"it broke for {REMOVED}", "failed"]
    assert {(line["service"], line["process"]) for line in spoken} == {("intake", "api")}
    assert [line["level"] for line in spoken] == ["info", "error", "error", "error"]
    assert all(line["timestamp"].endswith("Z") for line in spoken)


def test_a_field_of_a_line_is_scrubbed(spoken: list[dict[str, Any]]) -> None:
    assert (spoken[0]["family_name"], spoken[0]["rows"]) == (REMOVED, 3)


def test_an_exception_says_its_class_and_where_and_not_what(spoken: list[dict[str, Any]]) -> None:
    assert [line.get("error") for line in spoken[1:]] == ["ValueError", "ValueError", "KeyError"]
    assert all(line["at"] and line["at"][0].startswith("__main__:") for line in spoken[1:])
