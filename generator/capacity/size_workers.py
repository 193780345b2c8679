"""The cheapest hosting with a worker for every request that keeps a workload's objective on a window of traffic."""

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.demand import Terms
from generator.capacity.look import ANY, NOTHING, Policy
from generator.capacity.machines import Machines
from generator.capacity.on_workers import on_workers
from generator.capacity.scaling import BEHAVIOUR
from generator.capacity.workers import refused_share, workers_for
from generator.model import FloatArray, Traffic

# A worker is asked for one request at a time, so nothing is tracked; the figure says that none is kept free.
TARGET = 1.0


def size_workers(
    machines: Machines,
    traffic: Traffic,
    terms: Terms,
    members: NDArray[np.intp],
    price_usd_per_h: FloatArray,
    *,
    among: NDArray[np.bool_],
    region: int = ANY,
    limit_usd_per_h: float = np.inf,
) -> Policy:
    """Find the cheapest size of worker and region, if below a limit.

    What is billed is the time that requests take, so the cost is that of the mean load. Terms that keep a replica
    running leave out this hosting unless every member is pinned to it: it keeps none.

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
    terms : Terms
    members : ndarray of int, shape (M,)
        Of one artifact, or nothing fits.
    price_usd_per_h : ndarray, shape (K, R)
        Of a worker that is never idle.
    among : ndarray of bool, shape (K,)
        Those of `worker_machines` to look at.
    region : int
        The only one to look at; `ANY` for all.
    limit_usd_per_h : float

    Returns
    -------
    Policy
        Its machine is `NOTHING` where none keeps every objective for less.
    """
    best = Policy(NOTHING, NOTHING, 0.0, 0.0, 0.0, limit_usd_per_h)
    if not among.any():
        return best
    # Most groups are of several artifacts, which no worker holds.
    if len(members) > 1 and not (among & machines.multi_model).any():
        artifacts = machines.artifact_index[members]
        if (artifacts != artifacts[0]).any():
            return best
    if terms.least_replicas > 0 and not _pinned(machines, members):
        return best
    found = np.flatnonzero(among)
    found = found[machines.machine_allowed[np.ix_(members, found)].all(axis=0)]
    found = found[machines.fits(members)[found]] if len(found) else found
    if len(found) == 0:
        return best
    regions = np.flatnonzero(machines.region_allowed[members].all(axis=0))
    regions = regions if region == ANY else regions[regions == region]
    mean_rps = traffic.rate_rps[members].mean(axis=1)
    for k in found.tolist():
        processor = int(machines.processor_class[k])
        mean_load = float(machines.work_s[members, processor] @ mean_rps) / float(machines.processors[k])
        for r in regions.tolist():
            egress = float(machines.egress_usd_per_request[members, r] @ mean_rps) * SECONDS_PER_HOUR
            cost = float(price_usd_per_h[k, r]) * mean_load + egress
            if cost < best.usd_per_h:
                load = machines.work_s[members, processor] @ traffic.rate_rps[members] / machines.processors[k]
                most = float(workers_for(float(load.max()) * terms.headroom))
                if most <= _quota(machines, k) and workers_keep(machines, traffic, terms, members, k, r, int(most)):
                    best = Policy(k, r, TARGET, 0.0, most, cost)
    return best


def worker_machines(machines: Machines) -> NDArray[np.bool_]:
    """Machines that give every request a worker of its own, shape (K,)."""
    return np.array([BEHAVIOUR[hosting].worker_per_request for hosting in machines.hosting])


def workers_keep(
    machines: Machines, traffic: Traffic, terms: Terms, members: NDArray[np.intp], machine: int, region: int, most: int
) -> bool:
    """Tell whether no member's requests come too late too often on so many workers."""
    rates = traffic.rate_rps[members]
    found = on_workers(machines, traffic, members, machine, region)
    refused = refused_share(found.load * terms.headroom, most)
    allowed = np.array([1.0 - machines.fleet.workloads[m].objective.percentile for m in members.tolist()])
    # What is late by service alone cannot be late again by a start.
    more: FloatArray = rates @ refused + (rates @ found.cold) * (found.too_cold - found.slow)
    requests = np.maximum(rates.sum(axis=1), 1e-300)
    bearable = terms.miss_share * (allowed - found.slow) * requests
    return bool((found.slow <= allowed).all() and (more <= bearable).all())


def _pinned(machines: Machines, members: NDArray[np.intp]) -> bool:
    return all(machines.fleet.workloads[m].pin is not None for m in members.tolist())


def _quota(machines: Machines, machine: int) -> float:
    return machines.fleet.limits.quotas.get(machines.instance_types[machine].name, np.inf)
