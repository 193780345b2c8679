"""Answers that come later, or fail, injected into a served fleet: which are found, and what cries wolf.

The shop's busiest workloads by the hour, every one on an endpoint of its own, and what it would have reported: the
capacity model's latencies for the real rates, 5 % noise, one failure in a thousand. The first four weeks are planned
on; every later one is watched as it was and with three of the workloads changed. Static thresholds stand beside, as
they are commonly set: a 95th percentile half as high again as in the first four weeks, one failure in a hundred.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.scores import DAYS_PER_MONTH, Score
from benchmarks.world import NOISE, latencies, served_as
from benchmarks.year import WEEK, everything, stretch
from generator.capacity.machines import Machines, machines
from generator.catalog import read_catalog
from generator.drift.blocks import hourly
from generator.drift.findings import Watched, services
from generator.drift.service import foreseen, service
from generator.layouts import layout
from generator.membership.running import Running
from generator.model import FloatArray, Inputs, Layout, Measured, Traffic
from generator.replay import replay

PLANNED, WEEKS = 4, 30
CHANGED = 3
FAILED = 0.001
LATER, FAILING = 1.5, 0.01
# A mean over many hours of one share is that share but for rounding, and counts as having reached it.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Answers:
    """What every workload's endpoint reports of a stretch, shape (W, T)."""

    traffic: Traffic
    latency_ms: FloatArray  # of the median, the 95th and the 99th percentile: shape (3, W, T)
    failed: FloatArray  # share
    replicas: FloatArray

    def cut(self, first: int, last: int) -> "Answers":
        """Weeks of it."""
        bins = slice(first * WEEK, last * WEEK)
        return Answers(
            stretch(self.traffic, first, last), self.latency_ms[..., bins], self.failed[:, bins], self.replicas[:, bins]
        )


Change = Callable[[Answers, int], Answers]


def _later(by: float) -> Change:
    def change(one: Answers, i: int) -> Answers:
        latency = one.latency_ms.copy()
        latency[:, i] *= by
        return replace(one, latency_ms=latency)

    return change


def _failing(share: float) -> Change:
    def change(one: Answers, i: int) -> Answers:
        failed = one.failed.copy()
        failed[i] = share
        return replace(one, failed=failed)

    return change


def _replica_down(one: Answers, i: int) -> Answers:
    """One of its replicas fails whatever it is given."""
    failed = one.failed.copy()
    failed[i] = 1.0 / np.maximum(one.replicas[i], 1.0)
    return replace(one, failed=failed)


CHANGES: Mapping[str, Change] = {
    "latency x 1.5": _later(1.5),
    "latency x 3": _later(3.0),
    "1 % fail": _failing(0.01),
    "5 % fail": _failing(0.05),
    "a replica fails": _replica_down,
}

# Names of workloads that are reported, and of those for which something is to be done.
Method = Callable[[Answers], tuple[set[str], set[str]]]


def rows() -> list[str]:
    """Rows of the table in docs/benchmarks.md."""
    whole = everything(0)
    planned = stretch(whole.planned, 0, PLANNED)
    table = machines(whole.fleet, read_catalog())
    inputs = Inputs(whole.fleet, planned, planned)
    running = Running(inputs, table, Layout((), "solver", "one endpoint each"), "cheapest")
    sized = [((i,), sizing) for i in range(len(whole.fleet.workloads)) if (sizing := running.sized((i,))) is not None]
    alone = layout(table, planned, sized, source="solver", method="one endpoint each")
    seen = _answers(table, alone, whole.planned)
    before = seen.cut(0, PLANNED)
    weeks = [seen.cut(week, week + 1) for week in range(PLANNED, WEEKS)]
    lines: list[str] = []
    for name, look in (("covey", _covey(table, alone, planned)), ("static", _static(before))):
        found, alarmed = Score(), Score()
        for change in CHANGES:
            of_findings, of_alarms = Score(), Score()
            for number, week in enumerate(weeks):
                changed, names = _injected(week, CHANGES[change], number)
                findings, alarms = look(changed)
                of_findings, of_alarms = of_findings + Score.of(names, findings), of_alarms + Score.of(names, alarms)
            found, alarmed = found + of_findings, alarmed + of_alarms
            lines.append(f"| service, 7 d | {name} | {change} | {of_findings} | {of_alarms} |")
        quiet = [look(week) for week in weeks]
        lines.append(f"| service, 7 d | {name} | all | {found} | {alarmed} |")
        counts = (sum(len(one[part]) for one in quiet) / (len(weeks) * 7.0 / DAYS_PER_MONTH) for part in (0, 1))
        lines.append("| service, 7 d | {} | unchanged, a month | named {:.1f} | alarms {:.1f} |".format(name, *counts))
    return lines


def _answers(table: Machines, alone: Layout, traffic: Traffic) -> Answers:
    """Serve all traffic, and report it with noise."""
    rng = np.random.default_rng(0)
    index = {workload.name: i for i, workload in enumerate(table.fleet.workloads)}
    shape = traffic.rate_rps.shape
    latency, replicas = np.full((3, *shape), np.nan), np.ones(shape)
    for group in alone.groups:
        i = index[group.workloads[0]]
        members, served = np.array([i], dtype=np.intp), served_as(group, table)
        replicas[i] = replay(table, members, served, traffic).running
        latency[:, i] = 1e3 * np.array(latencies(table, members, served, traffic))
    noise = rng.lognormal(0.0, NOISE, latency.shape)
    return Answers(traffic, latency * noise, np.full(shape, FAILED), replicas)


def _injected(week: Answers, change: Change, seed: int) -> tuple[Answers, frozenset[str]]:
    busy = np.flatnonzero(week.traffic.rate_rps.any(axis=1))
    chosen = np.random.default_rng(seed).choice(busy, CHANGED, replace=False)
    for i in chosen.tolist():
        week = change(week, i)
    return week, frozenset(week.traffic.workloads[i] for i in chosen)


def _covey(table: Machines, alone: Layout, planned: Traffic) -> Method:
    names = planned.workloads
    usual = hourly(planned.rate_rps, planned.window)
    nothing = np.empty((0, 0))
    nobody = Measured((), nothing, nothing, nothing, nothing, nothing)

    def look(one: Answers) -> tuple[set[str], set[str]]:
        traffic = one.traffic
        rates = traffic.rate_rps
        measured = Measured(names, rates, rates * one.failed, *one.latency_ms)
        predicted = foreseen(alone.groups, table, traffic)
        answered = service(alone.groups, table, predicted, traffic.window, measured, nobody)
        now = hourly(rates, traffic.window)
        index = {name: i for i, name in enumerate(names)}
        watched = Watched(alone.groups, names, index, usual, now, traffic.window.start)
        found = services(watched, table, answered)
        return (
            {name for finding in found for name in finding.workloads},
            {name for finding in found if finding.action != "nothing" for name in finding.workloads},
        )

    return look


def _static(before: Answers) -> Method:
    usual = np.array([_median(row) for row in before.latency_ms[1]])

    def look(one: Answers) -> tuple[set[str], set[str]]:
        late = np.array([_median(row) for row in one.latency_ms[1]])
        failed = np.nanmean(one.failed, axis=1)
        hit = (late > LATER * usual) | (failed >= FAILING - ROUNDING)
        named = {name for name, there in zip(one.traffic.workloads, hit, strict=True) if there}
        return named, named

    return look


def _median(latency_ms: FloatArray) -> float:
    """Median of the bins with requests, 0 without any."""
    known = latency_ms[~np.isnan(latency_ms)]
    return float(np.median(known)) if len(known) else 0.0
