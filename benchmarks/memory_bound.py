"""Models that take turns in memory against models that all stay loaded: `make bench-memory`.

Fleets whose models are large and seldom asked, so that memory decides what they cost: the traffic of
examples/functions (half a day against the other half) and of examples/shop (its own windows), thinned, with models of
several GiB. How large is drawn lognormal around 3 GiB a seed (from 1 to 8, half of it in storage), how patient as said:
95 % within 20 s, which bears a load of most of them. Planned on the early window with leave for none, two, four and
sixteen times the room, judged on the later one by the queueing model and by the simulation.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.to_zero import ALWAYS, hosted
from generator.admit import admit
from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.layouts import layout
from generator.load import load
from generator.model import Catalog, Fleet, Hosting, Inputs, Objective, Verdict
from generator.partition import partition
from generator.solve import Problem, solve
from generator.solve.problem import WEIGHTINGS

EXAMPLES = Path(__file__).parents[1] / "examples"
# So much of its traffic leaves either fleet a few requests a minute.
SHARES = {"functions": 0.01, "shop": 0.02}
EVERY: tuple[Hosting, ...] = (*ALWAYS, "cloud-run-cpu", "sagemaker-serverless")
LEAVES = (1.0, 2.0, 4.0, 16.0)
OBJECTIVE = Objective(0.95, 20.0)
MEDIAN_GIB, SPREAD, LEAST_GIB, MOST_GIB = 3.0, 0.5, 1.0, 8.0


def main() -> None:
    """Print a table's row for every fleet, seed, choice of hosting and leave."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    catalog = read_catalog()
    for name, share in SHARES.items():
        inputs = load(EXAMPLES / name, catalog)
        early, late = (replace(seen, rate_rps=seen.rate_rps * share) for seen in (inputs.planned, inputs.scored))
        for seed in range(given.seeds):
            drawn = Inputs(_large(inputs.fleet, seed), early, late)
            for said in _rows(drawn, catalog):
                print(f"| {name} | {seed} | {said} |", flush=True)  # noqa: T201 (a benchmark's output)


def _large(fleet: Fleet, seed: int) -> Fleet:
    """Return the fleet with large models and patient callers anywhere."""
    rng = np.random.default_rng(seed)
    sizes = np.clip(MEDIAN_GIB * np.exp(SPREAD * rng.standard_normal(len(fleet.workloads))), LEAST_GIB, MOST_GIB)
    workloads = tuple(
        replace(w, memory_gib=gib, size_gib=gib / 2.0, objective=OBJECTIVE, users=(), artifact=f"{w.name}/large")
        for w, gib in zip(fleet.workloads, sizes.tolist(), strict=True)
    )
    return replace(fleet, workloads=workloads)


def _rows(inputs: Inputs, catalog: Catalog) -> Iterator[str]:
    for kinds, hosting in (("always on", ALWAYS), ("every kind", EVERY)):
        for leave in LEAVES:
            bare = hosted(inputs.fleet, hosting)
            one = replace(bare, limits=replace(bare.limits, memory_overcommit=leave))
            table = machines(one, catalog)
            graph = correlate(one, inputs.planned)
            problem = Problem(table, inputs.planned, graph, partition(graph, seed=0), WEIGHTINGS["cheapest"], 1.0)
            found = layout(table, inputs.planned, solve(problem, seed=0).groups, source="solver", method="benchmark")
            yield f"{kinds} | {leave:g} | {_told(admit(found, table, inputs.scored, seed=0))}"


def _told(verdict: Verdict) -> str:
    """Cost, groups, attainment by model and simulation, hit rate by both, and what waits for a load."""
    turning = [group for group in verdict.groups if group.model_cache is not None]
    usd = verdict.cost.expected
    attained = f"{verdict.attainment:.2%} | {verdict.simulated.attainment:.2%}" if verdict.simulated else "- | -"
    short = sum(found.rule == "SLO001" for found in verdict.violations)
    hits = ", ".join(f"{group.model_cache.hit_rate:.1%}" for group in turning if group.model_cache)
    seen = ", ".join(
        "-" if group.simulated is None or group.simulated.hit_rate is None else f"{group.simulated.hit_rate:.1%}"
        for group in turning
    )
    waits = sum(group.model_cache.waits_per_h for group in turning if group.model_cache)
    return f"{usd:.3f} | {len(verdict.groups)} | {attained} | {short} | {hits or '-'} | {seen or '-'} | {waits:.1f}"


if __name__ == "__main__":
    main()
