"""How names come to be written wrongly: by the ear, the hand, the eye, the form and the life that people lead.

Each kind is a function from a name as it is to a name as it was written, or None where this name cannot go wrong so.
`KINDS` are those that the matcher was tuned on; `HELD_OUT` are those that it was not, and are measured all the same.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bench.truth.names import communities
from bench.truth.tables import ANGLICISED, CONFUSED_SOUNDS, LOOK_ALIKES, NEIGHBOUR_KEYS, RESPELLED, SHORT_FORMS


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the two boxes of a form."""

    given: str
    family: str


Kind = Callable[[Name, random.Random], Name | None]


def misheard(name: Name, rng: random.Random) -> Name | None:
    """One or two sounds taken for others, as over a telephone: f for s, m for n, b for p."""
    return _in_a_part(name, rng, lambda text: _exchange(text, CONFUSED_SOUNDS, rng, times=rng.choice((1, 1, 2))))


def by_ear(name: Name, rng: random.Random) -> Name | None:
    """Both parts spelt as they sound to somebody who never saw them."""
    given = _exchange(name.given, RESPELLED, rng, times=2)
    family = _exchange(name.family, RESPELLED, rng, times=2)
    return None if given is None or family is None else Name(given, family)


def respelled(name: Name, rng: random.Random) -> Name | None:
    """One part written as another alphabet's or language's rules have it: oo for u, kh for h, sky for ski."""
    return _in_a_part(name, rng, lambda text: _exchange(text, RESPELLED, rng, times=rng.choice((1, 1, 2))))


def key_slip(name: Name, rng: random.Random) -> Name | None:
    """A key next to the right one."""
    return _in_a_part(name, rng, lambda text: _exchange(text, NEIGHBOUR_KEYS, rng, times=1))


def look_alike(name: Name, rng: random.Random) -> Name | None:
    """Read wrongly off a scan or from handwriting: rn for m, cl for d, l for i."""
    return _in_a_part(name, rng, lambda text: _exchange(text, LOOK_ALIKES, rng, times=rng.choice((1, 1, 2))))


def letter_lost(name: Name, rng: random.Random) -> Name | None:
    """A letter left out."""
    return _in_a_part(name, rng, lambda text: _at_a_letter(text, rng, lambda _: ""))


def letter_doubled(name: Name, rng: random.Random) -> Name | None:
    """A letter written twice."""
    return _in_a_part(name, rng, lambda text: _at_a_letter(text, rng, lambda letter: letter * 2))


def letters_crossed(name: Name, rng: random.Random) -> Name | None:
    """Two letters in the wrong order."""

    def cross(text: str) -> str | None:
        if len(text) < 3:
            return None
        at = rng.randrange(len(text) - 1)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    return _in_a_part(name, rng, cross)


def swapped(name: Name, _rng: random.Random) -> Name | None:
    """Family name in the box of the given name, and the other way round."""
    return Name(name.family, name.given)


def one_box(name: Name, _rng: random.Random) -> Name | None:
    """The whole name in one box."""
    return Name(f"{name.given} {name.family}", "")


def half_a_double(name: Name, rng: random.Random) -> Name | None:
    """One half of a double-barrelled name."""
    halves = name.family.split("-")
    return replace(name, family=rng.choice(halves)) if len(halves) > 1 else None


def run_together(name: Name, _rng: random.Random) -> Name | None:
    """Two words as one, or one as two."""
    if re.search(r"[ -]", name.family):
        return replace(name, family=re.sub(r"[ -]", "", name.family))
    if " " in name.given:
        return replace(name, given=name.given.replace(" ", "").capitalize())
    match = re.match(r"(Mac|Mc|O'|De|Van|Fitz|Abdul|Al|St)(.{3,})", name.family)
    return replace(name, family=f"{match[1].rstrip(chr(39))} {match[2].capitalize()}") if match else None


def short_form(name: Name, rng: random.Random) -> Name | None:
    """What friends say for the given name, or the full form of it."""
    forms = SHORT_FORMS.get(_first(name.given))
    return replace(name, given=rng.choice(forms)) if forms else None


def anglicised(name: Name, _rng: random.Random) -> Name | None:
    """The English name that the bearer, or somebody else, uses for a foreign one."""
    forms = ANGLICISED.get(_first(name.given))
    return replace(name, given=forms[0]) if forms else None


def married(name: Name, rng: random.Random) -> Name | None:
    """Another family name altogether."""
    pool = communities()[0].family
    return replace(name, family=rng.choices(pool.names, weights=pool.shares.tolist())[0])


def no_family_name(name: Name, _rng: random.Random) -> Name | None:
    """Known by the given name only."""
    return replace(name, family="")


def initial(name: Name, _rng: random.Random) -> Name | None:
    """The given name as an initial."""
    return replace(name, given=name.given[0])


def initials(name: Name, _rng: random.Random) -> Name | None:
    """Both names as initials."""
    return Name(name.given[0], name.family[0])


def middle_name(name: Name, _rng: random.Random) -> Name | None:
    """The second given name, by which many are called."""
    return replace(name, given=name.given.split()[1]) if " " in name.given else None


def _first(given: str) -> str:
    return given.split(maxsplit=1)[0].lower()


def _in_a_part(name: Name, rng: random.Random, change: Callable[[str], str | None]) -> Name | None:
    """One of the two parts changed, the longer one more often: it has more to get wrong."""
    parts = ["given", "family"]
    if rng.random() < len(name.family) / (len(name.given) + len(name.family)):
        parts.reverse()
    for part in parts:
        before = getattr(name, part)
        after = change(before)
        if after is not None and after != before:
            return replace(name, **{part: after})
    return None


def _at_a_letter(text: str, rng: random.Random, change: Callable[[str], str]) -> str | None:
    if len(text) < 3:
        return None
    at = rng.randrange(len(text))
    return text[:at] + change(text[at]) + text[at + 1 :]


def _exchange(text: str, table: Mapping[str, tuple[str, ...]], rng: random.Random, times: int) -> str | None:
    """Pieces of the text replaced by what the table has for them; None where it has nothing."""
    changed, last = text.lower(), len(text)
    for _ in range(times):
        places = [(at, piece) for piece in table for at in range(last) if changed.startswith(piece, at)]
        if not places:
            break
        at, piece = rng.choice(places)
        changed = changed[:at] + rng.choice(table[piece]) + changed[at + len(piece) :]
        last = min(at, last)
    return changed.title() if changed != text.lower() else None


KINDS: Mapping[str, Kind] = {
    kind.__name__: kind
    for kind in (
        *(misheard, key_slip, letter_lost, letter_doubled, letters_crossed, swapped),
        *(half_a_double, short_form, married, initial),
    )
}
HELD_OUT: Mapping[str, Kind] = {
    kind.__name__: kind
    for kind in (
        *(look_alike, respelled, by_ear, anglicised, run_together),
        *(one_box, no_family_name, initials, middle_name),
    )
}
