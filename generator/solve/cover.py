"""Set partitioning over every group seen, with new groups priced by duals: exact over its columns, the gap reported."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from generator.solve.cheapest_cover import cheapest_cover
from generator.solve.columns import Columns, Relaxed
from generator.solve.pricing import price
from generator.solve.problem import Budget, Members, Problem

# Beyond this many atoms the local search alone decides.
MAX_ATOMS = 160
PRICING_ROUNDS = 12
# Nodes the search for the cheapest cover may take.
NODES = 200_000
# A gap this small is none.
CLOSED = 1e-4


class Cover(NamedTuple):
    """Groups that hold every atom once, and what no others of the columns can go below, US dollars an hour.

    Parameters
    ----------
    groups : list of members
    relaxed : float
        Optimum of the linear relaxation over the columns.
    bound : float
        What no whole groups of the columns go below; no bound over all conceivable groups.
    """

    groups: list[Members]
    relaxed: float
    bound: float


def cover(problem: Problem, atoms: Sequence[Members], incumbent: Sequence[Members], *, sizings: int) -> Cover:
    """Choose the cheapest set of groups that holds every atom once, over all groups sized so far and some priced anew.

    Minimise ``sum(worth[g] * x[g])`` subject to ``sum(x[g] for g containing a) = 1`` for every atom a, x binary.
    Columns of negative reduced cost are looked for by the duals of the relaxation until there are none or the work is
    used up. Then a tree is searched for covers, in which an atom may be in several groups, worth less than the
    incumbent; every atom stays in one of them. What the tree proves holds for partitions, too: each is a cover.

    Parameters
    ----------
    problem : Problem
    atoms : sequence of members
    incumbent : sequence of members
        A feasible grouping; the answer is worth no more.
    sizings : int
        Groups that pricing may look at.

    Returns
    -------
    Cover
    """
    budget = Budget(problem, sizings)
    columns = Columns(problem, atoms, incumbent)
    best = list(incumbent)
    relaxed = columns.relax()
    for _ in range(PRICING_ROUNDS):
        if budget.spent() or not price(problem, atoms, relaxed.duals, _starts(columns, relaxed), budget):
            break
        columns.grow()
        relaxed = columns.relax()
    worth = sum(map(problem.worth, best))
    if worth <= relaxed.bound * (1.0 + CLOSED):
        return Cover(sorted(best), relaxed.bound, relaxed.bound)
    found = cheapest_cover(columns.incidence, columns.worth, worth, NODES)
    chosen = apart([columns.members[i] for i in found.columns.tolist()], problem.worth)
    if chosen and sum(map(problem.worth, chosen)) < worth:
        best = chosen
    bound = min(max(relaxed.bound, found.bound), sum(map(problem.worth, best)))
    return Cover(sorted(best), relaxed.bound, bound)


def _starts(columns: Columns, relaxed: Relaxed) -> list[Members]:
    """What the relaxation takes, most of it first, and every atom by itself, the dearest first."""
    used = np.flatnonzero(relaxed.taken > CLOSED)
    used = used[np.argsort(-relaxed.taken[used], kind="stable")]
    rich = np.argsort(-relaxed.duals, kind="stable")
    return [*(columns.members[i] for i in used.tolist()), *(columns.atoms[i] for i in rich.tolist())]


def apart(groups: Sequence[Members], worth: Callable[[Members], float]) -> list[Members]:
    """Leave every workload in one of its groups, the dearest: what that costs depends least on who is in it."""
    held: set[int] = set()
    left: list[Members] = []
    for group in sorted(groups, key=lambda group: (-worth(group), group)):
        left.append(tuple(member for member in group if member not in held))
        held.update(group)
    return [group for group in left if group]
