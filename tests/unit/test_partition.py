"""Communities: who moves together."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from generator.correlate import correlate
from generator.model import CorrelationGraph
from generator.partition import partition
from tests.fleets import days, fleet, traffic, workload


def weighted(*edges: tuple[str, str, float], nodes: Sequence[str] = "abcdef") -> CorrelationGraph:
    number = {name: i for i, name in enumerate(nodes)}
    found = {(min(number[a], number[b]), max(number[a], number[b])): weight for a, b, weight in edges}
    ends = np.array(sorted(found), dtype=np.intp).reshape(-1, 2)
    weights = np.array([found[pair] for pair in sorted(found)])
    return CorrelationGraph(
        names=tuple(nodes),
        first=ends[:, 0],
        second=ends[:, 1],
        correlation=weights,
        affinity=np.ones(len(found)),
        weight=weights,
        classes=(),
    )


def test_two_triangles_with_a_thin_bridge_are_two_communities() -> None:
    triangles = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "e"), ("e", "f"), ("d", "f")]
    found = partition(weighted(*((a, b, 0.9) for a, b in triangles), ("c", "d", 0.05)), seed=0)

    assert found.members == ((0, 1, 2), (3, 4, 5))
    assert found.modularity > 0.4


def test_workloads_without_company_are_communities_of_one() -> None:
    found = partition(weighted(), seed=0)

    assert found.members == ((0,), (1,), (2,), (3,), (4,), (5,))
    assert found.modularity == 0.0


def test_what_moves_apart_brings_nobody_together() -> None:
    assert partition(weighted(("a", "b", 0.0), ("c", "d", 0.0)), seed=0).members == ((0,), (1,), (2,), (3,), (4,), (5,))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_communities_are_connected_and_hold_every_workload_once(seed: int) -> None:
    one = fleet([workload(f"w{i:02d}") for i in range(60)])
    graph = correlate(one, traffic(one, days(60, 200, seed=seed)))
    found = partition(graph, seed=seed)
    names = list(graph.graph.nodes)
    together = nx.Graph((a, b) for a, b, weight in graph.graph.edges(data="weight") if weight > 0)
    together.add_nodes_from(names)

    assert sorted(i for members in found.members for i in members) == list(range(60))
    assert found.members == tuple(sorted(tuple(sorted(members)) for members in found.members))
    assert all(nx.is_connected(together.subgraph(names[i] for i in members)) for members in found.members)


def test_rhythms_of_three_phases_are_found_again() -> None:
    rng = np.random.default_rng(0)
    phase = np.repeat([0, 1, 2], 5)
    clock = 2.0 + np.sin(2 * np.pi * (np.arange(480)[None, :] / 96 + phase[:, None] / 3))
    one = fleet([workload(f"w{i:02d}") for i in range(15)])
    found = partition(correlate(one, traffic(one, clock * rng.gamma(30, 1 / 30, clock.shape))), seed=0)

    assert found.members == (tuple(range(5)), tuple(range(5, 10)), tuple(range(10, 15)))


def test_the_modularity_does_not_hang_on_the_order_of_sets_of_names() -> None:
    # Sets of small numbers have one order, sets of texts another in every process: numbered names settle it.
    one = fleet([workload(f"w{i:02d}") for i in range(40)])
    found = correlate(one, traffic(one, days(40, 120, seed=1)))
    turned = replace(found, names=found.names[::-1])

    assert partition(found, seed=0) == partition(turned, seed=0)


BACKEND = """
import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
asked = []
class backend:
    @staticmethod
    def convert_from_nx(graph, *args, **kwargs):
        return graph
    @staticmethod
    def convert_to_nx(result, *args, **kwargs):
        return result
    @staticmethod
    def louvain_communities(graph, weight="weight", resolution=1, threshold=1e-07, max_level=None, seed=None):
        asked.append(resolution)
        return [{0, 1}, {2}, {3, 4, 5}]
"""
ASKING = """
from tests.unit.test_partition import weighted
from generator.partition import partition
edges = [("a", "b", 0.9), ("d", "e", 0.9), ("e", "f", 0.9), ("c", "d", 0.1)]
print(partition(weighted(*edges), seed=0).members)
import other_louvain
print(other_louvain.asked)
"""


def test_louvain_of_a_configured_networkx_backend_is_taken(tmp_path: Path) -> None:
    (tmp_path / "other_louvain.py").write_text(BACKEND)
    (tmp_path / "other_louvain-1.dist-info").mkdir()
    (tmp_path / "other_louvain-1.dist-info" / "METADATA").write_text("Name: other-louvain\nVersion: 1\n")
    (tmp_path / "other_louvain-1.dist-info" / "entry_points.txt").write_text(
        "[networkx.backends]\nother = other_louvain:backend\n"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", ASKING],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(root)]),
            "NETWORKX_BACKEND_PRIORITY_ALGOS": "other",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout.splitlines() == ["((0, 1), (2,), (3, 4, 5))", "[0.5, 1.0, 2.0]"]


def planted(seed: int, *, bridges: int = 12) -> CorrelationGraph:
    """Return five cliques of eight, loosely joined at random."""
    rng = np.random.default_rng(seed)
    names = [f"w{i:02}" for i in range(40)]
    edges = [(names[i], names[j], 0.8) for i in range(40) for j in range(i) if i // 8 == j // 8]
    edges += [(names[i], names[j], 0.1) for i, j in rng.integers(0, 40, (bridges, 2)).tolist() if i // 8 != j // 8]
    return weighted(*edges, nodes=names)


@pytest.mark.parametrize("seed", range(5))
def test_compiled_communities_of_large_fleets_are_those_networkx_finds(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    graph = planted(seed)
    plain = partition(graph, seed=seed)
    monkeypatch.setattr("generator.partition.MANY_EDGES", 0)
    compiled = partition(graph, seed=seed)

    assert tuple(tuple(range(8 * c, 8 * c + 8)) for c in range(5)) == plain.members == compiled.members
    assert plain.modularity == pytest.approx(compiled.modularity)


def test_a_compiled_community_that_falls_apart_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.partition.MANY_EDGES", 0)
    found = partition(weighted(("a", "b", 0.9), ("c", "d", 0.9)), seed=0)

    assert found.members == ((0, 1), (2, 3), (4,), (5,))
    assert found.modularity == pytest.approx(0.5)
