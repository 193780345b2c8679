"""The plan as one page: pictures and tables, nothing fetched, nothing run."""

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from generator.model import GroupVerdict, Plan
from generator.present.figures import (
    HOURS_PER_MONTH,
    attained,
    bin_length,
    bounds,
    by_the_clock,
    count,
    dollars,
    plain,
    replicas,
    risk_reasons,
    saving,
    some,
    span,
    worst_of,
)
from generator.present.pictures import (
    COLOURS,
    OTHERS,
    SHOWN_POINTS,
    busiest_stretch,
    is_wide,
    picture_of_costs,
    picture_of_graph,
    picture_of_group,
    picture_of_service,
)
from generator.present.plan_document import (
    CostDocument,
    CurrentDocument,
    GroupDocument,
    JudgedDocument,
    PlanDocument,
    RecommendationDocument,
    WindowDocument,
)

MOST_PANELS = 12
MOST_ROWS = 60
MOST_REASONS = 60
MOST_NAMES = 8
ANSWER_COLOURS: Mapping[str, str] = {
    "cheapest": "#2a9d8f",
    "balanced": "#3b78d8",
    "resilient": "#8f6fdb",
    "baseline": "#8b929b",
    "current": "#b3922a",
}


def report(plan: Plan, published: PlanDocument) -> str:
    """Write a plan as one HTML page.

    Parameters
    ----------
    plan : Plan
        For the pictures: traffic, replicas over time, the graph.
    published : PlanDocument
        The same plan as `document` gives it, for every figure and name.

    Returns
    -------
    str
        Self-contained: no address, no script; the policy in its head allows its own style and nothing else. Every name
        is escaped, and characters that hide or turn text are written as escapes. Same plan, same bytes.
    """
    chosen = published.chosen
    answers = published.answers
    coloured = [(name, ANSWER_COLOURS[name], answer) for name, answer in answers]
    colour_of_group = _colours(plan, chosen)
    colour_of = {name: colour_of_group[group.name] for group in chosen.groups for name in group.workloads}
    mean_rate = dict(
        zip(plan.inputs.planned.workloads, plan.inputs.planned.rate_rps.mean(axis=1).tolist(), strict=True)
    )
    graph, drawn = picture_of_graph(plan.correlation, plan.communities, mean_rate, colour_of)
    shown = busiest_stretch(plan.inputs.scored)
    style = (files("generator") / "templates" / "report.css").read_text(encoding="utf-8")
    cards = [_card(one, chosen) for one in published.recommendations]
    why = [why for why in published.why_not if why.recommendation == chosen.profile]
    return _template().render(
        plan=published,
        chosen=chosen,
        count=count,
        style=_made_here(style),
        style_digest=f"sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}",
        models=count(len(published.workloads), "model"),
        workloads=len(published.workloads),
        planned=f"{span(published.planned_window)}, bins of {bin_length(published.planned_window)}",
        scored=f"{span(published.scored_window)}, not planned on",
        prices=_prices(published),
        cards=cards,
        chosen_card=next(card for card in cards if card["chosen"]),
        bounds=bounds(published.gap, published.fluid_bound_usd_per_h),
        costs=_made_here(picture_of_costs(coloured)),
        costs_wide=is_wide(coloured),
        service=_made_here(picture_of_service(coloured)),
        graph=_made_here(graph),
        drawn=drawn,
        legend=_legend(colour_of_group),
        stretch=_stretch(plan, shown),
        point=_point(published.scored_window, shown),
        panels=_panels(plan, chosen, shown, colour_of_group),
        tables=[_table(one, chosen) for one in published.recommendations],
        bill=_bill(answers, chosen),
        violations=[
            f"{name}: {found.rule} {found.subject}: {found.message}"
            for name, answer in answers
            for found in answer.violations
        ],
        reasons=why[:MOST_REASONS],
        more_reasons=_rest(len(why) - MOST_REASONS, "reason"),
    )


def _template() -> Any:
    folder = files("generator") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_harmless,
    )
    return environment.get_template("report.html.jinja")


def _harmless(value: object) -> object:
    """Every text passes here before it is escaped; what is markup already was made by us."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _made_here(markup: str) -> Markup:
    """Mark as markup what this package wrote and escaped itself: the style, and pictures spelled by an XML writer."""
    return Markup(markup)  # noqa: S704 (the reason stands above)


def _prices(plan: PlanDocument) -> str:
    told = "; ".join(f"{item.name}: {item.note}" for item in plan.chosen.items if item.estimated)
    return f"{plan.catalog_as_of}; {told or 'none of them estimated'}"


def _card(one: RecommendationDocument, chosen: RecommendationDocument) -> dict[str, Any]:
    cost = one.cost_usd_per_h
    worst, share = worst_of(one.workload_attainment)
    today = one.saving_vs_current
    return {
        "profile": one.profile,
        "chosen": one is chosen,
        "swatch": _swatch(ANSWER_COLOURS[one.profile]),
        "per_hour": dollars(cost.expected),
        "per_month": dollars(cost.expected * HOURS_PER_MONTH),
        "floor": dollars(cost.floor),
        "ceiling": dollars(cost.ceiling),
        "against_baseline": _against(one.saving_vs_baseline),
        "sense": "good" if one.saving_vs_baseline > 0 else "bad",
        "against_current": None if today is None else _against(today),
        "sense_today": "good" if today is not None and today > 0 else "bad",
        "in_time": attained(one.attainment),
        "worst": attained(share),
        "worst_name": worst,
        "groups": len(one.groups),
        "replicas": replicas(one.groups),
        "risk": one.risk,
        "reasons": "; ".join(risk_reasons(one.groups)[:2]),
        "violations": len(one.violations),
    }


def _against(fraction: float) -> str:
    if fraction <= -1:
        return f"{1 - fraction:,.1f} times"
    return f"{saving(abs(fraction))} {'below' if fraction >= 0 else 'above'}"


def _swatch(colour: str) -> Markup:
    return Markup(
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="{}"/></svg>'
    ).format(colour)


def _colours(plan: Plan, chosen: RecommendationDocument) -> dict[str, str]:
    """A colour of its own for the groups with the most traffic, one for the rest."""
    mean = plan.inputs.planned.rate_rps.mean(axis=1)
    rate = {name: float(mean[i]) for i, name in enumerate(plan.inputs.planned.workloads)}
    busiest = sorted(chosen.groups, key=lambda group: (-sum(rate[name] for name in group.workloads), group.name))
    own = COLOURS if len(busiest) <= len(COLOURS) else COLOURS[:-1]
    return {group.name: own[i] if i < len(own) else OTHERS for i, group in enumerate(busiest)}


def _legend(colour_of_group: Mapping[str, str]) -> Sequence[Mapping[str, object]]:
    named = [{"name": name, "swatch": _swatch(colour)} for name, colour in colour_of_group.items() if colour != OTHERS]
    others = len(colour_of_group) - len(named)
    return named + ([{"name": count(others, "smaller group"), "swatch": _swatch(OTHERS)}] if others else [])


def _stretch(plan: Plan, shown: slice) -> str:
    window = plan.inputs.scored.window
    start, end = (window.start + timedelta(seconds=window.bin_s * edge) for edge in (shown.start, shown.stop))
    return f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"


def _point(window: WindowDocument, shown: slice) -> str:
    every = max(1, -(-(shown.stop - shown.start) // SHOWN_POINTS))
    return bin_length(window.model_copy(update={"bin_s": window.bin_s * every}))


def _panels(
    plan: Plan, chosen: RecommendationDocument, shown: slice, colour_of_group: Mapping[str, str]
) -> list[dict[str, object]]:
    found = next(one for one in plan.recommendations if one.profile == chosen.profile)
    group_of = {group.name: group for group in found.layout.groups}
    verdict_of = {verdict.name: verdict for verdict in found.verdict.groups}
    panels: list[dict[str, object]] = []
    for group in _dearest(chosen.groups)[:MOST_PANELS]:
        if group.name not in verdict_of:
            continue
        colour = colour_of_group[group.name]
        panels.append(
            {
                "name": group.name,
                "swatch": _swatch(colour),
                "machine": f"{group.instance_type}, {group.cloud} {group.region}, {replicas([group])} replicas",
                "models": some(group.workloads, MOST_NAMES),
                "used": f"{_most_used(verdict_of[group.name]):.0%}",
                "svg": _made_here(
                    picture_of_group(
                        group_of[group.name],
                        verdict_of[group.name],
                        plan.inputs.scored,
                        shown,
                        colour=colour,
                        name=f"group-{len(panels)}",
                    )
                ),
            }
        )
    return panels


def _most_used(verdict: GroupVerdict) -> float:
    """Load over running replicas at its highest; bins without a replica wait for one and count as full."""
    used = np.divide(verdict.load, verdict.replicas, out=(verdict.load > 0).astype(float), where=verdict.replicas > 0)
    return float(used.max())


def _dearest(groups: Sequence[GroupDocument]) -> list[GroupDocument]:
    return sorted(
        groups, key=lambda group: (-(group.cost_usd_per_h.expected if group.cost_usd_per_h else 0.0), group.name)
    )


def _table(one: RecommendationDocument, chosen: RecommendationDocument) -> dict[str, object]:
    rows = [
        {
            "name": group.name,
            "models": some(group.workloads, MOST_NAMES),
            "machine": group.instance_type,
            "hosting": group.hosting,
            "cloud": group.cloud,
            "region": group.region,
            "replicas": replicas([group]),
            "by_the_clock": by_the_clock(group.schedule),
            "cost": _cost(group.cost_usd_per_h),
            "in_time": attained(group.attainment),
            "risk": group.risk,
        }
        for group in _dearest(one.groups)[:MOST_ROWS]
    ]
    rest = _rest(len(one.groups) - MOST_ROWS, "cheaper group")
    return {"profile": one.profile, "chosen": one is chosen, "rows": rows, "rest": rest}


def _bill(
    answers: Sequence[tuple[str, JudgedDocument | CurrentDocument]], chosen: RecommendationDocument
) -> dict[str, object]:
    lines = dict.fromkeys(item.name for _, answer in answers for item in answer.items)
    return {
        "names": [name for name, _ in answers],
        "rows": [{"name": line, "cells": [_item(answer, line) for _, answer in answers]} for line in lines],
        "totals": [_cost(answer.cost_usd_per_h) for _, answer in answers],
        "unpriced": [f"{item.name}: {item.note}" for item in chosen.items if item.usd_per_h is None],
    }


def _item(answer: JudgedDocument | CurrentDocument, line: str) -> str:
    for item in answer.items:
        if item.name == line:
            return "no price" if item.usd_per_h is None else ("~" if item.estimated else "") + dollars(item.usd_per_h)
    return ""


def _cost(cost: CostDocument | None) -> str:
    return "not known" if cost is None else dollars(cost.expected)


def _rest(number: int, noun: str) -> str | None:
    return f"and {count(number, noun)} more; covey plan --json lists them all." if number > 0 else None
