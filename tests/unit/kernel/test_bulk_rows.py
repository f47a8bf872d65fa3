"""Rows for one statement: its shape, the outbox row of an event, and the audit row of a call."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peel.crime.v1 import events_pb2 as crime
from peel.intake.v1 import api_pb2 as intake
from peel.intake.v1 import events_pb2 as intake_events
from peel.intake.v1 import types_pb2 as types
from peel.type.v1.person_pb2 import Person
from peel.type.v1.place_pb2 import Place
from services.kernel.audit import audit_row
from services.kernel.bulk import AUDIT, OUTBOX, Rows, insert_args, insert_sql, joined, outbox_row
from services.kernel.database import Table
from services.kernel.envelope import PAYLOAD_BYTES, REQUEST_BYTES, Envelope
from services.kernel.errors import Conflict, TooLarge
from services.kernel.idempotency import check_same, request_row
from services.kernel.inbox import Verdict, verdict
from services.kernel.status import code_of
from tests.unit.kernel.calls import FORCE, OTHER_FORCE, call

NOW = datetime(2018, 7, 4, 11, 0, tzinfo=UTC)
THING = Table.of("thing", "id uuid, name text, size double precision")
TAGGED = Table.of("tagged", "id uuid, tags text[], flags smallint[]")


def named(table: Table, row: tuple[object, ...]) -> dict[str, Any]:
    return dict(zip((name for name, _ in table.columns), row, strict=True))


def test_a_table_from_the_sql_one_would_write() -> None:
    assert THING.columns == (("id", "uuid"), ("name", "text"), ("size", "double precision"))
    assert THING.names == "id, name, size"


def test_few_rows_travel_value_by_value() -> None:
    assert insert_sql(((THING, 2),)) == (
        "added_0 as (insert into thing (id, name, size) select x.id, x.name, x.size "
        "from (values ($1::uuid, $2::text, $3::double precision), ($4, $5, $6)) as x(id, name, size) "
        "where x.id is not null)"
    )


def test_many_rows_travel_as_arrays() -> None:
    assert insert_sql(((THING, 0),)) == (
        "added_0 as (insert into thing (id, name, size) select x.id, x.name, x.size "
        "from unnest($1::uuid[], $2::text[], $3::double precision[]) as x(id, name, size) where x.id is not null)"
    )


@pytest.mark.parametrize("size", [1, 0])
def test_an_array_column_travels_as_text(size: int) -> None:
    sql = insert_sql(((TAGGED, size),))
    assert ("($1::uuid, $2::text, $3::text)" if size else "($1::uuid[], $2::text[], $3::text[])") in sql
    assert "string_to_array(x.tags, E'\\x1f')::text[], string_to_array(x.flags, E'\\x1f')::smallint[]" in sql
    assert joined(["b", "a"]) == "a\x1fb"
    assert joined(frozenset()) == ""


def test_several_tables_number_their_parameters_on() -> None:
    sql = insert_sql(((THING, 2), (TAGGED, 0), (THING, 1)), first=4)
    assert "(values ($4::uuid, $5::text, $6::double precision), ($7, $8, $9))" in sql
    assert "unnest($10::uuid[], $11::text[], $12::text[])" in sql
    assert "(values ($13::uuid, $14::text, $15::double precision))" in sql
    assert sql.index("added_0 as (insert into thing") < sql.index("added_1 as (insert into tagged")


def test_a_gate_adds_only_the_rows_of_what_it_holds() -> None:
    sql = insert_sql(((THING, 1),), first=6, gate="fresh")
    assert "(values ($6::uuid, $7::uuid, $8::text, $9::double precision)) as x(of_request, id, name, size)" in sql
    assert sql.endswith("where x.of_request in (select id from fresh))")


def test_parameters_are_in_the_order_of_the_statement() -> None:
    rows = Rows()
    assert not rows
    rows.add(THING, (1, "a", 2.0))
    rows.add(TAGGED, (3, "t", "1"))
    rows.add(THING, (2, "b", 3.0))
    assert rows
    assert rows.shape == ((THING, 2), (TAGGED, 1))
    assert insert_args(rows) == [1, "a", 2.0, 2, "b", 3.0, 3, "t", "1"]


@given(st.integers(1, 40))
def test_every_row_has_room_and_what_is_left_over_is_null(count: int) -> None:
    rows = Rows()
    for number in range(count):
        rows.add(THING, (number, "a", 2.0))
    args, ((_, size),) = insert_args(rows), rows.shape
    if size:
        assert args == [value for number in range(count) for value in (number, "a", 2.0)] + [None] * 3 * (size - count)
        assert insert_sql(rows.shape).count("$") == len(args)
    else:
        assert args == [list(range(count)), ["a"] * count, [2.0] * count]


@pytest.mark.parametrize(("row", "rule"), [((1, "a"), "thing has 3 columns"), ((None, "a", 2.0), "never null")])
def test_what_is_no_row_of_a_table_is_refused_where_it_is_added(row: tuple[object, ...], rule: str) -> None:
    """A row without its first column would be taken for room that stayed empty, and be lost without a word."""
    with pytest.raises(ValueError, match=rule):
        Rows().add(THING, row)


def test_an_event_is_keyed_by_force_and_aggregate() -> None:
    event = crime.RecordingOverdue(report_id="r-1", contact_id="c-1", force=FORCE)
    row = named(OUTBOX, outbox_row(event, force=FORCE, sequence=2, time=NOW))
    assert (row["topic"], row["key"]) == ("crime.report.v1", f"{FORCE}/r-1")
    assert row["type"] == "peel.crime.v1.RecordingOverdue"
    assert (row["subject"], row["sequence"], row["time"], row["force"]) == ("r-1", 2, NOW, FORCE)
    assert isinstance(row["event_id"], UUID)
    assert crime.RecordingOverdue.FromString(row["payload"]) == event
    assert row["traceparent"] is None


@pytest.mark.parametrize("force", ["", FORCE])
def test_an_event_of_no_aggregate_or_no_force_is_not_emitted(force: str) -> None:
    event = intake_events.ContactOpened(contact=types.Contact(contact_id="" if force else "c-1"))
    with pytest.raises(ValueError, match="no aggregate or no force"):
        outbox_row(event, force=force, sequence=1, time=NOW)


def test_an_event_that_could_never_be_sent_is_refused_where_it_is_emitted() -> None:
    """It would be committed, and then hold up every event behind it for ever."""
    contact = types.Contact(contact_id="c-1")
    event = intake_events.ContactOpened(contact=contact)
    event.contact.narrative = "x" * (PAYLOAD_BYTES - event.ByteSize() - 16)
    assert len(named(OUTBOX, outbox_row(event, force=FORCE, sequence=1, time=NOW))["payload"]) <= PAYLOAD_BYTES
    event.contact.narrative += "x" * 32
    with pytest.raises(TooLarge) as refused:
        outbox_row(event, force=FORCE, sequence=1, time=NOW)
    assert (refused.value.reason, code_of(refused.value)) == ("EVENT_TOO_LARGE", grpc.StatusCode.INVALID_ARGUMENT)
    assert "ContactOpened" in refused.value.rule
    # Of a reaction: its event is set aside, and those behind it go on.
    assert verdict(refused.value) is Verdict.POISON


def test_all_that_goes_with_a_payload_fits_beside_it() -> None:
    envelope = Envelope(
        event_id=UUID(int=0),
        type="peel.intake.v1." + "X" * 100,
        source="/peel/intake",
        subject="s" * 500,
        force="f" * 200,
        sequence=2**63 - 1,
        time=NOW,
        traceparent="0" * 55,
        payload=b"",
    )
    around = sum(len(name) + len(value) + 20 for name, value in envelope.headers())
    assert 3 * around < REQUEST_BYTES - PAYLOAD_BYTES


def told() -> intake.GetContactResponse:
    contact = types.Contact(
        contact_id="c-1",
        narrative="It was dark.",
        people=[
            Person(ref="v1", given_name="Ada", family_name="Quill", date_of_birth="1987-04-23", phone="+441134960000")
        ],
        place=Place(address="1 Ash Mount", uprn="100051234567"),
    )
    return intake.GetContactResponse(contact=contact)


def audited(reply: intake.GetContactResponse | None, *fields: str) -> dict[str, Any]:
    return named(AUDIT, audit_row(call(rpc="GetContact", fields=fields), reply, NOW))


def test_the_audit_says_who_did_what_to_which_record() -> None:  # DPA 2018 s.62
    row = audited(told())
    assert (row["subject"], row["force"], row["at"]) == ("person-7", FORCE, NOW)
    assert row["roles"] == "ROLE_CALL_HANDLER\x1fROLE_DISPATCHER"
    assert (row["action"], row["rpc"]) == ("CONSULTATION", "peel.intake.v1.IntakeService.GetContact")
    assert (row["records"], row["purpose"], row["trace_id"]) == ("contact:c-1", "W2", "")


def test_the_audit_names_what_was_shown_and_what_was_sent() -> None:
    of_people = {f"Person.{name}" for name in ("given_name", "family_name", "date_of_birth", "phone")}
    expected = {"Contact.narrative", "Thrive.harm", "Place.address", "Place.uprn"} | of_people
    assert set(audited(told(), "Contact.narrative", "Thrive.harm")["fields"].split("\x1f")) == expected
    assert audited(None, "Thrive.harm")["fields"] == "Thrive.harm"


def test_the_audit_holds_names_and_never_values() -> None:  # I7
    row = str(audited(told()))
    for value in ("dark", "Ada", "Quill", "1987", "+44", "Ash", "100051234567"):
        assert value not in row


def test_a_request_is_the_same_by_force_method_and_body() -> None:
    first = call()
    _, force, method, digest, reply = request_row(first, told())
    assert reply == told().SerializeToString()
    check_same(first, force, method, digest)
    for other in ((OTHER_FORCE, method, digest), (force, "another", digest), (force, method, b"another")):
        with pytest.raises(Conflict) as refused:
            check_same(first, *other)
        assert refused.value.reason == "REQUEST_ID_REUSED"
