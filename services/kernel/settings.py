"""Every setting there is, from the environment (PEEL_*) or the file that PEEL_ENV_FILE names."""

import os
import socket
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_ENV_FILE = "var/run/peel.env"


class Settings(BaseSettings):
    """The settings of one process. `peel settings` prints them with these descriptions."""

    model_config = SettingsConfigDict(env_prefix="PEEL_", extra="ignore", frozen=True)

    database: str = Field(
        "postgresql://peel@127.0.0.1:7132/{service}",
        description="Postgres address; {service} stands for the service's own database.",
    )
    database_pool: int = Field(8, ge=1, le=64, description="Connections a process may hold, beside its appender's.")
    statement_timeout_seconds: float = Field(10.0, gt=0, description="Longest one SQL statement may take.")
    kafka: str = Field("127.0.0.1:7192", description="Kafka bootstrap servers, host:port separated by commas.")
    topic_partitions: int = Field(4, ge=1, description="Partitions of a topic when it is created.")
    topic_replication: int = Field(1, ge=1, description="Copies of a topic when it is created; 3 in production.")
    listen: str = Field("127.0.0.1:7101", description="Where the API process serves gRPC, host:port.")
    metrics_listen: str = Field("127.0.0.1:7151", description="Where /metrics, /livez and /readyz are, host:port.")
    addresses: dict[str, str] = Field(
        default_factory=dict,
        description="gRPC addresses by what serves, for the command line as a client (JSON); replicas by commas.",
    )
    tls_cert: Path | None = Field(None, description="PEM certificate to serve with; none: no TLS.")
    tls_key: Path | None = Field(None, description="PEM key of tls_cert.")
    tls_ca: Path | None = Field(None, description="PEM authority that clients trust.")
    jwks: Path | None = Field(None, description="JWKS file of the token issuers, each with the forces it speaks for.")
    audience: str = Field("peel", description="The audience that tokens must name.")
    token_file: Path | None = Field(None, description="Bearer token that the command line calls with.")
    page_key: SecretStr = Field(
        SecretStr(""), description="Secret that signs page tokens; the same in every replica of a service."
    )
    page_ttl_seconds: int = Field(3600, gt=0, description="How long a page token is good for.")
    request_deadline_seconds: float = Field(
        10.0, gt=0, description="Longest a call may take; a shorter deadline of the caller's wins."
    )
    most_calls: int = Field(512, ge=1, description="Calls served at once; one more is refused as busy.")
    most_streams: int = Field(
        10_000, ge=1, description="Streams open at once, beside those calls; one more is refused as busy."
    )
    most_watches: int = Field(
        256,
        ge=1,
        description="Health watches and reflections open at once, beside those calls and streams; one more is refused.",
    )
    append_queue: int = Field(200, ge=1, description="Appends that may wait; one more is refused as busy.")
    append_batch: int = Field(64, ge=1, description="Appends committed together at the most.")
    append_interval_seconds: float = Field(
        0.005,
        ge=0,
        description="While callers crowd, commits begin at least so far apart, and each takes more of them.",
    )
    drain_grace_seconds: float = Field(8.0, gt=0, description="Time that work in hand has to finish at SIGTERM.")
    instance: str = Field(
        default_factory=socket.gethostname, description="Stable name of this replica: its static Kafka membership."
    )
    poison_attempts: int = Field(3, ge=1, description="Tries before a bad event goes to the dead letters.")
    dead_letter_streak: int = Field(3, ge=1, description="Dead letters in a row after which the consumer stops.")
    dead_letter_window: int = Field(20, ge=1, description="Dead letters in ten minutes after which it stops.")
    outbox_retention_hours: int = Field(72, ge=1, description="How long published outbox rows are kept.")
    remembered_days: int = Field(
        30, ge=8, description="How long request ids and handled events are known again; longer than Kafka keeps events."
    )
    settled_timer_days: int = Field(
        30,
        ge=1,
        description="How long a timer is kept that has fired or was cancelled; one that waits is never deleted.",
    )
    relay_patience_seconds: float = Field(
        15.0, gt=0, description="A worker whose committed events wait for the broker for longer is not ready."
    )
    consumer_lag_seconds: float = Field(
        300.0, gt=0, description="A worker that reacts to events older than this, and has more to come, is not ready."
    )
    inbox_seconds: float = Field(
        10.0, gt=0, description="How often an API process measures what waits on Kafka for its service's worker."
    )
    watchdog_seconds: float = Field(20.0, gt=0, description="A consumer that stalls for longer is rebuilt.")
    spool: Path | None = Field(
        None,
        description="Folder on the local disk, this process's own, for emergencies while Postgres is away; none: they "
        "are then in memory only.",
    )
    peers: str = Field(
        "",
        description="Other replicas of the emergency path, host:port separated by commas; a name with several "
        "addresses stands for all of them.",
    )
    peer_token_file: Path | None = Field(
        None,
        description="Bearer token of ROLE_SERVICE, for calls between replicas and of the probe; read again when it "
        "changes.",
    )
    probe_sites: str = Field(
        "", description="Sites to probe, force/site separated by commas; none: those of the service's own table."
    )
    probe_seconds: float = Field(60.0, gt=0, description="How often each site is probed.")
    rehearsal: bool = Field(False, description="Allows clock_file; says so in log, health and every report.")
    clock_file: Path | None = Field(None, description="File of the rehearsal clock; refused without rehearsal.")
    otlp_endpoint: str | None = Field(None, description="OTLP/HTTP traces endpoint; none: spans are not exported.")
    trace_ratio: float = Field(0.1, ge=0, le=1, description="Share of new traces that is sampled.")
    trace_async: str = Field("link", pattern="^(link|parent)$", description="How a consumer's span joins its event's.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    def database_of(self, service: str) -> str:
        """Address of that service's database."""
        return self.database.replace("{service}", service)


def load_settings() -> Settings:
    """Settings from the environment, which wins, and the settings file where there is one.

    Raises pydantic.ValidationError naming each setting that is wrong.
    """
    file = Path(os.environ.get("PEEL_ENV_FILE", DEFAULT_ENV_FILE))
    return Settings(_env_file=file if file.is_file() else None)
