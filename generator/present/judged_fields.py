"""A layout and what the judge found, as they are published: in plans, beside programs, in answers."""

import math
from dataclasses import asdict
from typing import Any

from generator.model import (
    CostInterval,
    Group,
    GroupVerdict,
    Judged,
    ModelCache,
    Recommendation,
    Simulated,
    Window,
)
from generator.present.plan_document import (
    CostDocument,
    CostItemDocument,
    GroupDocument,
    ModelCacheDocument,
    ScheduledMinimumDocument,
    SimulatedDocument,
    ViolationDocument,
    WindowDocument,
)

# Nine digits: finer than any price, coarser than the last bits in which two machines' linear algebra may differ.
DIGITS = 9


def judged_fields(judged: Judged | Recommendation) -> dict[str, Any]:
    """Fields of a `JudgedDocument`, which documents with more fields take as well.

    Figures are rounded to `DIGITS` significant digits, and lists sorted wherever their order says nothing.
    """
    layout, verdict = judged.layout, judged.verdict
    seen = {group.name: group for group in verdict.groups}
    return {
        "source": layout.source,
        "method": layout.method,
        "cost_usd_per_h": _cost(verdict.cost),
        "items": tuple(
            CostItemDocument(
                name=item.name,
                usd_per_h=None if item.usd_per_h is None else rounded(item.usd_per_h),
                estimated=item.estimated,
                note=item.note,
            )
            for item in verdict.items
        ),
        "unpriced": tuple(item.name for item in verdict.items if item.usd_per_h is None),
        "attainment": rounded(verdict.attainment),
        "simulated": _simulated(verdict.simulated),
        "workload_attainment": {name: rounded(share) for name, share in sorted(verdict.workload_attainment.items())},
        "slack": rounded(verdict.slack),
        "risk": verdict.risk,
        "violations": tuple(
            ViolationDocument(rule=found.rule, subject=found.subject, message=found.message)
            for found in sorted(verdict.violations, key=lambda found: (found.rule, found.subject, found.message))
        ),
        "groups": tuple(
            _group(group, seen.get(group.name)) for group in sorted(layout.groups, key=lambda group: group.name)
        ),
    }


def _group(group: Group, verdict: GroupVerdict | None) -> GroupDocument:
    return GroupDocument(
        name=group.name,
        cloud=group.cloud,
        region=group.region,
        instance_type=group.instance_type,
        hosting=group.hosting,
        min_replicas=group.min_replicas,
        max_replicas=group.max_replicas,
        workloads=tuple(sorted(group.workloads)),
        target_utilization=rounded(group.target_utilization),
        slots=group.slots,
        replica_rps=rounded(group.replica_rps),
        planned_hit_rate=None if group.planned_hit_rate is None else rounded(group.planned_hit_rate),
        schedule=tuple(ScheduledMinimumDocument(**asdict(one)) for one in group.schedule),
        attainment=0.0 if verdict is None else rounded(verdict.attainment),
        simulated=None if verdict is None else _simulated(verdict.simulated),
        model_cache=None if verdict is None else _model_cache(verdict.model_cache),
        cost_usd_per_h=None if verdict is None else _cost(verdict.cost),
        risk=4 if verdict is None else verdict.risk,
        risk_reasons=("its machine is not to be had there",) if verdict is None else verdict.risk_reasons,
    )


def _cost(cost: CostInterval) -> CostDocument | None:
    if not math.isfinite(cost.expected):
        return None
    return CostDocument(floor=rounded(cost.floor), expected=rounded(cost.expected), ceiling=rounded(cost.ceiling))


def _simulated(found: Simulated | None) -> SimulatedDocument | None:
    if found is None:
        return None
    return SimulatedDocument(
        attainment=rounded(found.attainment),
        low=rounded(found.low),
        high=rounded(found.high),
        requests=found.requests,
        hit_rate=None if found.hit_rate is None else rounded(found.hit_rate),
    )


def _model_cache(found: ModelCache | None) -> ModelCacheDocument | None:
    if found is None:
        return None
    return ModelCacheDocument(
        hit_rate=rounded(found.hit_rate),
        waits_per_h=rounded(found.waits_per_h),
        longest_load_s=rounded(found.longest_load_s),
    )


def window_document(window: Window) -> WindowDocument:
    """Publish a window."""
    return WindowDocument(start=window.start, end=window.end, bin_s=window.bin_s)


def rounded(figure: float) -> float:
    """Round to `DIGITS` significant digits."""
    return float(f"{figure:.{DIGITS}g}")
