"""Set partitioning over every group sized, with new groups priced by duals; what no cover goes below is reported."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from generator.solve.cheapest_cover import cheapest_cover
from generator.solve.columns import Columns, Relaxed
from generator.solve.pricing import price
from generator.solve.problem import Budget, Members, Problem

# Beyond this many atoms the local search alone decides.
MAX_ATOMS = 160
PRICING_ROUNDS = 12
# Nodes the search for the cheapest cover may take, and where the plan is told to stop.
NODES = 200_000
LAST_NODES = 1_000
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
    incumbent; every atom stays in one of them. What the tree proves holds for partitions, too: each is a cover. Soft
    terms may make a group dearer by losing a member: then the cheapest partition need not come of the cheapest cover.

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

    def worth(groups: Sequence[Members]) -> float:
        return sum(map(problem.worth, groups))

    budget = Budget(problem, sizings)
    columns = Columns(problem, atoms, incumbent)
    best = list(incumbent)
    relaxed = columns.relax()
    for _ in range(PRICING_ROUNDS):
        if budget.spent() or not price(problem, atoms, relaxed.duals, _starts(columns, relaxed), budget):
            break
        columns.grow()
        relaxed = columns.relax()
    best = min(best, _whole(columns, relaxed) or best, key=worth)
    known = worth(best)
    if known <= relaxed.bound * (1.0 + CLOSED):
        return Cover(sorted(best), relaxed.bound, relaxed.bound)
    nodes = LAST_NODES if problem.stop() else NODES
    found = cheapest_cover(columns.incidence, columns.worth, known, nodes)
    if len(found.columns):
        dearest_first = sorted((columns.members[i] for i in found.columns.tolist()), key=problem.worth, reverse=True)
        best = min(best, apart(dearest_first), apart(dearest_first[::-1]), key=worth)
    return Cover(sorted(best), relaxed.bound, min(max(relaxed.bound, found.bound), worth(best)))


def _whole(columns: Columns, relaxed: Relaxed) -> list[Members]:
    """What the relaxation takes, if it takes groups whole: then no partition is worth less."""
    taken = np.flatnonzero(relaxed.taken > CLOSED)
    return [columns.members[i] for i in taken.tolist()] if (relaxed.taken[taken] > 1.0 - CLOSED).all() else []


def _starts(columns: Columns, relaxed: Relaxed) -> list[Members]:
    """What the relaxation takes, most of it first, and every atom by itself, the dearest first."""
    used = np.flatnonzero(relaxed.taken > CLOSED)
    used = used[np.argsort(-relaxed.taken[used], kind="stable")]
    rich = np.argsort(-relaxed.duals, kind="stable")
    return [*(columns.members[i] for i in used.tolist()), *(columns.atoms[i] for i in rich.tolist())]


def apart(groups: Sequence[Members]) -> list[Members]:
    """Leave every workload in the first of its groups."""
    held: set[int] = set()
    left: list[Members] = []
    for group in groups:
        left.append(tuple(member for member in group if member not in held))
        held.update(group)
    return [group for group in left if group]
