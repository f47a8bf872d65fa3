"""`peel watch`, as a person sees it: what happens is on the screen at once, and a key does what it says (R-OS-01)."""

from pathlib import Path
from uuid import uuid4

import pytest

from peel.safety.v1 import emergency_api_pb2 as api
from peel.safety.v1.emergency_api_pb2_grpc import EmergencyServiceStub
from tests.integration.services.running import Running
from tests.integration.services.screen import screen


@pytest.fixture
def token(running: Running, force: str, tmp_path: Path) -> str:
    """The file of a token of somebody who may watch."""
    file = tmp_path / "dispatcher.jwt"
    file.write_text(running.authority.token(["dispatcher"], force, "test-dispatcher"))
    return str(file)


def press(running: Running, force: str, radio: str) -> None:
    channel = running.channels["safety-emergency"]
    request = api.PressEmergencyRequest(force=force, radio=radio, press_id=str(uuid4()))
    running.person("radio_gateway", force=force).ask(EmergencyServiceStub(channel).PressEmergency, request)


def test_a_press_is_on_two_screens_and_a_key_takes_it(running: Running, force: str, token: str) -> None:
    options = ("--force", force, "--token-file", token)
    with (
        screen(running, "emergencies", *options, "--console", "pod-1", "--replica", "1") as first,
        screen(running, "emergencies", *options, "--console", "pod-2", "--replica", "2") as second,
    ):
        for one in (first, second):
            one.shows("no emergency waits")
        press(running, force, "radio-of-the-watch-test")
        for one in (first, second):
            one.shows("1 EMERGENCY NOT TAKEN")
            one.shows("radio-of-the-watch-test")
        second.press("a")
        for one in (first, second):
            one.shows("taken by test-dispatcher")
        first.press("q")
        assert first.process.wait(10) == 0


def test_the_board_stands_even_where_nothing_is_on_it(running: Running, force: str, token: str) -> None:
    with screen(running, "board", "--force", force, "--token-file", token) as board:
        board.shows("Incidents (0)")
        board.shows("Units on duty (0)")


def test_whoever_may_not_watch_is_told_so_in_one_line(running: Running, force: str, tmp_path: Path) -> None:
    file = tmp_path / "auditor.jwt"
    file.write_text(running.authority.token(["auditor"], force))
    with screen(running, "emergencies", "--force", force, "--token-file", str(file)) as refused:
        refused.shows("ROLE_MISSING")
        assert refused.process.wait(10) == 1
        assert "Traceback" not in refused.drawn
