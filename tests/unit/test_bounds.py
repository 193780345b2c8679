"""What the benchmark proves no whole groups to go below."""

import numpy as np
import pytest

from benchmarks.bounds import counted
from generator.solve.cheapest_cover import cheapest_cover
from tests.unit.test_columns import pairs, sized
from tests.unit.test_search_and_cover import partitions, posed, worth

PLENTY = 100_000


@pytest.mark.parametrize("dearer", [1.0, 1.2])
@pytest.mark.parametrize("seed", range(6))
def test_no_whole_groups_are_worth_less_than_the_bound_and_the_relaxation_never_more(seed: int, dearer: float) -> None:
    one = posed(seed)
    every = list(partitions(range(6)))
    columns = sized(one, one.classes[0], [group for groups in every for group in groups])
    best = min(worth(one, groups) for groups in every)
    found = cheapest_cover(columns.incidence, columns.worth, best * dearer, PLENTY)

    assert columns.relax().bound <= counted(columns, best * dearer) <= best * (1 + 1e-6)
    assert columns.relax().bound - 1e-9 <= found.bound <= best + 1e-9
    assert found.bound == pytest.approx(best), "no group of these gets dearer by leaving out a member"


def test_the_bound_from_counts_takes_groups_of_one_price_whole_where_the_relaxation_takes_halves() -> None:
    one = posed(0, count=3)
    columns = sized(one, one.classes[0], pairs(3))
    columns.worth = np.ones(len(columns.members))

    assert columns.relax().bound == pytest.approx(1.5)
    assert counted(columns, 3.0) == pytest.approx(2.0)


def test_groups_of_one_price_are_mixed_by_the_bound_from_counts_and_never_by_the_search() -> None:
    one = posed(0, count=6)
    columns = sized(one, one.classes[0], pairs(6))
    triangles = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]
    columns.worth = np.where([len(m) == 1 or m in triangles for m in columns.members], 1.0, 9.0)

    assert counted(columns, 6.0) == pytest.approx(3.0)
    assert cheapest_cover(columns.incidence, columns.worth, 6.0, PLENTY).bound == pytest.approx(4.0)
