"""Where units are: only the newest of each counts, here at once and in the database every fifth of a second.

A position that is lost with the process is followed by the next within seconds: none is promised to be kept.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from peel.dispatch.v1 import unit_api_pb2 as api
from peel.type.v1.place_pb2 import Point
from services.dispatch.fleet import store
from services.dispatch.fleet.memory import Fleet, ForceUnits
from services.dispatch.metrics import POSITIONS
from services.kernel.caller import service_itself
from services.kernel.clock import Clock
from services.kernel.database import TRANSIENT
from services.kernel.errors import Invalid, Violation
from services.kernel.pause import pause
from services.kernel.telemetry.logs import logger
from services.kernel.transaction import UnitOfWork

_LOG = logger(__name__)
_STORE_SECONDS = 0.2
_MOST_TOGETHER = 500
# What a radio's clock may be ahead of ours before its position counts as of the future.
_AHEAD_SECONDS = 1.0
_FARTHEST_METRES = 1e6


@dataclass(slots=True)
class Tally:
    """What became of the positions of one stream."""

    received: int = 0
    ignored: int = 0


class Positions:
    """Takes what radio gateways report, and stores it now and then."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._work, self._clock = work, clock
        self._kept: Fleet | None = None

    async def take(self, request: api.ReportPositionsRequest, tally: Tally) -> None:
        """Takes the positions of one message. Raises Invalid where there are more than 500."""
        if len(request.positions) > _MOST_TOGETHER:
            raise Invalid([Violation("positions", f"must have at most {_MOST_TOGETHER} entries")])
        units = (await self._fleet()).of(request.force)
        unknown = self._hear(units, request.positions, tally)
        if any(not units.is_stranger(told.unit_id) for told in unknown):
            async with self._work.begin(service_itself("dispatch", request.force)) as tx:
                await units.look_for([told.unit_id for told in unknown], tx)
            unknown = self._hear(units, unknown, tally)
        tally.ignored += len(unknown)
        tally.received += len(request.positions)
        POSITIONS.inc(len(request.positions))

    def _hear(self, units: ForceUnits, positions: Iterable[api.UnitPosition], tally: Tally) -> list[api.UnitPosition]:
        """Takes what can be taken; returns the positions of units that are not known here."""
        latest = self._clock.now().timestamp() + _AHEAD_SECONDS
        unknown = []
        for told in positions:
            row = units.row_of(told.unit_id)
            if row is None:
                unknown.append(told)
                continue
            point, at = told.point, told.at.seconds + told.at.nanos / 1e9
            good = _is_point(point) and 0 < at <= latest
            if not (good and units.hear(row, point.latitude, point.longitude, point.accuracy_metres, at)):
                tally.ignored += 1
        return unknown

    async def _fleet(self) -> Fleet:
        """The fleet that the handlers of this process look through too."""
        if self._kept is None:
            async with self._work.begin(service_itself("dispatch")) as tx:
                self._kept = tx.kept(Fleet)
        return self._kept

    async def store(self, stop: asyncio.Event) -> None:
        """Stores what was heard, until `stop` is set, and once more then."""
        while not stop.is_set():
            await pause(_STORE_SECONDS, stop)
            await self._store_all()

    async def _store_all(self) -> None:
        for force, units in await self._fleet():
            places = units.take_unsaved()
            if not places.unit_ids:
                continue
            try:
                async with self._work.begin(service_itself("dispatch", force)) as tx:
                    await store.keep_places(tx, force, places)
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                units.hear_again(places)
                _LOG.warning("positions not stored", error=type(error).__name__)


def _is_point(point: Point) -> bool:
    """Whether both degrees are given and on the earth, and the accuracy is one."""
    return (
        point.HasField("latitude")
        and point.HasField("longitude")
        and -90.0 <= point.latitude <= 90.0
        and -180.0 <= point.longitude <= 180.0
        and 0.0 <= point.accuracy_metres <= _FARTHEST_METRES
    )
