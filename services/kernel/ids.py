"""Ids of everything Peel makes: UUID version 7, which sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh id."""
    return uuid7()
