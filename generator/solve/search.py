"""Local search on the true cost of groups: merge, move, swap, split, remake, until nothing pays or work is used up."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from generator.solve.problem import Budget, Members, Problem, union

# Partners tried per group or atom: on small classes everyone, on large ones a seeded sample.
PARTNERS = 12
IMPROVEMENT = 1e-9
# Where no step pays any more, up to so many atoms are taken from so many groups and placed anew; so often without
# success. With 6 atoms of two groups, and 60 times, plans of 60 workloads were up to an eighth dearer.
MOST_TAKEN = 10
MOST_EMPTIED = 3
MOST_IDLE = 400


def search(
    problem: Problem,
    atoms: Sequence[Members],
    start: Sequence[Members],
    *,
    sizings: int,
    seed: int,
    drift: bool = False,
    whole_groups_first: bool = False,
) -> list[Members]:
    """Improve a grouping of one compatibility class.

    Parameters
    ----------
    problem : Problem
    atoms : sequence of members
        The units that move; each lies in exactly one group of `start`.
    start : sequence of members
    sizings : int
        Groups that may be looked at before the search stops.
    seed : int
    drift : bool
        Whether to go on from groups that are worth the same: many are, since machines come whole.
    whole_groups_first : bool
        Whether to empty and cut groups before single atoms are moved, which take `PARTNERS` looks each: where there are
        too few looks for both.

    Returns
    -------
    list of members
        Never worth more than `start`.
    """
    rng = np.random.default_rng(seed)
    budget = Budget(problem, sizings)
    steps = _WHOLE_GROUPS_FIRST if whole_groups_first else _STEPS
    groups = _descended(problem, start, atoms, steps, rng, budget.spent)
    worth, idle = sum(map(problem.worth, groups)), 0
    while idle < MOST_IDLE and len(groups) > 1 and not budget.spent():
        remade = _remade(problem, groups, atoms, rng)
        other = sum(map(problem.worth, remade))
        idle += 1
        if other < worth - IMPROVEMENT * max(1.0, abs(worth)):
            groups, worth, idle = remade, other, 0
        elif drift and other <= worth:
            groups = remade
    return sorted(_descended(problem, groups, atoms, steps, rng, budget.spent))


Spent = Callable[[], bool]
Step = Callable[[Problem, list[Members], Sequence[Members], np.random.Generator, Spent], list[Members]]


def _descended(
    problem: Problem,
    start: Sequence[Members],
    atoms: Sequence[Members],
    steps: Sequence[Step],
    rng: np.random.Generator,
    spent: Spent,
) -> list[Members]:
    """Repeat the steps in turn until none of them pays."""
    groups = list(start)
    worth = sum(map(problem.worth, groups))
    while not spent():
        for step in steps:
            groups = step(problem, groups, atoms, rng, spent)
        improved = sum(map(problem.worth, groups))
        if improved >= worth - IMPROVEMENT * max(1.0, abs(worth)):
            break
        worth = improved
    return groups


def _remade(
    problem: Problem, groups: Sequence[Members], atoms: Sequence[Members], rng: np.random.Generator
) -> list[Members]:
    """Take some atoms out of a few groups and put them back where each costs least: what single steps cannot reach.

    Large neighbourhoods by ruin and recreate: G. Schrimpf et al., Journal of Computational Physics 159 (2000).
    """
    chosen = rng.permutation(len(groups))[: int(rng.integers(2, MOST_EMPTIED + 1))].tolist()
    inside = [atom for i in chosen for atom in _atoms_of(groups[i], atoms)]
    taken = [inside[i] for i in rng.permutation(len(inside))[: int(rng.integers(1, MOST_TAKEN + 1))].tolist()]
    out = {member for atom in taken for member in atom}
    left = [tuple(m for m in group if m not in out) if i in chosen else group for i, group in enumerate(groups)]
    remade = [group for group in left if group]
    for atom in taken:
        partners = rng.permutation(len(remade))[:PARTNERS].tolist()
        _, other, joined = _cheapest_place(problem, atom, remade, partners, problem.worth(atom))
        if joined:
            remade[other] = joined
        else:
            remade.append(atom)
    return remade


def _partners(count: int, own: int, rng: np.random.Generator) -> Iterator[int]:
    others = np.delete(np.arange(count), own)
    yield from rng.permutation(others)[:PARTNERS].tolist()


def _atoms_of(group: Members, atoms: Sequence[Members]) -> list[Members]:
    inside = set(group)
    return [atom for atom in atoms if atom[0] in inside]


def _merge(
    problem: Problem, groups: list[Members], _atoms: Sequence[Members], rng: np.random.Generator, spent: Spent
) -> list[Members]:
    """Join the two groups that gain most by it, cheapest groups first, until no join pays."""
    groups = sorted(groups, key=problem.worth)
    first = 0
    while first < len(groups) and not spent():
        own = problem.worth(groups[first])
        gain, found = IMPROVEMENT, None
        for other in _partners(len(groups), first, rng):
            apart = own + problem.worth(groups[other])
            joined = union(groups[first], groups[other])
            together = problem.worth_below(joined, apart - gain)
            if together < apart - gain:
                gain, found = apart - together, (other, joined)
        if found is not None:
            other, joined = found
            groups = [g for i, g in enumerate(groups) if i not in (first, other)]
            groups.insert(min(first, len(groups)), joined)
        else:
            first += 1
    return groups


def _move(
    problem: Problem, groups: list[Members], atoms: Sequence[Members], rng: np.random.Generator, spent: Spent
) -> list[Members]:
    """Move single atoms to the group where they cost least, or to one of their own."""
    groups = list(groups)
    home = _homes(groups, atoms)
    for number in rng.permutation(len(atoms)):
        if spent():
            break
        atom = atoms[number]
        source = home[atom]
        rest = tuple(sorted(set(groups[source]) - set(atom)))
        freed = problem.worth(groups[source]) - (problem.worth(rest) if rest else 0.0)
        price, other, joined = _cheapest_place(problem, atom, groups, _partners(len(groups), source, rng), freed)
        if rest and (alone := problem.worth_below(atom, price)) < price:
            price, other, joined = alone, len(groups), atom
        if freed - price > IMPROVEMENT:
            groups[source] = rest
            if other == len(groups):
                groups.append(joined)
            else:
                groups[other] = joined
            home[atom] = other
    return [g for g in groups if g]


def _homes(groups: Sequence[Members], atoms: Sequence[Members]) -> dict[Members, int]:
    """Position of the group each atom lies in."""
    group_of = {member: i for i, group in enumerate(groups) for member in group}
    return {atom: group_of[atom[0]] for atom in atoms}


def _cheapest_place(
    problem: Problem, atom: Members, groups: Sequence[Members], others: Iterable[int], limit: float
) -> tuple[float, int, Members]:
    """What the atom adds where it adds least, if less than the limit; that group's position, and the group with it."""
    best: tuple[float, int, Members] = (limit, 0, ())
    for other in others:
        if not groups[other]:
            continue
        joined = union(groups[other], atom)
        before = problem.worth(groups[other])
        added = problem.worth_below(joined, before + best[0]) - before
        if added < best[0]:
            best = (added, other, joined)
    return best


def _dissolve(
    problem: Problem, groups: list[Members], atoms: Sequence[Members], rng: np.random.Generator, spent: Spent
) -> list[Members]:
    """Empty a whole group into the others where that pays as a whole though no single move does."""
    for group in sorted(groups, key=len):
        if spent() or len(groups) < 2:
            break
        if group not in groups:  # it took in what an earlier one was emptied of
            continue
        others = [g for g in groups if g != group]
        freed, price = problem.worth(group), 0.0
        for atom in _atoms_of(group, atoms):
            partners = rng.permutation(len(others))[:PARTNERS].tolist()
            added, i, joined = _cheapest_place(problem, atom, others, partners, freed - price)
            price += added
            if not joined:
                break
            others[i] = joined
        if freed - price > IMPROVEMENT:
            groups = others
    return groups


def _swap(
    problem: Problem, groups: list[Members], atoms: Sequence[Members], rng: np.random.Generator, spent: Spent
) -> list[Members]:
    """Exchange two atoms of different groups."""
    groups = list(groups)
    if len(groups) < 2:
        return groups
    for _ in range(len(atoms)):
        if spent():
            break
        i, j = rng.choice(len(groups), 2, replace=False).tolist()
        inside, outside = _atoms_of(groups[i], atoms), _atoms_of(groups[j], atoms)
        a, b = inside[int(rng.integers(len(inside)))], outside[int(rng.integers(len(outside)))]
        new_i = tuple(sorted((set(groups[i]) - set(a)) | set(b)))
        new_j = tuple(sorted((set(groups[j]) - set(b)) | set(a)))
        if not (problem.may_group(new_i) and problem.may_group(new_j)):
            continue
        before = problem.worth(groups[i]) + problem.worth(groups[j]) - IMPROVEMENT
        one = problem.worth_below(new_i, before)
        if one < before and problem.worth_below(new_j, before - one) < before - one:
            groups[i], groups[j] = new_i, new_j
    return groups


def _split(
    problem: Problem, groups: list[Members], atoms: Sequence[Members], rng: np.random.Generator, spent: Spent
) -> list[Members]:
    """Cut a group in two: by its largest community, and at random."""
    result: list[Members] = []
    for group in groups:
        parts = _atoms_of(group, atoms)
        if len(parts) < 2 or spent():
            result.append(group)
            continue
        largest = int(np.bincount(problem.community[list(group)]).argmax())
        cuts = [[problem.community[atom[0]] == largest for atom in parts], (rng.random(len(parts)) < 0.5).tolist()]
        best = (problem.worth(group) - IMPROVEMENT, [group])
        for cut in cuts:
            if any(cut) and not all(cut):
                halves = [union(*(p for p, side in zip(parts, cut, strict=True) if side == s)) for s in (True, False)]
                one = problem.worth_below(halves[0], best[0])
                both = one + problem.worth_below(halves[1], best[0] - one)
                if both < best[0]:
                    best = (both, halves)
        result.extend(best[1])
    return result


_STEPS = (_merge, _move, _dissolve, _swap, _split)
_WHOLE_GROUPS_FIRST = (_merge, _dissolve, _split, _move, _swap)
