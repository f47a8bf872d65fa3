"""What a test has to wait for before it seals an audit."""

from services.kernel.database import Connection
from tests.integration.services.waiting import until

_SEALABLE = "select bool_and(written_by < pg_snapshot_xmin(pg_current_snapshot())) from audit"


async def until_sealable(connection: Connection) -> None:
    """Returns once the next seal covers every row: each is older than any transaction that is open anywhere in the
    server, and so than those of a platform that works beside the test."""
    await until(lambda: connection.fetchval(_SEALABLE), bool)
