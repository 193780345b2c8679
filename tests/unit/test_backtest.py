"""What the planning window teaches: which plan holds later, and what is taken among those that cost the same."""

import numpy as np
import pytest

from generator.backtest import Lesson, Result, backtest, best
from generator.capacity import sizing
from generator.capacity.cold_loads import History
from generator.capacity.demand import Terms, Window, window
from generator.correlate import correlate
from generator.model import FloatArray, Traffic
from generator.partition import partition
from generator.solve.packings import PACKINGS
from tests.fleets import days, fleet, table, traffic, workload


def learned(rates: FloatArray) -> Lesson:
    one = fleet([workload(f"w{i}") for i in range(len(rates))])
    seen = traffic(one, rates)
    graph = correlate(one, seen)
    return backtest(table(one), seen, graph, partition(graph, seed=0))


def result(usd_per_h: float, concentration: float, *, short: bool = False, beyond: int = 0) -> Result:
    return Result(
        short, beyond, usd_per_h, concentration, attainment=1.0, lesson=Lesson(1.0 + concentration), groups=()
    )


def test_kept_objectives_come_before_money() -> None:
    kept = result(9.0, 0.5)

    assert kept == best([result(1.0, 0.5, short=True), result(2.0, 0.5, beyond=3), kept])


def test_what_costs_the_same_goes_to_the_less_concentrated_and_what_costs_less_to_the_cheaper() -> None:
    dense, spread, dear = result(1.0, 0.9), result(1.009, 0.2), result(1.02, 0.1)

    assert spread == best([dense, spread, dear])
    assert dense == best([dense, dear])


@pytest.mark.parametrize("seed", [3, 4])
def test_where_a_packing_wins_the_lesson_tells_by_what_the_search_kept_as_much(seed: int) -> None:
    lesson = learned(days(12, 192, seed=seed))

    assert lesson.packing in PACKINGS
    assert lesson.searched is not None
    assert lesson.searched.packing is None


def test_a_lesson_scales_the_misses_of_every_recommendation_alike() -> None:
    half, whole = Lesson(1.0, 0.5), Lesson(1.0, 1.0)

    for profile in ("cheapest", "balanced", "resilient"):
        assert half.weighting(profile).miss_share == whole.weighting(profile).miss_share / 2
        assert half.weighting(profile).least_replicas == whole.weighting(profile).least_replicas


@pytest.mark.parametrize("bins", [192, 4096])
@pytest.mark.parametrize("silent", [0, 1])
def test_all_terms_of_a_backtest_read_the_same_rates_with_a_silent_workload_and_a_long_window_too(
    monkeypatch: pytest.MonkeyPatch, bins: int, silent: int
) -> None:
    rates = days(3, bins, seed=3)
    rates[:silent] = 0.0
    read: list[tuple[Traffic, Window]] = []

    def noted(traffic: Traffic, rate_rps: FloatArray, weights: FloatArray, before: History, terms: Terms) -> Window:
        read.append((traffic, window(traffic, rate_rps, weights, before, terms)))
        return read[-1][1]

    monkeypatch.setattr(sizing, "window", noted)
    learned(rates)

    (first, at_first), *others = read
    assert others
    assert all(np.shares_memory(first.rate_rps, one.rate_rps) for one, _ in others)
    assert all(np.shares_memory(at_first.rate_rps, seen.rate_rps) for _, seen in others)
