"""Long windows by a sample that leaves out nothing that matters."""

import numpy as np
import pytest

from generator.capacity.sampling import COUNTED, SAMPLED_BINS, WARM_UP, sample_bins
from generator.model import FloatArray, Traffic
from tests.fleets import days, fleet, traffic, workload

LENGTHS = [SAMPLED_BINS + 1, 4096, 4103, 20_000]


def seen(rates: FloatArray) -> Traffic:
    return traffic(fleet([workload(f"w{i:03d}") for i in range(len(rates))]), rates)


@pytest.mark.parametrize("bins", [24, 2016, SAMPLED_BINS])
def test_short_windows_are_taken_whole(bins: int) -> None:
    rates = days(3, bins, seed=1)
    rate, weights = sample_bins(seen(rates))

    assert (rate == rates).all()
    assert weights.tolist() == [1 / bins] * bins


@pytest.mark.parametrize("bins", LENGTHS)
def test_weights_sum_to_one_and_are_never_negative(bins: int) -> None:
    rate, weights = sample_bins(seen(days(3, bins, seed=2)))

    assert rate.shape == (3, len(weights))
    assert len(weights) <= SAMPLED_BINS
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()


@pytest.mark.parametrize("bins", LENGTHS)
@pytest.mark.parametrize("at", [0, 3, WARM_UP, 1000, -COUNTED - 1, -COUNTED, -5, -1])
def test_a_rare_workload_s_only_burst_is_in_the_sample(bins: int, at: int) -> None:
    rates = days(3, bins, seed=3)
    rates[1] = 0.0
    rates[1, at] = 1e-3
    rate, weights = sample_bins(seen(rates))

    assert (rate[1] * weights).sum() > 0


def test_a_workload_beyond_compare_hides_no_rare_one() -> None:
    rates = np.vstack([1e6 * days(20, 6000, seed=4), np.zeros((40, 6000))])
    rates[np.arange(20, 60), 37 + 141 * np.arange(40)] = 1e-6
    rate, weights = sample_bins(seen(rates))

    assert ((rate * weights).sum(axis=1) > 0).all()


@pytest.mark.parametrize("bins", LENGTHS)
def test_means_of_ordinary_traffic_survive_within_a_tenth(bins: int) -> None:
    rates = days(10, bins, seed=5)
    rate, weights = sample_bins(seen(rates))

    assert rate @ weights == pytest.approx(rates.mean(axis=1), rel=0.1)


def test_the_peak_of_every_workload_is_in_the_sample() -> None:
    rates = days(5, 6000, seed=6)
    rates[np.arange(5), 1000 * np.arange(5) + 77] = 50 * rates.max()
    rate, weights = sample_bins(seen(rates))

    assert rate[:, weights > 0].max(axis=1).tolist() == rates.max(axis=1).tolist()


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_traffic_without_any_shape_can_be_sampled(value: float) -> None:
    rate, weights = sample_bins(seen(np.full((2, 5000), value)))

    assert rate @ weights == pytest.approx([value, value])
