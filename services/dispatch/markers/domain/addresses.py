"""An address taken apart, and whether two of them are one place."""

import re
from dataclasses import dataclass

from anyascii import anyascii
from rapidfuzz.distance import OSA

from services.dispatch.markers.domain.terms import Certainty

_POSTCODE = re.compile(r"\b([a-z]{1,2}[0-9][a-z0-9]?) *([0-9][a-z]{2})\b")
_UNIT = re.compile(
    r"\b(?:flat|apartment|apt|unit|room|studio|suite|maisonette)[ .:#]*(?:no[. ]*)?([a-z]?[0-9]+[a-z]?|[a-z])\b"
)
_TOKEN = re.compile(r"[a-z0-9]+|,")
_NUMBER = re.compile(r"([0-9]+)([a-z]?)")
_LETTERS = "abcdefgh"
# The types of street that an address shortens in more than one way, each under the shortest of them.
_TYPES = {
    form: forms.split()[0]
    for forms in (
        "st street str saint",
        "rd road",
        "ave avenue av",
        "cl close",
        "cres crescent cr",
        "ct court crt",
        "dr drive drv",
        "gdns gardens gdn garden",
        "gr grove grv",
        "ln lane la",
        "mt mount",
        "pk park",
        "pl place plc",
        "sq square",
        "ter terrace terr tce",
        "wk walk",
        "way wy",
        "view vw",
        "rise",
        "row",
        "hill",
        "fold",
        "mews",
    )
    for form in forms.split()
}
# A street written so much alike is the same one; in the same postcode, where there are few others, so much will do.
_ALIKE, _ALIKE_NEARBY = 0.85, 0.5


@dataclass(frozen=True, slots=True)
class Parts:
    """Of one address, in plain small letters. "" for what it does not say."""

    postcode: str
    unit: str
    number: str
    letter: str
    street: str
    town: str


def parts_of(text: str) -> Parts:
    """Takes an address apart, in whatever order flat, number, street, town and postcode come."""
    plain = anyascii(text).lower().replace("'", "")
    postcode = _POSTCODE.search(plain)
    plain = _POSTCODE.sub(",", plain)
    unit = _UNIT.search(plain)
    tokens = _TOKEN.findall(_UNIT.sub(",", plain))
    at = next((at for at, token in enumerate(tokens) if _NUMBER.fullmatch(token)), None)
    number = _NUMBER.fullmatch(tokens[at]) if at is not None else None
    after = tokens[at + 1 :] if at is not None else tokens
    letter = number[2] if number else ""
    if number and not letter and len(after) > 1 and after[0] in _LETTERS:
        letter, after = after[0], after[1:]
    street, town = _street_and_town([token for token in after if not token.isdigit()])
    return Parts(
        postcode="".join(postcode.groups()) if postcode else "",
        unit=unit[1] if unit else "",
        number=number[1].lstrip("0") if number else "",
        letter=letter,
        street=street,
        town=town,
    )


def _street_and_town(tokens: list[str]) -> tuple[str, str]:
    """The street ends with its type ("Park Hill Road"), else at the comma, else after two words."""
    while tokens and tokens[0] == ",":
        tokens = tokens[1:]
    line = tokens[: tokens.index(",")] if "," in tokens else tokens[:]
    words = [_TYPES.get(word, word) for word in line]
    end = next((at + 1 for at, word in enumerate(words) if at and word in _TYPES), 0)
    while end and end < len(words) and words[end] in _TYPES:
        end += 1
    if not end:
        end = len(words) if "," in tokens else 2
    town = [word for word in words[end:] + tokens[len(line) :] if word != ","]
    return " ".join(words[:end]), " ".join(town)


def same_place(one: Parts, other: Parts) -> Certainty | None:
    """How sure it is that two addresses are one place; None where they are two.

    10 is not 110. 10A, and another or an unnamed flat at the same number, are the same building, which is POSSIBLE:
    whoever opens the door of the one may live in the other. So is a place whose town or postcode leaves a doubt.
    """
    if one.number != other.number:
        return None
    sure = _same_street(one, other)
    if sure is not None and (one.unit, one.letter) != (other.unit, other.letter):
        return Certainty.POSSIBLE
    return sure


def _same_street(one: Parts, other: Parts) -> Certainty | None:
    alike = _likeness(one, other)
    if one.postcode and one.postcode == other.postcode:
        return _in_one_postcode(one, other, alike)
    if not one.street or alike < _ALIKE or _other_type(one.street, other.street):
        return None
    if one.postcode and other.postcode:
        return Certainty.POSSIBLE if _near(one.postcode, other.postcode) else None
    if one.town and other.town:
        return Certainty.LIKELY if _same_town(one.town, other.town) else None
    return Certainty.POSSIBLE


def _in_one_postcode(one: Parts, other: Parts, alike: float) -> Certainty | None:
    """A postcode and a number are a house, unless the streets are quite different."""
    if one.number and not (one.street and other.street):
        return Certainty.LIKELY
    if alike < (_ALIKE_NEARBY if one.number else _ALIKE):
        return None
    return Certainty.EXACT if alike == 1 else Certainty.LIKELY


def could_be_street(asked: Parts, street: str) -> bool:
    """Whether a street, whatever its town, may be the one asked for."""
    return _likeness(asked, Parts("", "", "", "", street, asked.town)) >= _ALIKE or bool(
        street and asked.street and (f"{street} ").startswith(f"{asked.street} ")
    )


def _likeness(one: Parts, other: Parts) -> float:
    """Of two streets, 0 to 1. One that was written without a type may have run into its town."""
    for short, long in ((one, other), (other, one)):
        typed = short.street.split()[-1:] and short.street.split()[-1] in _TYPES
        if short.street and not typed and f"{long.street} {long.town} ".startswith(f"{short.street} "):
            return 1.0
    return OSA.normalized_similarity(one.street, other.street)


def _other_type(one: str, other: str) -> bool:
    """Ash Road is not Ash Street."""
    ends = one.split()[-1:] + other.split()[-1:]
    return len(ends) == 2 and ends[0] != ends[1] and all(end in _TYPES for end in ends)


def _same_town(one: str, other: str) -> bool:
    """One may name the district or the county too."""
    words, more = sorted((set(one.split()), set(other.split())), key=len)
    return words <= more or OSA.normalized_similarity(one, other) >= _ALIKE


def _near(one: str, other: str) -> bool:
    """Postcodes of one district, or with one slip between them."""
    return one[:-3] == other[:-3] or OSA.distance(one, other) <= 1
