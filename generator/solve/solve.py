"""From the grouping problem to the cheapest groups found."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from generator.capacity.clock import SECONDS_PER_HOUR
from generator.capacity.sizing import Sizing
from generator.errors import InfeasibleError
from generator.solve.cover import MAX_ATOMS, cover
from generator.solve.packings import PACKINGS, Host, hosts, units
from generator.solve.problem import BATCH, Members, Problem, union
from generator.solve.search import search

# A small class is packed onto so many host sizes, a large one onto all there are: it is searched little, so it hangs on
# its packings. All instead of six made plans of 1,000 to 10,000 workloads 1 to 2 % cheaper as cheapest, 11 to 15 % as
# balanced and 19 to 22 % as resilient (make bench-scale).
HOST_SIZES = 6
# Packings that are tried on every host size of a large class, and by how much more than on the best the others are
# then still tried on: which size is best hangs on the fleet, not on the packing.
TELLING, WORTHWHILE = 2, 1.1
# A packing that comes to more times the cheapest of a large class's block is not among the cheapest of the fleet.
TOO_DEAR = 1.5
# Looks at groups that pricing may take for an atom.
PRICED_PER_ATOM = 20
# Classes larger than this are searched block by block: packing and search take longer than in proportion. Every block
# leaves a host half empty: blocks of 500 made plans of the synthetic thousand up to 5 % dearer.
BLOCK_ATOMS = 1000
# Part of the progress when all blocks are searched; set partitioning follows.
SEARCHED_SHARE = 0.7
# Classes this small have few enough groups to size them all.
EXACT_ATOMS = 8
# What a packing that cannot serve a block comes to.
_NONE: tuple[float, tuple[Members, ...]] = (np.inf, ())


class _Effort(NamedTuple):
    """How many packings are improved, with how many looks at groups for an atom on each path of the search, and how."""

    starts: int
    sizings_per_atom: int
    own_path: bool = True
    whole_groups_first: bool = False


# On large classes, emptying and cutting whole groups before single atoms are moved, and six looks instead of two, made
# ten synthetic fleets of 700 and 1,000 up to 1.7 % cheaper as cheapest, .5 to 16 % as balanced and 2 to 7 % as
# resilient; eight looks up to 3 % more, for a sixth more time. On small classes three paths of 40 found as much as two
# of 60, with fewer looks.
LARGE = _Effort(1, 6, own_path=False, whole_groups_first=True)
SMALL = _Effort(3, 40)
QUICK = _Effort(2, 20)


@dataclass(frozen=True, eq=False)
class Solution:
    """Groups with their sizings, and how good they are known to be.

    Parameters
    ----------
    groups : tuple of (members, Sizing)
    worth : float
        Under the weighting, US dollars an hour.
    gap : float or None
        ``worth / bound - 1`` against what no whole groups of the generated columns go below, where set partitioning ran
        for all classes.
    method : str
    """

    groups: tuple[tuple[Members, Sizing], ...]
    worth: float
    gap: float | None
    method: str


def solve(
    problem: Problem, *, seed: int, progress: Callable[[float], None] | None = None, quick: bool = False
) -> Solution:
    """Group the workloads of a problem.

    Compatibility classes are solved one by one. Each starts from every published packing on a few host sizes,
    improves the best of them by local search along fixed paths and one of the seed's own, and ends with set
    partitioning where it has at most `MAX_ATOMS` units, over all groups there are where it has at most `EXACT_ATOMS`. A
    class of more than `BLOCK_ATOMS` units is cut into blocks along its communities, and what the blocks leave over is
    searched across their borders. A plan that is told to stop makes do with the packings and what the search has made
    of them, and ends in a short set partitioning of those groups.

    Parameters
    ----------
    problem : Problem
    seed : int
    progress : callable, optional
        Called with the share of classes done.
    quick : bool
        Leave out set partitioning where the search alone is good enough, to choose between methods, say.

    Returns
    -------
    Solution

    Raises
    ------
    InfeasibleError
        A workload's objective is out of reach even on an endpoint of its own.
    """
    pieces = [(atoms, block) for atoms in problem.classes for block in blocks(problem, atoms)]
    found: dict[tuple[Members, ...], list[Members]] = {atoms: [] for atoms in problem.classes}
    methods: set[str] = set()

    def search_block(piece: tuple[tuple[Members, ...], tuple[Members, ...]]) -> tuple[str, list[Members]]:
        atoms, block = piece
        effort = LARGE if len(atoms) > MAX_ATOMS else QUICK if quick else SMALL
        return _searched(problem, block, seed, effort)

    def finish(atoms: tuple[Members, ...]) -> tuple[list[Members], float | None]:
        return _finished(problem, atoms, found[atoms], seed, quick=quick)

    for number, ((atoms, _), (method, groups)) in enumerate(
        zip(pieces, problem.each(search_block, pieces), strict=True), start=1
    ):
        found[atoms].extend(groups)
        methods.add(method)
        if progress:
            progress(SEARCHED_SHARE * number / len(pieces))
    chosen: list[Members] = []
    bound: float | None = 0.0
    for number, (groups, class_bound) in enumerate(problem.each(finish, problem.classes), start=1):
        chosen.extend(groups)
        bound = None if bound is None or class_bound is None else bound + class_bound
        if progress:
            progress(SEARCHED_SHARE + (1.0 - SEARCHED_SHARE) * number / len(problem.classes))
    worth = sum(map(problem.worth, chosen))
    return Solution(
        groups=with_sizing(problem, chosen),
        worth=worth,
        gap=None if bound is None else max(0.0, worth / bound - 1.0) if bound > 0 else 0.0,
        method=f"search from {', '.join(sorted(methods))}",
    )


def _finished(
    problem: Problem, atoms: tuple[Members, ...], groups: list[Members], seed: int, *, quick: bool
) -> tuple[list[Members], float | None]:
    """Search across the blocks of a class, and end with set partitioning where it is affordable, with its bound."""
    if len(atoms) > BLOCK_ATOMS:
        groups = _repaired(problem, atoms, groups, seed)
    if len(atoms) > (EXACT_ATOMS if quick else MAX_ATOMS):
        return groups, None
    if len(atoms) <= EXACT_ATOMS and not problem.stop():
        _size_every_group(problem, atoms)
    covered = cover(problem, atoms, groups, sizings=PRICED_PER_ATOM * len(atoms))
    return covered.groups, covered.bound


def _searched(problem: Problem, atoms: tuple[Members, ...], seed: int, effort: _Effort) -> tuple[str, list[Members]]:
    """Improve the best packings of some atoms, and keep the best of what comes of them with its packing's name.

    The paths from the packings are the same for every seed; the seed's own goes on from the best of them where there is
    work to spare. So another seed can find a better plan, but none misses what these paths find. Every other path
    drifts.
    """
    found: list[tuple[float, str, list[Members]]] = []
    for path, (method, start) in enumerate(best_packings(problem, atoms, effort.starts)):
        improved = _improved(problem, atoms, start, effort, path, drift=path % 2 == 1)
        found.append((sum(map(problem.worth, improved)), method, improved))
    _, method, groups = min(found)
    if effort.own_path:
        groups = _improved(problem, atoms, groups, effort, seed, drift=True)
    return method, groups


def _improved(
    problem: Problem,
    atoms: Sequence[Members],
    start: Sequence[Members],
    effort: _Effort,
    seed: int,
    *,
    drift: bool = False,
) -> list[Members]:
    """Search from one grouping along one path, with as much work as the effort grants these atoms."""
    return search(
        problem,
        atoms,
        start,
        sizings=effort.sizings_per_atom * len(atoms),
        seed=seed,
        drift=drift,
        whole_groups_first=effort.whole_groups_first,
    )


def blocks(problem: Problem, atoms: tuple[Members, ...]) -> list[tuple[Members, ...]]:
    """Cut a class into blocks of even size, at most `BLOCK_ATOMS`, neighbours in a community in one block."""
    count = -(-len(atoms) // BLOCK_ATOMS)
    if count <= 1:
        return [atoms]
    order = np.argsort(problem.community[[atom[0] for atom in atoms]], kind="stable")
    return [tuple(atoms[i] for i in sorted(part.tolist())) for part in np.array_split(order, count)]


def _repaired(problem: Problem, atoms: tuple[Members, ...], groups: list[Members], seed: int) -> list[Members]:
    """Search once more across the blocks' borders, over the smallest groups: what each block had left over."""
    atom_of = {member: atom for atom in atoms for member in atom}
    smallest = sorted(groups, key=lambda group: (len(group), group))
    counts = np.cumsum([len({atom_of[member] for member in group}) for group in smallest])
    loose = smallest[: int(np.searchsorted(counts, BLOCK_ATOMS, side="right"))]
    loose_atoms = tuple(sorted({atom_of[member] for group in loose for member in group}))
    if len(loose) < 2:
        return groups
    improved = _improved(problem, loose_atoms, loose, LARGE, seed)
    return [*smallest[len(loose) :], *improved]


def best_packings(
    problem: Problem, atoms: tuple[Members, ...], count: int, names: Collection[str] = PACKINGS.keys()
) -> list[tuple[str, list[Members]]]:
    """Cheapest distinct groupings of the published packings over a few host sizes, with the packing's name.

    Raises
    ------
    InfeasibleError
        A workload's objective is out of reach even on an endpoint of its own.
    """
    known = problem.packings.get(atoms) if names == PACKINGS.keys() else None
    found: dict[tuple[Members, ...], tuple[float, str]] = {}

    def limit(_name: str) -> float:
        worths = sorted(worth for worth, _ in found.values())
        return worths[count - 1] if len(worths) >= count else np.inf

    for worth, name, groups in known or _packed(problem, atoms, names, limit):
        found.setdefault(groups, (worth, name))
    cheapest = sorted(found, key=lambda groups: (*found[groups], groups))[:count]
    return [(found[groups][1], list(groups)) for groups in cheapest]


def packed(problem: Problem) -> dict[str, list[Members]]:
    """Group the whole fleet by each packing, at the host size that is cheapest for a block; cheapest packing first.

    A packing that can serve some block on no host size is left out.

    Raises
    ------
    InfeasibleError
        A workload's objective is out of reach even on an endpoint of its own.
    """

    def best_of_each(atoms: tuple[Members, ...]) -> dict[str, tuple[float, tuple[Members, ...]]]:
        best: dict[str, tuple[float, tuple[Members, ...]]] = {}
        kept = problem.packings[atoms] = []

        def limit(name: str) -> float:
            least, _ = min(best.values(), default=_NONE)
            return min(TOO_DEAR * least, best.get(name, _NONE)[0])

        for worth, name, groups in _packed(problem, atoms, PACKINGS.keys(), limit):
            best[name] = min(best.get(name, _NONE), (worth, groups))
            kept.append((worth, name, groups))
        return best

    groups_of: dict[str, list[Members]] = {name: [] for name in PACKINGS}
    worth_of = dict.fromkeys(PACKINGS, 0.0)
    for best in problem.each(best_of_each, [block for whole in problem.classes for block in blocks(problem, whole)]):
        for name in PACKINGS:
            worth, groups = best.get(name, _NONE)
            worth_of[name] += worth
            groups_of[name].extend(groups)
    return {
        name: groups_of[name] for name in sorted(PACKINGS, key=lambda name: worth_of[name]) if worth_of[name] < np.inf
    }


def _packed(
    problem: Problem, atoms: tuple[Members, ...], names: Collection[str], limit: Callable[[str], float]
) -> Iterator[tuple[float, str, tuple[Members, ...]]]:
    """Worth, packing and groups at every host size where they can be served.

    Of a small class every group is a column, so all are sized. Of a large one a grouping is left once it exceeds the
    limit of its packing; large hosts are best most often, and tell how much is too much on the small. Which sizes are
    worth their while the first packings tell.
    """
    large = len(atoms) > MAX_ATOMS
    if not large:
        _each_alone_is_possible(problem, atoms)
    seen, sizes = units(problem, atoms), hosts(problem, atoms, None if large else HOST_SIZES)
    least_on: dict[Host, float] = {}
    # Endpoints of their own come last: a plan that is cut short has shared ones, and of a large class they are many to
    # size and not looked at to the end where they cost more.
    for tried, name in enumerate(sorted(names, key="dedicated".__eq__)):
        if least_on and problem.stop():
            return
        packing, onto = PACKINGS[name], sizes[::-1] if large else sizes
        if name == "dedicated":
            onto = sizes[:1]
        elif large and tried >= TELLING:
            worthwhile = WORTHWHILE * min(least_on.values(), default=np.inf)
            onto = [host for host in onto if least_on.get(host, np.inf) <= worthwhile]
        for host, made in zip(onto, packing.pack(seen, packing.settings[0], onto), strict=True):
            groups = tuple(sorted(made))
            worth = _worth_up_to(problem, groups, limit(name) if large else np.inf)
            if worth < np.inf:
                least_on[host] = min(least_on.get(host, np.inf), worth)
                yield worth, name, groups
    if not least_on:
        _each_alone_is_possible(problem, atoms)


def _worth_up_to(problem: Problem, groups: Sequence[Members], limit: float) -> float:
    """What groups are worth together, infinity from where that exceeds a limit: the rest is not looked at."""
    worth = 0.0
    for at in range(0, len(groups), BATCH):
        batch = groups[at : at + BATCH]
        problem.size_all(batch)
        worth += sum(map(problem.worth, batch))
        if worth > limit:
            return np.inf
    return worth


def with_sizing(problem: Problem, groups: list[Members]) -> tuple[tuple[Members, Sizing], ...]:
    """Pair feasible groups with their sizings, sorted by members."""
    return tuple((members, sizing) for members in sorted(groups) if (sizing := problem.size(members)) is not None)


def _each_alone_is_possible(problem: Problem, atoms: tuple[Members, ...]) -> None:
    problem.size_all(atoms)
    for atom in atoms:
        if problem.size(atom) is None:
            workload = problem.machines.fleet.workloads[atom[0]]
            raise InfeasibleError(
                f"workload {workload.name}",
                f"no machine in its regions answers {workload.objective.percentile:.1%} of its requests within "
                f"{workload.objective.latency_s * 1e3:.0f} ms, network time included, within quotas (SLO001).",
                "Relax the objective, allow a nearer region or faster machine, raise the quota, or serve faster.",
            )


def _size_every_group(problem: Problem, atoms: tuple[Members, ...]) -> None:
    for count in range(1, len(atoms) + 1):
        for parts in combinations(atoms, count):
            problem.size(union(*parts))


def fluid_bound(problem: Problem) -> float:
    """What the mean load alone costs on the cheapest processors, US dollars an hour: a valid and loose lower bound."""
    table = problem.machines
    cheapest = np.full(table.work_s.shape[1], np.inf)
    per_processor = table.price_usd_per_h.min(axis=1) / table.processors
    np.minimum.at(cheapest, table.processor_class, per_processor)
    with np.errstate(invalid="ignore"):
        per_request = (
            np.where(np.isfinite(table.work_s), table.work_s * cheapest, np.inf).min(axis=1) / SECONDS_PER_HOUR
        )
    return float((problem.sizer.mean_rate * per_request).sum() * SECONDS_PER_HOUR)
