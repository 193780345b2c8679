"""The strongest partners: block by block as if the whole matrix were at hand, here or on a cluster."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from dask import config
from distributed import LocalCluster
from threadpoolctl import threadpool_info

from generator import partners as blocks
from generator.cluster import cluster
from generator.errors import InputError
from generator.model import FloatArray
from generator.partners import BlockSearch, Findings, Pair, Partners, Stripe, in_process, over_threads, partners
from generator.side_by_side import side_by_side

WANTED = 5


def units(count: int, bins: int, seed: int) -> FloatArray:
    """Return series of mean 0 and norm 1; every ninth is its neighbour again, so that there are ties."""
    series = np.random.default_rng(seed).normal(size=(count, bins))
    series[9::9] = series[8:-1:9]
    series -= series.mean(axis=1, keepdims=True)
    return series / np.linalg.norm(series, axis=1, keepdims=True)


def expected(unit: FloatArray, sign: int) -> tuple[FloatArray, FloatArray]:
    """Return strengths and partners from the whole matrix at once, of equals the lower number first."""
    matrix = (unit @ unit.T) * (1 if sign == 0 else -1)
    np.fill_diagonal(matrix, 0.0)
    order = np.argsort(-matrix, axis=1, kind="stable")[:, :WANTED]
    strength = np.take_along_axis(matrix, order, axis=1)
    return np.maximum(strength, 0.0), np.where(strength > 0, order, -1)


def same(one: Partners, other: Partners) -> bool:
    return np.array_equal(one.strength, other.strength) and np.array_equal(one.partner, other.partner)


@pytest.mark.parametrize("rows", [7, 16, 50, 64])
def test_blocks_of_any_size_find_what_the_whole_matrix_holds(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", rows)
    unit = units(50, 40, seed=rows)
    found, squares = partners(unit, WANTED)

    assert squares == pytest.approx(((unit @ unit.T) ** 2).sum())
    for sign in (0, 1):
        strength, partner = expected(unit, sign)
        assert found.strength[sign] == pytest.approx(strength)
        # Equal but for their last bits, twins may change places.
        assert np.sort(found.strength[sign], axis=1)[:, ::-1] == pytest.approx(found.strength[sign])
        assert (found.partner[sign] >= 0).tolist() == (partner >= 0).tolist()
        for i in range(50):
            named = found.partner[sign, i]
            assert len(set(named[named >= 0].tolist())) == (named >= 0).sum()
            assert (unit[named] @ unit[i] * (1 - 2 * sign))[named >= 0] == pytest.approx(strength[i][named >= 0])


def test_the_order_in_which_blocks_are_ready_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 8)
    unit = units(50, 40, seed=1)
    forwards, squares = partners(unit, WANTED)

    def shuffled(
        stripes: Sequence[Stripe], pairs: Sequence[Pair], find: Callable[[Stripe, Stripe, Pair], Findings]
    ) -> Iterable[tuple[Pair, Findings]]:
        mixed = [pairs[i] for i in np.random.default_rng(2).permutation(len(pairs))]
        return in_process(stripes, mixed, find)

    backwards, other = partners(unit, WANTED, shuffled)
    assert same(forwards, backwards)
    assert squares == other


def test_twins_are_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 3)
    # One and the same pair of numbers: every correlation is exactly 1 or -1.
    unit = np.tile([[0.5, 0.5, -0.5, -0.5]], (8, 1)) * np.array([1, 1, 1, 1, 1, 1, 1, -1])[:, None]
    found, _ = partners(unit, 3)

    assert [1, 2, 3] == found.partner[0, 0].tolist()
    assert [0, 1, 2] == found.partner[0, 6].tolist()
    assert [0, 1, 2] == found.partner[1, 7].tolist()
    assert [7, -1, -1] == found.partner[1, 2].tolist()


# On a cluster ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Start two workers whose products take as many threads as here: with another number last bits may differ."""
    threads = max((one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"), default=1)
    environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    # What the library says of its own types does not fit how it is used.
    started: Any = LocalCluster
    with (
        config.set({"distributed.nanny.pre-spawn-environ": environment}),
        started(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, processes=True) as local,
    ):
        yield str(local.scheduler_address)


def test_a_cluster_finds_the_same_to_the_last_bit(scheduler: str) -> None:
    unit = units(2 * blocks.BLOCK_ROWS + 100, 32, seed=3).astype(np.float32)
    here, squares = partners(unit, WANTED)
    with cluster(scheduler) as over:
        there, other = partners(unit, WANTED, over)

    assert same(here, there)
    assert squares == other


def test_a_block_that_fails_on_a_worker_fails_here(scheduler: str) -> None:
    with cluster(scheduler) as over, pytest.raises(ValueError, match="matmul"):
        list(over([np.zeros((2, 3)), np.zeros((2, 4))], [(0, 1)], BlockSearch(1)))


@pytest.mark.parametrize("address", ["", "scheduler", "http://127.0.0.1:80", "tcp://127.0.0.1:80\n", "tcp://a b:1"])
def test_what_is_no_address_of_a_scheduler_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="no address"), cluster(address):
        pass


def test_a_scheduler_that_is_not_there_is_refused_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.cluster.CONNECT_S", 1)
    with pytest.raises(InputError, match="nobody answers"), cluster("tcp://127.0.0.1:9"):
        pass


def test_without_dask_the_remedy_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError) as raised, cluster("tcp://127.0.0.1:9"):
        pass

    assert "pip install 'covey[scale]'." == raised.value.remedy


def test_blocks_worked_through_side_by_side_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 16)
    unit = units(100, 60, seed=8)
    alone, squares = partners(unit, WANTED)
    with side_by_side(3) as each:
        found, others = partners(unit, WANTED, over_threads(each))

    assert squares == others
    assert same(alone, found)
