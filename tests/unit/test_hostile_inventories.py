"""Whatever an inventory's names and labels say: nothing of it leaves, and the plan is that of the clean twin."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest

from generator.dialogue import Brief, prompt
from generator.llm import Budget, connect
from generator.load import load
from generator.naming import distinct_slugs
from generator.pipeline import plan
from generator.present.document import document
from generator.provenance import canonical
from tests.gemini_server import Gemini, gemini_server
from tests.hostile_texts import HOSTILE_TEXTS
from tests.inventories import changed, small_catalog, wide_csv, write_fleet

# Three texts to a fleet, one to a workload: a plan for each text alone takes three times as long.
CLEAN = ("an ordinary label", "another label", "a third")
SECRET = "hunter2-correct-horse"  # noqa: S105 (planted)
# Of a name, 40 characters are its slug's; what tells workloads apart comes first.
SERIES = {"m0": [4.0, 9.0, 3.0, 1.0] * 18, "m1": [1.0, 2.0, 8.0, 3.0] * 18, "m2": [0.1, 0.0, 0.2, 0.1] * 18}


def fleet_of(texts: Sequence[str], folder: Path, cost_centre: str = "a cost centre") -> Path:
    """Write a fleet in which texts stand wherever people may write freely."""
    folder.mkdir()
    entries = [
        {
            "name": f"{key} {text}",
            "series": key,
            "artifact": f"{key}/1.tar.gz",
            "version": text,
            "cohort": text,
            "tenant": text,
            "tags": {"note": text, "password": SECRET},
        }
        for key, text in zip(SERIES, texts, strict=True)
    ]
    document = changed((["workloads"], entries), (["cost_centre"], cost_centre), (["defaults", "availability"], 0.99))
    write_fleet(folder, document, wide_csv(SERIES))
    return folder


def chooser(_instruction: str, payload: str, _schema: object) -> str:
    """Choose the last option of every question, and talk."""
    asked = json.loads(payload)
    choices = {question["id"]: question["options"][-1]["id"] for question in asked["questions"]}
    if asked["task"] != "prefer":
        return json.dumps({"choices": choices})
    ids = [option["id"] for question in asked["questions"] for option in question["options"]]
    return json.dumps({"choices": choices, "reasons": dict.fromkeys(ids, "It is calm. It costs 1,000,000 USD.")})


@pytest.fixture(scope="module")
def gemini() -> Iterator[Gemini]:
    with gemini_server(chooser) as running:
        yield running


def planned(texts: Sequence[str], folder: Path, gemini: Gemini) -> tuple[str, list[str]]:
    """Plan a fleet with a model in the seat; its plan with the fleet's own names replaced, and what left."""
    gemini.bodies.clear()
    model, _ = connect("gemini", key=SECRET, endpoint=gemini.url, record=folder / "record", budget=Budget())
    catalog = small_catalog()
    found = plan(load(fleet_of(texts, folder / "fleet"), catalog), catalog, model=model)
    assert "model" == found.ledger.source
    names = [workload.name for workload in found.inputs.fleet.workloads]
    slugs = distinct_slugs(names, 40)
    published = document(found).text()
    for key, name in zip(SERIES, names, strict=True):
        for spelled in (json.dumps(name)[1:-1], slugs[name]):
            published = published.replace(spelled, key)
    return published, [body.decode() for body in gemini.bodies]


def test_the_corpus_is_large_and_has_nothing_twice() -> None:
    assert len(HOSTILE_TEXTS) >= 60
    assert len(set(HOSTILE_TEXTS)) == len(HOSTILE_TEXTS)


@pytest.fixture(scope="module")
def clean(gemini: Gemini, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    return planned(CLEAN, tmp_path_factory.mktemp("clean"), gemini)


@pytest.mark.parametrize("texts", [HOSTILE_TEXTS[at : at + 3] for at in range(0, len(HOSTILE_TEXTS), 3)])
def test_a_hostile_inventory_gets_the_plan_of_its_clean_twin(
    texts: tuple[str, ...], clean: tuple[str, list[str]], gemini: Gemini, tmp_path: Path
) -> None:
    accepted, left = planned((*texts, *CLEAN)[: len(SERIES)], tmp_path, gemini)

    assert clean[0] == accepted
    assert clean[1] == left


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_cost_centre_is_a_word_that_nothing_is_planned_by(text: str, tmp_path: Path) -> None:
    catalog = small_catalog()
    found = load(fleet_of(CLEAN, tmp_path / "fleet", text), catalog)
    clean = load(fleet_of(CLEAN, tmp_path / "clean"), catalog)

    alike = replace(found, fleet=replace(found.fleet, cost_centre=clean.fleet.cost_centre))
    assert normalize("NFC", text) == found.fleet.cost_centre
    assert canonical(clean) == canonical(alike)


def test_nothing_of_an_inventory_leaves_and_no_secret_is_kept(gemini: Gemini, tmp_path: Path) -> None:
    text = "a name that is in no instruction of ours"
    published, left = planned((text,) * len(SERIES), tmp_path, gemini)

    assert left
    assert not any(text in body or SECRET in body or "password" in body for body in left)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and "fleet" not in path.parts]
    assert kept
    assert not any(SECRET in path.read_text() for path in kept)
    assert SECRET not in published


def test_a_model_cannot_put_words_or_figures_of_its_own_into_a_plan(clean: tuple[str, list[str]]) -> None:
    assert "It is calm." in clean[0]
    assert "1,000,000" not in clean[0]


def test_notes_are_the_only_words_that_leave() -> None:
    brief = Brief("serve", (), notes="Black Friday sale in EU")

    assert "Black Friday" in prompt(brief).payload
    assert "Black Friday" not in prompt(brief).instruction
