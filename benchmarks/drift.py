"""Changes injected into real traffic: which are found, and what cries wolf: `python -m benchmarks.drift`.

The early part of a trace is planned on; every later stretch is watched twice, as it was and with a change in some of
its workloads. What is found is named by a finding; an alarm is a finding that asks for something to be done. Static
thresholds stand beside: one figure a kind for all workloads, the one that does best on the early part's own stretches
with the same changes injected.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from benchmarks import drift_samples, drift_service
from benchmarks.scores import DAYS_PER_MONTH, Score
from benchmarks.traces import TRACE_OF, inputs
from generator.capacity.machines import Machines, machines
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.drift import drift
from generator.layouts import layout
from generator.model import FloatArray, Layout, Measured, Observations, Traffic, Window
from generator.partition import partition
from generator.solve import Problem, best_packings, with_sizing
from generator.solve.problem import WEIGHTINGS

# Workloads that change in a stretch, of those busy in such a share of its hours: nothing can be said of the others.
CHANGED = 3
LEAST_ACTIVE = 0.18
SEEDS = 1
STRETCHES = ("servegen:1", "uci_online_retail:28", "uci_online_retail:7")
OTHERS = {"answers": drift_service.rows, "samples": drift_samples.rows}
# Of many stretches, changes begin in every fourth one.
MANY = 8


@dataclass(frozen=True)
class Case:
    """A trace cut into what is planned on and stretches that follow, bins a stretch."""

    name: str
    layout: Layout
    machines: Machines
    planned: Traffic
    later: tuple[Traffic, ...]
    bins: int


Change = Callable[[FloatArray, int, np.random.Generator], FloatArray]


def _factor(by: float) -> Change:
    return lambda rate, _day, _rng: rate * by


def _later_by(hours: int) -> Change:
    return lambda rate, day, _rng: np.roll(rate, hours * day // 24)


def _days_reordered(rate: FloatArray, day: int, rng: np.random.Generator) -> FloatArray:
    """Keep every day as it was and give the days another order: the same level and hours, company lost."""
    days = rate.reshape(-1, day)
    if len(days) == 1:  # the hours of the one day, by blocks of three, keep the level alone
        return rng.permutation(rate.reshape(8, -1), axis=0).ravel()
    return days[rng.permutation(len(days))].ravel()


def _burst(rate: FloatArray, day: int, rng: np.random.Generator) -> FloatArray:
    """Twenty times the busiest hour's mean for three hours."""
    hour = day // 24
    changed = rate.copy()
    first = int(rng.integers(0, len(rate) - 3 * hour))
    changed[first : first + 3 * hour] += 20.0 * rate[: len(rate) // hour * hour].reshape(-1, hour).mean(axis=1).max()
    return changed


CHANGES: Mapping[str, Change] = {
    "level x 3": _factor(3.0),
    "level x 1.5": _factor(1.5),
    "level / 3": _factor(1 / 3),
    "silence": _factor(0.0),
    "8 hours later": _later_by(8),
    "days reordered": _days_reordered,
    "3-hour burst": _burst,
}
KIND_OF = {
    "level x 3": "level",
    "level x 1.5": "level",
    "level / 3": "level",
    "silence": "level",
    "8 hours later": "season",
    "days reordered": "correlation",
    "3-hour burst": "anomaly",
}


def main() -> None:
    """Watch what the command line names, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = (*STRETCHES, *OTHERS)
    asked.add_argument("parts", nargs="*", default=[], help="trace:days or what is named here: " + " ".join(every))
    asked.add_argument("--seeds", type=int, default=SEEDS)
    given = asked.parse_args()
    for part in given.parts or every:
        if part in OTHERS:
            lines = OTHERS[part]()
        else:
            name, days = part.split(":")
            lines = measured(read(name, int(days)), given.seeds)
        for line in lines:
            print(line, flush=True)  # noqa: T201 (a benchmark's output)


def read(name: str, days: int) -> Case:
    """Plan on the early part of a trace and cut the rest into stretches."""
    trace = TRACE_OF[name]()
    given = inputs(trace, 0)
    day = round(86_400 / trace.bin_s)
    bins = days * day
    table = machines(given.fleet, read_catalog())
    graph = correlate(given.fleet, given.planned)
    problem = Problem(table, given.planned, graph, partition(graph, seed=0), WEIGHTINGS["cheapest"], 1.0)
    packed = [group for atoms in problem.classes for group in best_packings(problem, atoms, 1)[0][1]]
    found = layout(table, given.planned, with_sizing(problem, packed), source="solver", method="packing")
    later = tuple(_stretch(given.scored, at, bins) for at in range(0, given.scored.window.bins - bins + 1, bins))
    return Case(f"{name}, {days} d", found, table, given.planned, later, bins)


def _stretch(traffic: Traffic, at: int, bins: int) -> Traffic:
    window = traffic.window
    start = window.start + timedelta(seconds=at * window.bin_s)
    times = Window(start, start + timedelta(seconds=bins * window.bin_s), window.bin_s)
    return replace(traffic, rate_rps=traffic.rate_rps[:, at : at + bins], window=times)


def observed(traffic: Traffic) -> Observations:
    """Return rates as if they had been measured, and nothing else."""

    def unmeasured(rows: int) -> FloatArray:
        return np.full((rows, traffic.window.bins), np.nan)

    def only(names: tuple[str, ...], rate: FloatArray) -> Measured:
        none = unmeasured(len(names))
        return Measured(names, rate, none, none, none, none)

    nothing = unmeasured(0)
    return Observations(
        traffic.window,
        (),
        only((), nothing),
        only(traffic.workloads, traffic.rate_rps),
        nothing,
        nothing,
        nothing,
    )


def injected(
    traffic: Traffic, change: Change, seed: int, those: frozenset[str] | None = None
) -> tuple[Traffic, frozenset[str]]:
    """Change some workloads of a stretch, drawn where they are not given, and name them."""
    rng = np.random.default_rng(seed)
    day = round(86_400 / traffic.window.bin_s)
    hours = traffic.rate_rps.reshape(len(traffic.rate_rps), -1, day // 24).sum(axis=2)
    able = np.flatnonzero((hours > 0).mean(axis=1) >= LEAST_ACTIVE)
    if those is None:
        chosen = rng.choice(able, min(CHANGED, len(able)), replace=False)
    else:
        chosen = np.array([i for i, name in enumerate(traffic.workloads) if name in those])
    rate = traffic.rate_rps.copy()
    for i in chosen:
        rate[i] = change(rate[i], day, rng)
    return replace(traffic, rate_rps=rate), frozenset(traffic.workloads[i] for i in chosen)


# ---- static thresholds -----------------------------------------------------------------------------------------------


def _statistics(planned: FloatArray, stretch: FloatArray, day: int) -> Mapping[str, FloatArray]:
    """What a static threshold looks at, by workload: how far from the whole planning window a stretch is."""
    hour = day // 24

    def by_hour(rate: FloatArray) -> FloatArray:
        return rate[:, : rate.shape[1] // hour * hour].reshape(len(rate), -1, hour).mean(axis=2)

    def profile(rate: FloatArray) -> FloatArray:
        table = by_hour(rate).reshape(len(rate), -1, 24).mean(axis=1)
        return table / np.maximum(table.sum(axis=1, keepdims=True), 1e-12)

    def matrix(rate: FloatArray) -> FloatArray:
        centred = by_hour(rate) - by_hour(rate).mean(axis=1, keepdims=True)
        unit = centred / np.maximum(np.sqrt((centred**2).sum(axis=1, keepdims=True)), 1e-12)
        return unit @ unit.T

    tiny = 1e-6
    return {
        "level": np.abs(np.log((stretch.mean(axis=1) + tiny) / (planned.mean(axis=1) + tiny))),
        "season": 0.5 * np.abs(profile(stretch) - profile(planned)).sum(axis=1),
        "correlation": np.sqrt(((matrix(stretch) - matrix(planned)) ** 2).mean(axis=1)),
        "anomaly": by_hour(stretch).max(axis=1) / np.maximum(by_hour(planned).max(axis=1), tiny),
    }


def tuned(case: Case) -> Mapping[str, float]:
    """Thresholds by kind that do best (F1) on the early part's own later stretches with the same changes injected."""
    day = round(86_400 / case.planned.window.bin_s)
    count = case.planned.window.bins // case.bins
    half = max(1, count // 2)
    seen: list[tuple[str, Mapping[str, FloatArray], frozenset[str]]] = []
    early = case.planned.rate_rps[:, : half * case.bins]
    for k in range(half, count):
        stretch = _stretch(case.planned, k * case.bins, case.bins)
        for change in CHANGES:
            changed, names = injected(stretch, CHANGES[change], 1000 + k)
            seen.append((KIND_OF[change], _statistics(early, changed.rate_rps, day), names))
    return {
        kind: _best([(found[kind], names) for of, found, names in seen if of == kind], case.planned.workloads)
        for kind in ("level", "season", "correlation", "anomaly")
    }


def _best(seen: list[tuple[FloatArray, frozenset[str]]], names: tuple[str, ...]) -> float:
    values = np.concatenate([found for found, _ in seen])
    labels = np.concatenate([[name in changed for name in names] for _, changed in seen])
    grid = np.unique(np.quantile(values, np.linspace(0.5, 1.0, 400)))

    def score(threshold: float) -> float:
        alarm = values > threshold
        right = float((alarm & labels).sum())
        return 2.0 * right / max(1.0, float(alarm.sum() + labels.sum()))

    return float(max(grid, key=lambda threshold: (score(threshold), threshold)))


# ---- both ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """What one look names: kinds by workload, and the workloads for which something is to be done."""

    kinds: Mapping[str, set[str]]
    alarmed: frozenset[str]


# One stretch, and the one before it where there is one.
Method = Callable[[Traffic, Traffic | None], Look]


def methods(case: Case) -> Mapping[str, Method]:
    """Covey, and the peer: as it is, and asking twice for what is not urgent, as covey does."""
    thresholds = tuned(case)
    day = round(86_400 / case.planned.window.bin_s)

    def ours(traffic: Traffic, earlier: Traffic | None) -> Look:
        before = None if earlier is None else observed(earlier)
        kinds: dict[str, set[str]] = {}
        alarmed: set[str] = set()
        for one in drift(case.layout, case.machines, case.planned, observed(traffic), earlier=before).findings:
            alarmed |= set(one.workloads) if one.action != "nothing" else set()
            for name in one.workloads:
                kinds.setdefault(name, set()).add(one.kind)
        return Look(kinds, frozenset(alarmed))

    def static(traffic: Traffic, _earlier: Traffic | None) -> Look:
        found = _statistics(case.planned.rate_rps, traffic.rate_rps, day)
        kinds: dict[str, set[str]] = {}
        for kind, threshold in thresholds.items():
            for i in np.flatnonzero(found[kind] > threshold):
                kinds.setdefault(traffic.workloads[i], set()).add(kind)
        return Look(kinds, frozenset(kinds))

    def twice(traffic: Traffic, earlier: Traffic | None) -> Look:
        now = static(traffic, None)
        before = Look({}, frozenset()) if earlier is None else static(earlier, None)
        alarmed = {
            name for name, kinds in now.kinds.items() if "anomaly" in kinds or kinds & before.kinds.get(name, set())
        }
        return Look(now.kinds, frozenset(alarmed))

    return {"covey": ours, "static": static, "static, twice": twice}


def measured(case: Case, seeds: int) -> list[str]:
    """Rows of the tables in docs/benchmarks.md.

    A change begins with a stretch and lasts through the next; both are looked at. What is named in either counts once,
    and what was named before the change is no news.
    """
    day = round(86_400 / case.planned.window.bin_s)
    months = len(case.later) * case.bins / day / DAYS_PER_MONTH
    lines = [
        f"{case.name}: {len(case.planned.workloads)} workloads, {len(case.layout.groups)} groups, "
        f"{len(case.later)} later stretches of {case.bins // day} d ({months:.2f} months)"
    ]
    for method, look in methods(case).items():
        quiet = [look(one, case.later[k - 1] if k else None) for k, one in enumerate(case.later)]
        found, alarmed = Score(), Score()
        for change in CHANGES:
            of_findings, of_alarms = Score(), Score()
            for k in range(0, len(case.later) - 1, 4 if len(case.later) > MANY else 1):
                for seed in range(seeds):
                    names, looks = _watched(case, look, change, k, 100 * k + seed)
                    known = quiet[k - 1] if k else Look({}, frozenset())
                    found_now = {name for one in looks for name in one.kinds}
                    alarmed_now = {name for one in looks for name in one.alarmed}
                    of_findings += Score.of(names, found_now - (known.kinds.keys() - names))
                    of_alarms += Score.of(names, alarmed_now - (known.alarmed - names))
            found, alarmed = found + of_findings, alarmed + of_alarms
            lines.append(f"| {case.name} | {method} | {change} | {of_findings} | {of_alarms} |")
        named = sum(len(one.kinds) for one in quiet)
        alarms = sum(len(one.alarmed) for one in quiet)
        fresh = sum(len(one.alarmed - (quiet[k - 1].alarmed if k else set())) for k, one in enumerate(quiet))
        kinds = {
            kind: sum(kind in of for one in quiet for of in one.kinds.values())
            for kind in ("level", "season", "correlation", "anomaly")
        }
        lines.append(f"| {case.name} | {method} | all | {found} | {alarmed} |")
        lines.append(
            f"| {case.name} | {method} | unchanged, a month | named {named / months:.1f} "
            f"({', '.join(f'{kind} {count}' for kind, count in kinds.items())} in all) | alarms {alarms / months:.1f}, "
            f"new ones {fresh / months:.1f} |"
        )
    return lines


def _watched(case: Case, look: Method, change: str, k: int, seed: int) -> tuple[frozenset[str], list[Look]]:
    """Look at a stretch with a change, and at the next, in which it lasts; a burst does not."""
    first, names = injected(case.later[k], CHANGES[change], seed)
    lasting = change != "3-hour burst"
    second = injected(case.later[k + 1], CHANGES[change], seed, names)[0] if lasting else case.later[k + 1]
    return names, [look(first, case.later[k - 1] if k else None), look(second, first)]


if __name__ == "__main__":
    main()
