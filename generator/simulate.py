"""A seeded event simulation of one group: the figure that holds the queueing model to account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from generator.capacity.cold_loads import load_times_s
from generator.capacity.events import latencies, senders
from generator.capacity.machines import Machines
from generator.capacity.queueing import LEAST_VARIATION
from generator.capacity.scaling import BEHAVIOUR, acts_within
from generator.capacity.workers import worker_latencies
from generator.model import FloatArray, Simulated, Traffic, Workload
from generator.replay import Replay, Served

# Stretches that are simulated where the whole window holds too many requests: the busiest, and as many of the rest.
STRETCHES = 40
CONFIDENCE = 0.95
# Queue and batches settle within so much of a stretch before it counts.
WARM_UP_SHARE = 0.25
# The shortest stretch worth its name, in mean service times.
LEAST_SERVICES = 20.0
LEAST_STRETCHES = 4
# With so many requests expected within the hold time, a service is not at zero when a stretch begins.
SURELY_UP = 50.0
# No miss among n requests leaves at most 3 / n of them to be missed, at 95 % (Hanley and Lippman-Hand, JAMA 249, 1983).
RULE_OF_THREE = 3.0


@dataclass(frozen=True, eq=False)
class _Group:
    """What the simulation needs of M members on one machine."""

    machines: Machines
    members: NDArray[np.intp]
    served: Served
    traffic: Traffic
    seen: Replay
    summed: FloatArray  # shape (T + 1,): the group's requests until each bin's begin
    shape: float  # of the gamma distribution of the time between requests

    # What every stretch needs alike:

    @cached_property
    def bins(self) -> int:
        """Bins of the window, T."""
        return self.traffic.window.bins

    @cached_property
    def edges_s(self) -> FloatArray:
        """Begin of every bin and end of the last, shape (T + 1,)."""
        return np.arange(self.bins + 1, dtype=np.float64) * self.traffic.window.bin_s

    @cached_property
    def workloads(self) -> list[Workload]:
        """The members."""
        return [self.machines.fleet.workloads[i] for i in self.members]

    @cached_property
    def rate_rps(self) -> FloatArray:
        """Rates of the members, shape (M, T)."""
        return np.ascontiguousarray(self.traffic.rate_rps[self.members])

    @cached_property
    def service_s(self) -> FloatArray:
        """Mean service times, shape (M,)."""
        return self.machines.service_s[self.members, self.machines.processor_class[self.served.machine]]

    @cached_property
    def shapes(self) -> FloatArray:
        """Shapes of the gamma distributions of service times, shape (M,)."""
        return np.array([max(w.service.variation, LEAST_VARIATION) ** -2.0 for w in self.workloads])

    @cached_property
    def budget_s(self) -> FloatArray:
        """What the network leaves of each member's objective, shape (M,)."""
        latency_s = np.array([w.objective.latency_s for w in self.workloads])
        return latency_s - self.machines.round_trip_s[self.members, self.served.region]

    @cached_property
    def batches(self) -> tuple[FloatArray, FloatArray]:
        """Largest batch of each member, and what one request more in it costs, shape (M,)."""
        gpu = int(self.machines.processor_class[self.served.machine]) > 0
        most = np.array([float(w.service.max_batch) if gpu else 1.0 for w in self.workloads])
        return most, np.array([w.service.marginal_batch_cost for w in self.workloads])

    @cached_property
    def largest_gib(self) -> float:
        """Most that a cold start fetches."""
        return max(w.size_gib for w in self.workloads)

    @cached_property
    def memory(self) -> tuple[NDArray[np.intp], FloatArray, FloatArray, float]:
        """Artifact of each member; size in GiB and time to load of each artifact; room, infinite where all fit."""
        table, members, machine = self.machines, self.members, self.served.machine
        names, artifact = np.unique(table.artifact_index[members], return_inverse=True)
        sizes, load_s = np.zeros(len(names)), np.zeros(len(names))
        np.maximum.at(sizes, artifact, table.memory_of[members])
        load_s[artifact] = load_times_s(table, members, machine)
        all_loaded = bool(table.fits(members, resident=True)[machine])
        room = float(table.memory_gib[machine]) - (table.resident_gib(members) - float(sizes.sum()))
        return artifact, sizes, load_s, np.inf if all_loaded else room


def simulate(
    machines: Machines,
    members: NDArray[np.intp],
    served: Served,
    traffic: Traffic,
    seen: Replay,
    *,
    requests: int,
    seed: int,
) -> Simulated:
    """Simulate a group request by request, on the whole window or on a stratified sample of stretches.

    Requests come as a renewal process with gamma-distributed gaps of the members' mean coefficient of variation, its
    clock running at the bins' rates; service times are gamma-distributed; replicas come and go as in the replay, later
    by the autoscaler's delay. A sampled stretch begins with the backlog that the replay has there. Half of the
    stretches are the busiest there are, the other half an even sample of the rest that weighs for all of it.

    Parameters
    ----------
    machines : Machines
    members : ndarray of int, shape (M,)
    served : Served
    traffic : Traffic
    seen : Replay
        The group's replay on the same traffic.
    requests : int
        About how many to simulate at most.
    seed : int

    Where models take turns in memory, a stretch begins with those loaded that were asked last before it.

    Returns
    -------
    Simulated
        Attainment with its interval, by the variation between stretches.

    References
    ----------
    S. Asmussen, P. W. Glynn, "Stochastic Simulation", Springer (2007), sections IV.5 (batch means) and V.7
    (stratification).
    """
    rates = traffic.rate_rps[members].sum(axis=0)
    summed = np.concatenate([[0.0], np.cumsum(rates)]) * traffic.window.bin_s
    share = seen.requests / max(float(seen.requests.sum()), 1e-300)
    scv = max(float(share @ traffic.interarrival_variation[members] ** 2), LEAST_VARIATION**2)
    group = _Group(machines, members, served, traffic, seen, summed, 1.0 / scv)
    rng = np.random.default_rng([seed, len(members), int(members[0])])
    if summed[-1] < 0.5:
        return Simulated(1.0, 0.0, 1.0, 0)
    span_s = traffic.window.bins * traffic.window.bin_s
    if summed[-1] <= requests:
        edges = np.linspace(0.0, span_s, STRETCHES + 1)
        come, late, cold, _ = _run(group, [(0.0, span_s)], rng)
        stretch = np.clip(np.searchsorted(edges, come, side="right") - 1, 0, STRETCHES - 1)
        weights = np.ones(STRETCHES)
    else:
        begins, length_s, weights = _stretches(group, rates, requests, span_s)
        spans = [(max(0.0, at - _warm_up_s(group, at, length_s)), at + length_s) for at in begins.tolist()]
        come, late, cold, stretch = _run(group, spans, rng)
        settled = come >= begins[stretch]
        late, cold, stretch = late[settled], cold[settled], stretch[settled]
    counts = np.bincount(stretch, minlength=len(weights)).astype(float)
    misses, waits = (np.bincount(stretch[what], minlength=len(weights)).astype(float) for what in (late, cold))
    return _with_hits(group, _interval(counts, misses, weights), counts, waits, weights)


def _stretches(group: _Group, rates: FloatArray, requests: int, span_s: float) -> tuple[FloatArray, float, FloatArray]:
    """Begins, length and weights of the stretches to simulate."""
    bin_s = group.traffic.window.bin_s
    peak_rps, service_s = float(rates.max()), float(group.service_s.max())
    each = requests / STRETCHES / (1.0 + WARM_UP_SHARE)
    length_s = min(max(each / peak_rps, LEAST_SERVICES * service_s), span_s / (2 * STRETCHES))
    # Where requests take long and come often, fewer stretches, but a few at least.
    half = min(STRETCHES, max(LEAST_STRETCHES, int(STRETCHES * each / (length_s * peak_rps) + 1e-9))) // 2
    begins: FloatArray = np.arange(float(int(span_s / length_s))) * length_s
    # The busiest bins' stretches, in their order: there may be thousands of stretches in a bin.
    at = np.minimum((begins / bin_s).astype(np.intp), len(rates) - 1)
    in_bin = np.bincount(at, minlength=len(rates))
    order = np.lexsort((-rates, -group.seen.busy))
    last = int(np.searchsorted(np.cumsum(in_bin[order]), half))
    busiest = np.concatenate([np.flatnonzero(at == one) for one in order[: last + 1].tolist()])[:half]
    rest = np.delete(np.arange(len(begins)), busiest)
    sampled = rest[np.linspace(0, len(rest) - 1, half).astype(np.intp)]
    weights = np.repeat([1.0, len(rest) / half], half)
    return begins[np.concatenate([busiest, sampled])], length_s, weights


def _warm_up_s(group: _Group, begin_s: float, length_s: float) -> float:
    """Time before a stretch that sets what it begins with."""
    settling_s = WARM_UP_SHARE * length_s
    if group.served.minimum > 0:
        return settling_s
    hold_s = BEHAVIOUR[group.machines.hosting[group.served.machine]].hold_s
    before, by = np.interp([begin_s - hold_s, begin_s], group.edges_s, group.summed)
    return max(settling_s, hold_s) if by - before < SURELY_UP else settling_s


def _run(
    group: _Group, spans: Sequence[tuple[float, float]], rng: np.random.Generator
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.intp]]:
    """Requests of spans of time: when they came, whether they were answered late, waited for a model, and their span.

    Spans know nothing of one another.
    """
    came = [_arrivals(group, begin_s, end_s, rng) for begin_s, end_s in spans]
    come, ends = np.concatenate(came), np.cumsum([len(one) for one in came]).tolist()
    table, members, served = group.machines, group.members, group.served
    bin_s = group.traffic.window.bin_s
    at = np.minimum((come / bin_s).astype(np.intp), group.bins - 1)
    which = senders(group.rate_rps, at, rng.random(len(at)))
    shapes = group.shapes[which]
    takes = rng.standard_gamma(shapes) / shapes * group.service_s[which]
    behaviour = BEHAVIOUR[table.hosting[served.machine]]
    start_s = behaviour.start_s + group.largest_gib / behaviour.load_gib_per_s
    processor = int(table.processor_class[served.machine])
    slots = max(1, round(float(table.processors[served.machine] * table.slots[members, processor].min())))
    batch, marginal = (one[which] for one in group.batches)
    hold_s = behaviour.hold_s if served.minimum == 0 else np.inf
    artifact, sizes, load_s, room = group.memory
    needs = artifact[which]
    took, waited = np.empty(len(come)), np.zeros(len(come), dtype=np.bool_)
    for (begin_s, end_s), one in zip(spans, (slice(*ends_of) for ends_of in pairwise([0, *ends])), strict=True):
        if behaviour.worker_per_request:
            took[one] = worker_latencies(come[one], takes[one], served.maximum, behaviour.hold_s, start_s)
            continue
        change_s, replicas = _changes(group, begin_s, end_s)
        took[one], waited[one] = latencies(
            come[one],
            needs[one],
            takes[one],
            batch[one],
            marginal[one],
            change_s,
            replicas,
            slots,
            begin_s + _left_s(group, begin_s),
            hold_s,
            start_s,
            room,
            sizes,
            load_s,
            np.zeros(0, dtype=np.intp) if np.isinf(room) else _last_asked(group, artifact, begin_s, rng),
        )
    return come, took > group.budget_s[which], waited, np.repeat(np.arange(len(spans)), np.diff([0, *ends]))


def _last_asked(
    group: _Group, artifact: NDArray[np.intp], begin_s: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Models in the order in which they were asked last before a moment, drawn as Poisson arrivals have it."""
    bin_s, times = group.traffic.window.bin_s, group.edges_s
    asked = np.zeros((int(artifact.max()) + 1, len(times)))
    np.add.at(asked[:, 1:], artifact, np.cumsum(group.traffic.rate_rps[group.members], axis=1) * bin_s)
    last_s = np.empty(len(asked))
    for a, ahead in enumerate(rng.standard_exponential(len(asked)).tolist()):
        due = float(np.interp(begin_s, times, asked[a])) - ahead
        # Before the window requests are taken to have come as on its average.
        before_s = due * times[-1] / asked[a, -1] if asked[a, -1] > 0 else -np.inf
        last_s[a] = np.interp(due, asked[a], times) if due >= 0 else before_s
    order: NDArray[np.intp] = np.lexsort((np.arange(len(asked)), -last_s))
    return order[last_s[order] > -np.inf]


def _arrivals(group: _Group, begin_s: float, end_s: float, rng: np.random.Generator) -> FloatArray:
    """A renewal process on the clock of expected requests, carried over to seconds."""
    first, last = np.interp([begin_s, end_s], group.edges_s, group.summed)
    due: list[FloatArray] = []
    at = float(first)
    while at < last:
        gaps = rng.standard_gamma(group.shape, max(64, int(1.1 * (last - at)))) / group.shape
        due.append(at + np.cumsum(gaps))
        at = float(due[-1][-1])
    clock = np.concatenate(due) if due else np.zeros(0)
    # A stretch without requests takes no time on that clock: interpolation steps over it.
    return np.interp(clock[clock < last], group.summed, group.edges_s)


def _changes(group: _Group, begin_s: float, end_s: float) -> tuple[FloatArray, NDArray[np.intp]]:
    """When the number of replicas changes, and to what; an autoscaler within its bin adds them after its delay."""
    bin_s = group.traffic.window.bin_s
    behaviour = BEHAVIOUR[group.machines.hosting[group.served.machine]]
    first, last = int(begin_s / bin_s), min(int(np.ceil(end_s / bin_s)), group.bins)
    first = min(first, last - 1)
    running = group.seen.running[max(first - 1, 0) : last].astype(np.intp)
    begins: FloatArray = np.arange(float(last - len(running)), float(last)) * bin_s
    grows = np.concatenate([[False], np.diff(running) > 0])
    late_s = behaviour.scale_out_delay_s if acts_within(behaviour, bin_s) else 0.0
    return begins + np.where(grows, late_s, 0.0), running


def _left_s(group: _Group, begin_s: float) -> float:
    """Time it takes to work off what the replay has waiting."""
    at = int(begin_s / group.traffic.window.bin_s)
    if at == 0:
        return 0.0
    return float(group.seen.waiting[at - 1]) / float(group.seen.running[min(at, len(group.seen.running) - 1)])


def _with_hits(
    group: _Group, found: Simulated, counts: FloatArray, waits: FloatArray, weights: FloatArray
) -> Simulated:
    """Add the share of requests that found their model loaded, where models take turns."""
    if group.seen.waits_for_load is None or found.requests == 0:
        return found
    return replace(found, hit_rate=1.0 - float(weights @ waits) / float(weights @ counts))


def _interval(counts: FloatArray, misses: FloatArray, weights: FloatArray) -> Simulated:
    """A ratio estimate over weighted stretches and its interval, linearised."""
    total = float(weights @ counts)
    if total <= 0:
        return Simulated(1.0, 0.0, 1.0, 0)
    missed = float(weights @ misses) / total
    number = len(counts)
    residual = weights * (misses - missed * counts)
    error = float(np.sqrt((residual**2).sum() * number / (number - 1))) / total
    seen = float(counts.sum())
    reach = max(float(student.ppf((1.0 + CONFIDENCE) / 2.0, number - 1)) * error, RULE_OF_THREE / seen)
    return Simulated(1.0 - missed, max(0.0, 1.0 - missed - reach), min(1.0, 1.0 - missed + reach), int(seen))
