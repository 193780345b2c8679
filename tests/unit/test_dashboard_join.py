"""Joining on the dashboard's pages: what is shown is what `covey join` finds, what is adopted is what it writes."""

import html
import json
import re
import shutil
from pathlib import Path

import pytest

from generator.catalog import read_catalog
from generator.dashboard.book import Book
from generator.dashboard.desk import Desk
from generator.dashboard.joining import MOST_CHARACTERS
from generator.dashboard.planning import Planning, Terms
from generator.load import load
from generator.present.saved import read_plan
from tests.commands import contents, covey
from tests.dashboards import Site, site

ENTRY = "name: newcomer\nartifact: newcomer/1.tar.gz\nexpected: {like: churn, mean_rps: 0.5}\n"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def place(starter: Path, tmp_path: Path) -> Path:
    """Return a folder with a fleet, its plan and the project that serves it."""
    return Path(shutil.copytree(starter, tmp_path / "place"))


@pytest.fixture(scope="module")
def untouched(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return such a folder that nobody may write to."""
    return Path(shutil.copytree(starter, tmp_path_factory.mktemp("untouched") / "place"))


@pytest.fixture(scope="module")
def open_to_all(untouched: Path) -> Site:
    return served(untouched)


def served(place: Path, project: str | None = "infra", *, read_only: bool = False) -> Site:
    catalog = read_catalog()
    planning = Planning(place / "fleet", Terms(), read_plan(place / "plan.json"))
    book = Book(place / "fleet", None)
    into = None if project is None else place / project
    fleet = place / "fleet"
    found = site(
        Desk(fleet, load(fleet, catalog), catalog, planning, into, offline=True, book=book), read_only=read_only
    )
    found.enter()
    return found


def considered(one: Site, entry: str = ENTRY) -> tuple[int, str]:
    answer = one.client.post("/join", data=one.form(entry=entry))
    return answer.status_code, answer.text


def hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def adopt(one: Site, page: str, **changed: str) -> tuple[int, str]:
    form = {"shown": hidden(page, "shown"), "entry": hidden(page, "entry"), "choice": "1", **changed}
    answer = one.client.post("/join/adopt", data=one.form(**form))
    return answer.status_code, answer.text


def test_the_page_shows_the_ways_that_covey_join_finds_and_writes_nothing(place: Path) -> None:
    (place / "newcomer.yaml").write_text(ENTRY)
    before = contents(place)
    told = json.loads(
        covey("join", place / "fleet", place / "newcomer.yaml", "--project", place / "infra", "--json").stdout
    )
    status, page = considered(served(place))

    assert (200, before) == (status, contents(place))
    assert f"{len(told['choices'])} way" in page
    for choice in told["choices"]:
        assert choice["after"]["name"] in page
    assert told["traffic"] in html.unescape(page)


def test_what_is_adopted_is_what_covey_join_writes(place: Path, tmp_path: Path) -> None:
    twin = Path(shutil.copytree(place, tmp_path / "twin"))
    (twin / "newcomer.yaml").write_text(ENTRY)
    typed = covey("join", twin / "fleet", twin / "newcomer.yaml", "--project", twin / "infra", "--choose", "1")
    one = served(place)
    # As a browser sends what stands in a text area.
    status, page = adopt(one, considered(one)[1], entry=ENTRY.replace("\n", "\r\n"))

    assert (0, 200) == (typed.exit_code, status)
    assert contents(twin / "infra") == contents(place / "infra")
    assert "Add this to fleet.yaml" in page
    assert "name: newcomer" in page
    # The dashboard's plan does not know them: approving it would take them out, and its page says so.
    assert "newcomer joined after this plan was made" in one.client.get("/program").text


def test_a_choice_of_a_page_from_before_somebody_else_joined_is_stale(place: Path) -> None:
    one, other = served(place), served(place)
    pages = [considered(found)[1] for found in (one, other)]
    first = adopt(one, pages[0])[0]
    before = contents(place / "infra")
    second = adopt(other, pages[1])[0]

    # The newcomer is in the project and not in the fleet: what was shown cannot even be looked at again.
    assert (200, 422) == (first, second)
    assert before == contents(place / "infra")


@pytest.fixture(scope="module")
def shown(open_to_all: Site) -> str:
    """Return the page of the newcomer's ways."""
    return considered(open_to_all)[1]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"shown": "0" * 64}, 412),
        ({"shown": ""}, 412),
        ({"choice": "0"}, 422),
        ({"choice": "9"}, 422),
        ({"choice": "-1"}, 422),
        ({"choice": "٣"}, 422),
        ({"entry": ENTRY.replace("0.5", "5")}, 412),
        ({"entry": ""}, 422),
    ],
)
def test_a_choice_that_was_not_shown_writes_nothing(
    untouched: Path, open_to_all: Site, shown: str, changed: dict[str, str], status: int
) -> None:
    before = contents(untouched)

    assert status == adopt(open_to_all, shown, **changed)[0]
    assert before == contents(untouched)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("", "The file is empty"),
        ("name: [", "This is not YAML"),
        ("name: churn\nartifact: a\n", "already"),
        (ENTRY.replace("artifact", "artefact"), "artefact"),
        (ENTRY.replace("like: churn", f"like: '{SCRIPT}'"), "The fleet has no workload"),
        (f"name: '{SCRIPT}'\nartefact: x\n", "workload.yaml"),
        ("name: a\u202eb\nartifact: x\nexpected: {like: churn, mean_rps: 1}\n", "printable"),
        (
            "name: n\nartifact: n/1.tar.gz\nexpected: {file: own.csv}\n",
            "Only the name of the traffic file came with the entry",
        ),
        ("name: n\nartifact: n/1.tar.gz\nexpected: {file: ../../etc/passwd}\n", "workload.yaml:3"),
        ("a: &a [x, x]\n" + "b: &b [*a, *a]\n" + "x: !!python/object:os.system {}\n", "Tags (!) are not read here"),
        ("x" * (MOST_CHARACTERS + 1), "is longer than"),
    ],
)
def test_an_entry_that_cannot_be_used_comes_back_with_what_is_wrong_and_nothing_is_lost(
    untouched: Path, open_to_all: Site, entry: str, said: str
) -> None:
    before = contents(untouched)
    status, page = considered(open_to_all, entry)

    assert (422, before) == (status, contents(untouched))
    assert said in html.unescape(page)
    assert SCRIPT not in page
    assert "\u202e" not in page
    if entry.isascii():
        assert html.escape(entry.strip().split("\n")[0], quote=False)[:40] in page.replace("&#39;", "'")


def test_a_hostile_name_that_may_join_is_text_wherever_it_is_repeated(place: Path) -> None:
    one = served(place)
    status, page = considered(one, ENTRY.replace("newcomer\n", f"'{SCRIPT}'\n", 1))
    adopted = adopt(one, page)

    assert (200, 200) == (status, adopted[0])
    for text in (page, adopted[1], one.client.get("/program").text):
        assert SCRIPT not in text
        assert html.escape(SCRIPT) in text


def test_what_is_missing_is_said_and_a_reader_s_page_asks_for_nothing(place: Path) -> None:
    nowhere, absent = served(place, None), served(place, "not-yet")
    reader = served(place, read_only=True)

    assert "--project DIR" in nowhere.client.get("/join").text
    assert [422, 422] == [considered(found)[0] for found in (nowhere, absent)]
    assert "Approve a program first" in considered(absent)[1]
    assert not (place / "not-yet").exists()
    assert "<textarea" not in reader.client.get("/join").text
    assert 403 == considered(reader)[0]


def test_files_that_somebody_edited_are_in_the_way_of_a_join(place: Path) -> None:
    one = served(place)
    groups = next((place / "infra" / "stacks" / "groups").glob("prod_*.py"))
    groups.write_text(f"{groups.read_text()}# mine\n")
    page = considered(one)[1]

    assert 409 == adopt(one, page)[0]
    assert groups.read_text().endswith("# mine\n")
