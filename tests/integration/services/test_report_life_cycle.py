"""A report from first contact to its end, through the public API (R-CR-01, R-CR-02, R-CR-03, R-CR-05)."""

from datetime import timedelta

from tests.integration.services import telling
from tests.integration.services.running import SHARED_FORCE, Running


def test_first(running: Running, force: str) -> None:
    handler = running.person("call_handler", force=force)
    reply = handler.ask(running.intake.OpenContact, telling.contact(force, running.now, telling.alleging()))
    assert reply.contact_id
