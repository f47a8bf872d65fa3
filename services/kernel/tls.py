"""Transport security, by setting."""

from pathlib import Path

import grpc

from services.kernel.settings import Settings


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """Credentials to serve with; None where no certificate is set.

    Raises ValueError for a certificate without its key, OSError for a file that cannot be read.
    """
    if settings.tls_cert is None:
        return None
    if settings.tls_key is None:
        raise ValueError("PEEL_TLS_CERT is set but PEEL_TLS_KEY is not")
    return grpc.ssl_server_credentials([(settings.tls_key.read_bytes(), settings.tls_cert.read_bytes())])


def client_channel(address: str, authority: Path | None, *, name: str = "") -> grpc.aio.Channel:
    """A channel to a service, encrypted where an authority is given; `name` is what its certificate has to bear where
    that is not the address."""
    options: list[tuple[str, int | str]] = [
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.max_receive_message_length", 16 << 20),
    ]
    if name and authority is not None:
        options.append(("grpc.ssl_target_name_override", name))
    if authority is None:
        return grpc.aio.insecure_channel(address, options=options)
    credentials = grpc.ssl_channel_credentials(authority.read_bytes())
    return grpc.aio.secure_channel(address, credentials, options=options)
