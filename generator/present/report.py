"""The plan as one page: pictures and tables, nothing fetched, nothing run."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files

from generator.model import Plan
from generator.present.comparison import MOST_NAMES, and_more, bill, card, dearest, prices, table
from generator.present.figures import bin_length, bounds, count, replicas, some, span
from generator.present.page import ANSWER_COLOURS, colours_of_groups, legend, made_here, swatch, template
from generator.present.pictures import (
    busiest_stretch,
    is_wide,
    length_of_a_point,
    most_used,
    picture_of_costs,
    picture_of_graph,
    picture_of_group,
    picture_of_service,
    stretch,
)
from generator.present.plan_document import PlanDocument, RecommendationDocument

MOST_PANELS = 12
MOST_REASONS = 60


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
    colour_of_group = colours_of_groups(plan.inputs.planned, chosen)
    colour_of = {name: colour_of_group[group.name] for group in chosen.groups for name in group.workloads}
    mean_rate = dict(
        zip(plan.inputs.planned.workloads, plan.inputs.planned.rate_rps.mean(axis=1).tolist(), strict=True)
    )
    graph, drawn = picture_of_graph(plan.correlation, plan.communities, mean_rate, colour_of)
    shown = busiest_stretch(plan.inputs.scored)
    style = (files("generator") / "templates" / "report.css").read_text(encoding="utf-8")
    cards = [card(one, chosen) for one in published.recommendations]
    why = [why for why in published.why_not if why.recommendation == chosen.profile]
    return template("report.html.jinja").render(
        plan=published,
        chosen=chosen,
        count=count,
        style=made_here(style),
        style_digest=f"sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}",
        models=count(len(published.workloads), "model"),
        workloads=len(published.workloads),
        planned=f"{span(published.planned_window)}, bins of {bin_length(published.planned_window)}",
        scored=f"{span(published.scored_window)}, not planned on",
        prices=prices(published),
        cards=cards,
        chosen_card=next(one for one in cards if one["chosen"]),
        bounds=bounds(published.gap, published.fluid_bound_usd_per_h, published.limited_by),
        costs=made_here(picture_of_costs(coloured)),
        costs_wide=is_wide(coloured),
        service=made_here(picture_of_service(coloured)),
        graph=made_here(graph),
        drawn=drawn,
        legend=legend(colour_of_group),
        stretch=stretch(plan.inputs.scored, shown),
        point=length_of_a_point(published.scored_window, shown),
        panels=_panels(plan, chosen, shown, colour_of_group),
        tables=[table(one, chosen) for one in published.recommendations],
        bill=bill(answers, chosen),
        violations=[
            f"{name}: {found.rule} {found.subject}: {found.message}"
            for name, answer in answers
            for found in answer.violations
        ],
        reasons=why[:MOST_REASONS],
        more_reasons=and_more(len(why) - MOST_REASONS, "reason"),
    )


def _panels(
    plan: Plan, chosen: RecommendationDocument, shown: slice, colour_of_group: Mapping[str, str]
) -> list[dict[str, object]]:
    found = next(one for one in plan.recommendations if one.profile == chosen.profile)
    group_of = {group.name: group for group in found.layout.groups}
    verdict_of = {verdict.name: verdict for verdict in found.verdict.groups}
    panels: list[dict[str, object]] = []
    for group in dearest(chosen.groups)[:MOST_PANELS]:
        if group.name not in verdict_of:
            continue
        colour = colour_of_group[group.name]
        panels.append(
            {
                "name": group.name,
                "swatch": swatch(colour),
                "machine": f"{group.instance_type}, {group.cloud} {group.region}, {replicas([group])} replicas",
                "models": some(group.workloads, MOST_NAMES),
                "used": f"{most_used(verdict_of[group.name]):.0%}",
                "svg": made_here(
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
