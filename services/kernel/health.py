"""Health that can fail: the database answers, its schema is what the code needs, and whatever else a process adds.

Over HTTP: /livez (the process turns), /readyz (it can serve, with the reasons where it cannot), /metrics.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import asyncpg
from prometheus_client.exposition import choose_encoder

from services.kernel import migrations
from services.kernel.database import TRANSIENT, Pool, borrowed
from services.kernel.telemetry.metrics import REGISTRY

CHECK_SECONDS = 1.0
_DATABASE_BUDGET_SECONDS = 2.0
# The loop that checks is itself checked: when it has not turned for this long, the process is not alive.
_STALE_SECONDS = 20.0

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Health:
    """What is wrong now, by name of the check. Ready means: nothing is, and the checks are running.

    What is degraded is told and does not count: the process does its work without it.
    """

    def __init__(self, *, rehearsal: bool) -> None:
        self._rehearsal = rehearsal
        self._wrong: dict[str, str] = {"start": "not started yet"}
        self._degraded: dict[str, str] = {}
        self._turned_at = time.monotonic()
        self.draining = False

    def degrade(self, check: str, how: str | None) -> None:
        """Notes what the process does without: None is nothing."""
        if how is None:
            self._degraded.pop(check, None)
        else:
            self._degraded[check] = how

    def set(self, check: str, wrong: str | None) -> None:
        """Notes how a check went: None is well."""
        if wrong is None:
            self._wrong.pop(check, None)
        else:
            self._wrong[check] = wrong

    def turned(self) -> None:
        """The checking loop came round."""
        self._turned_at = time.monotonic()

    @property
    def alive(self) -> bool:
        return time.monotonic() - self._turned_at < _STALE_SECONDS

    @property
    def ready(self) -> bool:
        return not self._wrong and not self.draining and self.alive

    def report(self) -> dict[str, object]:
        """The state as /readyz tells it."""
        wrong = dict(self._wrong)
        if self.draining:
            wrong["drain"] = "stopping: takes no new work"
        if not self.alive:
            wrong["loop"] = "the process does not turn"
        return {"ready": self.ready, "rehearsal": self._rehearsal, "wrong": wrong, "degraded": dict(self._degraded)}


async def check_database(note: Callable[[str, str | None], None], pool: Pool, service: str) -> None:
    """Notes whether Postgres answers within two seconds and has the migrations that this code needs.

    `note` is a Health's set, or its degrade where the process works without.
    """
    try:
        async with asyncio.timeout(_DATABASE_BUDGET_SECONDS), borrowed(pool) as connection:
            lacking = await migrations.missing(connection, service)
    except (*TRANSIENT, asyncpg.PostgresError) as error:
        note("database", f"does not answer: {type(error).__name__}")
        return
    note("database", None)
    note("schema", f"lacks {', '.join(lacking)}: run `peel {service} migrate`" if lacking else None)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Scrapes and probes are not worth a log line each."""


class HealthServer:
    """Serves the three pages from a thread, so that a stuck event loop cannot keep them from saying so."""

    def __init__(self, listen: str, health: Health) -> None:
        self._health = health
        host, port = listen.rsplit(":", 1)
        self._server: WSGIServer = make_server(host, int(port), self._serve, handler_class=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, environ: dict[str, str], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            encode, content_type = choose_encoder(environ.get("HTTP_ACCEPT", ""))
            start_response("200 OK", [("Content-Type", content_type)])
            return [encode(REGISTRY)]
        if path in ("/livez", "/readyz"):
            well = self._health.alive if path == "/livez" else self._health.ready
            start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
            return [json.dumps(self._health.report()).encode() + b"\n"]
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"here are /metrics, /livez and /readyz\n"]
