"""What every machine of the catalogue means to every workload of a fleet, as arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from generator.capacity.offers import (
    AUTOSCALERS,
    HOSTINGS,
    MACHINE_FIELDS,
    PLACE_FIELDS,
    RUN_FIELDS,
    TWO_ZONES_AVAILABILITY,
    UNLIMITED,
    WORKLOAD_FIELDS,
    Offers,
    fitting,
    fixed,
    records,
)
from generator.capacity.queueing import load_miss, service_miss, service_quantiles
from generator.capacity.scaling import BEHAVIOUR
from generator.model import Catalog, Cloud, Fleet, FloatArray, Hosting, InstanceType, Region

Thing = TypeVar("Thing")


@dataclass(frozen=True, eq=False)
class Machines:
    """Workloads against machines and regions.

    W workloads in the fleet's order, K machines (a hosting kind and an instance type), R regions, P processor classes
    (the CPU, and every GPU model; a class of its own for each machine type that observations found faster or slower
    than its kind). A *processor* is a vCPU or a GPU.

    Parameters
    ----------
    processor_class : ndarray of int, shape (K,)
    processors, memory_gib : ndarray, shape (K,)
        vCPUs or GPUs of a replica; memory usable by models on it (of one GPU where there are any).
    price_usd_per_h : ndarray, shape (K, R)
        Per replica after own prices and discounts; infinite where the machine is not offered.
    estimated : ndarray of bool, shape (K, R)
    work_s : ndarray, shape (W, P)
        Processor-seconds one request takes at full concurrency; infinite where the workload does not run there.
    service_s : ndarray, shape (W, P)
        Seconds from the start of service to its end.
    slots : ndarray, shape (W, P)
        Requests one processor serves at once.
    gpus_per_copy : ndarray of int, shape (W, P)
        GPUs one copy of the model spreads over; 0 on the CPU.
    round_trip_s : ndarray, shape (W, R)
        Network time to the farthest of the workload's users; 0 where they are not known, and that to the other side of
        the globe where the region's place is not.
    machine_allowed : ndarray of bool, shape (W, K)
    region_allowed : ndarray of bool, shape (W, R)
    egress_usd_per_request : ndarray, shape (W, R)
        The dearest known where a region's egress has no price; `egress_priced` says which.
    """

    fleet: Fleet
    catalog: Catalog
    hosting: tuple[Hosting, ...]
    instance_types: tuple[InstanceType, ...]
    regions: tuple[Region, ...]
    processor_classes: tuple[str, ...]
    processor_class: NDArray[np.intp]
    processors: FloatArray
    memory_gib: FloatArray
    price_usd_per_h: FloatArray
    estimated: NDArray[np.bool_]
    work_s: FloatArray
    service_s: FloatArray
    slots: FloatArray
    gpus_per_copy: NDArray[np.intp]
    round_trip_s: FloatArray
    machine_allowed: NDArray[np.bool_]
    region_allowed: NDArray[np.bool_]
    egress_usd_per_request: FloatArray
    egress_priced: NDArray[np.bool_]

    @cached_property
    def machine_index(self) -> dict[tuple[Hosting, str], int]:
        """Row of a hosting kind and instance type."""
        return {(h, t.name): k for k, (h, t) in enumerate(zip(self.hosting, self.instance_types, strict=True))}

    @cached_property
    def region_index(self) -> dict[tuple[Cloud, str], int]:
        """Column of a region."""
        return {(region.cloud, region.name): r for r, region in enumerate(self.regions)}

    @cached_property
    def offers(self) -> Offers:
        """The same as compiled code reads it."""
        return _offers(self)

    @cached_property
    def on_gpu(self) -> NDArray[np.bool_]:
        """Machines whose processors are GPUs, shape (K,)."""
        return np.array([machine.gpus > 0 for machine in self.instance_types])

    @cached_property
    def artifact_index(self) -> NDArray[np.intp]:
        """Number of each workload's artifact; workloads of one artifact share memory on a replica."""
        names = {artifact: i for i, artifact in enumerate(dict.fromkeys(w.artifact for w in self.fleet.workloads))}
        return np.array([names[w.artifact] for w in self.fleet.workloads], dtype=np.intp)

    @cached_property
    def memory_of(self) -> FloatArray:
        """Loaded size of each workload's artifact, GiB; the largest where its workloads say different ones."""
        largest = np.zeros(len(self.artifact_index))
        np.maximum.at(largest, self.artifact_index, [w.memory_gib for w in self.fleet.workloads])
        return largest[self.artifact_index]

    @cached_property
    def stored_of(self) -> FloatArray:
        """Size of each workload's artifact in storage, GiB, which a load fetches; the largest its workloads say."""
        largest = np.zeros(len(self.artifact_index))
        np.maximum.at(largest, self.artifact_index, [w.size_gib for w in self.fleet.workloads])
        return largest[self.artifact_index]

    @cached_property
    def overcommit(self) -> FloatArray:
        """How many times its room the models of a machine may need together, shape (K,).

        SageMaker alone loads what a request asks for and drops what was used longest ago; the server that is emitted
        for Cloud Run holds all its models from the start.
        """
        most = self.fleet.limits.memory_overcommit
        return np.array([most if hosting == "sagemaker-multi-model" else 1.0 for hosting in self.hosting])

    def overhead_gib(self, workload: int) -> float:
        """Memory the workload's model server takes for itself."""
        return self.fleet.runtimes[self.fleet.workloads[workload].runtime].memory_overhead_gib

    def resident_gib(self, members: NDArray[np.intp]) -> float:
        """Memory of a group's distinct artifacts and of its model server (on the CPU)."""
        _, first = np.unique(self.artifact_index[members], return_index=True)
        gpu = self.fleet.workloads[int(members[0])].accelerator == "gpu"
        overhead = 0.0 if gpu else self.overhead_gib(int(members[0]))
        return float(self.memory_of[members[first]].sum()) + overhead

    @cached_property
    def multi_model(self) -> NDArray[np.bool_]:
        """Machines whose hosting kind serves several artifacts, shape (K,)."""
        return np.array([h not in ("sagemaker-single-model", "sagemaker-serverless") for h in self.hosting])

    @cached_property
    def worthwhile(self) -> NDArray[np.bool_]:
        """Machines that no other of the same hosting kind beats, shape (K,).

        One beats another with as many processors of the same class, as much memory, and a price no higher wherever the
        other is offered. Machines under a quota beat nobody, and pinned ones are never left out.
        """
        quota = np.array([t.name in self.fleet.limits.quotas for t in self.instance_types])
        pinned = {(w.pin.hosting, w.pin.instance_type) for w in self.fleet.workloads if w.pin}
        kept = np.ones(len(self.hosting), dtype=bool)
        for k, (hosting, machine) in enumerate(zip(self.hosting, self.instance_types, strict=True)):
            beats = (
                kept
                & ~quota
                & np.array([h == hosting for h in self.hosting])
                & (self.processor_class == self.processor_class[k])
                & (self.processors >= self.processors[k])
                & (self.memory_gib >= self.memory_gib[k])
                & (self.price_usd_per_h <= self.price_usd_per_h[k]).all(axis=1)
            )
            beats[k] = False
            kept[k] = not beats.any() or (hosting, machine.name) in pinned
        return kept

    def fits(
        self, members: NDArray[np.intp], memory_share: float = 1.0, *, resident: bool = False
    ) -> NDArray[np.bool_]:
        """Machines that may serve these workloads together, shape (K,).

        `memory_share` is the part of usable memory that several models together may fill; `resident` asks for machines
        on which all of them stay loaded, where the fleet allows others, too.
        """
        return fitting(self.offers, np.asarray(members, dtype=np.intp), memory_share, resident)


def _offers(table: Machines) -> Offers:
    """Lay out what compiled code reads of machines, and work out what service and network alone make late."""
    workloads = table.fleet.workloads
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
        machine=records(MACHINE_FIELDS, machine),
        workload=records(WORKLOAD_FIELDS, workload),
        run=records(RUN_FIELDS, run | {"gpus_per_copy": table.gpus_per_copy}),
        place=records(PLACE_FIELDS, place | {"egress_usd_per_request": table.egress_usd_per_request}),
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


def _load_miss(table: Machines, budget_s: FloatArray, variation: FloatArray) -> FloatArray:
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
