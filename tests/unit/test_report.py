import base64
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from generator.model import CorrelationGraph, Plan
from generator.present.document import document
from generator.present.figures import plain
from generator.present.pictures import MOST_NODES, busiest_stretch, picture_of_graph
from generator.present.report import report
from tests.plans import HOSTILE, plan, with_today

VOID = {"meta", "br"}


def page(one: Plan) -> str:
    return report(one, document(one))


class Reader(HTMLParser):
    """Reads a page as strictly as XML: what opens must close, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} says an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


PAGES = {"plain": page(plan()), "hostile": page(plan(HOSTILE)), "today": page(with_today(plan()))}
every_page = pytest.mark.parametrize("text", PAGES.values(), ids=PAGES.keys())


@every_page
def test_the_page_is_well_formed(text: str) -> None:
    assert [] == Reader(text).open


@every_page
def test_nothing_is_fetched_or_run(text: str) -> None:
    read = Reader(text)

    fetching = {"script", "iframe", "object", "embed", "link", "base", "form", "img", "a"}
    assert set() == {tag for tag, _ in read.tags} & fetching
    for tag, attributes in read.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            assert name not in {"src", "srcset", "action", "style", "xlink:href"}, f"{tag} {name}"
            assert name != "href" or (value or "").startswith("#")
            assert "url(" not in (value or "") or re.fullmatch(r"url\(#[a-z0-9-]+\)", value or "")
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text


def test_names_stay_names() -> None:
    hostile, harmless = Reader(PAGES["hostile"]), Reader(PAGES["plain"])

    assert len(hostile.tags) == len(harmless.tags)
    assert {tag for tag, _ in hostile.tags} == {tag for tag, _ in harmless.tags}
    words = " ".join(hostile.words)
    for name in HOSTILE:
        assert plain(name) in words


def test_nothing_that_hides_or_turns_text_reaches_the_page() -> None:
    assert [] == [c for c in PAGES["hostile"] if not c.isprintable() and c not in "\n"]


@every_page
def test_the_policy_allows_its_own_style_and_nothing_else(text: str) -> None:
    (policy,) = (attributes["content"] or "" for _, attributes in Reader(text).tags if "http-equiv" in attributes)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize(
    ("name", "one"), [("plain", plan()), ("hostile", plan(HOSTILE)), ("today", with_today(plan()))]
)
def test_the_same_plan_gives_the_same_page(name: str, one: Plan) -> None:
    assert page(one) == PAGES[name]


@every_page
def test_every_picture_is_well_formed_and_says_what_it_shows(text: str) -> None:
    found = re.findall(r'<svg viewBox="[^"]*" role="img".*?</svg>', text, re.DOTALL)
    pictures = [ET.fromstring(one) for one in found]  # noqa: S314 (our own page)

    assert 5 == len(pictures)
    for picture in pictures:
        named = {element.attrib["id"]: element.text or "" for element in picture if "id" in element.attrib}
        assert all(named[part].strip() for part in picture.attrib["aria-labelledby"].split())


@every_page
def test_no_id_stands_twice_and_every_reference_has_its_target(text: str) -> None:
    tags = Reader(text).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    used = {
        target
        for _, attributes in tags
        for name, value in attributes.items()
        for target in (
            (value or "").split()
            if name == "aria-labelledby"
            else [*re.findall(r"^#(.+)", value or ""), *re.findall(r"url\(#([^)]+)\)", value or "")]
            if name in {"href", "clip-path"}
            else []
        )
    }

    assert len(ids) == len(set(ids))
    assert used <= set(ids)


def test_the_page_says_that_the_score_is_of_a_window_not_planned_on() -> None:
    assert "on a window it was not planned on" in PAGES["plain"]


def test_what_has_no_price_is_said_not_to_be_free() -> None:
    assert "no price" in PAGES["plain"]
    assert "they are not free" in PAGES["plain"]


def test_what_runs_today_stands_beside_where_it_is_known() -> None:
    words = {name: " ".join(Reader(text).words) for name, text in PAGES.items()}

    assert "Against today" in words["today"]
    assert "Rules broken" in words["today"]
    assert "Against today" not in words["plain"]


def test_a_large_fleet_is_drawn_in_part_and_the_page_says_so() -> None:
    names = tuple(f"model-{i:03}" for i in range(MOST_NODES + 20))
    graph, drawn = picture_of_graph(
        _path(names),
        replace(plan().communities, members=(tuple(range(len(names))),)),
        {name: float(i) for i, name in enumerate(names)},
        dict.fromkeys(names, "#000000"),
    )

    assert drawn == MOST_NODES
    assert f"{MOST_NODES} workloads" in graph


def test_the_busiest_stretch_holds_the_most_requests() -> None:
    traffic = plan().inputs.scored
    rate = np.ones((6, 96 * 20))
    rate[:, 96 * 9 : 96 * 16] = 5.0

    assert busiest_stretch(replace(traffic, rate_rps=rate)) == slice(96 * 9, 96 * 16)
    assert busiest_stretch(traffic) == slice(0, 96)


def _path(names: tuple[str, ...]) -> CorrelationGraph:
    """Join each workload to the next."""
    first, half = np.arange(len(names) - 1), np.full(len(names) - 1, 0.5)
    return replace(
        plan().correlation, names=names, first=first, second=first + 1, correlation=half, affinity=half, weight=half
    )
