"""Choose headroom, search or packing, and minimums by the clock, by what generalises inside the planning window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from generator.admit import admit
from generator.capacity.machines import Machines
from generator.capacity.sizing import Sizing
from generator.layouts import layout
from generator.model import Communities, CorrelationGraph, Traffic, Verdict
from generator.schedule import schedule
from generator.solve import Problem, best_packings, solve
from generator.solve.problem import WEIGHTINGS, Members

# The early part plans, the later part judges; what wins is planned anew on both.
EARLY_SHARE = 0.6
# Workloads that may fall short of their objective later on; above it a plan has not generalised.
TOLERATED_SHARE = 0.02
# Part of the misses that are allowed which is not worth telling from none.
AS_GOOD_AS_NONE = 0.1
HEADROOMS = (1.0, 1.25, 1.6, 2.2, 3.0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the planning window taught: factor on the load to plan for, and what paid off later too.

    Parameters
    ----------
    headroom : float
    searched : bool
        Whether the search did, or else a published packing.
    scheduled : bool
        Whether minimums that follow the clock did.
    """

    headroom: float
    searched: bool
    scheduled: bool


class _Result(NamedTuple):
    """How a contender did on the later part; the least is the best."""

    short: bool
    beyond: int
    usd_per_h: float
    less_headroom: float
    packed: bool


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
    fewest workloads short of their own (up to `TOLERATED_SHARE` is none), then what costs least. Minimums by the
    clock are tried on what won, at its headroom and those above: they are taken where they keep as much for less.

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
    results: list[_Result] = []
    attained: dict[tuple[float, bool], float] = {}
    sizings: dict[tuple[float, bool], tuple[Problem, list[tuple[Members, Sizing]]]] = {}

    def judged(sized: Sequence[tuple[Members, Sizing]]) -> tuple[Verdict, int]:
        verdict = admit(layout(machines, early, sized, source="solver", method="backtest"), machines, late)
        below = sum(found.rule == "SLO001" for found in verdict.violations)
        return verdict, below if below > TOLERATED_SHARE * len(verdict.workload_attainment) else 0

    for headroom in HEADROOMS:
        sized_for = problem(headroom)
        for searched, groups in contenders.items():
            sized = [(members, sizing) for members in groups if (sizing := sized_for.size(members)) is not None]
            if len(sized) < len(groups):
                continue
            sizings[headroom, searched] = (sized_for, sized)
            verdict, beyond = judged(sized)
            # Kept objectives first, then money; ties go to more headroom, then to the search.
            results.append(_Result(verdict.attainment < asked, beyond, verdict.cost.expected, -headroom, not searched))
            attained[headroom, searched] = verdict.attainment
    if not results:
        return Lesson(HEADROOMS[0], searched=True, scheduled=False)
    best = min(results)
    searched = not best.packed
    # Minimums by the clock are to save money, not to use up what was attained beyond the objective.
    enough = min(attained[-best.less_headroom, searched], 1.0 - AS_GOOD_AS_NONE * (1.0 - asked))
    for headroom in HEADROOMS:
        if headroom < -best.less_headroom or (headroom, searched) not in sizings:
            continue
        sized_for, sized = sizings[headroom, searched]
        timed = schedule(sized_for.sizer, sized)
        if timed == tuple(sized):
            continue
        verdict, beyond = judged(timed)
        if verdict.attainment >= enough and beyond <= best.beyond and verdict.cost.expected < best.usd_per_h:
            return Lesson(headroom, searched, scheduled=True)
    return Lesson(-best.less_headroom, searched, scheduled=False)


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
