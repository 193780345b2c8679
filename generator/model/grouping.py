"""What correlation finds."""

from dataclasses import dataclass

import networkx as nx


@dataclass(frozen=True, slots=True)
class CorrelationGraph:
    """Workloads and the evidence for and against serving them together.

    Parameters
    ----------
    graph : networkx.Graph
        Nodes are workload names. An edge has ``correlation`` (signed, shrunk), ``affinity`` (0 to 1) and ``weight``.
    classes : tuple of tuple of int
        Compatibility classes: indices of workloads that may share an endpoint. They partition the fleet.
    class_keys : tuple of tuple of str
        What each class has in common, as readable words.
    """

    graph: nx.Graph
    classes: tuple[tuple[int, ...], ...]
    class_keys: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Communities:
    """Workloads whose traffic moves together: rolled out, watched and explained together. A partition of 0..W-1."""

    members: tuple[tuple[int, ...], ...]
    modularity: float
    resolution: float
