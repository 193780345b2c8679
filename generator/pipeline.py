"""The method, one line a step."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import NamedTuple

from generator.admit import admit
from generator.advise import advise
from generator.backtest import Lesson, backtest
from generator.capacity.machines import Machines, machines
from generator.capacity.sizing import Sizer, Sizing
from generator.contest import contest
from generator.correlate import correlate
from generator.dialogue import Example, LanguageModel, OfflineProposer
from generator.errors import InfeasibleError, InputError
from generator.heeded import heeded
from generator.layouts import layout
from generator.model import (
    CLOUD_OF_HOSTING,
    PROFILES,
    Catalog,
    Communities,
    CorrelationGraph,
    Inputs,
    Judged,
    Layout,
    Ledger,
    LedgerEntry,
    Plan,
    Profile,
    Traffic,
)
from generator.partition import partition
from generator.partners import over_threads
from generator.recommend import recommend
from generator.schedule import schedule
from generator.solve import Problem, Solution, best_packings, blocks, fluid_bound, solve, with_sizing
from generator.solve.problem import Members
from generator.stages import HERE, Deadline, Found, Work
from generator.why_not import why_not

Progress = Callable[[str, float], None]
# What part of a time limit may be gone when each recommendation's backtest is over, and when its groups are found;
# judging comes on top.
DUE: dict[Profile, tuple[float, float]] = {"cheapest": (0.4, 0.6), "balanced": (0.7, 0.8), "resilient": (0.9, 1.0)}


def plan(
    inputs: Inputs,
    catalog: Catalog,
    *,
    seed: int = 0,
    model: LanguageModel | None = None,
    memory: Sequence[Example] = (),
    notes: str | None = None,
    progress: Progress = lambda _stage, _share: None,
    work: Work = HERE,
) -> Plan:
    """Plan a fleet: correlate, partition, backtest, solve, propose, admit, recommend.

    Parameters
    ----------
    inputs : Inputs
    catalog : Catalog
    seed : int
        Same inputs and seed, same plan, byte for byte.
    model : LanguageModel, optional
        Who sits in the language model's seat; the offline proposer by default.
    memory : sequence of Example
        How groups were served before, and what people decided.
    notes : str, optional
        What an operator wants the model to know.
    progress : callable
        Called with a stage's name and the share of it that is done, 0 to 1.
    work : Work
        Where series are correlated, what an interrupted run has finished, and how much of a time limit is gone: what
        that cuts short, `limited_by` says, and another run may differ.

    Returns
    -------
    Plan

    Raises
    ------
    InfeasibleError
        A workload cannot be served at all.
    """
    deadline, turn = Deadline(work.used), Lock()

    def told(stage: str, share: float) -> None:
        # Recommendations are worked on side by side; whoever is told need not know.
        with turn:
            progress(stage, share)

    told("reading the machines", 0.0)
    table = machines(inputs.fleet, catalog)
    told("correlating", 0.0)
    correlation = correlate(inputs.fleet, inputs.planned, over=work.over or over_threads(work.each))
    told("finding communities", 0.0)
    communities = partition(correlation, seed=seed)

    way = _Way(table, inputs.planned, correlation, communities, seed, work, deadline, told)
    first = way.learned("cheapest")
    seat = model or OfflineProposer()
    entries: list[LedgerEntry] = []
    judged: dict[Profile, Judged] = {}
    gaps: list[float | None] = []
    chosen: dict[Profile, _Solved] = {}
    barred: dict[Profile, str] = {}

    def solved(profile: Profile) -> _Solved | str:
        try:
            return way.solved(profile, first)
        except InfeasibleError as found:
            # Only the cheapest asks for nothing but what the fleet itself asks for.
            if profile == "cheapest":
                raise
            return f"{found.where}: {found.what.rstrip('.')}"

    for profile, one in zip(PROFILES, work.each(solved, PROFILES), strict=True):
        if isinstance(one, str):
            barred[profile] = one
            continue
        lesson, problem, solution = one
        told(f"asking the {seat.name}", 0.0)
        best, entry = contest(
            profile,
            solution,
            problem,
            table,
            inputs.planned,
            seat,
            scheduled=lesson.scheduled,
            memory=memory,
            notes=notes,
        )
        entries.append(entry)
        judged[profile] = _judged(best, inputs, table, seed)
        gaps.append(solution.gap)
        chosen[profile] = one
    told("judging", 0.5)
    cheapest = chosen["cheapest"]
    alone = _baseline(inputs, table, cheapest.problem, scheduled=cheapest.lesson.scheduled)
    baseline = _judged(alone, inputs, table, seed)
    today = _current(inputs, table)
    current = None if today is None else _judged(today, inputs, table)
    recommendations, note = recommend(judged, baseline, current, barred)
    told("judging", 1.0)
    sizers: dict[Profile, Sizer] = {profile: one.problem.sizer for profile, one in chosen.items()}
    advice = advise(recommendations, inputs.fleet.goals, seat, notes=notes)
    return Plan(
        inputs=inputs,
        seed=seed,
        catalog_as_of=catalog.as_of,
        correlation=correlation,
        communities=communities,
        baseline=baseline,
        current=current,
        recommendations=recommendations,
        why_not=(*why_not(recommendations, sizers), *heeded(recommendations, sizers)),
        gap=None if any(gap is None for gap in gaps) else max(gap for gap in gaps if gap is not None),
        fluid_bound_usd_per_h=fluid_bound(cheapest.problem),
        limited_by="time" if deadline.cut_short else None,
        note=note,
        ledger=Ledger(seat.name, seat.source, tuple(entries), advice),
    )


class _Solved(NamedTuple):
    """What a recommendation's backtest taught, its problem, and what solves it."""

    lesson: Lesson
    problem: Problem
    solution: Solution


@dataclass(frozen=True)
class _Way:
    """From what was found out about a fleet to a recommendation's groups."""

    machines: Machines
    planned: Traffic
    correlation: CorrelationGraph
    communities: Communities
    seed: int
    work: Work
    deadline: Deadline
    told: Progress

    def learned(self, profile: Profile) -> Lesson:
        """Backtest a recommendation's terms."""

        def made() -> Lesson:
            return backtest(
                self.machines,
                self.planned,
                self.correlation,
                self.communities,
                profile=profile,
                progress=lambda share: self.told(f"backtesting {profile}", share),
                stop=self.deadline.by(DUE[profile][0]),
                each=self.work.each,
            )

        return self.work.recall(f"backtest, {profile}", Lesson, made)

    def solved(self, profile: Profile, first: Lesson) -> _Solved:
        """Solve for a recommendation by what was learned, the cheapest's lesson where that will do."""
        # What the search finds with the least to spare holds with more. Where a packing held instead, another
        # weighting need not follow it: the search may hold where the cheapest, which scales to zero, did not.
        lesson = first if first.packing is None or profile == "cheapest" else self.learned(profile)
        found = self._solved_by(lesson, profile, f"groups, {profile}")
        if lesson.searched is None:
            return found
        # Some workload may not be served at all with so few misses; then the packing stands.
        with suppress(InfeasibleError):
            searched = self._solved_by(lesson.searched, profile, f"groups, {profile}, searched")
            return min(found, searched, key=lambda one: one.solution.worth)
        return found

    def _solved_by(self, lesson: Lesson, profile: Profile, stage: str) -> _Solved:
        @cache
        def problem_at(headroom: float) -> Problem:
            return Problem(
                self.machines,
                self.planned,
                self.correlation,
                self.communities,
                lesson.weighting(profile),
                headroom,
                stop=self.deadline.by(DUE[profile][1]),
                each=self.work.each,
            )

        def made() -> Found:
            return _solve(problem_at, lesson, self.seed, lambda share: self.told(f"solving for {profile}", share))

        groups = self.work.recall(stage, Found, made)
        problem = problem_at(groups.headroom)
        return _Solved(lesson, problem, _solution(problem, groups))


def _solve(
    problem_at: Callable[[float], Problem], lesson: Lesson, seed: int, progress: Callable[[float], None]
) -> Found:
    """Solve anew on the whole planning window, by what the backtest found to hold.

    Where quotas leave no room for headroom, the plan goes without.
    """
    try:
        return _found(problem_at, lesson.headroom, lesson, seed, progress)
    except InfeasibleError:
        if lesson.headroom == 1.0:
            raise
    return _found(problem_at, 1.0, lesson, seed, progress)


def _found(
    problem_at: Callable[[float], Problem],
    headroom: float,
    lesson: Lesson,
    seed: int,
    progress: Callable[[float], None],
) -> Found:
    problem = problem_at(headroom)
    if lesson.packing is None:
        solved = solve(problem, seed=seed, progress=progress)
        return Found(headroom, tuple(members for members, _ in solved.groups), solved.gap, solved.method)
    # On the whole window another packing may be needed where this one can no longer be served.
    pieces = [atoms for whole in problem.classes for atoms in blocks(problem, whole)]
    held = (lesson.packing,)

    def packed_best(atoms: tuple[Members, ...]) -> tuple[str, list[Members]]:
        return (best_packings(problem, atoms, 1, held) or best_packings(problem, atoms, 1))[0]

    found = list(problem.each(packed_best, pieces))
    chosen = sorted(group for _, groups in found for group in groups)
    used = ", ".join(sorted({name for name, _ in found}))
    return Found(headroom, tuple(chosen), None, f"packing: {used}")


def _solution(problem: Problem, found: Found) -> Solution:
    # Of a file that somebody changed anything may have come.
    everyone = sorted(i for members in found.groups for i in members) == list(range(len(problem.share)))
    groups = with_sizing(problem, list(found.groups)) if everyone else ()
    if not everyone or len(groups) < len(found.groups):
        raise InputError(
            "the stages kept of an earlier run",
            "their groups do not hold every workload once, or cannot be served.",
            "Remove that file; the plan begins anew.",
        )
    return Solution(groups, sum(map(problem.worth, found.groups)), found.gap, found.method)


def _judged(one: Layout, inputs: Inputs, table: Machines, seed: int | None = None) -> Judged:
    return Judged(one, admit(one, table, inputs.scored, seed=seed))


def _baseline(inputs: Inputs, table: Machines, problem: Problem, *, scheduled: bool) -> Layout:
    """Every workload on an endpoint of its own, at the same headroom, best machine each, by the clock like the plan."""
    one_each = [(i,) for i in range(len(table.fleet.workloads))]
    sizings = zip(one_each, problem.sizes(one_each), strict=True)
    alone = [(members, sizing) for members, sizing in sizings if sizing is not None]
    timed = schedule(problem.sizer, alone) if scheduled else alone
    return layout(table, inputs.planned, timed, source="solver", method="one endpoint each")


def _current(inputs: Inputs, table: Machines) -> Layout | None:
    """What the fleet says runs today, if it says so of every workload."""
    workloads = inputs.fleet.workloads
    sized: list[tuple[tuple[int, ...], Sizing]] = []
    for i, workload in enumerate(workloads):
        runs = workload.current
        if runs is None:
            return None
        machine = table.machine_index.get((runs.hosting, runs.instance_type))
        region = table.region_index.get((CLOUD_OF_HOSTING[runs.hosting], runs.region))
        if machine is None or region is None:
            return None
        count = runs.replicas or 1
        sized.append(((i,), Sizing(machine, region, 1.0, count, count, 0.0)))
    return layout(table, inputs.planned, sized, source="solver", method="today")
