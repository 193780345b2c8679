"""A running layout in which one group changes and all others stay as they are."""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from hashlib import sha256

import numpy as np

from generator.admit import admit
from generator.backtest import EARLY_SHARE, HEADROOMS, split
from generator.capacity.look import ceiling
from generator.capacity.machines import Machines, machines
from generator.capacity.scaling import BEHAVIOUR
from generator.capacity.sizing import Sizer, Sizing, Terms
from generator.layouts import GROUP_NAME_LENGTH, sized_group
from generator.model import (
    Catalog,
    CostInterval,
    Group,
    GroupVerdict,
    Inputs,
    Judged,
    Layout,
    MembershipKind,
    MembershipOption,
    Profile,
    Traffic,
    Verdict,
    Violation,
)
from generator.naming import slug
from generator.solve.problem import WEIGHTINGS

Members = tuple[int, ...]
METHOD = "planned, then changed by those who joined and left"
# Of the misses that objectives allow, what a change may use: weeks to come bring bursts that the last ones had not.
USED_SHARE = 0.75


class Running:
    """A fleet, and the layout that serves it, or will when one group has changed.

    Parameters
    ----------
    inputs : Inputs
        Fleet and traffic, whoever comes included, whoever goes left out.
    table : Machines
        Of that fleet.
    layout : Layout
        As it runs now.
    profile : Profile
        Which recommendation it is: its terms hold for whatever is sized anew.
    history : Traffic, optional
        All that was observed so far. Where it is given, what is sized anew may grow as far as the busiest of it asks
        for, and uses no more than `USED_SHARE` of the misses that objectives allow.
    """

    def __init__(
        self, inputs: Inputs, table: Machines, layout: Layout, profile: Profile, history: Traffic | None = None
    ) -> None:
        self.inputs = inputs
        self.layout = layout
        self.machines = table
        self.weighting = WEIGHTINGS[profile]
        if history is not None:
            self.weighting = replace(self.weighting, miss_share=self.weighting.miss_share * USED_SHARE)
        self.profile: Profile = profile
        self._history = history
        self.index = {workload.name: i for i, workload in enumerate(inputs.fleet.workloads)}
        self.mean_rate = inputs.planned.rate_rps.mean(axis=1)
        self._early, self._late = split(inputs.planned, EARLY_SHARE)
        self._sizers: dict[tuple[bool, float], Sizer] = {}
        self._seen: dict[Group, tuple[tuple[Violation, ...], float]] = {}

    @cached_property
    def share(self) -> np.ndarray:
        """Share of the fleet's requests by workload, shape (W,)."""
        return self.mean_rate / max(float(self.mean_rate.sum()), 1e-12)

    def members(self, names: Collection[str]) -> Members:
        """Indices of workloads, sorted."""
        return tuple(sorted(self.index[name] for name in names))

    def sizer(self, headroom: float = 1.0, *, early: bool = False) -> Sizer:
        """What sizes groups under the profile's terms, on the planning window or on its early part."""
        key = (early, headroom)
        if key not in self._sizers:
            weighting = self.weighting
            terms = Terms(
                headroom=headroom * weighting.headroom_factor,
                least_replicas=weighting.least_replicas,
                memory_share=weighting.memory_share,
                miss_share=weighting.miss_share,
                resident=weighting.resident,
            )
            self._sizers[key] = Sizer(self.machines, self._early if early else self.inputs.planned, terms)
        return self._sizers[key]

    def sizing_of(self, group: Group) -> Sizing | None:
        """How a group is served, None where its machine is not to be had."""
        machine = self.machines.machine_index.get((group.hosting, group.instance_type))
        region = self.machines.region_index.get((group.cloud, group.region))
        if machine is None or region is None:
            return None
        return Sizing(
            machine, region, group.target_utilization, group.min_replicas, group.max_replicas, 0.0, group.schedule
        )

    def kept(self, group: Group, members: Members) -> Group | None:
        """Return a group with other members and everything else as it is, None where its machine is not to be had."""
        sizing = self.sizing_of(group)
        if sizing is None:
            return None
        spelled = sized_group(self.machines, self.mean_rate, members, sizing, group.name)
        return replace(
            group,
            workloads=spelled.workloads,
            slots=spelled.slots,
            replica_rps=spelled.replica_rps,
            planned_hit_rate=spelled.planned_hit_rate,
        )

    def sized(self, members: Members, like: Group | None = None) -> Sizing | None:
        """Size a group with the least headroom that holds on the later part of the planning window.

        The early part sizes and the later one judges, as in a plan; what holds is sized anew on both, and what never
        does goes without headroom.

        Parameters
        ----------
        members : tuple of int
        like : Group, optional
            Whose hosting kind and region it keeps.
        """
        for headroom in HEADROOMS:
            early = self._size(self.sizer(headroom, early=True), members, like)
            if early is None:
                break
            group = sized_group(self.machines, self.mean_rate, members, early, "tried")
            if not any(found.rule == "SLO001" for found in _about(group, self.alone(group, self._late))):
                found = self.sized_for(headroom, members, like)
                if found is not None:
                    return found
        return self.sized_for(1.0, members, like)

    def sized_for(self, headroom: float, members: Members, like: Group | None = None) -> Sizing | None:
        """Size a group with a headroom, whether or not that holds."""
        return self._size(self.sizer(headroom), members, like)

    def _size(self, sizer: Sizer, members: Members, like: Group | None) -> Sizing | None:
        if like is None:
            return sizer.size(members)
        region = self.machines.region_index.get((like.cloud, like.region))
        return None if region is None else sizer.size_in(members, like.hosting, region)

    def spelled(self, members: Members, sizing: Sizing, name: str) -> Group:
        """Spell a sized group, which may grow as far as the busiest that was ever observed asks for."""
        most = sizing.maximum if self._history is None else max(sizing.maximum, self._most(members, sizing))
        return sized_group(self.machines, self.mean_rate, members, replace(sizing, maximum=most), name)

    def _most(self, members: Members, sizing: Sizing) -> int:
        """Most replicas for all that was observed: what is never used costs nothing, and what lacks is an outage."""
        table, index = self.machines, np.array(members, dtype=np.intp)
        if self._history is None or BEHAVIOUR[table.hosting[sizing.machine]].worker_per_request:
            return sizing.maximum
        work_s = table.work_s[index, int(table.processor_class[sizing.machine])]
        peak = float((work_s @ self._history.rate_rps[index]).max()) / float(table.processors[sizing.machine])
        return int(min(ceiling(peak, sizing.target), table.offers.machine[sizing.machine]["quota"]))

    def free_name(self, wanted: str, besides: Collection[str] = ()) -> str:
        """Name a new group, told apart from those there are and from others that are new, too."""
        taken = {*besides, *(group.name for group in self.layout.groups)}
        name = slug(wanted, GROUP_NAME_LENGTH)
        while name in taken:
            digest = sha256(f"{wanted} {name}".encode()).hexdigest()[:8]
            name = f"{slug(wanted, GROUP_NAME_LENGTH - 9).rstrip('-')}-{digest}"
        return name

    def alone(self, group: Group, traffic: Traffic) -> Verdict:
        """Judge one group as if it were all there is: its cost and its service level are those within the layout."""
        return admit(Layout((group,), self.layout.source, self.layout.method), self.machines, traffic)

    def seen(self, group: Group) -> tuple[tuple[Violation, ...], float]:
        """Rules that a group breaks on the planning window, and its cost there, US dollars an hour, egress included."""
        if group not in self._seen:
            verdict = self.alone(group, self.inputs.planned)
            self._seen[group] = (_about(group, verdict), verdict.cost.expected)
        return self._seen[group]

    def beyond_profile(self, group: Group) -> Violation | None:
        """Return which of the profile's own terms a group breaks, beside the fleet's rules; None where it keeps all."""
        members = self.members(group.workloads)
        carried = float(self.share[list(members)].sum())
        if len(members) > 1 and carried > self.weighting.traffic_share + 0.02:
            message = f"it would carry {carried:.0%} of the fleet's requests, {self.profile} allows "
            return Violation("LIM002", group.name, f"{message}{self.weighting.traffic_share:.0%}.")
        sizing = self.sizing_of(group)
        if sizing is None:
            return Violation("SKU001", group.name, f"{group.instance_type} is not to be had in {group.region}.")
        share, resident = self.weighting.memory_share, self.weighting.resident
        if not self.machines.fits(np.array(members), share, resident=resident)[sizing.machine]:
            message = f"its models would fill more than the {share:.0%} of memory"
            return Violation("MEM001", group.name, f"{message} that {self.profile} allows on {group.instance_type}.")
        if not self.sizer().keeps(members, sizing):
            message = f"it would not keep every objective with the reserve that {self.profile} asks for."
            return Violation("SLO001", group.name, message)
        return None

    def option(
        self, kind: MembershipKind, former: Group | None, group: Group | None, before: Judged
    ) -> MembershipOption:
        """Put a changed group into the layout and judge the whole on the later window."""
        kept = [other for other in self.layout.groups if former is None or other.name != former.name]
        groups = kept if group is None else [*kept, group]
        layout = Layout(tuple(sorted(groups, key=lambda other: other.name)), self.layout.source, METHOD)
        verdict = admit(layout, self.machines, self.inputs.scored)
        known = {(found.rule, found.subject) for found in before.verdict.violations}
        return MembershipOption(
            kind=kind,
            former=former,
            group=group,
            judged=Judged(layout, verdict),
            group_verdict=None if group is None else _verdict_of(group.name, verdict),
            new_violations=tuple(f for f in verdict.violations if (f.rule, f.subject) not in known),
        )


def judged_before(inputs: Inputs, catalog: Catalog, layout: Layout) -> Judged:
    """Judge the layout as it runs on the later window."""
    return Judged(layout, admit(layout, machines(inputs.fleet, catalog), inputs.scored))


def cost_alone(inputs: Inputs, table: Machines, layout: Layout, name: str) -> CostInterval | None:
    """Cost of a workload on an endpoint of its own, under the terms of a baseline; None where there is none."""
    running = Running(inputs, table, layout, "cheapest")
    members = running.members((name,))
    sizing = running.sized(members)
    if sizing is None:
        return None
    return running.alone(running.spelled(members, sizing, "alone"), inputs.scored).cost


def _about(group: Group, verdict: Verdict) -> tuple[Violation, ...]:
    concerned = {group.name, *group.workloads}
    return tuple(found for found in verdict.violations if found.subject in concerned)


def _verdict_of(name: str, verdict: Verdict) -> GroupVerdict | None:
    return next((group for group in verdict.groups if group.name == name), None)
