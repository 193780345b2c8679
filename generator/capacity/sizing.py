"""The cheapest machine, region and scaling policy that keep a group's objectives on a window of traffic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import floor_path, weekly_minima
from generator.capacity.loops import WHOLE, first_kept, least_mean_replicas, mean_above_floors, mean_replicas
from generator.capacity.machines import Machines
from generator.capacity.queueing import service_miss, service_quantiles
from generator.capacity.sampling import sample_bins
from generator.capacity.scaling import BEHAVIOUR, SCALING_TARGETS, idle_probability, late_share, scaling_signal
from generator.model import FloatArray, Hosting, ScheduledMinimum, Traffic

# Quantiles of the load that a minimum number of replicas may be laid for, beside the least possible one.
MINIMUM_QUANTILES: FloatArray = np.array([0.5, 0.9, 1.0])
# The autoscaler may go this far beyond the planned peak before it is stopped.
CEILING_FACTOR = 1.5
# Low scaling targets react early; they need not be met at the peak, where this utilisation is enough.
CEILING_UTILIZATION = 0.5
# From this availability on, an instance type that lives in one zone needs a second replica.
TWO_ZONES_AVAILABILITY = 0.999
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a sizing must respect beside the objectives.

    Parameters
    ----------
    headroom : float
        Factor on the load that waits in queues: the plan must hold if bins turn out so much busier.
    least_replicas : int
        Fewest replicas that always run; 0 lets a service scale to zero.
    memory_share : float
        Part of a machine's usable memory that several models together may fill.
    miss_share : float
        Part of the misses its objective allows beyond those of service alone that a workload may have on the window
        planned on; the rest is for what a later window brings.
    """

    headroom: float = 1.0
    least_replicas: int = 0
    memory_share: float = 1.0
    miss_share: float = 1.0


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

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
    terms : Terms
    """

    def __init__(self, machines: Machines, traffic: Traffic, terms: Terms) -> None:
        self.machines = machines
        self.terms = terms
        self.traffic = traffic
        self.rate, self.weights, self.sampled = sample_bins(traffic)
        self.bin_s = traffic.window.bin_s
        self.mean_rate = traffic.rate_rps.mean(axis=1)
        workloads = machines.fleet.workloads
        self.arrival_scv = traffic.interarrival_variation**2
        self.service_scv = np.array([w.service.variation**2 for w in workloads])
        self.latency_s = np.array([w.objective.latency_s for w in workloads])
        self.allowed_miss = np.array([1.0 - w.objective.percentile for w in workloads])
        self.size_gib = np.array([w.size_gib for w in workloads])
        self.two_zones = np.array([w.availability >= TWO_ZONES_AVAILABILITY for w in workloads])
        self.to_zero = np.array([BEHAVIOUR[hosting].scales_to_zero for hosting in machines.hosting])
        # Machines of one hosting kind, processor class and size run alike and differ only in memory and price.
        kinds = list(
            zip(machines.hosting, machines.processor_class.tolist(), machines.processors.tolist(), strict=True)
        )
        numbers = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
        self.alike = np.array([numbers[kind] for kind in kinds])
        self._in_reach: dict[int, NDArray[np.bool_]] = {}
        self._sized: dict[tuple[int, ...], Sizing | None] = {}
        self._at_least: dict[tuple[int, ...], float] = {}

    @property
    def sized(self) -> dict[tuple[int, ...], Sizing | None]:
        """Every member set sized so far, sorted indices to sizing; None where no machine serves it."""
        return self._sized

    @property
    def looks(self) -> int:
        """Member sets looked at so far, whether sized or found to cost too much."""
        return len(self._sized) + len(self._at_least)

    def size(self, members: Sequence[int]) -> Sizing | None:
        """Find the cheapest sizing of a group, None where none keeps every member's objective.

        Parameters
        ----------
        members : sequence of int
            Indices of workloads, in any order.
        """
        key = tuple(sorted(members))
        if key not in self._sized:
            group = _Group(self, np.array(key, dtype=np.intp))
            self._sized[key] = _cheapest(group, group.candidates())
        return self._sized[key]

    def size_below(self, members: Sequence[int], limit_usd_per_h: float) -> Sizing | None:
        """Find the cheapest sizing of a group if it costs less than a limit, which takes less work than to size it.

        None where it costs as much or more, or no machine keeps every member's objective.
        """
        key = tuple(sorted(members))
        if key not in self._sized:
            if limit_usd_per_h <= self._at_least.get(key, 0.0):
                return None
            group = _Group(self, np.array(key, dtype=np.intp))
            found = _cheapest(group, group.candidates(), limit_usd_per_h)
            if found is None:
                self._at_least[key] = limit_usd_per_h
                return None
            self._at_least.pop(key, None)
            self._sized[key] = found
        sizing = self._sized[key]
        return sizing if sizing is not None and sizing.usd_per_h < limit_usd_per_h else None

    def size_on(self, members: Sequence[int], machine: int, region: int) -> Sizing | None:
        """Find the cheapest policy on one machine in one region, None where none keeps every member's objective."""
        return _Group(self, np.array(sorted(members), dtype=np.intp)).cheapest_policy(machine, region, np.inf)

    def size_in(self, members: Sequence[int], hosting: Hosting, region: int) -> Sizing | None:
        """Find the cheapest sizing on one hosting kind in one region, None where none keeps every objective."""
        group = _Group(self, np.array(sorted(members), dtype=np.intp))
        return _cheapest(group, group.candidates(hosting, region))

    def keeps(self, members: Sequence[int], sizing: Sizing) -> bool:
        """Tell whether a group served as it is keeps every member's objective under the terms.

        Parameters
        ----------
        members : sequence of int
        sizing : Sizing
            Its machine, region and policy; what it costs does not matter.
        """
        group = _Group(self, np.array(sorted(members), dtype=np.intp))
        if sizing.minimum < group.least_replicas(sizing.machine):
            return False
        misses = _Misses(group, sizing.machine, sizing.region)
        if misses.out_of_reach:
            return False
        series, processors = group.series(sizing.machine), float(self.machines.processors[sizing.machine])
        policy = np.array([[sizing.target, float(sizing.minimum), float(sizing.maximum)]])
        load, signal = series.load / processors, series.signal / processors
        if sizing.schedule:
            behaviour = BEHAVIOUR[self.machines.hosting[sizing.machine]]
            floor = floor_path(weekly_minima(sizing.schedule, sizing.minimum), self.traffic.window, behaviour)
            signal = np.maximum(signal, floor[self.sampled] * sizing.target)
        return misses.first_kept(load, signal, series.busiest, policy) is not None

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
        group = _Group(self, np.array(sorted(members), dtype=np.intp))
        return group.policies_above(machine, region, floors[:, self.sampled], limit_usd_per_h)

    def in_reach(self, processor: int) -> NDArray[np.bool_]:
        """Regions from which a class of processors serves each workload in time but for waiting, shape (W, R)."""
        if processor not in self._in_reach:
            table = self.machines
            budget = self.latency_s[:, None] - table.round_trip_s
            variation = np.sqrt(self.service_scv)[:, None]
            missed = service_miss(budget, table.service_s[:, processor, None], variation)
            self._in_reach[processor] = missed <= self.allowed_miss[:, None]
        return self._in_reach[processor]

    def options(self, members: Sequence[int]) -> list[tuple[int, int]]:
        """Machines and regions that fit a group, likely cheapest first."""
        return [(k, r) for _, k, r in _Group(self, np.array(sorted(members), dtype=np.intp)).candidates()]


def _cheapest(
    group: "_Group", candidates: Sequence[tuple[float, int, int]], limit_usd_per_h: float = np.inf
) -> Sizing | None:
    best: Sizing | None = None
    for bound, machine, region in candidates:
        if bound >= limit_usd_per_h:
            break
        if not group.in_reach(int(group.sizer.machines.processor_class[machine]), region):
            continue
        found = group.cheapest_policy(machine, region, limit_usd_per_h)
        if found is not None:
            best, limit_usd_per_h = found, found.usd_per_h
    return best


class _Group:
    """One member set being sized: its summed series, computed once for all machines."""

    def __init__(self, sizer: Sizer, members: NDArray[np.intp]) -> None:
        self.sizer = sizer
        self.members = members
        self.rates = sizer.rate[members]
        self.total = self.rates.sum(axis=0)
        self.share = sizer.mean_rate[members] / max(sizer.mean_rate[members].sum(), 1e-12)
        self._series: dict[tuple[int, float], _Series] = {}
        self._idles: dict[tuple[float, float], FloatArray] = {}
        self._ups: dict[Hosting, FloatArray] = {}
        self._patient: dict[tuple[Hosting, int], bool] = {}
        self._reached: dict[int, NDArray[np.bool_]] = {}
        self.weighted = self.rates * sizer.weights
        self.requests = np.maximum(self.weighted.sum(axis=1), 1e-300)
        arrivals = float(self.share @ sizer.arrival_scv[members])
        services = float(self.share @ sizer.service_scv[members])
        self.variability = (arrivals + services) / 2.0
        self.weights = sizer.weights
        self.floor = 2 if sizer.two_zones[members].any() else 1

    def candidates(self, hosting: Hosting | None = None, region: int | None = None) -> list[tuple[float, int, int]]:
        """Machines and regions with a lower bound on their cost, cheapest first; of one kind and region if said."""
        table, members = self.sizer.machines, self.members
        wanted = table.worthwhile if hosting is None else np.array([kind == hosting for kind in table.hosting])
        fits = np.flatnonzero(table.fits(members, self.sizer.terms.memory_share) & table.worthwhile & wanted)
        regions = np.flatnonzero(table.region_allowed[members].all(axis=0))
        regions = regions if region is None else regions[regions == region]
        if len(fits) == 0 or len(regions) == 0:
            return []
        farthest = table.round_trip_s[np.ix_(members, regions)].max(axis=0)
        used = self._least_used(fits)
        cost = table.price_usd_per_h[np.ix_(fits, regions)] * used[:, None] + self.egress_usd_per_h(regions)
        # Two regions a machine: the cheapest, and the nearest in case the cheapest is too far for the objective.
        by_distance = np.lexsort((regions, farthest))
        nearest = by_distance[np.isfinite(cost[:, by_distance]).argmax(axis=1)]
        cheapest = by_distance[cost[:, by_distance].argmin(axis=1)]
        rows = np.tile(np.arange(len(fits)), 2)
        columns = np.concatenate([nearest, cheapest])
        order = np.lexsort((regions[columns], fits[rows], cost[rows, columns]))
        offered = order[np.isfinite(cost[rows, columns][order])]
        found = zip(
            cost[rows, columns][offered].tolist(),
            fits[rows][offered].tolist(),
            regions[columns][offered].tolist(),
            strict=True,
        )
        return list(dict.fromkeys(found))

    def _least_used(self, fits: NDArray[np.intp]) -> FloatArray:
        """Replicas the leanest policy runs on average, by machine; no policy runs fewer."""
        table = self.sizer.machines
        _, first, which = np.unique(self.sizer.alike[fits], return_index=True, return_inverse=True)
        kinds = fits[first]
        rows: dict[int, int] = {}
        signals: list[FloatArray] = []
        ups: list[FloatArray] = [self.sizer.weights]
        series, idle = np.zeros(len(kinds), dtype=np.intp), np.zeros(len(kinds), dtype=np.intp)
        least = np.zeros(len(kinds))
        for i, machine in enumerate(kinds.tolist()):
            seen = self.series(machine)
            if id(seen) not in rows:
                rows[id(seen)] = len(signals)
                signals.append(seen.signal)
            series[i] = rows[id(seen)]
            replicas = self.least_replicas(machine)
            if replicas > 0 or not self._is_patient(machine):
                least[i] = max(replicas, 1)
            else:
                up = self.up(table.hosting[machine])
                idle[i] = next((j for j, found in enumerate(ups) if found is up), len(ups))
                if idle[i] == len(ups):
                    ups.append(up)
        carried = table.processors[kinds] * SCALING_TARGETS[0]
        used = least_mean_replicas(np.array(signals), np.array(ups), self.weights, series, idle, carried, least)
        # A fleet's silent member may need none at all; a bound of 0 would make an unpriced region look free.
        return np.maximum(used, 1e-9)[which]

    def egress_usd_per_h(self, regions: NDArray[np.intp]) -> FloatArray:
        """Price of the group's responses by region."""
        table = self.sizer.machines
        per_s = self.sizer.mean_rate[self.members] @ table.egress_usd_per_request[np.ix_(self.members, regions)]
        return per_s * SECONDS_PER_HOUR

    def series(self, machine: int) -> "_Series":
        """The group's load and what the machine's autoscaler sees of it."""
        table = self.sizer.machines
        processor, behaviour = int(table.processor_class[machine]), BEHAVIOUR[table.hosting[machine]]
        key = (processor, behaviour.scale_out_delay_s)
        if key not in self._series:
            load = table.work_s[self.members, processor] @ self.rates
            signal = scaling_signal(load, behaviour, self.sizer.bin_s)
            self._series[key] = _Series(load, signal)
        return self._series[key]

    def up(self, hosting: Hosting) -> FloatArray:
        """Share of each bin's time that a service which may scale to zero is up."""
        if hosting not in self._ups:
            self._ups[hosting] = 1.0 - self._idle(BEHAVIOUR[hosting].hold_s, 0.0)
        return self._ups[hosting]

    def cold(self, hosting: Hosting) -> FloatArray:
        """Share of each bin's requests that would find a service scaled to zero, or still starting."""
        return self._idle(BEHAVIOUR[hosting].hold_s, float(self.starting_s(hosting).max()))

    def _idle(self, hold_s: float, start_s: float) -> FloatArray:
        if (hold_s, start_s) not in self._idles:
            self._idles[hold_s, start_s] = idle_probability(self.total, hold_s, self.sizer.bin_s, start_s=start_s)
        return self._idles[hold_s, start_s]

    def starting_s(self, hosting: Hosting) -> FloatArray:
        """Seconds a cold request of each member waits for the container and its model."""
        behaviour = BEHAVIOUR[hosting]
        return behaviour.start_s + self.sizer.size_gib[self.members] / behaviour.load_gib_per_s

    def cold_is_borne(self, machine: int, budget_s: FloatArray) -> bool:
        """Tell whether the misses that cold starts alone bring stay within every objective."""
        sizer, table, members = self.sizer, self.sizer.machines, self.members
        hosting = table.hosting[machine]
        service = table.service_s[members, table.processor_class[machine]]
        late = service_miss(budget_s - self.starting_s(hosting), service, np.sqrt(sizer.service_scv[members]))
        bearable = sizer.terms.miss_share * sizer.allowed_miss[members]
        return bool((late * (self.weighted @ self.cold(hosting)) <= bearable * self.requests).all())

    def _is_patient(self, machine: int) -> bool:
        """Tell whether cold starts would be borne if the network took no time."""
        key = (self.sizer.machines.hosting[machine], int(self.sizer.machines.processor_class[machine]))
        if key not in self._patient:
            self._patient[key] = self.cold_is_borne(machine, self.sizer.latency_s[self.members])
        return self._patient[key]

    def in_reach(self, processor: int, region: int) -> bool:
        """Tell whether no member's objective is missed by service and network alone."""
        if processor not in self._reached:
            self._reached[processor] = np.asarray(self.sizer.in_reach(processor)[self.members].all(axis=0))
        return bool(self._reached[processor][region])

    def least_replicas(self, machine: int) -> int:
        """Fewest replicas the terms, the hosting kind and the members' availability allow."""
        return max(self.sizer.terms.least_replicas, 0 if self.sizer.to_zero[machine] else self.floor)

    def cheapest_policy(self, machine: int, region: int, limit: float) -> Sizing | None:
        """Cheapest policy on one machine in one region that keeps every objective, if it costs less than the limit."""
        table = self.sizer.machines
        series, processors = self.series(machine), float(table.processors[machine])
        load, signal = series.load / processors, series.signal / processors
        least = self.least_replicas(machine)
        egress = float(self.egress_usd_per_h(np.array([region]))[0])
        price = float(table.price_usd_per_h[machine, region])
        misses = _Misses(self, machine, region)
        if misses.out_of_reach:
            return None
        if least == 0 and not self.cold_is_borne(machine, misses.budget):
            least = 1
        up = self.up(table.hosting[machine]) if least == 0 else None
        quota = table.fleet.limits.quotas.get(table.instance_types[machine].name, 10**6)
        peak = max(float(signal.max()), float(load.max()))
        ceilings = self._ceilings(peak)
        mean, policies = self._policies(series.quantiles / processors, signal, up, least, ceilings)
        cost = mean * price + egress
        target, fewest, most = policies.T
        wanted = np.maximum(np.maximum(fewest, 1.0), np.minimum(np.ceil(peak / target - WHOLE), most))
        worth_a_look = np.flatnonzero((cost < limit) & (wanted <= quota))
        found = misses.first_kept(load, signal, series.busiest, policies[worth_a_look])
        if found is None:
            return None
        chosen = worth_a_look[found]
        maximum = min(int(most[chosen]), quota)
        return Sizing(machine, region, float(target[chosen]), int(fewest[chosen]), maximum, float(cost[chosen]))

    def policies_above(
        self, machine: int, region: int, floors: FloatArray, limit: float
    ) -> Iterator[tuple[int, Sizing]]:
        """Policies above the paths of fewest replicas, shape (F, S), that keep every objective, cheapest first."""
        table = self.sizer.machines
        series, processors = self.series(machine), float(table.processors[machine])
        load, signal = series.load / processors, series.signal / processors
        misses = _Misses(self, machine, region)
        quota = table.fleet.limits.quotas.get(table.instance_types[machine].name, 10**6)
        peak = max(float(signal.max()), float(load.max()))
        highest = np.maximum(self._ceilings(peak)[:, None], floors.max(axis=1) + 1.0)
        mean = mean_above_floors(signal, self.weights, SCALING_TARGETS, floors, highest)
        egress = float(self.egress_usd_per_h(np.array([region]))[0])
        cost = np.round(mean, 12) * float(table.price_usd_per_h[machine, region]) + egress
        wanted = np.minimum(np.ceil(peak / SCALING_TARGETS - WHOLE)[:, None], highest)
        possible = (cost < limit) & (np.maximum(wanted, floors.max(axis=1)) <= quota) & (not misses.out_of_reach)
        for row in np.argsort(np.where(possible, cost, np.inf), axis=None, kind="stable")[: possible.sum()].tolist():
            p, f = divmod(row, len(floors))
            target, most = float(SCALING_TARGETS[p]), float(highest[p, f])
            # A policy that runs so many at least acts as one whose load never asks for fewer.
            raised = np.maximum(signal, floors[f] * target)
            if misses.first_kept(load, raised, series.busiest, np.array([[target, 1.0, most]])) is not None:
                fewest = int(floors[f].min())
                yield f, Sizing(machine, region, target, fewest, min(int(most), quota), float(cost[p, f]))

    def _ceilings(self, peak: float) -> FloatArray:
        """Most replicas by scaling target: beyond the planned peak, and no more than a moderate utilisation needs."""
        beyond = peak * self.sizer.terms.headroom * CEILING_FACTOR
        return np.maximum(1.0, np.ceil(beyond / np.maximum(SCALING_TARGETS, CEILING_UTILIZATION)))

    def _policies(
        self, quantiles: FloatArray, signal: FloatArray, up: FloatArray | None, least: int, ceilings: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Mean replicas, and scaling target, minimum and maximum; cheapest first, then what reacts earlier."""
        most = ceilings[:, None]
        laid = np.minimum(np.ceil(quantiles / SCALING_TARGETS[:, None]), most)
        minima = np.maximum(np.column_stack([np.full(len(laid), float(least)), laid]), least)
        # The autoscaler always has a replica to add, and with a low target it will: the price counts it.
        highest = np.maximum(most, minima + 1.0)
        replicas = mean_replicas(signal, signal if up is None else up, self.weights, SCALING_TARGETS, minima, highest)
        mean = np.round(replicas, 12).ravel()
        policies = np.column_stack([np.repeat(SCALING_TARGETS, minima.shape[1]), minima.ravel(), highest.ravel()])
        order = np.lexsort((policies[:, 1], policies[:, 0], mean))
        return mean[order], policies[order]


@dataclass(frozen=True, eq=False)
class _Series:
    """Load and scaling signal in processors, bin by bin."""

    load: FloatArray
    signal: FloatArray

    @cached_property
    def busiest(self) -> NDArray[np.intp]:
        """The bins, busiest first."""
        return np.argsort(-self.load, kind="stable")

    @cached_property
    def quantiles(self) -> FloatArray:
        """The load at `MINIMUM_QUANTILES`."""
        return _quantiles(self.load[self.busiest[::-1]])


class _Misses:
    """Whether a machine in a region keeps the objectives of a group's members, policy by policy."""

    def __init__(self, group: _Group, machine: int, region: int) -> None:
        sizer, table, members = group.sizer, group.sizer.machines, group.members
        processor = table.processor_class[machine]
        hosting = table.hosting[machine]
        service = table.service_s[members, processor]
        budget = sizer.latency_s[members] - table.round_trip_s[members, region]
        variation = np.sqrt(sizer.service_scv[members])
        self.group = group
        self.service_miss = service_miss(budget, service, variation)
        self.service, self.variation = service, variation
        self.late_share = late_share(BEHAVIOUR[hosting], sizer.bin_s)
        self.hosting: Hosting = hosting
        self.budget = budget
        self.slots = float(table.processors[machine] * table.slots[members, processor].min())
        self.mean_service = float(group.share @ service)
        tightest = int(np.argmin(budget - service))
        quantiles = service_quantiles(float(service[tightest]), float(variation[tightest]))
        self.waits = np.maximum(float(budget[tightest]) - quantiles, 0.0)
        spare = sizer.allowed_miss[members] - self.service_miss
        self.out_of_reach = bool((spare < 0).any())
        self.spare = sizer.terms.miss_share * spare

    def first_kept(
        self, load: FloatArray, signal: FloatArray, busiest: NDArray[np.intp], policies: FloatArray
    ) -> int | None:
        """Row of the first policy under which every member's share of late requests stays within its objective.

        All members are held to the wait the tightest of them bears, and to the start of the slowest, which errs on
        the safe side. Backlog is not carried over here; the judge does.
        """
        group = self.group
        starting = np.zeros(len(group.members))
        if (policies[:, 1] == 0.0).any():
            late = service_miss(self.budget - group.starting_s(self.hosting), self.service, self.variation)
            starting = late * (group.weighted @ group.cold(self.hosting))
        # What is late by service alone cannot be late again by waiting.
        waiting = np.maximum(1.0 - self.service_miss, 1e-300)
        row = first_kept(
            policies,
            load,
            signal,
            busiest,
            group.weighted,
            self.spare * group.requests / waiting,
            starting / waiting,
            group.sizer.terms.headroom,
            self.slots,
            self.mean_service,
            group.variability,
            self.waits,
            self.late_share,
        )
        return None if row < 0 else row


def _quantiles(ordered: FloatArray) -> FloatArray:
    """`MINIMUM_QUANTILES` of values in ascending order, between neighbours in proportion."""
    place = MINIMUM_QUANTILES * (len(ordered) - 1)
    below = place.astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
