"""The dashboard in real Chromium, as a person meets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from generator.approval.on_disk import approval_of
from generator.catalog import read_catalog
from generator.dashboard.book import Book
from generator.dashboard.desk import Desk
from generator.dashboard.planning import Planning, Terms
from generator.load import load
from generator.starter import starter
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
    monkeypatch.delenv("COVEY_JOURNAL", raising=False)
    (tmp_path / "fleet").mkdir()
    with served(desk(tmp_path / "infra", tmp_path / "fleet")) as found:
        yield found


def enter(page: Page, address: str) -> str:
    page.goto(address)
    here = address.partition("/enter")[0]
    page.wait_for_url(f"{here}/")
    return here


def approve(page: Page, by: str) -> None:
    page.get_by_label("Who approves").fill(by)
    page.get_by_role("button", name="Approve balanced").click()


def test_a_newcomer_plans_compares_sees_the_changes_and_approves(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.ship.preview", pretended)
    fleet, project, catalog = tmp_path / "fleet", tmp_path / "infra", read_catalog()
    fleet.mkdir()
    for name, text in starter().items():
        (fleet / name).write_text(text)
    planning = Planning(fleet, Terms(), None)
    unplanned = Desk(
        fleet, load(fleet, catalog), catalog, planning, project, offline=True, book=Book(fleet, None)
    )  # fmt: skip
    try:
        with served(unplanned) as address:
            here = enter(page, address)
            page.get_by_role("link", name="Plan", exact=True).click()
            page.wait_for_url(f"{here}/plan", timeout=5 * PATIENCE_MS)
            expect(page.get_by_role("heading", level=1)).to_contain_text("ways to serve")
            balanced = page.get_by_role("article").filter(has_text="balanced")
            balanced.get_by_role("link", name="See what it changes").click()
            page.locator("summary", has_text="stacks/groups/prod_").first.click()
            expect(page.locator("pre.diff .add").filter(has_text="STACK = ").first).to_be_visible()
            approve(page, "ada")
            expect(page.get_by_text("Approved by ada")).to_be_visible()
    finally:
        planning.stop()

    assert approval_of(project).approved_by == "ada"


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


def test_one_takes_the_plan_the_other_sees_it_and_both_find_what_was_said_in_the_log(page: Page, address: str) -> None:
    here = enter(page, address)
    late = page.context.new_page()
    for one in (page, late):
        one.goto(f"{here}/plan?profile=balanced")
    page.get_by_label("Who takes it").fill("ada")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("ada took this plan to decide")).to_be_visible()
    late.get_by_label("Who takes it").fill("grace")
    with late.expect_response(lambda answer: answer.request.method == "POST") as answered:
        late.get_by_role("button", name="Take it").click()
    page.locator("summary", has_text="Reject balanced").click()
    page.get_by_label("For its").select_option("region")
    page.get_by_label("In words").fill("<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Reject balanced").click()
    expect(page.get_by_text("rejected balanced for its region")).to_be_visible()
    late.goto(f"{here}/log")

    assert answered.value.status == 412
    expect(late.get_by_text("The chain holds")).to_be_visible()
    expect(late.get_by_text("balanced: region. <img src=x onerror=alert(1)>")).to_be_visible()
    assert late.locator("table img").count() == 0


def test_a_group_is_rejected_for_two_of_its_models_by_those_who_choose_them(page: Page, address: str) -> None:
    here = enter(page, address)
    chosen = max(planned()[1].chosen.groups, key=lambda group: len(group.workloads))
    page.goto(f"{here}/groups/{chosen.name}?profile={planned()[1].chosen.profile}")
    page.locator("summary", has_text="Reject").click()
    page.get_by_label("Who rejects").fill("ada")
    page.get_by_label("For its").select_option("grouping")
    page.get_by_label("Only these of its models").select_option(["0", "1"])
    page.get_by_role("button", name=f"Reject {chosen.name}").click()

    expect(page.get_by_text(f"ada rejected {chosen.name}")).to_contain_text("for its grouping, about ")


def test_a_rejection_is_taken_back_by_who_sees_it_and_not_by_who_looked_before(page: Page, address: str) -> None:
    here = enter(page, address)
    late = page.context.new_page()
    page.goto(f"{here}/plan?profile=balanced")
    page.locator("summary", has_text="Reject balanced").click()
    page.get_by_label("Who rejects").fill("ada")
    page.get_by_label("For its").select_option("region")
    page.get_by_role("button", name="Reject balanced").click()
    late.goto(f"{here}/plan?profile=balanced")
    for one, who in ((page, "grace"), (late, "eve")):
        one.get_by_label("Who takes it back").fill(who)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("listitem").filter(has_text="ada rejected balanced")).to_contain_text("grace took it back")
    with late.expect_response(lambda answer: answer.request.method == "POST") as answered:
        late.get_by_role("button", name="Take it back").click()

    assert answered.value.status == 412
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


def test_an_entry_too_large_or_wrong_ends_in_words_and_stays_in_the_form(
    page: Page, address: str, tmp_path: Path
) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "new.yaml").write_text("name: <script>alert(1)</script>\n")
    here = enter(page, address)
    page.goto(f"{here}/join")
    entry = page.get_by_label("The workload's entry, as YAML")
    page.locator("input[type=file]").set_input_files(tmp_path / "new.yaml")
    expect(entry).to_have_value("name: <script>alert(1)</script>\n")
    page.get_by_role("button", name="See where it may go").click()
    expect(page.get_by_role("alert")).to_contain_text("fleet.yaml")
    expect(entry).to_have_value("name: <script>alert(1)</script>\n")
    entry.evaluate("one => { one.removeAttribute('maxlength'); one.value = 'x'.repeat(3_000_000); }")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="See where it may go").click()

    expect(page.get_by_text("The form is larger than")).to_be_visible()
    assert answered.value.status == 413


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
    page.goto(f"{here}/plan?profile=balanced")
    page.get_by_label("Who takes it").fill(next(name for name in NAMES if name.startswith("<")))
    page.get_by_role("button", name="Take it").click()
    for path in ("/", "/plan", f"/groups/{planned()[1].chosen.groups[0].name}", "/graph", "/program", "/join", "/log"):
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
