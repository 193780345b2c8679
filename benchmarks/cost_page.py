"""The runs of `benchmarks/cost.py` as a page: tables, and the curves as a plot."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from benchmarks.contenders import contenders

COVEY = "covey"
LEVELS = (0.97, 0.98, 0.99, 0.999)
# The level a trace is compared at: real bursts put 99 % out of reach of a fair price on two of them.
LEVEL_OF: Mapping[str, float] = {
    "servegen": 0.98,
    "azure2019_femux100": 0.99,
    "uci_online_retail": 0.99,
    "synthetic1000": 0.98,
}
DEDICATED, PCP, RANDOM = "dedicated", "peak clustering", "joint series, random order"


@dataclass(frozen=True)
class Point:
    """One plan, scored on the later window."""

    attainment: float
    usd_per_h: float


@dataclass(frozen=True)
class Planned:
    """What `covey plan` recommended as cheapest, without a look at the later window.

    Parameters
    ----------
    fall, fall_of_worst_tenth : float
        Attainment on the planning window less that on the later one; of the fleet, of its worst tenth of workloads.
    interval_held : bool
        The later window's cost lies between the floor and the ceiling the plan gave.
    """

    attainment: float
    usd_per_h: float
    fall: float
    fall_of_worst_tenth: float
    interval_held: bool
    took_s: float


@dataclass(frozen=True)
class Run:
    """One fleet of one trace: each method's swept plans, and what `covey plan` chose."""

    trace: str
    seed: int
    curves: Mapping[str, tuple[Point, ...]]
    planned: Planned
    took_s: float
    peak_gib: float


def read_runs(folder: Path) -> list[Run]:
    """Read every run in a folder."""
    runs: list[Run] = []
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        told["curves"] = {name: tuple(Point(**point) for point in curve) for name, curve in told["curves"].items()}
        told["planned"] = Planned(**told["planned"])
        runs.append(Run(**told))
    return runs


def cost_at(curve: Sequence[Point], level: float) -> float | None:
    """Least cost on a curve at which the level is attained; None where no plan attains it."""
    return min((point.usd_per_h for point in curve if point.attainment >= level), default=None)


def write_page(runs: Sequence[Run], folder: Path) -> None:
    """Write ``cost.md`` and ``cost.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    traces = [name for name in LEVEL_OF if any(run.trace == name for run in runs)]
    by_trace = {name: [run for run in runs if run.trace == name] for name in traces}
    lines = [
        "# Cost at equal attained service level",
        "",
        f"Written by `make bench-cost` on {_machine()}. Median over seeds, range in brackets.",
        "",
        *_goals(by_trace),
        *(line for name in traces for line in _levels(name, by_trace[name])),
        *_plans(by_trace),
        *(f"- {one.name}: {one.reference}" for one in contenders()),
        "",
        "![curves](cost.svg)",
    ]
    (folder / "cost.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _draw(by_trace, folder / "cost.svg")


def _goals(by_trace: Mapping[str, Sequence[Run]]) -> list[str]:
    """Covey's cost as a share of others' at each trace's level."""
    rows = [
        "## Against the goals",
        "",
        "covey's cost over the other's, at the level named: below 1 covey is cheaper.",
        "",
        "| trace | seeds | level | dedicated | best contender | peak clustering (PCP) | random-order joint |",
        "|---|---|---|---|---|---|---|",
    ]
    pooled: dict[str, list[float]] = {PCP: [], RANDOM: []}
    for name, runs in by_trace.items():
        level = LEVEL_OF[name]
        cells: list[str] = []
        for other in (DEDICATED, None, PCP, RANDOM):
            shares = [share for run in runs if (share := _share(run, other, level)) is not None]
            if other in pooled:
                pooled[other].extend(shares)
            cells.append(_spread(shares, 3))
        rows.append(f"| {name} | {len(runs)} | {level:.1%} | {' | '.join(cells)} |")
    both = {other: _spread(shares, 3) for other, shares in pooled.items()}
    return [*rows, "", f"Over all traces and seeds: {both[PCP]} of PCP, {both[RANDOM]} of random-order joint.", ""]


def _share(run: Run, other: str | None, level: float) -> float | None:
    """Covey's cost over another's at a level, over the cheapest other's for None."""
    ours = cost_at(run.curves[COVEY], level)
    names = [name for name in run.curves if name != COVEY] if other is None else [other]
    theirs = [cost for name in names if (cost := cost_at(run.curves[name], level)) is not None]
    return None if ours is None or not theirs else ours / min(theirs)


def _levels(name: str, runs: Sequence[Run]) -> list[str]:
    rows = [
        f"## {name}",
        "",
        f"US dollars an hour on the later window, seeds {', '.join(str(run.seed) for run in runs)}; "
        "a dash where no swept plan attains the level for most seeds.",
        "",
        f"| method | {' | '.join(f'{level:.1%}' for level in LEVELS)} |",
        f"|---|{'---|' * len(LEVELS)}",
    ]
    for method in runs[0].curves:
        cells: list[str] = []
        for level in LEVELS:
            costs = [cost for run in runs if (cost := cost_at(run.curves[method], level)) is not None]
            cells.append(_spread(costs, 2) if 2 * len(costs) > len(runs) else "-")
        rows.append(f"| {method} | {' | '.join(cells)} |")
    return [*rows, ""]


def _plans(by_trace: Mapping[str, Sequence[Run]]) -> list[str]:
    rows = [
        "## What `covey plan` chooses by itself",
        "",
        "Fall: attainment on the planning window less that on the later one, in points. Over the curve: its cost over "
        "covey's own curve at the level it attained, the price of not knowing the later window.",
        "",
        "| trace | attained | USD/h | over the curve | fall, fleet | fall, worst tenth | interval held | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in by_trace.items():
        plans = [run.planned for run in runs]
        over = [
            run.planned.usd_per_h / best
            for run in runs
            if (best := cost_at(run.curves[COVEY], min(run.planned.attainment, LEVELS[-1]))) is not None
        ]
        rows.append(
            f"| {name} | {_spread([100 * p.attainment for p in plans], 2)} "
            f"| {_spread([p.usd_per_h for p in plans], 2)} "
            f"| {_spread(over, 3)} | {_spread([100 * p.fall for p in plans], 2)} "
            f"| {_spread([100 * p.fall_of_worst_tenth for p in plans], 2)} "
            f"| {sum(p.interval_held for p in plans)} of {len(plans)} | {_spread([p.took_s for p in plans], 0)} |"
        )
    return [*rows, ""]


def _spread(values: Sequence[float], digits: int) -> str:
    if not values:
        return "-"
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"


def _draw(by_trace: Mapping[str, Sequence[Run]], path: Path) -> None:
    mpl.rcParams["svg.hashsalt"] = "covey"
    figure, axes = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    colours = mpl.color_sequences["tab20"]
    levels = [1.0 - 10.0 ** (-exponent / 10) for exponent in range(10, 41)]
    for axis, (name, runs) in zip(axes.flat, by_trace.items(), strict=False):
        for number, method in enumerate(runs[0].curves):
            middles: list[float] = []
            for level in levels:
                costs = [cost for run in runs if (cost := cost_at(run.curves[method], level)) is not None]
                middles.append(statistics.median(costs) if 2 * len(costs) > len(runs) else float("nan"))
            plain = {"color": colours[number % len(colours)], "linewidth": 1.2}
            # Methods that tie lie on each other: covey is drawn last and dashed, so that they show through.
            own = {"color": "black", "linewidth": 2.0, "linestyle": (0, (4, 2)), "zorder": 3}
            axis.plot([1.0 - level for level in levels], middles, label=method, **(own if method == COVEY else plain))
        axis.set(xscale="log", yscale="log", title=f"{name}, {len(runs)} seeds", xlabel="in time on the later window")
        axis.set_ylabel("USD an hour")
        axis.invert_xaxis()
        axis.set_xticks([0.1, 0.03, 0.01, 0.003, 0.001], ["90%", "97%", "99%", "99.7%", "99.9%"])
        axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.grid(visible=True, alpha=0.25)
    for axis in axes.flat[len(by_trace) :]:
        axis.set_visible(False)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside right center", fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
