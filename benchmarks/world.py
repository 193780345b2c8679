"""A world that serves a fleet: real rates, and machines that are not as fast as the fleet's owner believes.

The judge's replay runs on the world's own service times; what it yields is reported as a cloud would report it, with
noise. Machine families are off by factors of their own, and every workload by one that no calibration of machines can
tell, so that not all of it can be learned.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generator.capacity.machines import Machines, machines
from generator.capacity.queueing import service_quantiles, wait_tail
from generator.model import Catalog, Fleet, FloatArray, Group, Layout, Measured, Observations, Traffic
from generator.replay import Replay, Served, replay

# What families of machines are taken to be off by: drawn once a seed, lognormal around this, as wide as this.
FAMILY_FACTOR, FAMILY_SPREAD = 1.25, 0.3
WORKLOAD_SPREAD = 0.15
NOISE = 0.05
GRID = np.geomspace(1e-3, 60.0, 160)


@dataclass(frozen=True, eq=False)
class Week:
    """What a layout came to in the world in one stretch: cost of machines, share of requests in time, observations."""

    usd_per_h: float
    attainment: float
    missed: int
    observations: Observations


def world(fleet: Fleet, catalog: Catalog, seed: int) -> Machines:
    """Draw a world for a fleet: its true service times, and machines that are off by so much."""
    rng = np.random.default_rng(seed)
    own = rng.lognormal(0.0, WORKLOAD_SPREAD, len(fleet.workloads))
    workloads = tuple(
        replace(w, service=replace(w.service, mean_s=w.service.mean_s * float(factor)))
        for w, factor in zip(fleet.workloads, own, strict=True)
    )
    table = machines(replace(fleet, workloads=workloads, calibration=()), catalog)
    families = sorted({one.family for one in table.instance_types})
    drawn = dict(zip(families, FAMILY_FACTOR * rng.lognormal(0.0, FAMILY_SPREAD, len(families)), strict=True))
    off_by = np.array([drawn[one.family] for one in table.instance_types])
    # A processor class of its own for every machine: each has its own pace here.
    count = len(off_by)
    return replace(
        table,
        processor_classes=tuple(f"{one.name} {k}" for k, one in enumerate(table.instance_types)),
        processor_class=np.arange(count, dtype=np.intp),
        work_s=table.work_s[:, table.processor_class] * off_by,
        service_s=table.service_s[:, table.processor_class] * off_by,
        slots=table.slots[:, table.processor_class],
        gpus_per_copy=table.gpus_per_copy[:, table.processor_class],
    )


def lived(table: Machines, layout: Layout, traffic: Traffic, rng: np.random.Generator) -> Week:
    """Serve a stretch of traffic in a world."""
    index = {w.name: i for i, w in enumerate(table.fleet.workloads)}
    groups = tuple(sorted(layout.groups, key=lambda group: group.name))
    usd_per_h, attained = 0.0, np.ones(len(index))
    rows: list[tuple[FloatArray, ...]] = []
    for group in groups:
        members = np.array(sorted(index[name] for name in group.workloads), dtype=np.intp)
        served = served_as(group, table)
        seen = replay(table, members, served, traffic)
        price = float(table.price_usd_per_h[served.machine, served.region])
        usd_per_h += price * float(seen.replicas.mean())
        attained[members] = seen.attainment
        rate = traffic.rate_rps[members].sum(axis=0)
        latency = [found * rng.lognormal(0.0, NOISE, len(rate)) for found in latencies(table, members, served, traffic)]
        busy = np.minimum(seen.busy, 1.0) * rng.lognormal(0.0, NOISE, len(rate))
        rows.append((rate, *latency, seen.replicas, np.minimum(busy, 1.0), price * seen.replicas))
    rate, p50, p95, p99, replicas, busy, cost = (np.array(found) for found in zip(*rows, strict=True))
    requests = traffic.rate_rps.sum(axis=1)
    asked = np.array([w.objective.percentile for w in table.fleet.workloads])
    nothing = np.full(traffic.rate_rps.shape, np.nan)
    observations = Observations(
        window=traffic.window,
        served=groups,
        groups=Measured(tuple(g.name for g in groups), rate, np.zeros(rate.shape), p50 * 1e3, p95 * 1e3, p99 * 1e3),
        workloads=Measured(
            traffic.workloads, traffic.rate_rps, np.zeros(traffic.rate_rps.shape), nothing, nothing, nothing
        ),
        replicas=replicas,
        utilization=busy,
        cost_usd_per_h=cost,
    )
    return Week(
        usd_per_h,
        float(requests @ attained / requests.sum()),
        int(((attained < asked - 1e-9) & (requests > 0)).sum()),
        observations,
    )


def served_as(group: Group, table: Machines) -> Served:
    """How a group is served, as rows and columns of a table."""
    return Served(
        table.machine_index[group.hosting, group.instance_type],
        table.region_index[group.cloud, group.region],
        group.target_utilization,
        group.min_replicas,
        group.max_replicas,
        group.schedule,
    )


def latencies(table: Machines, members: NDArray[np.intp], served: Served, traffic: Traffic) -> list[FloatArray]:
    """Median, 95th and 99th percentile of each bin, seconds; NaN in a bin without a request.

    Service is a mixture of its quantiles, waiting the tail of `capacity.queueing.wait_tail` behind what is left over.
    """
    seen = replay(table, members, served, traffic)
    processor = int(table.processor_class[served.machine])
    rates = traffic.rate_rps[members]
    service = table.service_s[members, processor]
    workloads = [table.fleet.workloads[i] for i in members]
    quantiles = np.array(
        [service_quantiles(float(s), w.service.variation) for s, w in zip(service, workloads, strict=True)]
    )
    total = rates.sum(axis=0)
    there = np.flatnonzero(total > 0)
    above = _above(table, members, served, traffic, seen, there)
    share = rates[:, there] / total[there]
    found = [np.full(len(total), np.nan) for _ in range(3)]
    late = np.zeros((len(GRID), len(there)))
    for g, limit in enumerate(GRID):
        left = limit - quantiles
        # Shape (M, Q, bins): who is still in service, else who has waited so long.
        waits = np.where(left[:, :, None] <= 0, 1.0, above(np.maximum(left, 0.0)))
        late[g] = (share * waits.mean(axis=1)).sum(axis=0)
    for row, percentile in zip(found, (0.5, 0.05, 0.01), strict=True):
        row[there] = GRID[np.minimum((late > percentile).sum(axis=0), len(GRID) - 1)]
    return found


def _above(
    table: Machines,
    members: NDArray[np.intp],
    served: Served,
    traffic: Traffic,
    seen: Replay,
    there: NDArray[np.intp],
):
    processor = int(table.processor_class[served.machine])
    rates = traffic.rate_rps[members]
    service = table.service_s[members, processor]
    share = rates.sum(axis=1) / max(float(rates.sum()), 1e-300)
    scv = np.array([table.fleet.workloads[i].service.variation ** 2 for i in members])
    variability = float(share @ (traffic.interarrival_variation[members] ** 2 + scv)) / 2.0
    slots = float(table.processors[served.machine] * table.slots[members, processor].min())
    probability, decay = wait_tail(seen.busy, seen.running * slots, float(share @ service), variability)
    behind = seen.waiting[there] / np.maximum(seen.running[there], 1e-9)

    def above(wait_s: FloatArray) -> FloatArray:
        beyond = wait_s[:, :, None] - behind
        return np.where(beyond <= 0, 1.0, probability[there] * np.exp(-np.maximum(beyond, 0.0) * decay[there]))

    return above
