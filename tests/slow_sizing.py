"""Sizing in plain arrays, for tests: every machine, region and policy there is, one by one, by the formulas alone."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from generator.capacity.clock import SECONDS_PER_HOUR
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
    fits = machines.fits(index, terms.memory_share) & machines.worthwhile
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
    rate, weights, _ = sample_bins(traffic)
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
    allowed = np.array([1.0 - w.objective.percentile for w in workloads])
    slow = service_miss(budget, service, variation)
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
    tightest = int(np.argmin(budget - service))
    waits = np.maximum(budget[tightest] - service_quantiles(service[tightest], variation[tightest]), 0.0)
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
                load * terms.headroom / running, running * slots, float(share @ service), variability
            )
            late = (probability * np.exp(-waits[:, None] * decay)).mean(axis=0)
            late[load * terms.headroom >= running] = 1.0
            behind = np.concatenate([[False], load[1:] > running[:-1]]) * late_share(behaviour, bin_s)
            missed = (1.0 - slow) * (rates * weights @ np.maximum(late, behind)) + (fewest == 0.0) * too_cold
            at_the_peak = max(fewest, 1.0, min(np.ceil(load.max() / target - 1e-9), most))
            if at_the_peak <= quota and (missed <= terms.miss_share * (allowed - slow) * requests).all():
                usd_per_h = float(billed @ weights * table.price_usd_per_h[machine, region] + egress)
                yield Sizing(machine, region, float(target), int(fewest), int(min(most, quota)), usd_per_h)
