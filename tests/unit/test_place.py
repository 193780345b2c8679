"""The question where a workload goes: closed, without names, and answered by whoever sits there."""

from collections.abc import Mapping

import numpy as np

from generator.dialogue import Answer, Brief, OfflineProposer, prompt, unanswered
from generator.model import (
    CostInterval,
    Group,
    GroupVerdict,
    Judged,
    Layout,
    Membership,
    MembershipKind,
    MembershipOption,
    Source,
    Verdict,
    Violation,
)
from generator.place import place

NAME = "project-nightingale"
NOTHING = np.zeros(1)


class Scripted:
    """Answers with what it was given, and keeps what it was asked."""

    name: str = "scripted"
    source: Source = "model"

    def __init__(self, answer: Answer) -> None:
        self.scripted = answer
        self.briefs: list[Brief] = []

    def answer(self, brief: Brief) -> Answer:
        self.briefs.append(brief)
        return self.scripted


def judged(usd_per_h: float, risk: int) -> Judged:
    group = Group(NAME, (NAME,), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib", 1, 2, 0.5, 2, 10.0)
    cost = CostInterval(usd_per_h / 2, usd_per_h, usd_per_h * 2)
    seen = GroupVerdict(NAME, cost, 0.999, risk, (NAME,), NOTHING, NOTHING)
    return Judged(
        Layout((group,), "solver", NAME),
        Verdict(cost, (), 0.999, {NAME: 0.999}, risk, 0.2, (), (seen,)),
    )


def membership(ways: Mapping[MembershipKind, tuple[float, int, int]]) -> Membership:
    """Return ways of these costs, risks and numbers of rules broken anew."""
    options: list[MembershipOption] = []
    for kind, (usd_per_h, risk, broken) in ways.items():
        one = judged(usd_per_h, risk)
        violations = tuple(Violation("SLO001", NAME, NAME) for _ in range(broken))
        group = one.layout.groups[0]
        options.append(MembershipOption(kind, group, group, one, one.verdict.groups[0], violations))
    return Membership(NAME, judged(1.0, 1), tuple(options), (), CostInterval(0.1, 0.2, 0.3))


def test_the_question_offers_every_way_and_names_nobody() -> None:
    model = Scripted(Answer({"w0": "o1"}))

    advice = place(membership({"as-is": (1.2, 2, 0), "resized": (1.1, 3, 0), "new": (1.5, 1, 0)}), model)

    asked = prompt(model.briefs[0])
    assert ["o0", "o1", "o2"] == asked.schema["properties"]["choices"]["properties"]["w0"]["enum"]
    assert NAME not in asked.text()
    assert ("scripted", "resized", None) == (advice.seat, advice.kind, advice.failure)


def test_silence_advises_nothing_and_says_why() -> None:
    advice = place(membership({"as-is": (1.2, 2, 0)}), Scripted(unanswered("the model was overloaded")))

    assert (None, "the model was overloaded") == (advice.kind, advice.failure)


def test_the_offline_rule_takes_the_cheapest_that_breaks_no_rule() -> None:
    ways: dict[MembershipKind, tuple[float, int, int]] = {
        "as-is": (1.0, 1, 1),
        "resized": (1.2, 3, 0),
        "new": (1.5, 1, 0),
    }

    assert "resized" == place(membership(ways), OfflineProposer()).kind
    assert "new" == place(membership(ways), OfflineProposer(), goals=("resilience", "cost")).kind
