"""Set partitioning over every group seen, with new groups priced by duals: exact over its columns, the gap reported."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array

from generator.errors import InfeasibleError
from generator.model import FloatArray
from generator.solve.problem import Budget, Members, Problem, union

# Beyond this many columns or atoms the local search alone decides.
MAX_ATOMS = 160
MAX_COLUMNS = 6_000
PRICING_ROUNDS = 3
# Columns and nodes the integer program may take; it is small by then, and seldom needs them.
MAX_INTEGER_COLUMNS = 1_500
NODES = 100


def cover(
    problem: Problem, atoms: Sequence[Members], incumbent: Sequence[Members], *, sizings: int
) -> tuple[list[Members], float]:
    """Choose the cheapest set of groups that holds every atom once, over all groups sized so far and some priced anew.

    Minimise ``sum(worth[g] * x[g])`` subject to ``sum(x[g] for g containing a) = 1`` for every atom a, x binary
    (HiGHS). Between rounds, columns of negative reduced cost are grown greedily from each atom by the duals of the
    relaxation.

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
    groups : list of members
    bound : float
        Optimum of the linear relaxation over the columns, US dollars an hour under the weighting. Not a bound over all
        conceivable groups.
    """
    row = {member: number for number, atom in enumerate(atoms) for member in atom}
    budget = Budget(problem, sizings)
    columns = _columns(problem, atoms, incumbent, row)
    for _ in range(PRICING_ROUNDS):
        duals, _ = _relaxation(problem, columns, row, len(atoms))
        priced = _price(problem, atoms, duals, budget) - set(columns)
        if not priced:
            break
        columns = sorted({*columns, *priced})
    duals, bound = _relaxation(problem, columns, row, len(atoms))
    columns = _promising(problem, columns, atoms, duals, sum(map(problem.worth, incumbent)) - bound)
    worth = np.array([problem.worth(column) for column in columns])
    solved = milp(
        worth,
        constraints=LinearConstraint(_incidence(columns, row, len(atoms)), 1.0, 1.0),
        integrality=np.ones(len(columns)),
        bounds=Bounds(0.0, 1.0),
        options={"node_limit": NODES, "mip_rel_gap": 1e-4},
    )
    best = list(incumbent)
    if solved.x is not None:
        chosen = [column for column, taken in zip(columns, solved.x, strict=True) if taken > 0.5]
        if sum(map(problem.worth, chosen)) < sum(map(problem.worth, best)):
            best = chosen
    return sorted(best), bound


def _columns(
    problem: Problem, atoms: Sequence[Members], incumbent: Sequence[Members], row: dict[int, int]
) -> list[Members]:
    whole = {atom[0]: set(atom) for atom in atoms}
    bound = {member: whole[atom[0]] for atom in atoms for member in atom}
    seen = [
        members
        for members, sizing in problem.sizer.sized.copy().items()
        if sizing is not None
        and members[0] in row
        and all(bound[m] <= set(members) for m in members)
        and np.isfinite(problem.worth(members))
    ]
    # The dearest per atom they hold go first, where there are too many.
    seen.sort(key=lambda members: (problem.worth(members) / len(members), members))
    kept = {*seen[:MAX_COLUMNS], *incumbent, *(atom for atom in atoms if np.isfinite(problem.worth(atom)))}
    return sorted(kept)


def _promising(
    problem: Problem, columns: Sequence[Members], atoms: Sequence[Members], duals: FloatArray, gap: float
) -> list[Members]:
    """Columns that can be part of a better cover: a reduced cost above the gap rules a column out."""
    value = {atom[0]: float(dual) for atom, dual in zip(atoms, duals, strict=True)}
    reduced = np.array([problem.worth(c) - sum(value.get(member, 0.0) for member in c) for c in columns])
    kept = np.flatnonzero(reduced <= gap + 1e-9)
    cheapest = kept[np.argsort(reduced[kept], kind="stable")[:MAX_INTEGER_COLUMNS]]
    return [columns[i] for i in sorted(cheapest.tolist())]


def _incidence(columns: Sequence[Members], row: dict[int, int], count: int) -> csc_array:
    rows = [sorted({row[m] for m in column}) for column in columns]
    flat = np.concatenate(rows)
    starts = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    return csc_array((np.ones(len(flat)), flat, starts), shape=(count, len(columns)))


def _relaxation(
    problem: Problem, columns: Sequence[Members], row: dict[int, int], count: int
) -> tuple[FloatArray, float]:
    worth = np.array([problem.worth(column) for column in columns])
    solved = linprog(worth, A_eq=_incidence(columns, row, count), b_eq=np.ones(count), bounds=(0, None), method="highs")
    if solved.x is None:
        raise InfeasibleError(
            "set partitioning", f"HiGHS found no cover: {solved.message}", "Report this; it is a defect."
        )
    return np.asarray(solved.eqlin.marginals), float(solved.fun)


def _price(problem: Problem, atoms: Sequence[Members], duals: FloatArray, budget: Budget) -> set[Members]:
    """Grow one column from each atom, adding the atom that lowers the reduced cost most, while any does."""
    found: set[Members] = set()
    value = {atom: float(dual) for atom, dual in zip(atoms, duals, strict=True)}
    rich = sorted(atoms, key=lambda atom: -value[atom])
    for atom in rich:
        if budget.spent():
            break
        members, held = atom, value[atom]
        reduced = problem.worth(atom) - held
        for other in rich:
            if other[0] in members:
                continue
            joined = union(members, other)
            lowered = problem.worth_below(joined, reduced + held + value[other] - 1e-9) - held - value[other]
            if lowered < reduced - 1e-9:
                members, held, reduced = joined, held + value[other], lowered
        if reduced < -1e-9:
            found.add(members)
    return found
