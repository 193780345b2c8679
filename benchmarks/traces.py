"""The fleets of the comparisons: real traffic read in place, and one synthetic.

Only rates are measured. What the models are (memory, service time, objective) is drawn anew for every seed, so that a
result that holds over seeds does not hang on one guess.
"""

import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.scale import fleet as synthetic_fleet
from benchmarks.scale import rates as synthetic_rates
from generator.model import (
    CLOUD_OF_HOSTING,
    Cloud,
    Fleet,
    FloatArray,
    Hosting,
    Image,
    Inputs,
    Limits,
    Objective,
    Runtime,
    ServiceTime,
    Traffic,
    Window,
    Workload,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
TRACES = Path(os.environ.get("COVEY_TRACES", Path(__file__).parents[2] / "shared" / "traces"))
ALWAYS_ON: tuple[Hosting, ...] = ("sagemaker-multi-model", "sagemaker-single-model")


@dataclass(frozen=True, eq=False)
class Trace:
    """Rates of a fleet over an early and a later window.

    Parameters
    ----------
    rate_rps : ndarray, shape (W, T), requests/s
        Or erlangs, where `erlangs` says so.
    planned_bins : int
        Bins of the early window; the rest is the later one.
    variation : ndarray, shape (W,)
        Of the time between requests, on the early window.
    memory_gib : ndarray, shape (W,), or None
        Where it was measured.
    """

    rate_rps: FloatArray
    bin_s: float
    planned_bins: int
    variation: FloatArray
    memory_gib: FloatArray | None = None
    erlangs: bool = False


def servegen() -> Trace:
    """Clients of three hosted language models, 14 days: a week against the next (alibaba/ServeGen, Apache-2.0)."""
    rates = _read("servegen/rate_10min_dev_clients.parquet").sort("workload")
    variation = _read("servegen/cv_10min_dev_clients.parquet").sort("__index_level_0__")
    bins = [column for column in rates.columns if column != "workload"]
    early = [column for column in bins if int(column) < 604_800]
    seen = variation.select(early).to_numpy()
    counted = np.maximum((seen > 0).sum(axis=1), 1)
    mean = np.where((seen > 0).any(axis=1), np.where(seen > 0, seen, 0.0).sum(axis=1) / counted, 1.0)
    return Trace(_matrix(rates, bins), 600.0, len(early), mean)


def azure2019_femux100() -> Trace:
    """Busy containers of serverless applications: half a day against the other half, a stress case (CC BY 4.0)."""
    busy = _read("azure2019_femux100/containers_per_min_dev.parquet").sort("workload")
    meta = _read("azure2019_femux100/meta.parquet").select(workload="HashApp", megabytes="AverageMemUsage")
    memory = busy.join(meta, on="workload", how="left")["megabytes"].to_numpy() / 1024
    bins = [column for column in busy.columns if column != "workload"]
    rate = _matrix(busy, bins)
    return Trace(rate, 60.0, 720, np.ones(len(rate)), memory_gib=memory, erlangs=True)


def uci_online_retail() -> Trace:
    """Order lines of a web shop by country and category, each standing for 30 requests: 15 weeks against the rest."""
    lines = _read("uci_online_retail/lines_5min_long_dev.parquet")
    names = sorted(lines["w"].unique().cast(pl.String).to_list())
    number = {name: i for i, name in enumerate(names)}
    rate = np.zeros((len(names), int(lines["t"].cast(pl.Int64).max()) + 1))  # pyright: ignore[reportArgumentType]
    rows = [number[name] for name in lines["w"].cast(pl.String)]
    rate[rows, lines["t"].cast(pl.Int64).to_numpy()] = lines["n"].cast(pl.Float64).to_numpy() * 30.0 / 300.0
    return Trace(rate, 300.0, 30_240, np.ones(len(names)))


def synthetic(count: int = 1000) -> Trace:
    """Daily cycles in three time zones, noise, bursts: the fleet of `benchmarks/scale.py`, half a week each."""
    rate = synthetic_rates(count, np.random.default_rng(1))
    return Trace(rate, 300.0, rate.shape[1] // 2, np.ones(count))


TRACE_OF: Mapping[str, Callable[[], Trace]] = {
    "servegen": servegen,
    "azure2019_femux100": azure2019_femux100,
    "uci_online_retail": uci_online_retail,
    "synthetic1000": synthetic,
}


def refuse_unknown(asked: ArgumentParser, names: Iterable[str]) -> None:
    """End the command where it names a trace that there is not."""
    unknown = sorted(set(names) - set(TRACE_OF))
    if unknown:
        asked.error(f"no trace is called {', '.join(unknown)}; there are {', '.join(TRACE_OF)}")


def inputs(trace: Trace, seed: int, *, hosting: tuple[Hosting, ...] = ALWAYS_ON) -> Inputs:
    """Draw a fleet for a trace, and cut the trace into the window to plan on and the window to score on.

    Memory is lognormal around 1 GiB where it was not measured, service times lognormal around 25 ms (around .5 s for
    containers), the latency within which 99 % shall be answered 6, 12 or 24 service times.
    """
    rng = np.random.default_rng(seed)
    count = len(trace.rate_rps)
    median_s, most_s = (0.5, 2.0) if trace.erlangs else (0.025, 0.06)
    service_s = np.minimum(median_s * 10 ** rng.normal(0.0, 0.3, count), most_s)
    memory_gib = np.exp(rng.normal(0.0, 0.8, count)) if trace.memory_gib is None else trace.memory_gib
    memory_gib = np.clip(memory_gib, 0.05, 8.0)
    latency_s = service_s * rng.choice([6.0, 12.0, 24.0], count)
    template = synthetic_fleet(1, rng)
    runtime = "server-0"
    images: dict[Cloud, Image] = {}
    for cloud, image in template.runtimes[runtime].images.items():
        if kept := tuple(kind for kind in hosting if CLOUD_OF_HOSTING[kind] == cloud):
            images[cloud] = replace(image, hosting=kept)
    workloads = tuple(
        Workload(
            name=f"m{i:05d}",
            version="1",
            artifact=f"m{i:05d}/1.tar.gz",
            runtime=runtime,
            size_gib=float(memory_gib[i] / 2),
            memory_gib=float(memory_gib[i]),
            accelerator="none",
            service=ServiceTime("ml.m5.large", float(service_s[i])),
            objective=Objective(0.99, float(latency_s[i])),
            path=f"/m{i:05d}",
        )
        for i in range(count)
    )
    fleet: Fleet = replace(
        template,
        workloads=workloads,
        runtimes={runtime: Runtime(runtime, images)},
        limits=Limits(models_per_group=200),
    )
    rate = trace.rate_rps / service_s[:, None] if trace.erlangs else trace.rate_rps
    names = tuple(w.name for w in workloads)

    def window(first: int, last: int) -> Traffic:
        times = Window(
            START + timedelta(seconds=first * trace.bin_s), START + timedelta(seconds=last * trace.bin_s), trace.bin_s
        )
        return Traffic(names, np.ascontiguousarray(rate[:, first:last]), trace.variation, times)

    return Inputs(fleet, window(0, trace.planned_bins), window(trace.planned_bins, rate.shape[1]))


def _read(name: str) -> pl.DataFrame:
    path = TRACES / name
    if not path.is_file():
        message = (
            f"{path} is not there. Set COVEY_TRACES to the folder that holds the traces "
            "(servegen/, azure2019_femux100/, uci_online_retail/); examples/README.md says where they come from."
        )
        raise SystemExit(message)
    return pl.read_parquet(path)


def _matrix(table: pl.DataFrame, bins: list[str]) -> FloatArray:
    return np.ascontiguousarray(np.nan_to_num(table.select(bins).to_numpy().astype(float)))
