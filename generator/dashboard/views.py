"""A plan to what its pages say: every figure and picture of them, and no markup but drawings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from generator.model import CorrelationGraph, FloatArray, Group, Inputs, Profile, Traffic, Verdict, Workload
from generator.present.comparison import against, bill, card, dearest, prices
from generator.present.constellation import places, strongest_ties
from generator.present.document import layout_of
from generator.present.figures import (
    attained,
    bin_length,
    bounds,
    by_the_clock,
    by_turns,
    count,
    dollars,
    plain,
    replicas,
    saving,
    span,
    worst_of,
)
from generator.present.page import ANSWER_COLOURS, colours_of_groups, made_here, swatch
from generator.present.pictures import (
    COLOURS,
    OTHERS,
    busiest_stretch,
    is_wide,
    length_of_a_point,
    most_used,
    picture_of_costs,
    picture_of_group,
    picture_of_service,
    stretch,
)
from generator.present.plan_document import (
    CurrentDocument,
    GroupDocument,
    JudgedDocument,
    PlanDocument,
    RecommendationDocument,
)

MOST_ROWS = 50
MOST_REASONS = 200
MOST_WORST = 200
GROUP_INCHES = (8.6, 2.9)
SPARK_POINTS = 56
SPARK_WIDTH, SPARK_HEIGHT = 112.0, 22.0


def fleet_view(inputs: Inputs, plan: PlanDocument | None, asked: str, page: int) -> dict[str, Any]:
    """Say what runs: the busiest workloads first, `MOST_ROWS` to a page, only those whose name holds what is asked."""
    mean, peak = inputs.planned.rate_rps.mean(axis=1), inputs.planned.rate_rps.max(axis=1)
    order = np.argsort(-mean, kind="stable")
    workloads = inputs.fleet.workloads
    found = [int(i) for i in order if asked.casefold() in workloads[i].name.casefold()]
    pages = max(1, -(-len(found) // MOST_ROWS))
    page = min(max(page, 1), pages)
    in_group = {name: group for group in plan.chosen.groups for name in group.workloads} if plan else {}
    served = plan.chosen.workload_attainment if plan else {}
    return {
        "rows": [
            _workload_row(workloads[i], inputs.planned, i, (float(mean[i]), float(peak[i])), in_group, served)
            for i in found[(page - 1) * MOST_ROWS : page * MOST_ROWS]
        ],
        "asked": asked,
        "found": count(len(found), "model"),
        "page": page,
        "pages": pages,
        "facts": _facts(inputs, plan),
        "assumptions": inputs.fleet.assumptions,
        "profile": plan.chosen.profile if plan else None,
    }


def plan_view(plan: PlanDocument, profile: Profile) -> dict[str, Any]:
    """Put the recommendations side by side, and beside what they would replace."""
    answers = plan.answers
    coloured = [(name, ANSWER_COLOURS[name], answer) for name, answer in answers]
    chosen = recommendation(plan, profile)
    why = [one for one in plan.why_not if one.recommendation == profile]
    entries = {entry.profile: entry for entry in plan.ledger.entries}
    return {
        "plan": plan,
        "profile": profile,
        "cards": [card(one, plan.chosen) for one in plan.recommendations],
        "bounds": bounds(plan.gap, plan.fluid_bound_usd_per_h, plan.limited_by),
        "prices": prices(plan),
        "costs": made_here(picture_of_costs(coloured)),
        "costs_wide": is_wide(coloured),
        "service": made_here(picture_of_service(coloured)),
        "rows": _compared(answers),
        "names": [(name, swatch(ANSWER_COLOURS[name])) for name, _ in answers],
        "worst": _worst(answers, chosen),
        "risks": [(name, _risks(answer)) for name, answer in answers],
        "seats": [_seat(one.profile, plan, entries) for one in plan.recommendations],
        "groups": [_group_row(group) for group in dearest(chosen.groups)],
        "why": why[:MOST_REASONS],
        "more_why": max(0, len(why) - MOST_REASONS),
        "bill": bill(answers, chosen),
        "violations": [
            f"{name}: {found.rule} {found.subject}: {found.message}"
            for name, answer in answers
            for found in answer.violations
        ],
    }


def group_view(
    inputs: Inputs, plan: PlanDocument, profile: Profile, group: GroupDocument, verdict: Verdict
) -> dict[str, Any]:
    """Show a group: its traffic against its capacity, who is in it, what it costs and risks."""
    chosen = recommendation(plan, profile)
    colour = colours_of_groups(inputs.planned, chosen)[group.name]
    seen = next((one for one in verdict.groups if one.name == group.name), None)
    shown = busiest_stretch(inputs.scored)
    laid: Group = next(one for one in layout_of(plan, profile).groups if one.name == group.name)
    picture = None
    if seen is not None:
        picture = made_here(
            picture_of_group(laid, seen, inputs.scored, shown, colour=colour, name="traffic", inches=GROUP_INCHES)
        )
    rate = dict(zip(inputs.scored.workloads, inputs.scored.rate_rps, strict=True))
    by_name = {workload.name: workload for workload in inputs.fleet.workloads}
    members = sorted(group.workloads, key=lambda name: (-float(rate[name].mean()), name))
    cost = group.cost_usd_per_h
    return {
        "profile": profile,
        "group": group,
        "swatch": swatch(colour),
        "picture": picture,
        "stretch": stretch(inputs.scored, shown),
        "point": length_of_a_point(plan.scored_window, shown),
        "used": f"{most_used(seen):.0%}" if seen else "not known",
        "cost": dollars(cost.expected) if cost else "not known",
        "interval": f"{dollars(cost.floor)} to {dollars(cost.ceiling)}" if cost else "",
        "in_time": attained(group.attainment),
        "replicas": replicas([group]),
        "by_the_clock": by_the_clock(group.schedule),
        "by_turns": by_turns(group.model_cache),
        "members": [
            {
                "name": name,
                "mean": rps(float(rate[name].mean())),
                "peak": rps(float(rate[name].max())),
                "objective": objective(by_name[name]),
                "in_time": attained(chosen.workload_attainment[name]),
                "memory": f"{by_name[name].memory_gib:g} GiB",
                "spark": spark(rate[name]),
            }
            for name in members
        ],
        "why": [one for one in plan.why_not if one.recommendation == profile and one.group == group.name],
    }


def graph_view(inputs: Inputs, plan: PlanDocument, profile: Profile, correlation: CorrelationGraph) -> dict[str, Any]:
    """Place every workload and tie: what the graph's script draws. Names are plain text, and stay that."""
    mean = inputs.planned.rate_rps.mean(axis=1)
    weight = {name: float(mean[i]) for i, name in enumerate(inputs.planned.workloads)}
    parts = [list(one.workloads) for one in plan.communities.communities]
    place = places(parts, weight)
    names = sorted(place, key=lambda name: (-weight[name], name))
    index = {name: i for i, name in enumerate(names)}
    ties = strongest_ties(correlation.graph, set(names))
    strongest = max((strength for _, _, strength in ties), default=1.0)
    heaviest = max(weight.values(), default=0.0) or 1.0
    groups = recommendation(plan, profile).groups
    community = {name: number for number, part in enumerate(parts) for name in part}
    group_of = {name: number for number, group in enumerate(groups) for name in group.workloads}
    colours = colours_of_groups(inputs.planned, recommendation(plan, profile))
    alone = [number for number, part in enumerate(parts) if len(part) == 1]
    largest = sorted(range(len(parts)), key=lambda number: (-len(parts[number]), number))[: len(COLOURS)]
    own = {number: COLOURS[rank] for rank, number in enumerate(largest) if number not in alone}
    return {
        "names": [plain(name) for name in names],
        "x": [round(place[name][0], 2) for name in names],
        "y": [round(-place[name][1], 2) for name in names],
        "size": [round((weight[name] / heaviest) ** 0.5, 4) for name in names],
        "rate": [rps(weight[name]) for name in names],
        "community": [community[name] for name in names],
        "group": [group_of[name] for name in names],
        "communities": [
            {"name": f"community {number + 1}", "members": len(part), "colour": own.get(number, OTHERS)}
            for number, part in enumerate(parts)
        ],
        "groups": [
            {"name": group.name, "members": len(group.workloads), "colour": colours[group.name]} for group in groups
        ],
        "ties": [[index[a], index[b], round(strength / strongest, 3)] for a, b, strength in ties],
        "others": OTHERS,
    }


def recommendation(plan: PlanDocument, profile: str) -> RecommendationDocument:
    """Find a recommendation; balanced, or the first there is, where the plan has none of that name."""
    return next((one for one in plan.recommendations if one.profile == profile), plan.chosen)


def rps(rate: float) -> str:
    """Requests a second, three significant digits."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def objective(workload: Workload) -> str:
    """``99% in 300 ms``."""
    latency_s = workload.objective.latency_s
    bound = f"{latency_s:g} s" if latency_s >= 1 else f"{1000 * latency_s:g} ms"
    return f"{100 * workload.objective.percentile:g}% in {bound}"


def spark(rate: FloatArray) -> Any:
    """Draw a rate over its whole window as one line; the peak of every stretch, as capacity is there for peaks."""
    every = max(1, -(-len(rate) // SPARK_POINTS))
    peaks = np.maximum.reduceat(rate, np.arange(0, len(rate), every))
    x = np.linspace(0.0, SPARK_WIDTH, len(peaks))
    y = SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 2) * peaks / (float(peaks.max()) or 1.0)
    points = " ".join(f"{across:.1f},{down:.1f}" for across, down in zip(x, y, strict=True))
    return made_here(
        f'<svg class="spark" viewBox="0 0 {SPARK_WIDTH:g} {SPARK_HEIGHT:g}" aria-hidden="true">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.2"/></svg>'
    )


def _workload_row(
    workload: Workload,
    traffic: Traffic,
    i: int,
    rates: tuple[float, float],
    in_group: Mapping[str, GroupDocument],
    served: Mapping[str, float],
) -> dict[str, Any]:
    today = workload.current
    return {
        "name": workload.name,
        "about": ", ".join(part for part in (workload.runtime, workload.cohort, workload.tenant) if part),
        "spark": spark(traffic.rate_rps[i]),
        "mean": rps(rates[0]),
        "peak": rps(rates[1]),
        "objective": objective(workload),
        "today": f"{today.instance_type}, {today.region}" if today else None,
        "group": in_group[workload.name].name if workload.name in in_group else None,
        "in_time": attained(served[workload.name]) if workload.name in served else None,
    }


def _facts(inputs: Inputs, plan: PlanDocument | None) -> list[tuple[str, str]]:
    fleet, window = inputs.fleet, inputs.planned.window
    total = inputs.planned.rate_rps.sum(axis=0)
    facts = [
        ("Models", f"{len(fleet.workloads):,}"),
        ("Mean of all", f"{rps(float(total.mean()))} requests/s"),
        ("Peak of all", f"{rps(float(total.max()))} requests/s"),
        ("Traffic", f"{window.start:%Y-%m-%d} to {inputs.scored.window.end:%Y-%m-%d}"),
        ("Regions", f"{len(fleet.regions):,}"),
        ("Environment", fleet.environment),
    ]
    if plan is not None:
        facts[3] = ("Planned on", f"{span(plan.planned_window)}, bins of {bin_length(plan.planned_window)}")
        facts.append(("Communities", f"{len(plan.communities.communities):,}"))
    return facts


def _compared(answers: Sequence[tuple[str, JudgedDocument | CurrentDocument]]) -> list[tuple[str, list[str]]]:
    documents = [answer for _, answer in answers]
    costs = [answer.cost_usd_per_h for answer in documents]
    recommended = [answer if isinstance(answer, RecommendationDocument) else None for answer in documents]
    worst = [worst_of(answer.workload_attainment) for answer in documents]
    rows = [
        ("Expected an hour", [dollars(cost.expected) if cost else "not known" for cost in costs]),
        ("From floor to ceiling", [f"{dollars(c.floor)} to {dollars(c.ceiling)}" if c else "not known" for c in costs]),
        ("Against the baseline", [against(one.saving_vs_baseline) if one else "" for one in recommended]),
        (
            "Against today",
            [
                against(one.saving_vs_current) if one and one.saving_vs_current is not None else ""
                for one in recommended
            ],
        ),
        ("In time, all models", [attained(answer.attainment) for answer in documents]),
        ("In time, worst model", [attained(share) for _, share in worst]),
        ("Paid and idle", [f"{answer.slack:.0%}" for answer in documents]),
        ("Groups", [f"{len(answer.groups):,}" for answer in documents]),
        ("Replicas", [replicas(answer.groups) for answer in documents]),
        ("Risk, of 4", [str(answer.risk) for answer in documents]),
        ("Rules broken", [str(len(answer.violations)) for answer in documents]),
    ]
    return [row for row in rows if any(row[1])]


def _worst(
    answers: Sequence[tuple[str, JudgedDocument | CurrentDocument]], chosen: RecommendationDocument
) -> list[tuple[str, list[str]]]:
    """Service level of each workload in every answer, the one the chosen recommendation serves worst first."""
    names = sorted(chosen.workload_attainment, key=lambda name: (chosen.workload_attainment[name], name))[:MOST_WORST]
    return [
        (
            name,
            [
                attained(answer.workload_attainment[name]) if name in answer.workload_attainment else ""
                for _, answer in answers
            ],
        )
        for name in names
    ]


def _risks(answer: JudgedDocument | CurrentDocument) -> list[tuple[str, int, str]]:
    """Reasons of the riskiest groups, each named once with the group it is worst in."""
    found = [(group.risk, reason, group.name) for group in answer.groups for reason in group.risk_reasons]
    found.sort(key=lambda one: (-one[0], one[2]))
    return [(reason, risk, name) for risk, reason, name in found[:4]]


def _seat(profile: Profile, plan: PlanDocument, entries: Mapping[str, Any]) -> dict[str, Any]:
    entry = entries.get(profile)
    advice = plan.ledger.advice
    proposed = entry.proposed_usd_per_h if entry else None
    return {
        "profile": profile,
        "method": recommendation(plan, profile).method,
        "source": recommendation(plan, profile).source,
        "solver": dollars(entry.solver_usd_per_h) if entry else "not asked",
        "proposed": "nothing" if proposed is None else dollars(proposed),
        "outcome": entry.outcome if entry else "none",
        "regret": "" if entry is None or entry.regret is None else saving(entry.regret),
        "reason": entry.reason if entry else "",
        "advised": advice.preferred == profile,
        "said": advice.explanations.get(profile),
    }


def _group_row(group: GroupDocument) -> dict[str, Any]:
    cost = group.cost_usd_per_h
    return {
        "name": group.name,
        "models": len(group.workloads),
        "machine": group.instance_type,
        "hosting": group.hosting,
        "where": f"{group.cloud} {group.region}",
        "replicas": replicas([group]),
        "by_the_clock": by_the_clock(group.schedule),
        "by_turns": by_turns(group.model_cache),
        "cost": dollars(cost.expected) if cost else "not known",
        "in_time": attained(group.attainment),
        "risk": group.risk,
    }
