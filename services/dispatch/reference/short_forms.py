"""Short forms of given names, as data: William and Bill, Margaret and Peggy.

Source: the `nicknames` package (Carlton Northern and others, Apache-2.0), English names collected by hand. It is
American in parts and knows few forms of names from elsewhere; a force that has a better list changes this file.
"""

from collections.abc import Mapping
from functools import cache

from nicknames import name_triplets


@cache
def short_forms() -> Mapping[str, frozenset[str]]:
    """For a given name in small letters, the others that may stand for it, either way round."""
    forms: dict[str, set[str]] = {}
    for full, _relation, short in name_triplets():
        forms.setdefault(full, set()).add(short)
        forms.setdefault(short, set()).add(full)
    return {name: frozenset(others) for name, others in forms.items()}
