"""Who carries which radio, in memory: a press asks nobody (R-OS-04, R-OS-09)."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.safety.emergency.domain import naming
from services.safety.emergency.domain.answering import Code
from services.safety.emergency.domain.signals import Carrier, Point

# Codes have four digits at least: a digest hides them from a glance into the database and from its copies, no more.
_SCRYPT = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}


@dataclass(frozen=True, slots=True)
class Codes:
    """Digests of the two codes of a carrier, with the salt of both."""

    salt: bytes
    safe: bytes
    duress: bytes

    @classmethod
    def of(cls, safe: str, duress: str) -> "Codes":
        """The digests of two codes that differ."""
        salt = secrets.token_bytes(16)
        return cls(salt, _digest(salt, safe), _digest(salt, duress))

    def which(self, spoken: str) -> Code | None:
        """Which of the two it is; both are compared, so that the answer to either takes as long."""
        digest = _digest(self.salt, spoken)
        safe, duress = hmac.compare_digest(digest, self.safe), hmac.compare_digest(digest, self.duress)
        return Code.SAFE if safe else Code.DURESS if duress else None


@dataclass(frozen=True, slots=True)
class Known:
    """A device as the database has it."""

    force: str
    radio: str
    carrier: Carrier
    codes: Codes | None = None


class Carriers:
    """Every device that the database told of. While it is away, what it told last."""

    def __init__(self) -> None:
        self._known: dict[UUID, Known] = {}

    def learn(self, devices: Iterable[Known]) -> None:
        """Takes what is known of these devices now."""
        for known in devices:
            before = self._known.get(known.carrier.device_id)
            self._known[known.carrier.device_id] = known
            if before is not None and before.carrier.last_point is not None:
                # What a radio said since may not be in the database yet.
                at = before.carrier.last_point_at
                self.locate(known.force, known.radio, before.carrier.last_point, at)

    def locate(self, force: str, radio: str, point: Point, at: datetime | None) -> None:
        """Hears where a radio was at that moment. Only the newest counts."""
        device_id = naming.device_id(force, radio)
        known = self._known.get(device_id) or Known(force, radio, Carrier(device_id))
        last = known.carrier.last_point_at
        if at is not None and (last is None or last < at):
            self._known[device_id] = replace(known, carrier=replace(known.carrier, last_point=point, last_point_at=at))

    def carrier(self, force: str, radio: str) -> Carrier:
        """Whoever carries a radio; of one that nobody knows, only its name."""
        device_id = naming.device_id(force, radio)
        known = self._known.get(device_id)
        return known.carrier if known else Carrier(device_id)

    def codes(self, device_id: UUID) -> Codes | None:
        """The codes of a device's carrier, where they are registered."""
        known = self._known.get(device_id)
        return known.codes if known else None

    async def which(self, codes: Codes, spoken: str) -> Code | None:
        """Which of the codes was spoken. Not on the loop: a digest is made to take long, and a press must not wait."""
        return await asyncio.to_thread(codes.which, spoken)


def _digest(salt: bytes, code: str) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, **_SCRYPT)
