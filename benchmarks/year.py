"""The longest real trace week by week through observe, learn, drift and regroup: `python -m benchmarks.year`.

Three ways to run the same fleet in the same world (benchmarks/world.py): the first plan frozen; covey's loop, which
regroups where that pays; and planning anew every week whatever it moves. Every week is lived with what was decided
before it began, on traffic no decision has seen. Rates are real; what an order line stands for, the models, and how far
the machines are off are drawn.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from benchmarks.traces import inputs, uci_online_retail
from benchmarks.world import latencies, lived, served_as, world
from generator.capacity.machines import Machines, machines
from generator.catalog import read_catalog
from generator.drift import drift
from generator.learn import learn
from generator.membership import held_back, regroup
from generator.model import Catalog, Fleet, Inputs, Layout, Observations, RegroupOption, Traffic, Window
from generator.pipeline import plan

# Each line of the shop stands for so many requests to its models: `traces` has 30, and this many times that.
SCALE = 100.0
BIN_S = 3600.0
# The busiest ones: all 67 take three times as long by the hour, and the rest have an order line an hour.
WORKLOADS = 16
# As a company might bound what one endpoint's failure takes with it; without it everything fits one machine's memory.
MODELS_PER_GROUP = 6
WEEK = round(7 * 86_400 / BIN_S)
# Weeks before the first plan, the last of them to judge it.
BEFORE = 3
HOURS = 168.0
PICTURE = Path(__file__).parents[1] / "docs" / "year.svg"


@dataclass(frozen=True)
class Lived:
    """One week of one way; errors, of covey's way alone, are absolute log ratios of what was predicted to observed."""

    week: int
    usd_per_h: float
    moving_usd_per_h: float
    attainment: float
    missed: int
    moves: int
    groups: int
    findings: int
    cost_error: float
    latency_error: float
    latency_error_unlearned: float


def main() -> None:
    """Live the weeks and print the table; draw the picture where asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--weeks", type=int, default=30)
    asked.add_argument("--picture", action="store_true", help=f"draw {PICTURE.name} into docs/")
    asked.add_argument("--keep", type=Path, help="write every week as JSON")
    given = asked.parse_args()
    began = time.perf_counter()
    catalog = read_catalog()
    whole = everything(given.seed)
    weeks = min(given.weeks, whole.planned.window.bins // WEEK)
    one = world(whole.fleet, catalog, given.seed + 100)
    ways = run(whole, one, catalog, weeks, given.seed)
    if given.keep:
        given.keep.write_text(
            json.dumps({name: [asdict(week) for week in way] for name, way in ways.items()}, indent=1)
        )
    for line in table(ways):
        print(line)  # noqa: T201 (a benchmark's output)
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)  # noqa: T201
    if given.picture:
        draw(ways, PICTURE)


def everything(seed: int) -> Inputs:
    """The shop's fleet with all its traffic by the hour, as the window to plan on."""
    trace = uci_online_retail()
    busiest = np.sort(np.argsort(-trace.rate_rps.sum(axis=1), kind="stable")[:WORKLOADS])
    rates = trace.rate_rps[busiest] * SCALE
    given = inputs(replace(trace, rate_rps=rates, planned_bins=rates.shape[1], variation=np.ones(WORKLOADS)), seed)
    rate = given.planned.rate_rps
    by = round(BIN_S / trace.bin_s)
    bins = rate.shape[1] // by
    merged = np.ascontiguousarray(rate[:, : bins * by].reshape(len(rate), bins, by).mean(axis=2))
    start = given.planned.window.start
    window = Window(start, start + timedelta(seconds=bins * BIN_S), BIN_S)
    traffic = replace(given.planned, rate_rps=merged, window=window)
    fleet = replace(given.fleet, limits=replace(given.fleet.limits, models_per_group=MODELS_PER_GROUP))
    return Inputs(fleet, traffic, traffic)


def stretch(traffic: Traffic, first: int, last: int) -> Traffic:
    """Weeks `first` up to `last`."""
    start = traffic.window.start
    window = Window(start + timedelta(weeks=first), start + timedelta(weeks=last), BIN_S)
    return replace(
        traffic, rate_rps=np.ascontiguousarray(traffic.rate_rps[:, first * WEEK : last * WEEK]), window=window
    )


def run(whole: Inputs, one: Machines, catalog: Catalog, weeks: int, seed: int) -> dict[str, list[Lived]]:
    """Live every week three ways, each in a process of its own."""
    first = Inputs(whole.fleet, stretch(whole.planned, 0, BEFORE - 1), stretch(whole.planned, BEFORE - 1, BEFORE))
    begun = plan(first, catalog, seed=seed).recommendations[0].layout
    policies = {"frozen": None, "covey": "proposed", "anew": "anew"}
    with ProcessPoolExecutor(max_workers=len(policies)) as pool:
        ways = {
            name: pool.submit(_way, whole, one, catalog, weeks, seed, begun, policy)
            for name, policy in policies.items()
        }
        return {name: way.result() for name, way in ways.items()}


def _way(
    whole: Inputs, one: Machines, catalog: Catalog, weeks: int, seed: int, layout: Layout, policy: str | None
) -> list[Lived]:
    rng = np.random.default_rng(seed)
    fleet = whole.fleet
    seen: list[Observations] = []
    found: list[Lived] = []
    planned = stretch(whole.planned, 0, BEFORE - 1)
    for week in range(BEFORE, weeks):
        taken: RegroupOption | None = None
        if policy is not None and seen:
            so_far = stretch(whole.planned, 0, week)
            given = Inputs(fleet, so_far, so_far)
            deciding = held_back(given)
            planned = deciding.planned
            regrouping = regroup(deciding, catalog, layout, "cheapest", seed=seed, history=so_far)
            if policy == "anew":
                taken = next((option for option in regrouping.options if option.kind == "anew"), None)
            elif regrouping.proposed is not None:
                taken = regrouping.options[regrouping.proposed]
            layout = layout if taken is None else taken.judged.layout
        now = stretch(whole.planned, week, week + 1)
        forecast = _machines_usd_per_h(fleet, catalog, layout, stretch(whole.planned, week - 1, week))
        real = lived(one, layout, now, rng)
        watched = policy == "proposed"
        found.append(
            Lived(
                week=week,
                usd_per_h=real.usd_per_h,
                moving_usd_per_h=0.0 if taken is None else taken.migration_usd / HOURS,
                attainment=real.attainment,
                missed=real.missed,
                moves=0 if taken is None else len(taken.moves),
                groups=len(layout.groups),
                findings=_findings(fleet, catalog, layout, planned, real.observations, seen[-1:]) if watched else 0,
                cost_error=float(abs(np.log(forecast / real.usd_per_h))),
                latency_error=_latency_error(fleet, catalog, now, real.observations) if watched else 0.0,
                latency_error_unlearned=_latency_error(whole.fleet, catalog, now, real.observations)
                if watched
                else 0.0,
            )
        )
        seen.append(real.observations)
        if policy is not None:
            learned = learn(seen, whole.fleet, catalog)
            if learned is not None:
                fleet = replace(whole.fleet, calibration=learned.used)
        print(f"{policy or 'frozen'} {found[-1]}", file=sys.stderr, flush=True)  # noqa: T201
    return found


def _findings(
    fleet: Fleet,
    catalog: Catalog,
    layout: Layout,
    planned: Traffic,
    seen: Observations,
    before: Sequence[Observations],
) -> int:
    """Findings that ask for something to be done; the week before it, if any, tells what lasts."""
    earlier = before[0] if before else None
    found = drift(layout, machines(fleet, catalog), planned, seen, earlier=earlier).findings
    return sum(one.action != "nothing" for one in found)


def _machines_usd_per_h(fleet: Fleet, catalog: Catalog, layout: Layout, traffic: Traffic) -> float:
    """What the capacity model says machines will cost, if the week is as the last one was."""
    return lived(machines(fleet, catalog), layout, traffic, np.random.default_rng(0)).usd_per_h


def _latency_error(fleet: Fleet, catalog: Catalog, traffic: Traffic, seen: Observations) -> float:
    """Mean absolute log ratio of the groups' 95th percentiles, predicted for this very traffic, to those observed."""
    table = machines(fleet, catalog)
    index = {w.name: i for i, w in enumerate(table.fleet.workloads)}
    errors, weights = 0.0, 0.0
    for row, group in enumerate(seen.served):
        members = np.array(sorted(index[name] for name in group.workloads), dtype=np.intp)
        predicted = latencies(table, members, served_as(group, table), traffic)[1] * 1e3
        observed, rate = seen.groups.latency_p95_ms[row], seen.groups.rate_rps[row]
        known = ~np.isnan(predicted) & ~np.isnan(observed)
        errors += float(rate[known] @ np.abs(np.log(predicted[known] / observed[known])))
        weights += float(rate[known].sum())
    return errors / max(weights, 1e-12)


def table(ways: dict[str, list[Lived]]) -> list[str]:
    """Rows of the tables in docs/benchmarks.md."""
    lines = ["| | USD/h, machines | USD/h, moving | in time | objectives missed a week | weeks with a change | moves |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, way in ways.items():
        in_time = [w.attainment for w in way]
        cells = (
            name,
            f"{np.mean([w.usd_per_h for w in way]):.3f}",
            f"{np.mean([w.moving_usd_per_h for w in way]):.3f}",
            f"{np.mean(in_time):.3%} (worst {min(in_time):.2%})",
            f"{np.mean([w.missed for w in way]):.1f}",
            f"{sum(w.moving_usd_per_h > 0 for w in way)} of {len(way)}",
            f"{sum(w.moves for w in way)}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| week | " + " | ".join(f"{name}, USD/h, in time, moves" for name in ways) + " | findings |"]
    lines.append("|---|" + "---|" * (len(ways) + 1))
    for k, week in enumerate(ways["covey"]):
        cells = " | ".join(f"{w[k].usd_per_h:.2f}, {w[k].attainment:.2%}, {w[k].moves}" for w in ways.values())
        lines.append(f"| {week.week} | {cells} | {week.findings} |")
    lines += ["", "| weeks | cost off by | p95 off by, learned | p95 off by, unlearned |", "|---|---|---|---|"]
    way = ways["covey"]
    for first in range(0, len(way), 9):
        part = way[first : first + 9]
        lines.append(
            f"| {part[0].week} to {part[-1].week} | {np.expm1(np.mean([w.cost_error for w in part])):.1%} | "
            f"{np.expm1(np.mean([w.latency_error for w in part])):.1%} | "
            f"{np.expm1(np.mean([w.latency_error_unlearned for w in part])):.1%} |"
        )
    return lines


def draw(ways: dict[str, list[Lived]], place: Path) -> None:
    """Draw cost, attainment, moves and errors by week."""
    mpl.rcParams.update({"svg.hashsalt": "covey", "svg.fonttype": "none", "font.size": 9})
    colours = {"frozen": "#888888", "covey": "#0b6e4f", "anew": "#c8553d"}
    names = {"frozen": "first plan, frozen", "covey": "covey: regroup where it pays", "anew": "planned anew every week"}
    figure, axes = plt.subplots(4, 1, figsize=(9, 10), sharex=True, layout="constrained")
    for name, way in ways.items():
        weeks = [w.week for w in way]
        axes[0].plot(weeks, [w.usd_per_h + w.moving_usd_per_h for w in way], color=colours[name], label=names[name])
        axes[1].plot(weeks, [w.attainment * 100 for w in way], color=colours[name])
        if name != "frozen":
            at = [w.week + (0.2 if name == "anew" else -0.2) for w in way]
            axes[2].bar(at, [w.moves for w in way], width=0.4, color=colours[name])
    way = ways["covey"]
    weeks = [w.week for w in way]
    axes[3].plot(weeks, [np.expm1(w.cost_error) * 100 for w in way], color="#0b6e4f", label="cost, forecast before it")
    axes[3].plot(
        weeks, [np.expm1(w.latency_error) * 100 for w in way], color="#d08c00", label="p95, with what was learned"
    )
    unlearned = [np.expm1(w.latency_error_unlearned) * 100 for w in way]
    axes[3].plot(weeks, unlearned, color="#d08c00", linestyle=":", label="p95, as first assumed")
    axes[0].set_ylabel("USD/h, moving included")
    axes[1].set_ylabel("requests in time, %")
    axes[2].set_ylabel("models moved")
    axes[3].set_ylabel("covey's prediction off by, %")
    axes[3].set_xlabel("week of the trace (real order lines of a web shop; scale, models and machine errors synthetic)")
    axes[0].set_ylim(bottom=0)
    axes[3].set_ylim(bottom=0)
    axes[0].legend(frameon=False)
    axes[3].legend(frameon=False)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(place, metadata={"Date": None})


if __name__ == "__main__":
    main()
