"""The grouping problem: which sets of workloads may form a group, and what a group is worth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from generator.capacity.machines import Machines
from generator.capacity.offers import placeable
from generator.capacity.sizing import Sizer, Sizing, Terms
from generator.errors import InfeasibleError
from generator.model import Communities, CorrelationGraph, Profile, Traffic
from generator.side_by_side import Each, one_by_one

Members = tuple[int, ...]
# Groups that are sized in one stretch: long enough that threads seldom wait for each other.
BATCH = 16


@dataclass(frozen=True, slots=True)
class Weighting:
    """How much a recommendation weighs what money does not show.

    A group's worth is ``usd_per_h * (1 + cohesion * (1 - share of its members in one community) + blast * share of the
    fleet's requests)``, times what people rejected before makes it dearer (`generator.capacity.objections`). The other
    terms bound what the fleet's own limits and objectives leave open; `resident` keeps every model loaded where the
    fleet would let them take turns in memory.
    """

    cohesion: float
    blast: float
    traffic_share: float
    least_replicas: int
    headroom_factor: float
    memory_share: float
    miss_share: float
    resident: bool = False


# Weights are in shares of a group's cost. "cheapest" may scale to zero where the objective bears it; "balanced" keeps
# one replica running and pays up to a tenth more for groups that are one community; "resilient" runs two replicas
# everywhere, keeps every model loaded and lets no group carry more than a third of the traffic.
WEIGHTINGS: dict[Profile, Weighting] = {
    "cheapest": Weighting(
        cohesion=0.0,
        blast=0.0,
        traffic_share=1.0,
        least_replicas=0,
        headroom_factor=1.0,
        memory_share=1.0,
        miss_share=0.7,
    ),
    "balanced": Weighting(
        cohesion=0.1,
        blast=0.1,
        traffic_share=1.0,
        least_replicas=1,
        headroom_factor=1.1,
        memory_share=0.9,
        miss_share=0.35,
    ),
    "resilient": Weighting(
        cohesion=0.1,
        blast=0.3,
        traffic_share=0.34,
        least_replicas=2,
        headroom_factor=1.25,
        memory_share=0.8,
        miss_share=0.35,
        resident=True,
    ),
}


class Problem:
    """One fleet, one window, one weighting. Costs are kept by member set.

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
        The window to plan on.
    correlation : CorrelationGraph
    communities : Communities
    weighting : Weighting
    headroom : float
        Factor on the load that a plan must bear.
    stop : callable
        Tells whether to make do with what is found by now; without it only counted work ends a search.
    each : Each
        How many classes, blocks or groups are worked on at once: none of them holds what another does.
    sizer : Sizer, optional
        Another problem's on the same terms: what a group costs is the same for both, and sized once.

    Raises
    ------
    InfeasibleError
        Workloads that must stay together may not share an endpoint, or break a limit together.
    """

    def __init__(
        self,
        machines: Machines,
        traffic: Traffic,
        correlation: CorrelationGraph,
        communities: Communities,
        weighting: Weighting,
        headroom: float,
        *,
        stop: Callable[[], bool] = lambda: False,
        each: Each = one_by_one,
        sizer: Sizer | None = None,
    ) -> None:
        self.stop = stop
        self.each = each
        self.machines = machines
        self.traffic = traffic
        self.weighting = weighting
        fleet = machines.fleet
        self._keep_apart = {i: w.keep_apart for i, w in enumerate(fleet.workloads) if w.keep_apart is not None}
        mean_rate = traffic.rate_rps.mean(axis=1)
        self.share = mean_rate / max(float(mean_rate.sum()), 1e-12)
        self._share_of = self.share.tolist().__getitem__
        # Shares of a whole fleet may sum to a little more than 1.
        self.share_limit = min(fleet.limits.traffic_share_per_group, weighting.traffic_share) + 1e-9
        self.community = np.empty(len(fleet.workloads), dtype=np.intp)
        for number, members in enumerate(communities.members):
            self.community[list(members)] = number
        self.classes = tuple(self._atoms(members) for members in correlation.classes)
        self.bound = frozenset(atom for atoms in self.classes for atom in atoms if len(atom) > 1)
        # What must stay together may fill a machine whole, whatever a weighting would rather leave free.
        roomy = all(
            machines.fits(np.array(atom), weighting.memory_share, resident=weighting.resident).any()
            for atom in self.bound
        )
        self.memory_share = weighting.memory_share if roomy else 1.0
        self.resident = weighting.resident and roomy
        terms = Terms(
            headroom=headroom * weighting.headroom_factor,
            least_replicas=weighting.least_replicas,
            memory_share=self.memory_share,
            miss_share=weighting.miss_share,
            resident=self.resident,
        )
        self.sizer = sizer or Sizer(machines, traffic, terms)
        self._factors: dict[Members, float] = {}
        self._worths: dict[Members, float] = {}
        # By units that were packed in every way: worth, packing and groups at each host size.
        self.packings: dict[tuple[Members, ...], list[tuple[float, str, tuple[Members, ...]]]] = {}

    def _atoms(self, members: Sequence[int]) -> tuple[Members, ...]:
        """Workloads of one class as the units the search moves: single, or bound by `keep_together`."""
        workloads = self.machines.fleet.workloads
        bound: dict[str, list[int]] = {}
        for i, workload in enumerate(workloads):
            if workload.keep_together is not None:
                bound.setdefault(workload.keep_together, []).append(i)
        atoms: list[Members] = []
        here = frozenset(members)
        for i in members:
            label = workloads[i].keep_together
            if label is None:
                atoms.append((i,))
                continue
            together = tuple(bound[label])
            if together[0] != i and together[0] in here:
                continue
            if not here.issuperset(together):
                other = next(j for j in together if j not in here)
                raise InfeasibleError(
                    f"workloads {workloads[i].name} and {workloads[other].name}, keep_together {label!r}",
                    "they may not share an endpoint: runtime, accelerator, tenant, licence or pin differ (GRP001).",
                    "Remove the label from one of them, or make those fields alike.",
                )
            self._check_bound(together)
            atoms.append(together)
        return tuple(atoms)

    def _check_bound(self, atom: Members) -> None:
        """Refuse what must stay together and may not, with the rule that binds."""
        if len(atom) == 1:
            return
        table, limits, index = self.machines, self.machines.fleet.limits, np.array(atom)
        carried, most = float(self.share[index].sum()), limits.traffic_share_per_group
        rules = (
            (len(atom) > limits.models_per_group, f"{limits.models_per_group} models are allowed in a group (LIM001)"),
            (
                carried > most + 1e-9,
                f"they carry {carried:.0%} of the fleet's requests, {most:.0%} are allowed (LIM002)",
            ),
            (self._apart(atom), "they must be kept apart, too (APT001)"),
            (not table.region_allowed[index].all(axis=0).any(), "they have no region in common (RES001)"),
            (not table.fits(index).any(), f"{table.resident_gib(index):.1f} GiB fit no machine they may use (MEM001)"),
        )
        what = next((said for broken, said in rules if broken), None)
        if what is not None:
            names = ", ".join(table.fleet.workloads[i].name for i in atom[:3])
            label = table.fleet.workloads[atom[0]].keep_together
            raise InfeasibleError(
                f"workloads {names}, keep_together {label!r}",
                f"{what}.",
                "Remove the label from one of them, or relax the rule.",
            )

    def _apart(self, members: Members) -> bool:
        labels = [label for i in members if (label := self._keep_apart.get(i)) is not None] if self._keep_apart else []
        return len(labels) != len(set(labels))

    def may_group(self, members: Members) -> bool:
        """Check the rules that need no sizing: limits, `keep_apart`, a region in common, memory."""
        if len(members) == 1 or members in self.bound:
            return True
        table, fleet = self.machines, self.machines.fleet
        if len(members) > fleet.limits.models_per_group:
            return False
        if sum(map(self._share_of, members)) > self.share_limit:
            return False
        if self._apart(members):
            return False
        return placeable(table.offers, np.array(members), self.memory_share, self.resident)

    def size(self, members: Members) -> Sizing | None:
        """Size a group, None where it breaks a rule or no machine keeps its objectives."""
        if members in self.sizer.sized:
            return self.sizer.sized[members]
        return self.sizer.size(members) if self.may_group(members) else None

    def size_all(self, groups: Sequence[Members]) -> None:
        """Size groups as `size` would one by one, in one stretch."""
        sized = self.sizer.sized
        self.sizer.size_all([members for members in groups if members not in sized and self.may_group(members)])

    def sizes(self, groups: Sequence[Members]) -> list[Sizing | None]:
        """Size groups, several batches of them at once."""
        batches = [groups[at : at + BATCH] for at in range(0, len(groups), BATCH)]
        for _ in self.each(self.size_all, batches):
            pass
        return list(map(self.size, groups))

    def worth(self, members: Members) -> float:
        """What the group costs under the weighting, in US dollars an hour; infinite where it cannot be."""
        known = self._worths.get(members)
        if known is None:
            sizing = self.size(members)
            known = float("inf") if sizing is None else self._counted(members, sizing)
            self._worths[members] = known
        return known

    def _counted(self, members: Members, sizing: Sizing) -> float:
        return self.sizer.counted_usd_per_h(members, sizing) * self.factor(members)

    def worth_below(self, members: Members, limit: float) -> float:
        """What the group costs under the weighting if it is less than a limit, else infinity: cheaper to know."""
        if limit <= 0.0 or not (members in self.sizer.sized or self.may_group(members)):
            return float("inf")
        weight = self.factor(members)
        sizing = self.sizer.size_below(members, limit / weight)
        return float("inf") if sizing is None else self.sizer.counted_usd_per_h(members, sizing) * weight

    def factor(self, members: Members) -> float:
        """By how much the soft terms make a group dearer than its price for who is in it, 1 or more."""
        if members not in self._factors:
            self._factors[members] = self._factor(members)
        return self._factors[members]

    def _factor(self, members: Members) -> float:
        weighting, together = self.weighting, self.sizer.objections.together(members)
        if not weighting.cohesion and not weighting.blast:
            return together
        index = list(members)
        cohesion = float(np.bincount(self.community[index]).max()) / len(index)
        weight = 1.0 + weighting.cohesion * (1.0 - cohesion) + weighting.blast * sum(map(self._share_of, members))
        return weight * together


class Budget:
    """Work left, counted in groups looked at: a plan depends on the machine's speed only where a stop is asked for."""

    def __init__(self, problem: Problem, sizings: int) -> None:
        self._sizer = problem.sizer
        self._limit = self._sizer.looks + sizings
        self._stop = problem.stop

    def spent(self) -> bool:
        """Tell whether the work is used up."""
        return self._sizer.looks >= self._limit or self._stop()


def union(*parts: Members) -> Members:
    """Members of several parts, sorted."""
    return tuple(sorted(chain.from_iterable(parts)))
