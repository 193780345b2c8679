"""Fleets that ran on machines which differ from the catalogue by planted factors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from generator.model import (
    Catalog,
    Fleet,
    Group,
    InstanceType,
    Measured,
    Observations,
    Offering,
    Quantity,
    ServiceTime,
    Window,
)
from tests.fleets import START, fleet, price, workload
from tests.fleets import catalog as others
from tests.layouts import group

BIN_S = 3600.0
SERVICE_S = 0.05
LISTED = 0.2
REGION = "us-east-1"
SIZES = {"large": 2, "xlarge": 4, "2xlarge": 8}
# By machine and quantity; what is not there is 1.
Planted = Mapping[tuple[str, Quantity], float]


def catalog() -> Catalog:
    """Return two families of three sizes at one price."""
    machines = [
        InstanceType(f"ml.{family}.{size}", "aws", vcpus, 4.0 * vcpus)
        for family in ("c5", "m5")
        for size, vcpus in SIZES.items()
    ]
    return replace(
        others(),
        instance_types={machine.name: machine for machine in machines},
        offerings=tuple(Offering(machine, "sagemaker-multi-model", REGION, price(LISTED)) for machine in machines),
        unpriced={},
    )


def served(machines: Sequence[str], each: int = 3) -> tuple[Fleet, tuple[Group, ...]]:
    """Return a fleet of groups of one workload, some on each machine."""
    names = [f"{machine.replace('.', '-')}-{i}" for machine in machines for i in range(each)]
    workloads = [workload(name, service=ServiceTime("ml.c5.large", SERVICE_S, variation=0.5)) for name in names]
    groups = tuple(
        group(name, (name,), "sagemaker-multi-model", REGION, machines[i // each]) for i, name in enumerate(names)
    )
    one = replace(fleet(workloads), regions=(("aws", REGION),))
    return one, tuple(sorted(groups, key=lambda found: found.name))


def observed(
    groups: Sequence[Group],
    planted: Planted,
    days: int,
    seed: int,
    *,
    first: int = 0,
    noise: float = 0.05,
) -> Observations:
    """Return hourly observations of so many days from the first on: three replicas, and a daily rhythm below half load.

    Every group's workload takes a little more or less than its reference says, the same on all days; days and hours
    are noisy besides.
    """
    bins = days * 24
    window = Window(START + timedelta(days=first), START + timedelta(days=first + days), BIN_S)
    vcpus = np.array([SIZES[one.instance_type.rpartition(".")[2]] for one in groups], dtype=float)
    own = np.exp(np.random.default_rng(seed).normal(0.0, noise, len(groups)))
    rng = np.random.default_rng([seed, first, days])

    def chance() -> np.ndarray:
        by_day = rng.normal(0.0, noise, (len(groups), days)).repeat(24, axis=1)
        return np.exp(by_day + rng.normal(0.0, noise, (len(groups), bins)))

    def factor(quantity: Quantity) -> np.ndarray:
        return np.array([planted.get((one.instance_type, quantity), 1.0) for one in groups])

    replicas = np.full((len(groups), bins), 3.0)
    load = 0.2 + 0.1 * np.sin(2 * np.pi * np.arange(bins) / 24)
    rate = load * replicas * vcpus[:, None] / SERVICE_S
    busy = (factor("work") * own)[:, None] * load * chance()
    median_ms = 1e3 * SERVICE_S * 0.918 * (factor("service") * own)[:, None] * chance()
    cost = factor("cost")[:, None] * replicas * LISTED * np.ones((len(groups), bins))
    names = tuple(one.name for one in groups)
    nothing = np.full(rate.shape, np.nan)
    requests = Measured(names, rate, np.zeros_like(rate), median_ms, 2 * median_ms, 3 * median_ms)
    workloads = Measured(names, rate, np.zeros_like(rate), nothing, nothing, nothing)
    return Observations(window, tuple(groups), requests, workloads, replicas, busy, cost)
