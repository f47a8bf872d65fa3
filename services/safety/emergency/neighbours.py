"""Which open emergencies are near each other, kept current as each of them changes (R-OS-05)."""

from collections.abc import Iterable
from uuid import UUID

from services.safety.emergency.domain.folding import Emergency
from services.safety.emergency.domain.nearness import Nearness, near


class Neighbours:
    """Who is near whom: always of both or of neither."""

    def __init__(self) -> None:
        self._near: dict[UUID, set[UUID]] = {}

    def of(self, emergency_id: UUID) -> tuple[UUID, ...]:
        """Those near an emergency, by id."""
        return tuple(sorted(self._near.get(emergency_id, ())))

    def look(self, emergency: Emergency, others: Iterable[Emergency], rule: Nearness) -> set[UUID]:
        """Looks around a changed emergency; returns the others for whom that is news."""
        now = set(near(emergency, others, rule))
        news = now ^ self._near.get(emergency.id, set())
        for other in news:
            theirs = self._near.setdefault(other, set())
            (theirs.add if other in now else theirs.discard)(emergency.id)
        self._near[emergency.id] = now
        return news

    def forget(self, emergency_id: UUID) -> None:
        """Lets go of an emergency that has ended, and so is near to nothing."""
        self._near.pop(emergency_id, None)
