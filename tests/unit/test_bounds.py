"""What the benchmark proves no whole groups to go below."""

import numpy as np
import pytest

from benchmarks.bounds import bound
from tests.unit.test_columns import pairs, sized
from tests.unit.test_search_and_cover import partitions, posed, worth


@pytest.mark.parametrize("dearer", [1.0, 1.2])
@pytest.mark.parametrize("seed", range(6))
def test_no_whole_groups_are_worth_less_than_the_bound_and_the_relaxation_never_more(seed: int, dearer: float) -> None:
    one = posed(seed)
    every = list(partitions(range(6)))
    columns = sized(one, one.classes[0], [group for groups in every for group in groups])
    best = min(worth(one, groups) for groups in every)
    found = bound(columns, best * dearer)

    assert columns.relax().bound <= found <= best * (1 + 1e-6)


def test_the_bound_counts_groups_of_one_price_whole_where_the_relaxation_takes_halves() -> None:
    one = posed(0, count=3)
    columns = sized(one, one.classes[0], pairs(3))
    columns.worth = np.ones(len(columns.members))

    assert [*one.classes[0], *pairs(3)] == sorted(columns.members, key=lambda members: (len(members), members))
    assert columns.relax().bound == pytest.approx(1.5)
    assert bound(columns, 3.0) == pytest.approx(2.0)
