"""By what a marker is found: names, addresses, phones and vehicles in a plain form, however written (R-SR-01)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from anyascii import anyascii

from services.safety.markers.domain.subjects import Alias, Subject

_APOSTROPHES = re.compile("['`\u2018\u2019\u02bc]")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_POSTCODE = re.compile(r"\b([a-z]{1,2}[0-9][a-z0-9]?)\s*([0-9][a-z]{2})\b")
# What stands for what in addresses; only last words that the gazetteers themselves shorten.
_SHORTENED = {
    "ave": "avenue",
    "cl": "close",
    "cres": "crescent",
    "ct": "court",
    "dr": "drive",
    "gdns": "gardens",
    "gr": "grove",
    "ln": "lane",
    "pl": "place",
    "rd": "road",
    "sq": "square",
    "st": "street",
    "terr": "terrace",
}


class Means(IntEnum):
    """What about a subject is looked at."""

    NAME = 1
    ORGANISATION = 2
    ADDRESS = 3
    UPRN = 4
    PHONE = 5
    VEHICLE = 6


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """One way to a marker. `born` is a person's date of birth beside a name, ISO, "" where nobody knows it."""

    means: Means
    plain: str
    born: str = ""


def words(text: str) -> list[str]:
    """The words of a name in plain small letters: "Seán O'Brien-Núñez" has sean, obrien and nunez."""
    plain = _APOSTROPHES.sub("", anyascii(text).lower())
    return [word for word in _BETWEEN.split(plain) if word]


def plain(text: str) -> str:
    """A name without case, accents and punctuation."""
    return " ".join(words(text))


def plain_name(name: Alias) -> str:
    """A person's name, given name first."""
    return plain(f"{name.given_name} {name.family_name}")


def plain_address(text: str) -> str:
    """An address with its words written out and its postcode, as one word, last: "12 ash street leeds ls14ap"."""
    lowered = anyascii(text).lower()
    postcode = _POSTCODE.search(lowered)
    rest = lowered if postcode is None else f"{lowered[: postcode.start()]} {lowered[postcode.end() :]}"
    written = [_SHORTENED.get(word, word) for word in words(rest)]
    return " ".join([*written, *(["".join(postcode.groups())] if postcode else [])])


def plain_uprn(text: str) -> str:
    """A UPRN without the zeros that some systems pad it with."""
    return text.lstrip("0")


def plain_phone(text: str) -> str:
    """A phone number in E.164; one that is written the national way is taken for a British one."""
    digits = re.sub(r"[^0-9+]", "", text)
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    return f"+44{digits[1:]}" if digits.startswith("0") else digits


def plain_registration(text: str) -> str:
    """A registration in capitals and digits, with 0 for O and 1 for I: a plate does not tell them apart."""
    return re.sub(r"[^A-Z0-9]", "", text.upper()).replace("O", "0").replace("I", "1")


def ways_to(subject: Subject) -> set[Way]:
    """Every way to a subject."""
    return {way for way in _ways(subject) if way.plain}


def _ways(subject: Subject) -> Iterator[Way]:
    for name in subject.names:
        yield Way(Means.NAME, plain_name(name), subject.date_of_birth)
    yield Way(Means.ORGANISATION, plain(subject.organisation_name))
    for address in subject.addresses:
        yield Way(Means.UPRN, plain_uprn(address.uprn))
        yield Way(Means.ADDRESS, plain_address(address.address))
    for phone in subject.phones:
        yield Way(Means.PHONE, plain_phone(phone))
    for registration in subject.vehicle_registrations:
        yield Way(Means.VEHICLE, plain_registration(registration))
