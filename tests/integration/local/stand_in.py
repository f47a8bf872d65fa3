"""Stands in for `peel <service> api|worker|migrate` where only the bringing up is tested: ready, and idle."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class _Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Not into the log."""


def main() -> None:
    """Answers /readyz where PEEL_METRICS_LISTEN says, until SIGTERM."""
    service, process, *_ = sys.argv[1:]
    assert os.environ["PEEL_DATABASE"].replace("{service}", service)
    if process == "migrate":
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    host, port = os.environ["PEEL_METRICS_LISTEN"].split(":")
    HTTPServer((host, int(port)), _Ready).serve_forever()


if __name__ == "__main__":
    main()
