"""Small synthetic fleets for the method's core: a catalogue of eight machines in four regions, any rates, any terms."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from generator.capacity.machines import Machines, machines
from generator.correlate import correlate
from generator.model import (
    Catalog,
    Cloud,
    Environment,
    Fleet,
    FloatArray,
    Hosting,
    Image,
    Inputs,
    InstanceType,
    Limits,
    Objective,
    Offering,
    OwnPrices,
    Place,
    Price,
    Region,
    Runtime,
    ServiceTime,
    Traffic,
    Window,
    Workload,
)
from generator.partition import partition
from generator.solve import Problem
from generator.solve.problem import WEIGHTINGS, Weighting

START = datetime(2026, 3, 2, tzinfo=UTC)
SMALL = InstanceType("ml.small", "aws", 2, 4.0)
MEDIUM = InstanceType("ml.medium", "aws", 4, 8.0)
LARGE = InstanceType("ml.large", "aws", 8, 32.0)
A10G = InstanceType("ml.a10g", "aws", 8, 32.0, 1, "a10g", 24.0, 125.0, 600.0)
FOUR_A10G = InstanceType("ml.4xa10g", "aws", 48, 192.0, 4, "a10g", 24.0, 125.0, 600.0)
RUN = InstanceType("run-2cpu-4gib", "gcp", 2, 4.0)
RUN_LARGE = InstanceType("run-8cpu-16gib", "gcp", 8, 16.0)
L4 = InstanceType("run-l4", "gcp", 8, 32.0, 1, "l4", 24.0, 120.0, 300.0)
SERVERLESS = InstanceType("serverless-2gib", "aws", 1, 2.0)
UNPRICED = InstanceType("ml.rumoured", "aws", 16, 64.0)
REGIONS = (
    Region("aws", "us-east-1", "North America", "United States", "N. Virginia", 38.0, -78.0, 380.0, 0.09),
    Region("aws", "eu-west-1", "Europe", "Ireland", "Dublin", 53.0, -8.0, 280.0, None),
    Region("gcp", "europe-west1", "Europe", "Belgium", "St. Ghislain", 50.5, 4.0, 126.0, 0.12),
    Region("gcp", "us-central1", "North America", "United States", "Iowa", 41.0, -94.0, 430.0, 0.12),
)
PARIS = Place("Paris", 48.9, 2.4)
TEXAS = Place("Texas", 31.0, -97.0)


def catalog() -> Catalog:
    """Return machines of every hosting kind; Europe is a tenth dearer, and one machine has no price."""
    offered: tuple[tuple[InstanceType, Hosting, str, str, float], ...] = (
        (SMALL, "sagemaker-multi-model", "us-east-1", "eu-west-1", 0.1),
        (MEDIUM, "sagemaker-multi-model", "us-east-1", "eu-west-1", 0.19),
        (LARGE, "sagemaker-multi-model", "us-east-1", "eu-west-1", 0.42),
        (LARGE, "sagemaker-single-model", "us-east-1", "eu-west-1", 0.42),
        (A10G, "sagemaker-multi-model", "us-east-1", "eu-west-1", 1.4),
        (FOUR_A10G, "sagemaker-single-model", "us-east-1", "eu-west-1", 5.8),
        (RUN, "cloud-run-cpu", "us-central1", "europe-west1", 0.14),
        (RUN_LARGE, "cloud-run-cpu", "us-central1", "europe-west1", 0.56),
        (L4, "cloud-run-gpu", "us-central1", "europe-west1", 1.0),
        (SERVERLESS, "sagemaker-serverless", "us-east-1", "eu-west-1", 0.14),
    )
    offerings = tuple(
        Offering(machine, hosting, region, price(usd))
        for machine, hosting, america, europe, listed in offered
        for region, usd in ((america, listed), (europe, round(listed * 1.1, 4)))
    )
    return Catalog(
        instance_types={o.instance_type.name: o.instance_type for o in offerings} | {UNPRICED.name: UNPRICED},
        regions={(region.cloud, region.name): region for region in REGIONS},
        offerings=offerings,
        unpriced={("sagemaker-multi-model", UNPRICED.name, "us-east-1"): "nobody publishes one"},
        network_ms=(5.0, 0.015),
        as_of="2026-01-01",
    )


def price(usd_per_h: float, *, estimated: bool = False) -> Price:
    return Price(usd_per_h, "quoted", "2026-01-01", "made up for tests", estimated)


def workload(name: str, **changes: Any) -> Workload:
    """Return a small CPU model of 50 ms whose callers bear 500 ms, with fields replaced."""
    plain = Workload(
        name=name,
        version="1",
        artifact=f"{name}.tar.gz",
        runtime="sklearn",
        size_gib=0.2,
        memory_gib=0.5,
        accelerator="none",
        service=ServiceTime("ml.small", 0.05),
        objective=Objective(0.99, 0.5),
        path=f"/{name}",
    )
    return replace(plain, **changes)


def gpu_workload(name: str, **changes: Any) -> Workload:
    """Return a model of 10 GiB on a GPU, batches of eight."""
    service = ServiceTime("ml.a10g", 0.2, compute_share=0.5, max_batch=8, marginal_batch_cost=0.1)
    plain = workload(name, accelerator="gpu", memory_gib=10.0, size_gib=10.0, runtime="triton", service=service)
    return replace(replace(plain, objective=Objective(0.95, 2.0)), **changes)


def fleet(workloads: Sequence[Workload], **changes: Any) -> Fleet:
    """Return a fleet that may run everywhere, with fields replaced."""
    clouds: dict[Cloud, Environment] = {
        "aws": Environment("prod", "aws", "123456789012", "models-{region}", "Z1", "models.example.com", "cert"),
        "gcp": Environment("prod", "gcp", "a-project", "models-{region}", "zone", "models.example.com", "map"),
    }
    plain = Fleet(
        name="synthetic",
        workloads=tuple(sorted(workloads, key=lambda one: one.name)),
        runtimes={
            "sklearn": Runtime("sklearn", _images("cloud-run-cpu"), memory_overhead_gib=0.5),
            "triton": Runtime("triton", _images("cloud-run-gpu"), memory_overhead_gib=1.0),
            "amazon-only": Runtime("amazon-only", {"aws": _images("cloud-run-cpu")["aws"]}),
            "serverless": Runtime("serverless", {"aws": _serverless_image()}),
        },
        environment="prod",
        environments=clouds,
        regions=tuple((region.cloud, region.name) for region in REGIONS),
        places={"Paris": PARIS, "Texas": TEXAS},
        limits=Limits(),
        prices=OwnPrices(),
        assumptions=(),
    )
    return replace(plain, **changes)


def _images(run: Hosting) -> dict[Cloud, Image]:
    amazon: tuple[Hosting, ...] = ("sagemaker-multi-model", "sagemaker-single-model")
    return {
        "aws": Image("{account}.example/{region}:1", 8080, "/ping", "/invocations", amazon),
        "gcp": Image("{region}.example/{account}:1", 8080, "/ping", "/invocations", (run,)),
    }


def _serverless_image() -> Image:
    amazon: tuple[Hosting, ...] = ("sagemaker-single-model", "sagemaker-serverless")
    return Image("{account}.example/{region}:1", 8080, "/ping", "/invocations", amazon)


def traffic(one: Fleet, rate_rps: ArrayLike, *, bin_s: float = 300.0, start: datetime = START) -> Traffic:
    """Return rates, one row a workload, as the window's traffic with Poisson arrivals."""
    rate = np.array(rate_rps, dtype=float)
    window = Window(start, start + timedelta(seconds=bin_s * rate.shape[1]), bin_s)
    return Traffic(tuple(w.name for w in one.workloads), rate, np.ones(len(rate)), window)


def inputs(one: Fleet, rate_rps: ArrayLike, *, bin_s: float = 300.0, planned: float = 0.5) -> Inputs:
    """Return rates cut into a planning window and a scored one."""
    rate = np.array(rate_rps, dtype=float)
    at = round(rate.shape[1] * planned)
    later = START + timedelta(seconds=bin_s * at)
    return Inputs(one, traffic(one, rate[:, :at], bin_s=bin_s), traffic(one, rate[:, at:], bin_s=bin_s, start=later))


def days(count: int, bins: int, *, seed: int, mean_rps: float = 5.0) -> FloatArray:
    """Return noisy daily rhythms of different phase and size, shape (count, bins); a day has 96 bins."""
    rng = np.random.default_rng(seed)
    size = mean_rps * rng.lognormal(0.0, 1.0, (count, 1))
    phase = rng.uniform(0.0, 2 * np.pi, (count, 1))
    clock = 1.0 + 0.8 * np.sin(2 * np.pi * np.arange(bins) / 96 + phase)
    return size * clock * rng.gamma(20.0, 1 / 20.0, (count, bins))


def table(one: Fleet) -> Machines:
    """Return the catalogue's machines against a fleet."""
    return machines(one, catalog())


def problem(one: Fleet, seen: Traffic, weighting: Weighting = WEIGHTINGS["cheapest"], headroom: float = 1.0) -> Problem:
    """Return the grouping problem of a fleet on a window."""
    graph = correlate(one, seen)
    return Problem(table(one), seen, graph, partition(graph, seed=0), weighting, headroom)
