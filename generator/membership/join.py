"""A workload joins: the best group as it is, the best group resized, or a group of its own."""

import math
from collections.abc import Iterator

from generator.capacity.compatibility import class_key
from generator.capacity.machines import machines
from generator.errors import InfeasibleError, InputError
from generator.membership.running import Running, cost_alone, judged_before
from generator.model import (
    BarredOption,
    Catalog,
    Group,
    Inputs,
    Layout,
    Membership,
    MembershipKind,
    Profile,
    Violation,
)
from generator.naming import distinct_slugs

# Groups that are resized with the headroom that holds, of those that would grow for least without it.
HELD = 8


def join(inputs: Inputs, catalog: Catalog, layout: Layout, name: str, profile: Profile) -> Membership:
    """Find where a new workload goes, groups not concerned staying as they are.

    Every group the workload may share an endpoint with is tried: as it is, and with machine, replicas and scaling
    target chosen anew in its region and hosting kind. On the planning window the cheapest of each that breaks no rule
    the group keeps today, and keeps the terms of the profile, becomes an option; so does a group of its own. The later
    window decides nothing: on it every option's whole layout is judged and shown.

    Parameters
    ----------
    inputs : Inputs
        Fleet and traffic with the new workload.
    catalog : Catalog
    layout : Layout
        What runs now: every other workload in exactly one group.
    name : str
        The new workload's.
    profile : Profile
        Which recommendation runs.

    Returns
    -------
    Membership
        One to three options, "as-is", "resized", "new", and what bars the others.

    Raises
    ------
    InfeasibleError
        No machine serves the workload, or every option breaks a rule.
    InputError
        Its name would take a resource name away from a workload that runs.
    """
    earlier = inputs.without(name)
    _leaves_names_alone(inputs, earlier, name)
    before = judged_before(earlier, catalog, layout)
    table = machines(inputs.fleet, catalog)
    running = Running(inputs, table, layout, profile)
    newcomer = running.members((name,))
    alone = cost_alone(inputs, table, layout, name)
    if alone is None:
        workload = inputs.fleet.workloads[newcomer[0]]
        raise InfeasibleError(
            f"workload {name}",
            f"no machine in its regions answers {workload.objective.percentile:.1%} of its requests within "
            f"{workload.objective.latency_s * 1e3:.0f} ms, network time included, within quotas (SLO001).",
            "Relax the objective, allow a nearer region or faster machine, raise the quota, or serve faster.",
        )
    found: dict[MembershipKind, tuple[Group | None, Group]] = {}
    barred: list[BarredOption] = []
    candidates = list(_candidates(running, newcomer))
    for kind in ("as-is", "resized"):
        best, why = _best(running, newcomer, candidates, kind)
        if best is not None and best in found.values():
            barred.append(BarredOption(kind, "COV000", f"it is the same as {best[0].name} as it is."))
        elif best is not None:
            found[kind] = best
        else:
            barred.append(BarredOption(kind, why.rule, f"{why.subject}: {why.message}"))
    own = running.sized(newcomer)
    if own is None:
        barred.append(BarredOption("new", "SLO001", f"no machine keeps {name} with the reserve {profile} asks for."))
    else:
        group = running.spelled(newcomer, own, running.free_name(name))
        broken, _ = running.seen(group)
        if broken:
            barred.append(BarredOption("new", broken[0].rule, broken[0].message))
        else:
            found["new"] = (None, group)
    if not found:
        reasons = "; ".join(f"{one.kind}: {one.message.rstrip('.')} ({one.rule})" for one in barred)
        raise InfeasibleError(f"workload {name}", f"nothing takes it in: {reasons}.", "Relax what binds, or plan anew.")
    options = tuple(running.option(kind, former, group, before) for kind, (former, group) in found.items())
    return Membership(name, before, options, tuple(barred), alone)


def _leaves_names_alone(inputs: Inputs, earlier: Inputs, name: str) -> None:
    """Refuse a name whose resources could only be told apart by renaming those that run."""
    mine = distinct_slugs(workload.name for workload in inputs.fleet.workloads)
    for workload, key in distinct_slugs(workload.name for workload in earlier.fleet.workloads).items():
        if mine[workload] != key:
            raise InputError(
                f"workload {name}",
                f"in the cloud it would be called {key}, as {workload} is already.",
                "Give it a name that differs in letters or digits.",
            )


def _candidates(running: Running, newcomer: tuple[int, ...]) -> Iterator[Group]:
    workloads, share = running.inputs.fleet.workloads, running.inputs.fleet.limits.tenants_share
    key = class_key(workloads[newcomer[0]], tenants_share=share)
    for group in running.layout.groups:
        if class_key(workloads[running.index[group.workloads[0]]], tenants_share=share) == key:
            yield group


def _best(
    running: Running, newcomer: tuple[int, ...], candidates: list[Group], kind: MembershipKind
) -> tuple[tuple[Group, Group] | None, Violation]:
    """Return the group that takes the workload in for least, before and after; else what bars the nearest to it."""
    open_ones: list[tuple[float, str, Group, Group]] = []
    nobody = Violation("GRP001", "no group", "none may share an endpoint with it.")
    barred: list[tuple[int, float, Violation]] = []
    for former in candidates:
        members = tuple(sorted((*running.members(former.workloads), *newcomer)))
        group, why = _with(running, former, members, kind)
        if group is None:
            barred.append((1, float("inf"), why))
            continue
        (standing, cost), (found, cost_then) = running.seen(former), running.seen(group)
        known = {(one.rule, one.subject) for one in standing}
        broken = [one for one in found if (one.rule, one.subject) not in known]
        beyond = running.beyond_profile(group)
        broken = [*broken, *([beyond] if beyond else [])]
        # A group whose machine is no longer to be had has no cost to compare with.
        added = cost_then - (cost if math.isfinite(cost) else 0.0)
        if broken:
            barred.append((len(broken), added, broken[0]))
        else:
            open_ones.append((added, former.name, former, group))
    if kind == "resized":
        open_ones = [_held(running, *one) for one in sorted(open_ones, key=lambda one: one[:2])[:HELD]]
    if not open_ones:
        return None, min(barred, key=lambda one: one[:2])[2] if barred else nobody
    _, _, former, group = min(open_ones, key=lambda one: one[:2])
    return (former, group), nobody


def _held(running: Running, added: float, name: str, former: Group, group: Group) -> tuple[float, str, Group, Group]:
    """Give a group the headroom that holds on the later part of the planning window; what that adds may be much."""
    members = running.members(group.workloads)
    sizing = running.sized(members, former)
    if sizing is None:
        return added, name, former, group
    held = running.spelled(members, sizing, former.name)
    return added + running.seen(held)[1] - running.seen(group)[1], name, former, held


def _with(
    running: Running, former: Group, members: tuple[int, ...], kind: MembershipKind
) -> tuple[Group | None, Violation]:
    none = Violation("SLO001", former.name, f"no {former.hosting} in {former.region} keeps every objective with it.")
    if kind == "as-is":
        gone = Violation("SKU001", former.name, f"{former.instance_type} is not to be had in {former.region}.")
        return running.kept(former, members), gone
    sizing = running.sized_for(1.0, members, former)
    return (None if sizing is None else running.spelled(members, sizing, former.name)), none
