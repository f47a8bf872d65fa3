"""Every setting is described, comes from PEEL_*, and tells no secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.kernel.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PEEL_{name.upper()}", raising=False)
    monkeypatch.setenv("PEEL_ENV_FILE", str(tmp_path / "nowhere.env"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_says_what_it_is_for(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert len(description.split()) >= 3
    assert description.endswith(".")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_has_a_default(name: str) -> None:
    assert not Settings.model_fields[name].is_required()


def test_a_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEL_APPEND_QUEUE", "7")
    monkeypatch.setenv("PEEL_ADDRESSES", '{"crime": "127.0.0.1:7202"}')
    found = load_settings()
    assert (found.append_queue, found.addresses) == (7, {"crime": "127.0.0.1:7202"})


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "peel.env"
    file.write_text("PEEL_APPEND_QUEUE=7\nPEEL_APPEND_BATCH=8\nPEEL_SOMETHING_ELSE=1\n")
    monkeypatch.setenv("PEEL_ENV_FILE", str(file))
    monkeypatch.setenv("PEEL_APPEND_QUEUE", "9")
    found = load_settings()
    assert (found.append_queue, found.append_batch) == (9, 8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_POOL", "0"),
        ("TRACE_RATIO", "1.1"),
        ("TRACE_ASYNC", "sideways"),
        ("APPEND_QUEUE", "many"),
        ("REHEARSAL", "perhaps"),
        ("DRAIN_GRACE_SECONDS", "-1"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PEEL_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        load_settings()


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEL_PAGE_KEY", "0123456789abcdef")
    found = load_settings()
    assert found.page_key.get_secret_value() == "0123456789abcdef"
    assert "0123456789abcdef" not in f"{found!r}{found}{found.model_dump_json()}"


def test_settings_do_not_change_while_a_process_runs() -> None:
    with pytest.raises(ValidationError):
        setattr(load_settings(), "append_queue", 1)  # noqa: B010


def test_each_service_has_a_database_of_its_own() -> None:
    found = Settings(database="postgresql://peel@db/{service}?host={service}.db")
    assert found.database_of("crime") == "postgresql://peel@db/crime?host=crime.db"
