"""Sizing in plain arrays, for tests: every machine, region and policy there is, one by one, by the formulas alone."""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.cold_loads import FULL
from generator.capacity.look import CEILING_FACTOR, CEILING_UTILIZATION, MINIMUM_QUANTILES
from generator.capacity.machines import Machines
from generator.capacity.queueing import service_miss, service_quantiles, wait_tail
from generator.capacity.sampling import sample_bins
from generator.capacity.scaling import BEHAVIOUR, SCALING_TARGETS, idle_probability, late_share, scaling_signal
from generator.capacity.sizing import Sizing, Terms
from generator.model import Traffic


def slow_sizing(machines: Machines, traffic: Traffic, terms: Terms, members: list[int]) -> list[Sizing]:
    """Return everything that serves a group for the least money to within rounding, most often one sizing."""
    index = np.array(members)
    fits = machines.fits(index, terms.memory_share, resident=terms.resident) & machines.worthwhile
    regions = machines.region_allowed[index].all(axis=0)
    found = [
        sizing
        for machine, region in product(np.flatnonzero(fits).tolist(), np.flatnonzero(regions).tolist())
        if np.isfinite(machines.price_usd_per_h[machine, region])
        for sizing in _kept_policies(machines, traffic, terms, index, machine, region)
    ]
    least = min((sizing.usd_per_h for sizing in found), default=np.inf)
    return [sizing for sizing in found if sizing.usd_per_h <= least + 1e-9 * max(1.0, least)]


def _kept_policies(
    table: Machines, traffic: Traffic, terms: Terms, members: np.ndarray, machine: int, region: int
) -> Iterator[Sizing]:
    rate, weights, at = sample_bins(traffic)
    rates, bin_s, mean = rate[members], traffic.window.bin_s, traffic.rate_rps[members].mean(axis=1)
    workloads = [table.fleet.workloads[m] for m in members]
    hosting, processor = table.hosting[machine], table.processor_class[machine]
    behaviour = BEHAVIOUR[hosting]
    load = table.work_s[members, processor] @ rates / table.processors[machine]
    signal = scaling_signal(load, behaviour, bin_s)
    share = mean / max(mean.sum(), 1e-12)
    variation = np.array([w.service.variation for w in workloads])
    variability = float(share @ (traffic.interarrival_variation[members] ** 2 + variation**2)) / 2.0
    service = table.service_s[members, processor]
    budget = np.array([w.objective.latency_s for w in workloads]) - table.round_trip_s[members, region]
    allowed, slow = (
        np.array([1.0 - w.objective.percentile for w in workloads]),
        service_miss(budget, service, variation),
    )
    if (slow > allowed).any():
        return
    start_s = behaviour.start_s + np.array([w.size_gib for w in workloads]) / behaviour.load_gib_per_s
    cold = idle_probability(rates.sum(axis=0), behaviour.hold_s, bin_s, start_s=start_s.max())
    up = 1.0 - idle_probability(rates.sum(axis=0), behaviour.hold_s, bin_s)
    requests = np.maximum(rates @ weights, 1e-300)
    too_cold = service_miss(budget - start_s, service, variation) * (rates * weights @ cold)
    zones = 2 if any(w.availability >= 0.999 for w in workloads) else 1
    least = terms.least_replicas if behaviour.scales_to_zero else max(terms.least_replicas, zones)
    if least == 0 and (too_cold > terms.miss_share * allowed * requests).any():
        least = 1
    waiting = rates * _waits_for_load(table, traffic, terms, members, machine)[:, at]
    load_s = table.stored_of[members] / behaviour.load_gib_per_s
    busy = load + (load_s / table.slots[members, processor]) @ waiting / table.processors[machine]
    beyond = np.maximum(service_miss(np.minimum(budget, 29.0) - load_s, service, variation) - slow, 0.0)
    late_by_load, often = waiting @ weights * beyond, share * (waiting @ weights) / requests
    service_s, more = _mixed(float(share @ service), float(share @ variation**2), service, load_s, often)
    tightest = int(np.argmin(budget - service))
    left = np.maximum(budget[tightest] - service_quantiles(service[tightest], variation[tightest]), 0.0)
    slots = table.processors[machine] * table.slots[members, processor].min()
    quota = table.fleet.limits.quotas.get(table.instance_types[machine].name, 10**6)
    egress = float(table.egress_usd_per_request[members, region] @ mean) * SECONDS_PER_HOUR
    for target in SCALING_TARGETS:
        beyond = load.max() * terms.headroom * CEILING_FACTOR / max(target, CEILING_UTILIZATION)
        ceiling = max(1.0, np.ceil(beyond))
        wanted = np.ceil(signal / target - 1e-9)
        laid = np.minimum(np.ceil(np.quantile(load, MINIMUM_QUANTILES) / target), ceiling)
        for fewest in {float(least), *np.maximum(laid, least).tolist()}:
            most = max(ceiling, fewest + 1.0)
            running = np.clip(wanted, max(fewest, 1.0), most)
            billed = np.where((fewest == 0.0) & (wanted <= 1.0), up, running)
            probability, decay = wait_tail(
                busy * terms.headroom / running, running * slots, service_s, variability + more / 2.0
            )
            late = (probability * np.exp(-left[:, None] * decay)).mean(axis=0)
            late[busy * terms.headroom >= running] = 1.0
            behind = np.concatenate([[False], busy[1:] > running[:-1]]) * late_share(behaviour, bin_s)
            missed = (
                (1.0 - slow) * (rates * weights @ np.maximum(late, behind)) + (fewest == 0.0) * too_cold + late_by_load
            )
            at_the_peak = max(fewest, 1.0, min(np.ceil(load.max() / target - 1e-9), most))
            if at_the_peak <= quota and (missed <= terms.miss_share * (allowed - slow) * requests).all():
                usd_per_h = float(billed @ weights * table.price_usd_per_h[machine, region] + egress)
                yield Sizing(machine, region, float(target), int(fewest), int(min(most, quota)), usd_per_h)


def _mixed(
    service_s: float, scv: float, service: np.ndarray, load_s: np.ndarray, often: np.ndarray
) -> tuple[float, float]:
    """Mean service time with loads, and by how much its squared variation grows."""
    square = service_s**2 * (1.0 + scv) + float(often @ (2.0 * service * load_s + load_s**2))
    mean_s = service_s + float(often @ load_s)
    return mean_s, square / mean_s**2 - 1.0 - scv


def _waits_for_load(table: Machines, traffic: Traffic, terms: Terms, members: np.ndarray, machine: int) -> np.ndarray:
    """Share of each member's requests in each bin that wait for a load."""
    gib = dict.fromkeys(table.artifact_index[members].tolist(), 0.0)
    for m in members:
        gib[table.artifact_index[m]] = float(table.memory_of[m])
    overhead = table.resident_gib(members) - sum(gib.values())
    room = table.memory_gib[machine] * terms.memory_share - overhead
    if table.hosting[machine] != "sagemaker-multi-model" or sum(gib.values()) <= room:
        return np.zeros((len(members), traffic.rate_rps.shape[1]))
    bin_s = traffic.window.bin_s
    asked = {
        a: np.array(
            [0.0, *np.cumsum(traffic.rate_rps[members[table.artifact_index[members] == a]].sum(axis=0) * bin_s)]
        )
        for a in gib
    }
    load_s = {int(table.artifact_index[m]): float(table.stored_of[m]) / 0.2 for m in members}
    waits = slow_not_loaded(np.arange(len(asked[next(iter(gib))])) * bin_s, asked, gib, load_s, room)
    return np.array([waits[int(table.artifact_index[m])] for m in members])


def slow_not_loaded(
    at_s: np.ndarray, asked: dict[int, np.ndarray], gib: dict[int, float], load_s: dict[int, float], room: float
) -> dict[int, np.ndarray]:
    """Che's approximation by halving: since when what is loaded was asked, edge by edge, each found for itself."""
    sizes = list(gib.values())
    alike = max(sizes) - min(sizes) <= 1e-9 * max(sizes)
    filled_gib = np.floor(room / max(sizes) + 1e-9) * max(sizes) if alike else room - 0.5 * sum(sizes) / len(sizes)
    if sum(size for a, size in gib.items() if asked[a][-1] > 0) <= filled_gib:
        return {a: np.zeros(len(at_s) - 1) for a in gib}
    filled_gib *= FULL

    def until(a: int, moment_s: float) -> float:
        return asked[a][-1] / at_s[-1] * moment_s if moment_s < 0 else float(np.interp(moment_s, at_s, asked[a]))

    def filled(edge_s: float, since_s: float) -> float:
        return sum(size * (1.0 - np.exp(until(a, since_s) - until(a, edge_s))) for a, size in gib.items())

    expected: dict[int, list[float]] = {a: [] for a in gib}
    for edge_s in at_s.tolist():
        low, high = -1.0, edge_s
        while filled(edge_s, low) < filled_gib:
            low *= 2.0
        for _ in range(60):
            middle = (low + high) / 2.0
            low, high = (middle, high) if filled(edge_s, middle) >= filled_gib else (low, middle)
        for a in gib:
            expected[a].append(max(until(a, edge_s - load_s[a]) - until(a, low), 0.0))
    return {a: np.array([_mean_of_exp(*pair) for pair in pairwise(those)]) for a, those in expected.items()}


def _mean_of_exp(begin: float, end: float) -> float:
    """Mean of exp(-x) over x that moves linearly."""
    return float(np.exp(-end) if abs(end - begin) < 1e-9 else (np.exp(-begin) - np.exp(-end)) / (end - begin))
