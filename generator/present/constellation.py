"""Where workloads stand in the picture of who moves with whom, and which of their ties are drawn."""

from collections.abc import Mapping, Sequence

import networkx as nx
import numpy as np

EDGES_EACH = 3
# Room a workload takes inside its community, and a community among the others.
SPACING = 0.95
MARGIN = 0.8
ALONE = 1.3
# Pages are wider than they are high.
WIDER = 1.35
AT_ONCE = 64
GOLDEN = np.pi * (3 - 5**0.5)


def strongest_ties(graph: nx.Graph, kept: set[str]) -> list[tuple[str, str, float]]:
    """Each workload's `EDGES_EACH` strongest ties among those drawn; all of them would be a ball of wool."""
    chosen: dict[tuple[str, str], float] = {}
    for name in graph.nodes:
        ties = [(other, tie["weight"]) for other, tie in graph[name].items() if tie["weight"] > 0 and other in kept]
        for other, strength in sorted(ties, key=lambda tie: (-tie[1], tie[0]))[: EDGES_EACH if name in kept else 0]:
            chosen[min(name, other), max(name, other)] = strength
    return [(a, b, strength) for (a, b), strength in sorted(chosen.items())]


def places(parts: Sequence[Sequence[str]], weight: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Place communities beside each other, the largest in the middle, and in each the busiest in the middle.

    Both spiral outwards as a sunflower's seeds do (Vogel, 1979), so nothing is left to chance: the same communities
    stand in the same places. A community takes the first place on the spiral where its circle meets no other; who moves
    with nobody stands around them all.

    Parameters
    ----------
    parts : sequence of sequence of str
        Workloads of each community.
    weight : mapping of str to float
        Mean request rate, by workload.

    Returns
    -------
    mapping of str to (float, float)
        About one unit apart, x to the right and y upwards.
    """
    busiest_first = [sorted(part, key=lambda name: (-weight[name], name)) for part in parts]
    ordered = sorted((part for part in busiest_first if len(part) > 1), key=lambda part: (-len(part), part))
    alone = sorted((part[0] for part in busiest_first if len(part) == 1), key=lambda name: (-weight[name], name))
    radius = np.array([SPACING * len(part) ** 0.5 + MARGIN for part in ordered])
    centres = np.zeros((len(ordered), 2))
    tried = 0
    for i in range(1, len(ordered)):
        # A smaller circle may fit into a gap that a larger one left.
        tried = 0 if radius[i] < radius[i - 1] else tried
        tried = _first_free(centres[:i], radius[:i] + radius[i], tried)
        centres[i] = _candidates(np.array([tried]))[0]
    placed: dict[str, tuple[float, float]] = {}
    for part, centre in zip(ordered, centres, strict=True):
        points = centre + SPACING * _seeds(np.arange(len(part)) + 0.4)
        placed |= {name: (float(x), float(y)) for name, (x, y) in zip(part, points, strict=True)}
    filled = float(((np.hypot(centres[:, 0] / WIDER, centres[:, 1]) + radius).max() / ALONE) ** 2) if ordered else 0.0
    around = _seeds(filled + np.arange(len(alone)) + 0.4) * (ALONE * WIDER, ALONE)
    return placed | {name: (float(x), float(y)) for name, (x, y) in zip(alone, around, strict=True)}


def _first_free(taken: np.ndarray, apart: np.ndarray, tried: int) -> int:
    """Number of the first candidate, from `tried` on, that is as far from each of those taken as it must be."""
    while True:
        candidates = _candidates(np.arange(tried, tried + AT_ONCE))
        distance = np.hypot(*(candidates[:, np.newaxis, :] - taken).transpose(2, 0, 1))
        free = np.flatnonzero((distance >= apart).all(axis=1))
        if len(free):
            return tried + int(free[0])
        tried += AT_ONCE


def _candidates(numbers: np.ndarray) -> np.ndarray:
    """Places for a community, as rows, half a unit apart."""
    return _seeds(numbers) * (0.5 * WIDER, 0.5)


def _seeds(ranks: np.ndarray) -> np.ndarray:
    return np.sqrt(ranks)[:, np.newaxis] * np.column_stack([np.cos(ranks * GOLDEN), np.sin(ranks * GOLDEN)])
