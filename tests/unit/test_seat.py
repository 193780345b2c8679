"""The language model on the command line, against a loopback server that speaks Gemini's protocol."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commands import covey, published
from tests.gemini_server import Fault, Gemini, gemini_server

KEY = "AIza-planted-and-not-real"


def chooser(_instruction: str, payload: str, _schema: object) -> str:
    """Leave everything as the solver has it, with reasons half of which hold."""
    asked = json.loads(payload)
    choices = {question["id"]: question["options"][0]["id"] for question in asked["questions"]}
    if asked["task"] != "prefer":
        return json.dumps({"choices": choices})
    ids = [option["id"] for question in asked["questions"] for option in question["options"]]
    return json.dumps({"choices": choices, "reasons": dict.fromkeys(ids, "It is calm. It saves 101% of the bill.")})


@pytest.fixture(scope="module")
def server() -> Iterator[Gemini]:
    with gemini_server(chooser) as running:
        yield running


@pytest.fixture
def gemini(server: Gemini, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gemini:
    server.faults.clear()
    server.bodies.clear()
    server.keys.clear()
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setenv("COVEY_GEMINI_ENDPOINT", server.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("generator.llm.prompted.PAUSE_S", 0.0)
    return server


@pytest.fixture
def fleet(starter: Path) -> Path:
    return starter / "fleet"


@pytest.fixture
def alone(starter: Path) -> dict[str, Any]:
    """The plan without a language model."""
    return json.loads((starter / "plan.json").read_text())


def test_a_key_is_all_that_gemini_needs(gemini: Gemini, fleet: Path) -> None:
    result = covey("plan", fleet, "--llm", "gemini", "--json")
    ledger = json.loads(result.stdout)["ledger"]

    assert 0 == result.exit_code
    assert "model" == ledger["source"]
    assert "gemini-2.5-flash through gemini" == ledger["seat"]
    assert {"tied"} == {entry["outcome"] for entry in ledger["entries"]}
    assert "cheapest" == ledger["advice"]["preferred"]
    assert {"It is calm."} == set(ledger["advice"]["explanations"].values())
    assert set(gemini.keys) == {KEY}


def test_the_payload_shown_is_what_leaves(gemini: Gemini, fleet: Path) -> None:
    shown = covey("llm", "payload", fleet)
    assert [] == gemini.bodies
    covey("plan", fleet, "--llm", "google-genai", "--json")
    prompts = [json.loads(line) for line in shown.stdout.splitlines()]

    assert "Nothing was sent" in shown.stderr
    assert prompts
    # Equal prompts are sent once. This service answers as the offline proposer does, so later prompts are equal too.
    assert list(dict.fromkeys(prompt["payload"] for prompt in prompts)) == gemini.prompts()


@pytest.mark.parametrize(
    "fault", ["wrong key", "too many requests", "server error", "cut off", "garbage", "safety block", "too long"]
)
def test_with_a_service_that_fails_the_plan_is_the_solver_s_and_says_why(
    fault: Fault, gemini: Gemini, fleet: Path, alone: dict[str, Any]
) -> None:
    for _ in range(50):
        gemini.faults.append(fault)
    result = covey("plan", fleet, "--llm", "gemini", "--json")
    found = json.loads(result.stdout)

    assert 0 == result.exit_code
    assert "Traceback" not in result.stderr
    assert [r["groups"] for r in alone["recommendations"]] == [r["groups"] for r in found["recommendations"]]
    assert {"none"} == {entry["outcome"] for entry in found["ledger"]["entries"]}
    assert all(entry["reason"] for entry in found["ledger"]["entries"])
    assert found["ledger"]["advice"]["failure"]
    assert all(found["ledger"]["advice"]["explanations"].values())


def test_a_plan_replays_from_the_record_without_key_or_service(
    gemini: Gemini, fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--llm", "gemini", "--llm-record", tmp_path / "record", "--json")
    first = covey("plan", fleet, *options)
    asked = len(gemini.bodies)
    monkeypatch.delenv("GEMINI_API_KEY")
    again = covey("plan", fleet, *options, "--llm-replay")

    assert asked == len(gemini.bodies) > 0
    assert json.loads(first.stdout)["recommendations"] == json.loads(again.stdout)["recommendations"]
    assert all(entry["usage"]["calls"] == 0 for entry in json.loads(again.stdout)["ledger"]["entries"])


def test_without_a_key_the_plan_comes_all_the_same(
    gemini: Gemini, fleet: Path, alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    result = covey("plan", fleet, "--llm", "gemini", "--json")

    assert json.loads(result.stdout) == alone
    assert "GEMINI_API_KEY is not set" in result.stderr
    assert [] == gemini.bodies


def test_the_key_is_in_no_file_and_no_output(gemini: Gemini, fleet: Path, tmp_path: Path) -> None:
    for fault in ("wrong key", None):
        gemini.faults.append(fault)
    files = ("--save", tmp_path / "plan.json", "--report", tmp_path / "plan.html", "--llm-record", tmp_path / "record")
    result = covey("--debug", "plan", fleet, "--llm", "gemini", *files)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert len(written) >= 3
    assert not any(KEY in path.read_text() for path in written)
    assert KEY not in result.output


def test_notes_leave_only_where_they_are_given(gemini: Gemini, fleet: Path) -> None:
    covey("plan", fleet, "--llm", "gemini", "--json", "--llm-notes", "Black Friday sale in EU")

    assert all("Black Friday" in prompt for prompt in gemini.prompts())


@pytest.mark.parametrize(
    "arguments",
    [("--llm", "chatty"), ("--llm-notes", "a sale"), ("--llm-replay",), ("--llm-record", "somewhere")],
)
def test_options_that_cannot_be_meant_are_refused(arguments: tuple[str, ...], fleet: Path) -> None:
    result = covey("plan", fleet, "--json", *arguments)

    assert 2 == result.exit_code
    assert "" == result.stdout


def test_the_report_sums_up_saved_plans_by_seat(gemini: Gemini, fleet: Path, tmp_path: Path) -> None:
    del gemini
    covey("plan", fleet, "--llm", "gemini", "--save", tmp_path / "asked.json")
    covey("plan", fleet, "--no-llm", "--save", tmp_path / "alone.json")
    result = covey("llm", "report", tmp_path / "asked.json", tmp_path / "alone.json", "--json")
    found = json.loads(result.stdout)
    jsonschema.validate(found, published("ledger"))
    seats = {seat["source"]: seat for seat in found["seats"]}

    assert {"model", "offline"} == set(seats)
    assert 1 == seats["model"]["plans"]
    assert 3 == sum(seats["model"]["proposals"].values())
    assert seats["model"]["input_tokens"] == 120 * seats["model"]["calls"] > 0
    assert 0 == seats["offline"]["calls"]


def test_a_report_without_a_model_says_that_none_was_measured(fleet: Path, tmp_path: Path) -> None:
    covey("plan", fleet, "--no-llm", "--save", tmp_path / "alone.json")
    result = covey("llm", "report", tmp_path / "alone.json")

    assert "not measured" in result.stdout
