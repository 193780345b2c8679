"""A group as it was predicted beside what it did, where somebody observed it."""

from typing import Any

import numpy as np

from generator.dashboard.book import Book
from generator.errors import JournalError
from generator.measurements import remembered
from generator.model import FloatArray, GroupVerdict, Inputs, Observations
from generator.present.figures import dollars
from generator.present.observations import ObservedGroup, observations
from generator.present.plan_document import GroupDocument

# The newest that saw the group is shown; older ones are for learning.
NEWEST = 3
UNKNOWN = "not measured"
UNPREDICTED = "not predicted"
# Costs that are as near to each other are read as the same.
SAME = 0.005


def observed(book: Book, inputs: Inputs, group: GroupDocument, verdict: GroupVerdict | None) -> dict[str, Any] | None:
    """Lay what was observed of a group beside what the judge predicted of it.

    Parameters
    ----------
    book : Book
    inputs : Inputs
    group : GroupDocument
    verdict : GroupVerdict, optional
        What the judge saw of it on the scored window.

    Returns
    -------
    dict or None
        None where nobody observed a group of this name; only `trouble` where the journal cannot tell.
    """
    if verdict is None:
        return None
    try:
        journal = book.journal()
        if journal is None or journal.is_absent():
            return None
        found = remembered(journal, inputs.fleet.name, newest=NEWEST)
    except JournalError as error:
        return {"trouble": f"{error.where} {error.what} {error.remedy}"}
    for one in reversed(found):
        if group.name in one.groups.names:
            return _beside(one, inputs, group, verdict)
    return None


def _beside(found: Observations, inputs: Inputs, group: GroupDocument, verdict: GroupVerdict) -> dict[str, Any]:
    seen = next(
        one
        for one in observations(found, fleet=inputs.fleet.name, source="", series=None).groups
        if one.name == group.name
    )
    served = found.served[found.groups.names.index(group.name)]
    same = (set(served.workloads), served.instance_type, served.region) == (
        set(group.workloads), group.instance_type, group.region,
    )  # fmt: skip
    return {
        "trouble": None,
        "since": f"{found.window.start:%Y-%m-%d %H:%M}",
        "until": f"{found.window.end:%Y-%m-%d %H:%M}",
        "measured": f"{seen.measured:.0%}",
        "then": _then(group, verdict),
        "other": None if same else f"{len(served.workloads)} models on {served.instance_type} in {served.region}",
        "rows": _rows(inputs, group, verdict, seen),
        "notes": found.notes,
    }


def _then(group: GroupDocument, verdict: GroupVerdict) -> str | None:
    """Return what the plan expected it to cost, where what was learned, prices or traffic say otherwise by now."""
    before, now = group.cost_usd_per_h, verdict.cost.expected
    if before is None or abs(now - before.expected) <= SAME * before.expected:
        return None
    return dollars(before.expected)


def _rows(
    inputs: Inputs, group: GroupDocument, verdict: GroupVerdict, seen: ObservedGroup
) -> list[tuple[str, str, str, str]]:
    """Name, predicted, observed, and by how much the latter is more."""
    index = {name: i for i, name in enumerate(inputs.scored.workloads)}
    rate = float(inputs.scored.rate_rps[[index[name] for name in group.workloads]].sum(axis=0).mean())
    replicas = _mean(verdict.replicas)
    busy = None if not replicas else float(verdict.load.sum() / verdict.replicas.sum())
    cost = verdict.cost.expected
    return [
        ("Requests a second", f"{rate:.3g}", _said(seen.rate_rps, ".3g"), _more(rate, seen.rate_rps)),
        ("Running replicas", _said(replicas, ".2f"), _said(seen.replicas, ".2f"), _more(replicas, seen.replicas)),
        ("Of them busy", _said(busy, ".1%"), _said(seen.utilization, ".1%"), _more(busy, seen.utilization)),
        (
            "Cost an hour",
            dollars(cost),
            UNKNOWN if seen.cost_usd_per_h is None else dollars(seen.cost_usd_per_h),
            _more(cost, seen.cost_usd_per_h),
        ),
        ("Half answered within", UNPREDICTED, _ms(seen.latency_p50_ms), ""),
        ("95% within", UNPREDICTED, _ms(seen.latency_p95_ms), ""),
        ("99% within", UNPREDICTED, _ms(seen.latency_p99_ms), ""),
        ("Failed", UNPREDICTED, _said(seen.error_share, ".2%"), ""),
    ]


def _mean(row: FloatArray) -> float | None:
    return float(np.mean(row)) if row.size else None


def _said(value: float | None, spelling: str) -> str:
    return UNKNOWN if value is None else format(value, spelling)


def _ms(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f} ms"


def _more(predicted: float | None, found: float | None) -> str:
    if not predicted or found is None:
        return ""
    return f"{found / predicted:,.0f} times" if found >= 10 * predicted else f"{found / predicted - 1:+.0%}"
