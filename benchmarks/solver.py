"""The solver against every grouping there is: `python -m benchmarks.solver [--instances N] [--workloads N]`.

Instances are drawn at random: memory, service times, objectives from strict to patient, rates from idle to busy, both
clouds. The optimum over all set partitions comes from sizing every subset and dynamic programming over subsets.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from benchmarks.scale import fleet, rates, window
from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.model import Catalog, Objective
from generator.partition import partition
from generator.solve import Problem, fluid_bound, solve
from generator.solve.problem import WEIGHTINGS

BINS = 96
One = TypeVar("One")
Summary = Callable[[int, Sequence[One]], str]


def main() -> None:
    """Solve every instance and look through all its groupings, and say how often the solver reached the optimum."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--instances", type=int, default=200)
    asked.add_argument("--workloads", type=int, default=8)
    given = asked.parse_args()
    catalog = read_catalog()
    gaps: list[float] = []
    over_fluid: list[float] = []
    began = time.perf_counter()
    for seed in range(given.instances):
        found = solve(instance(given.workloads, seed, catalog), seed=0).worth
        posed = instance(given.workloads, seed, catalog)
        gaps.append(found / optimum(posed) - 1.0)
        over_fluid.append(found / fluid_bound(posed))
        if sys.stderr.isatty():
            print(f"\r{seed + 1} of {given.instances}", end="", file=sys.stderr)  # noqa: T201
    print(  # noqa: T201 (a benchmark's output)
        f"{given.instances} instances of {given.workloads} workloads, {time.perf_counter() - began:.0f} s: "
        f"optimal on {sum(gap <= 1e-6 for gap in gaps)}, worst gap {max(gaps):.2%}; "
        f"over the fluid bound {statistics.median(over_fluid):.2f} times in the median"
    )


def in_turn(
    what: str, solved: Callable[[int, int, Catalog], One], line: Callable[[str, One], str], summary: Summary[One]
) -> None:
    """Solve as many instances of every size as the command line names; print a line for each and one for all of a size.

    Parameters
    ----------
    what : str
        The benchmark's own words.
    solved : callable
        Solves an instance, by its workloads, its seed and the catalogue.
    line, summary : callable
        Tell one instance, by its name, and all of a size.
    """
    asked = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--instances", type=int, default=20)
    asked.add_argument("--workloads", type=int, nargs="+", default=[60])
    given = asked.parse_args()
    catalog = read_catalog()
    solve(instance(4, 0, catalog), seed=0)  # so that no instance pays for compilation
    for count in given.workloads:
        every: list[One] = []
        for seed in range(given.instances):
            every.append(solved(count, seed, catalog))
            print(line(f"{count} workloads, instance {seed}", every[-1]), flush=True)  # noqa: T201 (a benchmark's output)
        print(summary(count, every), flush=True)  # noqa: T201


def instance(count: int, seed: int, catalog: Catalog) -> Problem:
    """One random problem of a single class."""
    rng = np.random.default_rng(seed)
    one = fleet(count, rng)
    workloads = tuple(
        replace(
            w,
            runtime="server-0",
            memory_gib=float(np.exp(rng.normal(0.0, 1.0))),
            objective=Objective(0.98, float(rng.choice([0.4, 1.0, 40.0]))),
        )
        for w in one.workloads
    )
    one = replace(one, workloads=workloads)
    rate = rates(count, rng)[:, :: 2016 // BINS][:, :BINS] * 10 ** rng.uniform(-4, 1, (count, 1))
    planned = window(tuple(w.name for w in workloads), rate, 0, BINS)
    correlation = correlate(one, planned)
    communities = partition(correlation, seed=0)
    return Problem(machines(one, catalog), planned, correlation, communities, WEIGHTINGS["cheapest"], 1.0)


def optimum(problem: Problem) -> float:
    """Least worth over all set partitions: ``best[S] = min(worth(T) + best[S - T])``, T in S with its first member."""
    count = len(problem.machines.fleet.workloads)
    worth = [np.inf] + [
        problem.worth(tuple(i for i in range(count) if chosen >> i & 1)) for chosen in range(1, 1 << count)
    ]
    best = [0.0] + [np.inf] * ((1 << count) - 1)
    for whole in range(1, 1 << count):
        first = whole & -whole
        rest = whole ^ first
        part = rest
        while True:
            taken = part | first
            best[whole] = min(best[whole], worth[taken] + best[whole ^ taken])
            if part == 0:
                break
            part = (part - 1) & rest
    return best[-1]


if __name__ == "__main__":
    main()
