"""One look at a group: the cheapest machine, region and policy that keep every member's objective, compiled."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.cold_loads import ColdLoads, cold_loads, with_loads
from generator.capacity.demand import Demand, Window, demand, in_order, mean_replicas
from generator.capacity.offers import Offers, fitting
from generator.capacity.queueing import STATIONARY_UTILIZATION
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
# Shares of late requests below this are none: a hundredth of a request in 10^10.
NEGLIGIBLE = 1e-12
# So many bins are looked at before the rest are asked whether they can still matter.
STRIDE = 16
ANY = NOTHING = -1


class Policy(NamedTuple):
    """How a machine in a region serves a group; machine `NOTHING` where none does."""

    machine: int
    region: int
    target: float
    fewest: float
    most: float
    usd_per_h: float


class Patience(NamedTuple):
    """What a group bears on a machine in a region.

    Parameters
    ----------
    waits_s : ndarray, shape (Q,)
        Waiting times that leave enough for service, at equally likely service times, of whom it is tightest for.
    bearable, starting, requests : ndarray, shape (M,)
        Requests that may wait too long; that come too late by a cold start where there are any; that there are.
    slots, service_s, variability, headroom, late_share : float
        Requests a replica serves at once; what `queueing.wait_tail` asks for; factor on the load; part of a bin that
        passes before an autoscaler acts.
    reachable, cold_borne : bool
        Whether service and network alone keep every objective, and cold starts besides.
    """

    waits_s: FloatArray
    bearable: FloatArray
    starting: FloatArray
    requests: FloatArray
    slots: float
    service_s: float
    variability: float
    headroom: float
    late_share: float
    reachable: bool
    cold_borne: bool


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

    Two regions a machine: the cheapest, and the nearest in case the cheapest is too far for the objective.
    """
    allowed = np.ones(offers.price_usd_per_h.shape[1], dtype=np.bool_)
    farthest, egress = np.zeros(len(allowed)), np.zeros(len(allowed))
    for r in range(len(allowed)):
        allowed[r] = region in (ANY, r)
        for m in group.members:
            allowed[r] = allowed[r] and offers.place[m, r].allowed
            farthest[r] = max(farthest[r], offers.place[m, r].round_trip_s)
        egress[r] = egress_usd_per_h(offers, window, group.members, r)
    by_distance = in_order(farthest)
    used = np.full(len(usable), -1.0)
    bounds, count = np.empty(2 * len(usable)), 0
    machines, regions = np.empty(2 * len(usable), dtype=np.intp), np.empty(2 * len(usable), dtype=np.intp)
    for k in range(len(usable)):
        if not usable[k]:
            continue
        alike = offers.machine[k].alike
        if used[alike] < 0.0:
            used[alike] = _least_used(offers, window, group, k)
        nearest = cheapest_region = -1
        least = np.inf
        for r in by_distance:
            cost = offers.price_usd_per_h[k, r] * used[alike] + egress[r]
            if allowed[r] and cost < np.inf:
                nearest = r if nearest < 0 else nearest
                if cost < least:
                    least, cheapest_region = cost, r
        for r in (min(nearest, cheapest_region), max(nearest, cheapest_region)):
            if r < 0 or (count > 0 and machines[count - 1] == k and regions[count - 1] == r):
                continue
            bound = offers.price_usd_per_h[k, r] * used[alike] + egress[r]
            if bound < limit_usd_per_h:
                bounds[count], machines[count], regions[count] = bound, k, r
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


@compiled
def borne(offers: Offers, window: Window, group: Demand, machine: int, region: int, loads: ColdLoads) -> Patience:
    """Work out how long and how often a group's members may wait on a machine in a region.

    All members are held to the wait the tightest of them bears, and to the start of the slowest, which errs on the
    safe side. What is late by service alone cannot be late again by waiting, and what a load of its model makes late
    counts as much as any other miss.
    """
    one, members = offers.machine[machine], group.members
    bearable, starting, requests = np.empty(len(members)), np.empty(len(members)), np.empty(len(members))
    reachable = cold_borne = True
    slots, service_s, tightest, least = np.inf, 0.0, 0, np.inf
    longer_s = longer_square = service_scv = 0.0
    for i, m in enumerate(members):
        run, latency_s, allowed = (
            offers.run[m, one.processor],
            offers.workload[m].latency_s,
            offers.workload[m].allowed_miss,
        )
        requests[i] = window.arrivals[m].requests
        late = offers.service_miss[one.processor, m, region]
        reachable = reachable and late <= allowed
        waiting = max(1.0 - late, 1e-300)
        cold = offers.cold_miss[one.kind, m, region] * group.cold_requests[one.kind, i]
        cold_borne = cold_borne and cold <= window.miss_share * allowed * requests[i]
        bearable[i] = window.miss_share * (allowed - late) * requests[i] / waiting
        starting[i] = cold / waiting
        if len(loads.waiting) > 0:
            beyond = max(offers.load_miss[one.processor, m, region] - late, 0.0)
            bearable[i] -= loads.waiting[i] * beyond / waiting
            often = group.share[i] * loads.waiting[i] / requests[i]
            longer_s += often * loads.load_s[i]
            longer_square += often * loads.load_s[i] * (2.0 * run.service_s + loads.load_s[i])
            service_scv += group.share[i] * offers.workload[m].service_scv
        service_s += group.share[i] * run.service_s
        slots = min(slots, run.slots)
        spare = latency_s - offers.place[m, region].round_trip_s - run.service_s
        if spare < least:
            tightest, least = m, spare
    budget_s = offers.workload[tightest].latency_s - offers.place[tightest, region].round_trip_s
    tightest_s = offers.run[tightest, one.processor].service_s
    waits_s = np.empty(offers.service_quantiles.shape[1])
    for q in range(len(waits_s)):
        waits_s[q] = max(budget_s - offers.service_quantiles[tightest, q] * tightest_s, 0.0)
    variability = group.variability
    if longer_s > 0.0:
        service_s, variability = with_loads(service_s, variability, service_scv, longer_s, longer_square)
    return Patience(
        waits_s,
        bearable,
        starting,
        requests,
        one.processors * slots,
        service_s,
        variability,
        window.headroom,
        window.autoscaler[one.autoscaler].late_share,
        reachable,
        cold_borne,
    )


@compiled
def kept(
    window: Window,
    group: Demand,
    patience: Patience,
    load: FloatArray,
    signal: FloatArray,
    busiest: NDArray[np.intp],
    target: float,
    fewest: float,
    most: float,
) -> bool:
    """Tell whether every member's requests that come too late under a policy are few enough.

    A bin whose load outgrows its replicas is late as a whole, and one that outgrows the previous bin's replicas is for
    the `late_share` its autoscaler takes to follow. Backlog is not carried over here; the judge does.

    Parameters
    ----------
    load, signal : ndarray, shape (T,)
        In replicas.
    busiest : ndarray of int, shape (T,)
        The bins, busiest first: what fails does so early.
    target, fewest, most : float
        The policy; fewest 0 scales to zero.
    """
    spare = np.empty(len(group.members))
    for i in range(len(spare)):
        spare[i] = patience.bearable[i] - (patience.starting[i] if fewest == 0.0 else 0.0)
        if spare[i] < 0.0:
            return False
    fewest = max(fewest, 1.0)
    for place in range(len(busiest)):
        t = busiest[place]
        if place % STRIDE == 0:
            # No later bin is busier than this one, and none runs fewer replicas than the fewest.
            rest = _waits_too_long(patience, float(load[t]), fewest)
            if load[t] <= fewest and _bears(rest, patience.requests, spare):
                return True
        replicas = min(max(math.ceil(signal[t] / target - WHOLE), fewest), most)
        late = _waits_too_long(patience, float(load[t]), replicas)
        if patience.late_share > late and t > 0:
            before = min(max(math.ceil(signal[t - 1] / target - WHOLE), fewest), most)
            late = patience.late_share if load[t] > before else late
        if late > 0.0:
            for i, m in enumerate(group.members):
                spare[i] -= window.rate_rps[m, t] * window.weights[t] * late
                if spare[i] < 0.0:
                    return False
    return True


@compiled
def _bears(late: float, requests: FloatArray, spare: FloatArray) -> bool:
    """Tell whether everybody bears that share of their requests late."""
    for i in range(len(spare)):  # noqa: SIM110 (compiled: a loop, no generator)
        if late * requests[i] > spare[i]:
            return False
    return True


@compiled
def _waits_too_long(patience: Patience, load: float, replicas: float) -> float:
    """Share of a bin's requests that wait too long, by the tail of `queueing.wait_tail`."""
    busy = load * patience.headroom / replicas
    if busy >= 1.0:
        return 1.0
    if busy <= 0.0:
        return 0.0
    held = min(busy, STATIONARY_UTILIZATION)
    servers = replicas * patience.slots
    decay = servers * (1.0 - held) / (max(patience.service_s, 1e-9) * max(patience.variability, 1e-3))
    late = 0.0
    for wait_s in patience.waits_s:
        late += math.exp(-wait_s * decay) / len(patience.waits_s)
    if late <= NEGLIGIBLE:
        return 0.0
    return late * held ** (math.sqrt(2.0 * (servers + 1.0)) - 1.0)
