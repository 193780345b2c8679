"""The cheapest machine, region and scaling policy that keep a group's objectives on a window of traffic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.capacity.machines import Machines
from generator.capacity.queueing import service_miss, service_quantiles, wait_tail
from generator.capacity.sampling import sample_bins
from generator.capacity.scaling import BEHAVIOUR, SCALING_TARGETS, idle_probability, late_share, scaling_signal
from generator.model import FloatArray, Hosting, Traffic

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
        self.rate, self.weights = sample_bins(traffic)
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
        self._series: dict[tuple[int, float], _Series] = {}
        self._idles: dict[tuple[float, float], FloatArray] = {}
        self.weighted = self.rates * sizer.weights
        self.requests = np.maximum(self.weighted.sum(axis=1), 1e-300)
        arrivals = float(self.share @ sizer.arrival_scv[members])
        services = float(self.share @ sizer.service_scv[members])
        self.variability = (arrivals + services) / 2.0
        self.weights = sizer.weights
        self.floor = 2 if sizer.two_zones[members].any() else 1

    def candidates(self) -> list[tuple[float, int, int]]:
        """Machines and regions with a lower bound on their cost, cheapest first."""
        table, members = self.sizer.machines, self.members
        fits = np.flatnonzero(table.fits(members, self.sizer.terms.memory_share) & table.worthwhile)
        regions = np.flatnonzero(table.region_allowed[members].all(axis=0))
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
        alike, first, which = np.unique(self.sizer.alike[fits], return_index=True, return_inverse=True)
        used = np.array([self._leanest(int(fits[i])) for i in first])
        return used[which] if len(alike) else used

    def _leanest(self, machine: int) -> float:
        table = self.sizer.machines
        wanted = np.ceil(self.series(machine).signal / (table.processors[machine] * SCALING_TARGETS[0]) - 1e-9)
        least = self.least_replicas(machine)
        if least > 0 or not self.cold_is_borne(machine, self.sizer.latency_s[self.members]):
            return float(self.weights @ np.maximum(wanted, max(least, 1)))
        replicas = np.where(wanted <= 1, self.up(table.hosting[machine]), wanted)
        # A fleet's silent member may need none at all; a bound of 0 would make an unpriced region look free.
        return max(1e-9, float(self.weights @ replicas))

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
            self._series[key] = _Series(load, signal, np.quantile(load, MINIMUM_QUANTILES))
        return self._series[key]

    def up(self, hosting: Hosting) -> FloatArray:
        """Share of each bin's time that a service which may scale to zero is up."""
        return 1.0 - self._idle(BEHAVIOUR[hosting].hold_s, 0.0)

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
        for mean, target, minimum in self._policies(series.quantiles / processors, signal, up, least, ceilings):
            cost = mean * price + egress
            if cost >= limit:
                return None
            maximum = max(minimum + 1, int(ceilings[target]))
            if max(minimum, 1, min(int(np.ceil(peak / target - 1e-9)), maximum)) > quota:
                continue
            replicas = np.clip(np.ceil(signal / target - 1e-9), max(minimum, 1), maximum)
            if misses.kept(load, replicas, to_zero=minimum == 0):
                return Sizing(machine, region, target, minimum, min(maximum, quota), cost)
        return None

    def _ceilings(self, peak: float) -> dict[float, float]:
        """Most replicas by scaling target: beyond the planned peak, and no more than a moderate utilisation needs."""
        beyond = peak * self.sizer.terms.headroom * CEILING_FACTOR
        return {t: max(1.0, float(np.ceil(beyond / max(t, CEILING_UTILIZATION)))) for t in SCALING_TARGETS.tolist()}

    def _policies(
        self,
        quantiles: FloatArray,
        signal: FloatArray,
        up: FloatArray | None,
        least: int,
        ceilings: dict[float, float],
    ) -> list[tuple[float, float, int]]:
        """Mean replicas, scaling target and minimum, fewest first; among equals the target that reacts earlier."""
        most = np.array([ceilings[target] for target in SCALING_TARGETS.tolist()])[:, None]
        wanted = np.ceil(signal / SCALING_TARGETS[:, None] - 1e-9)
        laid = np.minimum(np.ceil(quantiles / SCALING_TARGETS[:, None]), most)
        minima = np.maximum(np.column_stack([np.full(len(laid), least), laid]), least)
        # The autoscaler always has a replica to add, and with a low target it will: the price counts it.
        highest = np.maximum(most, minima + 1.0)
        running = np.clip(wanted[:, None, :], np.maximum(minima, 1.0)[:, :, None], highest[:, :, None])
        replicas = running @ self.weights
        if up is not None:
            replicas[:, 0] = np.where(running[:, 0] <= 1, up, running[:, 0]) @ self.weights
        mean = np.round(replicas, 12).ravel()
        targets, minima = np.repeat(SCALING_TARGETS, minima.shape[1]), minima.ravel()
        order = np.lexsort((minima, targets, mean))
        found = zip(mean[order].tolist(), targets[order].tolist(), minima[order].astype(int).tolist(), strict=True)
        return list(dict.fromkeys(found))


@dataclass(frozen=True, eq=False)
class _Series:
    """Load and scaling signal in processors, bin by bin, and the load at `MINIMUM_QUANTILES`."""

    load: FloatArray
    signal: FloatArray
    quantiles: FloatArray


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
        self.cold_miss = service_miss(budget - group.starting_s(hosting), service, variation)
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

    def kept(self, load: FloatArray, replicas: FloatArray, *, to_zero: bool) -> bool:
        """Tell whether every member's share of late requests stays within its objective.

        All members are held to the wait the tightest of them bears, and to the start of the slowest, which errs on
        the safe side. Backlog is not carried over here; the judge does.
        """
        group = self.group
        busy = load * group.sizer.terms.headroom / replicas
        probability, decay = wait_tail(busy, replicas * self.slots, self.mean_service, group.variability)
        late = (probability * np.exp(-self.waits[:, None] * decay)).mean(axis=0)
        late[busy >= 1.0] = 1.0
        if self.late_share > 0:
            late[1:] = np.maximum(late[1:], (load[1:] > replicas[:-1]) * self.late_share)
        missed = (1.0 - self.service_miss) * (group.weighted @ late)
        if to_zero:
            missed = missed + self.cold_miss * (group.weighted @ group.cold(self.hosting))
        return bool((missed <= self.spare * group.requests).all())
