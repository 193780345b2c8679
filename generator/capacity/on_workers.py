"""What a group meets where every request has a worker of its own: load, starts, and who is late."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.capacity.machines import Machines
from generator.capacity.queueing import service_miss
from generator.capacity.scaling import BEHAVIOUR
from generator.capacity.workers import cold_share
from generator.model import FloatArray, Traffic


class OnWorkers(NamedTuple):
    """What M members meet over T bins.

    Parameters
    ----------
    load : ndarray, shape (T,), erlangs
    cold : ndarray, shape (T,)
        Share of requests that wait for a worker to start.
    slow, too_cold : ndarray, shape (M,)
        Share of each member's requests that are late by service and network alone; after a start.
    """

    load: FloatArray
    cold: FloatArray
    slow: FloatArray
    too_cold: FloatArray


def on_workers(machines: Machines, traffic: Traffic, members: NDArray[np.intp], machine: int, region: int) -> OnWorkers:
    """Work out what a group meets on workers of one size in one region.

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
    members : ndarray of int, shape (M,)
    machine, region : int

    Returns
    -------
    OnWorkers
    """
    workloads = [machines.fleet.workloads[m] for m in members.tolist()]
    behaviour, processor = BEHAVIOUR[machines.hosting[machine]], machines.processor_class[machine]
    rates = traffic.rate_rps[members]
    load = machines.work_s[members, processor] @ rates / machines.processors[machine]
    start_s = behaviour.start_s + max(w.size_gib for w in workloads) / behaviour.load_gib_per_s
    budget = np.array([w.objective.latency_s for w in workloads]) - machines.round_trip_s[members, region]
    service, variation = machines.service_s[members, processor], np.array([w.service.variation for w in workloads])
    return OnWorkers(
        load=load,
        cold=cold_share(rates.sum(axis=0), load, behaviour, traffic.window.bin_s, start_s),
        slow=service_miss(budget, service, variation),
        too_cold=service_miss(budget - start_s, service, variation),
    )
