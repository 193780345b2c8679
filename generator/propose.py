"""The language model's proposal: moves between groups, then machine and region per group, all out of closed sets."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generator.capacity.machines import Machines
from generator.capacity.sizing import Sizer, Sizing
from generator.dialogue import Brief, Example, LanguageModel, Option, Question, nearest
from generator.model import CLOUD_OF_HOSTING, FloatArray, Hosting, Usage

Members = tuple[int, ...]
Sized = tuple[Members, Sizing]

OPTIONS_PER_GROUP = 8
# One call's worth. Of larger plans the dearest groups are asked about; the others stay as the solver left them.
GROUPS_ASKED = 40
MOVES_ASKED = 12
# Units whose moves are sized to find those: every one of them takes a few milliseconds.
STRAYS_SIZED = 24
TARGETS_PER_MOVE = 3


class Grouping(Protocol):
    """What a proposal has to know of the problem the solver solved."""

    @property
    def sizer(self) -> Sizer:
        """How groups are sized."""
        ...

    @property
    def classes(self) -> tuple[tuple[Members, ...], ...]:
        """Units that move as one, by compatibility class."""
        ...

    @property
    def community(self) -> NDArray[np.intp]:
        """Number of each workload's community."""
        ...

    def size(self, members: Members) -> Sizing | None:
        """Size a group, None where it breaks a rule or no machine keeps its objectives."""
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """A complete set of groups, or None where `failure` says why."""

    groups: tuple[Sized, ...] | None
    failure: str | None
    usage: Usage


def propose(
    solved: Sequence[Sized],
    grouping: Grouping,
    model: LanguageModel,
    *,
    goals: tuple[str, ...] = (),
    memory: Sequence[Example] = (),
    notes: str | None = None,
) -> Proposal:
    """Ask a model to improve on the solver's groups.

    Parameters
    ----------
    solved : sequence of (members, Sizing)
        What the solver found; to leave it as it is always is among the options.
    grouping : Grouping
    model : LanguageModel
    goals, notes
        See `generator.dialogue.Brief`.
    memory : sequence of Example
        How groups were served before, newest first; the most alike are told.

    Returns
    -------
    Proposal
        Every group of it breaks no rule of the grouping and was sized on its machine; the judge has still to see it.
    """
    usage = Usage()
    groups = list(solved)
    questions, targets = _moves(groups, grouping)
    if questions:
        answer = model.answer(Brief("move", questions, goals=goals, notes=notes))
        usage += answer.usage
        if answer.failure is not None:
            return Proposal(None, answer.failure, usage)
        wanted = [move for q in questions if (move := targets.get((q.id, answer.choices[q.id]))) is not None]
        groups = _moved(groups, wanted, grouping)
    serve, sizings = _served(groups, grouping.sizer)
    answer = model.answer(Brief("serve", serve, goals=goals, examples=nearest(memory, serve), notes=notes))
    usage += answer.usage
    if answer.failure is not None:
        return Proposal(None, answer.failure, usage)
    chosen = {question.id: sizings[question.id, answer.choices[question.id]] for question in serve}
    found = tuple((members, chosen.get(_id(number), own)) for number, (members, own) in enumerate(groups))
    return Proposal(found, None, usage)


def group_figures(members: Members, table: Machines, mean_rps: FloatArray) -> dict[str, float]:
    """What is told of a group: how many models, how busy, how large, how hard its tightest objective is."""
    index = np.array(members)
    workloads = [table.fleet.workloads[i] for i in members]
    return {
        "models": len(members),
        "requests_per_s": _rounded(float(mean_rps[index].sum())),
        "memory_gib": _rounded(table.resident_gib(index)),
        "tightest_objective_ms": _rounded(min(w.objective.latency_s for w in workloads) * 1e3),
        "needs_gpu": float(workloads[0].accelerator == "gpu"),
    }


def served_words(hosting: Hosting, instance_type: str, region: str) -> dict[str, str]:
    """What is told of what serves a group, in the catalogue's words."""
    return {
        "cloud": CLOUD_OF_HOSTING[hosting],
        "hosting": hosting,
        "instance_type": instance_type,
        "region": region,
    }


def _id(number: int) -> str:
    return f"g{number:03d}"


def _served(groups: Sequence[Sized], sizer: Sizer) -> tuple[tuple[Question, ...], dict[tuple[str, str], Sizing]]:
    dearest = sorted(range(len(groups)), key=lambda n: (-groups[n][1].usd_per_h, n))[:GROUPS_ASKED]
    questions: list[Question] = []
    sizings: dict[tuple[str, str], Sizing] = {}
    for number in sorted(dearest):
        members, own = groups[number]
        found = {own: None}
        for machine, region in sizer.options(members):
            sizing = sizer.size_on(members, machine, region)
            if sizing is not None:
                found[sizing] = None
            if len(found) == OPTIONS_PER_GROUP:
                break
        options = tuple(_option(f"o{i}", members, sizing, sizer) for i, sizing in enumerate(found))
        sizings.update({(_id(number), option.id): s for option, s in zip(options, found, strict=True)})
        questions.append(Question(_id(number), group_figures(members, sizer.machines, sizer.mean_rate), options))
    return tuple(questions), sizings


def _option(name: str, members: Members, sizing: Sizing, sizer: Sizer) -> Option:
    table = sizer.machines
    region = table.regions[sizing.region]
    figures = {
        "usd_per_h": _rounded(sizing.usd_per_h),
        "round_trip_ms": _rounded(float(table.round_trip_s[list(members), sizing.region].max()) * 1e3),
        "min_replicas": sizing.minimum,
        "max_replicas": sizing.maximum,
    }
    if region.grid_gco2e_per_kwh is not None:
        figures["grid_gco2e_per_kwh"] = region.grid_gco2e_per_kwh
    served = table.hosting[sizing.machine], table.instance_types[sizing.machine].name, region.name
    return Option(name, figures, served_words(*served))


@dataclass(frozen=True, slots=True)
class _Move:
    unit: Members
    target: Members
    """Members of the group it goes to, as the solver left it."""


def _moves(groups: Sequence[Sized], grouping: Grouping) -> tuple[tuple[Question, ...], dict[tuple[str, str], _Move]]:
    """Units whose community lives mostly in another group of their class, with the groups that would take them."""
    questions: list[Question] = []
    moves: dict[tuple[str, str], _Move] = {}
    for unit, source, targets in islice(_strays(groups, grouping), STRAYS_SIZED):
        name = f"m{len(questions):03d}"
        left = tuple(i for i in source[0] if i not in unit)
        remaining = grouping.size(left) if left else None
        if left and remaining is None:
            continue
        figures = {"usd_per_h_change": 0.0, "of_its_community_there": _share(unit, left, grouping.community)}
        options = [Option("o0", figures)]
        for members, sizing in targets[:TARGETS_PER_MOVE]:
            joined = grouping.size(tuple(sorted((*members, *unit))))
            if joined is None:
                continue
            after = joined.usd_per_h + (remaining.usd_per_h if remaining else 0.0)
            figures = {
                "usd_per_h_change": _rounded(after - source[1].usd_per_h - sizing.usd_per_h),
                "of_its_community_there": _share(unit, members, grouping.community),
            }
            option = Option(f"o{len(options)}", figures)
            options.append(option)
            moves[name, option.id] = _Move(unit, members)
        if len(options) > 1:
            rate = float(grouping.sizer.mean_rate[list(unit)].sum())
            questions.append(Question(name, {"requests_per_s": _rounded(rate)}, tuple(options)))
        if len(questions) == MOVES_ASKED:
            break
    return tuple(questions), moves


def _strays(groups: Sequence[Sized], grouping: Grouping) -> Iterator[tuple[Members, Sized, list[Sized]]]:
    where = {i: group for group in groups for i in group[0]}
    for units in grouping.classes:
        here = list(dict.fromkeys(where[i] for unit in units for i in unit))
        for unit in units:
            source = where[unit[0]]
            community = grouping.community[unit[0]]
            counts = Counter({g[0]: int((grouping.community[list(g[0])] == community).sum()) for g in here})
            own = counts[source[0]] - len(unit)
            better = [g for g in here if g is not source and counts[g[0]] > own]
            if better:
                yield unit, source, sorted(better, key=lambda g: (-counts[g[0]], g[0]))


def _share(unit: Members, members: Members, community: NDArray[np.intp]) -> float:
    """Share of the unit's community, without the unit, that is in a group."""
    all_of_it = int((community == community[unit[0]]).sum()) - len(unit)
    there = int((community[list(members)] == community[unit[0]]).sum()) if members else 0
    return _rounded(there / all_of_it) if all_of_it > 0 else 0.0


def _moved(groups: list[Sized], wanted: Sequence[_Move], grouping: Grouping) -> list[Sized]:
    """Make moves one after another, leaving out what an earlier one has made impossible."""
    for move in wanted:
        source = next((g for g in groups if set(move.unit) <= set(g[0])), None)
        target = next((g for g in groups if g[0] == move.target), None)
        if source is None or target is None or source is target:
            continue
        left = tuple(i for i in source[0] if i not in move.unit)
        parts = [part for part in (left, tuple(sorted((*target[0], *move.unit)))) if part]
        sizings = [(part, grouping.size(part)) for part in parts]
        if all(sizing is not None for _, sizing in sizings):
            kept = [g for g in groups if g is not source and g is not target]
            groups = sorted([*kept, *((part, s) for part, s in sizings if s is not None)], key=lambda g: g[0])
    return groups


def _rounded(figure: float) -> float:
    return float(f"{figure:.6g}")
