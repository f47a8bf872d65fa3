"""Numbers the changes of this replica, so that a console that was away is sent what it missed."""

import secrets
from collections import OrderedDict
from uuid import UUID

from services.safety.emergency.board import Change

_MOST_REMEMBERED = 10_000


class ChangeLog:
    """Of an emergency only its last number matters: whoever has not seen that one is sent its present state."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        # Another process counts from 1 again, and goes by another name.
        self.replica = secrets.token_hex(6)
        self._most = most
        self._last = 0
        self._forgotten = 0
        self._numbers: OrderedDict[UUID, int] = OrderedDict()

    @property
    def token(self) -> str:
        """How to go on from here."""
        return f"{self.replica}.{self._last}"

    def changed(self, change: Change) -> None:
        """A listener of the board."""
        self._last += 1
        self._numbers[change.emergency.id] = self._last
        self._numbers.move_to_end(change.emergency.id)
        if len(self._numbers) > self._most:
            _, self._forgotten = self._numbers.popitem(last=False)

    def since(self, token: str) -> list[UUID] | None:
        """What changed after a token, oldest change first; None where it is not of this replica, or too old."""
        replica, _, number = token.partition(".")
        if replica != self.replica or not number.isdecimal() or int(number) < self._forgotten:
            return None
        return [one for one, changed in self._numbers.items() if changed > int(number)]
