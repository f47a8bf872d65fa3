"""A traces endpoint on loopback that swallows what it is sent: sampling and export cost what they cost in earnest."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Swallow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads these."""


@contextmanager
def traces_endpoint() -> Iterator[str]:
    """The endpoint's address, while it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Swallow)
    threading.Thread(target=server.serve_forever, name="traces", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces"
    finally:
        server.shutdown()
        server.server_close()
