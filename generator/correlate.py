"""Traces and inventory to the workload correlation graph."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.capacity.compatibility import class_key
from generator.model import CorrelationGraph, Fleet, FloatArray, Traffic, Workload
from generator.partners import BLOCK_ROWS, Over, in_process, partners

# Longer windows are averaged down to about this many bins: noise of single bins hides who moves with whom.
CORRELATED_BINS = 2048
NEIGHBOURS = 20


def correlate(fleet: Fleet, traffic: Traffic, *, over: Over = in_process) -> CorrelationGraph:
    """Build the graph of evidence for and against serving workloads together.

    Every workload keeps its `NEIGHBOURS` strongest positive and as many negative partners. An edge has
    ``correlation``, Pearson's, shrunk towards zero by Ledoit and Wolf's intensity; ``affinity``, the share of cohort,
    size class and latency class that both have in common; and ``weight = max(correlation, 0) * (1 + affinity) / 2``.
    Memory is bounded by blocks of rows.

    Parameters
    ----------
    fleet : Fleet
    traffic : Traffic
        The planning window; the scored one must not be seen.
    over : callable
        Where blocks of series are multiplied: in this process, or on a cluster.

    Returns
    -------
    CorrelationGraph

    References
    ----------
    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    J. Multivariate Analysis 88 (2004).

    Notes
    -----
    A constant series correlates with nothing: its correlations are 0.
    """
    unit = _unit(traffic.rate_rps)
    first, second, strength, squares = _strongest(unit, over)
    kept = 1.0 - _shrinkage(unit, squares)
    correlations, affinities = kept * strength, _affinity(fleet.workloads, first, second)
    classes: dict[tuple[str, ...], list[int]] = {}
    for i, workload in enumerate(fleet.workloads):
        classes.setdefault(class_key(workload, tenants_share=fleet.limits.tenants_share), []).append(i)
    return CorrelationGraph(
        names=tuple(workload.name for workload in fleet.workloads),
        first=first,
        second=second,
        correlation=correlations,
        affinity=affinities,
        weight=np.maximum(correlations, 0.0) * (1.0 + affinities) / 2.0,
        classes=tuple(tuple(classes[key]) for key in sorted(classes)),
    )


def _unit(rate: FloatArray) -> FloatArray:
    """Series of mean 0 and norm 1, shape (W, T'), zeros where a series is constant.

    In double precision where one block holds the fleet, else in single, at half the memory and twice the speed: its
    rounding, some 1e-6 of a correlation, is far below what 2,000 bins tell of one, some .02.
    """
    every = max(1, rate.shape[1] // CORRELATED_BINS)
    whole = rate.shape[1] // every * every
    largest = float(np.abs(rate).max())
    precision = np.float64 if len(rate) <= BLOCK_ROWS else np.float32
    unit: FloatArray = np.zeros((len(rate), whole // every), dtype=precision)  # pyright: ignore[reportAssignmentType]
    bins = unit.shape[1]
    for start in range(0, len(rate), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        seen = rate[rows, :whole]
        averaged = seen if every == 1 else seen.reshape(len(seen), -1, every).mean(axis=2)
        centred = averaged - averaged.mean(axis=1, keepdims=True)
        norm = np.sqrt(np.einsum("wt,wt->w", centred, centred))[:, None]
        moves = norm > 1e-12 * (1 + largest) * np.sqrt(bins)
        np.multiply(
            centred, np.divide(1.0, norm, out=np.zeros_like(norm), where=moves), out=unit[rows], casting="same_kind"
        )
    return unit


def _shrinkage(unit: FloatArray, squares: float) -> float:
    """Ledoit and Wolf's intensity for series of variance 1, 0 to 1.

    `squares` is the sum of all squared correlations, which the search for partners yields by the way; scikit-learn's
    `ledoit_wolf_shrinkage` gives the same and multiplies the matrices twice more.
    """
    count, bins = unit.shape
    if count < 2:
        return 0.0
    variance = np.einsum("wt,wt->w", unit, unit, dtype=np.float64)
    fourth = float((np.einsum("wt,wt->t", unit, unit, dtype=np.float64) ** 2).sum()) * bins**2
    noise = (fourth / bins - squares) / (count * bins)
    distance = (squares - float(variance.sum()) ** 2 / count) / count
    return min(noise, distance) / distance if min(noise, distance) > 0 else 0.0


def _strongest(unit: FloatArray, over: Over) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray, float]:
    """Pairs (i < j) that are among either's strongest partners of one sign, in order, and their correlation.

    Returns
    -------
    first, second, correlation : ndarray
    squares : float
        Sum of all squared correlations, the diagonal's included.
    """
    count = len(unit)
    wanted = min(NEIGHBOURS, count - 1)
    if wanted == 0:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0), 0.0
    found, squares = partners(unit, wanted, over)
    sign, one, place = np.nonzero(found.strength > 0)
    other = found.partner[sign, one, place].astype(np.intp)
    strength = found.strength[sign, one, place] * np.where(sign == 0, 1.0, -1.0)
    keys, at = np.unique(np.minimum(one, other) * count + np.maximum(one, other), return_index=True)
    return keys // count, keys % count, strength[at], squares


def _affinity(workloads: Sequence[Workload], first: NDArray[np.intp], second: NDArray[np.intp]) -> FloatArray:
    """Share of cohort, size class and latency class that the two of each pair have in common."""
    cohorts = {cohort: i for i, cohort in enumerate(dict.fromkeys(w.cohort for w in workloads))}
    cohort = np.array([-1 if w.cohort is None else cohorts[w.cohort] for w in workloads])
    size = np.round(np.log2(np.maximum([w.memory_gib for w in workloads], 1e-3)))
    latency = np.round(np.log2([w.objective.latency_s for w in workloads]))
    same_cohort = (cohort[first] == cohort[second]) & (cohort[first] >= 0)
    return (0.0 + same_cohort + (size[first] == size[second]) + (latency[first] == latency[second])) / 3.0
