"""The dashboard's doors: who is let in, what is refused, that approvals bind what was shown, that names stay text."""

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from generator.dashboard.decisions import decisions
from generator.dashboard.guard import LASTS_S, OPENS_S
from generator.dashboard.pages import pages
from generator.dashboard.planning import Planning, Progress, Terms
from generator.dashboard.unified import unified
from generator.files import FileChange
from tests.dashboards import NAMES, Site, desk, planned, pretended, site

GROUP = "/groups/GROUP"
PAGES = ("/", "/plan", GROUP, "/graph", "/program", "/join", "/log")
ALARMS = f"{GROUP}/alarms.json"
READ = ("/planning", "/planning.json", "/graph.json", "/static/graph.js", "/static/dashboard.css", ALARMS, *PAGES)
# What a form with nothing in it is answered with.
ACTS = {
    "/planning/stop": 303,
    "/planning/start": 303,
    "/plan/claim": 412,
    "/plan/reject": 412,
    "/plan/retract": 412,
    "/program/approve": 422,
    "/join": 422,
    "/join/adopt": 422,
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "infra"


@pytest.fixture
def one(project: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr("generator.ship.preview", pretended)
    return site(desk(project))


@pytest.fixture(scope="module")
def roles() -> dict[str, Site]:
    """Return what nobody, a reader and who may decide meet."""
    stranger, reader, decider = site(desk(None)), site(desk(None), read_only=True), site(desk(None))
    reader.enter()
    decider.enter()
    return {"stranger": stranger, "reader": reader, "decider": decider}


def at(path: str) -> str:
    return path.replace("GROUP", planned()[1].chosen.groups[0].name)


def digest_on(client: TestClient, profile: str = "balanced") -> str:
    return client.get(f"/program?profile={profile}").headers["etag"].strip('"')


def expected_of(role: str, path: str, method: str) -> int:
    """Say what a form with nothing but its key, or a question, is answered with."""
    safe = method in ("GET", "HEAD")
    if role == "stranger":
        return 200 if safe and path.startswith("/static/") else 401
    if not safe and role == "reader":
        return 403
    if path == "/nowhere" or (path == "/groups/nobody" and safe):
        return 404
    if method == "POST":
        return ACTS.get(path, 405)
    if not safe or path not in READ:
        return 405
    return 303 if path == "/planning" else 200


@pytest.mark.parametrize("path", sorted({*READ, *ACTS, "/nowhere", "/groups/nobody"}))
@pytest.mark.parametrize("role", ["stranger", "reader", "decider"])
def test_every_method_on_every_route_does_what_the_role_may_and_nothing_else(
    roles: dict[str, Site], role: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever may ask for alarms runs the program: elsewhere.
    monkeypatch.setattr("generator.dashboard.desk.alarms", lambda _project, _stack: ())
    one = roles[role]
    answered = {
        method: one.client.request(
            method, at(path), data=one.form() if method not in ("GET", "HEAD") else None
        ).status_code
        for method in METHODS
    }

    assert {method: expected_of(role, path, method) for method in METHODS} == answered


def test_the_table_above_names_every_route_there_is() -> None:
    there = {
        route.path.replace("{name}", "GROUP" if route.path.startswith("/groups/") else "graph.js")
        for routes in (pages, decisions)
        for route in routes.routes
        if isinstance(route, APIRoute)
    }
    assert {*READ, *ACTS} - {"/static/dashboard.css"} == there


def test_a_reader_s_pages_have_no_form_that_changes_anything(roles: dict[str, Site]) -> None:
    for path in PAGES:
        text = roles["reader"].client.get(at(path)).text
        assert 'method="post"' not in text
        assert "csrf" not in text


def test_the_token_opens_once_and_a_wrong_guess_does_not_use_it_up(one: Site) -> None:
    token = one.keys.token
    wrong = one.client.get("/enter?token=guessed")
    right = one.client.get(f"/enter?token={token}")
    again = one.client.get(f"/enter?token={token}")

    assert [403, 200, 403] == [wrong.status_code, right.status_code, again.status_code]
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "set-cookie" not in again.headers


def test_an_address_that_was_not_opened_in_time_opens_nothing_and_a_session_ends() -> None:
    clock = [0.0]
    late, early = (site(desk(None), now=lambda: clock[0]) for _ in range(2))
    early.enter()
    clock[0] = OPENS_S
    refused = late.client.get(f"/enter?token={late.keys.token}")
    clock[0] = LASTS_S - 1
    still = early.client.get("/")
    clock[0] = LASTS_S
    over = early.client.get("/")

    assert [403, 200, 401] == [refused.status_code, still.status_code, over.status_code]
    assert "within an hour" in refused.text
    assert "start covey dashboard anew" in over.text


def test_asking_for_the_entrance_s_head_does_not_use_up_the_token(one: Site) -> None:
    assert one.client.head(f"/enter?token={one.keys.token}").status_code == 401
    assert one.keys.token is not None


@pytest.mark.parametrize(
    "cookie", ["", "covey-8123=", "covey-8123=guessed", "covey-8123=\xff", 'covey-8123="', "a=b; ;="]
)
def test_other_cookies_open_nothing(one: Site, cookie: str) -> None:
    one.enter()
    one.client.cookies.clear()
    headers = [(b"cookie", cookie.encode("latin-1"))]
    assert one.client.get("/plan", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8123", "127.0.0.1", "127.0.0.1:80", "localhost.:8123", ""]
)
def test_other_hosts_are_refused_before_the_token_is_looked_at(one: Site, host: str) -> None:
    answer = one.client.get(f"/enter?token={one.keys.token}", headers={"host": host})

    assert answer.status_code == 421
    assert one.keys.token is not None


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1:80", "https://127.0.0.1:8123", ""])
def test_other_origins_are_refused_with_any_method(one: Site, origin: str) -> None:
    client = one.enter()

    assert client.get("/plan", headers={"origin": origin}).status_code == 403
    assert client.post("/planning/stop", data=one.form(), headers={"origin": origin}).status_code == 403


def test_a_form_without_an_origin_is_refused_and_a_page_without_one_is_not(one: Site) -> None:
    client = one.enter()
    del client.headers["origin"]

    assert client.get("/plan").status_code == 200
    assert client.post("/planning/stop", data=one.form()).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"", "application/x-www-form-urlencoded", 403),
        (b"csrf=guessed", "application/x-www-form-urlencoded", 403),
        (b"csrf=CSRF&csrf=CSRF", "application/x-www-form-urlencoded", 400),
        (b"csrf=%ff", "application/x-www-form-urlencoded", 400),
        (b"&&&" + b"a=1&" * 40, "application/x-www-form-urlencoded", 400),
        (b'{"csrf": "CSRF"}', "application/json", 415),
        (b"csrf=CSRF", "text/plain", 415),
        (b"csrf=CSRF&note=" + b"x" * 200_000, "application/x-www-form-urlencoded", 413),
        (b"csrf=CSRF", "application/x-www-form-urlencoded; charset=utf-8", 303),
    ],
)
def test_only_a_form_of_our_own_pages_is_acted_on(one: Site, content: bytes, kind: str, expected: int) -> None:
    client = one.enter()
    body = content.replace(b"CSRF", one.form()["csrf"].encode())

    assert expected == client.post("/planning/stop", content=body, headers={"content-type": kind}).status_code


@pytest.mark.parametrize("path", ["/", "/plan", "/nowhere", "/enter?token=guessed", "/static/graph.js", "/planning"])
def test_every_answer_forbids_what_pages_do_not_need(one: Site, path: str) -> None:
    for client in (one.client, one.enter()):
        headers = client.get(path).headers
        policy = _policy(headers["content-security-policy"])
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert {"'self'"} == {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action")}
        assert "no-store" in headers["cache-control"]
        assert headers["x-content-type-options"] == "nosniff"


def _policy(header: str) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in header.split(";")]
    return {name: value for name, _, value in parts}


class Read(HTMLParser):
    """Collects what a page's markup could do."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.texts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        self.inline += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)
        self.texts.append(data)


@pytest.mark.parametrize("path", PAGES)
def test_hostile_names_are_text_and_every_address_is_ours(one: Site, path: str) -> None:
    page = one.enter().get(at(path)).text
    read = Read()
    read.feed(page)

    assert [] == read.inline
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in read.addresses)
    assert "<script>alert" not in page
    assert not {"\x1b", "\u202e", "\u200b", "\x07"} & set(page)
    if path == "/":
        assert all(name in "".join(read.texts) for name in NAMES if name.isprintable())


def test_the_graph_places_every_workload_once_and_says_the_same_twice(one: Site) -> None:
    client = one.enter()
    first, second = client.get("/graph.json"), client.get("/graph.json")
    told = first.json()

    assert first.content == second.content
    assert len(NAMES) == len(told["names"]) == len(told["x"]) == len(told["group"])
    assert len(set(zip(told["x"], told["y"], strict=True))) == len(NAMES)
    assert all(0 <= a < len(NAMES) and 0 <= b < len(NAMES) for a, b, _ in told["ties"])
    assert all(name.isprintable() for name in told["names"])


def test_a_defect_is_a_page_without_its_traceback(
    one: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("generator.dashboard.views.plan_view", lambda *_: 1 / 0)
    answer = one.enter().get("/plan")

    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "division" not in answer.text
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_search_finds_part_of_a_name_and_says_so_where_it_finds_none(one: Site) -> None:
    client = one.enter()

    assert "1 model named like" in client.get("/?q=CHECK").text
    assert "No model has that in its name" in client.get("/", params={"q": "<b>nobody"}).text
    assert "<b>nobody" not in client.get("/", params={"q": "<b>nobody"}).text


@pytest.fixture
def planning(tmp_path: Path) -> Iterator[Planning]:
    found = Planning(tmp_path / "nowhere", Terms(), None)
    yield found
    found.stop()


def test_planning_that_is_stopped_stays_stopped_and_can_be_started_again(planning: Planning) -> None:
    planning.stop()
    assert planning.progress.state == "stopped"
    assert planning.document is None
    planning.start()
    assert planning.progress.state in ("planning", "failed")


def test_planning_again_keeps_the_old_plan_until_there_is_a_new_one(tmp_path: Path) -> None:
    _, old = planned()
    found = Planning(tmp_path / "nowhere", Terms(), old)
    found.start()
    assert ("ready", old) == (found.progress.state, found.document)

    found.start(again=True)
    while found.progress.state == "planning":
        time.sleep(0.05)

    assert ("failed", old) == (found.progress.state, found.document)
    found.stop()


@pytest.mark.parametrize(
    ("state", "says"),
    [("planning", "Another plan is being made"), ("stopped", "was stopped"), ("failed", "Planning again failed")],
)
def test_planning_again_shows_its_progress_and_can_be_stopped_beside_the_plan_before(
    one: Site, state: Literal["planning", "stopped", "failed"], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 303 == one.enter().get("/planning").status_code
    complaint = ("nowhere", "is not there.", "Name another.") if state == "failed" else None
    monkeypatch.setattr(Planning, "progress", Progress(state, "searching for groups", 0.5, complaint))
    page, plan = one.client.get("/planning"), one.client.get("/plan")

    assert [200, 200] == [page.status_code, plan.status_code]
    assert says in plan.text
    assert 'href="/plan"' in page.text
    assert (state == "planning") == ("searching for groups" in page.text) == ('action="/planning/stop"' in page.text)
    assert (state == "failed") == ("is not there." in page.text)
    assert (state != "planning") == ('action="/planning/start"' in page.text)


def test_a_difference_shows_what_comes_and_goes_and_keeps_what_has_an_owner() -> None:
    found = unified(
        [
            FileChange("same.py", "a\n", "a\n", kept=False, edited=False),
            FileChange("stacks/config/one.yaml", "k: v\n", "k: v\n", kept=True, edited=False),
            FileChange("changed.py", "a\nb\n", "a\nc\n", kept=False, edited=False),
            FileChange("gone.py", "a\n", None, kept=False, edited=False),
        ]
    )

    assert ["changed", "removed", "kept", "same"] == [file.state for file in found]
    assert (1, 1) == (found[0].added, found[0].removed)
    assert [("del", "-b"), ("add", "+c")] == [line for line in found[0].lines if line[0] in ("add", "del")]
