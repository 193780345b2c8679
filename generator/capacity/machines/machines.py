"""From a fleet and a catalogue: what every machine means to every workload."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from generator.capacity.machines.table import Machines
from generator.capacity.permitted import permitted_machines, permitted_regions, round_trips_s
from generator.errors import CatalogError, InfeasibleError
from generator.model import CLOUD_OF_HOSTING, Catalog, Cloud, Fleet, FloatArray, Hosting, InstanceType, Workload

# Share of a machine's memory, or of a GPU's, that models may fill; the rest is the operating system, the CUDA
# context and fragmentation. An estimate, to be replaced by what is learned.
USABLE_MEMORY_SHARE = 0.9
CPU = "cpu"


def machines(fleet: Fleet, catalog: Catalog) -> Machines:
    """Tabulate what the catalogue's machines are worth to a fleet.

    Service time on another machine follows a roofline: the compute share of the reference measurement scales with
    arithmetic speed, the rest with memory bandwidth. vCPUs count alike, for want of a public figure per family. A model
    larger than one GPU spreads over the fewest GPUs that hold it and is taken to scale with their number. What was
    learned of a machine type multiplies its service time, its work and its price; where only one of the first two was
    ever measured, it stands for both.

    Parameters
    ----------
    fleet : Fleet
    catalog : Catalog

    Returns
    -------
    Machines

    Raises
    ------
    InfeasibleError
        A workload has no machine or no region at all.
    CatalogError
        A pin names a machine or region that the catalogue does not have.
    """
    regions = tuple(catalog.regions[key] for key in sorted(fleet.regions) if key[0] in fleet.environments)
    column: dict[tuple[Cloud, str], int] = {(region.cloud, region.name): r for r, region in enumerate(regions)}
    rows: dict[tuple[Hosting, str], int] = {}
    for offering in catalog.offerings:
        if (offering.cloud, offering.region) in column:
            rows.setdefault((offering.hosting, offering.instance_type.name), len(rows))
    for hosting, name, region in catalog.unpriced:
        if (CLOUD_OF_HOSTING[hosting], region) in column and _own_price(fleet, name, region) is not None:
            rows.setdefault((hosting, name), len(rows))
    for workload in fleet.workloads:
        if workload.pin is None:
            continue
        name = workload.pin.instance_type
        if name not in catalog.instance_types:
            raise CatalogError(
                f"workload {workload.name}, pin",
                f"the catalogue has no instance type {name}.",
                "Run `covey catalog show` for the names it has.",
            )
        rows.setdefault((workload.pin.hosting, name), len(rows))
    hostings: tuple[Hosting, ...] = tuple(hosting for hosting, _ in rows)
    types = tuple(catalog.instance_types[name] for _, name in rows)
    price, estimated = _prices(fleet, catalog, rows, column)
    learned = {(factor.instance_type, factor.quantity): factor.estimate for factor in fleet.calibration}
    price *= np.array([learned.get((t.name, "cost"), 1.0) for t in types])[:, None]
    estimated |= np.array([(t.name, "cost") in learned for t in types])[:, None]
    paces = [_pace(t, learned) for t in types]
    classes = (CPU, *sorted({t.gpu_model for t in types if t.gpu_model}))
    work, service, slots, copies = _service(fleet, catalog, types, classes)
    kinds = [(t.gpu_model or CPU, *pace) for t, pace in zip(types, paces, strict=True)]
    known = dict.fromkeys([*((name, 1.0, 1.0) for name in classes), *kinds])
    column_of = [classes.index(name) for name, _, _ in known]
    work = work[:, column_of] * np.array([factor for _, factor, _ in known])
    service = service[:, column_of] * np.array([factor for _, _, factor in known])
    slots, copies = slots[:, column_of], copies[:, column_of]
    processor_class = np.array([list(known).index(kind) for kind in kinds], dtype=np.intp)
    runs_there = np.isfinite(work)[:, processor_class] & np.isfinite(price).any(axis=1)
    egress = np.array([r.egress_usd_per_gib if r.egress_usd_per_gib is not None else np.nan for r in regions])
    response_gib = np.array([w.response_kib for w in fleet.workloads]) / 2**20
    table = Machines(
        fleet=fleet,
        catalog=catalog,
        hosting=hostings,
        instance_types=types,
        regions=regions,
        processor_classes=tuple(name if one == other == 1.0 else f"{name} x {one:g}" for name, one, other in known),
        processor_class=processor_class,
        processors=np.array([float(t.gpus or t.vcpus) for t in types]),
        memory_gib=USABLE_MEMORY_SHARE * np.array([t.gpu_memory_gib if t.gpus else t.memory_gib for t in types]),
        price_usd_per_h=price,
        estimated=estimated,
        work_s=work,
        service_s=service,
        slots=slots,
        gpus_per_copy=copies,
        round_trip_s=round_trips_s(fleet, catalog, regions),
        machine_allowed=permitted_machines(fleet, hostings, types) & runs_there,
        region_allowed=permitted_regions(fleet, regions),
        egress_usd_per_request=response_gib[:, None] * np.nan_to_num(egress, nan=np.nanmax([0.0, *egress]))[None, :],
        egress_priced=~np.isnan(egress),
    )
    _each_runs_somewhere(table)
    return table


def _prices(
    fleet: Fleet, catalog: Catalog, rows: dict[tuple[Hosting, str], int], column: dict[tuple[Cloud, str], int]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    price = np.full((len(rows), len(column)), np.inf)
    estimated = np.zeros(price.shape, dtype=bool)
    for offering in catalog.offerings:
        row, col = (
            rows.get((offering.hosting, offering.instance_type.name)),
            column.get((offering.cloud, offering.region)),
        )
        if row is None or col is None:
            continue
        own = _own_price(fleet, offering.instance_type.name, offering.region)
        discount = 1.0 - fleet.prices.discount.get(offering.cloud, 0.0)
        price[row, col] = offering.price.usd_per_h * discount if own is None else own
        estimated[row, col] = offering.price.estimated and own is None
    for hosting, name, region in catalog.unpriced:
        own = _own_price(fleet, name, region)
        row, col = rows.get((hosting, name)), column.get((CLOUD_OF_HOSTING[hosting], region))
        if own is not None and row is not None and col is not None:
            price[row, col] = own
    for workload in fleet.workloads:
        # A pinned kind without a price is served all the same; the judge lists it as unpriced, and here it weighs
        # nothing.
        if workload.pin and (key := (CLOUD_OF_HOSTING[workload.pin.hosting], workload.pin.region)) in column:
            row, col = rows[workload.pin.hosting, workload.pin.instance_type], column[key]
            price[row, col] = price[row, col] if np.isfinite(price[row, col]) else 0.0
    return price, estimated


def _own_price(fleet: Fleet, name: str, region: str) -> float | None:
    own = fleet.prices.instances
    return own.get((name, region), own.get((name, None)))


def _service(
    fleet: Fleet, catalog: Catalog, types: tuple[InstanceType, ...], classes: tuple[str, ...]
) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.intp]]:
    shape = (len(fleet.workloads), len(classes))
    work, service, slots = np.full(shape, np.inf), np.full(shape, np.inf), np.ones(shape)
    copies = np.zeros(shape, dtype=np.intp)
    gpu_of = {t.gpu_model: t for t in types if t.gpu_model}
    for i, workload in enumerate(fleet.workloads):
        measured = workload.service
        if workload.accelerator == "none":
            work[i, 0] = service[i, 0] = measured.mean_s
            continue
        reference = catalog.instance_types[measured.reference]
        spread = _gpus_per_copy(workload, reference)
        for p, name in enumerate(classes[1:], start=1):
            gpu = gpu_of[name]
            copies[i, p] = _gpus_per_copy(workload, gpu)
            faster = copies[i, p] / spread
            alone = measured.mean_s * (
                measured.compute_share * reference.gpu_tflops / (gpu.gpu_tflops * faster)
                + (1.0 - measured.compute_share) * reference.gpu_bandwidth_gb_s / (gpu.gpu_bandwidth_gb_s * faster)
            )
            service[i, p] = alone * (1.0 + measured.marginal_batch_cost * (measured.max_batch - 1))
            work[i, p] = service[i, p] / measured.max_batch * copies[i, p]
            slots[i, p] = measured.max_batch / copies[i, p]
    return work, service, slots, copies


def _pace(machine: InstanceType, learned: Mapping[tuple[str, str], float]) -> tuple[float, float]:
    """Return by what work and service time of a machine are multiplied."""
    work, service = (learned.get((machine.name, quantity)) for quantity in ("work", "service"))
    return (work or service or 1.0, service or work or 1.0)


def _gpus_per_copy(workload: Workload, machine: InstanceType) -> int:
    return int(np.ceil(workload.memory_gib / (USABLE_MEMORY_SHARE * machine.gpu_memory_gib)))


def _each_runs_somewhere(table: Machines) -> None:
    priced = np.isfinite(table.price_usd_per_h)
    for i, workload in enumerate(table.fleet.workloads):
        where = f"workload {workload.name}"
        pin = (
            f", pinned to {workload.pin.hosting} {workload.pin.instance_type} in {workload.pin.region},"
            if workload.pin
            else ""
        )
        if not table.region_allowed[i].any():
            raise InfeasibleError(
                where,
                f"no allowed region{pin} satisfies its residency {list(workload.residency)} on a cloud its runtime "
                f"{workload.runtime} has an image for (RES001).",
                "Allow a region there, widen the residency, or give the runtime an image.",
            )
        if not table.machine_allowed[i].any():
            raise InfeasibleError(
                where,
                f"its runtime {workload.runtime} has no image for any priced machine{pin} with "
                f"{'a GPU' if workload.accelerator == 'gpu' else 'a CPU only'} (RUN001).",
                "Give the runtime an image with such a hosting kind, or price a machine in `prices`.",
            )
        offered = priced[:, table.region_allowed[i]].any(axis=1) & table.machine_allowed[i]
        if not offered.any():
            raise InfeasibleError(
                where,
                f"no machine its runtime {workload.runtime} has an image for is priced in a region its residency "
                f"{list(workload.residency)} allows (RES001).",
                "Allow more regions, or price a machine there in `prices`.",
            )
        if not (table.fits(np.array([i])) & offered).any():
            room = table.memory_gib[offered].max()
            raise InfeasibleError(
                where,
                f"its {workload.memory_gib:g} GiB fit no machine it may use; the largest holds {room:.1f} (MEM001).",
                "Reduce memory_gib, allow regions with larger machines, or pin a machine.",
            )
