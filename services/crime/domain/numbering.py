"""Crime numbers: unique within the police forces; a gap is allowed, a double never."""

import re

_FORCE_CODE = re.compile("[0-9]{2}")
_SERIALS = 9_999_999


def crime_number(force_code: str, year: int, serial: int) -> str:
    """Two digits of force, two of year, seven running: "13180000123".

    Raises ValueError for a force code that is not two digits, or a serial that seven digits cannot hold.
    """
    if not _FORCE_CODE.fullmatch(force_code):
        raise ValueError("a force code has two digits")
    if not 1 <= serial <= _SERIALS:
        raise ValueError(f"the running number of a force and year is 1 to {_SERIALS}")
    return f"{force_code}{year % 100:02d}{serial:07d}"
