"""What autoscalers see and do, against plain loops and a seeded simulation of arrivals."""

from itertools import product

import numpy as np
import pytest

from generator.capacity.scaling import (
    BEHAVIOUR,
    Behaviour,
    acts_within,
    idle_probability,
    late_share,
    replica_path,
    scaling_signal,
)
from generator.model import FloatArray

RATES: dict[str, FloatArray] = {
    "a burst between silences": np.array([0.0] * 5 + [0.02] + [0.0] * 6),
    "steady and rare": np.full(12, 1 / 700),
    "on and off": np.array([0.01, 0.0] * 6),
    "rising": np.linspace(0.0, 0.01, 12),
}


def arrivals(rate_rps: FloatArray, bin_s: float, before_s: float, rng: np.random.Generator) -> FloatArray:
    """Poisson arrivals at the bins' rates, with the first bin's rate for some time before."""
    edges = np.concatenate([[-before_s], bin_s * np.arange(len(rate_rps) + 1)])
    rates = np.concatenate([rate_rps[:1], rate_rps])
    counts = rng.poisson(rates * np.diff(edges))
    return np.sort(np.concatenate([rng.uniform(a, b, n) for a, b, n in zip(edges, edges[1:], counts, strict=False)]))


@pytest.mark.parametrize(("rates", "bin_s"), [*product(RATES, (60.0, 300.0, 700.0, 3600.0))])
def test_the_idle_share_is_that_of_simulated_arrivals(rates: str, bin_s: float) -> None:
    rng, hold_s, runs = np.random.default_rng(5), 900.0, 1500
    rate = RATES[rates]
    idle = np.zeros(len(rate))
    for _ in range(runs):
        times = np.concatenate([[-np.inf], arrivals(rate, bin_s, hold_s, rng)])
        asked = bin_s * (np.arange(len(rate)) + rng.random(len(rate)))
        idle += asked - times[np.searchsorted(times, asked) - 1] > hold_s

    assert idle_probability(rate, hold_s, bin_s) == pytest.approx(idle / runs, abs=0.05)


@pytest.mark.parametrize(("rates", "bin_s", "start_s"), [*product(RATES, (60.0, 300.0, 3600.0), (10.0, 75.0))])
def test_the_cold_share_is_that_of_a_simulated_service(rates: str, bin_s: float, start_s: float) -> None:
    rng, hold_s = np.random.default_rng(6), 900.0
    rate = RATES[rates]
    cold = asked = 0
    for _ in range(int(6000 / (rate.sum() * bin_s))):
        last, ready = -np.inf, -np.inf
        for now in arrivals(rate, bin_s, 4 * hold_s, rng).tolist():
            if now - last > hold_s:
                ready = now + start_s
            last = now
            cold += 0.0 <= now < ready
            asked += now >= 0.0
    share = float(rate @ idle_probability(rate, hold_s, bin_s, start_s=start_s)) / float(rate.sum())

    assert share == pytest.approx(cold / asked, abs=0.05)


def test_a_service_nobody_calls_is_always_idle_and_a_busy_one_never() -> None:
    assert idle_probability(np.zeros(24), 900.0, 3600.0) == pytest.approx(np.ones(24))
    assert idle_probability(np.full(24, 50.0), 900.0, 60.0) == pytest.approx(np.zeros(24), abs=1e-12)


def test_a_start_longer_than_the_hold_finds_every_request_cold() -> None:
    assert idle_probability(np.full(24, 0.1), 900.0, 300.0, start_s=1000.0) == pytest.approx(np.ones(24))


@pytest.mark.parametrize(
    ("delay_s", "hold_s", "bin_s"), [*product((10.0, 420.0, 5000.0), (0.0, 300.0, 900.0, 5e4), (60.0, 300.0, 3600.0))]
)
def test_the_signal_is_the_highest_load_of_a_plain_loop(delay_s: float, hold_s: float, bin_s: float) -> None:
    behaviour = Behaviour(delay_s, hold_s, scales_to_zero=False, start_s=0.0)
    load = np.random.default_rng(7).gamma(1.0, 1.0, (2, 60))
    lag = 0 if delay_s < bin_s / 2 else int(np.ceil(delay_s / bin_s))
    back = round(hold_s / bin_s)
    expected = [[max(row[max(0, t - lag - i)] for i in range(back + 1)) for t in range(60)] for row in load.tolist()]

    assert scaling_signal(load, behaviour, bin_s) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("hosting", BEHAVIOUR)
@pytest.mark.parametrize("bin_s", [60.0, 3600.0])
def test_a_window_shorter_than_the_delay_keeps_its_length(hosting: str, bin_s: float) -> None:
    behaviour = next(b for h, b in BEHAVIOUR.items() if h == hosting)

    assert (2,) == scaling_signal(np.array([1.0, 3.0]), behaviour, bin_s).shape


def test_replicas_are_the_signal_over_the_target_rounded_up_within_bounds() -> None:
    signal = np.array([0.0, 0.35, 0.7, 0.71, 2.1, 50.0])

    assert [1, 1, 1, 2, 3, 4] == replica_path(signal, 0.7, 1, 4).tolist()
    assert 0 == replica_path(signal, 0.7, 0, 4)[0]


def test_rounding_errors_add_no_replica() -> None:
    assert [1] == replica_path(np.array([0.1 + 0.2]), 0.3, 0, 9).tolist()


def test_more_load_never_runs_fewer_replicas() -> None:
    load = np.random.default_rng(8).gamma(1.0, 1.0, 300)
    for target in (0.8, 0.3, 0.03):
        assert (replica_path(load * 1.1, target, 1, 50) >= replica_path(load, target, 1, 50)).all()


def test_only_an_autoscaler_that_acts_within_a_bin_is_late_in_it() -> None:
    run, sagemaker = BEHAVIOUR["cloud-run-cpu"], BEHAVIOUR["sagemaker-multi-model"]

    assert [True, False, True] == [acts_within(run, 60.0), acts_within(sagemaker, 60.0), acts_within(sagemaker, 3600.0)]
    assert late_share(run, 60.0) == pytest.approx(10 / 60)
    assert 0.0 == late_share(sagemaker, 60.0)
    assert late_share(sagemaker, 3600.0) == pytest.approx(420 / 3600)
