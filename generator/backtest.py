"""Choose between plans, their headroom, misses and minimums by the clock, by what generalises in the window."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from generator.admit import admit
from generator.capacity.machines import Machines
from generator.capacity.sizing import Sizing
from generator.errors import InfeasibleError
from generator.layouts import layout
from generator.model import Communities, CorrelationGraph, Fleet, Profile, Traffic, Verdict
from generator.replay import remembered
from generator.schedule import AS_GOOD_AS_NONE, schedule
from generator.side_by_side import Each, one_by_one
from generator.solve import Problem, packed, solve
from generator.solve.problem import WEIGHTINGS, Members, Weighting

# The early part plans, the later part judges; what wins is planned anew on both.
EARLY_SHARE = 0.6
# Workloads that may fall short of their objective later on, by chance on one window; above it a plan has not
# generalised.
TOLERATED_SHARE = 0.02
HEADROOMS = (1.0, 1.25, 1.6, 2.2, 3.0)
SEED = 0
# Factors on the part of its allowed misses that a plan may use on the window it is made on. Above 1 it would use them
# up there; what follows is headroom to make up for it, and most replicas that no quota grants.
FEWER_MISSES = 0.5
MISS_FACTORS = (1.0, FEWER_MISSES)
# Packings that are tried beside the search, cheapest on the early part first.
PACKINGS_TRIED = 3
# Costs closer than this, as a share, are the same: curves of cost are lumpy.
TIE = 0.01
# Replays that are kept: at rising headrooms, and in packings alike, many groups are served the same.
REMEMBERED = 1024
# Once a plan holds, those that cost so much more on the early part are not judged.
DEARER = 0.1


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the planning window taught.

    Parameters
    ----------
    headroom : float
        Factor on the load to plan for.
    miss_factor : float
        Factor on the part of its allowed misses that a plan may use.
    packing : str or None
        Published packing that held better later than what the search found; None where the search did.
    scheduled : bool
        Whether minimums that follow the clock held, too, for less.
    searched : Lesson or None
        Where a packing won, by what the search kept as much, if it did. Costs of a part say little of the whole: which
        of the two is cheaper is seen when both are planned anew.
    """

    headroom: float
    miss_factor: float = 1.0
    packing: str | None = None
    scheduled: bool = False
    searched: "Lesson | None" = None

    def weighting(self, profile: Profile) -> Weighting:
        """Weigh a recommendation by what was learned of misses."""
        one = WEIGHTINGS[profile]
        return replace(one, miss_share=one.miss_share * self.miss_factor)


class Result(NamedTuple):
    """How a plan did on the later part."""

    short: bool
    beyond: int
    usd_per_h: float
    concentration: float
    attainment: float
    lesson: Lesson
    groups: tuple[Members, ...]


def backtest(
    machines: Machines,
    planned: Traffic,
    correlation: CorrelationGraph,
    communities: Communities,
    *,
    profile: Profile = "cheapest",
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    each: Each = one_by_one,
) -> Lesson:
    """Plan on the early part of the planning window, judge on its later part.

    Groups are found at no headroom, by search and by the best published packings; each is sized at rising headrooms
    until that grows too dear, and what wins with fewer misses to use, too. Before a packing is preferred to
    it, the search runs once more with fewer misses to use: sized for fewer, its first groups are dearer than those it
    finds for them. What keeps the fleet's mean objective on the later part comes first, then what leaves fewest
    workloads short of their own (up to `TOLERATED_SHARE` is none), then what costs least; ties go to what puts less of
    the traffic into one group. Minimums by the clock are tried on what won, at its headroom and
    those above: they are taken where they keep as much for less. Where a packing wins, what the search needed to keep
    as much is told, too.

    Parameters
    ----------
    machines : Machines
    planned : Traffic
    correlation : CorrelationGraph
    communities : Communities
    profile : str
        Under whose weighting to plan: what a plan may leave idle, and how sure it has to be, changes what holds later.
    progress : callable, optional
        Called with the share done.
    stop : callable
        Tells whether to make do with what was tried by now.
    each : Each
        How many blocks or groups are worked on at once.

    Returns
    -------
    Lesson
    """
    trials = _Trials(machines, planned, correlation, communities, profile, stop, each)
    # All packings first: the search then begins with the best of them.
    packings = packed(trials.problem(Lesson(1.0)))
    contenders: list[tuple[str | None, tuple[Members, ...]]] = [(None, trials.searched(MISS_FACTORS[0], progress))]
    for name, found in packings.items():
        groups = tuple(sorted(found))
        if len(contenders) <= PACKINGS_TRIED and all(groups != others for _, others in contenders):
            contenders.append((name, groups))
    for packing, groups in contenders:
        trials.compete(packing, groups, MISS_FACTORS[0])
    if not trials.results:
        return Lesson(HEADROOMS[0])
    if best(trials.results).lesson.packing is not None and not stop():
        # Some workload may not be served at all with so few misses; then the packing stands.
        with suppress(InfeasibleError):
            trials.compete(None, trials.searched(FEWER_MISSES), FEWER_MISSES)
    held = best(trials.results)
    for factor in MISS_FACTORS:
        if factor != held.lesson.miss_factor:
            trials.compete(held.lesson.packing, held.groups, factor)
    winner = best(trials.results)
    lesson = trials.by_the_clock(winner)
    as_good = [one for one in trials.results if one.lesson.packing is None and one[:2] == winner[:2]]
    if lesson.packing is None or not as_good:
        return lesson
    return replace(lesson, searched=trials.by_the_clock(best(as_good)))


class _Trials:
    """Plans made on the early part and judged on the later."""

    def __init__(
        self,
        machines: Machines,
        planned: Traffic,
        correlation: CorrelationGraph,
        communities: Communities,
        profile: Profile,
        stop: Callable[[], bool],
        each: Each,
    ) -> None:
        self.machines, self.stop, self.each = machines, stop, each
        self.correlation, self.communities = correlation, communities
        self.profile: Profile = profile
        self.early, self.late = split(planned, EARLY_SHARE)
        self.asked = asked(machines.fleet, self.late)
        self.replayed = remembered(machines, self.late, REMEMBERED)
        self.problems: dict[Lesson, Problem] = {}
        self.results: list[Result] = []
        # The least that a plan costs on the early part that holds on the later.
        self.held_at = np.inf

    def problem(self, lesson: Lesson) -> Problem:
        terms = replace(lesson, packing=None, scheduled=False)
        if terms not in self.problems:
            weighting = lesson.weighting(self.profile)
            self.problems[terms] = Problem(
                self.machines,
                self.early,
                self.correlation,
                self.communities,
                weighting,
                lesson.headroom,
                stop=self.stop,
                each=self.each,
            )
        return self.problems[terms]

    def searched(self, miss_factor: float, progress: Callable[[float], None] | None = None) -> tuple[Members, ...]:
        """Find groups at no headroom."""
        # What is learned of a method must not hang on the luck of one plan's seed.
        solution = solve(self.problem(Lesson(1.0, miss_factor)), seed=SEED, progress=progress, quick=True)
        return tuple(members for members, _ in solution.groups)

    def compete(self, packing: str | None, groups: tuple[Members, ...], miss_factor: float) -> None:
        """Judge groups at rising headrooms until that grows too dear."""
        for headroom in HEADROOMS:
            if self.results and self.stop():
                return
            lesson = Lesson(headroom, miss_factor, packing)
            plan = self._sized(lesson, groups)
            if plan is None:
                return
            usd_per_h = sum(sizing.usd_per_h for _, sizing in plan)
            if usd_per_h > self.held_at * (1.0 + DEARER):
                return
            verdict, beyond = self._judged(plan)
            short = verdict.attainment < self.asked
            self.held_at = self.held_at if short or beyond else min(self.held_at, usd_per_h)
            share = self.problem(lesson).share
            concentration = sum(float(share[list(members)].sum()) ** 2 for members in groups)
            cost = verdict.cost.expected
            self.results.append(Result(short, beyond, cost, concentration, verdict.attainment, lesson, groups))

    def by_the_clock(self, winner: Result) -> Lesson:
        """Have minimums follow the clock where that saves money and does not use up what was attained beyond need."""
        enough = min(winner.attainment, 1.0 - AS_GOOD_AS_NONE * (1.0 - self.asked))
        for headroom in HEADROOMS[HEADROOMS.index(winner.lesson.headroom) :]:
            if self.stop():
                break
            lesson = replace(winner.lesson, headroom=headroom)
            plan = self._sized(lesson, winner.groups)
            if plan is None:
                break
            timed = schedule(self.problem(lesson).sizer, plan)
            if timed == tuple(plan):
                continue
            verdict, beyond = self._judged(timed)
            if verdict.attainment >= enough and beyond <= winner.beyond and verdict.cost.expected < winner.usd_per_h:
                return replace(lesson, scheduled=True)
        return winner.lesson

    def _sized(self, lesson: Lesson, groups: Sequence[Members]) -> list[tuple[Members, Sizing]] | None:
        problem = self.problem(lesson)
        found = list(zip(groups, problem.sizes(groups), strict=True))
        possible = [(members, sizing) for members, sizing in found if sizing is not None]
        return possible if len(possible) == len(found) else None

    def _judged(self, plan: Sequence[tuple[Members, Sizing]]) -> tuple[Verdict, int]:
        """Judge a plan on the later part, and count the workloads that fall short, too few of them as none."""
        made = layout(self.machines, self.early, plan, source="solver", method="backtest")
        verdict = admit(made, self.machines, self.late, replayed=self.replayed)
        below = sum(found.rule == "SLO001" for found in verdict.violations)
        return verdict, below if below > TOLERATED_SHARE * len(verdict.workload_attainment) else 0


def best(results: Sequence[Result]) -> Result:
    """Choose what keeps most, costs least, and among ties puts less of the traffic into one group."""
    least = min(results, key=lambda result: result[:3])
    ties = [
        result
        for result in results
        if result[:2] == least[:2] and result.usd_per_h <= least.usd_per_h * (1.0 + TIE) + 1e-12
    ]
    return min(ties, key=lambda result: (result.concentration, result.usd_per_h, -result.lesson.headroom))


def split(traffic: Traffic, share: float) -> tuple[Traffic, Traffic]:
    """Cut a window in two at a share of its bins."""
    window = traffic.window
    at = max(1, round(window.bins * share))
    middle = window.start + timedelta(seconds=at * window.bin_s)
    # Rows that lie together are read as they are by every problem; else each would copy them.
    early, late = (np.ascontiguousarray(part) for part in np.split(traffic.rate_rps, [at], axis=1))
    return (
        replace(traffic, rate_rps=early, window=replace(window, end=middle)),
        replace(traffic, rate_rps=late, window=replace(window, start=middle)),
    )


def asked(fleet: Fleet, traffic: Traffic) -> float:
    """Objective percentiles, weighted by requests."""
    requests = traffic.rate_rps.sum(axis=1)
    percentiles = np.array([w.objective.percentile for w in fleet.workloads])
    return float(requests @ percentiles / requests.sum()) if requests.sum() > 0 else 0.0
