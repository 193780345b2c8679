"""Tell a training pipeline which models are asked what they were not trained on."""

import hmac
import ipaddress
import os
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from generator.errors import InputError, ObserveError

KEY = "COVEY_WEBHOOK_KEY"
SIGNATURE = "X-Covey-Signature-256"
# To connect, and between any two bytes of the answer; of which nothing is read but its head.
TIMEOUT_S = 10.0


def checked_url(url: str) -> str:
    """Refuse an address that a finding must not be sent to.

    Raises
    ------
    InputError
        Neither https nor this machine, or with a password in it.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InputError("--retrain-webhook", "holds characters that no address has.", "Write them as %XX.")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _loopback(host))):
        raise InputError("--retrain-webhook", "is neither https nor on this machine.", "Give it as https://HOST/PATH.")
    if parts.username is not None or parts.password is not None:
        what = "holds a user or a password, which ends up in logs."
        raise InputError("--retrain-webhook", what, f"Take it out; what is sent is signed with {KEY}.")
    return url


def post(url: str, body: str) -> None:
    """Send a JSON document once, and follow no redirect.

    Parameters
    ----------
    url : str
        As `checked_url` let it pass.
    body : str
        Signed by HMAC-SHA256 in the header `SIGNATURE` where the environment has `KEY`.

    Raises
    ------
    ObserveError
        Nobody took it.
    """
    content = body.encode()
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get(KEY):
        headers[SIGNATURE] = f"sha256={hmac.new(key.encode(), content, sha256).hexdigest()}"
    parts = urlsplit(url)
    where = f"--retrain-webhook {parts.hostname}"
    remedy = "The findings are printed; send them again when it answers."
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", path, content, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise ObserveError(where, f"did not answer: {type(error).__name__}.", remedy) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise ObserveError(where, f"answered {status}.", remedy)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
