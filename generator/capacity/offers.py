"""What a fleet's machines are to its workloads, as arrays that compiled code reads."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from generator.capacity.queueing import load_miss, service_miss, service_quantiles
from generator.capacity.scaling import BEHAVIOUR, Behaviour
from generator.compiled import compiled
from generator.model import FloatArray, Hosting

if TYPE_CHECKING:  # it holds its offers itself: every sizing of one fleet reads the same
    from generator.capacity.machines import Machines

# Kinds of hosting, and the autoscalers they have: several kinds share one.
HOSTINGS: tuple[Hosting, ...] = tuple(BEHAVIOUR)
AUTOSCALERS: tuple[Behaviour, ...] = tuple(dict.fromkeys(BEHAVIOUR.values()))
# From this availability on, an instance type that lives in one zone needs a second replica.
TWO_ZONES_AVAILABILITY = 0.999
UNLIMITED = 10**6

Thing = TypeVar("Thing")
# An array of records: numpy publishes no type that knows their fields.
Records: TypeAlias = Any


_MACHINE = [
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
_WORKLOAD = [
    ("artifact", np.intp),
    ("overhead_gib", np.float64),
    ("size_gib", np.float64),
    ("latency_s", np.float64),
    ("allowed_miss", np.float64),
    ("service_scv", np.float64),
    ("two_zones", np.bool_),
]
_RUN = [("work_s", np.float64), ("service_s", np.float64), ("slots", np.float64), ("gpus_per_copy", np.float64)]
_PLACE = [("allowed", np.bool_), ("round_trip_s", np.float64), ("egress_usd_per_request", np.float64)]


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


def offers(machines: "Machines") -> Offers:
    """Lay out what compiled code reads of machines, and work out what service and network alone make late.

    Parameters
    ----------
    machines : Machines

    Returns
    -------
    Offers
    """
    table, workloads = machines, machines.fleet.workloads
    kinds, kind = _numbered(zip(table.processor_class.tolist(), map(_autoscaler, table.hosting), strict=True))
    _, alike = _numbered(zip(kind, table.processors.tolist(), strict=True))
    quotas = table.fleet.limits.quotas
    machine = {
        "hosting": [HOSTINGS.index(hosting) for hosting in table.hosting],
        "kind": kind,
        "alike": alike,
        "processor": table.processor_class,
        "autoscaler": [*map(_autoscaler, table.hosting)],
        "processors": table.processors,
        "memory_gib": table.memory_gib,
        "overcommit": table.overcommit,
        "load_gib_per_s": [BEHAVIOUR[hosting].load_gib_per_s for hosting in table.hosting],
        "quota": [quotas.get(one.name, UNLIMITED) for one in table.instance_types],
        # Workers for a request each are sized by `size_workers`.
        "worthwhile": table.worthwhile & ~np.array([BEHAVIOUR[h].worker_per_request for h in table.hosting]),
        "multi_model": table.multi_model,
        "on_gpu": table.on_gpu,
        "to_zero": [BEHAVIOUR[hosting].scales_to_zero for hosting in table.hosting],
    }
    latency_s = np.array([w.objective.latency_s for w in workloads])
    variation = np.array([w.service.variation for w in workloads])
    size_gib = np.array([w.size_gib for w in workloads])
    overhead_gib = {name: runtime.memory_overhead_gib for name, runtime in table.fleet.runtimes.items()}
    workload = {
        "artifact": table.artifact_index,
        # On a GPU the server's own memory lies elsewhere.
        "overhead_gib": [0.0 if w.accelerator == "gpu" else overhead_gib[w.runtime] for w in workloads],
        "size_gib": size_gib,
        "latency_s": latency_s,
        "allowed_miss": [1.0 - w.objective.percentile for w in workloads],
        "service_scv": variation**2,
        "two_zones": [w.availability >= TWO_ZONES_AVAILABILITY for w in workloads],
    }
    run = {"work_s": table.work_s, "service_s": table.service_s, "slots": table.slots}
    place = {"allowed": table.region_allowed, "round_trip_s": table.round_trip_s}
    budget_s = latency_s[:, None] - table.round_trip_s
    late = np.zeros((table.work_s.shape[1], *budget_s.shape))
    for processor in set(table.processor_class.tolist()):
        late[processor] = service_miss(budget_s, table.service_s[:, processor, None], variation[:, None])
    cold, patience = np.zeros((len(kinds), *budget_s.shape)), np.zeros((len(kinds), len(workloads)))
    for j, (processor, number) in enumerate(kinds):
        if AUTOSCALERS[number].scales_to_zero:
            service_s = table.service_s[:, processor]
            start_s = AUTOSCALERS[number].start_s + size_gib / AUTOSCALERS[number].load_gib_per_s
            cold[j] = service_miss(budget_s - start_s[:, None], service_s[:, None], variation[:, None])
            patience[j] = service_miss(latency_s - start_s, service_s, variation)
    artifact_gib, stored_gib = np.zeros((2, int(table.artifact_index.max()) + 1))
    artifact_gib[table.artifact_index], stored_gib[table.artifact_index] = table.memory_of, table.stored_of
    shapes, shape = np.unique(variation, return_inverse=True)
    return Offers(
        machine=records(_MACHINE, machine),
        workload=records(_WORKLOAD, workload),
        run=records(_RUN, run | {"gpus_per_copy": table.gpus_per_copy}),
        place=records(_PLACE, place | {"egress_usd_per_request": table.egress_usd_per_request}),
        machine_allowed=fixed(table.machine_allowed),
        price_usd_per_h=fixed(table.price_usd_per_h),
        artifact_gib=fixed(artifact_gib),
        stored_gib=fixed(stored_gib),
        service_quantiles=fixed(np.array([service_quantiles(1.0, one) for one in shapes.tolist()])[shape]),
        service_miss=fixed(late),
        cold_miss=fixed(cold),
        patience=fixed(patience),
        load_miss=fixed(_load_miss(table, budget_s, variation)),
    )


def _load_miss(table: "Machines", budget_s: FloatArray, variation: FloatArray) -> FloatArray:
    """Share of requests that a load of their model makes late, by processor class, workload and region."""
    late = np.zeros((table.work_s.shape[1], *budget_s.shape))
    turning = np.flatnonzero(table.overcommit > 1.0)
    if len(turning) == 0:
        return late[:0]
    load_s = table.stored_of / BEHAVIOUR[table.hosting[turning[0]]].load_gib_per_s
    for processor in set(table.processor_class[turning].tolist()):
        late[processor] = load_miss(budget_s, load_s[:, None], table.service_s[:, processor, None], variation[:, None])
    return late


def _autoscaler(hosting: Hosting) -> int:
    return AUTOSCALERS.index(BEHAVIOUR[hosting])


def _numbered(things: Iterable[Thing]) -> tuple[list[Thing], list[int]]:
    """Distinct things, and the number of each among them."""
    listed = list(things)
    number = {thing: i for i, thing in enumerate(dict.fromkeys(listed))}
    return list(number), [number[thing] for thing in listed]


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
