"""What changes from one recommendation to another: cost, service level, groups, workloads, broken rules."""

from collections.abc import Mapping

from generator.errors import InputError
from generator.model import HOURS_PER_MONTH
from generator.present.answers import (
    BrokenRule,
    ComparedGroup,
    ComparedPlan,
    Difference,
    GroupDifference,
    MonthlyCost,
    Move,
)
from generator.present.figures import span, worst_of
from generator.present.plan_document import (
    ChosenDocument,
    CostDocument,
    GroupDocument,
    ViolationDocument,
)

# What a reader would not see: half a cent a month, and less than the decimals in which a service level is written.
LEAST_USD = 0.005
LEAST_ATTAINMENT = 0.000_05
FIELDS = ("cloud", "region", "hosting", "instance_type", "min_replicas", "max_replicas", "schedule", "workloads")


def difference(
    old: ChosenDocument,
    new: ChosenDocument,
    *,
    min_change_usd: float = 0.0,
    min_change_percent: float = 0.0,
) -> Difference:
    """Compare a recommendation with the one it would replace.

    Parameters
    ----------
    old, new : ChosenDocument
        A recommendation with the windows and prices it was judged by.
    min_change_usd, min_change_percent : float
        A change of the expected cost a month, up or down, is material where it reaches both.

    Raises
    ------
    InputError
        If they are of different fleets.
    """
    if old.fleet != new.fleet:
        what = f"one is of the fleet {old.fleet!r}, the other of {new.fleet!r}."
        raise InputError("covey diff", what, "Name two plans of one fleet.")
    was, becomes = old.recommendation, new.recommendation
    one, other = _side(old), _side(new)
    change = MonthlyCost(
        floor=other.cost_usd_per_month.floor - one.cost_usd_per_month.floor,
        expected=other.cost_usd_per_month.expected - one.cost_usd_per_month.expected,
        ceiling=other.cost_usd_per_month.ceiling - one.cost_usd_per_month.ceiling,
    )
    broken_before = {(found.rule, found.subject): found for found in was.violations}
    broken_after = {(found.rule, found.subject): found for found in becomes.violations}
    newly_broken = _only(broken_after, broken_before)
    groups, moves = _groups(was.groups, becomes.groups), _moves(was.groups, becomes.groups)
    costs = abs(change.expected) >= max(LEAST_USD, min_change_usd) and (
        100 * abs(change.expected) >= min_change_percent * one.cost_usd_per_month.expected
    )
    untouched = not groups and not moves
    anything_counts = min_change_usd == 0 and min_change_percent == 0 and not untouched
    worse = (
        other.attainment < one.attainment - LEAST_ATTAINMENT
        or other.risk > one.risk
        or bool(set(other.unpriced) - set(one.unpriced))
    )
    return Difference(
        fleet=old.fleet,
        old=one,
        new=other,
        change_usd_per_month=change,
        material=costs or worse or anything_counts or bool(newly_broken),
        groups=groups,
        moves=moves,
        newly_broken=newly_broken,
        no_longer_broken=_only(broken_before, broken_after),
    )


def _side(judged: ChosenDocument) -> ComparedPlan:
    chosen = judged.recommendation
    worst, share = worst_of(chosen.workload_attainment)
    return ComparedPlan(
        profile=chosen.profile,
        cost_usd_per_month=_monthly(chosen.cost_usd_per_h),
        unpriced=chosen.unpriced,
        attainment=chosen.attainment,
        worst_workload=worst,
        worst_attainment=share,
        risk=chosen.risk,
        groups=len(chosen.groups),
        workloads=len(chosen.workload_attainment),
        scored_window=span(judged.scored_window),
        catalog_as_of=judged.catalog_as_of,
    )


def _monthly(cost: CostDocument) -> MonthlyCost:
    return MonthlyCost(
        floor=cost.floor * HOURS_PER_MONTH,
        expected=cost.expected * HOURS_PER_MONTH,
        ceiling=cost.ceiling * HOURS_PER_MONTH,
    )


def _groups(was: tuple[GroupDocument, ...], becomes: tuple[GroupDocument, ...]) -> tuple[GroupDifference, ...]:
    """Pair groups by name, and those whose name is gone by their members, for a group may only be renamed."""
    before, after = {group.name: group for group in was}, {group.name: group for group in becomes}
    renamed_from = {frozenset(group.workloads): name for name, group in before.items() if name not in after}
    found: list[GroupDifference] = []
    for name, group in after.items():
        earlier = before.pop(name, None) or before.pop(renamed_from.get(frozenset(group.workloads), ""), None)
        if earlier is None:
            found.append(GroupDifference(change="added", old=None, new=_group(group), fields=()))
        elif fields := _fields(earlier, group):
            found.append(GroupDifference(change="changed", old=_group(earlier), new=_group(group), fields=fields))
    found += [GroupDifference(change="removed", old=_group(group), new=None, fields=()) for group in before.values()]
    return tuple(sorted(found, key=lambda one: (-abs(_change(one)), _name(one))))


def _fields(old: GroupDocument, new: GroupDocument) -> tuple[str, ...]:
    changed = [name for name in FIELDS if getattr(old, name) != getattr(new, name)]
    if old.name != new.name:
        changed.insert(0, "name")
    cost, becomes = _cost(old), _cost(new)
    if (cost is None) != (becomes is None) or abs((cost or 0.0) - (becomes or 0.0)) >= LEAST_USD:
        changed.append("cost")
    if abs(old.attainment - new.attainment) >= LEAST_ATTAINMENT:
        changed.append("attainment")
    return tuple(changed)


def _group(group: GroupDocument) -> ComparedGroup:
    return ComparedGroup(
        name=group.name,
        cloud=group.cloud,
        region=group.region,
        hosting=group.hosting,
        instance_type=group.instance_type,
        min_replicas=group.min_replicas,
        max_replicas=group.max_replicas,
        workloads=len(group.workloads),
        attainment=group.attainment,
        risk=group.risk,
        cost_usd_per_month=_cost(group),
    )


def _cost(group: GroupDocument) -> float | None:
    return None if group.cost_usd_per_h is None else group.cost_usd_per_h.expected * HOURS_PER_MONTH


def _change(one: GroupDifference) -> float:
    old, new = one.old and one.old.cost_usd_per_month, one.new and one.new.cost_usd_per_month
    return (new or 0.0) - (old or 0.0)


def _name(one: GroupDifference) -> str:
    return next(side.name for side in (one.new, one.old) if side is not None)


def _moves(was: tuple[GroupDocument, ...], becomes: tuple[GroupDocument, ...]) -> tuple[Move, ...]:
    """List workloads that leave their company; one whose whole group was renamed stays where it is."""
    before = {workload: group for group in was for workload in group.workloads}
    after = {workload: group for group in becomes for workload in group.workloads}
    found: list[Move] = []
    for workload in sorted(before.keys() | after.keys()):
        old, new = before.get(workload), after.get(workload)
        if old is not None and new is not None and (old.name == new.name or old.workloads == new.workloads):
            continue
        found.append(Move(workload=workload, old_group=old.name if old else None, new_group=new.name if new else None))
    return tuple(found)


def _only(
    these: Mapping[tuple[str, str], ViolationDocument], those: Mapping[tuple[str, str], ViolationDocument]
) -> tuple[BrokenRule, ...]:
    return tuple(
        BrokenRule(rule=found.rule, subject=found.subject, message=found.message)
        for key, found in these.items()
        if key not in those
    )
