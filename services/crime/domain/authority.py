"""Who may decide what: reference data, because it differs by offence and changes with time (domain facts 2.4, 2.5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from services.crime.domain.terms import Role
from services.crime.domain.validity import Validity
from services.kernel.errors import Refused

EVERY_CODE = "*"


class Action(Enum):
    """What somebody needs authority for."""

    RECORD = "RECORD"
    RECLASSIFY = "RECLASSIFY"
    NOT_RECORD = "NOT_RECORD"
    OUTCOME = "OUTCOME"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Authority:
    """One role that may take one action: with one reason, outcome or ground, or with every one."""

    action: Action
    code: str
    # Holds only for a rape, and then instead of what holds for every offence.
    rape: bool
    role: Role
    validity: Validity

    def covers(self, action: Action, code: str, rape: bool, on: date) -> bool:
        """Whether it says anything about this."""
        return (
            self.action is action
            and self.code in (code, EVERY_CODE)
            and (rape or not self.rape)
            and self.validity.covers(on)
        )


@dataclass(frozen=True, slots=True)
class Authorities:
    """The table of authorities."""

    all: Sequence[Authority]

    def permitted(self, action: Action, code: str, *, rape: bool, on: date) -> frozenset[Role]:
        """The roles that may: a line about rape overrides the others, and then one about this very code."""
        covering = [line for line in self.all if line.covers(action, code, rape, on)]
        closest = max(((line.rape, line.code == code) for line in covering), default=None)
        return frozenset(line.role for line in covering if (line.rape, line.code == code) == closest)

    def require(self, action: Action, code: str, roles: Collection[str], *, rape: bool, on: date) -> Role:
        """The least of the caller's roles that suffices. Raises Refused(AUTHORITY_MISSING), naming those that would."""
        permitted = self.permitted(action, code, rape=rape, on=on)
        for role in Role:
            if role in permitted and role in roles:
                return role
        raise Refused(
            "AUTHORITY_MISSING",
            rule="this decision on this offence needs a role that the caller does not hold",
            permission=True,
            metadata={"roles": ",".join(role for role in Role if role in permitted)},
        )
