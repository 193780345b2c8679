"""A Google on loopback that gives tokens to a service account and answers GETs by path, if they carry the token."""

import contextlib
import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Replies = dict[str, tuple[int, bytes]]


@contextlib.contextmanager
def google_server(account: Path) -> Generator[tuple[Replies, str]]:
    """Write a service account's file, and yield the replies to fill and the server's address."""
    replies: Replies = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200, json.dumps({"access_token": "played", "expires_in": 3600}).encode())

        def do_GET(self) -> None:
            known = self.headers["Authorization"] == "Bearer played"
            self.answer(*(replies.get(self.path, (404, b"{}")) if known else (401, b"{}")))

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    written = {
        "type": "service_account",
        "project_id": "p",
        "client_email": "verify@p.iam.gserviceaccount.com",
        "private_key": key.decode(),
        "token_uri": f"{address}/token",
    }
    account.write_text(json.dumps(written))
    try:
        yield replies, address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
