"""Compiled sizing finds what trying every machine, region and policy in plain arrays finds."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.capacity.machines import Machines
from generator.capacity.sizing import Sizer, Terms
from generator.model import Limits, Objective, Traffic
from tests.fleets import days, fleet, gpu_workload, table, traffic, workload
from tests.slow_sizing import slow_sizing


def compare(machines: Machines, seen: Traffic, terms: Terms, members: list[int]) -> None:
    """Hold what compiled sizing finds against the cheapest of a slow search, any of which will do."""
    cheapest = slow_sizing(machines, seen, terms, members)
    found = Sizer(machines, seen, terms).size(members)

    if found is None:
        assert [] == cheapest
    else:
        ties = [replace(sizing, usd_per_h=found.usd_per_h) for sizing in cheapest]
        assert found in ties
        assert abs(cheapest[0].usd_per_h - found.usd_per_h) <= 1e-9 * max(1.0, found.usd_per_h)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    gpu=st.booleans(),
    bin_s=st.sampled_from([60.0, 300.0, 3600.0]),
    mean_rps=st.sampled_from([0.0005, 0.02, 1.0, 30.0]),
    latency_s=st.sampled_from([0.15, 0.5, 3.0, 30.0]),
    terms=st.sampled_from([Terms(), Terms(1.0, 0, 1.0, 0.7), Terms(1.6, 1, 0.9, 0.35), Terms(1.25, 2, 0.8, 0.35)]),
    quota=st.sampled_from([None, 3]),
)
def test_compiled_sizing_finds_what_a_slow_search_finds(
    seed: int, gpu: bool, bin_s: float, mean_rps: float, latency_s: float, terms: Terms, quota: int | None
) -> None:
    rng = np.random.default_rng(seed)
    make = gpu_workload if gpu else workload
    workloads = [
        make(
            f"w{i}",
            artifact=f"{rng.integers(3)}.tar.gz",
            objective=Objective(float(rng.choice([0.9, 0.99])), latency_s * float(rng.uniform(0.7, 1.4))),
            users=((str(rng.choice(["Paris", "Texas"])), 1.0),),
            availability=float(rng.choice([0.99, 0.9995], p=[0.8, 0.2])),
        )
        for i in range(4)
    ]
    one = fleet(workloads, limits=Limits(quotas={} if quota is None else {"ml.small": quota, "run-2cpu-4gib": quota}))
    rates = days(4, 120, seed=seed, mean_rps=mean_rps) * (rng.random((4, 120)) < rng.choice([0.05, 1.0]))
    seen = replace(traffic(one, rates, bin_s=bin_s), interarrival_variation=rng.uniform(0.5, 3.0, 4))
    machines = table(one)
    members = sorted(rng.choice(4, int(rng.integers(1, 5)), replace=False).tolist())
    compare(machines, seen, terms, members)


@settings(max_examples=16)
@given(
    seed=st.integers(0, 10**6),
    gpu=st.booleans(),
    alike=st.booleans(),
    mean_rps=st.sampled_from([0.0005, 0.005, 0.5]),
    latency_s=st.sampled_from([0.5, 10.0, 25.0]),
    terms=st.sampled_from([Terms(), Terms(1.6, 1, 0.9, 0.35), Terms(1.25, 2, 0.8, 0.35, resident=True)]),
)
def test_compiled_sizing_finds_what_a_slow_search_finds_where_models_take_turns(
    seed: int, gpu: bool, alike: bool, mean_rps: float, latency_s: float, terms: Terms
) -> None:
    rng = np.random.default_rng(seed)
    make, typical_gib = (gpu_workload, 9.0) if gpu else (workload, 1.2)
    sizes = typical_gib * (np.ones(8) if alike else rng.uniform(0.5, 1.5, 8))
    workloads = [
        make(
            f"w{i}",
            artifact=f"{rng.integers(7)}.tar.gz",
            memory_gib=float(sizes[i]),
            size_gib=float(sizes[i]) / (10.0 if gpu else 1.0),
            objective=Objective(float(rng.choice([0.6, 0.95])), latency_s * float(rng.uniform(0.7, 1.4))),
        )
        for i in range(8)
    ]
    one = fleet(workloads, limits=Limits(memory_overcommit=float(rng.choice([1.5, 10.0]))))
    rates = days(8, 120, seed=seed, mean_rps=mean_rps) * (rng.random((8, 120)) < rng.choice([0.05, 1.0]))
    seen = traffic(one, rates)
    machines = table(one)
    members = sorted(rng.choice(8, int(rng.integers(5, 9)), replace=False).tolist())
    compare(machines, seen, terms, members)
