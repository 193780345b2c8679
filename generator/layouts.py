"""Sized groups as a layout that people read."""

from collections.abc import Sequence

import numpy as np

from generator.capacity.cold_loads import mean_hit_rate
from generator.capacity.machines import Machines
from generator.capacity.sizing import Sizing
from generator.model import FloatArray, Group, Layout, Source, Traffic
from generator.naming import distinct_slugs

GROUP_NAME_LENGTH = 40


def layout(
    machines: Machines,
    traffic: Traffic,
    sized: Sequence[tuple[tuple[int, ...], Sizing]],
    *,
    source: Source,
    method: str,
) -> Layout:
    """Name sized groups and spell them as a layout.

    A group is named after its busiest workload, so that a name survives small changes of the rest.

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
        Window whose mean rates make the traffic mix.
    sized : sequence of (members, Sizing)
    source : Source
    method : str
    """
    mean_rate = traffic.rate_rps.mean(axis=1)
    names = [w.name for w in machines.fleet.workloads]
    busiest = {members: max(members, key=lambda i: (mean_rate[i], names[i])) for members, _ in sized}
    slugs = distinct_slugs((names[i] for i in busiest.values()), GROUP_NAME_LENGTH)
    groups = [
        sized_group(machines, mean_rate, members, sizing, slugs[names[busiest[members]]]) for members, sizing in sized
    ]
    return Layout(tuple(sorted(groups, key=lambda group: group.name)), source, method)


def sized_group(
    machines: Machines, mean_rate: FloatArray, members: tuple[int, ...], sizing: Sizing, name: str
) -> Group:
    """Spell one sized group under a name.

    Parameters
    ----------
    machines : Machines
    mean_rate : ndarray, shape (W,), requests/s
        Whose mix decides how many requests keep a replica busy.
    members : tuple of int
    sizing : Sizing
    name : str
    """
    index = np.array(members)
    k, processor = sizing.machine, int(machines.processor_class[sizing.machine])
    work = machines.work_s[index, processor]
    rates = mean_rate[index]
    per_request = float(work @ rates / rates.sum()) if rates.sum() > 0 else float(work.mean())
    slots = machines.processors[k] * machines.slots[index, processor].min()
    return Group(
        name=name,
        workloads=tuple(machines.fleet.workloads[i].name for i in members),
        hosting=machines.hosting[k],
        region=machines.regions[sizing.region].name,
        instance_type=machines.instance_types[k].name,
        min_replicas=sizing.minimum,
        max_replicas=sizing.maximum,
        target_utilization=sizing.target,
        slots=max(1, round(float(slots))),
        replica_rps=float(machines.processors[k]) / per_request,
        schedule=sizing.schedule,
        planned_hit_rate=mean_hit_rate(machines, mean_rate, index, k),
    )
