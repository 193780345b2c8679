"""The correlation graph to communities: workloads whose traffic moves together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import networkx as nx
import numpy as np
from networkx.algorithms.community import louvain_communities
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain

from generator.model import Communities, CorrelationGraph, FloatArray

RESOLUTIONS = (0.5, 1.0, 2.0)
# Beyond so many edges networkx would take minutes for what compiled code does in seconds; below, what it finds stays.
MANY_EDGES = 100_000


def partition(correlation: CorrelationGraph, *, seed: int) -> Communities:
    """Partition the workloads by Louvain at several resolutions and keep the partition of highest modularity.

    Communities that are not connected, which Louvain can leave, are split. What the communities say is who to roll out,
    watch and explain together; they start the search for groups and never wall it in.

    Parameters
    ----------
    correlation : CorrelationGraph
    seed : int

    Returns
    -------
    Communities
        Sorted by their first member.

    References
    ----------
    V. D. Blondel et al., "Fast unfolding of communities in large networks", J. Stat. Mech. (2008) P10008.
    V. A. Traag, L. Waltman, N. J. van Eck, "From Louvain to Leiden", Scientific Reports 9 (2019) 5233.
    """
    # Numbers, not names: sets of texts have another order in every process, and with it the sums' last digits and ties.
    together = np.flatnonzero(correlation.weight > 0)
    edges = Edges(correlation.first[together], correlation.second[together], correlation.weight[together])
    # A backend that somebody configured for networkx is asked whatever the size.
    configured = bool(nx.config.backend_priority.algos)  # pyright: ignore[reportAttributeAccessIssue] -- made at run time
    found = _compiled if len(together) > MANY_EDGES and not configured else _plain
    count = len(correlation.names)
    quality, resolution, parts = max(found(count, edges, seed), key=lambda candidate: candidate[0])
    members = sorted(tuple(sorted(part)) for part in parts)
    return Communities(tuple(members), quality, resolution)


class Edges(NamedTuple):
    """Workloads that move together: the two ends of each edge, and its weight, above 0."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    weight: FloatArray


Found = tuple[float, float, Sequence[Iterable[int]]]


def _plain(count: int, edges: Edges, seed: int) -> Iterator[Found]:
    """Modularity, resolution and communities by networkx."""
    together = nx.Graph()
    together.add_nodes_from(range(count))
    together.add_weighted_edges_from(zip(*(column.tolist() for column in edges), strict=True))
    for resolution in RESOLUTIONS:
        found: list[set[int]] = louvain_communities(together, weight="weight", resolution=resolution, seed=seed)
        connected = [part for whole in found for part in nx.connected_components(together.subgraph(whole))]
        part = np.empty(count, dtype=np.intp)
        for number, members in enumerate(connected):
            part[list(members)] = number
        yield _modularity(edges, part), resolution, connected


def _compiled(count: int, edges: Edges, seed: int) -> Iterator[Found]:
    """The same by scikit-network, on a matrix."""
    first, second, weight = edges
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    weights = np.concatenate([weight, weight])
    together = csr_matrix((weights, ends), shape=(count, count))
    for resolution in RESOLUTIONS:
        louvain = Louvain(resolution=resolution, modularity="newman", shuffle_nodes=True, random_state=seed)
        labels: NDArray[np.intp] = louvain.fit_predict(together)
        inside = labels[ends[0]] == labels[ends[1]]
        within = csr_matrix((weights[inside], (ends[0][inside], ends[1][inside])), shape=(count, count))
        _, part = connected_components(within, directed=False)
        order = np.argsort(part, kind="stable")
        parts = [one.tolist() for one in np.split(order, np.cumsum(np.bincount(part))[:-1])]
        yield _modularity(edges, part), resolution, parts


def _modularity(edges: Edges, part: NDArray[np.intp]) -> float:
    """Share of the weight within parts, less what chance would put there (Newman, PNAS 103, 2006); 0 without edges."""
    first, second, weight = edges
    total = float(weight.sum())
    if total == 0.0:
        return 0.0
    strength = np.bincount(part[first], weight, len(part)) + np.bincount(part[second], weight, len(part))
    return float(weight[part[first] == part[second]].sum() / total - ((strength / (2.0 * total)) ** 2).sum())
