"""A plan to its published document and back: what `--json` prints, `--save` keeps and `emit --plan` reads again."""

import math
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import ValidationError

from generator.errors import InputError
from generator.model import (
    PROFILES,
    CostInterval,
    Group,
    GroupVerdict,
    Inputs,
    Judged,
    Layout,
    Ledger,
    ModelCache,
    Plan,
    Profile,
    Recommendation,
    ScheduledMinimum,
    Simulated,
    Window,
)
from generator.present.plan_document import (
    AdviceDocument,
    ChosenDocument,
    CommunitiesDocument,
    CommunityDocument,
    CostDocument,
    CostItemDocument,
    CurrentDocument,
    GroupDocument,
    JudgedDocument,
    LedgerDocument,
    LedgerEntryDocument,
    ModelCacheDocument,
    PlanDocument,
    RecommendationDocument,
    ScheduledMinimumDocument,
    SimulatedDocument,
    UsageDocument,
    ViolationDocument,
    WhyNotDocument,
    WindowDocument,
)

# A plan takes about 2.5 kB a workload; what is larger than 200,000 workloads take was not written by covey.
MOST_BYTES = 512 * 2**20
# Nine digits: finer than any price, coarser than the last bits in which two machines' linear algebra may differ.
DIGITS = 9
Saved = TypeVar("Saved", PlanDocument, ChosenDocument)


def document(plan: Plan) -> PlanDocument:
    """Publish a plan: figures rounded to `DIGITS` significant digits, and sorted wherever the order says nothing.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    PlanDocument
    """
    names = [workload.name for workload in plan.inputs.fleet.workloads]
    communities = sorted((sorted(names[i] for i in part) for part in plan.communities.members), key=_largest_first)
    order = {profile: place for place, profile in enumerate(PROFILES)}
    return PlanDocument(
        fleet=plan.inputs.fleet.name,
        seed=plan.seed,
        planned_window=_window(plan.inputs.planned.window),
        scored_window=_window(plan.inputs.scored.window),
        catalog_as_of=plan.catalog_as_of,
        assumptions=plan.inputs.fleet.assumptions,
        communities=CommunitiesDocument(
            modularity=_rounded(plan.communities.modularity),
            resolution=_rounded(plan.communities.resolution),
            communities=tuple(CommunityDocument(workloads=tuple(part)) for part in communities),
        ),
        baseline=JudgedDocument.model_validate(_judged(plan.baseline)),
        current=None if plan.current is None else CurrentDocument.model_validate(_judged(plan.current)),
        recommendations=tuple(
            RecommendationDocument.model_validate(
                {
                    "profile": found.profile,
                    "saving_vs_baseline": _rounded(found.saving_vs_baseline),
                    "saving_vs_current": None if found.saving_vs_current is None else _rounded(found.saving_vs_current),
                    **_judged(found),
                }
            )
            for found in sorted(plan.recommendations, key=lambda found: order[found.profile])
        ),
        why_not=tuple(
            WhyNotDocument(
                recommendation=why.recommendation,
                group=why.group,
                subject=why.subject,
                rule=why.rule,
                message=why.message,
            )
            for why in sorted(
                plan.why_not, key=lambda why: (order[why.recommendation], why.group, why.subject, why.rule)
            )
        ),
        gap=None if plan.gap is None else _rounded(plan.gap),
        fluid_bound_usd_per_h=_rounded(plan.fluid_bound_usd_per_h),
        limited_by=plan.limited_by,
        note=plan.note,
        ledger=_ledger(plan.ledger),
    )


def saved_document(text: bytes, where: str) -> PlanDocument:
    """Read a saved plan that nobody vouches for.

    Parameters
    ----------
    text : bytes
        The file's content.
    where : str
        Its name, for the error.

    Returns
    -------
    PlanDocument

    Raises
    ------
    InputError
        Not a plan document: the field, what is wrong with it, and how to get a good one.
    """
    return _validated(PlanDocument, text, where, "Save a plan anew: covey plan FLEET --save FILE.")


def saved_recommendation(text: bytes, where: str, profile: Profile | None = None) -> ChosenDocument:
    """Read a recommendation out of a saved plan, or out of the ``recommendation.json`` beside an emitted program.

    Parameters
    ----------
    text : bytes
        The file's content.
    where : str
        Its name, for the error.
    profile : str, optional
        Which recommendation of a plan; without it balanced, else the first there is. The file holds only one.

    Raises
    ------
    InputError
        Neither of the two, or a plan without that recommendation.
    """
    if b'"recommendations"' in text[:MOST_BYTES]:
        plan = saved_document(text, where)
        return chosen_of(plan, profile or plan.chosen.profile)
    return _validated(ChosenDocument, text, where, "Emit anew, or name a plan that covey plan --save wrote.")


def layout_of(saved: PlanDocument, profile: Profile) -> Layout:
    """Give the layout of one recommendation back as the value it was planned as.

    Parameters
    ----------
    saved : PlanDocument
    profile : str
        cheapest, balanced or resilient.

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        The plan holds no such recommendation.
    """
    return _layout(_recommended(saved, profile))


def running_layout(chosen: ChosenDocument) -> Layout:
    """Give the layout of the recommendation that lies beside a program back as the value it was emitted from."""
    return _layout(chosen.recommendation)


def chosen_after(
    chosen: ChosenDocument, judged: Judged, inputs: Inputs, catalog_as_of: str, baseline: CostInterval
) -> ChosenDocument:
    """Give the recommendation that lies beside a program when someone has joined or left.

    Parameters
    ----------
    chosen : ChosenDocument
        As it lies there.
    judged : Judged
        The layout that takes its place.
    inputs : Inputs
        Fleet and traffic it was judged on.
    catalog_as_of : str
    baseline : CostInterval
        Everyone on an endpoint of their own, US dollars an hour.

    Returns
    -------
    ChosenDocument
        Of the same profile; its saving against what ran before covey came is not known any more.
    """
    saving = 1.0 - judged.verdict.cost.expected / baseline.expected if baseline.expected > 0 else 0.0
    return ChosenDocument(
        fleet=inputs.fleet.name,
        seed=chosen.seed,
        planned_window=_window(inputs.planned.window),
        scored_window=_window(inputs.scored.window),
        catalog_as_of=catalog_as_of,
        baseline_usd_per_h=CostDocument(
            floor=_rounded(baseline.floor), expected=_rounded(baseline.expected), ceiling=_rounded(baseline.ceiling)
        ),
        recommendation=RecommendationDocument.model_validate(
            {
                "profile": chosen.recommendation.profile,
                "saving_vs_baseline": _rounded(saving),
                "saving_vs_current": None,
                **_judged(judged),
            }
        ),
    )


def chosen_of(saved: PlanDocument, profile: Profile) -> ChosenDocument:
    """Give one recommendation as the file that lies beside the program emitted from it.

    Parameters
    ----------
    saved : PlanDocument
    profile : str
        cheapest, balanced or resilient.

    Raises
    ------
    InputError
        The plan holds no such recommendation.
    """
    return ChosenDocument(
        fleet=saved.fleet,
        seed=saved.seed,
        planned_window=saved.planned_window,
        scored_window=saved.scored_window,
        catalog_as_of=saved.catalog_as_of,
        baseline_usd_per_h=saved.baseline.cost_usd_per_h,
        recommendation=_recommended(saved, profile),
    )


def _layout(found: RecommendationDocument) -> Layout:
    groups = tuple(
        Group(
            name=group.name,
            workloads=group.workloads,
            hosting=group.hosting,
            region=group.region,
            instance_type=group.instance_type,
            min_replicas=group.min_replicas,
            max_replicas=group.max_replicas,
            target_utilization=group.target_utilization,
            slots=group.slots,
            replica_rps=group.replica_rps,
            planned_hit_rate=group.planned_hit_rate,
            schedule=tuple(ScheduledMinimum(one.days, one.hour, one.min_replicas) for one in group.schedule),
        )
        for group in found.groups
    )
    return Layout(groups, found.source, found.method)


def _recommended(saved: PlanDocument, profile: Profile) -> RecommendationDocument:
    for found in saved.recommendations:
        if found.profile == profile:
            return found
    there = ", ".join(found.profile for found in saved.recommendations)
    raise InputError(
        f"recommendation {profile}", "is not in this plan.", f"Choose one that is: {there}. {saved.note or ''}".strip()
    )


def _validated(document: type[Saved], text: bytes, where: str, remedy: str) -> Saved:
    if len(text) > MOST_BYTES:
        raise InputError(where, f"is larger than {MOST_BYTES // 2**20} MiB.", remedy)
    try:
        return document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # Places are numbers, our own field names, or a stranger's key: only what is short and plain is repeated.
        parts = [str(part) for part in first["loc"]]
        field = ".".join(part if part.isidentifier() or part.isdecimal() else "?" for part in parts)
        raise InputError(f"{where}, field {field}" if field else where, f"{first['msg']}.", remedy) from None


def _ledger(ledger: Ledger) -> LedgerDocument:
    advice = ledger.advice
    return LedgerDocument(
        seat=ledger.seat,
        source=ledger.source,
        entries=tuple(
            LedgerEntryDocument(
                profile=entry.profile,
                outcome=entry.outcome,
                solver_usd_per_h=_rounded(entry.solver_usd_per_h),
                proposed_usd_per_h=None if entry.proposed_usd_per_h is None else _rounded(entry.proposed_usd_per_h),
                regret=None if entry.regret is None else _rounded(entry.regret),
                reason=entry.reason,
                usage=UsageDocument(**asdict(entry.usage)),
            )
            for entry in ledger.entries
        ),
        advice=AdviceDocument(
            preferred=advice.preferred,
            explanations=dict(advice.explanations),
            failure=advice.failure,
            usage=UsageDocument(**asdict(advice.usage)),
        ),
    )


def _largest_first(names: list[str]) -> tuple[int, list[str]]:
    return -len(names), names


def _window(window: Window) -> WindowDocument:
    return WindowDocument(start=window.start, end=window.end, bin_s=window.bin_s)


def _judged(judged: Judged | Recommendation) -> dict[str, Any]:
    layout, verdict = judged.layout, judged.verdict
    seen = {group.name: group for group in verdict.groups}
    return {
        "source": layout.source,
        "method": layout.method,
        "cost_usd_per_h": _cost(verdict.cost),
        "items": tuple(
            CostItemDocument(
                name=item.name,
                usd_per_h=None if item.usd_per_h is None else _rounded(item.usd_per_h),
                estimated=item.estimated,
                note=item.note,
            )
            for item in verdict.items
        ),
        "unpriced": tuple(item.name for item in verdict.items if item.usd_per_h is None),
        "attainment": _rounded(verdict.attainment),
        "simulated": _simulated(verdict.simulated),
        "workload_attainment": {name: _rounded(share) for name, share in sorted(verdict.workload_attainment.items())},
        "slack": _rounded(verdict.slack),
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
        target_utilization=_rounded(group.target_utilization),
        slots=group.slots,
        replica_rps=_rounded(group.replica_rps),
        planned_hit_rate=None if group.planned_hit_rate is None else _rounded(group.planned_hit_rate),
        schedule=tuple(ScheduledMinimumDocument(**asdict(one)) for one in group.schedule),
        attainment=0.0 if verdict is None else _rounded(verdict.attainment),
        simulated=None if verdict is None else _simulated(verdict.simulated),
        model_cache=None if verdict is None else _model_cache(verdict.model_cache),
        cost_usd_per_h=None if verdict is None else _cost(verdict.cost),
        risk=4 if verdict is None else verdict.risk,
        risk_reasons=("its machine is not to be had there",) if verdict is None else verdict.risk_reasons,
    )


def _cost(cost: CostInterval) -> CostDocument | None:
    if not math.isfinite(cost.expected):
        return None
    return CostDocument(floor=_rounded(cost.floor), expected=_rounded(cost.expected), ceiling=_rounded(cost.ceiling))


def _simulated(found: Simulated | None) -> SimulatedDocument | None:
    if found is None:
        return None
    return SimulatedDocument(
        attainment=_rounded(found.attainment),
        low=_rounded(found.low),
        high=_rounded(found.high),
        requests=found.requests,
        hit_rate=None if found.hit_rate is None else _rounded(found.hit_rate),
    )


def _model_cache(found: ModelCache | None) -> ModelCacheDocument | None:
    if found is None:
        return None
    return ModelCacheDocument(
        hit_rate=_rounded(found.hit_rate),
        waits_per_h=_rounded(found.waits_per_h),
        longest_load_s=_rounded(found.longest_load_s),
    )


def _rounded(figure: float) -> float:
    return float(f"{figure:.{DIGITS}g}")
