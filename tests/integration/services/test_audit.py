"""Who did what to which record is on record (I6): reads and streams too; names of fields, never values."""

import secrets
from functools import partial

import asyncpg
import pytest

from peel.intake.v1 import api_pb2 as intake
from services.table import SERVICES
from tests.integration.local.waiting import eventually
from tests.integration.services.calling import Metadata
from tests.integration.services.every_rpc import every_path, every_rpc
from tests.integration.services.following import opened, report_of
from tests.integration.services.running import SHARED_FORCE, Running
from tests.integration.services.telling import MARKS, alleging, contact


def _traced(trace_id: str, purpose: str = "inspection-7") -> Metadata:
    """Metadata by which a call's audit row can be found again."""
    return [("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"), ("peel-purpose", purpose)]


def _is_on_record(running: Running, trace_id: str) -> bool:
    return running.count("safety", "from audit where trace_id = $1", trace_id) > 0


def test_every_call_of_every_rpc_leaves_its_row(running: Running) -> None:
    called = set()
    for step in every_rpc(running):
        trace_id = secrets.token_hex(16)
        step.make(_traced(trace_id))
        # A stream of requests is noted when it begins and when it ends, a self-test with its press and its outcome.
        wanted = 2 if isinstance(step.request, list) or step.path.endswith("/SelfTest") else 1
        if step.policy.emergency:
            # Nobody waits for it there.
            eventually(partial(_is_on_record, running, trace_id))
        rows = running.rows(step.service, "select * from audit where trace_id = $1", trace_id)
        assert len(rows) == wanted
        for row in rows:
            assert (row["rpc"], row["action"]) == (step.policy.full_name, step.policy.audit)
            who = (row["subject"], row["roles"], row["force"])
            assert who == (f"test-{step.role}", [f"ROLE_{step.role.upper()}"], SHARED_FORCE)
            assert row["purpose"] == "inspection-7"
            assert not any(mark in str(row) for mark in MARKS)
        assert step.records <= {record for row in rows for record in row["records"]}, step.path
        assert step.fields <= {field for row in rows for field in row["fields"]}, step.path
        called.add(step.path)
    assert called == every_path()


def test_a_purpose_that_is_no_code_is_not_noted(running: Running) -> None:
    contact_id = opened(running, contact(SHARED_FORCE, running.now))
    trace_id = secrets.token_hex(16)
    asking = running.person("auditor", more=_traced(trace_id, "asks after Zephyrine!"))
    asking.ask(running.intake.GetContact, intake.GetContactRequest(contact_id=contact_id))
    (row,) = running.rows("intake", "select purpose from audit where trace_id = $1", trace_id)
    assert row["purpose"] == "W2"


def test_what_a_service_does_by_itself_shows_nobody_anything(running: Running, force: str) -> None:
    """The audit is of what people and systems asked for; what a service does on an event is in its own events."""
    report_of(running, opened(running, contact(force, running.now, alleging())), force)
    rows = running.rows("crime", "select distinct rpc from audit where force = $1", force)
    assert [row["rpc"] for row in rows] == ["peel.crime.v1.CrimeService.ListReports"]


@pytest.mark.parametrize("table", ["audit", "audit_seal"])
@pytest.mark.parametrize("service", SERVICES)
def test_the_database_refuses_to_change_it(running: Running, service: str, table: str) -> None:
    column = {"audit": "force", "audit_seal": "rows"}[table]
    before = running.count(service, f"from {table}")
    for change in (
        f"update {table} set {column} = {column}",
        f"update {table} set {column} = {column} where false",
        f"delete from {table}",
        f"truncate {table}",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            running.rows(service, change)
    assert running.count(service, f"from {table}") >= before


def test_a_refused_call_leaves_none(running: Running) -> None:
    """It touched no data, and its caller may be anybody."""
    trace_id = secrets.token_hex(16)
    nowhere = intake.GetContactRequest(contact_id="01890000-0000-7000-8000-000000000000")
    asking = running.person("auditor", more=_traced(trace_id))
    assert asking.refused(running.intake.GetContact, nowhere).reason == "NOT_FOUND"
    assert running.count("intake", "from audit where trace_id = $1", trace_id) == 0
