"""One group's requests one by one: queue, batches, replicas that come and go, cold starts, models that take turns."""

from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from generator.compiled import compiled
from generator.model import FloatArray


@compiled
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
) -> tuple[FloatArray, int]:
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

    Returns
    -------
    latency_s : ndarray, shape (N,)
    loads : int
        Requests that had their model loaded first.
    """
    count = len(arrival_s)
    most = replicas.max()
    answered = np.zeros(count)
    serving = np.zeros(most, dtype=np.int64)
    used_at = np.full((most, len(artifact_gib)), -1, dtype=np.int64)
    room = np.full(most, memory_gib)
    departures: list[tuple[float, int]] = [(np.inf, 0)]
    head = tail = loads = change = 0
    running = replicas[0]
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
                used_at[r] = -1
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
            together = min(batch[head], np.ceil(serving[chosen] * batch[head] / slots))
            pace = (1.0 + marginal[head] * (together - 1.0)) / (1.0 + marginal[head] * (batch[head] - 1.0))
            takes = service_s[head] * pace
            model = artifact[head]
            if memory_gib < np.inf and used_at[chosen, model] < 0:
                _make_room(used_at[chosen], artifact_gib, room, chosen, model)
                takes += load_s[model]
                loads += 1
            used_at[chosen, model] = head
            answered[head] = now + takes
            heappush(departures, (float(answered[head]), chosen))
            head += 1
    return answered - arrival_s, loads


@compiled
def _make_room(
    used_at: NDArray[np.int64], artifact_gib: FloatArray, room: FloatArray, replica: int, model: int
) -> None:
    while room[replica] < artifact_gib[model]:
        oldest = -1
        for other in range(len(used_at)):
            if used_at[other] >= 0 and (oldest < 0 or used_at[other] < used_at[oldest]):
                oldest = other
        if oldest < 0:
            break
        used_at[oldest] = -1
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
