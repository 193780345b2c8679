"""Rates from counters that only grow, except when what counts is started anew."""

import numpy as np
from numpy.typing import NDArray

from generator.model import FloatArray


def counter_rate(readings: FloatArray, bin_s: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Turn readings at the edges of bins into the mean rate within each.

    Where a counter falls it was started anew, and how far it had come by then nobody knows: that bin has no rate. What
    it shows afterwards is no substitute: of a counter that is a sum over replicas, one of which went, it would be a
    spike.

    Parameters
    ----------
    readings : ndarray, shape (..., T + 1)
        NaN where there is none.
    bin_s : float

    Returns
    -------
    rate : ndarray, shape (..., T), 1/s
        Never negative; NaN where either edge has no reading, and where the counter fell.
    fell : ndarray of bool, shape (..., T)
    """
    steps = np.diff(readings, axis=-1)
    fell = steps < 0
    return np.where(fell, np.nan, steps) / bin_s, fell
