"""What evidence and terms cost or buy on small fleets: `python -m benchmarks.ablation [--workloads N]`.

Every line is one plan's groups, found at no headroom on the early window and judged on the later one. Communities:
true, of traffic in which every series is rotated at random, with permuted members. Switches: latency by
region, residency and blast radius, one by one; scaling to zero beside one replica that always runs.
"""

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.scale import BINS, fleet, rates, window
from generator.admit import admit
from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.layouts import layout
from generator.model import Catalog, Communities, CorrelationGraph, Fleet, FloatArray, Limits, Traffic
from generator.partition import partition
from generator.solve import Problem, solve
from generator.solve.problem import WEIGHTINGS, Weighting


def main() -> None:
    """Print a line for every variant and seed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--workloads", type=int, default=48)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    catalog = read_catalog()
    for seed in range(given.seeds):
        rng = np.random.default_rng(seed)
        one, rate = fleet(given.workloads, rng), rates(given.workloads, rng)
        _communities(one, rate, catalog, seed)
        _switches(one, rate, catalog, seed)


def _communities(one: Fleet, rate: FloatArray, catalog: Catalog, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shifted = np.array([np.roll(row, int(rng.integers(len(row)))) for row in rate])
    planned, later = _windows(one, rate)
    true = correlate(one, planned)
    rotated = correlate(one, _windows(one, shifted)[0])
    found = partition(true, seed=seed)
    names = rng.permutation(len(one.workloads))
    permuted = replace(found, members=tuple(tuple(sorted(names[list(m)].tolist())) for m in found.members))
    evidence: dict[str, tuple[CorrelationGraph, Communities]] = {
        "true": (true, found),
        "rotated": (rotated, partition(rotated, seed=seed)),
        "permuted": (true, permuted),
    }
    for name, (graph, communities) in evidence.items():
        for profile in ("cheapest", "balanced"):
            said = _said(one, catalog, planned, later, graph, communities, WEIGHTINGS[profile])
            print(f"seed {seed}, communities {name:9} {profile:9} {said}")  # noqa: T201 (a benchmark's output)


def _switches(one: Fleet, rate: FloatArray, catalog: Catalog, seed: int) -> None:
    half = len(one.workloads) // 2
    bare = replace(one, workloads=tuple(replace(w, users=(), residency=()) for w in one.workloads))
    resident = tuple(replace(w, residency=("Europe",) if i < half else ()) for i, w in enumerate(bare.workloads))
    cheapest = WEIGHTINGS["cheapest"]
    variants: dict[str, tuple[Fleet, Weighting]] = {
        "none": (bare, cheapest),
        "latency by region": (one, cheapest),
        "residency of half": (replace(bare, workloads=resident), cheapest),
        "a third a group": (replace(bare, limits=Limits(models_per_group=60, traffic_share_per_group=0.34)), cheapest),
        "always on": (bare, replace(cheapest, least_replicas=1)),
        "idle, to zero": (bare, cheapest),
        "idle, always on": (bare, replace(cheapest, least_replicas=1)),
    }
    for name, (fleet_, weighting) in variants.items():
        planned, later = _windows(fleet_, rate / 1000.0 if name.startswith("idle") else rate)
        graph = correlate(fleet_, planned)
        said = _said(fleet_, catalog, planned, later, graph, partition(graph, seed=seed), weighting)
        print(f"seed {seed}, {name:19} {said}")  # noqa: T201 (a benchmark's output)


def _windows(one: Fleet, rate: FloatArray) -> tuple[Traffic, Traffic]:
    names = tuple(w.name for w in one.workloads)
    return window(names, rate, 0, BINS // 2), window(names, rate, BINS // 2, BINS)


def _said(
    one: Fleet,
    catalog: Catalog,
    planned: Traffic,
    later: Traffic,
    graph: CorrelationGraph,
    communities: Communities,
    weighting: Weighting,
) -> str:
    table = machines(one, catalog)
    groups = solve(Problem(table, planned, graph, communities, weighting, 1.0), seed=0).groups
    verdict = admit(layout(table, planned, groups, source="solver", method="benchmark"), table, later)
    return f"{verdict.cost.expected:8.4f} USD/h, {verdict.attainment:.3%} attained, {len(groups)} groups"


if __name__ == "__main__":
    main()
