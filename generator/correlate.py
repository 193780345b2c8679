"""Traces and inventory to the workload correlation graph."""

from collections.abc import Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from generator.capacity.compatibility import class_key
from generator.model import CorrelationGraph, Fleet, FloatArray, Traffic, Workload

# Longer windows are averaged down to about this many bins: noise of single bins hides who moves with whom.
CORRELATED_BINS = 2048
NEIGHBOURS = 20
BLOCK_ROWS = 2048
SAMPLED_COLUMNS = 256


def correlate(fleet: Fleet, traffic: Traffic) -> CorrelationGraph:
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
    standard = _standardized(traffic.rate_rps)
    first, second, strength, squares = _strongest(standard)
    kept = 1.0 - _shrinkage(standard, squares)
    graph = nx.Graph()
    names = [workload.name for workload in fleet.workloads]
    graph.add_nodes_from(names)
    correlations, affinities = kept * strength, _affinity(fleet.workloads, first, second)
    weights = np.maximum(correlations, 0.0) * (1.0 + affinities) / 2.0
    found = zip(*(column.tolist() for column in (first, second, correlations, affinities, weights)), strict=True)
    graph.add_edges_from(
        (names[i], names[j], {"correlation": correlation, "affinity": affinity, "weight": weight})
        for i, j, correlation, affinity, weight in found
    )
    classes: dict[tuple[str, ...], list[int]] = {}
    for i, workload in enumerate(fleet.workloads):
        classes.setdefault(class_key(workload, tenants_share=fleet.limits.tenants_share), []).append(i)
    keys = tuple(sorted(classes))
    return CorrelationGraph(graph, tuple(tuple(classes[key]) for key in keys), keys)


def _standardized(rate: FloatArray) -> FloatArray:
    """Series of mean 0 and standard deviation 1, shape (W, T'), zeros where a series is constant.

    In double precision where one block holds the fleet, else in single: partners are found at half the memory.
    """
    every = max(1, rate.shape[1] // CORRELATED_BINS)
    whole = rate.shape[1] // every * every
    largest = float(np.abs(rate).max())
    precision = np.float64 if len(rate) <= BLOCK_ROWS else np.float32
    standard: FloatArray = np.zeros((len(rate), whole // every), dtype=precision)  # pyright: ignore[reportAssignmentType]
    for start in range(0, len(rate), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        averaged = rate[rows, :whole].reshape(len(rate[rows]), -1, every).mean(axis=2)
        centred = averaged - averaged.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True))
        moves = spread > 1e-12 * (1 + largest)
        standard[rows] = np.divide(centred, spread, out=np.zeros_like(centred), where=moves)
    return standard


def _shrinkage(standard: FloatArray, squares: float) -> float:
    """Ledoit and Wolf's intensity for centred series, 0 to 1.

    `squares` is the sum of all squared correlations, which the search for partners yields by the way; scikit-learn's
    `ledoit_wolf_shrinkage` gives the same and multiplies the matrices twice more.
    """
    count, bins = standard.shape
    if count < 2:
        return 0.0
    variance = np.einsum("wt,wt->w", standard, standard, dtype=np.float64) / bins
    fourth = float((np.einsum("wt,wt->t", standard, standard, dtype=np.float64) ** 2).sum())
    noise = (fourth / bins - squares) / (count * bins)
    distance = (squares - float(variance.sum()) ** 2 / count) / count
    return min(noise, distance) / distance if min(noise, distance) > 0 else 0.0


def _strongest(standard: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray, float]:
    """Pairs (i < j) that are among either's strongest partners of one sign, in order, and their correlation.

    Only block pairs on and above the diagonal are multiplied; each serves its rows and, transposed, its columns.

    Returns
    -------
    first, second, correlation : ndarray
    squares : float
        Sum of all squared correlations, the diagonal's included.
    """
    count, bins = standard.shape
    wanted = min(NEIGHBOURS, count - 1)
    squares = 0.0
    partners = [_Partners(np.zeros((count, max(wanted, 0)), standard.dtype)) for _ in range(2)]
    for top in range(0, count, BLOCK_ROWS):
        for left in range(top, count, BLOCK_ROWS):
            rows, columns = standard[top : top + BLOCK_ROWS], standard[left : left + BLOCK_ROWS]
            block = rows @ columns.T
            block /= bins
            squares += (1.0 if top == left else 2.0) * float(np.vdot(block, block))
            if top == left:
                np.fill_diagonal(block, 0.0)
            for found, signed in zip(partners, (block, -block), strict=True):
                found.offer(signed, top, left)
                if top != left:
                    found.offer(signed.T, left, top)
    (alike, strength), (opposite, contrast) = (found.pairs() for found in partners)
    keys, at = np.unique(np.concatenate([alike, opposite]), return_index=True)
    correlation = np.concatenate([strength, -contrast])[at]
    return keys // count, keys % count, correlation, squares


class _Partners:
    """The strongest partners of each workload seen so far, as many as columns; a strength of 0 or less is none."""

    def __init__(self, strength: FloatArray) -> None:
        self.strength = strength
        self.partner: NDArray[np.intp] = np.full(strength.shape, -1, dtype=np.intp)

    def offer(self, block: FloatArray, top: int, left: int) -> None:
        """Look through the strengths of rows from `top` with columns from `left`."""
        wanted = self.strength.shape[1]
        if wanted == 0:
            return
        held = self.strength[top : top + len(block)]
        better = block > held.min(axis=1)[:, None]
        if block.shape[1] > 4 * SAMPLED_COLUMNS and np.count_nonzero(better) > 8 * held.size:
            # As many of the sample reach this strength as are wanted, so nothing below it is among the strongest.
            sampled = np.partition(block[:, :SAMPLED_COLUMNS], -wanted, axis=1)[:, -wanted]
            better &= block >= sampled[:, None]
        # A mask in the order of its memory is read several times faster.
        rows, columns = np.nonzero(better) if better.flags.c_contiguous else np.nonzero(better.T)[::-1]
        row = np.concatenate([np.repeat(np.arange(len(block)), wanted), rows])
        strength = np.concatenate([held.ravel(), block[rows, columns]])
        partner = np.concatenate([self.partner[top : top + len(block)].ravel(), columns + left])
        order = np.lexsort((partner, -strength, row))
        row, begins = row[order], np.searchsorted(row[order], np.arange(len(block)))
        rank = np.arange(len(row)) - begins[row]
        best = order[rank < wanted]
        self.strength[top : top + len(block)] = strength[best].reshape(-1, wanted)
        self.partner[top : top + len(block)] = partner[best].reshape(-1, wanted)

    def pairs(self) -> tuple[NDArray[np.intp], FloatArray]:
        """Each pair found as ``smaller * count + larger``, with its strength."""
        count, wanted = self.partner.shape
        one, other, strength = np.repeat(np.arange(count), wanted), self.partner.ravel(), self.strength.ravel()
        found = strength > 0
        return np.minimum(one, other)[found] * count + np.maximum(one, other)[found], strength[found]


def _affinity(workloads: Sequence[Workload], first: NDArray[np.intp], second: NDArray[np.intp]) -> FloatArray:
    """Share of cohort, size class and latency class that the two of each pair have in common."""
    cohorts = {cohort: i for i, cohort in enumerate(dict.fromkeys(w.cohort for w in workloads))}
    cohort = np.array([-1 if w.cohort is None else cohorts[w.cohort] for w in workloads])
    size = np.round(np.log2(np.maximum([w.memory_gib for w in workloads], 1e-3)))
    latency = np.round(np.log2([w.objective.latency_s for w in workloads]))
    same_cohort = (cohort[first] == cohort[second]) & (cohort[first] >= 0)
    return (0.0 + same_cohort + (size[first] == size[second]) + (latency[first] == latency[second])) / 3.0
