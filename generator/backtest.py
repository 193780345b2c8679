"""Choose headroom, and whether search or a published packing generalises better, inside the planning window."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from generator.admit import admit
from generator.capacity.machines import Machines
from generator.layouts import layout
from generator.model import Communities, CorrelationGraph, Traffic
from generator.solve import Problem, best_packings, solve
from generator.solve.problem import WEIGHTINGS, Members

# The early part plans, the later part judges; what wins is planned anew on both.
EARLY_SHARE = 0.6
# Workloads that may fall short of their objective later on; above it a plan has not generalised.
TOLERATED_SHARE = 0.02
HEADROOMS = (1.0, 1.25, 1.6, 2.2, 3.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the planning window taught: factor on the load to plan for, and whether the search paid off later too."""

    headroom: float
    searched: bool


def backtest(
    machines: Machines,
    planned: Traffic,
    correlation: CorrelationGraph,
    communities: Communities,
    *,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Lesson:
    """Plan on the early part of the planning window, judge on its later part.

    Groups are found once, at no headroom, by search and by the best published packing; each is sized at every
    headroom and replayed on the later part. What keeps the fleet's mean objective there comes first, then what leaves
    fewest workloads short of their own (up to `TOLERATED_SHARE` is none), then what costs least.

    Parameters
    ----------
    machines : Machines
    planned : Traffic
    correlation : CorrelationGraph
    communities : Communities
    seed : int
    progress : callable, optional
        Called with the share done.

    Returns
    -------
    Lesson
    """
    early, late = split(planned, EARLY_SHARE)
    weighting = WEIGHTINGS["cheapest"]

    def problem(headroom: float) -> Problem:
        return Problem(machines, early, correlation, communities, weighting, headroom)

    first = problem(1.0)
    solution = solve(first, seed=seed, progress=progress)
    packed = tuple(group for atoms in first.classes for group in best_packings(first, atoms, 1)[0][1])
    contenders: dict[bool, tuple[Members, ...]] = {True: tuple(g for g, _ in solution.groups), False: packed}
    asked = _asked(machines, late)
    results: list[tuple[bool, int, float, float, bool]] = []
    for headroom in HEADROOMS:
        sizer = problem(headroom)
        for searched, groups in contenders.items():
            sized = [(members, sizing) for members in groups if (sizing := sizer.size(members)) is not None]
            if len(sized) < len(groups):
                continue
            verdict = admit(layout(machines, early, sized, source="solver", method="backtest"), machines, late)
            below = sum(found.rule == "SLO001" for found in verdict.violations)
            beyond = below if below > TOLERATED_SHARE * len(verdict.workload_attainment) else 0
            # Kept objectives first, then money; ties go to more headroom, then to the search.
            cost = verdict.cost.expected
            results.append((verdict.attainment < asked, beyond, cost, -headroom, not searched))
    if not results:
        return Lesson(HEADROOMS[0], searched=True)
    *_, headroom, packed_won = min(results)
    return Lesson(-headroom, searched=not packed_won)


def split(traffic: Traffic, share: float) -> tuple[Traffic, Traffic]:
    """Cut a window in two at a share of its bins."""
    window = traffic.window
    at = max(1, round(window.bins * share))
    middle = window.start + timedelta(seconds=at * window.bin_s)
    return (
        replace(traffic, rate_rps=traffic.rate_rps[:, :at], window=replace(window, end=middle)),
        replace(traffic, rate_rps=traffic.rate_rps[:, at:], window=replace(window, start=middle)),
    )


def _asked(machines: Machines, traffic: Traffic) -> float:
    """Objective percentiles, weighted by requests."""
    requests = traffic.rate_rps.sum(axis=1)
    percentiles = np.array([w.objective.percentile for w in machines.fleet.workloads])
    return float(requests @ percentiles / requests.sum()) if requests.sum() > 0 else 0.0
