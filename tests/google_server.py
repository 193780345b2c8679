"""A Google on loopback that gives tokens to a service account and answers GETs that carry the token."""

import contextlib
import json
import threading
from collections.abc import Callable, Generator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Replies = dict[str, tuple[int, bytes]]
TOKEN = "sesame"  # noqa: S105 - of nobody's account; it must not be repeated anywhere


@contextlib.contextmanager
def google_api(patch: pytest.MonkeyPatch, folder: Path, api: str) -> Generator[Replies]:
    """Log in, and yield the answers of an API by path, to be filled; of anything else there is none."""
    replies: Replies = {}
    with google_answers(patch, folder, api, lambda path: replies.get(path, (404, b"{}"))):
        yield replies


@contextlib.contextmanager
def google_answers(
    patch: pytest.MonkeyPatch, folder: Path, api: str, answer: Callable[[str], tuple[int, bytes]]
) -> Generator[None]:
    """Log in, and let a function answer for an API, such as ``RUN``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(200, json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode())

        def do_GET(self) -> None:
            known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            self.reply(*(answer(self.path) if known else (401, b"{}")))

        def reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Nobody waits for its end longer than that.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    account = {
        "type": "service_account",
        "project_id": "p",
        "client_email": "verify@p.iam.gserviceaccount.com",
        "private_key": _key(),
        "token_uri": f"{address}/token",
    }
    place = folder / "account.json"
    place.write_text(json.dumps(account), encoding="utf-8")
    patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(place))
    patch.setenv(f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}", f"{address}/")
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@cache
def _key() -> str:
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def log_out(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let nobody be logged in, on whatever machine this is."""
    patch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    patch.setenv("CLOUDSDK_CONFIG", str(folder))
    patch.setenv("NO_GCE_CHECK", "true")
