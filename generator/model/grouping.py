"""What correlation finds."""

from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from generator.model.vocabulary import FloatArray


@dataclass(frozen=True, eq=False)
class CorrelationGraph:
    """Workloads and the evidence for and against serving them together.

    Its E edges are columns: a hundred thousand workloads have millions, which take gigabytes as objects.

    Parameters
    ----------
    names : tuple of str, length W
        Of the workloads, in the fleet's order.
    first, second : ndarray of int, shape (E,)
        Workloads that each edge joins, ``first < second``, in ascending order.
    correlation, affinity, weight : ndarray, shape (E,)
        Correlation (signed, shrunk), affinity (0 to 1) and weight of each edge.
    classes : tuple of tuple of int
        Compatibility classes: indices of workloads that may share an endpoint. They partition the fleet.
    """

    names: tuple[str, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    correlation: FloatArray
    affinity: FloatArray
    weight: FloatArray
    classes: tuple[tuple[int, ...], ...]

    @cached_property
    def graph(self) -> nx.Graph:
        """The same for who looks at it: nodes are names; an edge has ``correlation``, ``affinity`` and ``weight``."""
        graph = nx.Graph()
        graph.add_nodes_from(self.names)
        columns = (self.first, self.second, self.correlation, self.affinity, self.weight)
        graph.add_edges_from(
            (self.names[i], self.names[j], {"correlation": correlation, "affinity": affinity, "weight": weight})
            for i, j, correlation, affinity, weight in zip(*(column.tolist() for column in columns), strict=True)
        )
        return graph


@dataclass(frozen=True, slots=True)
class Communities:
    """Workloads whose traffic moves together: rolled out, watched and explained together. A partition of 0..W-1."""

    members: tuple[tuple[int, ...], ...]
    modularity: float
    resolution: float
