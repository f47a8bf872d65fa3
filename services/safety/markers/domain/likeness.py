"""How alike what is asked for and a marker's subject are, 0 to 1: misspelt and swapped names, aliases, digits that went
wrong (R-SR-01). pg_trgm brings the candidates; this ranks them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from services.safety.markers.domain.finding import (
    Means,
    Way,
    plain,
    plain_address,
    plain_name,
    plain_phone,
    plain_registration,
    plain_uprn,
    ways_to,
    words,
)
from services.safety.markers.domain.subjects import Alias, Subject

# Below this, two are alike by chance.
LEAST = 0.55
_FAMILY_WEIGHS = 0.55
_BIRTH_WEIGHS = 0.4
# Nobody knows whether the date would have agreed.
_BIRTH_UNKNOWN = 0.95
# How far dates agree that differ in so many digits, two crossed ones counting as one.
_WRONG_DIGITS = {0: 1.0, 1: 0.85, 2: 0.5}
_DAY_AND_MONTH_SWAPPED = 0.9
_ONE_WORD_OF_A_NAME = 0.93
_NAMES_SWAPPED = 0.97
_OTHER_HOUSE = 0.5
_OTHER_POSTCODE = 0.85
_NOBODY = Alias()


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What is known of whoever or whatever is looked for; "" for what is not."""

    name: Alias = _NOBODY
    date_of_birth: str = ""
    uprn: str = ""
    address: str = ""
    phone: str = ""
    vehicle_registration: str = ""
    organisation_name: str = ""

    @property
    def ways(self) -> tuple[Way, ...]:
        """What is asked for, in the form in which it is looked for."""
        every = (
            Way(Means.NAME, plain_name(self.name), self.date_of_birth),
            Way(Means.ORGANISATION, plain(self.organisation_name)),
            Way(Means.UPRN, plain_uprn(self.uprn)),
            Way(Means.ADDRESS, plain_address(self.address)),
            Way(Means.PHONE, plain_phone(self.phone)),
            Way(Means.VEHICLE, plain_registration(self.vehicle_registration)),
        )
        return tuple(way for way in every if way.plain)


def likeness(asked: Asked, subject: Subject) -> float:
    """How alike in all: each way in which they are alike leaves less to chance."""
    return 1 - prod(1 - alike for alike in _alike(asked, subject))


def _alike(asked: Asked, subject: Subject) -> Iterator[float]:
    """How alike by each thing asked for, where they are alike at all."""
    known = ways_to(subject)
    for way in asked.ways:
        if way.means is Means.NAME:
            best = max((_person(asked, name, subject.date_of_birth) for name in subject.names), default=0.0)
        else:
            best = max(
                (_COMPARED[way.means](way.plain, one.plain) for one in known if one.means is way.means), default=0.0
            )
        if best >= LEAST:
            yield best


def _person(asked: Asked, name: Alias, born: str) -> float:
    alike = name_likeness(asked.name, name)
    if not asked.date_of_birth:
        return alike
    if not born:
        return alike * _BIRTH_UNKNOWN
    return (1 - _BIRTH_WEIGHS) * alike + _BIRTH_WEIGHS * birth_likeness(asked.date_of_birth, born)


def name_likeness(one: Alias, other: Alias) -> float:
    """How alike two names are, whichever box of the form each part was written in."""
    given, family = words(one.given_name), words(one.family_name)
    if not (given and family):
        return _part(given or family, words(f"{other.given_name} {other.family_name}"))
    straight = _pair(given, family, other)
    swapped = _NAMES_SWAPPED * _pair(family, given, other)
    all_in_one = _NAMES_SWAPPED * fuzz.token_sort_ratio(plain_name(one), plain_name(other)) / 100
    return max(straight, swapped, all_in_one)


def _pair(given: list[str], family: list[str], other: Alias) -> float:
    others_given, others_family = words(other.given_name), words(other.family_name)
    if not (others_given and others_family):
        return _ONE_WORD_OF_A_NAME * max(
            _part(given, others_given or others_family), _part(family, others_given or others_family)
        )
    return (1 - _FAMILY_WEIGHS) * _part(given, others_given) + _FAMILY_WEIGHS * _part(family, others_family)


def _part(one: list[str], other: list[str]) -> float:
    """How alike two parts of names are: as a whole, or by their most alike words ("Anne-Marie" and "Anne")."""
    if not (one and other):
        return 0.0
    whole = _word("".join(one), "".join(other))
    if len(one) == len(other) == 1:
        return whole
    return max(whole, _ONE_WORD_OF_A_NAME * max(_word(a, b) for a in one for b in other))


def _word(one: str, other: str) -> float:
    return (JaroWinkler.normalized_similarity(one, other) + OSA.normalized_similarity(one, other)) / 2


def birth_likeness(one: str, other: str) -> float:
    """How far two ISO dates agree: a digit or two may be wrong, or day and month swapped."""
    digits, others = one.replace("-", ""), other.replace("-", "")
    wrong = _WRONG_DIGITS.get(OSA.distance(digits, others), 0.0)
    swapped = digits[:4] + digits[6:] + digits[4:6] == others
    return max(wrong, _DAY_AND_MONTH_SWAPPED if swapped else 0.0)


def births_near(born: str) -> list[str]:
    """ISO dates that may have been meant by one: itself, day and month swapped, any digit wrong. None of none."""
    year, month, day = born.split("-") if born else ("", "", "")
    near = {born, f"{year}-{day}-{month}"}
    near.update(
        f"{born[:at]}{digit}{born[at + 1 :]}" for at, sign in enumerate(born) if sign != "-" for digit in "0123456789"
    )
    return sorted(near - {"", "--"})


def _organisation(one: str, other: str) -> float:
    return max(fuzz.token_sort_ratio(one, other), _ONE_WORD_OF_A_NAME * fuzz.token_set_ratio(one, other)) / 100


def _address(one: str, other: str) -> float:
    """How alike two plain addresses are. Another house of the same street is another address."""
    first, second = one.split(), other.split()
    alike = fuzz.token_set_ratio(_street(first), _street(second)) / 100
    postcode, other_postcode = _postcode(first), _postcode(second)
    if postcode and other_postcode:
        # A postcode is a dozen houses: the same one leaves half the doubt.
        alike = (1 + alike) / 2 if postcode == other_postcode else alike * _OTHER_POSTCODE
    numbers, others = _numbers(first), _numbers(second)
    return alike * _OTHER_HOUSE if numbers and others and numbers.isdisjoint(others) else alike


def _street(parts: list[str]) -> str:
    return " ".join(part for part in parts if not any(sign.isdigit() for sign in part))


def _numbers(parts: list[str]) -> set[str]:
    return {part for part in parts if part[0].isdigit()}


def _postcode(parts: list[str]) -> str:
    return parts[-1] if len(parts[-1]) >= 5 and parts[-1][0].isalpha() and parts[-1][-3].isdigit() else ""


def _same(one: str, other: str) -> float:
    return float(one == other)


def _registration(one: str, other: str) -> float:
    """A plate that was read in passing may have a sign wrong, or two crossed."""
    return {0: 1.0, 1: 0.75}.get(OSA.distance(one, other), 0.0)


_COMPARED = {
    Means.ORGANISATION: _organisation,
    Means.ADDRESS: _address,
    Means.UPRN: _same,
    Means.PHONE: _same,
    Means.VEHICLE: _registration,
}
