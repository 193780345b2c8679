"""What a fleet's machines are to its workloads, as arrays that compiled code reads."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.capacity.scaling import BEHAVIOUR, Behaviour
from generator.compiled import compiled
from generator.model import FloatArray, Hosting

# Kinds of hosting, and the autoscalers they have: several kinds share one.
HOSTINGS: tuple[Hosting, ...] = tuple(BEHAVIOUR)
AUTOSCALERS: tuple[Behaviour, ...] = tuple(dict.fromkeys(BEHAVIOUR.values()))
# From this availability on, an instance type that lives in one zone needs a second replica.
TWO_ZONES_AVAILABILITY = 0.999
UNLIMITED = 10**6

# An array of records: numpy publishes no type that knows their fields.
Records: TypeAlias = Any

MACHINE_FIELDS = [
    ("hosting", np.intp),
    ("kind", np.intp),
    ("alike", np.intp),
    ("processor", np.intp),
    ("autoscaler", np.intp),
    ("processors", np.float64),
    ("memory_gib", np.float64),
    ("quota", np.float64),
    ("overcommit", np.float64),
    ("load_gib_per_s", np.float64),
    ("worthwhile", np.bool_),
    ("multi_model", np.bool_),
    ("on_gpu", np.bool_),
    ("to_zero", np.bool_),
]
WORKLOAD_FIELDS = [
    ("artifact", np.intp),
    ("overhead_gib", np.float64),
    ("size_gib", np.float64),
    ("latency_s", np.float64),
    ("allowed_miss", np.float64),
    ("service_scv", np.float64),
    ("two_zones", np.bool_),
]
RUN_FIELDS = [("work_s", np.float64), ("service_s", np.float64), ("slots", np.float64), ("gpus_per_copy", np.float64)]
PLACE_FIELDS = [("allowed", np.bool_), ("round_trip_s", np.float64), ("egress_usd_per_request", np.float64)]


class Offers(NamedTuple):
    """W workloads, K machines, R regions, P processor classes as in `Machines`, whose words these are.

    A *kind* is a processor class under an autoscaler: the J kinds tell machines apart that see another load or scaling
    signal in processors. Machines are *alike* that are of one kind and size; they differ in memory and price only.
    Records keep together what is read together, and what is compiled short.

    Parameters
    ----------
    machine : ndarray of records, shape (K,)
        Row of `HOSTINGS`, kind, number of those alike, processor class, row of `AUTOSCALERS`, and what it has.
    workload : ndarray of records, shape (W,)
        Number of its artifact; memory of its model server, what a cold start fetches; its objective.
    run : ndarray of records, shape (W, P)
    place : ndarray of records, shape (W, R)
    machine_allowed : ndarray of bool, shape (W, K)
    price_usd_per_h : ndarray, shape (K, R)
    artifact_gib : ndarray, shape (number of artifacts,)
        Memory it takes when loaded.
    stored_gib : ndarray, shape (number of artifacts,)
        What a load fetches.
    service_quantiles : ndarray, shape (W, Q)
        Service times at `SERVICE_QUANTILES`, in mean ones.
    service_miss : ndarray, shape (P, W, R)
        Share of requests that service and network alone make late.
    cold_miss : ndarray, shape (J, W, R)
        The same of requests that meet no replica.
    patience : ndarray, shape (J, W)
        The same if the network took no time.
    load_miss : ndarray, shape (P, W, R)
        The same of requests that wait for their model to load; empty where all models stay loaded.
    """

    machine: Records
    workload: Records
    run: Records
    place: Records
    machine_allowed: NDArray[np.bool_]
    price_usd_per_h: FloatArray
    artifact_gib: FloatArray
    stored_gib: FloatArray
    service_quantiles: FloatArray
    service_miss: FloatArray
    cold_miss: FloatArray
    patience: FloatArray
    load_miss: FloatArray


def records(fields: Sequence[tuple[str, type[np.generic]]], columns: Mapping[str, ArrayLike]) -> Records:
    """Put columns of one shape side by side, read-only."""
    found = np.empty(np.shape(columns[fields[0][0]]), np.dtype(list(fields), align=True))
    for name, _ in fields:
        found[name] = columns[name]
    return fixed(found)


def fixed(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array as contiguous and read-only: code is compiled anew for every other layout."""
    array = np.ascontiguousarray(values).view()
    array.flags.writeable = False
    return array


@compiled
def fitting(
    offers: Offers,
    members: NDArray[np.intp],
    memory_share: float,
    resident: bool,  # noqa: FBT001 (compiled: by place only)
) -> NDArray[np.bool_]:
    """Machines that may serve these workloads together, shape (K,).

    Every model stays loaded; or, where the fleet allows it, they take turns, and each has room by itself.

    Parameters
    ----------
    offers : Offers
    members : ndarray of int, shape (M,)
    memory_share : float
        Part of usable memory that several models together may fill.
    resident : bool
        Whether every model must stay loaded in any case.
    """
    overhead_gib, kinds = offers.workload[members[0]].overhead_gib, 0
    resident_gib, largest_gib = overhead_gib, 0.0
    for i in range(len(members)):
        artifact = offers.workload[members[i]].artifact
        known = False
        for j in range(i):
            known = known or offers.workload[members[j]].artifact == artifact
        if not known:
            resident_gib += offers.artifact_gib[artifact]
            largest_gib = max(largest_gib, offers.artifact_gib[artifact])
            kinds += 1
    fits = np.zeros(len(offers.machine), dtype=np.bool_)
    for k in range(len(fits)):
        machine = offers.machine[k]
        if kinds > 1:
            fits[k] = machine.multi_model and machine.memory_gib * memory_share >= resident_gib
            if machine.overcommit > 1.0 and not resident and not fits[k]:
                room_gib = machine.memory_gib * memory_share - overhead_gib
                fits[k] = room_gib >= largest_gib and room_gib * machine.overcommit >= resident_gib - overhead_gib
        else:
            fits[k] = machine.on_gpu or machine.memory_gib >= resident_gib
        # One model spreads over as many GPUs as it needs.
        spread = kinds == 1 and machine.on_gpu
        for m in members:
            if not fits[k]:
                break
            copies_fit = not spread or offers.run[m, machine.processor].gpus_per_copy <= machine.processors
            fits[k] = offers.machine_allowed[m, k] and copies_fit
    return fits


@compiled
def placeable(
    offers: Offers,
    members: NDArray[np.intp],
    memory_share: float,
    resident: bool,  # noqa: FBT001 (the same)
) -> bool:
    """Tell whether workloads have a region in common, and machines that may serve them together: see `fitting`."""
    for r in range(offers.place.shape[1]):
        common = True
        for m in members:
            common = common and offers.place[m, r].allowed
        if common:
            return bool(fitting(offers, members, memory_share, resident).any())
    return False
