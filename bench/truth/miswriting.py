"""How an address comes to be written otherwise than it stands in the records."""

import random
import re
from collections.abc import Callable, Mapping

Kind = Callable[[str, random.Random], str | None]

_SHORT = {
    "Street": "St",
    "Road": "Rd",
    "Avenue": "Ave",
    "Close": "Cl",
    "Drive": "Drv",
    "Lane": "La",
    "Grove": "Gr",
    "Mount": "Mt",
    "Court": "Crt",
    "Place": "Pl",
    "Terrace": "Terr",
}
_POSTCODE = re.compile(r", ([A-Z0-9]+) ([A-Z0-9]+)$")


def shortened(address: str, _rng: random.Random) -> str | None:
    """Rd for Road, no commas, no capitals."""
    words = [_SHORT.get(word, word) for word in address.replace(",", "").split()]
    return " ".join(words).lower()


def without_postcode(address: str, _rng: random.Random) -> str | None:
    """Nobody knew it."""
    return _POSTCODE.sub("", address)


def without_town(address: str, _rng: random.Random) -> str | None:
    """House, street and postcode."""
    parts = address.split(", ")
    return ", ".join([*parts[:-2], parts[-1]])


def postcode_run_together(address: str, _rng: random.Random) -> str | None:
    """M145AB."""
    return _POSTCODE.sub(r" \1\2", address)


def flat_last(address: str, _rng: random.Random) -> str | None:
    """The number of the flat after the street."""
    match = re.match(r"Flat (\d+), (.+)", address)
    return f"{match[2]}, Apt {match[1]}" if match else None


def flat_left_out(address: str, _rng: random.Random) -> str | None:
    """The house alone."""
    match = re.match(r"Flat \d+, (.+)", address)
    return match[1] if match else None


def letter_lost(address: str, rng: random.Random) -> str | None:
    """A letter of the street left out."""
    street = re.search(r"[A-Z][a-z]{3,}(?= [A-Z])", address)
    if street is None:
        return None
    at = rng.randrange(street.start() + 1, street.end())
    return address[:at] + address[at + 1 :]


def postcode_slip(address: str, rng: random.Random) -> str | None:
    """One letter of the postcode is another."""
    at = len(address) - rng.choice((1, 2))
    return address[:at] + rng.choice("ABDEFGHJLNPQRSTUWXYZ") + address[at + 1 :]


KINDS: Mapping[str, Kind] = {
    kind.__name__: kind
    for kind in (
        *(shortened, without_postcode, without_town, postcode_run_together),
        *(flat_last, flat_left_out, letter_lost, postcode_slip),
    )
}
