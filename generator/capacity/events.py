"""One group's requests one by one: queue, batches, replicas that come and go, cold starts, models that take turns."""

from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from generator.compiled import compiled, compiled_aside
from generator.model import FloatArray

# What is not loaded was used so long ago; what was loaded before the first request, by it not long ago.
NEVER = -(2**62)


@compiled_aside
def latencies(
    arrival_s: FloatArray,
    artifact: NDArray[np.intp],
    service_s: FloatArray,
    batch: FloatArray,
    marginal: FloatArray,
    change_s: FloatArray,
    replicas: NDArray[np.intp],
    slots: int,
    busy_until_s: float,
    hold_s: float,
    start_s: float,
    memory_gib: float,
    artifact_gib: FloatArray,
    load_s: FloatArray,
    loaded: NDArray[np.intp],
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Serve N requests in the order they come, and time each from arrival to answer.

    Whoever waits longest starts first, on the replica with fewest requests; no slot stays free while one waits. A
    replica that is taken away finishes what it has begun. A request that starts beside others takes as long as a batch
    of that size, and keeps that pace.

    Parameters
    ----------
    arrival_s : ndarray, shape (N,)
        In ascending order.
    artifact : ndarray of int, shape (N,)
        What model each request needs, 0 to A - 1.
    service_s, batch, marginal : ndarray, shape (N,)
        Time in a full batch; requests of a full batch; what each further one adds as a share of the time of one.
    change_s, replicas : ndarray, shape (C,)
        From when on how many replicas run; the first is in force at the first arrival. At least 1.
    slots : int
        Requests a replica serves at once.
    busy_until_s : float
        Nothing starts before: work left from earlier.
    hold_s, start_s : float
        A single replica that is asked nothing for so long is gone, and takes so long to be back; infinite: never gone.
    memory_gib : float
        Room for models on a replica; infinite where all are resident. What was used longest ago makes way.
    artifact_gib, load_s : ndarray, shape (A,)
        Size of each model, and time to load it.
    loaded : ndarray of int
        Models that each replica holds at the first arrival, what was used last first; those beyond the room are not.

    Returns
    -------
    latency_s : ndarray, shape (N,)
    waited : ndarray of bool, shape (N,)
        Requests whose model was not loaded yet.
    """
    count, most = len(arrival_s), replicas.max()
    answered = np.zeros(count)
    serving = np.zeros(most, dtype=np.int64)
    used_at = np.full((most, len(artifact_gib)), NEVER, dtype=np.int64)
    ready_at = np.zeros((most, len(artifact_gib)))
    waited = np.zeros(count, dtype=np.bool_)
    room = np.full(most, memory_gib)
    departures: list[tuple[float, int]] = [(np.inf, 0)]
    head = tail = change = 0
    running = replicas[0]
    _fill(used_at[:running], room, artifact_gib, loaded)
    ready_s = busy_until_s
    asked_s = arrival_s[0] if count else 0.0
    while head < count:
        now = min(departures[0][0], arrival_s[tail] if tail < count else np.inf)
        if change + 1 < len(change_s):
            now = min(now, change_s[change + 1])
        if head < tail and ready_s > 0.0 and ready_s < now:
            now = ready_s
        while departures[0][0] <= now:
            serving[heappop(departures)[1]] -= 1
        while change + 1 < len(change_s) and change_s[change + 1] <= now:
            change += 1
            for r in range(replicas[change], running):
                used_at[r] = NEVER
                room[r] = memory_gib
            running = replicas[change]
        while tail < count and arrival_s[tail] <= now:
            if running == 1 and arrival_s[tail] - asked_s > hold_s:
                ready_s = max(ready_s, arrival_s[tail] + start_s)
            asked_s = arrival_s[tail]
            tail += 1
        if ready_s <= now:
            ready_s = 0.0
        while head < tail and ready_s == 0.0:
            chosen = int(serving[:running].argmin())
            if serving[chosen] >= slots:
                break
            serving[chosen] += 1
            takes = service_s[head] * _pace(serving[chosen], slots, batch[head], marginal[head])
            model = artifact[head]
            if memory_gib < np.inf:
                # Who comes while a model loads waits for the same load.
                held, ready = used_at[chosen], ready_at[chosen]
                loading_s = _loading_s(held, ready, artifact_gib, room, chosen, model, load_s, now)
                waited[head] = loading_s > 0.0
                takes += loading_s
            used_at[chosen, model] = head
            answered[head] = now + takes
            heappush(departures, (float(answered[head]), chosen))
            head += 1
    return answered - arrival_s, waited


@compiled
def _pace(serving: int, slots: int, batch: float, marginal: float) -> float:
    """Time a request takes beside others on a replica, in parts of that in a full batch."""
    together = min(batch, np.ceil(serving * batch / slots))
    return (1.0 + marginal * (together - 1.0)) / (1.0 + marginal * (batch - 1.0))


@compiled
def _fill(used_at: NDArray[np.int64], room: FloatArray, artifact_gib: FloatArray, loaded: NDArray[np.intp]) -> None:
    """Load models on each replica in their order while there is room."""
    for r in range(len(used_at)):
        for place in range(len(loaded)):
            if room[r] < artifact_gib[loaded[place]]:
                break
            used_at[r, loaded[place]] = -1 - place
            room[r] -= artifact_gib[loaded[place]]


@compiled
def _loading_s(
    used_at: NDArray[np.int64],
    ready_at: FloatArray,
    artifact_gib: FloatArray,
    room: FloatArray,
    replica: int,
    model: int,
    load_s: FloatArray,
    now: float,
) -> float:
    """Time until a replica has a model loaded, which it begins to load where it does not hold it."""
    if used_at[model] == NEVER:
        _make_room(used_at, artifact_gib, room, replica, model)
        ready_at[model] = now + load_s[model]
    return max(ready_at[model] - now, 0.0)


@compiled
def _make_room(
    used_at: NDArray[np.int64], artifact_gib: FloatArray, room: FloatArray, replica: int, model: int
) -> None:
    while room[replica] < artifact_gib[model]:
        oldest = -1
        for other in range(len(used_at)):
            if used_at[other] != NEVER and (oldest < 0 or used_at[other] < used_at[oldest]):
                oldest = other
        if oldest < 0:
            break
        used_at[oldest] = NEVER
        room[replica] += artifact_gib[oldest]
    room[replica] -= artifact_gib[model]


@compiled
def senders(rate_rps: FloatArray, at: NDArray[np.intp], drawn: FloatArray) -> NDArray[np.intp]:
    """Whose each request is, by the members' rates in its bin.

    Parameters
    ----------
    rate_rps : ndarray, shape (M, T)
    at : ndarray of int, shape (N,)
        Bin of each request, in ascending order.
    drawn : ndarray, shape (N,)
        Uniform between 0 and 1.
    """
    which = np.zeros(len(at), dtype=np.intp)
    upto = np.zeros(len(rate_rps))
    known = -1
    for i in range(len(at)):
        if at[i] != known:
            known = at[i]
            upto = np.cumsum(rate_rps[:, known])
        member = np.searchsorted(upto, drawn[i] * upto[-1], side="right")
        which[i] = min(member, len(upto) - 1)
    return which
