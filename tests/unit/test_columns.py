"""The column program of set partitioning: its relaxation, what pricing adds to it, and the bounds it gives."""

import sys
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import linprog

from generator.solve import Problem
from generator.solve import columns as columns_module
from generator.solve.columns import Columns
from generator.solve.cover import cover
from generator.solve.pricing import price
from generator.solve.problem import Budget, Members
from tests.unit.test_search_and_cover import partitions, posed, worth

covering = sys.modules[cover.__module__]


def sized(problem: Problem, atoms: Sequence[Members], groups: Sequence[Members]) -> Columns:
    for group in groups:
        problem.size(group)
    return Columns(problem, atoms, atoms)


def pairs(count: int) -> list[Members]:
    return [(i, j) for i in range(count) for j in range(i + 1, count)]


@pytest.mark.parametrize("seed", range(3))
def test_the_relaxation_of_a_few_active_columns_is_that_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "ACTIVE", 2)
    monkeypatch.setattr(columns_module, "TAKEN_IN", 1)
    one = posed(seed)
    pool = sized(one, one.classes[0], [*pairs(6), (0, 1, 2), (3, 4, 5), (0, 2, 4)])
    relaxed = pool.relax()
    at_once = linprog(pool.worth, A_eq=pool.incidence, b_eq=np.ones(6), bounds=(0, None))

    assert at_once.fun == pytest.approx(relaxed.bound, rel=1e-9)
    assert relaxed.reduced.min() >= -1e-8
    assert relaxed.bound == pytest.approx(float(pool.worth @ relaxed.taken), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_what_pricing_finds_lowers_the_relaxation_until_it_finds_nothing(seed: int) -> None:
    one = posed(seed, count=10)
    atoms = one.classes[0]
    pool = sized(one, atoms, atoms)
    relaxed = pool.relax()
    alone = relaxed.bound
    while price(one, atoms, relaxed.duals, pool.members, Budget(one, 10_000)):
        pool.grow()
        relaxed = pool.relax()

    assert relaxed.bound < alone


@pytest.mark.parametrize("nodes", [1, 4, 100_000])
@pytest.mark.parametrize("seed", range(4))
def test_no_groups_are_worth_less_than_the_bound_however_few_nodes_the_search_may_take(
    seed: int, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covering, "NODES", nodes)
    one = posed(seed)
    atoms = one.classes[0]
    every = [group for groups in partitions(range(6)) for group in groups]
    sized(one, atoms, every)
    found = cover(one, atoms, list(atoms), sizings=0)
    best = min(worth(one, groups) for groups in partitions(range(6)))

    assert found.relaxed <= found.bound <= best * (1 + 1e-9)
    assert nodes < 100_000 or best == pytest.approx(worth(one, found.groups)) == pytest.approx(found.bound)
