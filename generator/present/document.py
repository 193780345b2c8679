"""A plan to its published document and back: what `--json` prints, `--save` keeps and `emit --plan` reads again."""

from dataclasses import asdict
from typing import TypeVar

from pydantic import ValidationError

from generator.errors import InputError
from generator.model import (
    PROFILES,
    CostInterval,
    Group,
    Inputs,
    Judged,
    Layout,
    Ledger,
    Plan,
    Profile,
    ScheduledMinimum,
)
from generator.present.judged_fields import judged_fields, rounded, window_document
from generator.present.plan_document import (
    AdviceDocument,
    ChosenDocument,
    CommunitiesDocument,
    CommunityDocument,
    CostDocument,
    CurrentDocument,
    JudgedDocument,
    LedgerDocument,
    LedgerEntryDocument,
    PlanDocument,
    RecommendationDocument,
    UsageDocument,
    WhyNotDocument,
)

# A plan takes about 2.5 kB a workload; what is larger than 200,000 workloads take was not written by covey.
MOST_BYTES = 512 * 2**20
Saved = TypeVar("Saved", PlanDocument, ChosenDocument)


def document(plan: Plan) -> PlanDocument:
    """Publish a plan, sorted wherever its order says nothing.

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
        planned_window=window_document(plan.inputs.planned.window),
        scored_window=window_document(plan.inputs.scored.window),
        catalog_as_of=plan.catalog_as_of,
        assumptions=plan.inputs.fleet.assumptions,
        communities=CommunitiesDocument(
            modularity=rounded(plan.communities.modularity),
            resolution=rounded(plan.communities.resolution),
            communities=tuple(CommunityDocument(workloads=tuple(part)) for part in communities),
        ),
        baseline=JudgedDocument.model_validate(judged_fields(plan.baseline)),
        current=None if plan.current is None else CurrentDocument.model_validate(judged_fields(plan.current)),
        recommendations=tuple(
            RecommendationDocument.model_validate(
                {
                    "profile": found.profile,
                    "saving_vs_baseline": rounded(found.saving_vs_baseline),
                    "saving_vs_current": None if found.saving_vs_current is None else rounded(found.saving_vs_current),
                    **judged_fields(found),
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
        gap=None if plan.gap is None else rounded(plan.gap),
        fluid_bound_usd_per_h=rounded(plan.fluid_bound_usd_per_h),
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
        planned_window=window_document(inputs.planned.window),
        scored_window=window_document(inputs.scored.window),
        catalog_as_of=catalog_as_of,
        baseline_usd_per_h=CostDocument(
            floor=rounded(baseline.floor), expected=rounded(baseline.expected), ceiling=rounded(baseline.ceiling)
        ),
        recommendation=RecommendationDocument.model_validate(
            {
                "profile": chosen.recommendation.profile,
                "saving_vs_baseline": rounded(saving),
                "saving_vs_current": None,
                **judged_fields(judged),
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
                solver_usd_per_h=rounded(entry.solver_usd_per_h),
                proposed_usd_per_h=None if entry.proposed_usd_per_h is None else rounded(entry.proposed_usd_per_h),
                regret=None if entry.regret is None else rounded(entry.regret),
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
