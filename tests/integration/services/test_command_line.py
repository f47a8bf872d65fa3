"""What an operator looks at and does with `peel`, on the running platform: what it says, and how it ends."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import UUID

import asyncpg
import pytest

from deploy.local.ports import free_port
from peel.intake.v1 import types_pb2 as types
from peel.intake.v1.events_pb2 import ContactOpened
from services.kernel.envelope import Envelope
from services.kernel.ids import new_id
from services.kernel.kafka import Outgoing, Producer, dead_letter_topic
from services.kernel.seal import seal
from services.kernel.settings import Settings
from services.kernel.wire import stamp
from tests.integration.kernel.sealing import until_sealable
from tests.integration.services.following import opened, report_of, told
from tests.integration.services.running import ROOT, Running
from tests.integration.services.telling import MARKS, THIRD_PARTY, alleging, contact

TOPIC = "intake.contact.v1"
AUDITED = (
    "insert into audit (at, subject, roles, force, action, rpc, records, fields, purpose, trace_id) "
    "values (now(), 'somebody', '{}', 'west-yorkshire', 'CONSULTATION', 'rpc', '{}', '{}', 'W2', '')"
)


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def cells(self, beginning: str) -> list[str]:
        """The cells of the one line of a table that begins so."""
        lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in self.out.splitlines() if "│" in line]
        (found,) = [line for line in lines if line[0] == beginning]
        return found


class Peel:
    """The command line, for one force."""

    def __init__(self, running: Running, home: Path, force: str) -> None:
        self._running, self.force = running, force
        token = home / "token.jwt"
        token.write_text(running.authority.token(["auditor"], force))
        self._given = {
            "PEEL_ADDRESSES": json.dumps(running.addresses),
            "PEEL_TOKEN_FILE": str(token),
            "COLUMNS": "300",
            "NO_COLOR": "1",
        }

    def __call__(self, *args: str, **settings: str) -> Answer:
        given = {f"PEEL_{name.upper()}": value for name, value in settings.items()}
        return self._run(args, {**self._running.environment(), **self._given, **given})

    def reconcile(self, *args: str) -> Answer:
        return self("reconcile", "--force", self.force, *args)

    @staticmethod
    def _run(args: tuple[str, ...], environment: Mapping[str, str]) -> Answer:
        command = [sys.executable, "-m", "services.cli", *args]
        ended = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Answer(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def peel(running: Running, tmp_path: Path) -> Peel:
    return Peel(running, tmp_path, running.invented_force())


def arrival(answer: Answer, received: int) -> list[str]:
    """Arrived, on their way, not arrived, of so many that intake received."""
    return answer.cells(str(received))[1:4]


def execute(running: Running, service: str, sql: str, *args: object) -> None:
    running.rows(service, sql, *args)


def test_reconcile_counts_and_says_what_is_undecided_past_its_time(
    running: Running, force: str, tmp_path: Path
) -> None:  # I2
    peel = Peel(running, tmp_path, force)
    told(
        running,
        contact(peel.force, running.now - timedelta(hours=30), alleging()),
        contact(peel.force, running.now, alleging(), by=THIRD_PARTY),
        contact(peel.force, running.now),
    )
    answer = peel.reconcile()
    # One that was recorded late and one that waits in time: none is undecided past its time.
    assert answer.cells("all")[1:7] == ["3", "2", "1", "0", "1", "1"]
    assert arrival(answer, 3) == ["3", "0", "0"]
    assert answer.code == 0
    told(running, contact(peel.force, running.now - timedelta(hours=30), alleging(), by=THIRD_PARTY))
    assert peel.reconcile().code == 1


def _acknowledged(running: Running, force: str, made_at: datetime, first_contact: datetime) -> UUID:
    """A contact that intake acknowledged then, and of which nothing went on to crime recording."""
    known = UUID(opened(running, contact(force, first_contact)))
    ours = UUID(int=(int(made_at.timestamp() * 1000) << 80) | (known.int & ((1 << 80) - 1)))
    row = "select (jsonb_populate_record(c, jsonb_build_object('id', $2::text))).* from contact c where id = $1"
    execute(running, "intake", f"insert into contact {row}", known, str(ours))
    return ours


def test_reconcile_names_what_was_acknowledged_and_never_arrived(running: Running, peel: Peel) -> None:  # F1, I1
    now = datetime.now(UTC)
    first_contact = running.now - timedelta(days=3)
    fresh = _acknowledged(running, peel.force, now, first_contact)
    report_of(running, str(_the_other(running, peel.force, fresh)), peel.force)
    on_its_way = peel.reconcile()
    assert arrival(on_its_way, 2) == ["1", "1", "0"]
    assert on_its_way.code == 0
    lost = _acknowledged(running, peel.force, now - timedelta(minutes=6), first_contact)
    report_of(running, str(_the_other(running, peel.force, lost, fresh)), peel.force)
    missing = peel.reconcile()
    assert arrival(missing, 4) == ["2", "1", "1"]
    assert "6 min" in missing.out
    assert missing.code == 1
    # Only what was first told in the days that are asked for.
    later = peel.reconcile("--since", f"{running.now - timedelta(days=1):%Y-%m-%d}")
    assert arrival(later, 0) == ["0", "0", "0"]
    assert later.code == 0


def _the_other(running: Running, force: str, *known: UUID) -> UUID:
    """The newest contact that was opened as any is."""
    sql = "select id from contact where force = $1 and id <> all($2::uuid[]) order by recorded_at desc, id desc limit 1"
    (row,) = running.rows("intake", sql, force, list(known))
    found: UUID = row["id"]
    return found


def test_reconcile_counts_whole_days_of_the_forces_own_time(running: Running, peel: Peel) -> None:
    """The last day is all of it, and in summer a day begins an hour before midnight UTC."""
    summer = [
        datetime(2018, 6, 9, 22, 59, tzinfo=UTC),
        datetime(2018, 6, 9, 23, 0, tzinfo=UTC),
        datetime(2018, 6, 10, 22, 59, tzinfo=UTC),
        datetime(2018, 6, 10, 23, 0, tzinfo=UTC),
    ]
    told(running, *(contact(peel.force, at) for at in summer))
    day = peel.reconcile("--since", "2018-06-10", "--until", "2018-06-10", "--by", "day")
    assert day.cells("2018-06-10")[1] == day.cells("all")[1] == "2"
    assert arrival(day, 2) == ["2", "0", "0"]
    assert peel.reconcile("--until", "2018-06-09").cells("all")[1] == "1"
    assert peel.reconcile("--since", "2018-06-11").cells("all")[1] == "1"


@pytest.mark.parametrize("day", ["yesterday", "2018-02-30", "10.06.2018"])
def test_a_day_that_is_none_is_a_fault_of_the_command(peel: Peel, day: str) -> None:
    for option in ("--since", "--until"):
        answer = peel.reconcile(option, day)
        assert answer.code == 2
        assert "Invalid value" in answer.err


def test_a_day_beyond_the_calendar_is_one_line(peel: Peel) -> None:
    answer = peel.reconcile("--until", "9999-12-31")
    assert (answer.code, answer.err) == (1, "peel: the calendar does not reach that far\n")


def test_reconcile_without_an_answer_is_one_line_and_no_success(peel: Peel) -> None:
    closed = f"127.0.0.1:{free_port()}"
    answer = peel("reconcile", "--force", peel.force, addresses=json.dumps({"crime": closed}))
    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert answer.err.startswith("peel: crime answered UNAVAILABLE")
    answer = peel("reconcile", "--force", peel.force, database=f"postgresql://peel@{closed}/{{service}}")
    assert answer.code == 1
    assert answer.err.startswith("peel: the database of intake does not answer")


def test_settings_show_everything_but_secrets(peel: Peel) -> None:
    answer = peel(
        "settings", database="postgresql://peel:Zephyrine@db.example.org/{service}?sslpassword=Quill", page_key="Vole"
    )
    assert answer.code == 0
    shown = answer.cells("PEEL_DATABASE")[1]
    assert shown == "postgresql://peel:(secret)@db.example.org/{service}?sslpassword=(secret)"
    assert answer.cells("PEEL_PAGE_KEY")[1] == "(secret)"
    assert not any(secret in answer.out for secret in ("Zephyrine", "Quill", "Vole"))
    assert {f"PEEL_{name.upper()}" for name in Settings.model_fields} <= set(answer.out.split())


def test_migrate_without_a_broker_is_one_line(peel: Peel) -> None:
    answer = peel("intake", "migrate", kafka=f"127.0.0.1:{free_port()}")
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith("peel: Kafka does not answer: ")


def test_backlogs_go_on_past_a_database_that_hangs(running: Running, peel: Peel) -> None:  # I8
    async def asked() -> Answer:
        holder = await asyncpg.connect(running.postgres.dsn("crime"))
        try:
            async with holder.transaction():
                await holder.execute("lock table dead_letter in access exclusive mode")
                return await asyncio.to_thread(peel, "backlogs", "--json")
        finally:
            await holder.close()

    began = monotonic()
    answer = asyncio.run(asked())
    assert monotonic() - began < 40
    assert answer.code == 1
    found = json.loads(answer.out)
    assert found["not_measured"] == ["database of crime"]
    assert "intake.outbox" in {line["name"] for line in found["backlogs"]}


@dataclass(frozen=True)
class Letters:
    """Dead letters of crime: contacts that intake told of and crime could not handle, with their numbers."""

    numbers: list[int]
    contacts: list[str]


@pytest.fixture
def letters(running: Running, peel: Peel) -> Iterator[Letters]:
    contacts = [str(new_id()) for _ in range(3)]
    asyncio.run(_set_aside(running, peel.force, contacts))
    numbers = [
        running.rows(
            "crime",
            'insert into dead_letter (consumer, topic, partition, "offset", event_id, reason) '
            "values ('crime', $1, 99, $2, $3, 'Refused:INVENTED') returning id",
            TOPIC,
            offset,
            contact_id,
        )[0]["id"]
        for offset, contact_id in _places(contacts)
    ]
    yield Letters(numbers, contacts)
    execute(running, "crime", "delete from dead_letter where id = any($1::bigint[])", numbers)


def _places(contacts: list[str]) -> list[tuple[int, str]]:
    """The offset that each is said to have had: no other test's."""
    return [(UUID(one).int % (1 << 60), one) for one in contacts]


async def _set_aside(running: Running, force: str, contacts: list[str]) -> None:
    producer = Producer(running.settings)
    try:
        await producer.send([_letter(running, force, offset, one) for offset, one in _places(contacts)])
    finally:
        producer.close()


def _letter(running: Running, force: str, offset: int, contact_id: str) -> Outgoing:
    told = ContactOpened()
    told.contact.contact_id, told.contact.force = contact_id, force
    told.contact.narrative = "Zephyrine was seen at Exampleford"
    told.contact.channel, told.contact.reporter_relation = types.CHANNEL_WEB, types.REPORTER_RELATION_WITNESS
    told.contact.category = types.INCIDENT_CATEGORY_ASB_NUISANCE
    for at in (told.contact.first_contact_at, told.contact.recorded_at):
        at.CopyFrom(stamp(running.now))
    envelope = Envelope(
        event_id=UUID(contact_id),
        type=told.DESCRIPTOR.full_name,
        source="/peel/intake",
        subject=contact_id,
        force=force,
        sequence=1,
        time=running.now,
        traceparent=None,
        payload=told.SerializeToString(),
    )
    notes = (("dlq-topic", TOPIC.encode()), ("dlq-partition", b"99"), ("dlq-offset", b"%d" % offset))
    key = f"{force}/{contact_id}".encode()
    return Outgoing(dead_letter_topic(TOPIC), key, envelope.payload, (*envelope.headers(), *notes))


def listed(answer: Answer) -> list[int]:
    return [int(line.split("│")[1]) for line in answer.out.splitlines() if line.startswith("│")]


def test_dead_letters_are_listed_oldest_first_and_a_cut_is_told(peel: Peel, letters: Letters) -> None:
    answer = peel("dlq", "list", "crime", "--after", str(letters.numbers[0] - 1))
    assert (answer.code, listed(answer)) == (0, letters.numbers)
    assert "Refused:INVENTED" in answer.out
    assert "--after" not in answer.out
    first = peel("dlq", "list", "crime", "--after", str(letters.numbers[0] - 1), "--limit", "2")
    assert listed(first) == letters.numbers[:2]
    assert f"--after {letters.numbers[1]}" in first.out
    rest = peel("dlq", "list", "crime", "--after", str(letters.numbers[1]), "--limit", "2")
    assert listed(rest) == letters.numbers[2:]
    assert peel("dlq", "list", "crime", "--limit", "0").code == 2


def test_a_dead_letter_is_shown_without_personal_data(peel: Peel, letters: Letters) -> None:  # I7
    answer = peel("dlq", "show", "crime", str(letters.numbers[0]))
    assert answer.code == 0
    assert json.loads(answer.out)["message"]["contact"]["contact_id"] == letters.contacts[0]
    assert not any(mark in answer.out for mark in MARKS)
    absent = peel("dlq", "show", "crime", "999999999")
    assert (absent.code, absent.err) == (1, "peel: no such dead letter in the caller's force\n")


def test_a_replayed_dead_letter_has_its_effect_and_waits_no_more(
    running: Running, peel: Peel, letters: Letters
) -> None:  # I5
    answer = peel("dlq", "replay", "crime", *map(str, letters.numbers[:2]))
    assert (answer.code, answer.out) == (0, "replayed 2\n")
    for contact_id in letters.contacts[:2]:
        report_of(running, contact_id, peel.force)
    left = peel("dlq", "list", "crime", "--after", str(letters.numbers[0] - 1))
    assert listed(left) == letters.numbers[2:]
    assert peel("dlq", "replay", "crime", "999999999").code == 1


def test_the_audit_is_verified_and_a_row_changed_behind_it_is_told(
    settings: Settings, migrated: Callable[[str], None], peel: Peel
) -> None:  # I6
    migrated("intake")
    asyncio.run(_sealed(settings))
    whole = peel("audit", "verify", "intake", database=settings.database)
    assert (whole.code, whole.out) == (0, "1 seals over 2 rows, 0 rows wait for the next: whole\n")
    asyncio.run(_tampered(settings))
    broken = peel("audit", "verify", "intake", database=settings.database)
    assert broken.code == 1
    assert "seal 1 is broken" in broken.out


async def _sealed(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.database_of("intake"))
    try:
        for _ in range(2):
            await connection.execute(AUDITED)
        await until_sealable(connection)
        assert await seal(connection) is not None
    finally:
        await connection.close()


async def _tampered(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.database_of("intake"))
    try:
        await connection.execute("alter table audit disable trigger user")
        await connection.execute("update audit set subject = 'somebody else' where id = 1")
    finally:
        await connection.close()
