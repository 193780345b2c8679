"""The dashboard in real Chromium, as a person meets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from generator.approval.on_disk import approval_of
from tests.dashboards import NAMES, browser, desk, large, planned, pretended, served

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000
COLOURS_DRAWN = """
one => {
  const drawn = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
  return new Set(new Uint32Array(drawn.buffer)).size;
}
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("generator.ship.preview", pretended)
    with served(desk(tmp_path / "infra")) as found:
        yield found


def enter(page: Page, address: str) -> str:
    page.goto(address)
    here = address.partition("/enter")[0]
    page.wait_for_url(f"{here}/")
    return here


def approve(page: Page, by: str) -> None:
    page.get_by_label("Who approves").fill(by)
    page.get_by_role("button", name="Approve balanced").click()


def test_a_newcomer_opens_compares_sees_the_changes_and_approves(page: Page, address: str, tmp_path: Path) -> None:
    enter(page, address)
    page.get_by_role("link", name="Plan", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"ways to serve {len(NAMES)} models")
    page.get_by_role("article").filter(has_text="balanced").get_by_role("link", name="See what it changes").click()
    page.locator("summary", has_text="stacks/groups/prod_").first.click()
    expect(page.locator("pre.diff .add").filter(has_text="STACK = ").first).to_be_visible()
    approve(page, "ada")
    expect(page.get_by_text("Approved by ada")).to_be_visible()

    assert approval_of(tmp_path / "infra").approved_by == "ada"


def test_a_stale_approval_is_refused(page: Page, address: str, tmp_path: Path) -> None:
    here = enter(page, address)
    late = page.context.new_page()
    for one in (page, late):
        one.goto(f"{here}/program?profile=balanced")
    approve(page, "ada")
    expect(page.get_by_text("Approved by ada")).to_be_visible()
    with late.expect_response(lambda answer: answer.request.method == "POST") as answered:
        approve(late, "grace")

    assert answered.value.status == 412
    expect(late.get_by_role("heading", level=1)).to_contain_text("changed since you looked")
    assert approval_of(tmp_path / "infra").approved_by == "ada"


def test_hostile_names_run_nothing_on_any_page(page: Page, address: str) -> None:
    happened: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("pageerror", lambda error: happened.append(str(error)))
    page.on("console", lambda message: happened.append(message.text) if message.type == "error" else None)
    here = enter(page, address)
    page.on("request", lambda asked: None if asked.url.startswith(here) else happened.append(asked.url))
    for path in ("/", "/plan", f"/groups/{planned()[1].chosen.groups[0].name}", "/graph", "/program"):
        page.goto(here + path)
        page.wait_for_load_state("networkidle")
        for found in page.locator("details").all():
            found.evaluate("one => { one.open = true; }")
    page.goto(f"{here}/")

    expect(page.get_by_text("<script>alert(1)</script>")).to_be_visible()
    assert happened == []


def test_a_browser_that_was_not_let_in_sees_nothing(chromium: Browser, page: Page, address: str) -> None:
    here = enter(page, address)
    stranger = chromium.new_context().new_page()
    answer = stranger.goto(f"{here}/plan")
    spent = stranger.goto(address)

    assert answer is not None
    assert spent is not None
    assert [401, 403] == [answer.status, spent.status]
    stranger.context.close()


def test_the_graph_draws_two_thousand_workloads_and_answers_wheel_keys_and_pointer(page: Page) -> None:
    with served(large(2000)) as address:
        here = enter(page, address)
        page.goto(f"{here}/graph")
        canvas, graph = page.locator("canvas"), page.locator("[data-graph]")
        expect(graph).to_have_attribute("data-frames", "1")
        coloured = canvas.evaluate(COLOURS_DRAWN)
        canvas.hover()
        page.mouse.wheel(0, -600)
        expect(graph).not_to_have_attribute("data-frames", "1")
        canvas.press("0")
        page.get_by_label("Find a model").fill("model-0007")
        page.get_by_role("button", name="by community").click()
        expect(page.locator("[data-legend] li")).to_have_count(13)

    assert coloured > 50
