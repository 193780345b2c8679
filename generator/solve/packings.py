"""Published ways to pack workloads onto hosts of one size: starts for the search, and contenders of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from generator.model import FloatArray
from generator.solve.problem import Members, Problem, union

PACKED_BINS = 1024
SECONDS_PER_DAY = 86_400.0


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
    bin_s : float
        Seconds a column of `load` stands for.
    """

    problem: Problem
    atoms: tuple[Members, ...]
    load: FloatArray
    bin_s: float

    def peak(self) -> FloatArray:
        """Highest load of each atom, shape (A,)."""
        return self.load.max(axis=1)


@dataclass(frozen=True)
class Packing:
    """A way to pack, and the settings worth trying; the first is the published one."""

    pack: Callable[[Units, Host, float], list[Members]]
    settings: tuple[float, ...] = (0.0,)


def units(problem: Problem, atoms: tuple[Members, ...]) -> Units:
    """Sum up each atom's load in processors of the slowest kind it may run on, on at most `PACKED_BINS` bins."""
    rate = problem.traffic.rate_rps
    every = max(1, rate.shape[1] // PACKED_BINS)
    work = problem.machines.work_s
    slowest = np.where(np.isfinite(work), work, 0.0).max(axis=1)
    # Peaks, not means, of neighbouring bins: a packing that misses a peak is no start.
    whole = rate.shape[1] // every * every
    peaks = rate[:, :whole].reshape(rate.shape[0], -1, every).max(axis=2)
    load = np.array([slowest[list(atom)] @ peaks[list(atom)] for atom in atoms])
    return Units(problem, atoms, load, problem.traffic.window.bin_s * every)


def hosts(problem: Problem, atoms: tuple[Members, ...], count: int) -> list[Host]:
    """Up to `count` host sizes, spread over the machines the class may use."""
    table = problem.machines
    usable = np.flatnonzero(table.machine_allowed[[atom[0] for atom in atoms]].any(axis=0))
    sizes = sorted({(float(table.memory_gib[k]), float(table.processors[k])) for k in usable})
    picked = sorted({round(i) for i in np.linspace(0, len(sizes) - 1, count)})
    return [Host(*sizes[i]) for i in picked]


def dedicated(units: Units, host: Host, setting: float) -> list[Members]:
    """Every atom alone: one endpoint each."""
    del host, setting
    return list(units.atoms)


def memory_first_fit(units: Units, host: Host, setting: float) -> list[Members]:
    """Fill hosts by memory, largest model first; autoscaling is left to carry the load."""
    del setting
    memory = np.array([units.problem.machines.memory_of[list(atom)].sum() for atom in units.atoms])
    return _first_fit(units, host, np.argsort(-memory, kind="stable"), np.zeros((len(units.atoms), 1)), _sum)


def sum_of_quantiles(units: Units, host: Host, setting: float) -> list[Members]:
    """First fit decreasing on a quantile of each load, added up as if all came at once; 1 adds up peaks."""
    size = np.quantile(units.load, setting, axis=1)
    return _first_fit(units, host, np.argsort(-size, kind="stable"), size[:, None], _sum)


def joint_series(units: Units, host: Host, setting: float) -> list[Members]:
    """First fit on the peak of the summed series (Meng et al., joint VM sizing, ICAC 2010), largest peak first.

    A setting above 0 seeds a random order instead.
    """
    order = np.argsort(-units.peak(), kind="stable")
    if setting > 0:
        order = np.random.default_rng(int(setting)).permutation(len(units.atoms))
    return _first_fit(units, host, order, units.load, _peak)


def peak_clustering(units: Units, host: Host, setting: float) -> list[Members]:
    """Bodies of all plus the tails of the worst cluster that peaks together (Verma et al., PCP, USENIX ATC 2009).

    The setting is the quantile up to which a trace is body; theirs is the 90th percentile.
    """
    body = np.quantile(units.load, setting, axis=1)
    tail = np.maximum(units.peak() - body, 0.0)
    envelope = (units.load > body[:, None]).astype(float)
    together = envelope @ envelope.T / np.maximum(np.minimum.outer(envelope.sum(axis=1), envelope.sum(axis=1)), 1.0)
    count, cluster = connected_components(csr_array(together > 0.5), directed=False)
    amounts = np.zeros((len(units.atoms), 1 + count))
    amounts[:, 0] = body
    amounts[np.arange(len(units.atoms)), 1 + cluster] = tail
    order = np.argsort(-units.peak(), kind="stable")
    return _first_fit(units, host, order, amounts, lambda held: held[:, 0] + held[:, 1:].max(axis=1))


def time_windows(units: Units, host: Host, setting: float) -> list[Members]:
    """Peaks by time of day, added up window by window: complementary loads share (as Coach does, ASPLOS 2025).

    The setting is the number of windows a day; theirs is 6. A window's peak is the 95th percentile over its bins.
    """
    count = int(setting)
    window = (np.arange(units.load.shape[1]) * units.bin_s / SECONDS_PER_DAY * count).astype(int) % count
    amounts = np.stack([np.quantile(units.load[:, window == w], 0.95, axis=1) for w in np.unique(window)], axis=1)
    return _first_fit(units, host, np.argsort(-units.peak(), kind="stable"), amounts, _peak)


def chance_constrained(units: Units, host: Host, setting: float) -> list[Members]:
    """Mean plus `setting` standard deviations of independent loads (Cohen et al., Management Science 65, 2019)."""
    mean, variance = units.load.mean(axis=1), units.load.var(axis=1)
    order = np.argsort(-(mean + setting * np.sqrt(variance)), kind="stable")
    amounts = np.column_stack([mean, variance])
    return _first_fit(units, host, order, amounts, lambda held: held[:, 0] + setting * np.sqrt(held[:, 1]))


def chance_with_covariance(units: Units, host: Host, setting: float) -> list[Members]:
    """The same with the variance of the summed series, so that covariance counts."""
    order = np.argsort(-(units.load.mean(axis=1) + setting * units.load.std(axis=1)), kind="stable")
    return _first_fit(units, host, order, units.load, lambda held: held.mean(axis=1) + setting * held.std(axis=1))


def by_community(units: Units, host: Host, setting: float) -> list[Members]:
    """Joint series, packed within communities: neighbours in the graph share hosts."""
    del setting
    community = np.array([units.problem.community[atom[0]] for atom in units.atoms])
    groups: list[Members] = []
    for one in np.unique(community):
        order = np.flatnonzero(community == one)
        order = order[np.argsort(-units.peak()[order], kind="stable")]
        groups.extend(_first_fit(units, host, order, units.load, _peak))
    return groups


PACKINGS: dict[str, Packing] = {
    "dedicated": Packing(dedicated),
    "memory first fit": Packing(memory_first_fit),
    "sum of peaks": Packing(sum_of_quantiles, (1.0,)),
    "95th percentiles": Packing(sum_of_quantiles, (0.95, 0.9, 0.99)),
    "joint series": Packing(joint_series),
    "joint series, random order": Packing(joint_series, (1.0, 2.0, 3.0)),
    "peak clustering": Packing(peak_clustering, (0.9, 0.8, 0.95)),
    "time windows": Packing(time_windows, (6.0, 4.0, 24.0)),
    "chance constrained": Packing(chance_constrained, (2.33, 1.64, 3.09)),
    "chance constrained, covariance": Packing(chance_with_covariance, (2.33, 1.64, 3.09)),
    "communities": Packing(by_community),
}


def _sum(held: FloatArray) -> FloatArray:
    return held[:, 0]


def _peak(held: FloatArray) -> FloatArray:
    return held.max(axis=1)


def _first_fit(
    units: Units,
    host: Host,
    order: Iterable[int] | NDArray[np.intp],
    amounts: FloatArray,
    used: Callable[[FloatArray], FloatArray],
) -> list[Members]:
    """Put each atom into the first host whose rules, memory and processors bear it, else open a new one.

    What a host holds is the sum of its atoms' `amounts`, shape (A, D); `used` turns sums, shape (H, D), to processors.
    """
    problem, table = units.problem, units.problem.machines
    numbers = list(map(int, order))
    flat = np.concatenate([units.atoms[atom] for atom in numbers])
    _, artifact = np.unique(table.artifact_index[flat], return_inverse=True)
    artifact_of = dict(zip(flat.tolist(), artifact.tolist(), strict=True))
    most = table.fleet.limits.models_per_group
    overhead_gib = 0.0 if table.fleet.workloads[int(flat[0])].accelerator == "gpu" else table.overhead_gib(int(flat[0]))
    held = np.zeros((len(numbers), amounts.shape[1]))
    here = np.zeros((len(numbers), int(artifact.max()) + 1), dtype=bool)
    memory_gib, count = np.full(len(numbers), overhead_gib), np.zeros(len(numbers), dtype=np.intp)
    groups: list[Members] = []
    for atom in numbers:
        members, opened = units.atoms[atom], len(groups)
        gib = {artifact_of[i]: float(table.memory_of[i]) for i in members}
        index, sizes = np.array(list(gib)), np.array(list(gib.values()))
        wanted = memory_gib[:opened] + ~here[:opened, index] @ sizes
        open_to = np.flatnonzero((wanted <= host.memory_gib) & (count[:opened] + len(members) <= most))
        fit = open_to[used(held[open_to] + amounts[atom]) <= host.processors] if len(open_to) else open_to
        chosen = next((h for h in fit.tolist() if problem.may_group(union(groups[h], members))), opened)
        if chosen == opened:
            groups.append(members)
        else:
            groups[chosen] = union(groups[chosen], members)
        memory_gib[chosen] += float(~here[chosen, index] @ sizes)
        here[chosen, index] = True
        held[chosen] += amounts[atom]
        count[chosen] += len(members)
    return groups
