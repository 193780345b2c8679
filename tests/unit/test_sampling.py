"""Long windows by a sample that leaves out nothing that matters."""

import numpy as np
import pytest

from generator.capacity.sampling import MOST_SAMPLED_BINS, SAMPLED_BINS, WARM_UP_S, sample_bins, stretch
from generator.capacity.scaling import BEHAVIOUR, scaling_signal
from generator.model import FloatArray, Traffic
from tests.fleets import days, fleet, traffic, workload

LENGTHS = [SAMPLED_BINS + 1, 4096, 4103, 20_000]
COUNTED, WARM_UP, _ = stretch(300.0)


def seen(rates: FloatArray, *, bin_s: float = 300.0) -> Traffic:
    return traffic(fleet([workload(f"w{i:03d}") for i in range(len(rates))]), rates, bin_s=bin_s)


@pytest.mark.parametrize("bins", [24, 2016, SAMPLED_BINS])
def test_short_windows_are_taken_whole(bins: int) -> None:
    rates = days(3, bins, seed=1)
    rate, weights, _ = sample_bins(seen(rates))

    assert (rate == rates).all()
    assert weights.tolist() == [1 / bins] * bins


@pytest.mark.parametrize("bins", LENGTHS)
def test_weights_sum_to_one_and_are_never_negative(bins: int) -> None:
    rate, weights, _ = sample_bins(seen(days(3, bins, seed=2)))

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
    rate, weights, _ = sample_bins(seen(rates))

    assert (rate[1] * weights).sum() > 0


def test_a_workload_beyond_compare_hides_no_rare_one() -> None:
    rates = np.vstack([1e6 * days(20, 6000, seed=4), np.zeros((40, 6000))])
    rates[np.arange(20, 60), 37 + 141 * np.arange(40)] = 1e-6
    rate, weights, _ = sample_bins(seen(rates))

    assert ((rate * weights).sum(axis=1) > 0).all()


@pytest.mark.parametrize("bins", LENGTHS)
def test_means_of_ordinary_traffic_survive_within_a_tenth(bins: int) -> None:
    rates = days(10, bins, seed=5)
    rate, weights, _ = sample_bins(seen(rates))

    assert rate @ weights == pytest.approx(rates.mean(axis=1), rel=0.1)


def test_the_peak_of_every_workload_is_in_the_sample() -> None:
    rates = days(5, 6000, seed=6)
    rates[np.arange(5), 1000 * np.arange(5) + 77] = 50 * rates.max()
    rate, weights, _ = sample_bins(seen(rates))

    assert rate[:, weights > 0].max(axis=1).tolist() == rates.max(axis=1).tolist()


def test_the_sample_says_which_bins_it_is_of() -> None:
    rates = days(3, 9000, seed=7)
    rate, _, at = sample_bins(seen(rates))

    assert (rate == rates[:, at]).all()


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_traffic_without_any_shape_can_be_sampled(value: float) -> None:
    rate, weights, _ = sample_bins(seen(np.full((2, 5000), value)))

    assert rate @ weights == pytest.approx([value, value])


@pytest.mark.parametrize("bin_s", [1.0, 10.0, 60.0, 300.0, 900.0, 3600.0])
def test_no_stretch_reaches_back_to_the_one_before_it(bin_s: float) -> None:
    longest = max(behaviour.scale_out_delay_s + behaviour.hold_s for behaviour in BEHAVIOUR.values())
    counted, warm_up, stretches = stretch(bin_s)

    assert longest <= WARM_UP_S <= warm_up * bin_s
    assert counted >= 12
    assert stretches >= 2
    assert stretches * (counted + warm_up) <= max(MOST_SAMPLED_BINS, 2 * (counted + warm_up))


@pytest.mark.parametrize("hosting", ["sagemaker-multi-model", "cloud-run-cpu"])
def test_bursts_of_minutes_cost_the_sample_what_they_cost_the_window(hosting: str) -> None:
    rng = np.random.default_rng(8)
    rates = np.where(rng.random((1, 20_000)) < 0.01, 40.0, 1.0) * rng.gamma(20.0, 1 / 20.0, (1, 20_000))
    rate, weights, _ = sample_bins(seen(rates, bin_s=60.0))
    behaviour = next(found for name, found in BEHAVIOUR.items() if name == hosting)
    whole = np.ceil(scaling_signal(rates[0], behaviour, 60.0) / 4.0).mean()

    assert weights @ np.ceil(scaling_signal(rate[0], behaviour, 60.0) / 4.0) == pytest.approx(whole, rel=0.05)
