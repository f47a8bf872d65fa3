"""What Peel's processes are told: the PEEL_* settings, as services/kernel/settings.py documents them."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.authority import Authority
from deploy.local.files import write_private
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.roster import Planned, serving


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where everything is that a process needs. `spools` holds a folder for each that keeps what must outlive it.

    `clock_file` is given in a rehearsal only.
    """

    database: str
    kafka: str
    processes: tuple[Planned, ...]
    ports: Ports
    authority: Authority
    token_file: Path
    peer_token_file: Path
    spools: Path
    clock_file: Path | None

    @property
    def listening(self) -> dict[str, str]:
        """The gRPC address of each process that serves."""
        return {process: f"{LOOPBACK}:{port}" for process, port in self.ports.grpc.items()}

    @property
    def addresses(self) -> dict[str, str]:
        """Where clients find what serves, by its key; replicas are separated by commas."""
        where = self.listening
        return {key: ",".join(where[one.name] for one in found) for key, found in serving(self.processes).items()}

    def shared(self) -> dict[str, str]:
        """The settings that are the same in every process, and that the command line needs."""
        settings = {
            "PEEL_DATABASE": self.database,
            "PEEL_KAFKA": self.kafka,
            "PEEL_ADDRESSES": json.dumps(self.addresses),
            "PEEL_TLS_CERT": str(self.authority.server_certificate),
            "PEEL_TLS_KEY": str(self.authority.server_key),
            "PEEL_TLS_CA": str(self.authority.ca),
            "PEEL_JWKS": str(self.authority.jwks),
            "PEEL_TOKEN_FILE": str(self.token_file),
            "PEEL_PAGE_KEY": self.authority.page_key.read_text(),
        }
        if self.clock_file:
            settings |= {"PEEL_REHEARSAL": "1", "PEEL_CLOCK_FILE": str(self.clock_file)}
        return settings

    def of_process(self, planned: Planned) -> dict[str, str]:
        """The settings of one process."""
        own = {
            "PEEL_METRICS_LISTEN": f"{LOOPBACK}:{self.ports.metrics[planned.name]}",
            # Kafka knows a worker by this name again after a restart, and gives it its partitions back at once.
            "PEEL_INSTANCE": planned.name,
        }
        if planned.address:
            where = self.listening[planned.name]
            others = [address for address in self.addresses[planned.address].split(",") if address != where]
            own |= {"PEEL_LISTEN": where, "PEEL_PEERS": ",".join(others)}
            own["PEEL_SPOOL"] = str(self.spools / planned.name)
        if planned.address or planned.command == "probe":
            own["PEEL_PEER_TOKEN_FILE"] = str(self.peer_token_file)
        return self.shared() | own


def write_env_file(file: Path, settings: Mapping[str, str]) -> None:
    """Writes the settings where the command line finds them. Private: the key of page tokens is among them."""
    lines = ["# Written by the local platform at each start: how `peel` on this machine finds it."]
    lines += [f"{name}={shlex.quote(value)}" for name, value in settings.items()]
    write_private(file, ("\n".join(lines) + "\n").encode())
