"""Published ways to pack workloads onto hosts of one size: starts for the search, and contenders of their own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from generator.model import FloatArray
from generator.solve.first_fit import Queue, Rule, Rules, first_fit, rules
from generator.solve.problem import Members, Problem

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

    @cached_property
    def rules(self) -> Rules:
        """What the atoms may share."""
        return rules(self.problem, self.atoms)

    def peak(self) -> FloatArray:
        """Highest load of each atom, shape (A,)."""
        return self.load.max(axis=1)


@dataclass(frozen=True)
class Packing:
    """A way to pack, and the settings worth trying; the first is the published one."""

    queue: Callable[[Units, float], Queue]
    settings: tuple[float, ...] = (0.0,)

    def pack(self, units: Units, setting: float, onto: Sequence[Host]) -> Iterator[list[Members]]:
        """Pack atoms onto hosts of each size in turn; what to place is worked out once for all of them."""
        queue = self.queue(units, setting)
        for host in onto:
            yield first_fit(units.problem, units.rules, queue, memory_gib=host.memory_gib, processors=host.processors)


def units(problem: Problem, atoms: tuple[Members, ...]) -> Units:
    """Sum up each atom's load in processors of the slowest kind it may run on.

    Long windows are cut down to fewer than twice `PACKED_BINS` bins.
    """
    members = np.concatenate([np.array(atom, dtype=np.intp) for atom in atoms])
    begins = np.concatenate([[0], np.cumsum([len(atom) for atom in atoms])[:-1]])
    rate, work = problem.traffic.rate_rps[members], problem.machines.work_s[members]
    every = max(1, rate.shape[1] // PACKED_BINS)
    slowest = np.where(np.isfinite(work), work, 0.0).max(axis=1)
    # Peaks, not means, of neighbouring bins: a packing that misses a peak is no start. The last takes what is left.
    peaks = np.maximum.reduceat(rate, np.arange(rate.shape[1] // every) * every, axis=1)
    load = np.add.reduceat(slowest[:, None] * peaks, begins)
    return Units(problem, atoms, load, problem.traffic.window.bin_s * every)


def hosts(problem: Problem, atoms: tuple[Members, ...], count: int | None = None) -> list[Host]:
    """Sizes of the machines the class may use: all of them, or up to `count`, spread over them.

    Where models may take turns in memory, as many more of what those machines then hold.
    """
    table = problem.machines
    usable = np.flatnonzero(table.machine_allowed[[atom[0] for atom in atoms]].any(axis=0))
    most = 1.0 if problem.resident else float(table.overcommit[usable].max())
    found: list[Host] = []
    for times in dict.fromkeys((1.0, most)):
        sizes = sorted({(times * float(table.memory_gib[k]), float(table.processors[k])) for k in usable})
        picked = sorted({round(i) for i in np.linspace(0, len(sizes) - 1, count or len(sizes))})
        found.extend(Host(*sizes[i]) for i in picked)
    return found


def dedicated(units: Units, setting: float) -> Queue:
    """Every atom alone: one endpoint each."""
    del setting
    count = np.arange(len(units.atoms))
    return Queue(count, np.zeros((len(count), 1)), "highest", walls=count)


def memory_first_fit(units: Units, setting: float) -> Queue:
    """Fill hosts by memory, largest model first; autoscaling is left to carry the load."""
    del setting
    memory = np.array([units.problem.machines.memory_of[list(atom)].sum() for atom in units.atoms])
    return _queue(memory, np.zeros((len(units.atoms), 1)), "highest")


def sum_of_quantiles(units: Units, setting: float) -> Queue:
    """First fit decreasing on a quantile of each load, added up as if all came at once; 1 adds up peaks."""
    size = np.quantile(units.load, setting, axis=1)
    return _queue(size, size[:, None], "highest")


def joint_series(units: Units, setting: float) -> Queue:
    """First fit on the peak of the summed series (Meng et al., joint VM sizing, ICAC 2010), largest peak first.

    A setting above 0 seeds a random order instead.
    """
    queue = _queue(units.peak(), units.load, "highest")
    if setting > 0:
        return replace(queue, order=np.random.default_rng(int(setting)).permutation(len(units.atoms)))
    return queue


def peak_clustering(units: Units, setting: float) -> Queue:
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
    return _queue(units.peak(), amounts, "body and worst tail")


def time_windows(units: Units, setting: float) -> Queue:
    """Peaks by time of day, added up window by window: complementary loads share (as Coach does, ASPLOS 2025).

    The setting is the number of windows a day; theirs is 6. A window's peak is the 95th percentile over its bins.
    """
    count = int(setting)
    window = (np.arange(units.load.shape[1]) * units.bin_s / SECONDS_PER_DAY * count).astype(int) % count
    amounts = np.stack([np.quantile(units.load[:, window == w], 0.95, axis=1) for w in np.unique(window)], axis=1)
    return _queue(units.peak(), amounts, "highest")


def chance_constrained(units: Units, setting: float) -> Queue:
    """Mean plus `setting` standard deviations of independent loads (Cohen et al., Management Science 65, 2019)."""
    mean, variance = units.load.mean(axis=1), units.load.var(axis=1)
    amounts = np.column_stack([mean, variance])
    return _queue(mean + setting * np.sqrt(variance), amounts, "mean and deviation", deviations=setting)


def chance_with_covariance(units: Units, setting: float) -> Queue:
    """The same with the variance of the summed series, so that covariance counts."""
    size = units.load.mean(axis=1) + setting * units.load.std(axis=1)
    return _queue(size, units.load, "deviation of the sum", deviations=setting)


def by_community(units: Units, setting: float) -> Queue:
    """Joint series, packed within communities: neighbours in the graph share hosts."""
    del setting
    return replace(
        _queue(units.peak(), units.load, "highest"),
        walls=np.array([units.problem.community[atom[0]] for atom in units.atoms], dtype=np.intp),
    )


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


def _queue(size: FloatArray, amounts: FloatArray, rule: Rule, *, deviations: float = 0.0) -> Queue:
    """Largest first, no walls."""
    nowhere = np.zeros(len(size), dtype=np.intp)
    return Queue(np.argsort(-size, kind="stable"), amounts, rule, nowhere, deviations)
