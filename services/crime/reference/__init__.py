"""Code tables as data, with their validity and sources; README.md says where each comes from and how sure it is."""

from functools import cache

from services.crime.domain import Tables
from services.crime.reference.loader import Force, load_forces, load_lsoa_names, load_tables

__all__ = ["Force", "forces", "load_forces", "load_lsoa_names", "load_tables", "lsoa_names", "tables"]


@cache
def tables() -> Tables:
    """The tables that the rules read, loaded once a process."""
    return load_tables()


@cache
def forces() -> dict[str, Force]:
    """The forces by id, loaded once a process."""
    return load_forces()


@cache
def lsoa_names() -> dict[str, str]:
    """Names of small areas by code, loaded once a process."""
    return load_lsoa_names()
