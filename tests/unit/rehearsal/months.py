"""A month in memory, for the tests of the rehearsal: rows as the public file has them."""

from functools import cache
from pathlib import Path

from deploy.rehearsal.__main__ import MONTH
from deploy.rehearsal.rehearsal import Plan, known_words, plan
from deploy.rehearsal.street import COLUMNS, StreetFile, read_street

HEADER = ",".join(COLUMNS)
GOOD = (
    "c0ffee,2018-07,West Yorkshire Police,West Yorkshire Police,-1.549077,53.800755,On or near Ash Mount,E01011365,"
    "Leeds 063B,Burglary,Investigation complete; no suspect identified,"
)
NUISANCE = (
    ",2018-07,West Yorkshire Police,West Yorkshire Police,-1.549077,53.800755,On or near Ash Mount,E01011365,"
    "Leeds 063B,Anti-social behaviour,,"
)


def written(folder: Path, *rows: str | bytes) -> Path:
    """A street-level file with these rows."""
    lines = [HEADER.encode(), *(row.encode() if isinstance(row, str) else row for row in rows)]
    path = folder / "street.csv"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def read(path: Path, most: int | None = None) -> StreetFile:
    return read_street(path, known_words(), most)


def changed(row: str, **columns: str) -> str:
    """The row with other values in some columns; "_" stands for a space in their names."""
    fields = dict(zip(COLUMNS, row.split(","), strict=True))
    fields |= {name.replace("_", " "): value for name, value in columns.items()}
    return ",".join(fields.values())


@cache
def real_month(most: int | None = 4000) -> Plan:
    """The plan of the first rows of the real file."""
    return plan(read(MONTH, most))
