"""Which markers are about a place, or about somebody known to live there."""

from collections.abc import Iterator

import numpy as np

from services.dispatch.markers.domain.addresses import Parts, could_be_street, parts_of, same_place
from services.dispatch.markers.domain.distinct import Columns, Distinct, Numbers
from services.dispatch.markers.domain.keys import whole_number
from services.dispatch.markers.domain.markers import Subject
from services.dispatch.markers.domain.terms import Certainty

_UPRN, _POSTCODE, _UNIT, _NUMBER, _LETTER, _STREET, _TOWN, _OWNER = range(8)


class PlaceLookup:
    """The addresses of every marker, by property reference number and taken apart."""

    def __init__(self) -> None:
        self._texts = Distinct()
        self._rows = Columns(8, np.int64)

    def add(self, owner: int, subject: Subject) -> None:
        """Adds the addresses of a marker."""
        for address in subject.addresses:
            parts = parts_of(address.text)
            numbers = [self._texts.number(text) for text in (parts.postcode, parts.unit, parts.number, parts.letter)]
            numbers += [self._texts.number(text) for text in (parts.street, parts.town)]
            self._rows.add([whole_number(address.uprn), *numbers, owner])

    def drop(self, owners: Numbers) -> None:
        """Leaves out these owners."""
        self._rows.drop(owners)

    def find(self, uprn: str, text: str) -> Iterator[tuple[int, Certainty]]:
        """The owners of what is, or may be, the same place; an owner may come more than once."""
        rows = self._rows.rows()
        asked = whole_number(uprn)
        same = (rows[_UPRN] == asked) & (rows[_UPRN] > 0)
        for owner in rows[_OWNER, same].tolist():
            yield owner, Certainty.EXACT
        parts = parts_of(text)
        if parts.street or (parts.postcode and parts.number):
            # Two property numbers are two dwellings, however alike they are written.
            other = (rows[_UPRN] > 0) & ~same & bool(asked)
            yield from self._written_alike(rows[:, ~other], parts)
            for owner, _certainty in self._written_alike(rows[:, other], parts):
                yield owner, Certainty.POSSIBLE

    def _written_alike(self, rows: Numbers, parts: Parts) -> Iterator[tuple[int, Certainty]]:
        number = self._texts.known(parts.number)
        if parts.number and not number:
            return
        texts = self._texts.texts()
        rows = rows[:, rows[_NUMBER] == number]
        streets = np.unique(rows[_STREET])
        close = [street for street in streets.tolist() if could_be_street(parts, texts[street])]
        postcode = self._texts.known(parts.postcode)
        here = np.isin(rows[_STREET], close) | ((rows[_POSTCODE] == postcode) & (postcode > 0))
        for row in rows[:, here].T.tolist():
            certainty = same_place(parts, Parts(*(texts[number] for number in row[_POSTCODE:_OWNER])))
            if certainty is not None:
                yield row[_OWNER], certainty
