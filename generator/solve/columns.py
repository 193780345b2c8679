"""Every group sized so far of one class as the columns of a set partitioning program, and its relaxation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_array

from generator.errors import InfeasibleError
from generator.model import FloatArray
from generator.solve.problem import Members, Problem

# Columns a linear program begins with, and those of negative reduced cost it takes in at a time.
ACTIVE = 600
TAKEN_IN = 300
NEGATIVE = 1e-9


class Relaxed(NamedTuple):
    """Optimum of the linear relaxation over all columns.

    Parameters
    ----------
    bound : float
        US dollars an hour under the weighting; no set of these columns that holds every atom once is worth less.
    duals : ndarray, shape (A,)
    reduced : ndarray, shape (C,)
        Reduced costs; negative none, but for rounding.
    taken : ndarray, shape (C,)
        Share of every column that is taken.
    """

    bound: float
    duals: FloatArray
    reduced: FloatArray
    taken: FloatArray


class Columns:
    """Columns of one class.

    Parameters
    ----------
    problem : Problem
    atoms : sequence of members
    incumbent : sequence of members
        A feasible grouping.
    """

    def __init__(self, problem: Problem, atoms: Sequence[Members], incumbent: Sequence[Members]) -> None:
        self.problem = problem
        self.atoms = tuple(atoms)
        self.row = {member: number for number, atom in enumerate(atoms) for member in atom}
        self.members: list[Members] = []
        self._rows: list[NDArray[np.intp]] = []
        self._worth: list[float] = []
        self._scanned = 0
        self._whole = {atom: set(atom) for atom in atoms if len(atom) > 1}
        for group in (*atoms, *incumbent):
            problem.size(group)
        self.grow()

    def grow(self) -> None:
        """Take in what was sized since."""
        sized = self.problem.sizer.sized
        # A copy: other classes may be sized at the same time.
        every = list(sized)
        for members in every[self._scanned :]:
            if members[0] not in self.row or sized[members] is None:
                continue
            inside = set(members)
            if any(not atom <= inside and atom & inside for atom in self._whole.values()):
                continue
            worth = self.problem.worth(members)
            if np.isfinite(worth):
                self.members.append(members)
                self._rows.append(np.unique([self.row[member] for member in members]))
                self._worth.append(worth)
        self._scanned = len(every)
        self.worth: FloatArray = np.array(self._worth)
        starts = np.concatenate([[0], np.cumsum([len(rows) for rows in self._rows])])
        ones = np.ones(int(starts[-1]))
        self.incidence = csc_array((ones, np.concatenate(self._rows), starts), shape=(len(self.atoms), len(self._rows)))

    def relax(self) -> Relaxed:
        """Solve the linear relaxation.

        Only the columns that matter are in the program that HiGHS solves; those of negative reduced cost join it until
        there are none.
        """
        size = np.diff(self.incidence.indptr)
        active = np.zeros(len(self.members), dtype=bool)
        active[np.argsort(self.worth / size, kind="stable")[:ACTIVE]] = True
        active[size == 1] = True
        once = np.ones(len(self.atoms))
        while True:
            chosen = np.flatnonzero(active)
            solved = linprog(
                self.worth[chosen], A_eq=self.incidence[:, chosen], b_eq=once, bounds=(0, None), method="highs-ds"
            )
            if solved.x is None:
                raise InfeasibleError(
                    "set partitioning", f"HiGHS found no cover: {solved.message}", "Report this; it is a defect."
                )
            duals = np.asarray(solved.eqlin.marginals)
            reduced = self.worth - duals @ self.incidence
            joining = np.flatnonzero((reduced < -NEGATIVE) & ~active)
            if len(joining) == 0:
                break
            active[joining[np.argsort(reduced[joining], kind="stable")[:TAKEN_IN]]] = True
        taken = np.zeros(len(self.members))
        taken[chosen] = solved.x
        return Relaxed(float(solved.fun), duals, reduced, taken)
