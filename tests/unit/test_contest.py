"""Solver against model before the one judge: what is taken, what is not, and what the ledger says of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

import pytest

from generator.capacity.machines import machines
from generator.contest import contest
from generator.correlate import correlate
from generator.dialogue import Answer, Brief, Example, Question, unanswered
from generator.model import Communities, LedgerEntry, Plan, RejectionReason, Source, Usage
from generator.pipeline import plan
from generator.propose import group_figures, propose, served_words
from generator.solve import Problem, Solution, solve
from generator.solve.problem import WEIGHTINGS
from tests.fleets import catalog, days, fleet, inputs, problem, traffic, workload

SPENT = Usage(calls=1, input_tokens=100, output_tokens=10)


class Scripted:
    """Answers every question by a rule, and keeps what it was asked."""

    name: str = "scripted model"
    source: Source = "model"

    def __init__(self, choose: Callable[[Question], str], failing: str | None = None) -> None:
        self.choose, self.failing = choose, failing
        self.briefs: list[Brief] = []

    def answer(self, brief: Brief) -> Answer:
        self.briefs.append(brief)
        if brief.task == self.failing:
            return unanswered("it failed", SPENT)
        return Answer({question.id: self.choose(question) for question in brief.questions}, {}, SPENT)


def stays(question: Question) -> str:
    return question.options[0].id


def dearest(question: Question) -> str:
    return max(question.options, key=lambda o: o.figures.get("usd_per_h", 0.0)).id


def cheapest(question: Question) -> str:
    return min(question.options, key=lambda o: (o.figures.get("usd_per_h", 0.0), o.id)).id


def mover(question: Question) -> str:
    return question.options[-1].id if question.id.startswith("m") else question.options[0].id


@cache
def solved() -> tuple[Problem, Solution]:
    one = fleet([workload(f"w{i}") for i in range(6)])
    found = problem(one, traffic(one, days(6, 96, seed=14)))
    return found, solve(found, seed=0)


def worst_of(found: Problem, solution: Solution) -> Solution:
    """Put every group on the dearest of its options, so that there is something to win."""
    spoiled = propose(solution.groups, found, Scripted(dearest)).groups
    assert spoiled is not None
    assert spoiled != solution.groups
    return replace(solution, groups=spoiled)


def entered(model: Scripted, solution: Solution | None = None) -> LedgerEntry:
    found, best = solved()
    _, entry = contest("cheapest", solution or best, found, found.machines, found.traffic, model)
    return entry


# What is taken -------------------------------------------------------------------------------------------------------


def test_a_better_proposal_is_taken_and_entered_as_won() -> None:
    found, best = solved()
    spoiled = worst_of(found, best)
    layout, entry = contest("cheapest", spoiled, found, found.machines, found.traffic, Scripted(cheapest))

    assert entry.outcome == "won"
    assert layout.source == "model"
    assert "scripted model" in layout.method
    assert entry.proposed_usd_per_h is not None
    assert entry.proposed_usd_per_h < entry.solver_usd_per_h
    assert entry.regret == pytest.approx(entry.proposed_usd_per_h / entry.solver_usd_per_h - 1)
    assert sorted(name for group in layout.groups for name in group.workloads) == [f"w{i}" for i in range(6)]


def test_a_dearer_proposal_loses_and_its_regret_is_what_it_would_have_added() -> None:
    found, best = solved()
    layout, entry = contest("cheapest", best, found, found.machines, found.traffic, Scripted(dearest))

    assert entry.outcome == "lost"
    assert layout.source == "solver"
    assert entry.regret is not None
    assert entry.regret > 0
    assert f"{entry.regret:.2%} more" in entry.reason


def test_the_solver_s_own_layout_is_a_tie() -> None:
    entry = entered(Scripted(stays))

    assert (entry.outcome, entry.regret) == ("tied", 0.0)
    assert entry.proposed_usd_per_h == entry.solver_usd_per_h


@pytest.mark.parametrize("failing", ["serve", "move"])
def test_a_model_that_fails_at_any_call_leaves_the_solver_s_layout_whole(failing: str) -> None:
    found, dealt = torn()
    layout, entry = contest("cheapest", dealt, found, found.machines, found.traffic, Scripted(dearest, failing))

    assert layout.source == "solver"
    assert (entry.outcome, entry.proposed_usd_per_h, entry.regret) == ("none", None, None)
    assert entry.reason == "it failed"


def test_usage_is_that_of_every_call() -> None:
    model = Scripted(stays)
    entry = entered(model)

    assert entry.usage == Usage(len(model.briefs), 0, 100 * len(model.briefs), 10 * len(model.briefs))


# Moves ---------------------------------------------------------------------------------------------------------------


def torn() -> tuple[Problem, Solution]:
    """Two communities, dealt out over two groups the wrong way."""
    found, _ = solved()
    graph = correlate(found.machines.fleet, found.traffic)
    communities = Communities(((0, 1, 2), (3, 4, 5)), 0.4, 1.0)
    found = Problem(found.machines, found.traffic, graph, communities, WEIGHTINGS["cheapest"], 1.0)
    dealt = [(0, 1, 5), (2, 3, 4)]
    sized = tuple((members, sizing) for members in dealt if (sizing := found.size(members)) is not None)
    assert len(sized) == 2
    return found, Solution(sized, 0.0, None, "dealt")


def test_workloads_away_from_their_community_are_asked_about() -> None:
    found, dealt = torn()
    model = Scripted(mover)
    proposal = propose(dealt.groups, found, model)
    moves = next(brief for brief in model.briefs if brief.task == "move")

    assert [question.id for question in moves.questions] == ["m000", "m001"]
    assert all(question.options[0].figures["usd_per_h_change"] == 0.0 for question in moves.questions)
    assert proposal.groups is not None
    assert {i for members, _ in proposal.groups for i in members} == set(range(6))


def test_to_stay_is_always_possible() -> None:
    found, dealt = torn()
    proposal = propose(dealt.groups, found, Scripted(stays))

    assert proposal.groups == dealt.groups


# What it is told -----------------------------------------------------------------------------------------------------


def test_past_decisions_reach_the_brief() -> None:
    found, best = solved()
    example = Example({"models": 2.0}, {"region": "eu-west-1"}, "approved")
    model = Scripted(stays)
    propose(best.groups, found, model, goals=("cost",), memory=[example], notes="a sale")
    serve = next(brief for brief in model.briefs if brief.task == "serve")

    assert serve.examples == (example,)
    assert (serve.goals, serve.notes) == (("cost",), "a sale")


def test_a_group_larger_than_one_call_is_asked_about_in_part() -> None:
    one = fleet([workload(f"w{i:02d}", keep_apart="x") for i in range(44)])
    found = problem(one, traffic(one, days(44, 24, seed=1)))
    solution = solve(found, seed=0)
    model = Scripted(dearest)
    proposal = propose(solution.groups, found, model)
    (serve,) = (brief for brief in model.briefs if brief.task == "serve")

    assert len(solution.groups) == 44
    assert len(serve.questions) == 40
    assert proposal.groups is not None
    assert {members for members, _ in proposal.groups} == {members for members, _ in solution.groups}


# What it remembers ---------------------------------------------------------------------------------------------------


def regions_of(one: Plan) -> set[str]:
    return {group.region for r in one.recommendations if r.profile == "balanced" for group in r.layout.groups}


def decided(one: Plan, outcome: Literal["approved", "rejected"], reason: RejectionReason | None) -> list[Example]:
    """Tell of the balanced recommendation what the journal would."""
    table, rates = machines(one.inputs.fleet, catalog()), one.inputs.planned.rate_rps.mean(axis=1)
    names = [w.name for w in one.inputs.fleet.workloads]
    layout = next(r.layout for r in one.recommendations if r.profile == "balanced")
    return [
        Example(
            group_figures(tuple(names.index(w) for w in group.workloads), table, rates),
            served_words(group.hosting, group.instance_type, group.region),
            outcome,
            reason,
        )
        for group in layout.groups
    ]


def test_a_rejected_region_is_left_by_the_next_plan_and_what_is_approved_then_is_followed() -> None:
    given = inputs(fleet([workload(name) for name in ("a", "b", "c")]), days(3, 96, seed=14))
    first = plan(given, catalog())
    rejected = decided(first, "rejected", "region")
    second = plan(given, catalog(), memory=rejected)
    approved = decided(second, "approved", None)
    third = plan(given, catalog(), memory=[*approved, *rejected])

    assert regions_of(first).isdisjoint(regions_of(second))
    assert "won" == next(entry.outcome for entry in second.ledger.entries if entry.profile == "balanced")
    assert regions_of(second) == regions_of(third)
    assert "no language model" in second.ledger.seat


def test_a_rejection_for_its_cost_sends_nobody_to_something_dearer() -> None:
    given = inputs(fleet([workload(name) for name in ("a", "b", "c")]), days(3, 96, seed=14))
    first = plan(given, catalog())
    second = plan(given, catalog(), memory=decided(first, "rejected", "cost"))

    assert [r.layout for r in first.recommendations] == [r.layout for r in second.recommendations]


# In a plan -----------------------------------------------------------------------------------------------------------


def planned(model: Scripted, names: Sequence[str] = ("a", "b", "c")) -> Plan:
    given = inputs(fleet([workload(name) for name in names]), days(3, 96, seed=14))
    return plan(given, catalog(), model=model)


def test_a_plan_with_a_bad_model_is_the_solver_s() -> None:
    alone = planned(Scripted(stays, failing="serve"))
    beside = planned(Scripted(dearest))

    assert [r.layout for r in alone.recommendations] == [r.layout for r in beside.recommendations]
    assert {r.layout.source for r in beside.recommendations} == {"solver"}
    assert {"lost"} == {entry.outcome for entry in beside.ledger.entries}
    assert {"none"} == {entry.outcome for entry in alone.ledger.entries}


def test_a_model_sees_ids_figures_and_the_catalogue_s_words_and_no_name_of_the_inventory() -> None:
    model = Scripted(stays)
    planned(model, ("secret-a", "secret-b", "secret-c"))

    assert {"serve", "prefer"} <= {brief.task for brief in model.briefs}
    assert "secret" not in repr(model.briefs)
    for brief in model.briefs:
        for question in brief.questions:
            assert len({option.id for option in question.options}) == len(question.options)


def test_the_ledger_names_who_sat_there() -> None:
    ledger = planned(Scripted(stays)).ledger

    assert (ledger.seat, ledger.source) == ("scripted model", "model")
    assert [entry.profile for entry in ledger.entries] == ["cheapest", "balanced", "resilient"]


def test_without_a_model_the_offline_proposer_is_named() -> None:
    given = inputs(fleet([workload("a")]), days(1, 48, seed=1))
    ledger = plan(given, catalog()).ledger

    assert ledger.source == "offline"
    assert "no language model" in ledger.seat
