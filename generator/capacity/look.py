"""One look at a group: the cheapest machine, region and policy that keep every member's objective, compiled."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.cold_loads import ColdLoads, cold_loads
from generator.capacity.demand import Demand, Window, demand, in_order, mean_replicas
from generator.capacity.offers import Offers, fitting
from generator.capacity.patience import borne, kept, regions_in_reach
from generator.capacity.scaling import SCALING_TARGETS, WHOLE
from generator.compiled import compiled, compiled_aside
from generator.model import FloatArray

# Quantiles of the load that a minimum number of replicas may be laid for, beside the least possible one.
MINIMUM_QUANTILES: FloatArray = np.array([0.5, 0.9, 1.0])
# The autoscaler may go this far beyond the planned peak before it is stopped.
CEILING_FACTOR = 1.5
# Low scaling targets react early; they need not be met at the peak, where this utilisation is enough.
CEILING_UTILIZATION = 0.5
# Means of replicas are the same where they differ by less: sums end on them by rounding.
DIGITS = 1e12
ANY = NOTHING = -1


class Policy(NamedTuple):
    """How a machine in a region serves a group; machine `NOTHING` where none does."""

    machine: int
    region: int
    target: float
    fewest: float
    most: float
    usd_per_h: float


@compiled_aside
def look(
    offers: Offers, window: Window, members: NDArray[np.intp], hosting: int, region: int, limit_usd_per_h: float
) -> Policy:
    """Find what serves a group for the least money, if for less than a limit.

    Parameters
    ----------
    offers : Offers
    window : Window
    members : ndarray of int, shape (M,)
    hosting, region : int
        The only ones to look at; `ANY` for all.
    limit_usd_per_h : float

    Returns
    -------
    Policy
    """
    usable = usable_machines(offers, window, members, hosting)
    best = Policy(NOTHING, NOTHING, 0.0, 0.0, 0.0, limit_usd_per_h)
    if not usable.any():
        return best
    group = demand(offers, window, members, usable)
    bounds, machines, regions = candidates(offers, window, group, usable, region, limit_usd_per_h)
    for i in range(len(bounds)):
        if bounds[i] >= best.usd_per_h:
            break
        found = cheapest_policy(offers, window, group, machines[i], regions[i], best.usd_per_h)
        if found.machine != NOTHING:
            best = found
    return best


@compiled_aside
def looks(offers: Offers, window: Window, members: NDArray[np.intp], begins: NDArray[np.intp]) -> list[Policy]:
    """Look at many groups, everywhere and at any cost: the members of each lie between two of `begins`."""
    return [look(offers, window, members[begins[g] : begins[g + 1]], ANY, ANY, np.inf) for g in range(len(begins) - 1)]


@compiled
def usable_machines(offers: Offers, window: Window, members: NDArray[np.intp], hosting: int) -> NDArray[np.bool_]:
    """Machines worth looking at that hold a group, shape (K,); of one kind of hosting, or `ANY`."""
    usable = fitting(offers, members, window.memory_share, window.resident)
    for k in range(len(usable)):
        machine = offers.machine[k]
        usable[k] = usable[k] and machine.worthwhile and hosting in (ANY, machine.hosting)
    return usable


@compiled
def candidates(
    offers: Offers, window: Window, group: Demand, usable: NDArray[np.bool_], region: int, limit_usd_per_h: float
) -> tuple[FloatArray, NDArray[np.intp], NDArray[np.intp]]:
    """Machines and regions with a lower bound on their cost below a limit, cheapest first.

    Of the regions where service and network alone keep every objective: each that is cheaper than all that leave the
    tightest member more time to wait.
    """
    reachable, by_slack = regions_in_reach(offers, group.members, region)
    egress = np.array([egress_usd_per_h(offers, window, group.members, r) for r in range(len(by_slack))])
    used = np.full(len(usable), -1.0)
    room = len(usable) * len(by_slack)
    bounds, count = np.empty(room), 0
    machines, regions = np.empty(room, dtype=np.intp), np.empty(room, dtype=np.intp)
    for k in range(len(usable)):
        if not usable[k]:
            continue
        one = offers.machine[k]
        if used[one.alike] < 0.0:
            used[one.alike] = _least_used(offers, window, group, k)
        least = limit_usd_per_h
        for r in by_slack:
            bound = offers.price_usd_per_h[k, r] * used[one.alike] + egress[r]
            if reachable[one.processor, r] and bound < least:
                least = bounds[count] = bound
                machines[count], regions[count] = k, r
                count += 1
    order = in_order(bounds[:count])
    ordered = np.empty(count)
    machines_ordered, regions_ordered = np.empty(count, dtype=np.intp), np.empty(count, dtype=np.intp)
    for i in range(count):
        ordered[i], machines_ordered[i], regions_ordered[i] = bounds[order[i]], machines[order[i]], regions[order[i]]
    return ordered, machines_ordered, regions_ordered


@compiled
def _least_used(offers: Offers, window: Window, group: Demand, machine: int) -> float:
    """Replicas the leanest policy runs on average; no policy runs fewer."""
    one = offers.machine[machine]
    least = float(least_replicas(offers, window, group, machine))
    if least == 0.0 and not group.patient[one.kind]:
        least = 1.0
    used = mean_replicas(
        group.levels[one.processor],
        group.heavier[one.kind],
        group.upward[one.kind],
        one.processors * SCALING_TARGETS[0],
        least,
        np.inf,
    )
    # A fleet's silent member may need none at all; a bound of 0 would make an unpriced region look free.
    return max(used, 1e-9)


@compiled
def least_replicas(offers: Offers, window: Window, group: Demand, machine: int) -> int:
    """Fewest replicas the terms, the hosting kind and the members' availability allow."""
    return window.least_replicas if offers.machine[machine].to_zero else group.least_always_up


@compiled
def egress_usd_per_h(offers: Offers, window: Window, members: NDArray[np.intp], region: int) -> float:
    """Price of the group's responses."""
    usd_per_s = 0.0
    for m in members:
        usd_per_s += window.arrivals[m].mean_rps * offers.place[m, region].egress_usd_per_request
    return usd_per_s * SECONDS_PER_HOUR


@compiled
def cheapest_policy(
    offers: Offers, window: Window, group: Demand, machine: int, region: int, limit_usd_per_h: float
) -> Policy:
    """Find the cheapest policy on one machine in one region that keeps every objective, if below a limit.

    Of policies that run as many replicas on average, the one that reacts earliest.
    """
    nothing = Policy(NOTHING, NOTHING, 0.0, 0.0, 0.0, limit_usd_per_h)
    one = offers.machine[machine]
    loads = cold_loads(
        offers, window.before, window.rate_rps, window.weights, group.members, machine, window.memory_share
    )
    patience = borne(offers, window, group, machine, region, loads)
    if not patience.reachable:
        return nothing
    levels, heavier, upward = group.levels[one.processor], group.heavier[one.kind], group.upward[one.kind]
    egress, price = egress_usd_per_h(offers, window, group.members, region), offers.price_usd_per_h[machine, region]
    peak = levels[0] / one.processors
    least = float(least_replicas(offers, window, group, machine))
    if least == 0.0 and not patience.cold_borne:
        least = 1.0
    room = len(SCALING_TARGETS) * (1 + len(MINIMUM_QUANTILES))
    means, policies, count = np.empty(room), np.empty((room, 3)), 0
    for target in SCALING_TARGETS[::-1]:
        most = ceiling(peak * window.headroom, target)
        wanted = math.ceil(peak / target - WHOLE)
        former = -1.0
        for q in range(len(MINIMUM_QUANTILES) + 1):
            fewest = least
            if q > 0:
                fewest = max(least, min(math.ceil(_quantile(levels, q - 1) / one.processors / target), most))
            if fewest == former:
                continue
            former = fewest
            # The autoscaler always has a replica to add, and with a low target it will: the price counts it.
            highest = max(most, fewest + 1.0)
            mean = mean_replicas(levels, heavier, upward, one.processors * target, fewest, highest)
            mean = np.rint(mean * DIGITS) / DIGITS
            if mean * price + egress < limit_usd_per_h and max(fewest, 1.0, min(wanted, highest)) <= one.quota:
                means[count] = mean
                policies[count, 0], policies[count, 1], policies[count, 2] = target, fewest, highest
                count += 1
    load, signal = group.load[one.processor] / one.processors, np.empty(len(levels))
    for t in range(len(levels)):
        signal[t] = levels[group.rank[one.kind, t]] / one.processors
    # An autoscaler sees requests, not what loads keep busy beside them.
    load, busiest = with_cold_loads(load, group.busiest[one.processor], loads, one.processors)
    for i in in_order(means[:count]):
        target, fewest, most = policies[i, 0], policies[i, 1], policies[i, 2]
        if kept(window, group, patience, load, signal, busiest, target, fewest, most):
            return Policy(machine, region, target, fewest, min(most, one.quota), means[i] * price + egress)
    return nothing


@compiled
def with_cold_loads(
    load: FloatArray, busiest: NDArray[np.intp], loads: ColdLoads, processors: float
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Load in replicas with what loads keep busy besides, and the bins by it, busiest first."""
    if len(loads.busy) == 0:
        return load, busiest
    beside = np.empty(len(load))
    for t in range(len(load)):
        beside[t] = load[t] + loads.busy[t] / processors
    return beside, in_order(-beside)


@compiled
def ceiling(peak: float, target: float) -> float:
    """Most replicas: beyond the peak to be borne, and no more than a moderate utilisation needs."""
    return max(1.0, np.ceil(peak * CEILING_FACTOR / max(target, CEILING_UTILIZATION)))


@compiled
def _quantile(levels: FloatArray, number: int) -> float:
    """One of `MINIMUM_QUANTILES` of falling levels, between neighbours in proportion."""
    last = len(levels) - 1
    place = MINIMUM_QUANTILES[number] * last
    below = int(place)
    low, high = levels[last - below], levels[last - min(below + 1, last)]
    return low + (place - below) * (high - low)
