"""Where workloads may run: on which machines, in which regions, and how far from their users those are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.geography import EARTH_RADIUS_KM, region_matches, round_trip_ms
from generator.model import CLOUD_OF_HOSTING, Catalog, Fleet, FloatArray, Hosting, InstanceType, Region, Workload

# What decides on the machines a workload may run on: runtime, accelerator, and the machine it is pinned to.
_Kind = tuple[str, str, tuple[Hosting, str] | None]


def permitted_machines(fleet: Fleet, hostings: Sequence[Hosting], types: Sequence[InstanceType]) -> NDArray[np.bool_]:
    """Machines that a workload's runtime has an image for, of its kind, or that it is pinned to, shape (W, K)."""
    # Large fleets have many workloads of few kinds.
    rows: dict[_Kind, list[bool]] = {}
    for kind in map(_kind, fleet.workloads):
        if kind not in rows:
            runtime, accelerator, pinned = kind
            images = fleet.runtimes[runtime].images
            rows[kind] = [
                pinned in (None, (hosting, machine.name))
                and machine.cloud in images
                and hosting in images[machine.cloud].hosting
                and (machine.gpus > 0) == (accelerator == "gpu")
                for hosting, machine in zip(hostings, types, strict=True)
            ]
    return np.array([rows[_kind(workload)] for workload in fleet.workloads])


def _kind(workload: Workload) -> _Kind:
    pin = workload.pin
    return workload.runtime, workload.accelerator, None if pin is None else (pin.hosting, pin.instance_type)


def permitted_regions(fleet: Fleet, regions: Sequence[Region]) -> NDArray[np.bool_]:
    """Regions that residency, images and pins allow, shape (W, R)."""
    return np.array([[_may_process(w, fleet, region) for region in regions] for w in fleet.workloads])


def _may_process(workload: Workload, fleet: Fleet, region: Region) -> bool:
    if workload.pin and (CLOUD_OF_HOSTING[workload.pin.hosting], workload.pin.region) != (region.cloud, region.name):
        return False
    if region.cloud not in fleet.runtimes[workload.runtime].images:
        return False
    return not workload.residency or any(region_matches(region, word) for word in workload.residency)


def round_trips_s(fleet: Fleet, catalog: Catalog, regions: Sequence[Region]) -> FloatArray:
    """Network time between a region and the farthest of a workload's users, shape (W, R)."""
    audiences = dict.fromkeys(workload.users for workload in fleet.workloads)
    trips = {users: [_round_trip_s(users, fleet, catalog, region) for region in regions] for users in audiences}
    return np.array([trips[workload.users] for workload in fleet.workloads])


def _round_trip_s(users: tuple[tuple[str, float], ...], fleet: Fleet, catalog: Catalog, region: Region) -> float:
    trips = [round_trip_ms(fleet.places[place], region, catalog.network_ms) for place, _ in users]
    unknown_ms = catalog.network_ms[0] + catalog.network_ms[1] * np.pi * EARTH_RADIUS_KM
    return max((unknown_ms if trip is None else trip for trip in trips), default=0.0) / 1e3
