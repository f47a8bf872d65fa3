"""What the contract is compared with before a change lands: where its branch left main, however many commits ago."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / ".ci" / "contract-base"


class Repository:
    """A repository of empty commits."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._home = home
        self._steps = 0
        for name in ("GIT_DIR", "GIT_WORK_TREE", "PEEL_CONTRACT_BASE"):
            monkeypatch.delenv(name, raising=False)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *args: str) -> str:
        who = ("-c", "user.name=Ada Quill", "-c", "user.email=ada@example.org")
        return self._run("git", *who, *args)

    def commit(self) -> str:
        self._steps += 1
        self.git("commit", "--quiet", "--allow-empty", "--message", f"step {self._steps}")
        return self.git("rev-parse", "HEAD")

    def base(self) -> str:
        return self._run(str(SCRIPT))

    def _run(self, *command: str) -> str:
        return subprocess.run(command, cwd=self._home, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(tmp_path, monkeypatch)


def test_a_branch_is_compared_with_where_it_left_main(repository: Repository) -> None:
    repository.commit()
    left = repository.commit()
    repository.git("checkout", "--quiet", "-b", "longer")
    repository.commit()
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.commit()
    repository.git("checkout", "--quiet", "longer")
    assert repository.base() == left


def test_main_is_compared_with_what_was_there_before(repository: Repository) -> None:
    before = repository.commit()
    repository.commit()
    assert repository.base() == before


def test_a_first_version_is_compared_with_nothing(repository: Repository) -> None:
    repository.commit()
    assert repository.base() == ""


def test_whoever_knows_better_names_it(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first = repository.commit()
    repository.commit()
    repository.commit()
    monkeypatch.setenv("PEEL_CONTRACT_BASE", first)
    assert repository.base() == first
