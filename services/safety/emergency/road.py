"""How a signal is made to last: the database within its budget, else this replica's own disk, else a loud no (I4)."""

import asyncio
from collections.abc import Callable
from functools import partial

import asyncpg

from peel.safety.v1 import emergency_api_pb2 as api
from services.kernel.appender import Append, Appender
from services.kernel.breaker import Breaker
from services.kernel.errors import PeelError
from services.kernel.telemetry.logs import logger
from services.kernel.telemetry.metrics import counter
from services.safety.emergency.disk import Disk
from services.safety.emergency.domain.signals import Durability
from services.safety.emergency.held import Held
from services.safety.emergency.origins import audit_of, call_of
from services.safety.emergency.rows import rows_of

_LOG = logger(__name__)
# What a press waits for the database. Whoever is in need waits as long.
BUDGET_SECONDS = 0.15

KEPT = counter(
    "peel_emergency_kept",
    "Signals of emergencies by what became of them when they came: COMMITTED, LOCAL (on this disk) or NOT_DURABLE.",
    action="LOCAL: the database is away. NOT_DURABLE: the disk is too; free it now, presses live in memory alone.",
    labels=("durability",),
)

Settle = Callable[[Held, Durability], None]


class Store:
    """Gives signals to the database, which takes each once, however often it is given."""

    def __init__(self, appender: Appender, breaker: Breaker) -> None:
        self._appender, self._breaker = appender, breaker

    async def take(self, held: Held) -> None:
        """Returns once it is committed, however long that takes. Raises what the appender raises."""
        signal, origin = held.signal, held.origin
        if origin is None:
            raise ValueError("a signal whose origin is not known is in the database already")
        reply = api.PressEmergencyResponse(emergency_id=str(signal.emergency_id), signal_id=str(signal.id))
        append = Append(rows=rows_of(signal), events=(), reply=reply, audit=audit_of(origin))
        try:
            await self._appender.append(call_of(origin, signal.id), append)
        except asyncpg.UniqueViolationError:
            # Stored so long ago that its request is forgotten: it is there, and that is what was asked.
            return
        self._breaker.answered()


class Road:
    """The one way to durability for all signals of this process."""

    def __init__(self, store: Store, breaker: Breaker, disk: Disk, settle: Settle) -> None:
        """`settle` hears of what turns out to be committed after all."""
        self._store, self._breaker, self._disk, self._settle = store, breaker, disk, settle
        self._probes: set[asyncio.Task[None]] = set()

    async def keep(self, held: Held) -> Durability:
        """Makes a signal last, and says how it went. Waits for nothing but its budget and the disk. Never raises."""
        durability = await self._keep(held)
        KEPT.labels(durability.name).inc()
        if durability is Durability.NOT_DURABLE:
            _LOG.error("an emergency is NOT DURABLE: neither the database nor the local disk takes it")
        return durability

    async def _keep(self, held: Held) -> Durability:
        if self._disk.holds(held.signal.id):
            # It was sent twice, and goes its way to the database from there.
            return Durability.LOCAL
        if self._breaker.open:
            # It finds out whether the database is back, and does not wait for the answer.
            probe = asyncio.create_task(self._probe(held))
            self._probes.add(probe)
            probe.add_done_callback(self._probes.discard)
        else:
            try:
                await self._try(held)
            except Exception as error:  # noqa: BLE001 - whatever the database says, a press goes on to the disk
                _say_why(error)
            else:
                return Durability.COMMITTED
        return Durability.LOCAL if await self._disk.keep(held) else Durability.NOT_DURABLE

    async def _try(self, held: Held) -> None:
        """Gives it to the database within the budget; should it be late, it is told when it comes."""
        await self._breaker.call(
            partial(self._store.take, held), late=lambda _: self._settle(held, Durability.COMMITTED)
        )

    async def _probe(self, held: Held) -> None:
        try:
            await self._try(held)
        except Exception as error:  # noqa: BLE001 - it is on the disk, which gives it to the database again
            _say_why(error)
        else:
            self._settle(held, Durability.COMMITTED)


def _say_why(error: Exception) -> None:
    """What the breaker reports by itself, it reports once; anything else is a fault of ours."""
    if not isinstance(error, PeelError):
        _LOG.error("the database does not take an emergency", error=type(error).__name__)
