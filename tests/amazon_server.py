"""An AWS on loopback that moto plays, and one that nobody plays."""

import contextlib
from collections.abc import Generator

import pytest
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
SECRET = "sesame"  # noqa: S105 - of nobody's account; it must not be repeated anywhere


@contextlib.contextmanager
def amazon_server() -> Generator[str]:
    """Yield the address. Who changes what is played takes it back, as in ``cloudwatch_backends[ACCOUNT]``."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def log_in(patch: pytest.MonkeyPatch, address: str) -> None:
    """Let every client of AWS go to an address, with credentials."""
    patch.setenv("AWS_ENDPOINT_URL", address)
    patch.setenv("AWS_ACCESS_KEY_ID", "played")
    patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    # Nobody waits before asking again.
    patch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
