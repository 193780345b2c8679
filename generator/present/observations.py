"""What a fleet did as others read it, and on a terminal."""

from typing import Any, Literal

import numpy as np
from pydantic import AwareDatetime
from rich.console import Console
from rich.text import Text

from generator.model import FloatArray, Observations
from generator.present.answers import Answer
from generator.present.figures import count, plain
from generator.present.tables import table as opened

SHOWN_NOTES = 20


class ObservedSubject(Answer):
    """A group or a workload over the whole time; null is what was not measured.

    `measured` is the share of bins with a rate. Rates are means over those; latencies are means of the bins'
    percentiles, each bin weighted with its requests, so they are no percentiles of the whole time.
    """

    name: str
    measured: float
    rate_rps: float | None
    error_share: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None


class ObservedGroup(ObservedSubject):
    """A group; replicas, busy share of their processors, and cost are means over the bins that have them."""

    replicas: float | None
    utilization: float | None
    cost_usd_per_h: float | None


class ObservationsAnswer(Answer):
    """What was observed. `series` is the digest of the whole table in the journal, null where nothing was recorded."""

    version: Literal[1] = 1
    fleet: str
    source: str
    since: AwareDatetime
    until: AwareDatetime
    bin_s: float
    series: str | None
    groups: tuple[ObservedGroup, ...]
    workloads: tuple[ObservedSubject, ...]
    notes: tuple[str, ...]
    unanswered: tuple[str, ...]


def observations(found: Observations, *, fleet: str, source: str, series: str | None) -> ObservationsAnswer:
    """Publish observations.

    Parameters
    ----------
    found : Observations
    fleet, source : str
        Names.
    series : str or None
        Digest of the whole table.
    """
    groups = tuple(
        ObservedGroup(
            **_requests(found, "groups", i),
            replicas=_mean(found.replicas[i]),
            utilization=_mean(found.utilization[i]),
            cost_usd_per_h=_mean(found.cost_usd_per_h[i]),
        )
        for i in range(len(found.groups.names))
    )
    workloads = tuple(ObservedSubject(**_requests(found, "workloads", i)) for i in range(len(found.workloads.names)))
    return ObservationsAnswer(
        fleet=fleet,
        source=source,
        since=found.window.start,
        until=found.window.end,
        bin_s=found.window.bin_s,
        series=series,
        groups=groups,
        workloads=workloads,
        notes=found.notes,
        unanswered=found.unanswered,
    )


def show_observations(answer: ObservationsAnswer, console: Console) -> None:
    """Print groups and workloads as tables, and what was mended."""
    console.print(Text(f"{plain(answer.fleet)}, {answer.since:%Y-%m-%d %H:%M} to {answer.until:%Y-%m-%d %H:%M} UTC"))
    heads = (">Measured", ">Rate, 1/s", ">Errors", ">p50, ms", ">p95, ms", ">p99, ms")
    table = opened("Group", *heads, ">Replicas", ">Busy", ">USD/h")
    for group in answer.groups:
        more = (_said(group.replicas, ".2f"), _said(group.utilization, ".0%"), _said(group.cost_usd_per_h, ".3f"))
        table.add_row(Text(plain(group.name)), *_figures(group), *more)
    console.print(table)
    table = opened("Workload", *heads)
    for workload in answer.workloads:
        table.add_row(Text(plain(workload.name)), *_figures(workload))
    console.print(table)
    for note in answer.notes[:SHOWN_NOTES]:
        console.print(Text(plain(note)))
    if len(answer.notes) > SHOWN_NOTES:
        console.print(Text(f"And {count(len(answer.notes) - SHOWN_NOTES, 'note')} more, with --json."))


def _requests(found: Observations, kind: Literal["groups", "workloads"], row: int) -> dict[str, Any]:
    measured = found.groups if kind == "groups" else found.workloads
    rate = measured.rate_rps[row]
    requests = _mean(rate)
    errors = _mean(np.where(np.isnan(rate), np.nan, measured.errors_rps[row]))
    return {
        "name": measured.names[row],
        "measured": float(1.0 - np.isnan(rate).mean()),
        "rate_rps": requests,
        "error_share": None if errors is None or not requests else errors / requests,
        "latency_p50_ms": _weighted(measured.latency_p50_ms[row], rate),
        "latency_p95_ms": _weighted(measured.latency_p95_ms[row], rate),
        "latency_p99_ms": _weighted(measured.latency_p99_ms[row], rate),
    }


def _mean(row: FloatArray) -> float | None:
    known = row[~np.isnan(row)]
    return float(known.mean()) if known.size else None


def _weighted(row: FloatArray, rate: FloatArray) -> float | None:
    known = ~np.isnan(row)
    weights = np.nan_to_num(rate[known])
    if not known.any():
        return None
    return float(np.average(row[known], weights=weights)) if weights.sum() > 0 else float(row[known].mean())


def _figures(one: ObservedSubject) -> tuple[str, ...]:
    latencies = (one.latency_p50_ms, one.latency_p95_ms, one.latency_p99_ms)
    return (
        f"{one.measured:.0%}",
        _said(one.rate_rps, ".3g"),
        _said(one.error_share, ".2%"),
        *(_said(latency, ".0f") for latency in latencies),
    )


def _said(value: float | None, spelling: str) -> str:
    return "-" if value is None else format(value, spelling)
