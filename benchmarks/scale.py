"""Time and peak memory of a plan on synthetic fleets: `python -m benchmarks.scale 100 1000`.

The traffic is synthetic: daily cycles in three time zones, gamma noise, and bursts on every seventh workload. Each
line also gives the time of one bare matrix product of the correlation's size in the same run, so that machines can be
compared.
"""

import resource
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np

from generator.catalog import read_catalog
from generator.model import (
    Cloud,
    Environment,
    Fleet,
    FloatArray,
    Hosting,
    Image,
    Inputs,
    Limits,
    Objective,
    OwnPrices,
    Place,
    Runtime,
    ServiceTime,
    Traffic,
    Window,
    Workload,
)
from generator.pipeline import plan

BINS, BIN_S = 2016, 300.0
START = datetime(2026, 1, 5, tzinfo=UTC)


def rates(count: int, rng: np.random.Generator) -> FloatArray:
    """Request rates of `count` workloads over a week, shape (count, BINS)."""
    base = 10 ** rng.normal(-0.5, 0.7, count)
    phase = rng.choice([0, 8, 16], count) + rng.normal(0, 1, count)
    hours = np.arange(BINS) * BIN_S / 3600
    day = np.sin(2 * np.pi * (hours[None] - phase[:, None]) / 24)
    rate = base[:, None] * (1 + rng.uniform(0.2, 0.95, count)[:, None] * day) * rng.gamma(20, 1 / 20, (count, BINS))
    for row in range(0, count, 7):
        start = int(rng.integers(0, BINS - 30))
        rate[row, start : start + 20] *= rng.uniform(2, 6)
    return rate


def fleet(count: int, rng: np.random.Generator) -> Fleet:
    """A fleet of three model servers on two clouds and four regions."""
    sagemaker: tuple[Hosting, ...] = ("sagemaker-multi-model", "sagemaker-single-model")
    images: dict[Cloud, Image] = {
        "aws": Image("server", 8080, "/ping", "/invocations", sagemaker),
        "gcp": Image("server", 8080, "/ping", "/predict", ("cloud-run-cpu",)),
    }
    workloads = [
        Workload(
            name=f"m{i:05d}",
            version="1",
            artifact=f"m{i:05d}/1.tar.gz",
            runtime=f"server-{i % 3}",
            size_gib=float(rng.uniform(0.05, 0.5)),
            memory_gib=float(rng.uniform(0.1, 2.0)),
            accelerator="none",
            service=ServiceTime("ml.m5.large", min(0.06, float(10 ** rng.normal(-1.6, 0.3)))),
            objective=Objective(0.99, float(rng.choice([0.5, 1.0, 2.0]))),
            path=f"/m{i:05d}",
            users=(("London" if i % 2 else "New York", 1.0),),
        )
        for i in range(count)
    ]
    return Fleet(
        name="synthetic",
        workloads=tuple(workloads),
        runtimes={f"server-{k}": Runtime(f"server-{k}", images) for k in range(3)},
        environment="prod",
        environments={
            "aws": Environment("prod", "aws", "123456789012", "models-{region}", "Z1", "models.example.com", "arn"),
            "gcp": Environment("prod", "gcp", "project", "models-{region}", "zone", "models.example.com", "map"),
        },
        regions=(("aws", "eu-west-1"), ("aws", "us-east-1"), ("gcp", "europe-west1"), ("gcp", "us-central1")),
        places={"London": Place("London", 51.5, -0.1), "New York": Place("New York", 40.7, -74.0)},
        limits=Limits(models_per_group=60),
        prices=OwnPrices(),
        assumptions=("Everything is synthetic.",),
    )


def window(names: tuple[str, ...], rate: FloatArray, first: int, last: int) -> Traffic:
    """Bins `first` to `last` as traffic."""
    times = Window(START + timedelta(seconds=first * BIN_S), START + timedelta(seconds=last * BIN_S), BIN_S)
    return Traffic(names, np.ascontiguousarray(rate[:, first:last]), np.ones(len(names)), times)


def main() -> None:
    """Plan a fleet of each size named on the command line."""
    catalog = read_catalog()
    for count in map(int, sys.argv[1:] or ["100", "1000"]):
        rng = np.random.default_rng(1)
        one, rate = fleet(count, rng), rates(count, rng)
        names = tuple(workload.name for workload in one.workloads)
        inputs = Inputs(one, window(names, rate, 0, BINS // 2), window(names, rate, BINS // 2, BINS))
        began = time.perf_counter()
        _ = rate @ rate.T
        product = time.perf_counter() - began
        began = time.perf_counter()
        found = plan(inputs, catalog, seed=0)
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        cheapest = found.recommendations[0]
        print(  # noqa: T201 (a benchmark's output)
            f"{count:>7} workloads x {BINS} bins: {took:6.1f} s, peak {peak:.2f} GiB, matrix product {product:.3f} s; "
            f"cheapest saves {cheapest.saving_vs_baseline:.1%} at {cheapest.verdict.attainment:.2%} attained"
        )


if __name__ == "__main__":
    main()
