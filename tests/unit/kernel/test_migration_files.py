"""Migration files: what they may be called, in which order they run, and that none changes afterwards."""

from pathlib import Path

import pytest

from services.kernel import migrations
from services.kernel.migrations import Migration, migrations_of, outstanding
from services.table import SERVICES

FIRST = Migration("kernel/0001_pre_kernel.sql", "pre", "create table a ();")
SECOND = Migration("intake/0001_pre_intake.sql", "pre", "create table b ();")
LAST = Migration("intake/0002_post_drop.sql", "post", "drop table a;")
ALL = (FIRST, SECOND, LAST)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of migrations in place of the services' own."""
    for owner in ("kernel", "intake"):
        (tmp_path / owner / "migrations").mkdir(parents=True)
    monkeypatch.setattr(migrations, "files", lambda package: tmp_path / package.removeprefix("services."))
    return tmp_path


def test_the_kernels_come_first_then_the_services_own_by_number(folder: Path) -> None:
    for name in ("intake/0010_pre_b.sql", "intake/0002_post_a.sql", "kernel/0009_pre_k.sql"):
        owner, file = name.split("/")
        (folder / owner / "migrations" / file).write_text(f"-- {name}\n")
    (folder / "kernel" / "migrations" / "README.md").write_text("not a migration")
    assert [(one.name, one.phase) for one in migrations_of("intake")] == [
        ("kernel/0009_pre_k.sql", "pre"),
        ("intake/0002_post_a.sql", "post"),
        ("intake/0010_pre_b.sql", "pre"),
    ]


@pytest.mark.parametrize(
    "name", ["1_pre_a.sql", "0001_a.sql", "0001_during_a.sql", "0001_pre_.sql", "0001-pre-a.sql", "a.sql"]
)
def test_a_file_of_another_name_is_refused(folder: Path, name: str) -> None:
    (folder / "intake" / "migrations" / name).write_text("")
    with pytest.raises(ValueError, match="not NNNN_pre_name"):
        migrations_of("intake")


@pytest.mark.parametrize("service", SERVICES)
def test_the_migrations_that_ship_are_well_named(service: str) -> None:
    found = migrations_of(service)
    assert found[0].name.startswith("kernel/")
    assert any(one.name.startswith(f"{service}/") for one in found)
    assert len({one.name[: one.name.index("_")] for one in found}) == len(found)


def test_what_is_done_is_not_done_again() -> None:
    assert outstanding(ALL, {}, ("pre", "post")) == [FIRST, SECOND, LAST]
    assert outstanding(ALL, {FIRST.name: FIRST.digest}, ("pre", "post")) == [SECOND, LAST]
    assert outstanding(ALL, {one.name: one.digest for one in ALL}, ("pre", "post")) == []


def test_a_phase_waits_for_its_time() -> None:
    assert outstanding(ALL, {}, ("pre",)) == [FIRST, SECOND]
    assert outstanding(ALL, {FIRST.name: FIRST.digest, SECOND.name: SECOND.digest}, ("post",)) == [LAST]


def test_a_file_changed_after_it_was_applied_stops_everything() -> None:
    changed = Migration(SECOND.name, "pre", SECOND.sql + " ")
    with pytest.raises(RuntimeError, match=f"{SECOND.name} was changed"):
        outstanding((FIRST, changed, LAST), {SECOND.name: SECOND.digest}, ("post",))


def test_a_migration_of_a_later_version_is_left_alone() -> None:
    assert outstanding((FIRST,), {FIRST.name: FIRST.digest, "intake/0099_pre_new.sql": "x"}, ("pre",)) == []
