"""The codes of warning markers by force and day; README.md says how sure they are."""

from datetime import date
from functools import cache

from services.kernel.reference import read_table, valid_from, valid_to
from services.safety.markers.domain.codes import Code, Codes
from services.safety.markers.domain.terms import Severity, SubjectKind

_ANY_FORCE = "*"


@cache
def marker_codes(force: str, on: date) -> Codes:
    """The marker codes of a force on a day: those of every force, and its own in place of them."""
    rows = [
        row
        for row in read_table("services.safety.reference", "marker_codes.csv")
        if row["force"] in (_ANY_FORCE, force) and valid_from(row) <= on <= valid_to(row)
    ]
    # Its own last, so that they stand.
    return {row["code"]: _code(row) for row in sorted(rows, key=lambda row: row["force"] != _ANY_FORCE)}


def _code(row: dict[str, str]) -> Code:
    kinds = frozenset(SubjectKind[kind] for kind in row["kinds"].split())
    restricted = {"yes": True, "no": False}[row["restricted"]]
    return Code(row["code"], row["meaning"], kinds, Severity[row["severity"]], restricted)
