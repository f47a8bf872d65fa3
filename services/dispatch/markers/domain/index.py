"""The warning markers of a force, so kept that those which concern an incident are found in milliseconds (I3)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import numpy as np

from services.dispatch.markers.domain.answer import answer
from services.dispatch.markers.domain.concerns import Concerns, Match
from services.dispatch.markers.domain.lookups import Lookups
from services.dispatch.markers.domain.markers import Marker

ShortForms = Mapping[str, frozenset[str]]
NO_SHORT_FORMS: ShortForms = MappingProxyType({})

# Fewer that are gone than this are not worth clearing up.
_CLEAR_AT = 1_000


class MarkerIndex:
    """The markers of one force that are not withdrawn.

    One thread at a time may change it. Another may search it meanwhile, and finds what was there when it began: a
    change has a number, a version of a marker is there from the change that brought it to the one that took it away,
    and what is gone is cleared up later.

    `short_forms` has, for a given name in plain small letters, the others that may stand for it.
    """

    def __init__(self, force: str, markers: Iterable[Marker] = (), *, short_forms: ShortForms = NO_SHORT_FORMS) -> None:
        self.force = force
        self._lookups = Lookups(short_forms)
        self._changes = 0
        self._clearances = 0
        # A version of a marker is known by the number of the change that brought it.
        self._versions: dict[int, Marker] = {}
        self._newest: dict[UUID, int] = {}
        self._gone: dict[int, int] = {}
        for marker in markers:
            self.put(marker)

    def __len__(self) -> int:
        return len(self._newest)

    def put(self, marker: Marker) -> None:
        """Adds a marker, or replaces the version that is there; takes a withdrawn one out.

        An older version than the one that is there changes nothing, so events may come twice. Raises ValueError for
        another force's marker; whatever else is raised, what was there before is there still.
        """
        if marker.force != self.force:
            raise ValueError("a marker of another force")
        before = self._newest.get(marker.id)
        if before is not None and self._versions[before].version >= marker.version:
            return
        if marker.withdrawn:
            self.remove(marker.id)
            return
        change = self._changes + 1
        self._versions[change] = marker
        try:
            self._lookups.add(change, marker.subject)
        except Exception:
            # Part of it may be in the lookups: this number is nobody's from now on, or the next marker would have both.
            self._go(change, change)
            raise
        self._newest[marker.id] = change
        self._go(before, change)

    def remove(self, marker_id: UUID) -> None:
        """Takes a marker out, if it is there."""
        self._go(self._newest.pop(marker_id, None), self._changes + 1)

    def find(self, concerns: Concerns, at: datetime) -> list[Match]:
        """Every marker that may concern an incident: the union of all ways, each marker once, surest first (R-MK-01).

        `at` is the moment that expiry is judged by. What is found does not depend on what else is in the index, so a
        further marker never hides one; only whether a name alone is likely or just possible depends on how many
        marked people have it.
        """
        while True:
            clearances, change = self._clearances, self._changes
            found = list(self._lookups.find(concerns))
            markers = self._as_of(change, {finding.owner for finding in found})
            if clearances == self._clearances:
                return answer(found, markers, at)

    def _as_of(self, change: int, owners: set[int]) -> dict[int, Marker]:
        there = (owner for owner in owners if owner <= change < self._gone.get(owner, change + 1))
        versions = ((owner, self._versions.get(owner)) for owner in there)
        return {owner: marker for owner, marker in versions if marker is not None}

    def _go(self, owner: int | None, change: int) -> None:
        """From this change on the owner is gone, if there is one, and what the change brought is there."""
        if owner is not None:
            self._gone[owner] = change
        self._changes = change
        if len(self._gone) > max(_CLEAR_AT, len(self._newest)):
            self._clear()

    def _clear(self) -> None:
        """Forgets what is gone. Whoever searches meanwhile begins again."""
        self._clearances += 1
        self._lookups.drop(np.fromiter(self._gone, dtype=np.int32))
        for owner in self._gone:
            del self._versions[owner]
        self._gone = {}
