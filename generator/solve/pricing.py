"""New groups for set partitioning: local search on the reduced cost, by the duals of the relaxation."""

from collections.abc import Sequence

import numpy as np

from generator.model import FloatArray
from generator.solve.problem import Budget, Members, Problem, union

PAYS = 1e-9
# Exchanges tried for each atom outside a group, of those inside that are worth least.
EXCHANGES = 3


def price(
    problem: Problem, atoms: Sequence[Members], duals: FloatArray, starts: Sequence[Members], budget: Budget
) -> int:
    """Look for groups whose worth is below what the duals pay for their atoms.

    From every start atoms are added, dropped and exchanged while that lowers the reduced cost: the richest first, and
    in turn those that pay most for their memory. What is found is kept among the groups the problem has sized.

    Parameters
    ----------
    problem : Problem
    atoms : sequence of members
    duals : ndarray, shape (A,)
        What the relaxation pays for each atom, US dollars an hour.
    starts : sequence of members
    budget : Budget

    Returns
    -------
    int
        Starts that led to a negative reduced cost.
    """
    memory = np.array([problem.machines.memory_of[list(atom)].sum() for atom in atoms])
    by_value = np.argsort(-duals, kind="stable")
    by_density = np.argsort(-duals / np.maximum(memory, 1e-3), kind="stable")
    orders = [[atoms[i] for i in order.tolist()] for order in (by_density, by_value)]
    value = {atom: float(dual) for atom, dual in zip(atoms, duals, strict=True)}
    found = 0
    for number, start in enumerate(starts):
        if budget.spent():
            break
        found += _improved(problem, start, value, orders[number % len(orders)], budget) < -PAYS
    return found


def _improved(
    problem: Problem, start: Members, value: dict[Members, float], order: Sequence[Members], budget: Budget
) -> float:
    """Lowest reduced cost that single steps reach from a start."""
    begun = set(start)
    members, inside = start, {atom for atom in order if atom[0] in begun}
    held = sum(value[atom] for atom in inside)
    reduced = problem.worth(start) - held

    def taken(changed: Members, pays: float) -> bool:
        nonlocal members, held, reduced
        limit = reduced + held + pays - PAYS
        worth = problem.worth_below(changed, limit)
        if worth >= limit:
            return False
        members, held, reduced = changed, held + pays, worth - held - pays
        return True

    improved = True
    while improved and not budget.spent():
        improved = False
        for other in order:
            if other not in inside and taken(union(members, other), value[other]):
                inside.add(other)
                improved = True
        for atom in reversed(order):
            if len(inside) > 1 and atom in inside and taken(_without(members, atom), -value[atom]):
                inside.remove(atom)
                improved = True
        for other in order:
            if other in inside:
                continue
            poorest = [atom for atom in reversed(order) if atom in inside and value[atom] < value[other]][:EXCHANGES]
            for atom in poorest:
                if taken(union(_without(members, atom), other), value[other] - value[atom]):
                    inside.remove(atom)
                    inside.add(other)
                    improved = True
                    break
    return reduced


def _without(members: Members, atom: Members) -> Members:
    return tuple(member for member in members if member not in atom)
