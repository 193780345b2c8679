"""Sixty workloads joined one after another, against planning everyone at once: `python -m benchmarks.join`.

A part of a fleet is planned; the rest joins in a drawn order, each taking the way the offline rule takes. At the end
`regroup` is asked, as `covey regroup` asks it, and what it proposes is taken, until it proposes nothing more. All three
layouts meet one judge on the later window, which decides nothing of a regrouping. At every join all groups but the one
concerned are compared, as values and as the lines they are in the emitted program.
"""

import argparse
import re
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.traces import TRACE_OF, inputs, refuse_unknown
from generator.catalog import read_catalog
from generator.dialogue import OfflineProposer
from generator.emit import emit
from generator.membership import held_back, join, regroup
from generator.model import Catalog, Fleet, Inputs, Judged, Layout, MembershipOption, Traffic
from generator.pipeline import plan
from generator.place import place
from generator.project import GROUPS

JOINED = 60
# Repairs and savings may take turns for ever.
MOST_ASKED = 5


@dataclass(frozen=True)
class Outcome:
    """What one order came to: expected cost by way of planning, US dollars an hour, and what happened on the way."""

    joined: Judged
    regrouped: Judged
    why: tuple[str, ...]
    planned: Judged
    baseline: Judged
    ways: dict[str, int]
    changed: int
    join_s: float
    plan_s: float


def main() -> None:
    """Join on the traces and seeds of the command line, and print a row each."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("traces", nargs="*", default=[], help=f"of {', '.join(TRACE_OF)}; servegen by default")
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    refuse_unknown(asked, given.traces)
    catalog = read_catalog()
    for name in given.traces or ["servegen"]:
        trace = TRACE_OF[name]()
        for seed in range(given.seeds):
            found = run(with_images(inputs(trace, seed)), catalog, seed)
            print(row(name, seed, found), flush=True)  # noqa: T201 (a benchmark's output)
            for why in found.why:
                print(f"regrouped: {why}", file=sys.stderr, flush=True)  # noqa: T201


def run(everyone: Inputs, catalog: Catalog, seed: int) -> Outcome:
    """Plan all but `JOINED` workloads, let these join in a drawn order, and plan everyone at once beside it."""
    order = np.random.default_rng(seed).permutation([workload.name for workload in everyone.fleet.workloads]).tolist()
    there, coming = order[:-JOINED], order[-JOINED:]
    now = plan(only(everyone, there), catalog, seed=seed).recommendations[0]
    running = Judged(now.layout, now.verdict)
    fleet = only(everyone, there).fleet
    ways: dict[str, int] = {}
    changed, took_s = 0, 0.0
    for name in coming:
        there.append(name)
        given = only(everyone, there)
        began = time.perf_counter()
        found = join(given, catalog, running.layout, name, "cheapest")
        took_s += time.perf_counter() - began
        kind = place(found, OfflineProposer(), goals=("cost",)).kind
        option = next(option for option in found.options if option.kind == kind)
        ways[option.kind] = ways.get(option.kind, 0) + 1
        changed += others_changed(running.layout, fleet, option, given.fleet, catalog)
        running, fleet = option.judged, given.fleet
        said = f"{len(there)} workloads, {len(running.layout.groups)} groups: {name} {option.kind}"
        print(said, file=sys.stderr, flush=True)  # noqa: T201
    regrouped, why = tended(everyone, catalog, running, seed)
    began = time.perf_counter()
    whole = plan(everyone, catalog, seed=seed)
    best = whole.recommendations[0]
    return Outcome(
        joined=running,
        regrouped=regrouped,
        why=why,
        planned=Judged(best.layout, best.verdict),
        baseline=whole.baseline,
        ways=ways,
        changed=changed,
        join_s=took_s / len(coming),
        plan_s=time.perf_counter() - began,
    )


def tended(everyone: Inputs, catalog: Catalog, running: Judged, seed: int) -> tuple[Judged, tuple[str, ...]]:
    """Take one proposed regrouping after another; return the last as it is on the later window, and every reason."""
    deciding = held_back(everyone)
    reasons: list[str] = []
    while len(reasons) < MOST_ASKED:
        found = regroup(
            deciding,
            catalog,
            running.layout,
            "cheapest",
            seed=seed,
            history=everyone.planned,
            unseen=everyone.scored,
        )
        if found.proposed is None:
            return running, (*reasons, found.reason)
        chosen = found.options[found.proposed]
        running = Judged(chosen.judged.layout, chosen.scored)
        reasons.append(f"{chosen.kind}, {len(chosen.moves)} moves: {found.reason}")
    return running, tuple(reasons)


def with_images(given: Inputs) -> Inputs:
    """Give the fleet's runtime an image that an emitted program may name."""
    (runtime,) = given.fleet.runtimes.values()
    (image,) = runtime.images.values()
    named = replace(image, template="{account}.dkr.ecr.{region}.amazonaws.com/server:1")
    fleet = replace(given.fleet, runtimes={runtime.name: replace(runtime, images={"aws": named})})
    return replace(given, fleet=fleet)


def only(everyone: Inputs, names: Collection[str]) -> Inputs:
    """Return fleet and traffic of some workloads."""
    kept = [i for i, workload in enumerate(everyone.fleet.workloads) if workload.name in set(names)]

    def cut(traffic: Traffic) -> Traffic:
        return Traffic(
            tuple(traffic.workloads[i] for i in kept),
            np.ascontiguousarray(traffic.rate_rps[kept]),
            traffic.interarrival_variation[kept],
            traffic.window,
        )

    fleet = replace(everyone.fleet, workloads=tuple(everyone.fleet.workloads[i] for i in kept))
    return Inputs(fleet, cut(everyone.planned), cut(everyone.scored))


def others_changed(before: Layout, was: Fleet, option: MembershipOption, fleet: Fleet, catalog: Catalog) -> int:
    """Count groups not concerned whose value or whose lines in the program differ."""
    concerned = {group.name for group in (option.former, option.group) if group is not None}
    then, now = lines_of(before, was, catalog), lines_of(option.judged.layout, fleet, catalog)
    values = {group.name: group for group in option.judged.layout.groups}
    return sum(
        values.get(group.name) != group or then[group.name] != now.get(group.name)
        for group in before.groups
        if group.name not in concerned
    )


def lines_of(layout: Layout, fleet: Fleet, catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Return each group's lines in the data files of the emitted program, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for path, text in sorted(emit(layout, fleet, catalog).files.items()):
        if path.startswith(GROUPS):
            for part in re.split(r"\n +(?:AwsGroup|CloudRunGroup|Backend)\(\n", text)[1:]:
                name = part.split('="', 1)[1].split('"', 1)[0]
                # The last group of a file is followed by the file's own end.
                found[name] = (*found.get(name, ()), part.rstrip(" \n),"))
    return found


def row(name: str, seed: int, found: Outcome) -> str:
    """Spell an outcome as a row of the table in docs/benchmarks.md."""
    joined, planned, baseline = found.joined.verdict, found.planned.verdict, found.baseline.verdict
    after = found.regrouped.verdict
    more = joined.cost.expected / planned.cost.expected - 1.0
    ways = ", ".join(f"{count} {kind}" for kind, count in sorted(found.ways.items()))
    return (
        f"| {name}, {seed} | {joined.cost.expected:.3f} | {after.cost.expected:.3f} | {planned.cost.expected:.3f} | "
        f"{more:+.1%} | {after.cost.expected / planned.cost.expected - 1.0:+.1%} | "
        f"{baseline.cost.expected:.2f} | {joined.attainment:.3%} / {after.attainment:.3%} / {planned.attainment:.3%} | "
        f"{missed(found.joined)} / {missed(found.regrouped)} / {missed(found.planned)} | "
        f"{len(found.joined.layout.groups)} / {len(found.regrouped.layout.groups)} / "
        f"{len(found.planned.layout.groups)} | {ways} | {found.changed} | "
        f"{found.join_s:.1f} / {found.plan_s:.1f} |"
    )


def missed(judged: Judged) -> int:
    """Count workloads below their objective on the later window."""
    return sum(found.rule == "SLO001" for found in judged.verdict.violations)


if __name__ == "__main__":
    main()
