"""What a group bears on a machine in a region, and whether a policy keeps within it, compiled."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.capacity.cold_loads import ColdLoads, with_loads
from generator.capacity.demand import Demand, Window, in_order
from generator.capacity.offers import Offers
from generator.capacity.queueing import STATIONARY_UTILIZATION
from generator.capacity.scaling import WHOLE
from generator.compiled import compiled
from generator.model import FloatArray

# Shares of late requests below this are none: a hundredth of a request in 10^10.
NEGLIGIBLE = 1e-12
# So many bins are looked at before the rest are asked whether they can still matter.
STRIDE = 16


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


@compiled
def regions_in_reach(
    offers: Offers, members: NDArray[np.intp], region: int
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Tell where service and network alone keep every objective, and what regions leave most time to the tightest.

    Parameters
    ----------
    region : int
        The only one to look at; below 0 for all.

    Returns
    -------
    tuple of ndarray
        By processor class and region, shape (P, R); regions, the one that leaves most time first, shape (R,).
    """
    reachable = np.ones((offers.service_miss.shape[0], offers.service_miss.shape[2]), dtype=np.bool_)
    over_s = np.full(reachable.shape[1], -np.inf)
    for m in members:
        for r in range(len(over_s)):
            possible = offers.place[m, r].allowed and (region < 0 or region == r)
            over_s[r] = max(over_s[r], offers.place[m, r].round_trip_s - offers.workload[m].latency_s)
            for p in range(len(reachable)):
                late = offers.service_miss[p, m, r]
                reachable[p, r] = reachable[p, r] and possible and late <= offers.workload[m].allowed_miss
    return reachable, in_order(over_s)


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
