"""The one judge: any layout, whoever proposed it, replayed on a window and held to every rule."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import SECONDS_PER_HOUR, contradiction, weekly_minima
from generator.capacity.cold_loads import load_times_s
from generator.capacity.compatibility import class_key
from generator.capacity.machines import Machines
from generator.itemize import Replayed, itemize
from generator.model import (
    CostInterval,
    Group,
    GroupVerdict,
    Layout,
    ModelCache,
    Simulated,
    Traffic,
    Verdict,
    Violation,
    Window,
)
from generator.replay import Remembered, Replay, Served, remembered
from generator.simulate import simulate

# What a layout's simulation may cost: about a second, whatever the fleet's size.
SIMULATED_REQUESTS = 500_000
SIMULATED_GROUPS = 64
# Risk rises a level at each of these marks; 0 below the first, 4 above the last.
MEMORY_MARKS = (0.7, 0.8, 0.9, 1.0)  # share of usable memory that models fill
COMPUTE_MARKS = (0.5, 0.65, 0.8, 1.0)  # 99th percentile of load over running replicas
COLD_MARKS = (0.0, 0.001, 0.005, 0.02)  # share of requests that find no replica, or their model not loaded
CAPACITY_MARKS = (0.5, 0.65, 0.8, 1.0)  # load at the peak over what the most replicas carry
BLAST_MARKS = (0.1, 0.25, 0.5, 0.75)  # share of the fleet's requests that one endpoint carries


def admit(
    layout: Layout,
    machines: Machines,
    traffic: Traffic,
    *,
    seed: int | None = None,
    replayed: Remembered | None = None,
) -> Verdict:
    """Judge a layout.

    Parameters
    ----------
    layout : Layout
    machines : Machines
    traffic : Traffic
        The window to replay; for a verdict that means something, one the layout was not planned on.
    seed : int, optional
        Simulate, too, up to about `SIMULATED_REQUESTS` requests in up to `SIMULATED_GROUPS` groups.
    replayed : Remembered, optional
        Replays of the same window, for who judges many layouts with groups in common.

    Returns
    -------
    Verdict
        A layout that names unknown machines, breaks a rule or forgets a workload gets violations, not an exception; its
        broken groups attain nothing.
    """
    fleet = machines.fleet
    index = {w.name: i for i, w in enumerate(fleet.workloads)}
    share = traffic.rate_rps.sum(axis=1) / max(float(traffic.rate_rps.sum()), 1e-300)
    violations = _coverage(layout, index)
    together = _together(machines)
    judged: list[Replayed] = []
    verdicts: list[GroupVerdict] = []
    attained: dict[str, float] = dict.fromkeys(index, 0.0)
    replayed = replayed or remembered(machines, traffic, SIMULATED_GROUPS)

    # One after another: short work on arrays, for which threads would take Python's lock from one another.
    for group in layout.groups:
        members = np.array(sorted(index[name] for name in group.workloads if name in index), dtype=np.intp)
        served = _served(group, machines)
        if served is None or len(members) == 0:
            violations.append(Violation("SKU001", group.name, _not_served(group)))
            continue
        violations.extend(_broken_rules(group, members, served, machines, share, together))
        seen = replayed(tuple(members.tolist()), served)
        one = _replayed(group, members, served, seen)
        judged.append(one)
        verdicts.append(_group_verdict(one, seen, machines, float(share[members].sum()), traffic.window))
        attained.update((fleet.workloads[i].name, a) for i, a in zip(members, seen.attainment.tolist(), strict=True))
    violations.extend(_missed_objectives(attained, machines, traffic))
    items = itemize(judged, machines, traffic)
    requests = traffic.rate_rps.sum(axis=1)
    total = float(requests.sum())
    priced = sum(item.usd_per_h or 0.0 for item in items if item.name != "machines")
    whole = len(judged) == len(layout.groups)
    verdicts, simulated = _simulated(judged, verdicts, machines, traffic, seed if whole else None, replayed)
    violations.extend(_broken_quotas(judged, machines))
    return Verdict(
        cost=CostInterval(
            floor=sum(v.cost.floor for v in verdicts) + priced if whole else float("inf"),
            expected=sum(v.cost.expected for v in verdicts) + priced if whole else float("inf"),
            ceiling=sum(v.cost.ceiling for v in verdicts) + priced if whole else float("inf"),
        ),
        items=items,
        attainment=float(requests @ np.array([attained[w.name] for w in fleet.workloads])) / total if total else 1.0,
        workload_attainment=attained,
        risk=max((v.risk for v in verdicts), default=4),
        slack=_slack(judged, machines),
        violations=tuple(violations),
        groups=tuple(verdicts),
        simulated=simulated,
    )


def _simulated(
    judged: Sequence[Replayed],
    verdicts: Sequence[GroupVerdict],
    machines: Machines,
    traffic: Traffic,
    seed: int | None,
    replayed: Remembered,
) -> tuple[list[GroupVerdict], Simulated | None]:
    """Simulate the groups with most requests, and an even sample of the rest that weighs for all of it."""
    if seed is None or not judged:
        return list(verdicts), None
    requests = np.array([one.requests for one in judged])
    order = np.lexsort((np.arange(len(judged)), -requests))
    weights = np.ones(min(len(judged), SIMULATED_GROUPS))
    chosen = order
    if len(judged) > SIMULATED_GROUPS:
        half = SIMULATED_GROUPS // 2
        rest = order[half:]
        sampled = rest[np.linspace(0, len(rest) - 1, half).astype(np.intp)]
        chosen = np.concatenate([order[:half], sampled])
        weights[half:] = requests[rest].sum() / max(float(requests[sampled].sum()), 1e-300)
    share_of_each = SIMULATED_REQUESTS // len(chosen)

    def simulated(one: Replayed) -> Simulated:
        seen = replayed(tuple(one.members.tolist()), one.served)
        return simulate(machines, one.members, one.served, traffic, seen, requests=share_of_each, seed=seed)

    found = [simulated(judged[i]) for i in chosen.tolist()]
    beside = dict(zip(chosen.tolist(), found, strict=True))
    said = [replace(verdict, simulated=beside.get(i)) for i, verdict in enumerate(verdicts)]
    share = weights * requests[chosen]
    share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1.0 / len(share))
    attainment = float(share @ np.array([one.attainment for one in found]))
    # Groups are simulated independently; where they stand for others, their differences count as error too.
    apart = np.where(weights > 1.0, share * np.array([one.attainment - attainment for one in found]), 0.0)
    below, above = (
        float(np.sqrt(((share * np.array(reach)) ** 2).sum() + (2.0 * apart**2).sum()))
        for reach in ([one.attainment - one.low for one in found], [one.high - one.attainment for one in found])
    )
    total = sum(one.requests for one in found)
    return said, Simulated(attainment, max(0.0, attainment - below), min(1.0, attainment + above), total)


def _broken_quotas(judged: Sequence[Replayed], machines: Machines) -> list[Violation]:
    """An account's quota holds for all groups of a region together."""
    most: dict[tuple[str, str], list[Replayed]] = {}
    for one in judged:
        most.setdefault((one.group.instance_type, one.group.region), []).append(one)
    return [
        Violation(
            "QTA002",
            f"{instance_type} in {region}",
            f"{len(groups)} groups may run {total} replicas together, quota {quota}.",
        )
        for (instance_type, region), groups in sorted(most.items())
        if (quota := machines.fleet.limits.quotas.get(instance_type)) is not None
        and len(groups) > 1
        and (total := sum(one.group.max_replicas for one in groups)) > quota
    ]


def _coverage(layout: Layout, index: Mapping[str, int]) -> list[Violation]:
    counts = dict.fromkeys(index, 0)
    found: list[Violation] = []
    for group in layout.groups:
        for name in group.workloads:
            if name in counts:
                counts[name] += 1
            else:
                found.append(Violation("COV001", group.name, f"it holds {name!r}, which the fleet does not have."))
    for name, count in counts.items():
        if count != 1:
            found.append(Violation("COV002", name, f"the workload is in {count} groups and belongs in exactly one."))
    return found


def _not_served(group: Group) -> str:
    clock = contradiction(group.schedule, group.hosting, group.min_replicas, group.max_replicas)
    if clock is not None:
        return f"its schedule cannot be followed: {clock}."
    return f"{group.instance_type} as {group.hosting} in {group.region} is not to be had, or it is empty."


def _served(group: Group, machines: Machines) -> Served | None:
    machine = machines.machine_index.get((group.hosting, group.instance_type))
    region = machines.region_index.get((group.cloud, group.region))
    if machine is None or region is None or not np.isfinite(machines.price_usd_per_h[machine, region]):
        return None
    if not (0.0 < group.target_utilization <= 1.0 and 0 <= group.min_replicas <= group.max_replicas >= 1):
        return None
    if contradiction(group.schedule, group.hosting, group.min_replicas, group.max_replicas) is not None:
        return None
    least, most = group.min_replicas, group.max_replicas
    return Served(machine, region, group.target_utilization, least, most, group.schedule)


def _together(machines: Machines) -> dict[str, set[str]]:
    """Names of the workloads that must be kept together, by their label."""
    found: dict[str, set[str]] = {}
    for workload in machines.fleet.workloads:
        if workload.keep_together is not None:
            found.setdefault(workload.keep_together, set()).add(workload.name)
    return found


def _broken_rules(
    group: Group,
    members: NDArray[np.intp],
    served: Served,
    machines: Machines,
    share: NDArray[np.float64],
    together: Mapping[str, set[str]],
) -> list[Violation]:
    fleet = machines.fleet
    workloads = [fleet.workloads[i] for i in members]
    found: list[Violation] = []

    def broken(rule: str, message: str) -> None:
        found.append(Violation(rule, group.name, message))

    keys = sorted({class_key(w, tenants_share=fleet.limits.tenants_share) for w in workloads})
    if len(keys) > 1:
        broken("GRP001", f"its workloads may not share an endpoint: {' / '.join(', '.join(key) for key in keys[:3])}.")
    for i, workload in zip(members, workloads, strict=True):
        if not machines.region_allowed[i, served.region]:
            broken("RES001", f"{workload.name} may not be processed in {group.region}.")
        if not machines.machine_allowed[i, served.machine]:
            broken("RUN001", f"{workload.name} cannot run on {group.instance_type} as {group.hosting}.")
    if not machines.fits(members)[served.machine] and machines.machine_allowed[members, served.machine].all():
        resident = machines.resident_gib(members)
        room = machines.memory_gib[served.machine]
        times = machines.overcommit[served.machine]
        leave = f", and leave to take turns up to {times:g} times that if each fits alone" if times > 1.0 else ""
        broken("MEM001", f"{resident:.1f} GiB of models, {room:.1f} GiB of room on {group.instance_type}{leave}.")
    labels = [w.keep_apart for w in workloads if w.keep_apart is not None]
    if len(labels) != len(set(labels)):
        broken("APT001", "workloads that must be kept apart are in it together.")
    here = set(group.workloads)
    if any(w.keep_together is not None and not together[w.keep_together] <= here for w in workloads):
        broken("TGT001", "workloads that must be kept together are split.")
    quota = fleet.limits.quotas.get(group.instance_type)
    if quota is not None and group.max_replicas > quota:
        broken("QTA001", f"up to {group.max_replicas} replicas of {group.instance_type}, quota {quota}.")
    if len(members) > fleet.limits.models_per_group:
        broken("LIM001", f"{len(members)} models, {fleet.limits.models_per_group} allowed in one group.")
    carried = float(share[members].sum())
    if len(members) > 1 and carried > fleet.limits.traffic_share_per_group + 0.02:
        allowed = fleet.limits.traffic_share_per_group
        broken("LIM002", f"it carries {carried:.0%} of the fleet's requests, {allowed:.0%} allowed.")
    return found


def _missed_objectives(attained: Mapping[str, float], machines: Machines, traffic: Traffic) -> list[Violation]:
    had_requests = traffic.rate_rps.sum(axis=1) > 0
    return [
        Violation(
            "SLO001",
            w.name,
            f"{attained[w.name]:.2%} of its requests within {w.objective.latency_s * 1e3:.0f} ms, "
            f"{w.objective.percentile:.2%} asked.",
        )
        for i, w in enumerate(machines.fleet.workloads)
        if had_requests[i] and attained[w.name] < w.objective.percentile - 1e-9
    ]


def _replayed(group: Group, members: NDArray[np.intp], served: Served, seen: Replay) -> Replayed:
    load, replicas = float(seen.load.mean()), float(seen.replicas.mean())
    return Replayed(group, members, served, float(seen.requests.sum()), load, replicas)


def _group_verdict(one: Replayed, seen: Replay, machines: Machines, share: float, window: Window) -> GroupVerdict:
    price = float(machines.price_usd_per_h[one.served.machine, one.served.region])
    risk, reasons = _risk(one, seen, machines, share)
    return GroupVerdict(
        name=one.group.name,
        cost=CostInterval(
            # By the clock the fewest change through the week: their mean is what is paid.
            floor=price * float(weekly_minima(one.served.schedule, one.served.minimum).mean()),
            expected=price * one.replicas,
            ceiling=price * one.served.maximum,
        ),
        attainment=float(seen.requests @ seen.attainment) / one.requests if one.requests else 1.0,
        risk=risk,
        risk_reasons=reasons,
        load=seen.load,
        replicas=seen.replicas,
        model_cache=_model_cache(one, seen, machines, window.bins * window.bin_s / SECONDS_PER_HOUR),
    )


def _model_cache(one: Replayed, seen: Replay, machines: Machines, hours: float) -> ModelCache | None:
    if seen.waits_for_load is None:
        return None
    waits = float(seen.waits_for_load.sum())
    return ModelCache(
        hit_rate=1.0 - waits / max(one.requests, 1e-300),
        waits_per_h=waits / hours,
        longest_load_s=float(load_times_s(machines, one.members, one.served.machine).max()),
    )


def _risk(one: Replayed, seen: Replay, machines: Machines, share: float) -> tuple[int, tuple[str, ...]]:
    memory = machines.resident_gib(one.members) / float(machines.memory_gib[one.served.machine])
    if machines.on_gpu[one.served.machine] and len(np.unique(machines.artifact_index[one.members])) == 1:
        copies = machines.gpus_per_copy[one.members[0], machines.processor_class[one.served.machine]]
        memory /= max(float(copies), 1.0)
    in_busiest = int(0.99 * (len(seen.busy) - 1))
    compute = float(np.partition(seen.busy, in_busiest)[in_busiest])
    peak = float(seen.load.max()) / one.served.maximum
    fills = f"models fill {memory:.0%} of usable memory"
    waits = 0.0
    if seen.waits_for_load is not None:
        # They fill all there is, whatever they would need.
        fills, memory = f"models that need {memory:.0%} of usable memory take turns in it", 1.0
        waits = float(seen.waits_for_load.sum()) / max(one.requests, 1e-300)
    levels = (
        (_level(memory, MEMORY_MARKS), fills),
        (_level(waits, COLD_MARKS), f"{waits:.2%} of requests wait for their model to load"),
        (_level(compute, COMPUTE_MARKS), f"replicas are {compute:.0%} busy in the busiest hundredth of the time"),
        (_level(seen.cold_share, COLD_MARKS), f"{seen.cold_share:.2%} of requests start cold"),
        (_level(peak, CAPACITY_MARKS), f"the peak fills {peak:.0%} of what the most replicas carry"),
        (_level(share, BLAST_MARKS), f"{share:.0%} of the fleet's requests depend on it"),
    )
    worst = max(level for level, _ in levels)
    return worst, tuple(reason for level, reason in levels if level == worst and worst > 0)


def _level(value: float, marks: Sequence[float]) -> int:
    return int(sum(value > mark for mark in marks))


def _slack(judged: Sequence[Replayed], machines: Machines) -> float:
    """1 - used / provisioned replicas, weighted by what they cost."""
    used = provisioned = 0.0
    for one in judged:
        price = float(machines.price_usd_per_h[one.served.machine, one.served.region])
        provisioned += price * one.replicas
        used += price * one.load
    return 1.0 - used / provisioned if provisioned > 0 else 0.0
