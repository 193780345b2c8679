"""Replay a window of traffic through one group: replicas follow the load, requests wait, backlog carries over."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import floor_path, weekly_minima
from generator.capacity.cold_loads import load_times_s, waits_for_load, with_loads
from generator.capacity.machines import Machines
from generator.capacity.on_workers import on_workers
from generator.capacity.queueing import backlog, load_miss, service_miss, service_quantiles, wait_tail, waits_too_long
from generator.capacity.scaling import BEHAVIOUR, idle_probability, late_share, replica_path, scaling_signal
from generator.capacity.workers import refused_share
from generator.model import FloatArray, ScheduledMinimum, Traffic


@dataclass(frozen=True, slots=True)
class Served:
    """How a group is served: rows and columns of `Machines`, its scaling policy, and its minimums by the clock."""

    machine: int
    region: int
    target: float
    minimum: int
    maximum: int
    schedule: tuple[ScheduledMinimum, ...] = ()


@dataclass(frozen=True, eq=False)
class Replay:
    """What happened to a group of M workloads over T bins.

    Parameters
    ----------
    load : ndarray, shape (T,)
        Replicas' worth of work offered.
    replicas : ndarray, shape (T,)
        Replicas billed on average over each bin.
    running, busy : ndarray, shape (T,)
        Replicas that run unless the service is at zero, or may run where every request has one; load over them.
    waiting : ndarray, shape (T,), replica-seconds
        Work left at the end of each bin.
    attainment : ndarray, shape (M,)
        Share of each member's requests within its latency; 1 where it had none.
    requests : ndarray, shape (M,)
    cold_share : float
        Share of the group's requests that found no replica.
    waits_for_load : ndarray, shape (M,), or None
        Requests of each member that waited for their model to load; None where all models stay loaded.
    """

    load: FloatArray
    replicas: FloatArray
    running: FloatArray
    busy: FloatArray
    waiting: FloatArray
    attainment: FloatArray
    requests: FloatArray
    cold_share: float
    waits_for_load: FloatArray | None = None


# What happened to a group, by its members and how they are served, on a window that was settled before.
Remembered = Callable[[tuple[int, ...], Served], Replay]


def replay(machines: Machines, members: NDArray[np.intp], served: Served, traffic: Traffic) -> Replay:
    """Replay every bin of a window for one group.

    Within a bin, waiting follows the queue of `capacity.queueing.wait_tail` at that bin's utilisation; where load
    exceeds capacity, or work is left from before, the fluid backlog's delay counts instead if it is the longer. A
    request that finds a service at zero replicas pays the start and the load of its model. Where models take turns in
    memory, who finds his not loaded pays its load, which keeps a place to serve in busy, too. Where every request has a
    worker of its own nobody waits: who finds none ready pays the start, and who finds all in use is refused.

    Parameters
    ----------
    machines : Machines
    members : ndarray of int, shape (M,)
    served : Served
    traffic : Traffic

    Returns
    -------
    Replay
    """
    table, rates, bin_s = machines, traffic.rate_rps[members], traffic.window.bin_s
    processor = int(table.processor_class[served.machine])
    behaviour = BEHAVIOUR[table.hosting[served.machine]]
    if behaviour.worker_per_request:
        return _replay_workers(table, members, served, traffic)
    load = (table.work_s[members, processor] @ rates) / table.processors[served.machine]
    signal = scaling_signal(load, behaviour, bin_s)
    floor = max(served.minimum, 1)
    if served.schedule:
        floor = floor_path(weekly_minima(served.schedule, served.minimum), traffic.window, behaviour)
    running = replica_path(signal, served.target, floor, served.maximum)
    # An autoscaler sees requests, not what loads keep busy beside them.
    turns = waits_for_load(table, traffic, members, served.machine)
    load_s = load_times_s(table, members, served.machine)
    if turns is not None:
        occupied_s = load_s / table.slots[members, processor]
        load = load + occupied_s @ (rates * turns) / table.processors[served.machine]
    to_zero = served.minimum == 0
    total = rates.sum(axis=0)
    waiting = backlog(load, running, bin_s)
    workloads = [table.fleet.workloads[i] for i in members]
    share = rates.sum(axis=1) / max(float(rates.sum()), 1e-300)
    service = table.service_s[members, processor]
    variation = np.array([w.service.variation for w in workloads])
    variability = float(share @ (traffic.interarrival_variation[members] ** 2 + variation**2)) / 2.0
    slots = float(table.processors[served.machine] * table.slots[members, processor].min())
    busy = load / running
    behind = np.concatenate([[False], load[1:] > running[:-1]]) * late_share(behaviour, bin_s)
    starting = behaviour.start_s + max(w.size_gib for w in workloads) / behaviour.load_gib_per_s
    never = np.zeros(len(load))
    idle = idle_probability(total, behaviour.hold_s, bin_s) if to_zero else never
    cold = idle_probability(total, behaviour.hold_s, bin_s, start_s=starting) if to_zero else never
    service_s = float(share @ service)
    if turns is not None:
        often = share * (rates * turns).sum(axis=1) / np.maximum(rates.sum(axis=1), 1e-300)
        beside = float(often @ load_s), float(often @ (load_s * (2.0 * service + load_s)))
        service_s, variability = with_loads(service_s, variability, float(share @ variation**2), *beside)
    probability, decay = wait_tail(busy, running * slots, service_s, variability)
    objective_s = np.array([w.objective.latency_s for w in workloads])
    budget = objective_s - table.round_trip_s[members, served.region]
    slow = service_miss(budget, service, variation)[:, None]
    if turns is not None:
        slow = slow + turns * np.maximum(load_miss(budget, load_s, service, variation)[:, None] - slow, 0.0)
    too_cold = service_miss(budget - starting, service, variation)[:, None]
    waits = np.maximum(budget[:, None] - service_quantiles(service, variation), 0.0)
    late = waits_too_long(rates, probability, decay, waits, behind, waiting, running)
    missed = cold * too_cold + (1.0 - cold) * (slow + (1.0 - slow) * late)
    asked, late_requests = rates.sum(axis=1), np.array([one @ other for one, other in zip(rates, missed, strict=True)])
    attainment = 1.0 - late_requests / np.where(asked > 0, asked, 1.0)
    return Replay(
        load=load,
        replicas=np.where(running <= 1, 1.0 - idle, running) if to_zero else running,
        running=running,
        busy=busy,
        waiting=waiting,
        attainment=np.clip(attainment, 0.0, 1.0),
        requests=rates.sum(axis=1) * bin_s,
        cold_share=float(total @ cold) / max(float(total.sum()), 1e-300),
        waits_for_load=None if turns is None else (rates * turns).sum(axis=1) * bin_s,
    )


def remembered(machines: Machines, traffic: Traffic, most: int) -> Remembered:
    """Replay on one window, and keep the last so many replays for who asks again."""

    @lru_cache(most)
    def replayed(members: tuple[int, ...], served: Served) -> Replay:
        return replay(machines, np.array(members, dtype=np.intp), served, traffic)

    return replayed


def _replay_workers(table: Machines, members: NDArray[np.intp], served: Served, traffic: Traffic) -> Replay:
    rates = traffic.rate_rps[members]
    total, requests = rates.sum(axis=0), rates.sum(axis=1)
    load, cold, slow, too_cold = on_workers(table, traffic, members, served.machine, served.region)
    refused = refused_share(load, served.maximum)
    missed = refused + (1.0 - refused) * (slow[:, None] * (1.0 - cold) + too_cold[:, None] * cold)
    return Replay(
        load=load,
        replicas=load,
        running=np.full(len(load), float(served.maximum)),
        busy=load / served.maximum,
        waiting=np.zeros(len(load)),
        attainment=1.0 - np.clip((rates * missed).sum(axis=1) / np.maximum(requests, 1e-300), 0.0, 1.0),
        requests=requests * traffic.window.bin_s,
        cold_share=float(total @ cold) / max(float(total.sum()), 1e-300),
    )
