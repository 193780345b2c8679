"""The clients against a server that speaks Gemini's protocol, and what stands between them and a plan."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from generator.dialogue import Brief, OfflineProposer, Option, Prompt, Question, prompt
from generator.errors import InputError
from generator.llm import CLIENTS, Budget, connect
from generator.llm.client import Completion
from generator.llm.prompted import Prompted
from generator.llm.record import Record
from generator.model import Usage
from tests.gemini_server import Fault, Gemini, gemini_server

KEY = "AIza-not-a-real-key"
BRIEF = Brief("serve", (Question("g000", {"models": 2.0}, (Option("o0", {}), Option("o1", {}))),))
GOOD = '{"choices": {"g000": "o1"}}'


@pytest.fixture(scope="module")
def server() -> Iterator[Gemini]:
    with gemini_server(lambda _instruction, _prompt, _schema: GOOD) as running:
        yield running


@pytest.fixture
def gemini(server: Gemini) -> Gemini:
    server.faults.clear()
    server.bodies.clear()
    server.keys.clear()
    server.paths.clear()
    return server


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.llm.prompted.PAUSE_S", 0.0)


def seat(client: str, gemini: Gemini, folder: Path, budget: Budget | None = None) -> Prompted:
    model, hindrance = connect(client, key=KEY, endpoint=gemini.url, record=folder, budget=budget)
    assert hindrance is None
    assert isinstance(model, Prompted)
    return model


# The wire ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_speaks_the_protocol(client: str, gemini: Gemini, tmp_path: Path) -> None:
    answer = seat(f"{client}:gemini-2.5-pro", gemini, tmp_path).answer(BRIEF)
    sent, asked = json.loads(gemini.bodies[0]), prompt(BRIEF)

    assert answer.failure is None
    assert {"g000": "o1"} == answer.choices
    assert answer.usage == Usage(calls=1, input_tokens=120, output_tokens=30)
    assert gemini.paths[0].startswith("/v1beta/models/gemini-2.5-pro:generateContent")
    assert gemini.keys == [KEY]
    assert sent["contents"][0]["parts"][0]["text"] == asked.payload
    assert sent["systemInstruction"]["parts"][0]["text"] == asked.instruction
    assert 0 == sent["generationConfig"]["temperature"]
    assert "application/json" == sent["generationConfig"]["responseMimeType"]


@pytest.mark.parametrize("client", CLIENTS)
def test_the_closed_choices_reach_the_service(client: str, gemini: Gemini, tmp_path: Path) -> None:
    seat(client, gemini, tmp_path).answer(BRIEF)
    schema: dict[str, Any] = json.loads(gemini.bodies[0])["generationConfig"]["responseSchema"]

    assert ["o0", "o1"] == schema["properties"]["choices"]["properties"]["g000"]["enum"]
    assert ["choices"] == schema["required"]


PASSING: tuple[Fault, ...] = ("too many requests", "server error", "cut off")
FAULTS: dict[Fault, tuple[str, int]] = {
    "wrong key": ("refused the request or the key", 1),
    "too many requests": ("quota is exhausted", 3),
    "server error": ("service failed", 3),
    "cut off": ("connection failed or broke off", 3),
    "garbage": ("not its protocol", 1),
    "safety block": ("as unsafe", 1),
    "answer blocked": ("as unsafe", 1),
    "empty": ("is empty", 1),
    "too long": ("cut off at the most tokens", 1),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_lasts_is_an_answer_that_says_so(
    client: str, fault: Fault, gemini: Gemini, tmp_path: Path
) -> None:
    reason, calls = FAULTS[fault]
    for _ in range(5):
        gemini.faults.append(fault)
    answer = seat(client, gemini, tmp_path).answer(BRIEF)

    assert {} == answer.choices
    assert answer.failure is not None
    assert reason in answer.failure
    assert KEY not in answer.failure
    assert calls == len(gemini.bodies) == answer.usage.calls
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_waited_out(client: str, fault: Fault, gemini: Gemini, tmp_path: Path) -> None:
    gemini.faults.append(fault)

    assert {"g000": "o1"} == seat(client, gemini, tmp_path).answer(BRIEF).choices
    assert 2 == len(gemini.bodies)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_slow_service_is_left_when_the_seconds_are_used_up(client: str, gemini: Gemini, tmp_path: Path) -> None:
    gemini.slow_s = 2.0
    gemini.faults.append("slow")
    answer = seat(client, gemini, tmp_path, Budget(seconds=0.2)).answer(BRIEF)

    assert answer.failure is not None
    assert "no answer came within" in answer.failure
    assert 1 == len(gemini.bodies)


# Budget, record, configuration ---------------------------------------------------------------------------------------


class Scripted:
    """A client in the process itself."""

    name = "scripted"

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)
        self.asked = 0

    def complete(self, prompt: Prompt, timeout_s: float) -> Completion:
        del prompt, timeout_s
        self.asked += 1
        return Completion(self.texts.pop(0), 1_000, 10)


def brief(number: int) -> Brief:
    return Brief("serve", (Question("g000", {"models": float(number)}, (Option("o0", {}), Option("o1", {}))),))


@pytest.mark.parametrize(
    ("budget", "reason"),
    [(Budget(calls=2), "2 calls"), (Budget(tokens=2_100), "2,100 tokens"), (Budget(seconds=20.0), "20 seconds")],
)
def test_a_used_up_budget_is_an_answer_that_says_so(budget: Budget, reason: str, tmp_path: Path) -> None:
    client = Scripted([GOOD] * 9)
    ticks = iter(range(0, 1000, 10))
    seated = Prompted("m", client, budget, Record(tmp_path), clock=lambda: float(next(ticks)))
    answers = [seated.answer(brief(n)) for n in range(4)]

    assert [None, None] == [answer.failure for answer in answers[:2]]
    assert all(answer.failure == f"the budget of {reason} is used up" for answer in answers[2:])
    assert 2 == client.asked


def test_an_answer_is_asked_for_once_and_then_found(tmp_path: Path) -> None:
    client = Scripted([GOOD])
    first = Prompted("m", client, Budget(), Record(tmp_path)).answer(BRIEF)
    again = Prompted("m", client, Budget(), Record(tmp_path)).answer(BRIEF)
    replayed = Prompted("m", None, Budget(), Record(tmp_path)).answer(BRIEF)

    assert first.choices == again.choices == replayed.choices
    assert again.usage == replayed.usage == Usage(cached=1)
    assert 1 == client.asked


def test_a_replay_of_what_is_not_on_record_says_so(tmp_path: Path) -> None:
    Prompted("m", Scripted([GOOD]), Budget(), Record(tmp_path)).answer(BRIEF)

    assert "this prompt is not on record" == Prompted("m", None, Budget(), Record(tmp_path)).answer(brief(7)).failure
    assert "this prompt is not on record" == Prompted("other", None, Budget(), Record(tmp_path)).answer(BRIEF).failure


@pytest.mark.parametrize("content", ["", "{", '{"text": 3}', '{"text": "x", "input_tokens": -1, "output_tokens": 0}'])
def test_a_damaged_record_is_asked_for_anew(content: str, tmp_path: Path) -> None:
    client = Scripted([GOOD, GOOD])
    Prompted("m", client, Budget(), Record(tmp_path)).answer(BRIEF)
    next(tmp_path.iterdir()).write_text(content)

    assert {"g000": "o1"} == Prompted("m", client, Budget(), Record(tmp_path)).answer(BRIEF).choices
    assert 2 == client.asked


def test_a_reply_that_breaks_the_schema_is_not_kept(tmp_path: Path) -> None:
    answer = Prompted("m", Scripted(['{"choices": {"g000": "o9"}}']), Budget(), Record(tmp_path)).answer(BRIEF)

    assert "the reply chooses 1 options that were not offered" == answer.failure
    assert [] == list(tmp_path.iterdir())


def test_a_record_that_cannot_be_written_costs_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert Prompted("m", Scripted([GOOD]), Budget(), Record(tmp_path / "file")).answer(BRIEF).failure is None


def test_a_record_holds_no_prompt(tmp_path: Path) -> None:
    noted = Brief("serve", BRIEF.questions, notes="Black Friday sale in EU")
    Prompted("m", Scripted([GOOD]), Budget(), Record(tmp_path)).answer(noted)
    (file,) = tmp_path.iterdir()

    assert "Friday" not in file.read_text()


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_the_offline_proposer_sits_there_and_it_is_said(key: str | None, tmp_path: Path) -> None:
    model, hindrance = connect("gemini", key=key, record=tmp_path)

    assert isinstance(model, OfflineProposer)
    assert "GEMINI_API_KEY is not set; export it to ask the language model" == hindrance


def test_an_unknown_client_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        connect("chatty:model", key=KEY, record=tmp_path)

    assert "Choose gemini or google-genai." == raised.value.remedy
