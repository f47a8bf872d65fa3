"""The SQL that finds markers that may be meant: many rather than few, for the domain to rank (R-SR-01)."""

from collections.abc import Sequence
from uuid import UUID

from services.kernel.transaction import Transaction
from services.safety.markers.domain.finding import Means, Way
from services.safety.markers.domain.subjects import Subject
from services.safety.markers.store import subject_from

# Of each way. More would not be looked at by anybody, and each costs its ranking.
_MOST = 300
# Below pg_trgm's usual 0.3: a short name with two letters wrong shares few of its trigrams.
_LEAST_ALIKE = "0.2"
_EXACT = "select marker_id from marker_way where force = $1 and means = {means} and plain = $2"
_BY_TRIGRAM = (
    "select marker_id from marker_way where force = $1 and means = {means} and plain % $2 "
    "order by similarity(plain, $2) desc limit {most}"
)
_BY_BIRTH = "select marker_id from marker_way where force = $1 and means = 1 and born <> '' and born = any($2::text[])"
_FUZZY = (Means.NAME, Means.ORGANISATION, Means.ADDRESS, Means.VEHICLE)


async def candidates(tx: Transaction, ways: Sequence[Way], births: Sequence[str]) -> dict[UUID, Subject]:
    """Subjects of the force's markers that are not withdrawn and may be meant.

    `births` are dates of birth that count as near enough to look at whoever has one, however the name is spelt.
    """
    await tx.execute("select set_config('pg_trgm.similarity_threshold', $1, true)", _LEAST_ALIKE)
    found: set[UUID] = set()
    for way in ways:
        sql = _BY_TRIGRAM if way.means in _FUZZY else _EXACT
        rows = await tx.all(sql.format(means=int(way.means), most=_MOST), tx.caller.force, way.plain)
        found.update(row["marker_id"] for row in rows)
    if births:
        found.update(row["marker_id"] for row in await tx.all(_BY_BIRTH, tx.caller.force, list(births)))
    rows = await tx.all(
        "select id, subject from marker where id = any($1::uuid[]) and withdrawn_at is null", list(found)
    )
    return {row["id"]: subject_from(row["subject"]) for row in rows}
