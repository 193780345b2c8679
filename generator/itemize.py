"""What a replayed layout costs: its machines, the requests and bytes that reach it, the alarms that watch it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.machines import Machines
from generator.model import CLOUD_OF_HOSTING, HOURS_PER_MONTH, Cloud, CostItem, Group, Hosting, Traffic
from generator.replay import Served

# What the emitted program watches of a group, by hosting kind (a GPU on AWS has one more), and of a model at the edge.
ALARMS_PER_GROUP: Mapping[Hosting, int] = {
    "sagemaker-multi-model": 8,
    "sagemaker-single-model": 6,
    "sagemaker-serverless": 7,
    "cloud-run-cpu": 7,
    "cloud-run-gpu": 8,
}
ALARMS_PER_MODEL = 2


@dataclass(frozen=True, eq=False)
class Replayed:
    """A group, the indices of its members, what serves it, and what a replay saw of it.

    Of what it saw bin by bin only means are kept: a hundred thousand groups of a thousand bins take gigabytes.

    Parameters
    ----------
    requests : float
        In the whole window.
    load, replicas : float
        Replicas' worth of work offered, and replicas billed, on average.
    """

    group: Group
    members: NDArray[np.intp]
    served: Served
    requests: float
    load: float
    replicas: float


def itemize(judged: Sequence[Replayed], machines: Machines, traffic: Traffic) -> tuple[CostItem, ...]:
    """Say what a layout costs, US dollars an hour, item by item; what has no price is an item without one.

    Parameters
    ----------
    judged : sequence of Replayed
        Its groups.
    machines : Machines
    traffic : Traffic
        The window that was replayed.
    """
    return (
        *_machine_items(judged, machines),
        *_traffic_items(judged, machines, traffic),
        *_alarm_items(judged, machines),
    )


def _machine_items(judged: Sequence[Replayed], machines: Machines) -> list[CostItem]:
    """Machines with a price as one item, and every pinned kind without one as its own."""
    usd, estimated = 0.0, 0.0
    unpriced: list[CostItem] = []
    for one in judged:
        k, r = one.served.machine, one.served.region
        key = (one.group.hosting, one.group.instance_type, one.group.region)
        own = machines.fleet.prices.instances
        if key not in machines.catalog.offering_of and not {key[1:], (key[1], None)} & set(own):
            why = machines.catalog.unpriced.get(key, "no price in the catalogue")
            unpriced.append(CostItem(f"machines of {one.group.name}", None, estimated=False, note=why))
            continue
        cost = float(machines.price_usd_per_h[k, r]) * one.replicas
        usd += cost
        estimated += cost if machines.estimated[k, r] else 0.0
    note = f"{estimated / usd:.0%} of it at estimated prices" if usd and estimated else "all at listed prices"
    return [CostItem("machines", usd, estimated=estimated > 0, note=note), *unpriced]


def _traffic_items(judged: Sequence[Replayed], machines: Machines, traffic: Traffic) -> list[CostItem]:
    mean_rate = traffic.rate_rps.mean(axis=1)
    items: list[CostItem] = []
    for cloud in _clouds(judged):
        on = [one for one in judged if one.group.cloud == cloud]
        requests_per_h = sum(float(mean_rate[one.members].sum()) for one in on) * SECONDS_PER_HOUR
        own = machines.fleet.prices.edge_usd_per_million.get(cloud)
        items.append(
            CostItem(
                f"edge requests on {cloud}",
                None if own is None else own * requests_per_h / 1e6,
                estimated=False,
                note=f"{requests_per_h:,.0f} requests/h"
                + ("" if own is not None else "; no price known, give prices.edge_usd_per_million"),
            )
        )
        priced = [one for one in on if machines.egress_priced[one.served.region]]
        egress = sum(
            float(mean_rate[one.members] @ machines.egress_usd_per_request[one.members, one.served.region])
            for one in priced
        )
        items.append(
            CostItem(f"egress from {cloud}", egress * SECONDS_PER_HOUR, estimated=False, note="first price tier")
        )
        without = sorted({one.group.region for one in on} - {one.group.region for one in priced})
        if without:
            items.append(CostItem(f"egress from {', '.join(without)}", None, estimated=False, note="no price known"))
    return items


def _alarm_items(judged: Sequence[Replayed], machines: Machines) -> list[CostItem]:
    items: list[CostItem] = []
    for cloud in _clouds(judged):
        groups = [one for one in judged if one.group.cloud == cloud]
        count = sum(alarms_of(one.group.hosting, machines.instance_types[one.served.machine].gpus) for one in groups)
        count += sum(ALARMS_PER_MODEL * len(one.members) for one in groups)
        own = machines.fleet.prices.alarm_usd_per_month.get(cloud)
        items.append(
            CostItem(
                f"alarms on {cloud}",
                None if own is None else own * count / HOURS_PER_MONTH,
                estimated=False,
                note=f"{count} alarms"
                + ("" if own is not None else "; no price known, give prices.alarm_usd_per_month"),
            )
        )
    return items


def alarms_of(hosting: Hosting, gpus: int) -> int:
    """Alarms that the emitted program sets on a group as a whole."""
    return ALARMS_PER_GROUP[hosting] + int(CLOUD_OF_HOSTING[hosting] == "aws" and gpus > 0)


def _clouds(judged: Sequence[Replayed]) -> list[Cloud]:
    return sorted({one.group.cloud for one in judged})
