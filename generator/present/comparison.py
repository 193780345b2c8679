"""The answers of a plan side by side, in words: what the report and the dashboard both show."""

from collections.abc import Sequence
from typing import Any

from generator.model import HOURS_PER_MONTH
from generator.present.figures import (
    attained,
    by_the_clock,
    by_turns,
    cost_an_hour,
    count,
    dollars,
    replicas,
    risk_reasons,
    saving,
    some,
    worst_of,
)
from generator.present.page import ANSWER_COLOURS, swatch
from generator.present.plan_document import (
    CurrentDocument,
    GroupDocument,
    JudgedDocument,
    PlanDocument,
    RecommendationDocument,
)

MOST_ROWS = 60
MOST_NAMES = 8


def prices(plan: PlanDocument) -> str:
    """Say how old the prices are, and which of them are estimates."""
    told = "; ".join(f"{item.name}: {item.note}" for item in plan.chosen.items if item.estimated)
    return f"{plan.catalog_as_of}; {told or 'none of them estimated'}"


def card(one: RecommendationDocument, chosen: RecommendationDocument) -> dict[str, Any]:
    """Words and figures of a recommendation's card."""
    cost = one.cost_usd_per_h
    worst, share = worst_of(one.workload_attainment)
    today = one.saving_vs_current
    return {
        "profile": one.profile,
        "chosen": one is chosen,
        "swatch": swatch(ANSWER_COLOURS[one.profile]),
        "per_hour": dollars(cost.expected),
        "per_month": dollars(cost.expected * HOURS_PER_MONTH),
        "floor": dollars(cost.floor),
        "ceiling": dollars(cost.ceiling),
        "against_baseline": against(one.saving_vs_baseline),
        "sense": "good" if one.saving_vs_baseline > 0 else "bad",
        "against_current": None if today is None else against(today),
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


def against(fraction: float) -> str:
    """Say a saving in words: ``14.2% below``, ``2.1 times``."""
    if fraction <= -1:
        return f"{1 - fraction:,.1f} times"
    return f"{saving(abs(fraction))} {'below' if fraction >= 0 else 'above'}"


def table(one: RecommendationDocument, chosen: RecommendationDocument) -> dict[str, object]:
    """Rows of a recommendation's groups, the dearest first."""
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
            "by_turns": by_turns(group.model_cache),
            "cost": cost_an_hour(group.cost_usd_per_h),
            "in_time": attained(group.attainment),
            "risk": group.risk,
        }
        for group in dearest(one.groups)[:MOST_ROWS]
    ]
    rest = and_more(len(one.groups) - MOST_ROWS, "cheaper group")
    return {"profile": one.profile, "chosen": one is chosen, "rows": rows, "rest": rest}


def dearest(groups: Sequence[GroupDocument]) -> list[GroupDocument]:
    """Sort groups by their expected cost."""
    return sorted(
        groups, key=lambda group: (-(group.cost_usd_per_h.expected if group.cost_usd_per_h else 0.0), group.name)
    )


def bill(
    answers: Sequence[tuple[str, JudgedDocument | CurrentDocument]], chosen: RecommendationDocument
) -> dict[str, object]:
    """Lines of the bill, a column for each answer."""
    lines = dict.fromkeys(item.name for _, answer in answers for item in answer.items)
    return {
        "names": [name for name, _ in answers],
        "rows": [{"name": line, "cells": [_item(answer, line) for _, answer in answers]} for line in lines],
        "totals": [cost_an_hour(answer.cost_usd_per_h) for _, answer in answers],
        "unpriced": [f"{item.name}: {item.note}" for item in chosen.items if item.usd_per_h is None],
    }


def _item(answer: JudgedDocument | CurrentDocument, line: str) -> str:
    for item in answer.items:
        if item.name == line:
            return "no price" if item.usd_per_h is None else ("~" if item.estimated else "") + dollars(item.usd_per_h)
    return ""


def and_more(number: int, noun: str) -> str | None:
    """Say how many are not listed; None where all are."""
    return f"and {count(number, noun)} more; covey plan --json lists them all." if number > 0 else None
