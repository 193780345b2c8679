"""Service level: whether requests were answered in time, and whether the capacity model said so for this traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from generator.capacity.machines import Machines
from generator.drift.blocks import adjusted
from generator.model import FloatArray, Group, Measured, Objective, Traffic, Window
from generator.replay import Served, replay

# An objective counts as missed where chance would miss it so in less than this share of fleets that keep theirs.
MISSED_AT = 0.05


@dataclass(frozen=True, eq=False)
class Service:
    """How requests of one workload were answered.

    Parameters
    ----------
    attainment : float
        Share of requests within the objective's latency and without an error.
    predicted : float or None
        What the capacity model says for the observed traffic, None where the group's machine is not to be had.
    errors : float
        Share of requests answered with a failure.
    latency_ms : float
        The objective's percentile in a typical bin with requests, nearest of 50, 95 and 99 below it or at it.
    of_group : bool
        Whether latencies are the group's, its hosting kind giving none of the model.
    """

    workload: str
    attainment: float
    predicted: float | None
    errors: float
    latency_ms: float
    requests: float
    of_group: bool


def foreseen(groups: Sequence[Group], machines: Machines, rates: Traffic) -> dict[str, float]:
    """Return what the capacity model says of every workload's attainment for some traffic.

    Parameters
    ----------
    groups : sequence of Group
    machines : Machines
    rates : Traffic
        In the fleet's order.

    Returns
    -------
    dict of str to float
        Without workloads whose group's machine is not to be had.
    """
    index = {workload.name: i for i, workload in enumerate(machines.fleet.workloads)}
    found: dict[str, float] = {}
    for group in groups:
        found |= _predicted(group, machines, rates, index)
    return found


def service(
    groups: Sequence[Group],
    machines: Machines,
    predicted: Mapping[str, float],
    window: Window,
    models: Measured,
    endpoints: Measured,
) -> list[Service]:
    """Work out how every workload was answered; those of which no latency was measured are left out.

    Parameters
    ----------
    groups : sequence of Group
    machines : Machines
    predicted : mapping of str to float
        As `foreseen` says of the observed traffic.
    window : Window
    models, endpoints : Measured
        By workload and by group.
    """
    index = {workload.name: i for i, workload in enumerate(machines.fleet.workloads)}
    row = {name: i for i, name in enumerate(models.names)}
    endpoint = {name: i for i, name in enumerate(endpoints.names)}
    found: list[Service] = []
    for group in groups:
        for name in group.workloads:
            own = row.get(name)
            if own is None:
                continue
            latencies = _latencies(models, own)
            of_group = bool(np.isnan(latencies[2]).all())
            if of_group:
                if group.name not in endpoint:
                    continue
                latencies = _latencies(endpoints, endpoint[group.name])
            one = _answered(
                machines.fleet.workloads[index[name]].objective,
                models.rate_rps[own],
                models.errors_rps[own],
                latencies,
                window.bin_s,
            )
            if one is not None:
                attainment, errors, latency_ms, requests = one
                found.append(
                    Service(name, attainment, predicted.get(name), errors, latency_ms, requests, of_group=of_group)
                )
    return found


def missed(found: Sequence[Service], machines: Machines) -> list[tuple[Service, float]]:
    """Those who miss their objective by more than chance, with the adjusted probability of that chance."""
    asked = {workload.name: workload.objective.percentile for workload in machines.fleet.workloads}
    p_values = np.array(
        [
            stats.binom.cdf(
                np.floor(one.attainment * one.requests), max(1.0, np.floor(one.requests)), asked[one.workload]
            )
            for one in found
        ]
    )
    return [
        (one, float(p))
        for one, p in zip(found, adjusted(p_values), strict=True)
        if p <= MISSED_AT and one.attainment < asked[one.workload]
    ]


def _latencies(of: Measured, row: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    return of.latency_p50_ms[row], of.latency_p95_ms[row], of.latency_p99_ms[row]


def _answered(
    objective: Objective,
    rate: FloatArray,
    errors: FloatArray,
    latencies: tuple[FloatArray, FloatArray, FloatArray],
    bin_s: float,
) -> tuple[float, float, float, float] | None:
    median, p95, p99 = latencies
    known = ~(np.isnan(rate) | np.isnan(p99) | np.isnan(p95) | np.isnan(median)) & (rate > 0)
    if not known.any():
        return None
    late = _late_share(objective.latency_s * 1e3, median[known], p95[known], p99[known])
    weight = rate[known] / rate[known].sum()
    failed = float(np.nansum(np.nan_to_num(errors[known])) / rate[known].sum())
    percentile = p99 if objective.percentile >= 0.99 else p95 if objective.percentile >= 0.95 else median
    attainment = max(0.0, 1.0 - float(weight @ late) - min(1.0, failed))
    return attainment, failed, float(np.median(percentile[known])), float(rate[known].sum() * bin_s)


def _late_share(limit_ms: float, median: FloatArray, p95: FloatArray, p99: FloatArray) -> FloatArray:
    """Share of each bin's requests above a latency: between percentiles the logarithm of the share is linear in it.

    Beyond the 99th percentile the line from the 95th goes on, as an exponential tail would; nothing is below the
    median's half.
    """
    share = np.log(np.array([1.0, 0.5, 0.05, 0.01]))
    points = np.maximum.accumulate(np.stack([median / 2.0, median, p95, p99]), axis=0)
    points = points + 1e-9 * np.arange(4)[:, None]
    # The stretch between two percentiles that holds the limit; the last one reaches on.
    k = np.clip((points < limit_ms).sum(axis=0) - 1, 0, 2)
    bins = np.arange(len(median))
    left, right = points[k, bins], points[k + 1, bins]
    along = np.maximum((limit_ms - left) / (right - left), 0.0)
    return np.exp(np.maximum(share[k] + (share[k + 1] - share[k]) * along, -50.0))


def _predicted(group: Group, machines: Machines, rates: Traffic, index: dict[str, int]) -> dict[str, float]:
    machine = machines.machine_index.get((group.hosting, group.instance_type))
    region = machines.region_index.get((group.cloud, group.region))
    if machine is None or region is None:
        return {}
    members = np.array(sorted(index[name] for name in group.workloads), dtype=np.intp)
    served = Served(machine, region, group.target_utilization, group.min_replicas, group.max_replicas, group.schedule)
    seen = replay(machines, members, served, rates)
    return {machines.fleet.workloads[i].name: float(share) for i, share in zip(members, seen.attainment, strict=True)}
