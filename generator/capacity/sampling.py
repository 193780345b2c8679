"""Long windows by a weighted sample of whole stretches, so that planning costs the same for a week and for a year."""

import numpy as np

from generator.model import FloatArray, Traffic

SAMPLED_BINS = 2048
# A stretch counts its last `COUNTED` bins; the `WARM_UP` before them only set the scaling signal and the idle time.
COUNTED, WARM_UP = 12, 4


def sample_bins(traffic: Traffic) -> tuple[FloatArray, FloatArray]:
    """Choose bins that stand for a window, with weights.

    Half of the stretches are the busiest, where a stretch counts by what each workload has in it of its own total, so
    that rare workloads are seen; the other half is an even sample of the rest and weighs for all of it.

    Parameters
    ----------
    traffic : Traffic

    Returns
    -------
    rate_rps : ndarray, shape (W, S)
        The rates of the chosen bins in order of time; all of them where the window is short.
    weights : ndarray, shape (S,)
        Sum to 1; 0 on bins that only warm up.
    """
    rate = traffic.rate_rps
    count = rate.shape[1]
    if count <= SAMPLED_BINS:
        return rate, np.full(count, 1.0 / count)
    begins = np.arange(0, count, COUNTED)
    share = rate / np.maximum(rate.sum(axis=1, keepdims=True), 1e-300)
    busy = np.add.reduceat(share.sum(axis=0), begins)
    half = SAMPLED_BINS // (COUNTED + WARM_UP) // 2
    busiest = np.sort(np.argsort(-busy, kind="stable")[:half])
    rest = np.setdiff1d(np.arange(len(begins)), busiest, assume_unique=True)
    sampled = rest[np.linspace(0, len(rest) - 1, half).astype(np.intp)]
    chosen = np.sort(np.concatenate([busiest, sampled]))
    offset = np.arange(-WARM_UP, COUNTED)
    bins = begins[chosen][:, None] + offset
    worth = np.where(np.isin(chosen, busiest), 1.0, len(rest) / half)
    # Before its first bin a window is taken to have been as in it; what would lie behind its last one does not count.
    weights = (worth[:, None] * ((offset >= 0) & (bins < count))).ravel()
    return np.take(rate, np.clip(bins, 0, count - 1).ravel(), axis=1), weights / weights.sum()
