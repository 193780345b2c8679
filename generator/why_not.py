"""For each recommended group: the machines, regions and clouds that were not chosen, and the rule that bound."""

from collections.abc import Mapping, Sequence

import numpy as np

from generator.capacity.cold_loads import load_times_s
from generator.capacity.machines import Machines
from generator.capacity.scaling import BEHAVIOUR
from generator.capacity.sizing import Sizer
from generator.model import FloatArray, Group, Hosting, Profile, Recommendation, WhyNot


def why_not(recommendations: Sequence[Recommendation], sizers: Mapping[Profile, Sizer]) -> tuple[WhyNot, ...]:
    """Explain, group by group, what stood in the way of cheaper or other choices.

    Parameters
    ----------
    recommendations : sequence of Recommendation
    sizers : mapping of Profile to Sizer
        The sizer each was planned with.

    Returns
    -------
    tuple of WhyNot
        At most one row a group for each: the other cloud, the cheapest region that may not be used, the largest cheaper
        machine that is too small, a machine that keeps all models loaded, scaling to zero, and the runner-up.
    """
    rows: list[WhyNot] = []
    for recommendation in recommendations:
        sizer = sizers[recommendation.profile]
        index = {w.name: i for i, w in enumerate(sizer.machines.fleet.workloads)}
        for group in recommendation.layout.groups:
            members = tuple(sorted(index[name] for name in group.workloads))
            for found in (_other_cloud, _barred_region, _too_small, _all_loaded, _scale_to_zero, _runner_up):
                said = found(group, members, sizer)
                if said is not None:
                    subject, rule, message = said
                    rows.append(WhyNot(recommendation.profile, group.name, subject, rule, message))
    return tuple(rows)


Said = tuple[str, str, str] | None


def _other_cloud(group: Group, members: tuple[int, ...], sizer: Sizer) -> Said:
    fleet = sizer.machines.fleet
    for cloud in ("aws", "gcp"):
        if cloud == group.cloud:
            continue
        without = sorted(
            {
                fleet.workloads[i].runtime
                for i in members
                if cloud not in fleet.runtimes[fleet.workloads[i].runtime].images
            }
        )
        if without:
            return cloud, "RUN001", f"the runtime {', '.join(without)} has no image on {cloud}."
        allowed = [r for r, region in enumerate(sizer.machines.regions) if region.cloud == cloud]
        if not sizer.machines.region_allowed[np.ix_(members, allowed)].all(axis=0).any():
            return cloud, "RES001", f"no allowed {cloud} region satisfies every member's residency."
    return None


def _barred_region(group: Group, members: tuple[int, ...], sizer: Sizer) -> Said:
    table = sizer.machines
    machine = table.machine_index[group.hosting, group.instance_type]
    price: FloatArray = table.price_usd_per_h[machine]
    own = price[table.region_index[group.cloud, group.region]]
    allowed = np.asarray(table.region_allowed[list(members)].all(axis=0))
    cheaper = [r for r in np.argsort(price, kind="stable") if price[r] < own and not allowed[r]]
    if not cheaper:
        return None
    region = table.regions[int(cheaper[0])]
    names = [table.fleet.workloads[i].name for i in members if not table.region_allowed[i, cheaper[0]]]
    who = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return region.name, "RES001", f"{1 - price[cheaper[0]] / own:.0%} cheaper, but {who} may not be processed there."


def _too_small(group: Group, members: tuple[int, ...], sizer: Sizer) -> Said:
    table = sizer.machines
    chosen = table.machine_index[group.hosting, group.instance_type]
    region = table.region_index[group.cloud, group.region]
    price, index = table.price_usd_per_h[:, region], np.array(members)
    fits = table.fits(index, sizer.terms.memory_share, resident=sizer.terms.resident)
    small = [
        k
        for k in np.flatnonzero(table.machine_allowed[list(members)].all(axis=0) & (price < price[chosen]))
        if table.hosting[k] == group.hosting and table.memory_gib[k] < table.resident_gib(index) and not fits[k]
    ]
    if not small or table.on_gpu[chosen]:
        return None
    largest = max(small, key=lambda k: (table.memory_gib[k], -price[k]))
    need, room = table.resident_gib(index), table.memory_gib[largest]
    name = table.instance_types[largest].name
    times = 1.0 if sizer.terms.resident else table.overcommit[largest]
    leave = f", and {times:g} times that by turns, each in one piece" if times > 1.0 else ""
    return name, "MEM001", f"the models need {need:.1f} GiB; it leaves {room:.1f} GiB for them{leave}."


def _all_loaded(group: Group, members: tuple[int, ...], sizer: Sizer) -> Said:
    table, index = sizer.machines, np.array(members)
    loaded, own = table.fits(index, resident=True), sizer.size(members)
    if own is None or loaded[table.machine_index[group.hosting, group.instance_type]]:
        return None
    found = [sizer.size_on(members, k, r) for k, r in sizer.options(members) if loaded[k]]
    cheapest = min((one for one in found if one is not None), key=lambda one: one.usd_per_h, default=None)
    if cheapest is None:
        need = table.resident_gib(index)
        return "all models loaded", "MEM001", f"no machine that keeps every objective has room for {need:.1f} GiB."
    where = f"{table.instance_types[cheapest.machine].name} in {table.regions[cheapest.region].name}"
    more = cheapest.usd_per_h - own.usd_per_h
    return "all models loaded", "CST001", f"{where} has room for all of them and costs {more:.3g} USD/h more."


def _scale_to_zero(group: Group, members: tuple[int, ...], sizer: Sizer) -> Said:
    table = sizer.machines
    if group.min_replicas == 0:
        return None
    usable = table.fits(np.array(members))
    kinds: list[Hosting] = sorted({h for k, h in enumerate(table.hosting) if usable[k] and BEHAVIOUR[h].scales_to_zero})
    if not kinds:
        return None
    if sizer.terms.least_replicas > 0:
        return "scale to zero", "REL001", f"this recommendation keeps at least {sizer.terms.least_replicas} running."
    kind = BEHAVIOUR[kinds[0]]
    start = kind.start_s + max(float(table.fleet.workloads[i].size_gib) for i in members) / kind.load_gib_per_s
    tightest = min(table.fleet.workloads[i].objective.latency_s for i in members)
    return (
        "scale to zero",
        "COLD001",
        f"a cold start on {kinds[0]} takes about {start:.0f} s and the tightest objective is {tightest * 1e3:.0f} ms; "
        "too many requests would meet one, or they pay less together.",
    )


def _runner_up(group: Group, members: tuple[int, ...], sizer: Sizer) -> Said:
    table = sizer.machines
    own = sizer.size(members)
    if own is None:
        return None
    others = [(k, r) for k, r in sizer.options(members) if table.instance_types[k].name != group.instance_type]
    for machine, region in others[:4]:
        name = f"{table.instance_types[machine].name} in {table.regions[region].name}"
        sizing = sizer.size_on(members, machine, region)
        if sizing is None:
            return name, "SLO001", _too_slow(table, members, machine, region)
        more = sizing.usd_per_h - own.usd_per_h
        if more >= 0:
            return name, "CST001", f"{more:.3g} USD/h more at the same objectives ({sizing.usd_per_h:.3g} USD/h)."
    return None


def _too_slow(table: Machines, members: tuple[int, ...], machine: int, region: int) -> str:
    service = table.service_s[list(members), table.processor_class[machine]]
    network = table.round_trip_s[list(members), region]
    objective = np.array([table.fleet.workloads[i].objective.latency_s for i in members])
    tightest = int(np.argmin(objective - service - network))
    index, turns = np.array(members), ""
    if not table.fits(index, resident=True)[machine]:
        longest_s = float(load_times_s(table, index, machine).max())
        turns = f"; its models take turns in memory there, and a load takes up to {longest_s:.0f} s (an estimate)"
    return (
        f"no scaling policy keeps every objective there: {service[tightest] * 1e3:.0f} ms of service and "
        f"{network[tightest] * 1e3:.0f} ms of network (an estimate) out of {objective[tightest] * 1e3:.0f} ms{turns}."
    )
