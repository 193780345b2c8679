"""Cost of a fleet at equal attained service level: `python -m benchmarks.cost [TRACE ...] [--seeds N]`.

Every method groups the same fleets on the early window, with one catalogue and one capacity model; one judge scores
what it got on the later window. Headroom and the misses a plan may use are swept for everybody, which gives each method
a curve of cost over attained level; at every point a method enters its two plans that are cheapest on the early
window. Beside the curves stands what `covey plan` itself chooses, by its backtest, without a look at the later
window.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from benchmarks.contenders import Contender, contenders
from benchmarks.cost_page import COVEY, Planned, Point, Run, read_runs, write_page
from benchmarks.traces import TRACE_OF, inputs, refuse_unknown
from generator.admit import admit
from generator.backtest import PACKINGS_TRIED
from generator.capacity.machines import Machines, machines
from generator.capacity.sizing import Sizing
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.layouts import layout
from generator.model import Catalog, Inputs, Verdict
from generator.partition import partition
from generator.pipeline import plan
from generator.solve import Problem, packed, solve
from generator.solve.problem import WEIGHTINGS, Members

HEADROOMS = (1.0, 1.25, 1.6, 2.2)
# Part of the allowed misses that a plan may use on the window it is made on; above 1 it plans for less than asked.
MISS_SHARES = (0.35, 0.7, 2.0, 4.0)
# Packings know neither headroom nor misses: their settings are tuned at these points, and at each of them so many of a
# method's are carried through the sweep, the cheapest on the early window.
TUNED = ((1.0, 0.7), (1.0, 4.0), (1.6, 0.7))
CARRIED = 4
# Plans a method enters at each point: its two cheapest on the early window. covey's are the cheapest its search found
# and the cheapest of the packings it tries itself, between which its backtest chooses when it plans.
PLANS_A_POINT = 2


def main() -> None:
    """Run what the command line names, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("traces", nargs="*", default=[], help=f"of {', '.join(TRACE_OF)}; all by default")
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--results", type=Path, default=Path("build/bench-cost"), help="a file for each trace and seed")
    asked.add_argument("--page", type=Path, default=Path("build/bench-cost"), help="folder of the page and its plot")
    given = asked.parse_args()
    refuse_unknown(asked, given.traces)
    catalog = read_catalog()
    given.results.mkdir(parents=True, exist_ok=True)
    for name in given.traces or list(TRACE_OF):
        trace = TRACE_OF[name]()
        for seed in range(given.seeds):
            done = run(name, seed, inputs(trace, seed), catalog)
            (given.results / f"{name}-{seed}.json").write_text(json.dumps(asdict(done)), encoding="utf-8")
            print(f"{name}, seed {seed}: {done.took_s:.0f} s, {done.peak_gib:.2f} GiB", file=sys.stderr)  # noqa: T201
    write_page(read_runs(given.results), given.page)


def run(name: str, seed: int, given: Inputs, catalog: Catalog) -> Run:
    """Sweep every method on one fleet."""
    began = time.perf_counter()
    table = machines(given.fleet, catalog)
    correlation = correlate(given.fleet, given.planned)
    communities = partition(correlation, seed=seed)

    def problem(headroom: float, miss_share: float) -> Problem:
        weighting = replace(WEIGHTINGS["cheapest"], miss_share=miss_share)
        return Problem(table, given.planned, correlation, communities, weighting, headroom)

    problems = {(h, m): problem(h, m) for h in HEADROOMS for m in MISS_SHARES}
    scored = _Scored(table, given)
    curves: dict[str, tuple[Point, ...]] = {}
    for contender in contenders():
        carried = [groups for at in TUNED for groups in _carried(problems[at], contender)]
        curves[contender.name] = _swept(problems.values(), contender, carried, scored)
    found: list[list[Members]] = []
    own: list[list[Members]] = []
    for at in problems:
        # Problems of its own: else its set partitioning would choose among the groups that contenders had sized.
        posed = problem(*at)
        if at in TUNED:
            own.extend([*packed(posed).values()][:PACKINGS_TRIED])
        found.append([members for members, _ in solve(posed, seed=seed).groups])
    covey = Contender(COVEY, "", lambda _: [])
    curves[COVEY] = tuple(
        point for plans in (found, own) for point in _swept(problems.values(), covey, plans, scored, plans_a_point=1)
    )
    return Run(
        trace=name,
        seed=seed,
        curves=curves,
        planned=_planned(given, catalog, table, seed),
        took_s=time.perf_counter() - began,
        peak_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    )


def _planned(given: Inputs, catalog: Catalog, table: Machines, seed: int) -> Planned:
    """What `covey plan` recommends as cheapest, on both windows."""
    began = time.perf_counter()
    found = plan(given, catalog, seed=seed).recommendations[0]
    took_s = time.perf_counter() - began
    early, later = admit(found.layout, table, given.planned), found.verdict
    return Planned(
        attainment=later.attainment,
        usd_per_h=later.cost.expected,
        fall=early.attainment - later.attainment,
        fall_of_worst_tenth=_worst_tenth(early) - _worst_tenth(later),
        interval_held=early.cost.floor <= later.cost.expected <= early.cost.ceiling,
        took_s=took_s,
    )


def _worst_tenth(verdict: Verdict) -> float:
    attained = sorted(verdict.workload_attainment.values())
    return float(np.mean(attained[: max(1, len(attained) // 10)]))


class _Scored:
    """The judge on the later window, who sees every layout once."""

    def __init__(self, table: Machines, given: Inputs) -> None:
        self.table = table
        self.given = given
        self.seen: dict[tuple[tuple[Members, Sizing], ...], Point] = {}

    def __call__(self, sized: tuple[tuple[Members, Sizing], ...]) -> Point:
        if sized not in self.seen:
            built = layout(self.table, self.given.planned, sized, source="solver", method="benchmark")
            verdict = admit(built, self.table, self.given.scored)
            self.seen[sized] = Point(verdict.attainment, verdict.cost.expected)
        return self.seen[sized]


def _served(problem: Problem, contender: Contender, groups: Sequence[Members]) -> list[tuple[Members, Sizing]] | None:
    sized = [(members, contender.serve(problem, members)) for members in sorted(groups)]
    if any(sizing is None for _, sizing in sized):
        return None
    return [(members, sizing) for members, sizing in sized if sizing is not None]


def _usd_per_h(sized: Iterable[tuple[Members, Sizing]]) -> float:
    return sum(sizing.usd_per_h for _, sizing in sized)


def _carried(problem: Problem, contender: Contender) -> list[list[Members]]:
    ranked: list[tuple[float, list[Members]]] = []
    for groups in contender.groupings(problem):
        sized = _served(problem, contender, groups)
        ranked.append((np.inf if sized is None else _usd_per_h(sized), groups))
    return [groups for _, groups in sorted(ranked)[:CARRIED]]


def _swept(
    problems: Iterable[Problem],
    contender: Contender,
    carried: Sequence[list[Members]],
    scored: Callable[[tuple[tuple[Members, Sizing], ...]], Point],
    *,
    plans_a_point: int = PLANS_A_POINT,
) -> tuple[Point, ...]:
    points: list[Point] = []
    each_once = {tuple(sorted(groups)): groups for groups in carried}.values()
    for problem in problems:
        options = [sized for groups in each_once if (sized := _served(problem, contender, groups)) is not None]
        points.extend(scored(tuple(sized)) for sized in sorted(options, key=_usd_per_h)[:plans_a_point])
    return tuple(points)


if __name__ == "__main__":
    main()
