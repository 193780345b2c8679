"""Traces and inventory to the workload correlation graph."""

import networkx as nx
import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from generator.capacity.compatibility import class_key
from generator.model import CorrelationGraph, Fleet, FloatArray, Traffic, Workload

# Longer windows are averaged down to about this many bins: noise of single bins hides who moves with whom.
CORRELATED_BINS = 2048
NEIGHBOURS = 20
BLOCK_ROWS = 2048


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
    standard = _standardize(_averaged(traffic.rate_rps))
    kept = 1.0 - _shrinkage(standard)
    graph = nx.Graph()
    graph.add_nodes_from(workload.name for workload in fleet.workloads)
    for i, j, correlation in _strongest(standard, kept):
        affinity = _affinity(fleet.workloads[i], fleet.workloads[j])
        graph.add_edge(
            fleet.workloads[i].name,
            fleet.workloads[j].name,
            correlation=correlation,
            affinity=affinity,
            weight=max(correlation, 0.0) * (1.0 + affinity) / 2.0,
        )
    classes: dict[tuple[str, ...], list[int]] = {}
    for i, workload in enumerate(fleet.workloads):
        classes.setdefault(class_key(workload, tenants_share=fleet.limits.tenants_share), []).append(i)
    keys = tuple(sorted(classes))
    return CorrelationGraph(graph, tuple(tuple(classes[key]) for key in keys), keys)


def _averaged(rate: FloatArray) -> FloatArray:
    every = max(1, rate.shape[1] // CORRELATED_BINS)
    whole = rate.shape[1] // every * every
    return rate[:, :whole].reshape(rate.shape[0], -1, every).mean(axis=2)


def _standardize(rate: FloatArray) -> FloatArray:
    centred = rate - rate.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True))
    return np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12 * (1 + np.abs(rate).max()))


def _shrinkage(standard: FloatArray) -> float:
    if standard.shape[0] < 2:
        return 0.0
    return float(ledoit_wolf_shrinkage(standard.T, assume_centered=True))


def _strongest(standard: FloatArray, kept: float) -> list[tuple[int, int, float]]:
    """Pairs (i < j) that are among either's strongest partners, with their shrunk correlation."""
    count, bins = standard.shape
    wanted = min(NEIGHBOURS, count - 1)
    found: dict[tuple[int, int], float] = {}
    if wanted < 1:
        return []
    for start in range(0, count, BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, count))
        correlation = kept * (standard[rows] @ standard.T) / bins
        correlation[np.arange(len(rows)), rows] = 0.0
        for sign in (1.0, -1.0):
            partners = np.argpartition(-sign * correlation, wanted - 1, axis=1)[:, :wanted]
            values = np.take_along_axis(correlation, partners, axis=1)
            for row, (others, strengths) in enumerate(zip(partners, values, strict=True), start=start):
                for other, strength in zip(others.tolist(), strengths.tolist(), strict=True):
                    if strength * sign > 0:
                        found[min(row, other), max(row, other)] = strength
    return [(i, j, value) for (i, j), value in sorted(found.items())]


def _affinity(a: Workload, b: Workload) -> float:
    same_cohort = a.cohort is not None and a.cohort == b.cohort
    same_size = round(np.log2(max(a.memory_gib, 1e-3))) == round(np.log2(max(b.memory_gib, 1e-3)))
    same_latency = round(np.log2(a.objective.latency_s)) == round(np.log2(b.objective.latency_s))
    return (same_cohort + same_size + same_latency) / 3.0
