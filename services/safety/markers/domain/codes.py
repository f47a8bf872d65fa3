"""The codes by which a marker says what to beware of: data with validity dates, as forces and tables differ."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.safety.markers.domain.terms import Severity, SubjectKind


@dataclass(frozen=True, slots=True)
class Code:
    """One code: what it means, which kinds of subject it fits, and how grave it is where nobody says.

    `restricted`: every marker of this code is.
    """

    code: str
    meaning: str
    kinds: frozenset[SubjectKind]
    severity: Severity
    restricted: bool = False


# The codes of a force on one day, by code.
Codes = Mapping[str, Code]
