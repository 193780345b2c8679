"""Whether another grouping pays for the moves it takes, and which."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from generator.admit import admit
from generator.backtest import HEADROOMS, TOLERATED_SHARE, asked
from generator.capacity.machines import machines
from generator.capacity.sizing import Sizing
from generator.correlate import correlate
from generator.layouts import layout as spelled_layout
from generator.membership.kept import MovingProblem, migration_usd, named
from generator.membership.running import USED_SHARE, Members, Running
from generator.model import (
    Catalog,
    CostInterval,
    Group,
    Inputs,
    Judged,
    Layout,
    Migration,
    Move,
    Profile,
    Regrouping,
    RegroupKind,
    RegroupOption,
    Traffic,
    Verdict,
)
from generator.partition import partition
from generator.solve import Problem, solve
from generator.solve.cover import MAX_ATOMS, cover
from generator.solve.search import search

METHOD = "planned, then regrouped"
HORIZON_H = 30.0 * 24.0
# Groups that may be looked at, in all and for each unit: what runs is a better start than those of `solve`.
SIZINGS, SIZINGS_PER_ATOM = 300, 2
# Savings under this share of what runs are ties: cost curves are lumpy, and the later window is one of many.
TIE_SHARE = 0.03

Found = list[tuple[Members, Sizing]]


def regroup(
    inputs: Inputs,
    catalog: Catalog,
    layout: Layout,
    profile: Profile,
    *,
    seed: int = 0,
    horizon_h: float = HORIZON_H,
    migration: Migration | None = None,
    history: Traffic | None = None,
    unseen: Traffic | None = None,
    progress: Callable[[str, float], None] = lambda _stage, _share: None,
) -> Regrouping:
    """Look for a better grouping than the one that runs, and say whether it pays to change.

    Three ways are found on the planning window: machines and scaling chosen anew; groups changed as far as each
    change pays for its own moves (`kept.MovingProblem`: local search from what runs, then set partitioning); all
    planned anew. Groups keep the names of those they carry on, and one with the same workloads stays as it is
    unless changing it pays. What runs and the three ways are judged on the later window, which none was planned on,
    and that decides: a way is proposed if it keeps as many objectives and, over the horizon, saves more than its
    migration and more than a tie; or if it keeps objectives that what runs misses. A way that misses objectives which
    what runs keeps is weighed once more with rising headroom before it is barred. A few weeks tell the level and
    what a way costs, and not all bursts: no way may be in time less often over all that was observed (`history`)
    than what runs, unless it leaves a share of the allowed misses unused (`running.USED_SHARE`). Whoever chooses
    the best of several on a window flatters it, so what all of it is worth is told from traffic that decided
    nothing.

    Parameters
    ----------
    inputs : Inputs
        The fleet, and its recent traffic in two windows.
    catalog : Catalog
    layout : Layout
        What runs: every workload in exactly one group.
    profile : Profile
        Which recommendation runs: its terms hold.
    seed : int
    horizon_h : float, h
        How long a change has time to pay for itself.
    migration : Migration, optional
    history : Traffic, optional
        All that was observed before now, both windows included; by default the later window stands for it.
    unseen : Traffic, optional
        What decides nothing, and scores; by default there is no such traffic, and the later window's figures stand.
    progress : callable
        Called with a stage's name and the share of it that is done.

    Returns
    -------
    Regrouping

    Raises
    ------
    InfeasibleError
        A workload cannot be served at all.
    """
    migration = migration or Migration()
    table = machines(inputs.fleet, catalog)
    running = Running(inputs, table, layout, profile, history)
    before = Judged(layout, admit(layout, table, inputs.scored))

    def observed(judged: Judged) -> Verdict:
        return judged.verdict if history is None else admit(judged.layout, table, history)

    known = observed(before)

    def scored(judged: Judged) -> Verdict:
        return judged.verdict if unseen is None else admit(judged.layout, table, unseen)

    graph = correlate(inputs.fleet, inputs.planned)
    communities = partition(graph, seed=seed)
    problem = Problem(table, inputs.planned, graph, communities, running.weighting, 1.0)
    moving = MovingProblem(graph, communities, running, migration, horizon_h, problem.sizer)

    def weighed(kind: RegroupKind, found: Found) -> tuple[RegroupOption, set[str]]:
        groups = [_kept(running, group, migration, horizon_h) for group in named(running, found)]
        option = _option(running, before, kind, groups, migration, horizon_h, scored)
        seen = observed(option.judged)
        used_up = _used_up(known.attainment, seen.attainment, asked(inputs.fleet, history or inputs.scored))
        newly = (_missed(option.judged.verdict) - _missed(before.verdict)) | (_missed(seen) - _missed(known))
        return replace(option, barred=option.barred or used_up), newly

    options: list[RegroupOption] = []
    seen = {_spelling(layout.groups)}
    for number, (kind, found) in enumerate(_ways(running, problem, moving, seed)):
        progress("looking for better groups", number / 3)
        option = _with_headroom(running, found, partial(weighed, kind))
        spelling = _spelling(option.judged.layout.groups)
        if spelling not in seen:
            seen.add(spelling)
            options.append(option)
    progress("looking for better groups", 1.0)
    proposed, reason = _decided(before.verdict, options, horizon_h)
    alone = _alone(running, problem, unseen or inputs.scored)
    return Regrouping(before, scored(before), alone, tuple(options), proposed, reason)


def _ways(running: Running, problem: Problem, moving: MovingProblem, seed: int) -> Iterator[tuple[RegroupKind, Found]]:
    resized: Found = []
    for group in running.layout.groups:
        members = running.members(group.workloads)
        sizing = running.sized(members, group) or running.sizing_of(group) or running.sized(members)
        if sizing is not None:
            resized.append((members, sizing))
    yield "resized", resized
    chosen: list[Members] = []
    for atoms in problem.classes:
        start = _start(running, moving, atoms)
        budget = SIZINGS_PER_ATOM * len(atoms) + SIZINGS
        better = search(moving, atoms, start, sizings=budget, seed=seed)
        if len(atoms) <= MAX_ATOMS:
            better = cover(moving, atoms, better, sizings=budget).groups
        chosen += better
    yield "few-moves", _sized(running, chosen)
    yield "anew", _sized(running, [members for members, _ in solve(problem, seed=seed).groups])


def _start(running: Running, problem: Problem, atoms: Sequence[Members]) -> list[Members]:
    """Groups of one class as they run; one that cannot run on any more is taken apart."""
    inside = {member for atom in atoms for member in atom}
    start: list[Members] = []
    for group in running.layout.groups:
        members = running.members(group.workloads)
        if members[0] not in inside:
            continue
        if np.isfinite(problem.worth(members)):
            start.append(members)
        else:
            start += [atom for atom in atoms if atom[0] in members]
    return start


def _sized(running: Running, chosen: Sequence[Members]) -> Found:
    home = _home(running)
    found: Found = []
    for members in sorted(chosen):
        sizing = running.sized(members, home.get(members)) or running.sized(members)
        if sizing is not None:
            found.append((members, sizing))
    return found


def _home(running: Running) -> dict[Members, Group]:
    """Groups by their members: what nobody joins or leaves stays where it is."""
    return {running.members(group.workloads): group for group in running.layout.groups}


def _with_headroom(
    running: Running, found: Found, weighed: Callable[[Found], tuple[RegroupOption, set[str]]]
) -> RegroupOption:
    """Weigh a way; one that is barred once more with who misses an objective newly sized for more, until it is not.

    Groups are sized for the traffic they are found on, which may hold no burst like one that the next holds: later
    traffic chooses the headroom, as it does of a plan (`generator.backtest`). It said too little once, so all that was
    observed has to agree. What no headroom helps stays barred as it was.
    """
    first, newly = weighed(found)
    if first.barred is None:
        return first
    found, home = list(found), _home(running)
    for headroom in HEADROOMS[1:]:
        short = set(running.members(newly))
        for i, (members, sizing) in enumerate(found):
            wider = None if short.isdisjoint(members) else running.sized_for(headroom, members, home.get(members))
            if wider is not None and wider.usd_per_h > sizing.usd_per_h:
                found[i] = members, wider
        option, newly = weighed(found)
        if option.barred is None and len(newly) <= TOLERATED_SHARE * len(running.index):
            return option
    return first


def _kept(running: Running, group: Group, migration: Migration, horizon_h: float) -> Group:
    """Return a group as it runs where it has the same workloads and changing it does not pay on the planning window."""
    former = next((old for old in running.layout.groups if old.name == group.name), None)
    if former is None or set(former.workloads) != set(group.workloads):
        return group
    broken, now = running.seen(former)
    if running.sizing_of(former) is None or len(running.seen(group)[0]) < len(broken):
        return group
    saves = (now - running.seen(group)[1]) * horizon_h - now * migration.update_h
    return group if saves > TIE_SHARE * now * horizon_h else former


def _option(
    running: Running,
    before: Judged,
    kind: RegroupKind,
    groups: Sequence[Group],
    migration: Migration,
    horizon_h: float,
    scored: Callable[[Judged], Verdict],
) -> RegroupOption:
    layout = Layout(tuple(sorted(groups, key=lambda group: group.name)), running.layout.source, METHOD)
    verdict = admit(layout, running.machines, running.inputs.scored)
    judged = Judged(layout, verdict)
    former = {group.name: group for group in running.layout.groups}
    home = {name: group.name for group in running.layout.groups for name in group.workloads}
    after = {group.name: group for group in layout.groups}
    costs = {group.name: running.seen(group)[1] for group in running.layout.groups}
    costs = {name: cost if np.isfinite(cost) else 0.0 for name, cost in costs.items()}
    price = migration_usd(running.layout.groups, layout.groups, costs, migration)
    saving = before.verdict.cost.expected - verdict.cost.expected
    return RegroupOption(
        kind=kind,
        judged=judged,
        scored=scored(judged),
        moves=tuple(
            Move(name, home[name], group.name)
            for group in layout.groups
            for name in sorted(group.workloads)
            if home[name] != group.name
        ),
        changed=tuple(name for name, group in after.items() if name in former and former[name] != group),
        added=tuple(name for name in after if name not in former),
        ended=tuple(name for name in former if name not in after),
        saving_usd_per_h=saving,
        migration_usd=price,
        net_usd=saving * horizon_h - price,
        barred=_barred(before.verdict, verdict),
    )


def _used_up(before: float, after: float, percentile: float) -> str | None:
    """Say so where a way is in time less often over all that was observed, and has no more left than misses allow."""
    if after >= min(before, 1.0 - USED_SHARE * (1.0 - percentile)):
        return None
    return f"over all that was observed {after:.2%} of requests would be in time; as the fleet runs, {before:.2%} are."


def _barred(before: Verdict, after: Verdict) -> str | None:
    known = {(found.rule, found.subject) for found in before.violations}
    broken = [f for f in after.violations if f.rule != "SLO001" and (f.rule, f.subject) not in known]
    if broken:
        return f"it breaks {broken[0].rule}: {broken[0].subject}: {broken[0].message}"
    more = _short(after) - _short(before)
    if more > TOLERATED_SHARE * len(after.workload_attainment):
        return f"{more} more workloads would miss their objective."
    return None


def _short(verdict: Verdict) -> int:
    return len(_missed(verdict))


def _missed(verdict: Verdict) -> set[str]:
    return {found.subject for found in verdict.violations if found.rule == "SLO001"}


def _decided(before: Verdict, options: Sequence[RegroupOption], horizon_h: float) -> tuple[int | None, str]:
    days = f"{horizon_h / 24.0:g} days"
    if not options:
        return None, "Nothing better was found: sized or planned anew, the groups stay what they are."
    least = TIE_SHARE * before.cost.expected * horizon_h
    allowed = [i for i, option in enumerate(options) if option.barred is None]
    tolerated = TOLERATED_SHARE * len(before.workload_attainment)
    repairs = [i for i in allowed if _short(before) - _short(options[i].judged.verdict) > tolerated]
    paying = [i for i in allowed if options[i].net_usd > least and np.isfinite(options[i].net_usd)]
    gone = [i for i in allowed if not np.isfinite(before.cost.expected)]
    if gone:
        best = min(gone, key=lambda i: options[i].judged.verdict.cost.expected)
        return best, "A machine that serves a group is no longer to be had."
    if repairs:
        best = max(repairs, key=lambda i: (-_short(options[i].judged.verdict), options[i].net_usd))
        kept = _short(before) - _short(options[best].judged.verdict)
        return best, f"{kept} workloads keep their objective that miss it as the fleet runs."
    if paying:
        best = max(paying, key=lambda i: options[i].net_usd)
        one = options[best]
        said = f"Over {days} it saves {one.saving_usd_per_h * horizon_h:,.0f} USD and takes {one.migration_usd:,.0f}"
        return best, f"{said} USD to get there."
    best = max(options, key=lambda option: option.net_usd)
    if best.barred is not None and best.net_usd > least:
        return None, f"What would save most is barred: {best.barred}"
    return None, (
        f"Nothing pays: over {days} the best way saves {best.saving_usd_per_h * horizon_h:,.0f} USD, takes "
        f"{best.migration_usd:,.0f} USD to get there, and less than {least:,.0f} USD more is a tie."
    )


def _alone(running: Running, problem: Problem, traffic: Traffic) -> CostInterval:
    """What everyone on an endpoint of their own costs."""
    count = len(running.inputs.fleet.workloads)
    sized = [((i,), sizing) for i in range(count) if (sizing := problem.sizer.size((i,))) is not None]
    alone = spelled_layout(running.machines, running.inputs.planned, sized, source="solver", method="one endpoint each")
    return admit(alone, running.machines, traffic).cost


def _spelling(groups: Sequence[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: group.name))
