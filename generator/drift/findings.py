"""Figures to findings: what each is about, why it matters, and what to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from generator.capacity.machines import Machines
from generator.drift.anomalies import LEAST_HOURS, Spell, anomalies
from generator.drift.blocks import Hourly, hourly
from generator.drift.features import shifted
from generator.drift.service import Service, missed
from generator.drift.traffic import Seen
from generator.model import (
    DriftAction,
    DriftKind,
    FeatureSamples,
    Finding,
    FloatArray,
    Group,
    Observations,
    Shift,
)

# Findings of a kind that may be false, as a share of them.
FALSE_SHARE = 0.05
# What a plan's own headroom bears is no finding, however sure: a level within this factor, and so far from the planning
# window's profile (total variation) or correlations (root mean square) beyond what its stretches typically are.
LEVEL_FACTOR = 1.25
# A group that bears its traffic is sized for something else at twice or half of it: machine types come in doublings.
RESIZE_FACTOR = 2.0
# Share of its planned rate below which a workload counts as silent.
SILENT_SHARE = 0.01
ONCE = "One stretch says so; it asks for something once the next one does, too."
SEASON_DISTANCE = 0.1
CORRELATION_DISTANCE = 0.1


@dataclass(frozen=True, eq=False)
class Watched:
    """A layout and its traffic by the hour, all in the fleet's order."""

    groups: tuple[Group, ...]
    names: tuple[str, ...]
    index: Mapping[str, int]
    planned: Hourly
    observed: Hourly
    since: datetime

    def rows(self, group: Group) -> list[int]:
        """Rows of a group's workloads."""
        return [self.index[name] for name in group.workloads]


def levels(watched: Watched, seen: Seen, machines: Machines, predicted: Mapping[str, float]) -> list[Finding]:
    """Workloads whose rate is another one; it matters where the group's is too, or where nobody asks any more.

    Parameters
    ----------
    watched : Watched
    seen : Seen
    machines : Machines
    predicted : mapping of str to float
        What the capacity model says of each workload's attainment for the observed traffic.
    """
    asked = {workload.name: workload.objective.percentile for workload in machines.fleet.workloads}

    def concerned(i: int) -> bool:
        return _beyond(seen.planned[i], seen.observed[i], LEVEL_FACTOR)

    found: list[Finding] = []
    for group, rows in _hit(watched, seen, concerned):
        everyone = watched.rows(group)
        before = float(np.nansum(seen.planned[everyone]))
        after = float(np.nansum(np.where(np.isnan(seen.observed), seen.planned, seen.observed)[everyone]))
        borne = all(predicted.get(name, 0.0) >= asked[name] for name in group.workloads)
        whole = Shift("rate of the group", before, after, "requests/s")
        silent = [i for i in rows if seen.observed[i] <= SILENT_SHARE * seen.planned[i]]
        moved = [i for i in rows if i not in silent]
        if silent:
            action, words = _silent(_named(watched, silent), alone=len(group.workloads) == 1)
            found.append(_level(watched, group, silent, seen, whole, action, words))
        if moved:
            lasts = bool(seen.lasting[moved].any())
            action, words = _another_level(_named(watched, moved), before, after, borne=borne, lasts=lasts)
            found.append(_level(watched, group, moved, seen, whole, action, words))
    return found


def _silent(who: str, *, alone: bool) -> tuple[DriftAction, str]:
    told = f"Hardly anybody asks {who} any more: ask who called."
    if alone:
        return "resize", f"{told} It is alone in its group, which may go."
    return "regroup", f"{told} What it had of its group is there for others."


def _another_level(who: str, before: float, after: float, *, borne: bool, lasts: bool) -> tuple[DriftAction, str]:
    times = _ratio(before, after)
    told = f"The traffic of {who} is at another level. The group as a whole serves {times} its planned rate,"
    if after > LEVEL_FACTOR * before and not borne:
        return "resize", f"{told} more than it answers in time."
    if not _beyond(before, after, RESIZE_FACTOR):
        return "nothing", f"{told} which it bears."
    told = f"{told} so it is sized for something else."
    return ("resize", told) if lasts else ("nothing", f"{told} {ONCE}")


def _level(
    watched: Watched, group: Group, rows: Sequence[int], seen: Seen, whole: Shift, action: DriftAction, message: str
) -> Finding:
    shifts = [
        Shift(f"rate of {watched.names[i]}", _of(seen.planned, i), _of(seen.observed, i), "requests/s") for i in rows
    ]
    return _finding(watched, "level", group, rows, [*shifts, whole], seen.significance, action, message)


def seasons(watched: Watched, seen: Seen) -> list[Finding]:
    """Workloads that are busy at other hours."""
    found: list[Finding] = []
    for group, rows in _lasting(watched, seen, SEASON_DISTANCE):
        action: DriftAction = "resize" if group.schedule else "regroup" if len(group.workloads) > 1 else "nothing"
        reason = {
            "resize": "The group's minimums follow a clock that no longer holds.",
            "regroup": "Who is busy when decided who shares the group.",
            "nothing": "It is alone in its group, which follows its load.",
        }[action]
        shifts = [
            Shift(f"distance of {watched.names[i]}'s profile", _of(seen.planned, i), _of(seen.observed, i), "share")
            for i in rows
        ]
        said = f"{_named(watched, rows)} {'is' if len(rows) == 1 else 'are'} busy at other hours. {reason}"
        found.append(_confirmed(watched, "season", group, rows, shifts, seen, action, said))
    return found


def correlations(watched: Watched, seen: Seen) -> list[Finding]:
    """Workloads that move with others than they did."""
    found: list[Finding] = []
    for group, rows in _lasting(watched, seen, CORRELATION_DISTANCE):
        shared = len(group.workloads) > 1
        shifts = [
            Shift(f"change of {watched.names[i]}'s correlations", _of(seen.planned, i), _of(seen.observed, i), "rms")
            for i in rows
        ]
        reason = (
            "Whether they still share the group's capacity well has to be worked out anew."
            if shared
            else "It is alone in its group, where nothing depends on that."
        )
        said = (
            f"{_named(watched, rows)} no longer {'moves' if len(rows) == 1 else 'move'} with the others as in the "
            f"planning window. {reason}"
        )
        action: DriftAction = "regroup" if shared else "nothing"
        found.append(_confirmed(watched, "correlation", group, rows, shifts, seen, action, said))
    return found


def services(watched: Watched, machines: Machines, answered: Sequence[Service]) -> list[Finding]:
    """Objectives that are missed, and whether the capacity model says so for this traffic."""
    asked = {workload.name: workload.objective for workload in machines.fleet.workloads}
    late = {one.workload: (one, p) for one, p in missed(answered, machines)}
    found: list[Finding] = []
    for group in watched.groups:
        here = [late[name] for name in sorted(group.workloads) if name in late]
        if not here:
            continue
        shifts: list[Shift] = []
        for one, _ in here:
            objective = asked[one.workload]
            shifts += [
                Shift(f"{one.workload} in time", objective.percentile, one.attainment, "share of requests"),
                Shift(
                    f"{one.workload} p{objective.percentile * 100:g}", objective.latency_s * 1e3, one.latency_ms, "ms"
                ),
                Shift(f"{one.workload} failed", 0.0, one.errors, "share of requests"),
            ]
            if one.predicted is not None:
                shifts.append(
                    Shift(f"{one.workload} in time, predicted", one.predicted, one.attainment, "share of requests")
                )
        foreseen = all(one.predicted is not None and one.predicted < asked[one.workload].percentile for one, _ in here)
        failing = all(one.errors > 1.0 - asked[one.workload].percentile for one, _ in here)
        reason = (
            "Failures alone are more than the objective bears: that is for the model's owners, not for a larger group."
            if failing
            else "The capacity model says so for this traffic: the group is too small for it."
            if foreseen
            else "The capacity model expects better for this traffic: requests take longer than assumed. Learn, then "
            "resize."
        )
        words = ", ".join(
            f"{one.workload} {one.attainment:.2%} of {asked[one.workload].percentile:.2%}" for one, _ in here
        )
        own = "" if not any(one.of_group for one, _ in here) else " Latencies are the group's, of all its models."
        found.append(
            Finding(
                kind="service-level",
                group=group.name,
                workloads=tuple(one.workload for one, _ in here),
                shifts=tuple(shifts),
                significance=max(p for _, p in here),
                since=watched.since,
                action="nothing" if failing else "resize",
                message=f"Objectives are missed, in time: {words}. {reason}{own}",
            )
        )
    return found


def features(watched: Watched, samples: Sequence[FeatureSamples], unjudged: list[str]) -> list[Finding]:
    """Models that are asked what they were not trained on; strangers are added to what could not be judged."""
    group_of = {name: group for group in watched.groups for name in group.workloads}
    strangers = sorted({one.workload for one in samples if one.workload not in group_of})
    unjudged += [f"{name}: there are samples of it, and no group serves it." for name in strangers]
    shifts = shifted([one for one in samples if one.workload in group_of])
    found: list[Finding] = []
    for name in sorted({one.workload for one in shifts}):
        here = [one for one in shifts if one.workload == name]
        shifted_ones = ", ".join(one.feature for one in here[:5]) + (" and more" if len(here) > 5 else "")
        found.append(
            Finding(
                kind="data",
                group=group_of[name].name,
                workloads=(name,),
                shifts=tuple(
                    shift
                    for one in here
                    for shift in (
                        Shift(f"{one.feature}, largest distance of the distributions", None, one.distance, "share"),
                        Shift(f"{one.feature}, population stability index", None, one.stability_index, "nats"),
                    )
                ),
                significance=max(one.significance for one in here),
                since=watched.since,
                action="retrain",
                message=f"{name} is asked what it was not trained on: {shifted_ones}.",
            )
        )
    return found


def hours(watched: Watched, observations: Observations, unjudged: list[str]) -> list[Finding]:
    """Single hours unlike any of the planning window."""
    if watched.planned.rate_rps.shape[1] < LEAST_HOURS:
        unjudged.append(f"single hours: they take {LEAST_HOURS // 24} days of planned traffic.")
        return []
    failures = {
        name: hourly(observations.groups.errors_rps[row : row + 1], observations.window).rate_rps[0]
        for row, name in enumerate(observations.groups.names)
    }
    nothing = np.full(watched.observed.rate_rps.shape[1], np.nan)
    found: list[Finding] = []
    for group in watched.groups:
        rows = watched.rows(group)
        spells = anomalies(
            Hourly(watched.planned.rate_rps[rows], watched.planned.start),
            Hourly(watched.observed.rate_rps[rows], watched.observed.start),
            failures.get(group.name, nothing),
            group.workloads,
        )
        found += [_spell(group, spell) for spell in spells]
    return found


def _spell(group: Group, spell: Spell) -> Finding:
    most = group.max_replicas * group.replica_rps
    beyond = spell.observed_rps > most
    seen = [words for words in ("unlike any of the planning window" if spell.forest else None, spell.static) if words]
    reason = (
        f"That is more than its most replicas carry, {most:.3g} requests/s."
        if beyond
        else "Its replicas bear it; look at what happened."
    )
    return Finding(
        kind="anomaly",
        group=group.name,
        workloads=(spell.workload,),
        shifts=(
            Shift("rate of the group in these hours", spell.usual_rps, spell.observed_rps, "requests/s"),
            Shift("length", None, float(spell.hours), "h"),
        ),
        significance=None,
        since=spell.since,
        action="resize" if beyond else "nothing",
        message=f"{spell.hours} {'hour' if spell.hours == 1 else 'hours'} from {spell.since:%Y-%m-%d %H:%M} UTC: "
        f"{'; '.join(seen)}, {spell.workload} most of all. {reason}",
    )


def _hit(watched: Watched, seen: Seen, matters: Callable[[int], bool]) -> list[tuple[Group, list[int]]]:
    """Groups with the workloads of which a change is both sure and large enough to matter."""
    pairs = [
        (
            group,
            sorted(i for i in watched.rows(group) if seen.significance[i] <= FALSE_SHARE and matters(i)),
        )
        for group in watched.groups
    ]
    return [(group, rows) for group, rows in pairs if rows]


def _lasting(watched: Watched, seen: Seen, distance: float) -> list[tuple[Group, list[int]]]:
    """Groups with the workloads that are so far from what is usual: those that have been for long, and the others."""
    hit = _hit(watched, seen, lambda i: seen.observed[i] - seen.planned[i] >= distance)
    parts = [
        (group, [i for i in rows if bool(seen.lasting[i]) == lasts]) for group, rows in hit for lasts in (True, False)
    ]
    return [(group, rows) for group, rows in parts if rows]


def _confirmed(
    watched: Watched,
    kind: DriftKind,
    group: Group,
    rows: Sequence[int],
    shifts: Sequence[Shift],
    seen: Seen,
    action: DriftAction,
    message: str,
) -> Finding:
    """Ask for something only where it lasts."""
    if action != "nothing" and not seen.lasting[list(rows)].all():
        action, message = "nothing", f"{message} {ONCE}"
    return _finding(watched, kind, group, rows, shifts, seen.significance, action, message)


def _finding(
    watched: Watched,
    kind: DriftKind,
    group: Group,
    rows: Sequence[int],
    shifts: Sequence[Shift],
    significance: FloatArray,
    action: DriftAction,
    message: str,
) -> Finding:
    return Finding(
        kind=kind,
        group=group.name,
        workloads=tuple(watched.names[i] for i in rows),
        shifts=tuple(shifts),
        significance=max(float(significance[i]) for i in rows),
        since=watched.since,
        action=action,
        message=message,
    )


def _beyond(before: float, after: float, factor: float) -> bool:
    return after > factor * before or before > factor * after


def _ratio(before: float, after: float) -> str:
    return f"{after / before:.2g} times" if before > 0 else "more than"


def _of(figures: FloatArray, i: int) -> float:
    return float(figures[i])


def _named(watched: Watched, rows: Sequence[int]) -> str:
    names = [watched.names[i] for i in rows]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
