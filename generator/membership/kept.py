"""A grouping that pays for what changing to it costs, and groups that keep the names of those they carry on."""

from collections.abc import Collection, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from generator.capacity.sizing import Sizer, Sizing
from generator.membership.running import Members, Running
from generator.model import Communities, CorrelationGraph, Group, Migration
from generator.solve import Problem


class MovingProblem(Problem):
    """The grouping problem of a fleet that is served already: a group is dearer by what it takes to get there.

    To a group's worth is added, spread over the horizon, the price of each member that would come from another group
    than the one most come from, and the double running of groups that change. A group that runs as it is costs nothing
    more, so whatever the search moves has paid for its move.

    Parameters
    ----------
    correlation : CorrelationGraph
    communities : Communities
    running : Running
    migration : Migration
    horizon_h : float, h
    sizer : Sizer, optional
        Of the fleet's problem without moves.
    """

    def __init__(
        self,
        correlation: CorrelationGraph,
        communities: Communities,
        running: Running,
        migration: Migration,
        horizon_h: float,
        sizer: Sizer | None = None,
    ) -> None:
        planned, weighting = running.inputs.planned, running.weighting
        super().__init__(running.machines, planned, correlation, communities, weighting, headroom=1.0, sizer=sizer)
        self._home: dict[int, int] = {}
        self._usd_per_h: list[float] = []
        self._whole: set[Members] = set()
        for number, group in enumerate(running.layout.groups):
            members = running.members(group.workloads)
            self._home.update(dict.fromkeys(members, number))
            self._whole.add(members)
            self._usd_per_h.append(running.seen(group)[1])
        self._migration, self._horizon_h = migration, horizon_h

    def surcharge(self, members: Members) -> float:
        """What it takes to get to a group, US dollars an hour over the horizon."""
        if members in self._whole:
            return 0.0
        homes = np.array([self._home[i] for i in members])
        numbers, counts = np.unique(homes, return_counts=True)
        movers = len(members) - int(counts.max())
        # Each former group that gives members away is emitted again; the first of them is this one, updated in place.
        double = sum(self._usd_per_h[n] for n in numbers.tolist() if np.isfinite(self._usd_per_h[n]))
        once = movers * self._migration.usd_per_move + double * self._migration.update_h
        return once / self._horizon_h

    def worth(self, members: Members) -> float:
        """What the group costs under the weighting with the way there, in US dollars an hour."""
        return super().worth(members) + self.surcharge(members)

    def worth_below(self, members: Members, limit: float) -> float:
        """The same if it is less than a limit, else infinity."""
        extra = self.surcharge(members)
        return super().worth_below(members, limit - extra) + extra


def named(running: Running, found: Sequence[tuple[Members, Sizing]]) -> list[Group]:
    """Spell groups under the names of those they share most workloads with, at most one each; the rest get new ones.

    A name stays in its cloud, region and hosting kind: what moves out of those is made beside the old group. The
    pairing shares most workloads in total (Hungarian method).

    Parameters
    ----------
    running : Running
    found : sequence of (members, Sizing)
    """
    former = running.layout.groups
    before = [set(running.members(group.workloads)) for group in former]
    spelled = [running.spelled(members, sizing, "unnamed") for members, sizing in found]
    shared = np.zeros((len(spelled), len(former)))
    for i, (group, (members, _)) in enumerate(zip(spelled, found, strict=True)):
        for j, old in enumerate(former):
            if (old.cloud, old.region, old.hosting) == (group.cloud, group.region, group.hosting):
                shared[i, j] = len(before[j] & set(members))
    rows, columns = linear_sum_assignment(shared, maximize=True)
    pairs = {i: former[j].name for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if shared[i, j] > 0}
    result: list[Group] = []
    fresh: set[str] = set()
    for i, (members, sizing) in enumerate(found):
        name = pairs.get(i)
        if name is None:
            busiest = max(members, key=lambda m: (running.mean_rate[m], m))
            name = running.free_name(running.inputs.fleet.workloads[busiest].name, fresh)
            fresh.add(name)
        result.append(running.spelled(members, sizing, name))
    return result


def migration_usd(
    before: Collection[Group], after: Collection[Group], usd_per_h: dict[str, float], one: Migration
) -> float:
    """What changing from some groups to others costs, US dollars.

    Parameters
    ----------
    before, after : collection of Group
    usd_per_h : dict of str to float
        What each former group costs.
    one : Migration
    """
    kept = {group.name: group for group in after}
    home = {name: group.name for group in before for name in group.workloads}
    moves = sum(home[name] != group.name for group in after for name in group.workloads)
    changed = sum(usd_per_h[g.name] for g in before if g.name in kept and kept[g.name] != g)
    ended = sum(usd_per_h[g.name] for g in before if g.name not in kept)
    return moves * one.usd_per_move + changed * one.update_h + ended * one.handover_h
