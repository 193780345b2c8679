"""Solver against model: both layouts before the same judge on the planning window, and what came of it."""

from collections.abc import Sequence

from generator.admit import admit
from generator.capacity.machines import Machines
from generator.capacity.sizing import Sizing
from generator.dialogue import APPROVED_MARGIN, Example, LanguageModel, precedent
from generator.layouts import layout
from generator.model import REJECTED_MARGIN, Group, Layout, LedgerEntry, Profile, Traffic, Verdict
from generator.propose import Members, group_figures, propose, served_words
from generator.schedule import schedule
from generator.solve import Problem, Solution

# Worths closer than this, as a share, are the same: last bits of sums in another order.
TIE = 1e-9


def contest(
    profile: Profile,
    solution: Solution,
    problem: Problem,
    machines: Machines,
    traffic: Traffic,
    model: LanguageModel,
    *,
    scheduled: bool = False,
    memory: Sequence[Example] = (),
    notes: str | None = None,
) -> tuple[Layout, LedgerEntry]:
    """Let a model propose against the solver, and keep the better layout.

    A proposal is taken if it breaks no rule that the solver's layout keeps, objectives among them, serves nobody worse
    who is below their objective already, and is worth less under the recommendation's soft terms (cohesion, blast
    radius, what people approved and rejected before), each on the planning window.

    Parameters
    ----------
    profile : str
    solution : Solution
    problem : Problem
        What it solves.
    machines : Machines
    traffic : Traffic
        The planning window: the scored one decides nothing.
    model : LanguageModel
    scheduled : bool
        Whether minimums follow the clock, in either layout, where that pays.
    memory : sequence of Example
        How groups were served before, and what people decided, newest first.
    notes : str, optional
        See `generator.dialogue.Brief`.

    Returns
    -------
    Layout
    LedgerEntry
    """
    goals = machines.fleet.goals

    def timed(groups: Sequence[tuple[Members, Sizing]]) -> Sequence[tuple[Members, Sizing]]:
        return schedule(problem.sizer, groups) if scheduled else groups

    solved = layout(machines, traffic, timed(solution.groups), source="solver", method=solution.method)
    ours = admit(solved, machines, traffic)
    worth = _worth(solution.groups, solved, ours, problem, memory)
    proposal = propose(solution.groups, problem, model, goals=goals, memory=memory, notes=notes)
    if proposal.groups is None:
        reason = proposal.failure or "no proposal came"
        return solved, LedgerEntry(profile, "none", worth, None, None, reason, proposal.usage)
    if proposal.groups == solution.groups:
        return solved, LedgerEntry(profile, "tied", worth, worth, 0.0, "it is the solver's own layout", proposal.usage)
    other = layout(
        machines,
        traffic,
        timed(proposal.groups),
        source=model.source,
        method=f"proposed by the {model.name}, out of closed sets",
    )
    theirs = admit(other, machines, traffic)
    proposed = _worth(proposal.groups, other, theirs, problem, memory)
    regret = proposed / worth - 1.0 if worth > 0 else 0.0
    new = {(v.rule, v.subject) for v in theirs.violations} - {(v.rule, v.subject) for v in ours.violations}
    if new:
        outcome, reason = "lost", f"it breaks {', '.join(sorted({rule for rule, _ in new}))}, which the solver's keeps"
    elif worse := _served_worse(ours, theirs):
        outcome, reason = "lost", f"it serves {worse} of the workloads below their objective still worse"
    elif abs(regret) <= TIE:
        outcome, reason = "tied", "it is worth the same"
    elif regret > 0:
        outcome, reason = "lost", f"it is worth {regret:.2%} more USD/h, soft terms included"
    else:
        outcome, reason = "won", f"it is worth {-regret:.2%} less USD/h, soft terms included"
    entry = LedgerEntry(profile, outcome, worth, proposed, regret, reason, proposal.usage)
    return (other if outcome == "won" else solved), entry


def _worth(
    groups: Sequence[tuple[Members, Sizing]],
    one: Layout,
    verdict: Verdict,
    problem: Problem,
    memory: Sequence[Example],
) -> float:
    """Judged cost of a layout under the weighting's soft terms and past decisions, US dollars an hour."""
    names = [w.name for w in problem.machines.fleet.workloads]
    sized = {tuple(names[i] for i in members): (members, sizing) for members, sizing in groups}
    cost = {group.name: group.cost.expected for group in verdict.groups}
    soft = 0.0
    for group in one.groups:
        if group.name in cost:
            members, sizing = sized[group.workloads]
            objected = problem.sizer.counted_usd_per_h(members, sizing) / max(sizing.usd_per_h, 1e-12) - 1.0
            regard = _regard(group, members, problem, memory)
            # What is remembered of figures and what of names is the same word of people's, and counts once.
            regard = max(regard, objected) if objected else regard
            soft += cost[group.name] * (problem.factor(members) - 1.0 + regard)
    return verdict.cost.expected + soft


def _regard(group: Group, members: Members, problem: Problem, memory: Sequence[Example]) -> float:
    """What people decided about serving a group like this so, as a share of its cost."""
    if not memory:
        return 0.0
    figures = group_figures(members, problem.machines, problem.sizer.mean_rate)
    found = precedent(figures, served_words(group.hosting, group.instance_type, group.region), memory)
    if found is None:
        return 0.0
    return -APPROVED_MARGIN if found.outcome == "approved" else REJECTED_MARGIN


def _served_worse(ours: Verdict, theirs: Verdict) -> int:
    missed = [found.subject for found in theirs.violations if found.rule == "SLO001"]
    return sum(theirs.workload_attainment[name] < ours.workload_attainment[name] for name in missed)
