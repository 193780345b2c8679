"""Two workloads and the fleet around them to the evidence for and against serving them together."""

import numpy as np
from numpy.typing import NDArray

from generator.capacity.compatibility import class_key
from generator.capacity.machines import Machines
from generator.errors import InputError
from generator.model import Communities, CorrelationGraph, Traffic, Workload
from generator.present.answers import Evidence


def explain(
    table: Machines, traffic: Traffic, correlation: CorrelationGraph, communities: Communities, names: tuple[str, str]
) -> Evidence:
    """Gather the evidence about a pair of workloads.

    Parameters
    ----------
    table : Machines
        The fleet against the machines it may run on.
    traffic : Traffic
        The planning window.
    correlation : CorrelationGraph
    communities : Communities
    names : tuple of (str, str)

    Returns
    -------
    Evidence

    Raises
    ------
    InputError
        The fleet has no such workload, or both names are the same.
    """
    index = {workload.name: i for i, workload in enumerate(table.fleet.workloads)}
    for name in names:
        if name not in index:
            near = ", ".join(sorted(index)[:5])
            raise InputError(f"workload {name!r}", "is not in this fleet.", f"It has {near} and so on: see fleet.yaml.")
    if names[0] == names[1]:
        raise InputError(f"workload {names[0]!r}", "stands on both sides.", "Name two different workloads.")
    pair = np.array([index[name] for name in names])
    edge = correlation.graph.get_edge_data(*names) or {}
    rate = traffic.rate_rps[pair]
    return Evidence(
        workloads=names,
        correlation=_rounded(edge.get("correlation")),
        affinity=_rounded(edge.get("affinity")),
        peak_of_sum_rps=float(f"{rate.sum(axis=0).max():.9g}"),
        sum_of_peaks_rps=float(f"{rate.max(axis=1).sum():.9g}"),
        same_community=any(set(pair.tolist()) <= set(members) for members in communities.members),
        forbidden=tuple(_forbidden(table, table.fleet.workloads[pair[0]], table.fleet.workloads[pair[1]], pair)),
    )


def _forbidden(table: Machines, one: Workload, other: Workload, pair: NDArray[np.intp]) -> list[str]:
    share = table.fleet.limits.tenants_share
    words, others = (set(class_key(workload, tenants_share=share)) for workload in (one, other))
    found: list[str] = []
    if words != others:
        ours, theirs = (", ".join(sorted(only)) or "nothing of that" for only in (words - others, others - words))
        found.append(f"{one.name}: {ours}; {other.name}: {theirs}")
    if one.keep_apart is not None and one.keep_apart == other.keep_apart:
        found.append(f"both are marked keep_apart {one.keep_apart!r}")
    if not table.region_allowed[pair].all(axis=0).any():
        found.append("no allowed region may process the data of both")
    elif not found and not table.fits(pair).any():
        found.append("no machine they may both run on has the memory for both")
    return found


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else float(f"{figure:.9g}")
