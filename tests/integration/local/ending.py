"""Ending processes when their tests are over, where nothing is asserted of how they end."""

import os
import signal
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from deploy.local.postgres import LocalPostgres
from deploy.local.processes import Process


def end_hard(processes: Iterable[Process]) -> None:
    """Ends them without a grace, in which one whose broker or database is gone would wait for it to the last second."""
    with ThreadPoolExecutor() as side_by_side:
        list(side_by_side.map(_end, processes))


def _end(process: Process) -> None:
    process.kill()
    # Else it comes back where it is one that does.
    process.stop()


def end_postgres(postgres: LocalPostgres) -> None:
    """Ends a server whose data nobody will read: without the checkpoint, which writes down every database there was."""
    if postgres.pid is not None:
        os.kill(postgres.pid, signal.SIGQUIT)
    postgres.stop()
