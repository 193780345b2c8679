"""Published ways to pack workloads onto hosts of one size: starts for the search, and contenders of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from generator.model import FloatArray
from generator.solve.problem import Members, Problem, union

# PCP's body of a demand trace is this quantile; what lies above is its tail (Verma et al. 2009 use the 90th
# percentile).
BODY_QUANTILE = 0.9
PACKED_BINS = 1024


@dataclass(frozen=True, eq=False)
class Host:
    """A host to pack onto: memory for models in GiB, processors."""

    memory_gib: float
    processors: float


@dataclass(frozen=True, eq=False)
class Units:
    """The atoms of one compatibility class as a packing sees them.

    Parameters
    ----------
    load : ndarray, shape (A, T)
        Processors each atom keeps busy.
    """

    problem: Problem
    atoms: tuple[Members, ...]
    load: FloatArray

    def peak(self) -> FloatArray:
        """Highest load of each atom, shape (A,)."""
        return self.load.max(axis=1)


def units(problem: Problem, atoms: tuple[Members, ...]) -> Units:
    """Sum up each atom's load in processors of the slowest kind it may run on, on at most `PACKED_BINS` bins."""
    rate = problem.traffic.rate_rps
    every = max(1, rate.shape[1] // PACKED_BINS)
    work = problem.machines.work_s
    slowest = np.where(np.isfinite(work), work, 0.0).max(axis=1)
    # Peaks, not means, of neighbouring bins: a packing that misses a peak is no start.
    whole = rate.shape[1] // every * every
    peaks = rate[:, :whole].reshape(rate.shape[0], -1, every).max(axis=2)
    return Units(problem, atoms, np.array([slowest[list(atom)] @ peaks[list(atom)] for atom in atoms]))


def hosts(problem: Problem, atoms: tuple[Members, ...], count: int) -> list[Host]:
    """Up to `count` host sizes, spread over the machines the class may use."""
    table = problem.machines
    usable = np.flatnonzero(table.machine_allowed[[atom[0] for atom in atoms]].any(axis=0))
    sizes = sorted({(float(table.memory_gib[k]), float(table.processors[k])) for k in usable})
    picked = sorted({round(i) for i in np.linspace(0, len(sizes) - 1, count)})
    return [Host(*sizes[i]) for i in picked]


def dedicated(units: Units, host: Host) -> list[Members]:
    """Every atom alone: one endpoint each."""
    del host
    return list(units.atoms)


def memory_first_fit(units: Units, host: Host) -> list[Members]:
    """Fill hosts by memory, largest model first; autoscaling is left to carry the load."""
    memory = [float(units.problem.machines.memory_of[list(atom)].sum()) for atom in units.atoms]
    return _first_fit(units, host, np.argsort(memory)[::-1], lambda _filled, _new: True)


def sum_of_peaks(units: Units, host: Host) -> list[Members]:
    """First fit decreasing on peaks added up, as if all came at once."""
    peak = units.peak()

    def fits(filled: _Filled, new: int) -> bool:
        return float(peak[filled.atoms].sum() + peak[new]) <= host.processors

    return _first_fit(units, host, np.argsort(-peak, kind="stable"), fits)


def joint_series(units: Units, host: Host) -> list[Members]:
    """First fit decreasing on the peak of the summed series (Meng et al., joint VM sizing, ICAC 2010)."""

    def fits(filled: _Filled, new: int) -> bool:
        return float((filled.load + units.load[new]).max()) <= host.processors

    return _first_fit(units, host, np.argsort(-units.peak(), kind="stable"), fits)


def peak_clustering(units: Units, host: Host) -> list[Members]:
    """Bodies of all plus the tails of the worst cluster that peaks together (Verma et al., PCP, USENIX ATC 2009)."""
    body = np.quantile(units.load, BODY_QUANTILE, axis=1)
    tail = np.maximum(units.peak() - body, 0.0)
    envelope = (units.load > body[:, None]).astype(float)
    together = envelope @ envelope.T / np.maximum(np.minimum.outer(envelope.sum(axis=1), envelope.sum(axis=1)), 1.0)
    _, cluster = connected_components(csr_array(together > 0.5), directed=False)

    def fits(filled: _Filled, new: int) -> bool:
        index = [*filled.atoms, new]
        return float(body[index].sum() + np.bincount(cluster[index], tail[index]).max()) <= host.processors

    return _first_fit(units, host, np.argsort(-units.peak(), kind="stable"), fits)


def by_community(units: Units, host: Host) -> list[Members]:
    """Joint series, packed within communities: neighbours in the graph share hosts."""
    community = np.array([units.problem.community[atom[0]] for atom in units.atoms])

    def fits(filled: _Filled, new: int) -> bool:
        alike = bool(community[filled.atoms[0]] == community[new])
        return alike and float((filled.load + units.load[new]).max()) <= host.processors

    return _first_fit(units, host, np.lexsort((-units.peak(), community)), fits)


PACKINGS: dict[str, Callable[[Units, Host], list[Members]]] = {
    "dedicated": dedicated,
    "memory first fit": memory_first_fit,
    "sum of peaks": sum_of_peaks,
    "joint series": joint_series,
    "peak clustering": peak_clustering,
    "communities": by_community,
}


@dataclass(slots=True, eq=False)
class _Filled:
    """A host being filled: its atoms, their artifacts' memory, their summed load."""

    atoms: list[int]
    members: Members
    artifacts: set[int]
    memory_gib: float
    load: FloatArray


def _first_fit(
    units: Units, host: Host, order: Iterable[int], load_fits: Callable[[_Filled, int], bool]
) -> list[Members]:
    """Put each atom into the first host whose rules, memory and load bear it, else open a new one."""
    filled: list[_Filled] = []
    problem, table = units.problem, units.problem.machines
    for atom in map(int, order):
        members = units.atoms[atom]
        memory = {int(table.artifact_index[i]): float(table.memory_of[i]) for i in members}
        whole = sum(memory.values())
        for one in filled:
            added = whole
            if not one.artifacts.isdisjoint(memory):
                added = sum(gib for artifact, gib in memory.items() if artifact not in one.artifacts)
            if one.memory_gib + added > host.memory_gib or not load_fits(one, atom):
                continue
            joined = union(one.members, members)
            if not problem.may_group(joined):
                continue
            one.atoms.append(atom)
            one.members = joined
            one.artifacts.update(memory)
            one.memory_gib += added
            one.load += units.load[atom]
            break
        else:
            alone = table.resident_gib(np.array(members))
            filled.append(_Filled([atom], members, set(memory), alone, units.load[atom].copy()))
    return [one.members for one in filled]
