"""How far a plan can be from the best: `python -m benchmarks.bounds [--instances N] [--workloads N ...]`.

Three figures stand below what covey plans, on the instances of `benchmarks.solver`:

``relaxed``: the column program carried on until pricing finds nothing more, or has looked at as many groups as it may,
and its linear relaxation: groups may be taken by halves. Most machines of a mostly idle fleet are a fixed cost, and
half of one is cheaper than any that can be bought.

``proven``: what no whole groups of those columns can go below, nor any parts of them that cost as much: the cheapest
cover, in which a workload may be in several groups (`generator.solve.cheapest_cover`, with more nodes than a plan may
take). Where nodes run out, it is what that search has proven by then, or, if that is more, the bound from whole
numbers: a fleet's groups have few prices, the number of groups at each price is made whole, HiGHS branches on those
numbers, and which columns they are may still be mixed. Columns whose reduced cost exceeds what covey's plan is above
the relaxation are left out of that. The limits are nodes, never time.

``fluid``: the mean load on the cheapest processors.

``whole``, at or below covey's plan, is what the cheapest cover costs when every workload stays in one of its groups.
Pricing is local search: all but ``fluid`` are over the groups it can find and parts of them, not over all there are.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csc_array, csr_array, eye_array, hstack

from benchmarks.solver import in_turn, instance
from generator.model import Catalog
from generator.solve import Problem, fluid_bound, solve
from generator.solve.cheapest_cover import cheapest_cover
from generator.solve.columns import Columns
from generator.solve.cover import apart, cover
from generator.solve.problem import Members

# Rounds of column generation at most, groups that one may look at, and what it must lower the relaxation by.
ROUNDS, PRICED = 8, 10_000
CONVERGED = 1e-6
# Nodes at most: of the search for the cheapest cover, a hundred thousand of which take a second at 60; of the bound
# from whole numbers, where 84 was the most that an instance of 60 took.
NODES, COUNTED_NODES = 5_000_000, 1_000
# Decimals, in US dollars an hour, to which two groups have one price; what HiGHS leaves open of the bound.
PRICE_DECIMALS, CLOSED = 6, 1e-6
# Two worths are the same.
SAME = 1e-6
# The goal for what a plan may be above the bound.
GOAL = 0.05


@dataclass(frozen=True)
class Bounded:
    """Worths of one instance, US dollars an hour, its columns, and processor seconds of the plan and of all bounds."""

    covey: float
    relaxed: float
    proven: float
    whole: float
    fluid: float
    columns: int
    nodes: int
    covey_s: float
    bounds_s: float


def main() -> None:
    """Bound every instance, and print a line for each and one for all of a size."""
    in_turn(__doc__ or "", bounded, _line, _summary)


def bounded(count: int, seed: int, catalog: Catalog) -> Bounded:
    """Plan one instance, and bound it from below every way."""
    posed = instance(count, seed, catalog)
    began = time.process_time()
    solution = solve(posed, seed=0)
    planned = time.process_time()
    columns = converged(posed, [members for members, _ in solution.groups])
    cheapest = cheapest_cover(columns.incidence, columns.worth, solution.worth, NODES)
    cut_short = cheapest.nodes == NODES
    proven = max(cheapest.bound, counted(columns, solution.worth)) if cut_short else cheapest.bound
    covering = sorted((columns.members[i] for i in cheapest.columns.tolist()), key=posed.worth, reverse=True)
    groups = apart(covering)
    whole = min(solution.worth, sum(map(posed.worth, groups))) if groups else solution.worth
    return Bounded(
        covey=solution.worth,
        relaxed=columns.relax().bound,
        proven=proven,
        whole=whole,
        fluid=fluid_bound(posed),
        columns=len(columns.members),
        nodes=cheapest.nodes,
        covey_s=planned - began,
        bounds_s=time.process_time() - planned,
    )


def converged(problem: Problem, groups: list[Members]) -> Columns:
    """Columns after pricing has found nothing more, or all it may."""
    (atoms,) = problem.classes
    relaxed = np.inf
    for _ in range(ROUNDS):
        found = cover(problem, atoms, groups, sizings=PRICED)
        groups, before, relaxed = found.groups, relaxed, found.relaxed
        if relaxed > before - CONVERGED:
            break
    return Columns(problem, atoms, groups)


def counted(columns: Columns, worth: float) -> float:
    """What no covers with whole numbers of groups at each price go below, US dollars an hour, at most `worth`.

    Minimise ``sum(worth[g] * x[g])`` subject to ``sum(x[g] for g containing a) = 1`` for every atom a and
    ``sum(x[g] for g of price p) = n[p]``, x at least 0 and n whole.

    Parameters
    ----------
    columns : Columns
    worth : float
        Of a cover in whole groups, US dollars an hour.
    """
    relaxed = columns.relax()
    kept = np.flatnonzero(relaxed.reduced <= worth - relaxed.bound + CLOSED)
    cost = columns.worth[kept]
    prices, price = np.unique(np.round(cost, PRICE_DECIMALS), return_inverse=True)
    of_price = csr_array((np.ones(len(kept)), (price, np.arange(len(kept)))), shape=(len(prices), len(kept)))
    once = hstack([columns.incidence[:, kept], csc_array((len(columns.atoms), len(prices)))], format="csc")
    counted = hstack([of_price, -eye_array(len(prices))], format="csc")
    solved = milp(
        np.concatenate([cost, np.zeros(len(prices))]),
        constraints=[LinearConstraint(once, 1.0, 1.0), LinearConstraint(counted, 0.0, 0.0)],
        integrality=np.concatenate([np.zeros(len(kept)), np.ones(len(prices))]),
        options={"node_limit": COUNTED_NODES, "mip_rel_gap": CLOSED},
    )
    proven = relaxed.bound if solved.mip_dual_bound is None else float(solved.mip_dual_bound)
    return min(worth, max(relaxed.bound, proven))


def _line(name: str, one: Bounded) -> str:
    return (
        f"{name}: covey {one.covey:.4f} USD/h ({one.covey_s:.1f} s), over the relaxation "
        f"{one.covey / one.relaxed - 1:.2%}, over the proven bound {one.covey / one.proven - 1:.2%}, over the whole "
        f"groups found {one.covey / one.whole - 1:.2%}, over the fluid bound {one.covey / one.fluid:.1f} times; "
        f"{one.columns} columns, {one.nodes} nodes, {one.bounds_s:.1f} s"
    )


def _summary(count: int, every: Sequence[Bounded]) -> str:
    relaxed = [one.covey / one.relaxed - 1.0 for one in every]
    proven = [one.covey / one.proven - 1.0 for one in every]
    whole = [one.covey / one.whole - 1.0 for one in every]
    fluid = statistics.median([one.covey / one.fluid for one in every])
    return (
        f"{count} workloads, {len(every)} instances: covey over the relaxation {statistics.median(relaxed):.2%} in the "
        f"median (at most {max(relaxed):.2%}), {GOAL:.0%} or less on {sum(gap <= GOAL for gap in relaxed)}; over the "
        f"proven bound {statistics.median(proven):.2%} (at most {max(proven):.2%}), {GOAL:.0%} or less on "
        f"{sum(gap <= GOAL for gap in proven)}, proven the cheapest on {sum(gap <= SAME for gap in proven)}; over the "
        f"whole groups found {statistics.median(whole):.2%} (at most {max(whole):.2%}); over the fluid bound "
        f"{fluid:.1f} times; {sum(one.covey_s for one in every):.0f} s planning, "
        f"{sum(one.bounds_s for one in every):.0f} s bounding"
    )


if __name__ == "__main__":
    main()
