"""Who is calling, and the call in hand."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from services.kernel.contract import RpcPolicy


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated person or system: its token's subject, its one force, and its roles (ROLE_…).

    `token_expired` is possible in an emergency only.
    """

    subject: str
    force: str
    roles: frozenset[str]
    token_expired: bool = False

    def may(self, *roles: str) -> bool:
        """Whether the caller holds any of these roles."""
        return not self.roles.isdisjoint(roles)


def service_itself(service: str, force: str = "*") -> Caller:
    """The caller of what a service does by itself: reactions to events and timers."""
    return Caller(subject=f"service:{service}", force=force, roles=frozenset())


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an RPC, as the door admitted it."""

    caller: Caller
    policy: RpcPolicy
    purpose: str
    # Names of the personal fields and records in the request, for the audit.
    fields: frozenset[str]
    records: frozenset[str]
    # Both absent for a call that changes nothing.
    request_id: UUID | None
    digest: bytes
    # In an emergency: the request is what could be read of one that was damaged.
    salvaged: bool = False

    @property
    def token_expired(self) -> bool:
        """Whether the caller's token had expired and was taken all the same, as it is in an emergency."""
        return self.caller.token_expired


_CALL: ContextVar[Call] = ContextVar("call")


def current_call() -> Call:
    """The call being served. Raises LookupError outside one."""
    return _CALL.get()


def set_call(call: Call) -> None:
    """Every RPC runs in a task of its own, so nothing needs to be reset."""
    _CALL.set(call)
