"""Radios, and the welfare of those who carry them, as officer safety tells of them."""

from uuid import UUID

from peel.safety.v1 import emergency_types_pb2 as safety
from services.dispatch.radios.handlers import RadioTest
from services.kernel.transaction import Transaction
from services.kernel.wire import optional_moment


def radio_test_from(told: safety.Device, tx: Transaction) -> RadioTest:
    """How a radio was tested."""
    return RadioTest(told.force, told.radio, told.test_passed, optional_moment(told, "tested_at") or tx.now)


def unit_of(welfare: safety.Welfare) -> UUID | None:
    """Whose welfare it is; None where officer safety does not know the unit."""
    return UUID(welfare.unit_id) if welfare.unit_id else None
