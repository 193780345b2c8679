"""A scripted model against the solver on the examples: a good proposal is taken, and the ledger's figures are right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.admit import admit
from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.contest import contest
from generator.correlate import correlate
from generator.dialogue import Answer, Brief, Question
from generator.load import load
from generator.model import Layout, Source
from generator.partition import partition
from generator.propose import propose
from generator.solve import Problem, Solution, best_packings, with_sizing
from generator.solve.problem import WEIGHTINGS

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.plans


class Scripted:
    """Chooses by price; moves nothing."""

    name: str = "scripted model"
    source: Source = "model"

    def __init__(self, choose: Callable[[list[float]], float]) -> None:
        self._choose = choose

    def answer(self, brief: Brief) -> Answer:
        return Answer({question.id: self._chosen(question) for question in brief.questions})

    def _chosen(self, question: Question) -> str:
        price = {o.id: o.figures["usd_per_h"] for o in question.options if "usd_per_h" in o.figures}
        wanted = self._choose(list(price.values())) if price else None
        return next((name for name, usd in price.items() if usd == wanted), question.options[0].id)


def softly(layout: Layout, problem: Problem, costs: dict[str, float], total: float) -> float:
    """Worth by the definition: every group's judged cost times its soft terms, and what else is on the bill."""
    index = {w.name: i for i, w in enumerate(problem.machines.fleet.workloads)}
    weighting = problem.weighting
    worth = total
    for group in layout.groups:
        members = [index[name] for name in group.workloads]
        labels = problem.community[members].tolist()
        cohesion = max(labels.count(label) for label in labels) / len(labels)
        soft = weighting.cohesion * (1 - cohesion) + weighting.blast * sum(problem.share[i] for i in members)
        worth += costs[group.name] * soft
    return worth


@pytest.mark.parametrize("example", ["paper", "functions", "hosted-llms"])
def test_a_proposal_better_under_the_soft_terms_is_taken_and_entered_with_its_figures(example: str) -> None:
    catalog = read_catalog()
    inputs = load(EXAMPLES / example, catalog)
    table, window = machines(inputs.fleet, catalog), inputs.planned
    graph = correlate(inputs.fleet, window)
    problem = Problem(table, window, graph, partition(graph, seed=0), WEIGHTINGS["balanced"], 1.0)
    packed = [group for atoms in problem.classes for group in best_packings(problem, atoms, 1)[0][1]]
    good = Solution(with_sizing(problem, packed), 0.0, None, "packing")
    # A solver that took the dearest option for every group leaves something to win.
    dear = propose(good.groups, problem, Scripted(max)).groups
    assert dear is not None
    assert dear != good.groups
    layout, entry = contest("balanced", Solution(dear, 0.0, None, "dear"), problem, table, window, Scripted(min))
    verdict = admit(layout, table, window)
    costs = {group.name: group.cost.expected for group in verdict.groups}

    assert (entry.outcome, layout.source) == ("won", "model")
    assert entry.proposed_usd_per_h == pytest.approx(softly(layout, problem, costs, verdict.cost.expected))
    assert entry.proposed_usd_per_h is not None
    assert entry.regret == pytest.approx(entry.proposed_usd_per_h / entry.solver_usd_per_h - 1)
    assert entry.regret is not None
    assert entry.regret < 0
