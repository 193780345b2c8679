"""What rejections changed in a recommendation: what is avoided because of them, and what could not be."""

from collections.abc import Mapping, Sequence

from generator.capacity.sizing import Sizer
from generator.model import CLOUD_OF_HOSTING, REJECTED_MARGIN, Group, Objection, Profile, Recommendation, WhyNot

RULE = "REJ001"
# Reasons that weigh nothing in the search, and why.
WEIGHTLESS = {"cost": "costs are minimised anyway", "timing": "no choice of machines is a matter of time"}
# Characters of a digest that name a rejection.
SHOWN = 12


def heeded(recommendations: Sequence[Recommendation], sizers: Mapping[Profile, Sizer]) -> tuple[WhyNot, ...]:
    """Say of every objection what it comes to in every recommendation.

    Parameters
    ----------
    recommendations : sequence of Recommendation
    sizers : mapping of Profile to Sizer
        The sizer each was planned with; its fleet has the objections.

    Returns
    -------
    tuple of WhyNot
        One row for each, under the group that serves most of those who objected.
    """
    return tuple(
        _row(one, recommendation, sizers[recommendation.profile])
        for recommendation in recommendations
        for one in sizers[recommendation.profile].machines.fleet.objections
        if any(set(group.workloads).intersection(one.workloads) for group in recommendation.layout.groups)
    )


def _row(one: Objection, recommendation: Recommendation, sizer: Sizer) -> WhyNot:
    serving = [g for g in recommendation.layout.groups if set(g.workloads).intersection(one.workloads)]
    most = min(serving, key=lambda group: (-len(set(group.workloads).intersection(one.workloads)), group.name))
    who = f"{one.by} rejected it on {one.at:%Y-%m-%d} for its {one.reason}"
    lasts = f"until {one.until:%Y-%m-%d} or covey retract FLEET {one.rejection[:SHOWN]}"
    if one.reason in WEIGHTLESS:
        said = f"{who}, which weighs nothing in the search: {WEIGHTLESS[one.reason]}. Whoever proposes is told."
    else:
        counts = f"it counts {REJECTED_MARGIN:.0%} dearer {lasts}"
        again = [group for group in serving if _repeats(one, group)]
        if again:
            names = ", ".join(group.name for group in again)
            said = f"{who}, and {counts}; {names} has it again: nothing was found that is dearer by less than that."
        else:
            said = f"{who}, so {counts}: {_price(one, most, sizer)}."
    return WhyNot(recommendation.profile, most.name, _subject(one), RULE, said)


def _repeats(one: Objection, group: Group) -> bool:
    machine = (group.hosting, group.instance_type) == (one.hosting, one.instance_type)
    region = (group.cloud, group.region) == (CLOUD_OF_HOSTING[one.hosting], one.region)
    if one.reason == "grouping":
        return len(set(group.workloads).intersection(one.workloads)) > 1
    return {"machine": machine, "region": region}.get(one.reason, machine and region)


def _subject(one: Objection) -> str:
    if one.reason == "grouping":
        rest = f" and {len(one.workloads) - 2} more" if len(one.workloads) > 2 else ""
        return f"{' with '.join(one.workloads[:2])}{rest}"
    served = {"machine": one.instance_type, "region": one.region}
    return served.get(one.reason, f"{one.instance_type} in {one.region}")


def _price(one: Objection, group: Group, sizer: Sizer) -> str:
    """What avoiding it costs the group that serves most of them, where that is known."""
    table = sizer.machines
    machine = table.machine_index.get((one.hosting, one.instance_type))
    region = table.region_index.get((CLOUD_OF_HOSTING[one.hosting], one.region))
    unused = "it is not chosen here"
    if one.reason == "grouping" or machine is None or region is None:
        return unused
    members = [i for i, workload in enumerate(table.fleet.workloads) if workload.name in group.workloads]
    own, other = sizer.size(members), sizer.size_on(members, machine, region)
    if own is None or other is None or own.usd_per_h <= other.usd_per_h:
        return unused
    return (
        f"it is avoided, for {own.usd_per_h - other.usd_per_h:.3g} USD/h more than {one.instance_type} in {one.region}"
    )
