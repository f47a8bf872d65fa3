"""Where the platform answers, and three calls to try: each works as pasted, from the folder it was started in."""

import os
import shlex
import sys
from pathlib import Path

from rich.table import Table

from deploy.local.platform import Platform

_CRIME, _INTAKE = "peel.crime.v1.CrimeService", "peel.intake.v1.IntakeService"


def addresses(platform: Platform) -> Table:
    """Every process with its address."""
    shown = Table("process", "pid", "address", box=None)
    where = {"postgres": platform.postgres.dsn("{service}"), "kafka": platform.kafka.bootstrap}
    where |= {name: f"http://127.0.0.1:{port}/metrics" for name, port in platform.ports.metrics.items()}
    where |= {name: f"https://{address} (gRPC)" for name, address in platform.listening.items()}
    for name, pid in platform.pids.items():
        shown.add_row(name, str(pid), where.get(name, ""))
    return shown


def calls_to_try(platform: Platform, force: str, contact_id: str) -> list[tuple[str, str]]:
    """What to try, and the command that does it."""
    body = f'{{"force": "{force}"'
    return [
        ("how much of what should be recorded was", _call(platform, _CRIME, "GetRecordingRate", "auditor", body + "}")),
        (
            "the reports that were overdue",
            _call(platform, _CRIME, "ListReports", "crime_recorder", body + ', "overdue": true, "pageSize": 2}'),
        ),
        (
            "one contact, as it was taken",
            _call(platform, _INTAKE, "GetContact", "call_handler", f'{{"contactId": "{contact_id}"}}'),
        ),
    ]


def _call(platform: Platform, service: str, method: str, role: str, body: str) -> str:
    address = platform.addresses[service.split(".")[1]]
    buf = _near(Path(sys.executable).parent / "buf")
    token = shlex.quote(_near(platform.token_file(role)))
    return (
        f"{shlex.quote(buf)} curl --protocol grpc --cacert {shlex.quote(_near(platform.authority.ca))} "
        f'-H "authorization: Bearer $(cat {token})" '
        f"-d {shlex.quote(body)} https://{address}/{service}/{method}"
    )


def _near(path: Path) -> str:
    """A path from the working directory where that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)
