"""Pages of a list, and the tokens that lead from one to the next: signed, so that nobody can make one up or carry one
to another force or query.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message

from services.kernel.caller import Caller, current_call
from services.kernel.errors import Invalid, Violation
from services.kernel.settings import Settings
from services.kernel.validation import Check

Item = TypeVar("Item")


class Pages:
    """Makes and reads the page tokens of one service."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.page_key.get_secret_value().encode()
        self._seconds = settings.page_ttl_seconds
        if len(self._key) < 16:
            raise ValueError("PEEL_PAGE_KEY must have at least 16 characters")

    def page(self, request: Message, check: Check) -> "Page":
        """The page that a list request asks for, by its page_size and page_token. Raises what `check` has noted.

        Raises Invalid(PAGE_TOKEN_INVALID | PAGE_TOKEN_EXPIRED).
        """
        limit = check.size("page_size", request.page_size)  # type: ignore[attr-defined]
        check.done()
        return Page(self, request, limit, self._position(current_call().caller, request))

    def token(self, request: Message, position: list[str]) -> str:
        """A token for the page of the same query that starts after `position`."""
        body = json.dumps([int(time.time()) + self._seconds, position]).encode()
        signature = self._sign(current_call().caller, request, body)
        return base64.urlsafe_b64encode(signature + body).decode().rstrip("=")

    def _position(self, caller: Caller, request: Message) -> list[str]:
        token: str = request.page_token  # type: ignore[attr-defined]
        if not token:
            return []
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise _invalid("PAGE_TOKEN_INVALID", "is not one of ours") from None
        signature, body = raw[:32], raw[32:]
        if not hmac.compare_digest(signature, self._sign(caller, request, body)):
            raise _invalid("PAGE_TOKEN_INVALID", "was not made for this caller's force and this query")
        expires, position = json.loads(body)
        if expires < time.time():
            raise _invalid("PAGE_TOKEN_EXPIRED", "has expired; start from the first page")
        return [str(part) for part in position]

    def _sign(self, caller: Caller, request: Message, body: bytes) -> bytes:
        query = type(request)()
        query.CopyFrom(request)
        query.ClearField("page_token")
        query.ClearField("page_size")
        asked = query.SerializeToString(deterministic=True)
        # With its length, so that no byte can pass from the query to the body.
        scope = f"{caller.force}\n{request.DESCRIPTOR.full_name}\n{len(asked)}\n".encode()
        return hmac.digest(self._key, scope + asked + body, hashlib.sha256)


def _invalid(reason: str, rule: str) -> Invalid:
    return Invalid([Violation("page_token", rule, reason)], reason=reason)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. The query fetches `limit`, one more than is shown: its presence says that there is a next page."""

    pages: Pages
    request: Message
    size: int
    position: list[str]

    @property
    def limit(self) -> int:
        return self.size + 1

    @property
    def after_id(self) -> UUID | None:
        """The position, where it is one id."""
        return UUID(self.position[0]) if self.position else None

    def items(self, found: Sequence[Item]) -> Sequence[Item]:
        """What is shown of what the query found."""
        return found[: self.size]

    def next_token(self, found: Sequence[Item], position: Callable[[Item], list[str]]) -> str:
        """Token of the next page, empty where there is none."""
        if len(found) <= self.size:
            return ""
        return self.pages.token(self.request, position(found[self.size - 1]))
