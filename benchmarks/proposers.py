"""What the judge lets through: model-shaped proposers in the language model's seat, and solvers that drop a constraint.

`python -m benchmarks.proposers paper functions hosted-llms` plans each example's cheapest recommendation once, then
lets every proposer propose against it on the planning window. No language model takes part: a real one's quality is
not measured here.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from generator.admit import admit
from generator.backtest import backtest
from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.contest import contest
from generator.correlate import correlate
from generator.dialogue import Answer, Brief, LanguageModel, OfflineProposer, Question
from generator.errors import InfeasibleError
from generator.layouts import layout
from generator.load import load
from generator.model import Catalog, Fleet, Inputs, LedgerEntry, Objective, Source, Workload
from generator.partition import partition
from generator.solve import Problem, Solution, solve

SEEDS = range(10)
EXAMPLES = Path(__file__).parents[1] / "examples"


class Rule:
    """Answers every question by one rule."""

    source: Source = "model"

    def __init__(self, name: str, choose: Callable[[Question], str]) -> None:
        self.name = name
        self._choose = choose

    def answer(self, brief: Brief) -> Answer:
        """Choose an option for every question."""
        return Answer({question.id: self._choose(question) for question in brief.questions})


def random_feasible(seed: int) -> Rule:
    """Any offered option, each as likely."""
    rng = np.random.default_rng(seed)
    return Rule("random feasible", lambda question: question.options[int(rng.integers(len(question.options)))].id)


def by(figure: str, name: str) -> Rule:
    """The option with the least of a figure; the first where it has none."""
    return Rule(name, lambda q: min(q.options, key=lambda o: (o.figures.get(figure, np.inf), o.id)).id)


def proposers() -> list[LanguageModel]:
    """Everyone who sits in the seat."""
    return [
        OfflineProposer(),
        by("usd_per_h", "greedy: cheapest option"),
        by("round_trip_ms", "greedy: nearest option"),
        by("usd_per_h_change", "greedy: cheapest moves"),
        *(random_feasible(seed) for seed in SEEDS),
    ]


@dataclass(frozen=True)
class Setting:
    """One example, planned once."""

    inputs: Inputs
    catalog: Catalog
    problem: Problem
    solution: Solution


def planned(example: str) -> Setting:
    """Solve the cheapest recommendation of an example, headroom by backtest."""
    catalog = read_catalog()
    inputs = load(EXAMPLES / example, catalog)
    problem, solution = solved(inputs.fleet, inputs, catalog)
    return Setting(inputs, catalog, problem, solution)


def solved(fleet: Fleet, inputs: Inputs, catalog: Catalog) -> tuple[Problem, Solution]:
    """Solve a fleet on the planning window."""
    table = machines(fleet, catalog)
    graph = correlate(fleet, inputs.planned)
    communities = partition(graph, seed=0)
    lesson = backtest(table, inputs.planned, graph, communities)
    problem = Problem(table, inputs.planned, graph, communities, lesson.weighting("cheapest"), lesson.headroom)
    return problem, solve(problem, seed=0)


def without(fleet: Fleet, change: Callable[[Workload], Workload]) -> Fleet:
    """A fleet as someone sees it who has forgotten something."""
    return replace(fleet, workloads=tuple(change(workload) for workload in fleet.workloads))


DROPPED: Mapping[str, Callable[[Workload], Workload]] = {
    "residency": lambda w: replace(w, residency=()),
    "latency objective": lambda w: replace(w, objective=Objective(w.objective.percentile, w.objective.latency_s * 20)),
    "memory": lambda w: replace(w, memory_gib=w.memory_gib / 20),
    "keep apart": lambda w: replace(w, keep_apart=None),
    "tenant and licence": lambda w: replace(w, tenant=None, licence=None),
}


def forgetful(setting: Setting, name: str) -> str:
    """What the judge finds in the layout of a solver that forgot one constraint; empty where that changes nothing."""
    fleet = without(setting.inputs.fleet, DROPPED[name])
    if fleet == setting.inputs.fleet:
        return "no such constraint here"
    try:
        problem, solution = solved(fleet, setting.inputs, setting.catalog)
    except InfeasibleError:
        return "no layout"
    one = layout(problem.machines, setting.inputs.planned, solution.groups, source="solver", method=f"without {name}")
    verdict = admit(one, setting.problem.machines, setting.inputs.planned)
    mine = layout(
        setting.problem.machines, setting.inputs.planned, setting.solution.groups, source="solver", method="all kept"
    )
    ours = admit(mine, setting.problem.machines, setting.inputs.planned)
    known = {(v.rule, v.subject) for v in ours.violations}
    found = Counter(v.rule for v in verdict.violations if (v.rule, v.subject) not in known)
    if found:
        return "refused: " + ", ".join(f"{rule} {count}" for rule, count in sorted(found.items()))
    change = verdict.cost.expected / ours.cost.expected - 1
    return f"let through: it breaks nothing ({change:+.1%} cost)"


def main(examples: list[str]) -> None:
    """Print both tables."""
    console = Console(width=140)
    for example in examples:
        setting = planned(example)
        table = Table(title=f"{example}: proposals against the solver's cheapest layout, planning window")
        for column in ("proposer", "proposals", "won", "tied", "lost", "lost by a broken rule", "median regret"):
            table.add_column(column)
        entries: dict[str, list[LedgerEntry]] = {}
        for model in proposers():
            _, entry = contest(
                "cheapest", setting.solution, setting.problem, setting.problem.machines, setting.inputs.planned, model
            )
            entries.setdefault(model.name, []).append(entry)
        for name, found in entries.items():
            outcomes = Counter(entry.outcome for entry in found)
            broken = sum("breaks" in entry.reason or "worse" in entry.reason for entry in found)
            regrets = [entry.regret for entry in found if entry.regret is not None]
            row = (len(found), outcomes["won"], outcomes["tied"], outcomes["lost"], broken)
            table.add_row(name, *map(str, row), f"{median(regrets):+.2%}" if regrets else "")
        console.print(table)
        table = Table("constraint dropped", "what the judge says", title=f"{example}: a solver that forgot")
        for name in DROPPED:
            table.add_row(name, forgetful(setting, name))
        console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:] or ["paper", "functions", "hosted-llms"])
