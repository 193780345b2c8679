"""Long windows by a weighted sample of whole stretches, so that planning costs the same for a week and for a year."""

import numpy as np
from numpy.typing import NDArray

from generator.model import FloatArray, Traffic

SAMPLED_BINS = 2048
# Short bins take longer stretches, and so more bins in all: at least so many stretches, up to so many bins.
LEAST_STRETCHES, MOST_SAMPLED_BINS = 64, 16_384
# What comes before a stretch sets its scaling signal and idle time: the slowest autoscaler's delay and hold time.
WARM_UP_S = 1320.0
# A stretch counts so many bins, and no fewer than it takes to warm up.
LEAST_COUNTED = 12


def sample_bins(traffic: Traffic) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
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
    at : ndarray of int, shape (S,)
        Which bins of the window they are; at its ends one may be there more than once.
    """
    rate = traffic.rate_rps
    count = rate.shape[1]
    counted, warm_up, stretches = stretch(traffic.window.bin_s)
    if count <= max(SAMPLED_BINS, stretches * (counted + warm_up)):
        return rate, np.full(count, 1.0 / count), np.arange(count)
    begins = np.arange(0, count, counted)
    share = rate / np.maximum(rate.sum(axis=1, keepdims=True), 1e-300)
    busy = np.add.reduceat(share.sum(axis=0), begins)
    half = stretches // 2
    busiest = np.sort(np.argsort(-busy, kind="stable")[:half])
    rest = np.setdiff1d(np.arange(len(begins)), busiest, assume_unique=True)
    sampled = rest[np.linspace(0, len(rest) - 1, min(half, len(rest))).astype(np.intp)]
    chosen = np.sort(np.concatenate([busiest, sampled]))
    offset = np.arange(-warm_up, counted)
    bins = begins[chosen][:, None] + offset
    worth = np.where(np.isin(chosen, busiest), 1.0, len(rest) / len(sampled))
    # Before its first bin a window is taken to have been as in it; what would lie behind its last one does not count.
    weights = (worth[:, None] * ((offset >= 0) & (bins < count))).ravel()
    at = np.clip(bins, 0, count - 1).ravel()
    return np.take(rate, at, axis=1), weights / weights.sum(), at


def stretch(bin_s: float) -> tuple[int, int, int]:
    """Bins of a stretch that count, bins before them that warm up, and number of stretches."""
    # Delay and hold time are each rounded to whole bins and idle time begins a bin earlier: long bins take four.
    warm_up = max(4, int(np.ceil(WARM_UP_S / bin_s)))
    counted = max(LEAST_COUNTED, warm_up)
    length = counted + warm_up
    return counted, warm_up, max(2, min(max(LEAST_STRETCHES, SAMPLED_BINS // length), MOST_SAMPLED_BINS // length))
