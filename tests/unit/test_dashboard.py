"""The dashboard's doors: who is let in, what is refused, that approvals bind what was shown, that names stay text."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from generator.approval.on_disk import approval_of
from generator.dashboard.decisions import decisions
from generator.dashboard.guard import LASTS_S, OPENS_S
from generator.dashboard.pages import pages
from generator.dashboard.planning import Planning, Terms
from generator.dashboard.unified import unified
from generator.files import FileChange
from generator.history import journal_at
from tests.dashboards import NAMES, Site, desk, planned, pretended, site

GROUP = "/groups/GROUP"
PAGES = ("/", "/plan", GROUP, "/graph", "/program", "/join", "/log")
READ = ("/planning", "/planning.json", "/graph.json", "/static/graph.js", "/static/dashboard.css", *PAGES)
# What a form with nothing in it is answered with.
ACTS = {
    "/planning/stop": 303,
    "/planning/start": 303,
    "/plan/claim": 412,
    "/plan/reject": 412,
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
    roles: dict[str, Site], role: str, path: str
) -> None:
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
    assert there - {"/groups/GROUP/alarms.json"} == {*READ, *ACTS} - {"/static/dashboard.css"}


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


def approval(one: Site, shown: str, **changed: str) -> dict[str, str]:
    return one.form(**{"profile": "balanced", "shown": shown, "by": "ada", "days": "7", "note": "", **changed})


def test_an_approval_writes_what_was_shown_and_names_who(one: Site, project: Path) -> None:
    client = one.enter()
    assert not project.exists()
    answer = client.post("/program/approve", data=approval(one, digest_on(client), note="looks right"))

    assert (303, "/program?profile=balanced") == (answer.status_code, answer.headers["location"])
    written = approval_of(project)
    assert ("ada", "looks right") == (written.approved_by, written.note)
    assert (project / "recommendation.json").is_file()
    page = client.get("/program?profile=balanced").text
    assert "Nothing would change" in page
    assert "<strong>Approved</strong> by ada" in page


def test_an_approval_is_in_the_journal_with_the_plan_it_is_of(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.ship.preview", pretended)
    monkeypatch.delenv("COVEY_JOURNAL", raising=False)
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    recorded = site(desk(project, fleet))
    client = recorded.enter()
    assert client.post("/program/approve", data=approval(recorded, digest_on(client))).status_code == 303
    journal = journal_at(None, project)

    assert journal is not None
    kinds = {entry.kind: entry.actor for entry in journal.entries()}
    assert "ada" == kinds["approval"]
    assert "plan" in kinds
    assert [] == journal.verify()


def change_config(project: Path) -> None:
    config = next((project / "stacks" / "config").glob("*.yaml"))
    config.write_text(f"{config.read_text()}# a line\n")


def remove_file(project: Path) -> None:
    (project / "CUTOVER.md").unlink()


def remove_approval(project: Path) -> None:
    (project / "approval.json").unlink()


@pytest.mark.parametrize("meddle", [change_config, remove_file, remove_approval])
def test_what_changed_since_it_was_shown_is_not_approved(
    one: Site, project: Path, meddle: Callable[[Path], None]
) -> None:
    client = one.enter()
    assert client.post("/program/approve", data=approval(one, digest_on(client))).status_code == 303
    shown = digest_on(client)
    meddle(project)
    refused = client.post("/program/approve", data=approval(one, shown, by="grace"))

    assert refused.status_code == 412
    assert not (project / "approval.json").exists() or approval_of(project).approved_by == "ada"


@pytest.mark.parametrize("shown", ["", "0" * 64, "x" * 5000, '"', "*"])
def test_a_made_up_digest_approves_nothing(one: Site, project: Path, shown: str) -> None:
    assert one.enter().post("/program/approve", data=approval(one, shown)).status_code == 412
    assert not (project / "approval.json").exists()


def test_a_digest_of_one_recommendation_does_not_approve_another(one: Site, project: Path) -> None:
    client = one.enter()
    other = next(name for name in ("resilient", "cheapest") if name in client.get("/plan").text)

    answer = client.post("/program/approve", data=approval(one, digest_on(client), profile=other))
    assert answer.status_code == 412
    assert not (project / "approval.json").exists()


def test_of_two_people_with_the_same_page_one_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.ship.preview", pretended)
    # Two dashboards, as two people have them; they share nothing but the folder.
    people = {"ada": site(desk(project)), "grace": site(desk(project))}
    shown = {name: digest_on(found.enter()) for name, found in people.items()}
    together, statuses = Barrier(len(people)), dict[str, int]()

    def approve(name: str) -> None:
        form = approval(people[name], shown[name], by=name)
        together.wait(timeout=60)
        statuses[name] = people[name].client.post("/program/approve", data=form).status_code

    threads = [Thread(target=approve, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert shown["ada"] == shown["grace"]
    (winner,) = (name for name, status in statuses.items() if status == 303)
    assert {412, 409} & set(statuses.values())
    assert winner == approval_of(project).approved_by


def test_if_match_is_taken_before_the_form_s_digest(one: Site, project: Path) -> None:
    client = one.enter()
    shown = digest_on(client)
    stale = client.post("/program/approve", data=approval(one, shown), headers={"if-match": f'"{"0" * 64}"'})
    fresh = client.post("/program/approve", data=approval(one, ""), headers={"if-match": f'"{shown}"'})

    assert [412, 303] == [stale.status_code, fresh.status_code]
    assert approval_of(project).approved_by == "ada"


@pytest.mark.parametrize(
    "changed",
    [{"by": ""}, {"by": "a\x07b"}, {"by": "x" * 300}, {"days": "0"}, {"days": "91"}, {"days": "-1"}, {"days": "1e1"},
     {"days": "9" * 40}, {"days": "٣"}, {"profile": "boldest"}, {"note": "a\x00b"}],
)  # fmt: skip
def test_a_form_that_says_nothing_usable_changes_nothing(one: Site, project: Path, changed: dict[str, str]) -> None:
    client = one.enter()

    assert client.post("/program/approve", data=approval(one, digest_on(client), **changed)).status_code == 422
    assert not project.exists()


def test_files_somebody_edited_are_named_and_not_written_over(one: Site, project: Path) -> None:
    client = one.enter()
    assert client.post("/program/approve", data=approval(one, digest_on(client))).status_code == 303
    (project / "CUTOVER.md").write_text("mine\n")
    page = client.get("/program?profile=balanced").text
    refused = client.post("/program/approve", data=approval(one, digest_on(client), by="grace"))

    assert "Somebody edited CUTOVER.md" in page
    assert refused.status_code == 409
    assert (project / "CUTOVER.md").read_text() == "mine\n"


def test_without_a_project_the_program_is_shown_and_nothing_can_be_approved() -> None:
    alone = site(desk(None))
    client = alone.enter()
    page = client.get("/program")

    assert "--project" in page.text
    assert "Approve balanced" not in page.text
    assert client.post("/program/approve", data=approval(alone, digest_on(client))).status_code == 422


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
