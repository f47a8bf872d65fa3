"""How programs are started here: on a leash, with an environment that holds no surprises."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import leash
from deploy.local.account import Account
from deploy.local.faults import LocalFault, tail


def leashed(
    argv: Sequence[str],
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    *,
    niceness: int = 0,
) -> list[str]:
    """The arguments that run `argv` as that user, and signal it when the calling thread ends before it does.

    The `niceness` is how far it stands back where the processor is not enough for everybody: 0, not at all, to 19.
    """
    who = f"{account.uid}:{account.gid}" if account else "-"
    return [sys.executable, "-IS", leash.__file__, str(os.getpid()), str(int(death_signal)), str(niceness), who, *argv]


def bare_environment() -> dict[str, str]:
    """For servers: no PG* or JAVA_* variable of the caller's may decide what they do, so that every run is the same."""
    # Python itself may need this one where it was not installed by the system, and the leash is Python.
    libraries = os.environ.get("LD_LIBRARY_PATH")
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"} | ({"LD_LIBRARY_PATH": libraries} if libraries else {})


def run_step(
    what: str,
    argv: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    seconds: float = 120,
) -> None:
    """Runs a program that does one thing and ends.

    Raises LocalFault, with the end of its log, where it fails or takes longer.
    """
    try:
        with log.open("ab") as output:
            subprocess.run(
                leashed(argv, account),
                check=True,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=seconds,
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        outcome = f"took longer than {seconds:g} s" if isinstance(error, subprocess.TimeoutExpired) else "failed"
        raise LocalFault(f"{what} {outcome}; {log} ends with:\n{tail(log)}") from error
