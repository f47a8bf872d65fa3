"""I6: an audit row cannot be changed, added or taken away unnoticed; and what is old is forgotten."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from services.kernel.clock import SystemClock
from services.kernel.database import Connection
from services.kernel.seal import seal, verify
from services.kernel.settings import Settings
from services.kernel.upkeep import Upkeep
from tests.integration.kernel.sealing import until_sealable

_ROW = (
    "insert into audit (at, subject, roles, force, action, rpc, records, fields, purpose, trace_id) "
    "values (now(), 'somebody', '{}', 'west-yorkshire', 'CONSULTATION', 'rpc', '{}', '{}', 'W2', '')"
)

_ADDED = (
    "insert into audit overriding system value select 9, at, stored_at, subject, roles, force, action, rpc, records, "
    "fields, purpose, trace_id, written_by from audit where id = 1"
)


def _with_sealed_rows(settings: Settings, then: str) -> tuple[int | None, int | None]:
    """Which seal is broken before and after somebody with all rights runs a statement."""

    async def run() -> tuple[int | None, int | None]:
        connection: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            for _ in range(2):
                await connection.execute(_ROW)
                await connection.execute(_ROW)
                await until_sealable(connection)
                assert await seal(connection) is not None
            before = (await verify(connection)).broken
            for table in ("audit", "audit_seal"):
                await connection.execute(f"alter table {table} disable trigger user")
            await connection.execute(then)
            return before, (await verify(connection)).broken
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("update audit set subject = 'somebody else' where id = 1", 1),
        ("delete from audit where id = 4", 2),
        (_ADDED, 1),
        ("update audit_seal set digest = sha256('') where number = 1", 1),
        ("delete from audit_seal where number = 1", 2),
        ("select 1", None),
    ],
)
def test_a_seal_shows_what_was_done_behind_the_trigger(
    settings: Settings, migrated: Callable[[str], None], tampering: str, broken: int | None
) -> None:
    migrated("intake")
    assert _with_sealed_rows(settings, tampering) == (None, broken)


def test_audit_and_seals_refuse_change(settings: Settings, migrated: Callable[[str], None]) -> None:
    migrated("intake")

    async def run() -> None:
        connection: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            await connection.execute(_ROW)
            await until_sealable(connection)
            assert await seal(connection) is not None
            for table, change in (("audit", "purpose = ''"), ("audit_seal", "rows = 0")):
                for statement in (f"update {table} set {change}", f"delete from {table}", f"truncate {table}"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                        await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_row_of_a_transaction_still_open_waits_for_the_next_seal(
    settings: Settings, migrated: Callable[[str], None]
) -> None:
    migrated("intake")

    async def run() -> None:
        slow: Connection = await asyncpg.connect(settings.database_of("intake"))
        quick: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            transaction = slow.transaction()
            await transaction.start()
            await slow.execute(_ROW)
            await quick.execute(_ROW)
            assert await seal(quick) is None
            await transaction.commit()
            await until_sealable(quick)
            made = await seal(quick)
            assert made is not None
            assert made.rows == 2
            verdict = await verify(quick)
            assert (verdict.sealed_rows, verdict.waiting_rows, verdict.broken) == (2, 0, None)
        finally:
            await slow.close()
            await quick.close()

    asyncio.run(run())


def test_upkeep_seals_and_forgets_only_what_is_old(settings: Settings, migrated: Callable[[str], None]) -> None:
    migrated("intake")
    inbox = (
        "insert into inbox (event_id, consumer, at) values (gen_random_uuid(), 'x', now() - make_interval(days => $1))"
    )

    async def run() -> None:
        connection: Connection = await asyncpg.connect(settings.database_of("intake"))
        try:
            await connection.execute(_ROW)
            await connection.execute(inbox, settings.remembered_days + 1)
            await connection.execute(inbox, settings.remembered_days - 1)
            await until_sealable(connection)
            await Upkeep(settings, "intake", SystemClock()).round()
            assert await connection.fetchval("select count(*) from inbox") == 1
            assert (await verify(connection)).seals == 1
        finally:
            await connection.close()

    asyncio.run(run())
