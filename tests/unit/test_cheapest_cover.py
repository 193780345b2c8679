"""The cheapest groups that hold every workload, and the proof that there are none cheaper."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from generator.errors import InfeasibleError
from generator.model import FloatArray
from generator.solve.cheapest_cover import cheapest_cover
from generator.solve.cover import apart
from tests.unit.test_columns import pairs, sized
from tests.unit.test_search_and_cover import held_once, posed

PLENTY = 100_000


def drawn(seed: int, rows: int = 7, columns: int = 13) -> tuple[csc_array, FloatArray]:
    """Random columns, every row in one of its own as well, worth more the more rows they hold."""
    rng = np.random.default_rng(seed)
    held = np.hstack([np.eye(rows), rng.random((rows, columns - rows)) < 0.4])
    return csc_array(held), held.sum(axis=0) ** 0.6 + rng.integers(0, 3, columns) / 2


def least(incidence: csc_array, worths: FloatArray) -> float:
    """Worth of the cheapest cover of all sets of columns."""
    chosen = np.arange(1 << len(worths))[:, None] >> np.arange(len(worths)) & 1
    covers = (chosen @ incidence.toarray().T > 0).all(axis=1)
    return float((chosen @ worths)[covers].min())


@pytest.mark.parametrize("seed", range(12))
def test_the_cheapest_of_all_covers_is_found(seed: int) -> None:
    incidence, worths = drawn(seed)
    found = cheapest_cover(incidence, worths, float(worths.sum()), PLENTY)
    best = least(incidence, worths)

    assert found.bound == pytest.approx(best)
    assert float(worths[found.columns].sum()) == pytest.approx(best)
    assert (incidence.toarray()[:, found.columns] > 0).any(axis=1).all()


@pytest.mark.parametrize("nodes", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("dearer", [1.03, 1.3])
def test_a_search_cut_short_proves_no_more_than_there_is(nodes: int, dearer: float) -> None:
    for seed in range(12):
        incidence, worths = drawn(seed)
        best = least(incidence, worths)
        found = cheapest_cover(incidence, worths, best * dearer, nodes)

        assert found.nodes <= nodes
        assert found.bound <= best + 1e-9


def test_nothing_cheaper_than_the_cheapest_is_found_and_that_is_proven() -> None:
    incidence, worths = drawn(0)
    best = least(incidence, worths)
    found = cheapest_cover(incidence, worths, best, PLENTY)

    assert found.bound == pytest.approx(best)
    assert len(found.columns) == 0


@pytest.mark.parametrize("count", [3, 5, 7])
def test_of_pairs_on_an_odd_cycle_one_more_is_needed_than_the_relaxation_takes(count: int) -> None:
    one = posed(0, count=count)
    cycle = [tuple(sorted((i, (i + 1) % count))) for i in range(count)]
    columns = sized(one, one.classes[0], pairs(count))
    columns.worth = np.where([len(m) == 1 or m in cycle for m in columns.members], 1.0, 9.0)

    assert columns.relax().bound == pytest.approx(count / 2)
    found = cheapest_cover(columns.incidence, columns.worth, float(count), PLENTY)
    assert found.bound == pytest.approx((count + 1) / 2)


def test_a_workload_of_several_groups_stays_in_the_first() -> None:
    groups = apart([(0, 1, 2), (1, 3), (2, 4), (2,)])

    assert groups == [(0, 1, 2), (3,), (4,)]
    assert held_once(groups, 5)


def test_a_workload_that_is_in_no_group_is_an_error() -> None:
    held = csc_array(np.array([[1.0, 0.0], [0.0, 0.0]]))

    with pytest.raises(InfeasibleError, match="no cover"):
        cheapest_cover(held, np.ones(2), 2.0, PLENTY)
