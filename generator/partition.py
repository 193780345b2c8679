"""The correlation graph to communities: workloads whose traffic moves together."""

import networkx as nx
from networkx.algorithms.community import louvain_communities, modularity

from generator.model import Communities, CorrelationGraph

RESOLUTIONS = (0.5, 1.0, 2.0)


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
    number = {name: i for i, name in enumerate(correlation.graph.nodes)}
    # Numbers, not names: sets of texts have another order in every process, and with it the sums' last digits and ties.
    together = nx.Graph()
    together.add_nodes_from(number.values())
    together.add_weighted_edges_from(
        (number[a], number[b], weight) for a, b, weight in correlation.graph.edges(data="weight") if weight > 0
    )
    candidates: list[tuple[float, float, list[set[int]]]] = []
    for resolution in RESOLUTIONS:
        found: list[set[int]] = louvain_communities(together, weight="weight", resolution=resolution, seed=seed)
        connected = [part for whole in found for part in nx.connected_components(together.subgraph(whole))]
        quality = modularity(together, connected, weight="weight") if together.number_of_edges() else 0.0
        candidates.append((quality, resolution, connected))
    quality, resolution, parts = max(candidates, key=lambda candidate: candidate[0])
    members = sorted(tuple(sorted(part)) for part in parts)
    return Communities(tuple(members), quality, resolution)
