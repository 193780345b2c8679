"""Models that take turns in memory: who meets one that is not loaded, by Che's approximation of a cache's recency."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.machines import Machines
from generator.capacity.offers import Offers, fixed
from generator.capacity.scaling import BEHAVIOUR
from generator.compiled import compiled
from generator.model import FloatArray, Traffic

# A window is cut into so many steps at most to follow what is loaded, where groups are sized and where they are judged.
# Over a longer step who is popular just now is averaged away: of traffic in bursts more then seems to wait.
SIZED_STEPS, JUDGED_STEPS = 1024, 2**15
# Room is full where this part of it is. As many models as it has places for never fill it altogether, however often
# they are asked: without a stated end the last bit of a sum would say how far back it reaches.
FULL = 1.0 - 1e-9
NEWTON_STEPS, NEWTON_PRECISION = 60, 1e-9


class History(NamedTuple):
    """How often W workloads have been asked by H + 1 times of a window; empty where all models stay loaded.

    Parameters
    ----------
    at_s : ndarray, shape (H + 1,)
        From the window's begin to its end.
    asked : ndarray, shape (W, H + 1)
        Requests until then.
    step : ndarray of int, shape (T,)
        Step that each bin lies in.
    """

    at_s: FloatArray
    asked: FloatArray
    step: NDArray[np.intp]


def history(traffic: Traffic, at: NDArray[np.intp], *, most_steps: int) -> History:
    """Sum up a window's requests over time, in shorter steps where more is asked.

    Parameters
    ----------
    traffic : Traffic
    at : ndarray of int, shape (T,)
        Bins of the window to tell the step of.
    most_steps : int
        0 where models take turns nowhere: the history is empty.

    Returns
    -------
    History
    """
    if most_steps == 0:
        return History(np.zeros(0), fixed(np.zeros((0, 0))), fixed(np.zeros(0, dtype=np.intp)))
    bins, bin_s = traffic.rate_rps.shape[1], traffic.window.bin_s
    edges = np.arange(bins + 1)
    if bins > most_steps:
        # Half of the steps are of like numbers of requests, half of like length.
        total = traffic.rate_rps.sum(axis=0)
        due = np.cumsum(total / max(float(total.sum()), 1e-300) + 1.0 / bins)
        edges = np.searchsorted(due, np.linspace(0.0, due[-1], most_steps + 1)[1:-1]) + 1
        edges = np.unique(np.concatenate([[0], np.minimum(edges, bins), [bins]]))
    added = np.add.reduceat(traffic.rate_rps, edges[:-1], axis=1) * bin_s
    asked = np.concatenate([np.zeros((len(added), 1)), np.cumsum(added, axis=1)], axis=1)
    step = np.searchsorted(edges, at, side="right") - 1
    return History(edges * bin_s, fixed(asked), fixed(step.astype(np.intp)))


@compiled
def not_loaded(
    at_s: FloatArray, asked: FloatArray, artifact_gib: FloatArray, load_s: FloatArray, room_gib: float
) -> FloatArray:
    """Share of each step's requests that wait for their model to load, shape (A, H).

    What was used longest ago makes way (LRU). At any time those models are loaded that were asked since some time
    before, the same for all: as far back as fills the room, ``sum_a gib_a * (1 - exp(-N_a)) = room`` with N_a the
    requests expected since then, Poisson at the window's rates. A request waits where its model was not asked since,
    or is being loaded still.

    Parameters
    ----------
    at_s : ndarray, shape (H + 1,)
    asked : ndarray, shape (A, H + 1)
        Requests for each model until then. Before the window they are taken to have come as on its average.
    artifact_gib, load_s : ndarray, shape (A,)
        Size of each model, and time to load it.
    room_gib : float
        At least the largest size.

    Notes
    -----
    H. Che, Y. Tung, Z. Wang, "Hierarchical Web Caching Systems: Modeling, Design and Experimental Results", IEEE JSAC
    20(7), 2002, whose characteristic time is here one of each moment, because traffic has a clock: bin by bin it would
    take everything for loaded that nobody else asks for in that bin, and for all the window at once it would take a
    burst for a habit. It need not be divided among replicas: where each sees an n-th of all requests, the time is n
    times as long and the expected requests are the same. What lies idle because the next model is larger than what was
    left is half a model on average; nothing where all are of one size, beyond what is not a whole model.
    """
    models, steps = asked.shape[0], asked.shape[1] - 1
    waits, room_gib = np.zeros((models, steps)), _room_in_use(artifact_gib, room_gib)
    wanted = 0.0
    for a in range(models):
        wanted += artifact_gib[a] if asked[a, steps] > 0.0 else 0.0
    if wanted <= room_gib:
        return waits
    room_gib *= FULL
    # The moment since which what is loaded was asked lies after edge `since`, -1 being before the window.
    since, former = -1, np.zeros(models)
    for edge in range(steps + 1):
        while _filled(asked, artifact_gib, edge, since + 1) >= room_gib:
            since += 1
        back_s = _before_next(at_s, asked, artifact_gib, edge, since, room_gib)
        for a in range(models):
            begun = asked[a, since + 1] - _rps(at_s, asked, a, since) * back_s
            expected = max(_asked_until(at_s, asked, a, edge, at_s[edge] - load_s[a]) - begun, 0.0)
            if edge > 0:
                waits[a, edge - 1] = _mean_absence(former[a], expected)
            former[a] = expected
    return waits


@compiled
def _room_in_use(artifact_gib: FloatArray, room_gib: float) -> float:
    """Room that models fill on average while they take turns; all of it where there is room for all of them."""
    total = artifact_gib.sum()
    if total <= room_gib:
        return room_gib
    if artifact_gib.max() - artifact_gib.min() <= 1e-9 * artifact_gib.max():
        return np.floor(room_gib / artifact_gib[0] + 1e-9) * artifact_gib[0]
    return room_gib - 0.5 * total / len(artifact_gib)


@compiled
def _before_next(
    at_s: FloatArray, asked: FloatArray, artifact_gib: FloatArray, edge: int, since: int, room_gib: float
) -> float:
    """Time before edge ``since + 1`` from which on what was asked fills the room at an edge.

    The room that is filled grows ever slower with time, so that Newton's steps never go too far.
    """
    back_s = 0.0
    for _ in range(NEWTON_STEPS):
        filled = grows = 0.0
        for a in range(len(artifact_gib)):
            rps = _rps(at_s, asked, a, since)
            absent = np.exp(-(asked[a, edge] - asked[a, since + 1] + rps * back_s))
            filled += artifact_gib[a] * (1.0 - absent)
            grows += artifact_gib[a] * rps * absent
        further_s = max(room_gib - filled, 0.0) / max(grows, 1e-300)
        back_s += further_s
        if further_s <= NEWTON_PRECISION * back_s:
            break
    return back_s


@compiled
def _mean_absence(begin: float, end: float) -> float:
    """Mean of exp(-N) over a step in which N moves linearly."""
    if abs(end - begin) > 1e-9:
        return (np.exp(-begin) - np.exp(-end)) / (end - begin)
    return np.exp(-end)


@compiled
def _filled(asked: FloatArray, artifact_gib: FloatArray, edge: int, since: int) -> float:
    """Room that is filled at an edge by what was asked since another."""
    filled = 0.0
    for a in range(len(artifact_gib)):
        filled += artifact_gib[a] * (1.0 - np.exp(-(asked[a, edge] - asked[a, since])))
    return filled


@compiled
def _rps(at_s: FloatArray, asked: FloatArray, model: int, edge: int) -> float:
    """Rate of a model's requests after an edge; before the first one, that of the whole window."""
    if edge < 0:
        return asked[model, asked.shape[1] - 1] / at_s[len(at_s) - 1]
    return (asked[model, edge + 1] - asked[model, edge]) / (at_s[edge + 1] - at_s[edge])


@compiled
def _asked_until(at_s: FloatArray, asked: FloatArray, model: int, edge: int, moment_s: float) -> float:
    """Requests for a model until a moment that lies no later than an edge."""
    after = edge
    while after > 0 and at_s[after - 1] > moment_s:
        after -= 1
    rps = _rps(at_s, asked, model, after - 1)
    return asked[model, after] - rps * (at_s[after] - moment_s)


class ColdLoads(NamedTuple):
    """What loads that requests wait for do to M members on a machine over T bins; empty where all models stay loaded.

    Parameters
    ----------
    waiting : ndarray, shape (M,)
        Weighted sum of the requests that wait for a load.
    load_s : ndarray, shape (M,)
        How long it takes.
    busy : ndarray, shape (T,)
        Processors that loads keep busy: a load occupies one place to serve in.
    """

    waiting: FloatArray
    load_s: FloatArray
    busy: FloatArray


@compiled
def cold_loads(
    offers: Offers,
    before: History,
    rate_rps: FloatArray,
    weights: FloatArray,
    members: NDArray[np.intp],
    machine: int,
    memory_share: float,
) -> ColdLoads:
    """Work out how many requests of a group wait for a load on a machine.

    Parameters
    ----------
    offers : Offers
    before : History
    rate_rps : ndarray, shape (W, T)
    weights : ndarray, shape (T,)
    members : ndarray of int, shape (M,)
    machine : int
        One on which they fit, all at once or by turns.
    memory_share : float
        Part of usable memory that several models together may fill.

    Returns
    -------
    ColdLoads
    """
    one = offers.machine[machine]
    nothing = ColdLoads(np.zeros(0), np.zeros(0), np.zeros(0))
    if one.overcommit <= 1.0 or len(before.step) == 0:
        return nothing
    number, firsts, models = np.empty(len(members), dtype=np.intp), np.empty(len(members), dtype=np.intp), 0
    for i in range(len(members)):
        number[i] = models
        for j in range(models):
            if offers.workload[firsts[j]].artifact == offers.workload[members[i]].artifact:
                number[i] = j
                break
        if number[i] == models:
            firsts[models] = members[i]
            models += 1
    room_gib = one.memory_gib * memory_share - offers.workload[members[0]].overhead_gib
    gib, load_s, needed = np.empty(models), np.empty(models), 0.0
    for a in range(models):
        artifact = offers.workload[firsts[a]].artifact
        gib[a] = offers.artifact_gib[artifact]
        load_s[a] = offers.stored_gib[artifact] / one.load_gib_per_s
        needed += gib[a]
    if models <= 1 or needed <= room_gib:
        return nothing
    asked = np.zeros((models, len(before.at_s)))
    for i in range(len(members)):
        for h in range(len(before.at_s)):
            asked[number[i], h] += before.asked[members[i], h]
    share = not_loaded(before.at_s, asked, gib, load_s, room_gib)
    waiting, times_s, busy = np.zeros(len(members)), np.empty(len(members)), np.zeros(len(weights))
    for i in range(len(members)):
        times_s[i] = load_s[number[i]]
        occupied_s = times_s[i] / offers.run[members[i], one.processor].slots
        for t in range(len(weights)):
            waits = rate_rps[members[i], t] * share[number[i], before.step[t]]
            waiting[i] += waits * weights[t]
            busy[t] += waits * occupied_s
    return ColdLoads(waiting, times_s, busy)


@compiled
def with_loads(
    service_s: float, variability: float, service_scv: float, longer_s: float, longer_square: float
) -> tuple[float, float]:
    """Mean service time and variability of a queue some of whose requests take longer by a load.

    Parameters
    ----------
    service_s, variability, service_scv : float
        Without: ``(ca**2 + cs**2) / 2``, and cs**2 in it.
    longer_s, longer_square : float
        What loads add to the first and to the second moment of the service time, s and s**2.
    """
    mean_s = service_s + longer_s
    square = service_s**2 * (1.0 + service_scv) + longer_square
    return mean_s, variability + (square / max(mean_s, 1e-12) ** 2 - 1.0 - service_scv) / 2.0


def waits_for_load(machines: Machines, traffic: Traffic, members: NDArray[np.intp], machine: int) -> FloatArray | None:
    """Share of each member's requests in each bin that wait for their model to load, shape (M, T).

    Parameters
    ----------
    machines : Machines
    traffic : Traffic
    members : ndarray of int, shape (M,)
    machine : int

    Returns
    -------
    ndarray or None
        None where all models stay loaded, or there is no leave for anything else.
    """
    if not _take_turns(machines, members, machine):
        return None
    before = history(traffic, np.arange(traffic.rate_rps.shape[1]), most_steps=JUDGED_STEPS)
    return _by_member(machines, before, members, machine)[:, before.step]


def mean_hit_rate(machines: Machines, mean_rate: FloatArray, members: NDArray[np.intp], machine: int) -> float | None:
    """Share of requests of the mean traffic mix that find their model loaded; None where all models stay loaded.

    Parameters
    ----------
    machines : Machines
    mean_rate : ndarray, shape (W,), requests/s
    members : ndarray of int, shape (M,)
    machine : int
    """
    if not _take_turns(machines, members, machine):
        return None
    hour = np.array([0.0, SECONDS_PER_HOUR])
    waits = _by_member(machines, History(hour, np.outer(mean_rate, hour), np.zeros(1, dtype=np.intp)), members, machine)
    return 1.0 - float(mean_rate[members] @ waits[:, 0]) / max(float(mean_rate[members].sum()), 1e-300)


def _take_turns(machines: Machines, members: NDArray[np.intp], machine: int) -> bool:
    if machines.overcommit[machine] <= 1.0 or not machines.fits(members)[machine]:
        return False
    return not machines.fits(members, resident=True)[machine]


def _by_member(machines: Machines, before: History, members: NDArray[np.intp], machine: int) -> FloatArray:
    """Share of each member's requests in each step of a history that wait for a load, shape (M, H)."""
    artifacts, first, number = np.unique(machines.artifact_index[members], return_index=True, return_inverse=True)
    asked = np.zeros((len(artifacts), len(before.at_s)))
    np.add.at(asked, number, before.asked[members])
    gib = machines.memory_of[members][first]
    load_s = load_times_s(machines, members, machine)[first]
    room_gib = float(machines.memory_gib[machine]) - (machines.resident_gib(members) - float(gib.sum()))
    return not_loaded(before.at_s, asked, gib, load_s, room_gib)[number]


def load_times_s(machines: Machines, members: NDArray[np.intp], machine: int) -> FloatArray:
    """Time it takes to load each member's model, shape (M,)."""
    return machines.stored_of[members] / BEHAVIOUR[machines.hosting[machine]].load_gib_per_s
