"""Set partitioning over every group seen, with new groups priced by duals: exact over its columns, the gap reported."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from generator.solve.columns import Columns, Relaxed
from generator.solve.pricing import price
from generator.solve.problem import Budget, Members, Problem

# Beyond this many atoms the local search alone decides.
MAX_ATOMS = 160
PRICING_ROUNDS = 12
# Columns and nodes the integer program may take; it is small by then, and seldom needs them.
MAX_INTEGER_COLUMNS = 800
NODES = 5
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
        The tightest bound found on covers in whole groups, from the relaxation and the integer program. Neither is a
        bound over all conceivable groups.
    """

    groups: list[Members]
    relaxed: float
    bound: float


def cover(problem: Problem, atoms: Sequence[Members], incumbent: Sequence[Members], *, sizings: int) -> Cover:
    """Choose the cheapest set of groups that holds every atom once, over all groups sized so far and some priced anew.

    Minimise ``sum(worth[g] * x[g])`` subject to ``sum(x[g] for g containing a) = 1`` for every atom a, x binary
    (HiGHS). Before, columns of negative reduced cost are looked for by the duals of the relaxation until there are none
    or the work is used up. A column whose reduced cost is above the gap is in no better cover and left out of the
    integer program.

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
    chosen, bound = _in_whole_groups(columns, relaxed, worth)
    if chosen and sum(map(problem.worth, chosen)) < worth:
        best = chosen
    return Cover(sorted(best), relaxed.bound, min(bound, sum(map(problem.worth, best))))


def _starts(columns: Columns, relaxed: Relaxed) -> list[Members]:
    """What the relaxation takes, most of it first, and every atom by itself, the dearest first."""
    used = np.flatnonzero(relaxed.taken > CLOSED)
    used = used[np.argsort(-relaxed.taken[used], kind="stable")]
    rich = np.argsort(-relaxed.duals, kind="stable")
    return [*(columns.members[i] for i in used.tolist()), *(columns.atoms[i] for i in rich.tolist())]


def _in_whole_groups(columns: Columns, relaxed: Relaxed, worth: float) -> tuple[list[Members], float]:
    """Solve the integer program over the columns that can be part of a cover worth less."""
    able = np.flatnonzero(relaxed.reduced <= worth - relaxed.bound + 1e-9)
    able = able[np.argsort(relaxed.reduced[able], kind="stable")]
    kept, left = np.sort(able[:MAX_INTEGER_COLUMNS]), able[MAX_INTEGER_COLUMNS:]
    solved = _integer_program(columns, kept)
    # A cover that takes a column costs its reduced cost more than the relaxation, at least.
    bound = relaxed.bound + (float(relaxed.reduced[left[0]]) if len(left) else worth - relaxed.bound)
    if solved.mip_dual_bound is None:
        return [], relaxed.bound
    bound = max(relaxed.bound, min(bound, float(solved.mip_dual_bound)))
    if solved.x is None:
        return [], bound
    return [columns.members[i] for i in kept[np.asarray(solved.x) > 0.5].tolist()], bound


def _integer_program(columns: Columns, kept: NDArray[np.intp]) -> OptimizeResult:
    held = LinearConstraint(columns.incidence[:, kept], 1.0, 1.0)
    return milp(
        columns.worth[kept],
        constraints=held,
        integrality=np.ones(len(kept)),
        bounds=Bounds(0.0, 1.0),
        options={"node_limit": NODES, "mip_rel_gap": CLOSED},
    )
