"""An error decides whether its event is tried again, set aside or held; a good event is never set aside."""

import asyncio

import asyncpg
import pytest
from kafka.errors import KafkaTimeoutError

from services.kernel.dead_letters import DeadLetterLimit
from services.kernel.envelope import Malformed
from services.kernel.errors import Busy, Conflict, Invalid, NotFound, Refused, Unavailable, Violation
from services.kernel.inbox import Verdict, reason_of, verdict


@pytest.mark.parametrize(
    "error",
    [
        Malformed("HEADER_MISSING", rule="ce_id is missing"),
        Refused("ALREADY_DECIDED", rule="a report is decided once"),
        Invalid([Violation("contact.point", "latitude is between -90 and 90")]),
    ],
)
def test_only_a_rule_that_the_event_breaks_is_its_own_fault(error: Exception) -> None:
    assert verdict(error) is Verdict.POISON


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncio.CancelledError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.SerializationError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.QueryCanceledError(),
        KafkaTimeoutError(),
        Busy("OVERLOADED", rule="try again"),
        Unavailable("STORE_UNAVAILABLE", rule="try again"),
    ],
)
def test_what_passes_is_tried_again_and_never_counts_towards_the_dead_letters(error: BaseException) -> None:
    assert verdict(error) is Verdict.RETRY


@pytest.mark.parametrize(
    "error",
    [
        TypeError(),
        KeyError(),
        asyncpg.UndefinedTableError(),
        asyncpg.InsufficientPrivilegeError(),
        asyncpg.UniqueViolationError(),
        # What the database client raises for an argument of the wrong type: an interface error, and a bug of ours.
        asyncpg.exceptions._base.DataError("invalid input for query argument $1"),
        NotFound("report"),
        Conflict("REQUEST_ID_REUSED", rule="one id, one request"),
        DeadLetterLimit("DEAD_LETTER_STREAK", rule="too many"),
    ],
)
def test_a_fault_of_ours_is_held_for_a_person(error: Exception) -> None:
    assert verdict(error) is Verdict.STUCK


def test_a_reason_is_class_and_code_and_never_the_message() -> None:  # I7
    assert reason_of(Refused("NOT_WANTED", rule="Mary Example")) == "Refused:NOT_WANTED"
    assert reason_of(asyncpg.UniqueViolationError("Key (name)=(Mary Example)")) == "UniqueViolationError:23505"
    assert reason_of(ValueError("Mary Example")) == "ValueError"
