"""The loops over bins and hours that minimums by the clock take, compiled."""

import math

import numpy as np

from generator.capacity.scaling import WHOLE
from generator.compiled import compiled
from generator.model import FloatArray

# What one more step of a schedule must take off its mean: people read it, and chance alone finds many small ones.
LEAST_STEP = 0.02


@compiled
def mean_above_floors(
    signal: FloatArray, weights: FloatArray, targets: FloatArray, floors: FloatArray, highest: FloatArray
) -> FloatArray:
    """Replicas that policies run on average whose fewest replicas change from bin to bin.

    Parameters
    ----------
    signal, weights : ndarray, shape (T,)
    targets : ndarray, shape (P,)
    floors : ndarray, shape (F, T)
    highest : ndarray, shape (P, F)
        Most replicas.

    Returns
    -------
    ndarray, shape (P, F)
    """
    means = np.zeros(highest.shape)
    for p in range(highest.shape[0]):
        for t in range(len(signal)):
            wanted = math.ceil(signal[t] / targets[p] - WHOLE)
            for f in range(highest.shape[1]):
                means[p, f] += min(max(wanted, floors[f, t]), highest[p, f]) * weights[t]
    return means


@compiled
def stepped(needed: FloatArray, most_steps: int, rotations: int) -> FloatArray:
    """Lowest levels in few steps that lie nowhere below what is needed.

    Parameters
    ----------
    needed : ndarray, shape (H,)
        The hours of a day, which follow one another round the clock.
    most_steps : int
        Stretches of one level each.
    rotations : int
        The first stretch may begin at any of so many first hours: 1 lets it begin at midnight only, H anywhere.

    Returns
    -------
    ndarray, shape (H,)

    Notes
    -----
    The least sum of levels by dynamic programming over where each stretch ends, for every hour the first may begin at;
    every step adds `LEAST_STEP` to it.
    """
    hours = len(needed)
    best, levels = np.inf, np.full(hours, needed.max())
    for first in range(rotations):
        # least[k, h]: lowest sum over the first h hours in k stretches; the last of them begins at `begins[k, h]`.
        least = np.full((most_steps + 1, hours + 1), np.inf)
        begins = np.zeros((most_steps + 1, hours + 1), dtype=np.int64)
        least[0, 0] = 0.0
        for k in range(1, most_steps + 1):
            for end in range(1, hours + 1):
                level = 0.0
                for begin in range(end - 1, -1, -1):
                    level = max(level, needed[(first + begin) % hours])
                    total = least[k - 1, begin] + level * (end - begin)
                    if total < least[k, end] - WHOLE:
                        least[k, end], begins[k, end] = total, begin
        priced = least[:, hours] * (1.0 + LEAST_STEP * np.arange(most_steps + 1))
        steps = int(np.argmin(priced))
        if priced[steps] < best - WHOLE:
            best = priced[steps]
            end = hours
            for k in range(steps, 0, -1):
                begin = begins[k, end]
                level = 0.0
                for hour in range(begin, end):
                    level = max(level, needed[(first + hour) % hours])
                for hour in range(begin, end):
                    levels[(first + hour) % hours] = level
                end = begin
    return levels
