"""The cheapest groups that hold every workload at least once: a search tree over maximal groups."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array

from generator.compiled import compiled, compiled_aside
from generator.errors import InfeasibleError
from generator.model import FloatArray

# Covers that a known one exceeds by these shares are looked for, one share after the other: each takes a few times the
# nodes of the one before, and what that proved stands when nodes run out.
SHARES = (0.1, 0.04, 0.02, 0.01, 0.0)
# Columns that are compared with all others at a time.
BLOCK = 1024
# Worths nearer than this, in US dollars an hour, are the same.
SAME_USD_PER_H = 1e-9

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Cheapest(NamedTuple):
    """What covers of some columns are worth.

    Parameters
    ----------
    bound : float
        No cover is worth less, US dollars an hour.
    columns : ndarray of int
        Of the cheapest cover found below the known one; none where none was found.
    nodes : int
        How many the trees had.
    """

    bound: float
    columns: Indices
    nodes: int


def cheapest_cover(incidence: csc_array, worth: FloatArray, known: float, nodes: int) -> Cheapest:
    """Find the cheapest columns that hold every row at least once, or what they are worth at least.

    Minimise ``sum(worth[g] * x[g])`` subject to ``sum(x[g] for g containing a) >= 1`` for every row a, x binary. Every
    set partition is a cover, so the bound holds for partitions, too. A column that lies within another no dearer is
    left out. The linear relaxation's duals y make a set C of columns that covers all worth

        ``sum(y) + sum(reduced[g] for g in C) + sum(y[a] * (times a is held - 1) for every row a)``

    and each further column can only add to the last two terms. So the tree branches on the row with the fewest
    columns left, one branch for each of them, and leaves out columns that would bring what is taken above the limit,
    and those whose branch is done.

    Parameters
    ----------
    incidence : csc_array, shape (A, C)
    worth : ndarray, shape (C,)
        US dollars an hour.
    known : float
        Worth of a known cover; only cheaper ones are looked for.
    nodes : int
        Nodes at most, of the trees of all `SHARES` together.

    Returns
    -------
    Cheapest

    Raises
    ------
    InfeasibleError
        Some row is in no column.
    """
    solved = linprog(worth, A_ub=-incidence, b_ub=-np.ones_like(incidence @ worth), bounds=(0, None), method="highs-ds")
    if solved.x is None:
        raise InfeasibleError("set covering", f"HiGHS found no cover: {solved.message}", "Report this; it is a defect.")
    duals = np.maximum(-np.asarray(solved.ineqlin.marginals), 0.0)
    relaxed, reduced = float(duals.sum()), np.maximum(worth - duals @ incidence, 0.0)
    if known <= relaxed:
        return Cheapest(known, np.empty(0, dtype=np.int64), 0)
    able = np.flatnonzero(reduced < known - relaxed)
    able = able[_maximal(incidence[:, able].toarray(), worth[able])]
    bound, taken, left = relaxed, np.empty(0, dtype=np.int64), nodes
    for limit in (known / (1.0 + share) for share in SHARES):
        if limit <= bound or not left:
            continue
        few = able[reduced[able] < limit - relaxed]
        excess, found, left = _below(csc_array(incidence[:, few]), duals, reduced[few], limit - relaxed, left)
        if left:
            bound = relaxed + excess
        if len(found):
            taken = few[found]
            break
    return Cheapest(min(bound, known), taken, nodes - left)


def _maximal(held: FloatArray, worth: FloatArray) -> Flags:
    """Which columns lie within no other that is worth the same or less."""
    size = held.sum(axis=0)

    def within_another(some: slice) -> Flags:
        inside = held[:, some].T @ held == size[some, None]
        return (inside & (size > size[some, None]) & (worth <= worth[some, None])).any(axis=1)

    return ~np.concatenate([within_another(slice(at, at + BLOCK)) for at in range(0, len(worth), BLOCK)])


def _below(
    inside: csc_array, duals: FloatArray, reduced: FloatArray, limit: float, nodes: int
) -> tuple[float, Indices, int]:
    """Search for the cheapest cover that exceeds the relaxation by less than a limit.

    Returns
    -------
    tuple of float, ndarray, int
        By what it exceeds the relaxation, or the limit; its columns, or none; the nodes left, 0 if the search was cut
        short.
    """
    rows, columns = len(duals), len(reduced)
    chosen, found, best = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64), np.array([limit, 0.0])
    starts, held = inside.indptr.astype(np.int64), inside.indices.astype(np.int64)
    covered = np.zeros(rows, dtype=np.bool_)
    left = _explored(starts, held, duals, np.arange(columns), reduced, 0.0, covered, chosen, 0, found, best, nodes)
    return float(best[0]), found[: int(best[1])].copy(), left


@compiled_aside
def _explored(
    starts: Indices,
    rows: Indices,
    duals: FloatArray,
    live: Indices,
    excess: FloatArray,
    spent: float,
    covered: Flags,
    chosen: Indices,
    depth: int,
    found: Indices,
    best: FloatArray,
    left: int,
) -> int:
    """Search the tree below a node; return the nodes left.

    ``rows[starts[g]:starts[g + 1]]`` are the rows of column g; ``excess`` is what each live column would add to
    ``spent``, both above the relaxation. ``best`` holds the limit and how many columns of ``found`` are below it.
    """
    branch = _with_fewest(starts, rows, live, covered)
    if branch < 0:
        best[0], best[1] = spent, depth
        found[:depth] = chosen[:depth]
        return left
    undone = excess.copy()
    for position in _holding(starts, rows, live, excess, branch):
        undone[position] = np.inf
        limit = best[0] - spent - SAME_USD_PER_H
        if excess[position] >= limit:
            continue
        if left == 0:
            break
        left -= 1
        column = live[position]
        chosen[depth] = column
        anew = np.zeros_like(covered)
        for row in rows[starts[column] : starts[column + 1]]:
            anew[row] = not covered[row]
        limit -= excess[position]
        dearer = _with_paid_twice(starts, rows, duals, live, undone, anew, limit)
        able = dearer < limit
        left = _explored(
            starts,
            rows,
            duals,
            live[able],
            dearer[able],
            spent + float(excess[position]),
            covered | anew,
            chosen,
            depth + 1,
            found,
            best,
            left,
        )
    return left


@compiled
def _with_fewest(starts: Indices, rows: Indices, live: Indices, covered: Flags) -> int:
    """Row not covered that the fewest live columns hold, -1 where all are."""
    count = np.zeros(len(covered), dtype=np.int64)
    for column in live:
        for row in rows[starts[column] : starts[column + 1]]:
            count[row] += 1
    fewest = -1
    for row in range(len(covered)):
        if not covered[row] and (fewest < 0 or count[row] < count[fewest]):
            fewest = row
    return fewest


@compiled
def _holding(starts: Indices, rows: Indices, live: Indices, excess: FloatArray, row: int) -> Indices:
    """Positions of the live columns that hold a row, the dearest first: their branches are small, and spare the others.

    The library's sort takes two seconds to compile.
    """
    found, count = np.empty(len(live), dtype=np.int64), 0
    for position, column in enumerate(live):
        for held in rows[starts[column] : starts[column + 1]]:
            if held == row:
                place = count
                while place and excess[found[place - 1]] < excess[position]:
                    found[place] = found[place - 1]
                    place -= 1
                found[place] = position
                count += 1
    return found[:count]


@compiled
def _with_paid_twice(
    starts: Indices, rows: Indices, duals: FloatArray, live: Indices, excess: FloatArray, anew: Flags, limit: float
) -> FloatArray:
    """What live columns add where some rows are covered anew; infinity where that was above the limit before."""
    dearer = np.full(len(live), np.inf)
    for position, column in enumerate(live):
        if excess[position] < limit:
            dearer[position] = excess[position]
            for row in rows[starts[column] : starts[column + 1]]:
                if anew[row]:
                    dearer[position] += duals[row]
    return dearer
