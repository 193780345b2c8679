"""Local search on the true cost of groups: merge, move, swap, split, until nothing pays or the work is used up."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from generator.solve.problem import Budget, Members, Problem, union

# Partners tried per group or atom: on small classes everyone, on large ones a seeded sample.
PARTNERS = 12
IMPROVEMENT = 1e-9


def search(
    problem: Problem, atoms: Sequence[Members], start: Sequence[Members], *, sizings: int, seed: int
) -> list[Members]:
    """Improve a grouping of one compatibility class.

    Parameters
    ----------
    problem : Problem
    atoms : sequence of members
        The units that move; each lies in exactly one group of `start`.
    start : sequence of members
    sizings : int
        Groups that may be sized before the search stops.
    seed : int

    Returns
    -------
    list of members
        Never worth more than `start`.
    """
    rng = np.random.default_rng(seed)
    budget = Budget(problem, sizings)
    groups = list(start)
    worth = sum(map(problem.worth, groups))
    while not budget.spent():
        for step in (_merge, _move, _dissolve, _swap, _split):
            groups = step(problem, groups, atoms, rng, budget.spent)
        improved = sum(map(problem.worth, groups))
        if improved >= worth - IMPROVEMENT * max(1.0, abs(worth)):
            break
        worth = improved
    return sorted(groups)


Spent = Callable[[], bool]


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
        gains = [
            (problem.worth(groups[first]) + problem.worth(groups[other]) - problem.worth(joined), other, joined)
            for other in _partners(len(groups), first, rng)
            for joined in [union(groups[first], groups[other])]
            if problem.may_group(joined)
        ]
        gain, other, joined = max(gains, default=(0.0, 0, ()))
        if gain > IMPROVEMENT:
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
    home = {atom: next(i for i, g in enumerate(groups) if atom[0] in set(g)) for atom in atoms}
    for number in rng.permutation(len(atoms)):
        if spent():
            break
        atom = atoms[number]
        source = home[atom]
        rest = tuple(sorted(set(groups[source]) - set(atom)))
        freed = problem.worth(groups[source]) - (problem.worth(rest) if rest else 0.0)
        options = [
            (problem.worth(joined) - problem.worth(groups[other]), other, joined)
            for other in _partners(len(groups), source, rng)
            if groups[other]
            for joined in [union(groups[other], atom)]
            if problem.may_group(joined)
        ]
        if rest:
            options.append((problem.worth(atom), len(groups), atom))
        price, other, joined = min(options, default=(np.inf, 0, ()))
        if freed - price > IMPROVEMENT:
            groups[source] = rest
            if other == len(groups):
                groups.append(joined)
            else:
                groups[other] = joined
            home[atom] = other
    return [g for g in groups if g]


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
        price = 0.0
        for atom in _atoms_of(group, atoms):
            options = [
                (problem.worth(joined) - problem.worth(others[i]), i, joined)
                for i in rng.permutation(len(others))[:PARTNERS].tolist()
                for joined in [union(others[i], atom)]
                if problem.may_group(joined)
            ]
            added, i, joined = min(options, default=(np.inf, 0, ()))
            price += added
            if price >= problem.worth(group):
                break
            others[i] = joined
        if problem.worth(group) - price > IMPROVEMENT:
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
        before = problem.worth(groups[i]) + problem.worth(groups[j])
        if before - problem.worth(new_i) - problem.worth(new_j) > IMPROVEMENT:
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
                best = min(best, (sum(map(problem.worth, halves)), halves))
        result.extend(best[1])
    return result
