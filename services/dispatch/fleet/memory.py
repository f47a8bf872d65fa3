"""All units of a force in the memory of one process: for finding the nearest, and for where they are this moment.

It can be read from the database again at any time. Units are followed by the board's numbers, positions of other
processes by the transactions that wrote them; positions that this process hears itself are here first and stored later.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np

from services.dispatch.changes import store as change_store
from services.dispatch.domain.records import Point, Position, Unit
from services.dispatch.domain.skills import skills_on
from services.dispatch.fleet import store
from services.dispatch.fleet.domain.deployment import TESTED, committed_to
from services.dispatch.fleet.domain.recommend import Columns
from services.dispatch.fleet.store import Places
from services.dispatch.units import store as unit_store
from services.kernel.reference import local_date
from services.kernel.transaction import Transaction

_ROOM = 256
# Positions of other processes are looked for when somebody asks, and no more often.
_PLACES_SECONDS = 1.0
_MOST_STRANGERS = 10_000


class ForceUnits:
    """The units of one force, a row each, in the order in which they became known."""

    def __init__(self, force: str) -> None:
        self._force = force
        self.units: list[Unit] = []
        self.columns = _columns(_ROOM)
        self._row: dict[UUID, int] = {}
        # By the id as a message writes it: a position costs one look.
        self._row_by_text: dict[str, int] = {}
        self._on_incident: dict[UUID, set[int]] = {}
        self._bits: dict[str, int] = {}
        self._day = date.min
        self._unsaved: set[int] = set()
        self._following = asyncio.Lock()
        self._reached: int | None = None
        self._seen = "0"
        self._placed_at = 0.0
        self._strangers: set[str] = set()

    async def catch_up(self, tx: Transaction) -> None:
        """Reads what has changed since the last time."""
        async with self._following:
            await self._follow_units(tx)
            if time.monotonic() - self._placed_at >= _PLACES_SECONDS:
                self._placed_at = time.monotonic()
                places, self._seen = await store.places_since(tx, self._force, self._seen)
                self._place_all(places)
        self.begin_day(local_date(tx.now))

    async def look_for(self, strangers: Collection[str], tx: Transaction) -> None:
        """Catches up on units: positions came of some that are not known. A stranger is not looked for twice."""
        async with self._following:
            await self._follow_units(tx)
        if len(self._strangers) > _MOST_STRANGERS:
            self._strangers.clear()
        self._strangers.update(one for one in strangers if one not in self._row_by_text)

    def is_stranger(self, unit_id: str) -> bool:
        """Whether a unit was looked for in vain: ids are made here, so none is known before it is registered."""
        return unit_id in self._strangers

    async def _follow_units(self, tx: Transaction) -> None:
        force = self._force
        last = await change_store.last_sequence(tx, force)
        if last == self._reached:
            return
        oldest = await change_store.oldest_kept(tx, force)
        if self._reached is None or oldest is None or not oldest - 1 <= self._reached <= last:
            changed = await unit_store.units(tx, force)
        else:
            changed = await store.changed_units(tx, force, self._reached, last)
        for unit in changed:
            self.put(unit)
        self._reached = last

    def put(self, unit: Unit) -> None:
        """A unit as it is now."""
        row = self._row.get(unit.id)
        if row is None:
            row = self._row[unit.id] = self._row_by_text[str(unit.id)] = len(self.units)
            self.units.append(unit)
            if row == len(self.columns.status):
                self.columns = _grown(self.columns)
        self._move(row, self.units[row].incident_id, unit.incident_id)
        self.units[row] = unit
        columns = self.columns
        columns.status[row], columns.urgency[row] = committed_to(unit), unit.incident_urgency
        columns.emergency[row], columns.tested[row] = bool(unit.emergencies), unit.device_test in TESTED
        columns.shift_ends_at[row] = unit.shift_ends_at.timestamp() if unit.shift_ends_at else np.nan
        columns.skills[row] = self.mask(skills_on(unit.crew, self._day))
        if unit.position is not None:
            point = unit.position.point
            at = unit.position.at.timestamp()
            self._place(row, point.latitude, point.longitude, point.accuracy_metres, at)

    def _move(self, row: int, before: UUID | None, after: UUID | None) -> None:
        if before is not None and before in self._on_incident:
            self._on_incident[before].discard(row)
            if not self._on_incident[before]:
                del self._on_incident[before]
        if after is not None:
            self._on_incident.setdefault(after, set()).add(row)

    def rows_on(self, incident_id: UUID) -> list[int]:
        """The units that are on an incident."""
        return sorted(self._on_incident.get(incident_id, ()))

    def mask(self, skills: Iterable[str]) -> int:
        """Skills as bits. One that nobody has had yet is given the next bit."""
        mask = 0
        for code in skills:
            mask |= 1 << self._bits.setdefault(code, len(self._bits))
        return mask

    def begin_day(self, day: date) -> None:
        """What a skill's last day was yesterday does not hold today."""
        if day != self._day:
            self._day = day
            for row, unit in enumerate(self.units):
                self.columns.skills[row] = self.mask(skills_on(unit.crew, day))

    def row_of(self, unit_id: str) -> int | None:
        """The row of a unit, by its id as a message writes it."""
        return self._row_by_text.get(unit_id)

    def hear(self, row: int, latitude: float, longitude: float, accuracy: float, at: float) -> bool:
        """A position that this process was told, to be stored later. False where a newer one is known."""
        placed = self._place(row, latitude, longitude, accuracy, at)
        if placed:
            self._unsaved.add(row)
        return placed

    def _place(self, row: int, latitude: float, longitude: float, accuracy: float, at: float) -> bool:
        columns = self.columns
        if columns.position_at[row] >= at:
            return False
        columns.latitude[row], columns.longitude[row] = latitude, longitude
        columns.accuracy[row], columns.position_at[row] = accuracy, at
        return True

    def _place_all(self, places: Places) -> None:
        told = (places.unit_ids, places.latitudes, places.longitudes, places.accuracies, places.times)
        for unit_id, latitude, longitude, accuracy, at in zip(*told, strict=True):
            row = self._row.get(unit_id)
            if row is not None:
                self._place(row, latitude, longitude, accuracy, at)

    def take_unsaved(self) -> Places:
        """The positions to store, which count as stored from now on; `hear_again` where they could not be."""
        rows = sorted(self._unsaved)
        self._unsaved.clear()
        columns = self.columns
        return Places(
            [self.units[row].id for row in rows],
            columns.latitude[rows].tolist(),
            columns.longitude[rows].tolist(),
            columns.accuracy[rows].tolist(),
            columns.position_at[rows].tolist(),
        )

    def hear_again(self, places: Places) -> None:
        """These could not be stored: they still have to be."""
        self._unsaved.update(self._row[unit_id] for unit_id in places.unit_ids)

    def at_present(self, row: int) -> Unit:
        """A unit with the newest position that is known here."""
        at = float(self.columns.position_at[row])
        if np.isnan(at) or at < 0:
            return self.units[row]
        columns = self.columns
        point = Point(float(columns.latitude[row]), float(columns.longitude[row]), float(columns.accuracy[row]))
        return replace(self.units[row], position=Position(point, datetime.fromtimestamp(at, UTC)))


class Fleet:
    """The forces whose units this process has been asked for."""

    def __init__(self) -> None:
        self._forces: dict[str, ForceUnits] = {}

    def of(self, force: str) -> ForceUnits:
        """The units of a force, as far as they were read."""
        found = self._forces.get(force)
        if found is None:
            found = self._forces[force] = ForceUnits(force)
        return found

    def __iter__(self) -> Iterator[tuple[str, ForceUnits]]:
        return iter(list(self._forces.items()))


def _columns(room: int) -> Columns:
    unknown = np.full(room, np.nan)
    return Columns(
        status=np.zeros(room, dtype=np.int64),
        urgency=np.zeros(room, dtype=np.int64),
        emergency=np.zeros(room, dtype=np.bool_),
        tested=np.zeros(room, dtype=np.bool_),
        skills=np.zeros(room, dtype=np.uint64),
        shift_ends_at=unknown,
        latitude=unknown.copy(),
        longitude=unknown.copy(),
        accuracy=np.zeros(room),
        position_at=unknown.copy(),
    )


def _grown(columns: Columns) -> Columns:
    """Twice as much room."""
    room = _columns(len(columns.status))
    both = ((getattr(columns, one.name), getattr(room, one.name)) for one in fields(Columns))
    return Columns(*(np.concatenate(pair) for pair in both))
