"""Settle what each workload has where it says nothing, and say in words what was assumed rather than measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.inventory.fleet_document import (
    Assumed,
    AssumedTerms,
    DeployedEntry,
    Entry,
    FleetEntry,
    ObjectiveEntry,
    ServiceEntry,
    WorkloadEntry,
    WorkloadTerms,
)
from generator.model import Accelerator


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one workload. None stands where nobody says anything, even where a plan needs it."""

    version: str
    runtime: str | None
    accelerator: Accelerator
    size_gib: float | None
    memory_gib: float | None
    response_kib: float
    service: ServiceEntry | None
    objective: ObjectiveEntry | None
    availability: float
    residency: tuple[str, ...]
    tenant: str | None
    cohort: str | None
    tags: Mapping[str, str]
    licence: str | None
    users: Mapping[str, float]
    current: DeployedEntry | None
    pin: DeployedEntry | None
    series: str
    traffic_scale: float
    traffic_shift_h: float


def settle(entry: FleetEntry) -> tuple[Terms, ...]:
    """Settle the terms of every workload, in the document's order.

    What a workload says holds; then `defaults`; then what is assumed of it by name, by cohort, of every workload.
    """
    return tuple(_settled(entry, workload) for workload in entry.workloads)


def _settled(entry: FleetEntry, workload: WorkloadEntry) -> Terms:
    assumptions, defaults = entry.assumptions, entry.defaults
    cohort = workload.cohort if workload.cohort is not None else defaults.cohort
    written: tuple[WorkloadTerms, ...] = (workload, defaults)
    assumed = tuple(
        found
        for found in (
            assumptions.by_workload.get(workload.name),
            assumptions.by_cohort.get(cohort) if cohort is not None else None,
            assumptions.every_workload,
        )
        if found is not None
    )

    everywhere: tuple[AssumedTerms, ...] = (*written, *assumed)
    return Terms(
        version=_first("version", written, "1"),
        runtime=_first("runtime", written, None),
        accelerator=_first("accelerator", written, "none"),
        size_gib=_first("size_gib", everywhere, None),
        memory_gib=_first("memory_gib", everywhere, None),
        response_kib=_first("response_kib", everywhere, 0.0),
        service=_first("service", everywhere, None),
        objective=_first("objective", written, None),
        availability=_first("availability", written, 0.99),
        residency=tuple(_first("residency", written, ())),
        tenant=_first("tenant", written, None),
        cohort=cohort,
        tags=(defaults.tags or {}) | (workload.tags or {}),
        licence=_first("licence", written, None),
        users=_first("users", written, {}),
        current=_first("current", everywhere, None),
        pin=_first("pin", written, None),
        series=workload.series if workload.series is not None else workload.name,
        traffic_scale=_first("traffic_scale", assumed, 1.0),
        traffic_shift_h=_first("traffic_shift_h", assumed, 0.0),
    )


def _first(field: str, entries: tuple[Entry, ...], otherwise: Any) -> Any:
    return next((value for entry in entries if (value := getattr(entry, field)) is not None), otherwise)


def describe(entry: FleetEntry) -> tuple[str, ...]:
    """Say what is assumed, a sentence for each scope, the general one first; `notes` follow as they were written."""
    scopes = [
        ("every workload", entry.assumptions.every_workload),
        *((f"cohort {name}", assumed) for name, assumed in sorted(entry.assumptions.by_cohort.items())),
        *((f"workload {name}", assumed) for name, assumed in sorted(entry.assumptions.by_workload.items())),
    ]
    said = (
        f"Assumed of {scope}: {words}." for scope, assumed in scopes if (words := "; ".join(_words(entry, assumed)))
    )
    return (*said, *entry.assumptions.notes)


def _words(entry: FleetEntry, assumed: Assumed) -> Iterator[str]:
    if assumed.traffic_scale is not None:
        unit = {"requests": "requests", "rate": "requests/s", "erlangs": "erlangs"}[entry.traffic.unit]
        yield f"one unit of {entry.traffic.file} stands for {assumed.traffic_scale:g} {unit}"
    if assumed.traffic_shift_h is not None:
        later = "later" if assumed.traffic_shift_h >= 0 else "earlier"
        yield f"its traffic comes {abs(assumed.traffic_shift_h):g} h {later} than {entry.traffic.file} says"
    if assumed.service is not None:
        service = assumed.service
        batch = f", in batches of up to {service.max_batch}" if service.max_batch > 1 else ""
        yield (
            f"a request takes {service.mean_s:g} s on {service.reference} (variation {service.variation:g}, "
            f"{service.compute_share:.0%} of it arithmetic{batch})"
        )
    if assumed.memory_gib is not None:
        yield f"{assumed.memory_gib:g} GiB of memory when loaded"
    if assumed.size_gib is not None:
        yield f"{assumed.size_gib:g} GiB in storage"
    if assumed.response_kib is not None:
        yield f"{assumed.response_kib:g} KiB an answer"
    if assumed.current is not None:
        current = assumed.current
        count = f"{current.replicas} x " if current.replicas is not None else ""
        yield f"today on {count}{current.instance_type} in {current.region} ({current.hosting})"
