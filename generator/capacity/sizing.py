"""The cheapest machine, region and scaling policy that keep a group's objectives on a window of traffic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.capacity.machines import Machines
from generator.capacity.queueing import service_miss, service_quantiles, wait_tail
from generator.capacity.scaling import BEHAVIOUR, SCALING_TARGETS, idle_probability, scaling_signal
from generator.model import FloatArray, Traffic

# Long windows are sized on their busiest bins and an even sample of the others; the judge replays every bin.
BUSIEST_BINS = 512
SAMPLED_BINS = 512
# Quantiles of the load that a minimum number of replicas may be laid for, beside the least possible one.
MINIMUM_QUANTILES: FloatArray = np.array([0.5, 0.9, 1.0])
# The autoscaler may go this far beyond the planned peak before it is stopped.
CEILING_FACTOR = 1.5
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
    """

    headroom: float = 1.0
    least_replicas: int = 0


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a group is served: rows and columns of `Machines`, the scaling policy, and what it is expected to cost."""

    machine: int
    region: int
    target: float
    minimum: int
    maximum: int
    usd_per_h: float


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
        self.rate = traffic.rate_rps
        self.bin_s = traffic.window.bin_s
        self.mean_rate = self.rate.mean(axis=1)
        workloads = machines.fleet.workloads
        self.arrival_scv = traffic.interarrival_variation**2
        self.service_scv = np.array([w.service.variation**2 for w in workloads])
        self.latency_s = np.array([w.objective.latency_s for w in workloads])
        self.allowed_miss = np.array([1.0 - w.objective.percentile for w in workloads])
        self.load_s = np.array([w.size_gib for w in workloads])
        self.two_zones = np.array([w.availability >= TWO_ZONES_AVAILABILITY for w in workloads])
        self._sized: dict[tuple[int, ...], Sizing | None] = {}

    @property
    def sized(self) -> dict[tuple[int, ...], Sizing | None]:
        """Every member set sized so far, sorted indices to sizing; None where no machine serves it."""
        return self._sized

    def size(self, members: Sequence[int]) -> Sizing | None:
        """Find the cheapest sizing of a group, None where none keeps every member's objective.

        Parameters
        ----------
        members : sequence of int
            Indices of workloads, in any order.
        """
        key = tuple(sorted(members))
        if key not in self._sized:
            self._sized[key] = self._cheapest(np.array(key, dtype=np.intp))
        return self._sized[key]

    def size_on(self, members: Sequence[int], machine: int, region: int) -> Sizing | None:
        """Find the cheapest policy on one machine in one region, None where none keeps every member's objective."""
        return _Group(self, np.array(sorted(members), dtype=np.intp)).cheapest_policy(machine, region, np.inf)

    def options(self, members: Sequence[int]) -> list[tuple[int, int]]:
        """Machines and regions that fit a group, likely cheapest first."""
        return [(k, r) for _, k, r in _Group(self, np.array(sorted(members), dtype=np.intp)).candidates()]

    def _cheapest(self, members: NDArray[np.intp]) -> Sizing | None:
        group = _Group(self, members)
        best: Sizing | None = None
        for bound, machine, region in group.candidates():
            if best is not None and bound >= best.usd_per_h:
                break
            found = group.cheapest_policy(machine, region, best.usd_per_h if best else np.inf)
            best = found or best
        return best


class _Group:
    """One member set being sized: its summed series, computed once for all machines."""

    def __init__(self, sizer: Sizer, members: NDArray[np.intp]) -> None:
        self.sizer = sizer
        self.members = members
        self.rates = sizer.rate[members]
        self.total = self.rates.sum(axis=0)
        self.share = sizer.mean_rate[members] / max(sizer.mean_rate[members].sum(), 1e-12)
        self._series: dict[tuple[int, float], tuple[FloatArray, FloatArray, FloatArray]] = {}
        arrivals = float(self.share @ sizer.arrival_scv[members])
        services = float(self.share @ sizer.service_scv[members])
        self.variability = (arrivals + services) / 2.0
        self.bins, self.weights = self._bins()
        self.sampled_rates = self.rates[:, self.bins] * self.weights

    def _bins(self) -> tuple[NDArray[np.intp], FloatArray]:
        count = self.rates.shape[1]
        if count <= BUSIEST_BINS + SAMPLED_BINS:
            return np.arange(count), np.full(count, 1.0 / count)
        work = self.sizer.machines.work_s[self.members].min(axis=1) @ self.rates
        busiest = np.sort(np.argpartition(work, count - BUSIEST_BINS)[count - BUSIEST_BINS :])
        others = np.delete(np.arange(count), busiest)
        sampled = others[np.linspace(0, len(others) - 1, SAMPLED_BINS).astype(np.intp)]
        weights = np.concatenate([np.ones(BUSIEST_BINS), np.full(SAMPLED_BINS, len(others) / SAMPLED_BINS)])
        return np.concatenate([busiest, sampled]), weights / weights.sum()

    def candidates(self) -> list[tuple[float, int, int]]:
        """Machines and regions with a lower bound on their cost, cheapest first."""
        table, members = self.sizer.machines, self.members
        fits = np.flatnonzero(table.fits(members))
        regions = np.flatnonzero(table.region_allowed[members].all(axis=0))
        if len(fits) == 0 or len(regions) == 0:
            return []
        farthest = table.round_trip_s[np.ix_(members, regions)].max(axis=0)
        used = np.array([self._least_used(int(machine)) for machine in fits])
        cost = table.price_usd_per_h[np.ix_(fits, regions)] * used[:, None] + self.egress_usd_per_h(regions)
        # Two regions a machine: the cheapest, and the nearest in case the cheapest is too far for the objective.
        by_distance = np.lexsort((regions, farthest))
        nearest = by_distance[np.isfinite(cost[:, by_distance]).argmax(axis=1)]
        cheapest = by_distance[cost[:, by_distance].argmin(axis=1)]
        rows = np.arange(len(fits))
        return sorted(
            {
                (float(cost[row, column]), int(fits[row]), int(regions[column]))
                for row, column in zip(np.tile(rows, 2), np.concatenate([nearest, cheapest]), strict=True)
                if np.isfinite(cost[row, column])
            }
        )

    def _least_used(self, machine: int) -> float:
        """Replicas no policy can go below on average."""
        load, _, up = self.series(machine)
        least = self.least_replicas(machine)
        floor = float(self.weights @ up) if least == 0 else float(least)
        return max(floor, float(self.weights @ load) / float(SCALING_TARGETS[0]))

    def egress_usd_per_h(self, regions: NDArray[np.intp]) -> FloatArray:
        """Price of the group's responses by region."""
        table = self.sizer.machines
        per_s = self.sizer.mean_rate[self.members] @ table.egress_usd_per_request[np.ix_(self.members, regions)]
        return per_s * SECONDS_PER_HOUR

    def series(self, machine: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Load and scaling signal in replicas, and share of time a service that may scale to zero is up, bin by bin."""
        table = self.sizer.machines
        processor, behaviour = int(table.processor_class[machine]), BEHAVIOUR[table.hosting[machine]]
        key = (processor, behaviour.scale_out_delay_s)
        if key not in self._series:
            load = table.work_s[self.members, processor] @ self.rates
            signal = scaling_signal(load, behaviour, self.sizer.bin_s)
            up = 1.0 - idle_probability(self.total, behaviour.hold_s, self.sizer.bin_s)
            self._series[key] = (load[self.bins], signal[self.bins], up[self.bins])
        load, signal, up = self._series[key]
        per_replica = 1.0 / table.processors[machine]
        return load * per_replica, signal * per_replica, up

    def least_replicas(self, machine: int) -> int:
        """Fewest replicas the terms, the hosting kind and the members' availability allow."""
        hosting = self.sizer.machines.hosting[machine]
        floor = self.sizer.terms.least_replicas
        if BEHAVIOUR[hosting].scales_to_zero:
            return floor
        return max(floor, 2 if self.sizer.two_zones[self.members].any() else 1)

    def cheapest_policy(self, machine: int, region: int, limit: float) -> Sizing | None:
        """Cheapest scaling policy on one machine in one region that keeps every objective, if it costs less than the limit."""
        sizer, table = self.sizer, self.sizer.machines
        load, signal, up = self.series(machine)
        least = self.least_replicas(machine)
        egress = float(self.egress_usd_per_h(np.array([region]))[0])
        price = float(table.price_usd_per_h[machine, region])
        misses = _Misses(self, machine, region)
        if misses.out_of_reach:
            return None
        quota = table.fleet.limits.quotas.get(table.instance_types[machine].name, 10**6)
        peak = max(float(signal.max()), float(load.max()))
        for usd, target, minimum in self._policies(load, signal, up, least, price):
            if usd + egress >= limit:
                return None
            maximum = max(minimum + 1, int(np.ceil(peak * sizer.terms.headroom * CEILING_FACTOR / target)))
            needed = max(minimum, int(np.ceil(peak / target)))
            if needed > quota:
                continue
            replicas = np.maximum(np.ceil(signal / target - 1e-9), max(minimum, 1))
            if misses.kept(load, replicas, up if minimum == 0 else None):
                return Sizing(machine, region, target, minimum, min(maximum, quota), usd + egress)
        return None

    def _policies(
        self, load: FloatArray, signal: FloatArray, up: FloatArray, least: int, price: float
    ) -> list[tuple[float, float, int]]:
        """Scaling targets and minima by what they cost; among equals the lower target, which reacts earlier."""
        found: dict[tuple[float, int], float] = {}
        quantiles = np.quantile(load, MINIMUM_QUANTILES)
        peak = signal.max()
        for target in SCALING_TARGETS:
            minima = {least, *(max(least, int(np.ceil(q / target))) for q in quantiles)}
            wanted = np.ceil(signal / target - 1e-9) if peak > target else None
            for minimum in minima:
                if wanted is None:
                    replicas = float(minimum) if minimum > 0 else float(self.weights @ up)
                elif minimum > 0:
                    replicas = float(self.weights @ np.maximum(wanted, minimum))
                else:
                    replicas = float(self.weights @ np.where(wanted <= 1, up, wanted))
                found[float(target), minimum] = price * replicas
        return sorted((round(usd, 12), target, minimum) for (target, minimum), usd in found.items())


class _Misses:
    """Whether a machine in a region keeps the objectives of a group's members, policy by policy."""

    def __init__(self, group: _Group, machine: int, region: int) -> None:
        sizer, table, members = group.sizer, group.sizer.machines, group.members
        processor = table.processor_class[machine]
        hosting = BEHAVIOUR[table.hosting[machine]]
        service = table.service_s[members, processor]
        budget = sizer.latency_s[members] - table.round_trip_s[members, region]
        cold = budget - hosting.start_s - sizer.load_s[members] / hosting.load_gib_per_s
        variation = np.sqrt(sizer.service_scv[members])
        self.group = group
        self.allowed = sizer.allowed_miss[members]
        self.service_miss = service_miss(budget, service, variation)
        self.cold_miss = service_miss(cold, service, variation)
        self.slots = float(table.processors[machine] * table.slots[members, processor].min())
        self.mean_service = float(group.share @ service)
        tightest = int(np.argmin(budget - service))
        quantiles = service_quantiles(float(service[tightest]), float(variation[tightest]))
        self.waits = np.maximum(float(budget[tightest]) - quantiles, 0.0)
        self.out_of_reach = bool((self.service_miss > self.allowed).any())

    def kept(self, load: FloatArray, replicas: FloatArray, up: FloatArray | None) -> bool:
        """Tell whether every member's share of late requests stays within its objective.

        All members are held to the wait the tightest of them bears, which errs on the safe side.
        """
        group = self.group
        busy = load * group.sizer.terms.headroom / replicas
        probability, decay = wait_tail(busy, replicas * self.slots, self.mean_service, group.variability)
        late = (probability[:, None] * np.exp(-np.outer(decay, self.waits))).mean(axis=1)
        late = np.where(busy >= 1.0, 1.0, late)
        cold = np.zeros_like(late) if up is None else 1.0 - up
        weighted = group.sampled_rates
        requests = np.maximum(weighted.sum(axis=1), 1e-300)
        waited, started_cold = (weighted @ np.stack([late * (1 - cold), cold], axis=1)).T / requests[:, None].T
        miss = self.service_miss + (1.0 - self.service_miss) * waited + started_cold * self.cold_miss
        return bool((miss <= self.allowed).all())
