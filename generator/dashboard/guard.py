"""What every request passes first: host, origin, who asks, and whether they mean it; what every answer carries."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, ImmutableMultiDict, MutableHeaders, QueryParams
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from generator.present.page import template

SAFE = ("GET", "HEAD")
ENTRANCE = "/enter"
# Style and script of the pages: the same for everybody, and needed by the page that refuses.
OPEN = "/static/"
FORM = "application/x-www-form-urlencoded"
# A name, a note and two digests, or a workload's entry, each of whose bytes may be spelled as three.
MOST_BYTES = 192 * 1024
# A browser shows no answer to a form it has not sent whole: so much of one that is too large is read and forgotten.
MOST_BYTES_READ = 16 * 2**20
# A list names at most a group's workloads; what else a form says stands there once.
MOST_FIELDS = 2048
LISTS = frozenset({"workload"})
# The printed address stays in a terminal's history; a session lasts for a long working day.
OPENS_S = 3600.0
LASTS_S = 12 * 3600.0
ANSWERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer a browser would send "Origin: null" with the dashboard's own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Keys:
    """What opens the dashboard: `token` once, in exchange for the session's cookie; `csrf` stands in every form.

    `csrf` is None where everybody is a reader: there are no forms then, and none is taken.
    """

    token: str | None = field(default_factory=_secret, repr=False)
    session: str = field(default_factory=_secret, repr=False)
    csrf: str | None = field(default_factory=_secret, repr=False)


@dataclass(frozen=True, slots=True)
class Refusal(Exception):  # noqa: N818 (a page, not a defect)
    """A request that goes no further."""

    status: int
    what: str
    remedy: str


class Guard:
    """Lets through to an application only what its own pages ask for, in the browser that opened the printed address.

    Parameters
    ----------
    application : ASGIApp
    keys : Keys
    port : int
        Where it is served, on loopback.
    now : callable
        A clock, s: the address opens for `OPENS_S`, whoever came in stays for `LASTS_S`.
    """

    def __init__(self, application: ASGIApp, keys: Keys, port: int, now: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._keys = keys
        self._now = now
        self._opens_until = now() + OPENS_S
        self._lasts_until = 0.0
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        # Cookies do not tell ports apart: two dashboards must not throw each other out.
        self._cookie = f"covey-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ANSWERS)
            await send(message)

        try:
            response = await self._passed(scope, receive)
        except Refusal as refusal:
            response = refused(refusal)
        await (response or self._application)(scope, receive, send_hardened)

    async def _passed(self, scope: Scope, receive: Receive) -> Response | None:
        """Return None where the application may answer, and the answer where this room has it.

        Raises
        ------
        Refusal
        """
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        if len(headers.getlist("host")) != 1 or headers["host"] not in self._hosts:
            raise Refusal(421, "This is not the address the dashboard is served at.", "Use the one covey printed.")
        origin = headers.get("origin")
        if origin != f"http://{headers['host']}" and (origin is not None or method not in SAFE):
            raise Refusal(403, "The request comes from another site.", "Use the dashboard's own pages.")
        if path.startswith(OPEN) and method in SAFE:
            return None
        if path == ENTRANCE and method == "GET":
            return self._entered(QueryParams(scope["query_string"]).get("token", ""))
        if not self._is_known(headers):
            remedy = "Open the address that covey printed; if it was opened before, start covey dashboard anew."
            raise Refusal(401, "This browser has not been let in, or was long ago.", remedy)
        if method not in SAFE and self._keys.csrf is None:
            raise Refusal(403, "This dashboard is for reading.", "Start covey dashboard without --read-only to decide.")
        if method not in SAFE:
            scope.setdefault("state", {})["form"] = await self._meant(headers, receive)
        return None

    def _entered(self, token: str) -> Response:
        if self._now() >= self._opens_until:
            self._keys.token = None
        expected, self._keys.token = self._keys.token, None
        if expected is None or not _same(token, expected):
            # A wrong guess must not use up the right one.
            self._keys.token = expected
            what = "This address has been opened before, was not opened within an hour, or is wrong."
            raise Refusal(403, what, "Start covey dashboard anew; what was planned and decided is kept.")
        self._lasts_until = self._now() + LASTS_S
        # Not a redirection: a browser that came from another site would follow it without the cookie.
        response = HTMLResponse(template("dashboard/entered.html.jinja").render(known=False))
        response.set_cookie(self._cookie, self._keys.session, httponly=True, samesite="strict", path="/")
        return response

    def _is_known(self, headers: Headers) -> bool:
        cookies = SimpleCookie()
        try:
            cookies.load("; ".join(headers.getlist("cookie")))
        except CookieError:
            return False
        known = self._cookie in cookies and _same(cookies[self._cookie].value, self._keys.session)
        return known and self._now() < self._lasts_until

    async def _meant(self, headers: Headers, receive: Receive) -> ImmutableMultiDict[str, str]:
        """Read a form and see that one of our own pages made it."""
        if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise Refusal(415, "Only the forms of the dashboard's own pages are read.", "Use them.")
        body, size = bytearray(), 0
        while True:
            message: dict[str, Any] = dict(await receive())
            part: bytes = message.get("body", b"")
            size += len(part)
            body += part[: max(0, MOST_BYTES + 1 - len(body))]
            ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
            if ended or size > MOST_BYTES_READ:
                break
        if size > MOST_BYTES:
            raise Refusal(413, f"The form is larger than {MOST_BYTES // 1024} KiB.", "Say it in fewer words.")
        try:
            fields = parse_qs(
                body.decode(),
                keep_blank_values=True,
                strict_parsing=bool(body),
                max_num_fields=MOST_FIELDS,
                errors="strict",
            )
        except ValueError:
            raise Refusal(400, "The form cannot be read.", "Go back and send it again.") from None
        if any(len(values) > 1 for name, values in fields.items() if name not in LISTS):
            raise Refusal(400, "A field of the form stands there twice.", "Go back and send it again.")
        if not _same(fields.pop("csrf", [""])[0], self._keys.csrf or _secret()):
            raise Refusal(403, "The form is not one of this session's pages.", "Reload the page and send it again.")
        return ImmutableMultiDict([(name, value) for name, values in fields.items() for value in values])


def refused(refusal: Refusal) -> Response:
    """Show a refusal as a page."""
    page = template("dashboard/message.html.jinja").render(
        title="Not let through", where=None, what=refusal.what, remedy=refusal.remedy, known=False
    )
    return HTMLResponse(page, refusal.status)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
