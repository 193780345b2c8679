"""Time and peak memory of a plan on synthetic fleets: `python -m benchmarks.scale 100 1000 [--jobs 2]`.

The traffic is synthetic: daily cycles in three time zones, gamma noise, and bursts on every seventh workload. Processor
time is given beside the clock, stage by stage: on a busy machine it is the one that can be compared. Stages that run
side by side are told apart with ``--jobs 1`` only. How fast partners are found beside a bare matrix product is
`python -m benchmarks.correlation`.
"""

import argparse
import resource
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from joblib import cpu_count

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
from generator.side_by_side import side_by_side
from generator.stages import HERE

BINS, BIN_S = 2016, 300.0
# Rows that are drawn at once: what they take beside the result counts towards no plan.
DRAWN_ROWS = 1000
START = datetime(2026, 1, 5, tzinfo=UTC)
CERTIFICATE = "arn:aws:acm:{region}:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"


def rates(count: int, rng: np.random.Generator) -> FloatArray:
    """Request rates of `count` workloads over a week, shape (count, BINS)."""
    base = 10 ** rng.normal(-0.5, 0.7, count)
    phase = rng.choice([0, 8, 16], count) + rng.normal(0, 1, count)
    hours = np.arange(BINS) * BIN_S / 3600
    depth = rng.uniform(0.2, 0.95, count)
    rate = np.empty((count, BINS))
    for top in range(0, count, DRAWN_ROWS):
        rows = slice(top, top + DRAWN_ROWS)
        day = np.sin(2 * np.pi * (hours[None] - phase[rows, None]) / 24)
        rate[rows] = base[rows, None] * (1 + depth[rows, None] * day) * rng.gamma(20, 1 / 20, day.shape)
    for row in range(0, count, 7):
        start = int(rng.integers(0, BINS - 30))
        rate[row, start : start + 20] *= rng.uniform(2, 6)
    return rate


def fleet(count: int, rng: np.random.Generator) -> Fleet:
    """A fleet of three model servers on two clouds and four regions."""
    sagemaker: tuple[Hosting, ...] = ("sagemaker-multi-model", "sagemaker-single-model")
    images: dict[Cloud, Image] = {
        "aws": Image("{account}.dkr.ecr.{region}.amazonaws.com/server:1", 8080, "/ping", "/invocations", sagemaker),
        "gcp": Image(
            "{region}-docker.pkg.dev/{account}/models/server:1", 8080, "/ping", "/predict", ("cloud-run-cpu",)
        ),
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
            "aws": Environment(
                "prod", "aws", "123456789012", "models-{region}", "Z1", "models.example.com", CERTIFICATE
            ),
            "gcp": Environment("prod", "gcp", "models-project", "models-{region}", "zone", "models.example.com", "map"),
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


class Stages:
    """Processor seconds and seconds by the clock of a plan's stages, to which `plan` reports its progress.

    Each is told on standard error as it begins, with the peak of memory before it: runs that do not end tell something.
    """

    def __init__(self) -> None:
        self.took_s: dict[str, FloatArray] = {}
        self._stage, self._since_s = "", _now_s()
        self._began_s = float(self._since_s[1])

    def __call__(self, stage: str, share: float) -> None:
        """Count what passed for the stage before."""
        now_s = _now_s()
        print(f"{now_s[1] - self._began_s:9.1f} s {peak_gib():6.2f} GiB {share:4.0%} {stage}", file=sys.stderr)  # noqa: T201 (a benchmark's output)
        self.took_s[self._stage] = self.took_s.get(self._stage, np.zeros(2)) + now_s - self._since_s
        self._stage, self._since_s = stage, now_s


def peak_gib() -> float:
    """Most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _now_s() -> FloatArray:
    return np.array([time.process_time(), time.perf_counter()])


def inputs(count: int) -> Inputs:
    """A fleet with the first half of its week to plan on and the second to score on."""
    rng = np.random.default_rng(1)
    one, rate = fleet(count, rng), rates(count, rng)
    names = tuple(workload.name for workload in one.workloads)
    return Inputs(one, window(names, rate, 0, BINS // 2), window(names, rate, BINS // 2, BINS))


def main() -> None:
    """Plan a fleet of each size named on the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("workloads", nargs="*", type=int, default=[100, 1000])
    asked.add_argument("--jobs", type=int, default=cpu_count())
    said = asked.parse_args()
    catalog = read_catalog()
    for count in said.workloads:
        seen, stages = inputs(count), Stages()
        began_s = _now_s()
        with side_by_side(said.jobs) as each:
            found = plan(seen, catalog, seed=0, progress=stages, work=replace(HERE, each=each))
        took_cpu_s, took_s = _now_s() - began_s
        stages("", 1.0)
        print(  # noqa: T201 (a benchmark's output)
            f"{count} workloads x {BINS} bins, {said.jobs} at once: {took_cpu_s:.1f} processor seconds, {took_s:.1f} s "
            f"by the clock, peak {peak_gib():.2f} GiB"
        )
        for recommendation in found.recommendations:
            print(  # noqa: T201 (the same)
                f"  {recommendation.profile}: {recommendation.verdict.cost.expected:.2f} USD/h, saves "
                f"{recommendation.saving_vs_baseline:.1%}, {recommendation.verdict.attainment:.2%} attained, "
                f"{len(recommendation.layout.groups)} groups"
            )
        for stage, (stage_cpu_s, stage_s) in stages.took_s.items():
            print(  # noqa: T201 (the same)
                f"  {stage_cpu_s:8.2f} processor seconds {stage_s:8.2f} s {stage or 'after the last stage'}"
            )


if __name__ == "__main__":
    main()
