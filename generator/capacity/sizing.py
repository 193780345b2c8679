"""The cheapest machine, region and scaling policy that keep a group's objectives on a window of traffic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from threading import local

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import floor_path, weekly_minima
from generator.capacity.cold_loads import SIZED_STEPS, ColdLoads, cold_loads
from generator.capacity.demand import Demand, Terms, demand, window
from generator.capacity.look import (
    ANY,
    DIGITS,
    NOTHING,
    Policy,
    candidates,
    ceiling,
    cheapest_policy,
    egress_usd_per_h,
    least_replicas,
    look,
    looks,
    usable_machines,
    with_cold_loads,
)
from generator.capacity.loops import mean_above_floors
from generator.capacity.machines import Machines
from generator.capacity.objections import Objections
from generator.capacity.offers import HOSTINGS, fixed
from generator.capacity.patience import borne, kept
from generator.capacity.prepared import prepared
from generator.capacity.scaling import BEHAVIOUR, SCALING_TARGETS, WHOLE
from generator.capacity.size_workers import size_workers, worker_machines, workers_keep
from generator.model import FloatArray, Hosting, ScheduledMinimum, Traffic


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a group is served: rows and columns of `Machines`, the scaling policy, and what it is expected to cost."""

    machine: int
    region: int
    target: float
    minimum: int
    maximum: int
    usd_per_h: float
    schedule: tuple[ScheduledMinimum, ...] = ()


class Sizer:
    """Sizes groups of one fleet on one window; every member set is sized once.

    Several threads may size at once where none of them sizes what another does.

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
        Sized on as it is `prepared`: who was asked nothing in it has the rate of `never_silent`.
    terms : Terms
    """

    def __init__(self, machines: Machines, traffic: Traffic, terms: Terms) -> None:
        self.machines = machines
        self.terms = terms
        self._prepared = seen = prepared(traffic)
        self.traffic, self._sampled = seen.traffic, seen.sampled
        self._offers = machines.offers
        turns = bool((machines.overcommit > 1.0).any()) and not terms.resident
        before = seen.history(SIZED_STEPS if turns else 0)
        self._window = window(seen.traffic, seen.rate_rps, seen.weights, before, terms)
        self.mean_rate: FloatArray = self._window.arrivals["mean_rps"]
        self.allowed_miss: FloatArray = self._offers.workload["allowed_miss"]
        self.two_zones: NDArray[np.bool_] = self._offers.workload["two_zones"]
        self.objections = Objections(machines)
        self._workers = worker_machines(machines)
        self._workers_of_some = self._workers & machines.machine_allowed.any(axis=0)
        self._sized: dict[tuple[int, ...], Sizing | None] = {}
        self._at_least: dict[tuple[int, ...], float] = {}
        self._mine = local()

    @property
    def sized(self) -> dict[tuple[int, ...], Sizing | None]:
        """Every member set sized so far, sorted indices to sizing; None where no machine serves it."""
        return self._sized

    @property
    def looks(self) -> int:
        """Member sets this thread has looked at so far, whether sized or found to cost too much."""
        return getattr(self._mine, "looks", 0)

    def _count(self) -> None:
        self._mine.looks = self.looks + 1

    def size(self, members: Sequence[int]) -> Sizing | None:
        """Find the cheapest sizing of a group, None where none keeps every member's objective.

        Machines that members objected to count as dearer; what a sizing says it costs is its price all the same.

        Parameters
        ----------
        members : sequence of int
            Indices of workloads, in any order.
        """
        key = tuple(sorted(members))
        if key not in self._sized:
            self._sized[key] = self._look(key, np.inf)
            self._count()
        return self._sized[key]

    def size_all(self, groups: Sequence[Sequence[int]]) -> None:
        """Size groups as `size` would one by one, in one stretch of compiled code that lets other threads run."""
        keys = dict.fromkeys(tuple(sorted(members)) for members in groups)
        plain = [key for key in keys if key not in self._sized and self.objections.dearer(key) is None]
        if plain:
            begins = np.cumsum([0, *map(len, plain)])
            members = np.fromiter(chain.from_iterable(plain), np.intp, begins[-1])
            found = looks(self._offers, self._window, members, begins)
            for key, (begin, end), policy in zip(plain, pairwise(begins.tolist()), found, strict=True):
                index = members[begin:end]
                self._sized[key] = _sizing(self._or_workers(index, policy, self._offers.price_usd_per_h))
                self._count()
        for key in keys:
            self.size(key)

    def size_below(self, members: Sequence[int], limit_usd_per_h: float) -> Sizing | None:
        """Find the cheapest sizing of a group if it costs less than a limit, which takes less work than to size it.

        None where it counts as much or more, or no machine keeps every member's objective.
        """
        key = tuple(sorted(members))
        if key not in self._sized:
            if limit_usd_per_h <= self._at_least.get(key, 0.0):
                return None
            found = self._look(key, limit_usd_per_h)
            if key not in self._at_least:
                self._count()
            if found is None:
                self._at_least[key] = limit_usd_per_h
                return None
            self._at_least.pop(key, None)
            self._sized[key] = found
        sizing = self._sized[key]
        if sizing is None or self.counted_usd_per_h(key, sizing) >= limit_usd_per_h:
            return None
        return sizing

    def counted_usd_per_h(self, members: Sequence[int], sizing: Sizing) -> float:
        """Return what a group served like this costs, its machines dearer where members objected to them."""
        factor = self.objections.factor(members, sizing.machine, sizing.region)
        if factor == 1.0:
            return sizing.usd_per_h
        index = np.array(sorted(members), dtype=np.intp)
        egress = egress_usd_per_h(self._offers, self._window, index, sizing.region)
        return egress + (sizing.usd_per_h - egress) * factor

    def size_in(self, members: Sequence[int], hosting: Hosting, region: int) -> Sizing | None:
        """Find the cheapest sizing on one hosting kind in one region, None where none keeps every objective."""
        return self._look(sorted(members), np.inf, HOSTINGS.index(hosting), region)

    def _look(
        self, members: Sequence[int], limit_usd_per_h: float, hosting: int = ANY, region: int = ANY
    ) -> Sizing | None:
        index = np.array(members, dtype=np.intp)
        factors = self.objections.dearer(members)
        offers = self._offers
        if factors is not None:
            offers = offers._replace(price_usd_per_h=fixed(offers.price_usd_per_h * factors))
        found = look(offers, self._window, index, hosting, region, float(limit_usd_per_h))
        best = self._or_workers(index, found, offers.price_usd_per_h, hosting, region)
        if factors is None or best.machine == NOTHING:
            return _sizing(best)
        return self.size_on(members, best.machine, best.region)

    def _or_workers(
        self,
        members: NDArray[np.intp],
        found: Policy,
        price_usd_per_h: FloatArray,
        hosting: int = ANY,
        region: int = ANY,
    ) -> Policy:
        """What was found, or workers for a request each that cost less."""
        among = self._workers_of_some
        if hosting != ANY:
            among = among & (self._offers.machine["hosting"] == hosting)
        rival = self._on_workers(members, price_usd_per_h, among, region, found.usd_per_h)
        return found if rival.machine == NOTHING else rival

    def _on_workers(
        self,
        members: NDArray[np.intp],
        price_usd_per_h: FloatArray,
        among: NDArray[np.bool_],
        region: int = ANY,
        limit_usd_per_h: float = np.inf,
    ) -> Policy:
        """Find the cheapest workers for a request each."""
        return size_workers(
            self.machines,
            self.traffic,
            self.terms,
            members,
            price_usd_per_h,
            among=among,
            region=region,
            limit_usd_per_h=limit_usd_per_h,
        )

    def size_on(self, members: Sequence[int], machine: int, region: int) -> Sizing | None:
        """Find the cheapest policy on one machine in one region, None where none keeps every member's objective."""
        if self._workers[machine]:
            only = np.arange(len(self._workers)) == machine
            index = np.array(sorted(members), dtype=np.intp)
            return _sizing(self._on_workers(index, self._offers.price_usd_per_h, only, region))
        group = self._demand(members, machine)
        return _sizing(cheapest_policy(self._offers, self._window, group, machine, region, np.inf))

    def options(self, members: Sequence[int]) -> list[tuple[int, int]]:
        """Machines and regions that fit a group, likely cheapest first."""
        index = np.array(sorted(members), dtype=np.intp)
        usable = usable_machines(self._offers, self._window, index, ANY)
        group = demand(self._offers, self._window, index, usable)
        _, found, regions = candidates(self._offers, self._window, group, usable, ANY, np.inf)
        rival = self._on_workers(index, self._offers.price_usd_per_h, self._workers)
        listed = list(zip(found.tolist(), regions.tolist(), strict=True))
        return listed if rival.machine == NOTHING else [(rival.machine, rival.region), *listed]

    def keeps(self, members: Sequence[int], sizing: Sizing) -> bool:
        """Tell whether a group served as it is keeps every member's objective under the terms.

        Parameters
        ----------
        members : sequence of int
        sizing : Sizing
            Its machine, region and policy; what it costs does not matter.
        """
        machine = sizing.machine
        if self._workers[machine]:
            index = np.array(sorted(members), dtype=np.intp)
            return workers_keep(self.machines, self.traffic, self.terms, index, machine, sizing.region, sizing.maximum)
        group = self._demand(members, machine)
        if sizing.minimum < least_replicas(self._offers, self._window, group, machine):
            return False
        load, signal = self._replicas(group, machine)
        loads = self._cold_loads(group, machine)
        if sizing.schedule:
            behaviour = BEHAVIOUR[self.machines.hosting[machine]]
            floor = floor_path(weekly_minima(sizing.schedule, sizing.minimum), self.traffic.window, behaviour)
            signal = np.maximum(signal, floor[self._sampled] * sizing.target)
        policy = sizing.target, float(sizing.minimum), float(sizing.maximum)
        return self._keeps(group, machine, sizing.region, loads, load, signal, *policy)

    def sizes_above(
        self, members: Sequence[int], machine: int, region: int, floors: FloatArray, limit_usd_per_h: float
    ) -> Iterator[tuple[int, Sizing]]:
        """Find policies above paths of fewest replicas that keep every objective, cheapest first.

        Parameters
        ----------
        members : sequence of int
        machine, region : int
        floors : ndarray, shape (F, T), at least 1
            Fewest replicas in every bin of the window.
        limit_usd_per_h : float
            What a policy must cost less than.

        Yields
        ------
        tuple of int and Sizing
            The row of the path, and the policy with the path's lowest point as its minimum.
        """
        offers, window, group = self._offers, self._window, self._demand(members, machine)
        floors = floors[:, self._sampled]
        load, signal = self._replicas(group, machine)
        loads = self._cold_loads(group, machine)
        peak, quota = float(load.max()), float(offers.machine["quota"][machine])
        most = np.array([ceiling(peak * window.headroom, target) for target in SCALING_TARGETS.tolist()])
        highest = np.maximum(most[:, None], floors.max(axis=1) + 1.0)
        mean = mean_above_floors(signal, window.weights, SCALING_TARGETS, floors, highest)
        egress = egress_usd_per_h(offers, window, group.members, region)
        cost = np.rint(mean * DIGITS) / DIGITS * float(offers.price_usd_per_h[machine, region]) + egress
        wanted = np.minimum(np.ceil(peak / SCALING_TARGETS - WHOLE)[:, None], highest)
        possible = (cost < limit_usd_per_h) & (np.maximum(wanted, floors.max(axis=1)) <= quota)
        for row in np.argsort(np.where(possible, cost, np.inf), axis=None, kind="stable")[: possible.sum()].tolist():
            p, f = divmod(row, len(floors))
            target, ceiling_of_path = float(SCALING_TARGETS[p]), float(highest[p, f])
            # A policy that runs so many at least acts as one whose load never asks for fewer.
            raised = np.maximum(signal, floors[f] * target)
            if self._keeps(group, machine, region, loads, load, raised, target, 1.0, ceiling_of_path):
                fewest, maximum = int(floors[f].min()), int(min(ceiling_of_path, quota))
                yield f, Sizing(machine, region, target, fewest, maximum, float(cost[p, f]))

    def _demand(self, members: Sequence[int], machine: int) -> Demand:
        """A group's demand on one machine."""
        only = np.arange(len(self.machines.hosting)) == machine
        return demand(self._offers, self._window, np.array(sorted(members), dtype=np.intp), only)

    def _replicas(self, group: Demand, machine: int) -> tuple[FloatArray, FloatArray]:
        """A group's load and scaling signal in replicas of a machine."""
        one = self._offers.machine[machine]
        signal = group.levels[one["processor"]][group.rank[one["kind"]]]
        return group.load[one["processor"]] / one["processors"], signal / one["processors"]

    def _cold_loads(self, group: Demand, machine: int) -> ColdLoads:
        """What loads of models that take turns on a machine do to a group."""
        window = self._window
        return cold_loads(
            self._offers, window.before, window.rate_rps, window.weights, group.members, machine, window.memory_share
        )

    def _keeps(
        self,
        group: Demand,
        machine: int,
        region: int,
        loads: ColdLoads,
        load: FloatArray,
        signal: FloatArray,
        target: float,
        fewest: float,
        most: float,
    ) -> bool:
        patience = borne(self._offers, self._window, group, machine, region, loads)
        one = self._offers.machine[machine]
        load, busiest = with_cold_loads(load, group.busiest[one["processor"]], loads, one["processors"])
        return patience.reachable and kept(self._window, group, patience, load, signal, busiest, target, fewest, most)


def _sizing(found: Policy) -> Sizing | None:
    if found.machine == NOTHING:
        return None
    return Sizing(found.machine, found.region, found.target, int(found.fewest), int(found.most), found.usd_per_h)
