"""Whom a server runs as that refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from deploy.local.faults import LocalFault

# It is there on nearly every Unix, so the machine's list of users is left as it was.
_NAME = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The unprivileged user to change to; None where the caller is not root and servers simply run as the caller.

    Raises LocalFault where root runs this on a machine without the user `nobody`.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_NAME)
    except KeyError:
        raise LocalFault(
            f"PostgreSQL does not run as root, and this machine has no user {_NAME!r} to change to: "
            "start this as an ordinary user"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def barred(account: Account, path: Path) -> Path | None:
    """The first folder on the way to `path`, itself included, that the account may not pass; None where there is none.

    A checkout below /root is the usual case: only root may enter.
    """
    path = path.resolve()
    for folder in reversed([path, *path.parents]):
        if not _passes(account, folder.stat()):
            return folder
    return None


def _passes(account: Account, status: os.stat_result) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
