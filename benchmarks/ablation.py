"""What evidence and terms cost or buy: `python -m benchmarks.ablation [TRACE ...] [--seeds N]`.

Every line is one plan's groups, found at no headroom on the early window of a trace and judged on the later one.
Communities: true, of traffic in which every series is rotated at random, with permuted members. Switches: latency by
region (every other workload's callers in New York, the rest in London), residency of half in Europe, a third of the
traffic a group at most, one replica that always runs; and, at a thousandth of the traffic and with Cloud Run on offer,
scaling to zero beside one replica that always runs. For the switches every objective is `NETWORK_S` more patient than
the trace's: with callers on both sides of the Atlantic nobody could keep some of them otherwise.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.traces import ALWAYS_ON, TRACE_OF, Trace, inputs, refuse_unknown
from generator.admit import admit
from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.layouts import layout
from generator.model import Catalog, Communities, CorrelationGraph, Fleet, Inputs, Objective, Profile, Traffic, Workload
from generator.partition import partition
from generator.solve import Problem, solve
from generator.solve.problem import WEIGHTINGS

NETWORK_S = 0.05
REAL = ("servegen", "azure2019_femux100", "uci_online_retail")


def main() -> None:
    """Print a line for every trace, seed and variant."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("traces", nargs="*", default=[], help=f"of {', '.join(TRACE_OF)}; {', '.join(REAL)} by default")
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    refuse_unknown(asked, given.traces)
    catalog = read_catalog()
    for name in given.traces or REAL:
        trace = TRACE_OF[name]()
        for seed in range(given.seeds):
            _communities(name, seed, inputs(trace, seed), catalog)
            _switches(name, seed, trace, catalog)


def _communities(name: str, seed: int, given: Inputs, catalog: Catalog) -> None:
    rng = np.random.default_rng(seed)
    one, planned = given.fleet, given.planned
    rotated = np.array([np.roll(row, int(rng.integers(len(row)))) for row in planned.rate_rps])
    true, turned = correlate(one, planned), correlate(one, replace(planned, rate_rps=rotated))
    found = partition(true, seed=seed)
    names = rng.permutation(len(one.workloads))
    permuted = replace(found, members=tuple(tuple(sorted(names[list(m)].tolist())) for m in found.members))
    evidence: dict[str, tuple[CorrelationGraph, Communities]] = {
        "true": (true, found),
        "rotated": (turned, partition(turned, seed=seed)),
        "permuted": (true, permuted),
    }
    profiles: tuple[Profile, ...] = ("cheapest", "balanced")
    for profile in profiles:
        for kind, (graph, communities) in evidence.items():
            _say(f"{name}, seed {seed}, {profile}, communities {kind}", given, catalog, graph, communities, profile)


def _switches(name: str, seed: int, trace: Trace, catalog: Catalog) -> None:
    bare, idle = _patient(inputs(trace, seed)), _patient(inputs(trace, seed, hosting=(*ALWAYS_ON, "cloud-run-cpu")))
    idle = replace(idle, planned=_seldom(idle.planned), scored=_seldom(idle.scored))
    workloads = bare.fleet.workloads
    cities = ("London", "New York")
    abroad = [replace(w, users=((cities[i % 2], 1.0),)) for i, w in enumerate(workloads)]
    resident = [replace(w, residency=("Europe",)) if i % 2 else w for i, w in enumerate(workloads)]
    limits = replace(bare.fleet.limits, traffic_share_per_group=0.34)
    variants: dict[str, tuple[Inputs, int]] = {
        "no switch": (bare, 0),
        "latency by region": (_with(bare, abroad), 0),
        "residency of half": (_with(bare, resident), 0),
        "a third a group": (replace(bare, fleet=replace(bare.fleet, limits=limits)), 0),
        "one replica always": (bare, 1),
        "idle, to zero": (idle, 0),
        "idle, one replica always": (idle, 1),
    }
    for kind, (given, least_replicas) in variants.items():
        graph = correlate(given.fleet, given.planned)
        communities = partition(graph, seed=seed)
        _say(f"{name}, seed {seed}, {kind}", given, catalog, graph, communities, "cheapest", least_replicas)


def _patient(given: Inputs) -> Inputs:
    def slower(one: Objective) -> Objective:
        return replace(one, latency_s=one.latency_s + NETWORK_S)

    return _with(given, [replace(w, objective=slower(w.objective)) for w in given.fleet.workloads])


def _with(given: Inputs, workloads: Sequence[Workload]) -> Inputs:
    fleet: Fleet = replace(given.fleet, workloads=tuple(workloads))
    return replace(given, fleet=fleet)


def _seldom(traffic: Traffic) -> Traffic:
    return replace(traffic, rate_rps=traffic.rate_rps / 1000.0)


def _say(
    what: str,
    given: Inputs,
    catalog: Catalog,
    graph: CorrelationGraph,
    communities: Communities,
    profile: Profile,
    least_replicas: int = 0,
) -> None:
    table = machines(given.fleet, catalog)
    weighting = WEIGHTINGS[profile]
    weighting = replace(weighting, least_replicas=max(weighting.least_replicas, least_replicas))
    groups = solve(Problem(table, given.planned, graph, communities, weighting, 1.0), seed=0).groups
    plan = layout(table, given.planned, groups, source="solver", method="benchmark")
    verdict = admit(plan, table, given.scored)
    said = f"{verdict.cost.expected:.4f} USD/h, {verdict.attainment:.3%} in time, {len(groups)} groups"
    print(f"{what}: {said}", flush=True)  # noqa: T201 (a benchmark's output)


if __name__ == "__main__":
    main()
