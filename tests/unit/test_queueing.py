"""Waiting times against exact queues, a small event simulation and plain loops."""

import heapq
from itertools import product

import numpy as np
import pytest

from generator.capacity.queueing import backlog, overdue, service_miss, service_quantiles, wait_tail
from generator.model import FloatArray

UTILIZATIONS = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95)


def erlang_c(servers: int, offered: float) -> float:
    """Probability of waiting in M/M/c by the recursion of Erlang's loss formula."""
    loss = 1.0
    for c in range(1, servers + 1):
        loss = offered * loss / (c + offered * loss)
    return servers * loss / (servers - offered * (1.0 - loss))


def simulated_waits(interarrival_s: FloatArray, service_s: FloatArray, servers: int) -> FloatArray:
    """Waiting times of a first-come first-served queue, request by request."""
    free = [0.0] * servers
    waits = np.empty(len(service_s))
    now = 0.0
    for i, (gap, work) in enumerate(zip(interarrival_s.tolist(), service_s.tolist(), strict=True)):
        now += gap
        start = max(now, heapq.heappop(free))
        waits[i] = start - now
        heapq.heappush(free, start + work)
    return waits


def tail(utilization: float, servers: int, service_s: float = 1.0, variability: float = 1.0) -> tuple[float, float]:
    probability, rate = wait_tail(np.array([utilization]), np.array([float(servers)]), service_s, variability)
    return float(probability[0]), float(rate[0])


@pytest.mark.parametrize("utilization", UTILIZATIONS)
def test_one_exponential_server_is_exact(utilization: float) -> None:
    probability, rate = tail(utilization, 1, 0.25)

    assert probability == pytest.approx(utilization)
    assert rate == pytest.approx((1 - utilization) / 0.25)


@pytest.mark.parametrize("utilization", UTILIZATIONS)
def test_the_mean_wait_of_constant_service_is_exact(utilization: float) -> None:
    probability, rate = tail(utilization, 1, 0.25, variability=0.5)

    assert probability / rate == pytest.approx(utilization * 0.25 / (2 * (1 - utilization)))


@pytest.mark.parametrize(("servers", "utilization"), [*product((2, 4, 8, 32, 128), UTILIZATIONS)])
def test_the_probability_of_waiting_is_within_six_points_of_erlang_c(servers: int, utilization: float) -> None:
    probability, _ = tail(utilization, servers)

    assert probability == pytest.approx(erlang_c(servers, servers * utilization), abs=0.06)


@pytest.mark.parametrize(("servers", "utilization"), [*product((2, 4, 8, 32), UTILIZATIONS)])
def test_the_tail_decays_as_in_the_exact_queue(servers: int, utilization: float) -> None:
    _, rate = tail(utilization, servers, 0.1)

    assert rate == pytest.approx(servers * (1 - utilization) / 0.1)


@pytest.mark.parametrize(("servers", "variation"), [(1, 2.0), (3, 2.0), (3, 0.5), (8, 1.5)])
def test_the_mean_wait_is_within_a_sixth_of_a_simulated_queue(servers: int, variation: float) -> None:
    rng = np.random.default_rng(1)
    shape, count, utilization = variation**-2, 120_000, 0.8
    gaps = rng.exponential(1.0 / (servers * utilization), count)
    waits = simulated_waits(gaps, rng.gamma(shape, 1.0 / shape, count), servers)
    probability, rate = tail(utilization, servers, 1.0, (1.0 + variation**2) / 2)

    assert probability / rate == pytest.approx(float(waits.mean()), rel=1 / 6)
    for limit in (1.0, 3.0, 6.0):
        assert probability * np.exp(-rate * limit) == pytest.approx(float((waits > limit).mean()), abs=0.06)


def test_waits_grow_with_utilization_and_shrink_with_servers() -> None:
    utilization, servers = np.meshgrid(np.linspace(0.05, 0.97, 24), np.arange(1.0, 40.0))
    probability, rate = wait_tail(utilization, servers, 1.0, 1.0)

    assert (np.diff(probability, axis=1) > 0).all()
    assert (np.diff(rate, axis=1) < 0).all()
    assert (np.diff(probability, axis=0) < 0).all()
    assert (np.diff(rate, axis=0) > 0).all()


def test_an_overloaded_or_silent_queue_has_finite_figures() -> None:
    probability, rate = wait_tail(np.array([0.0, 1.0, 50.0]), np.ones(3), 0.0, 0.0)

    assert np.isfinite([*probability, *rate]).all()
    assert probability[0] == 0.0
    assert probability[1] == probability[2] < 1.0


def test_exponential_service_misses_by_its_exact_tail() -> None:
    budget = np.array([0.05, 0.1, 0.5])

    assert service_miss(budget, 0.1, 1.0) == pytest.approx(np.exp(-budget / 0.1))


def test_service_without_variation_misses_all_or_nothing() -> None:
    missed = service_miss(np.array([0.09, 0.11]), 0.1, 0.0)

    assert missed == pytest.approx([1.0, 0.0], abs=1e-12)


@pytest.mark.parametrize("budget_s", [0.0, -0.2])
def test_no_time_left_is_a_miss_for_certain(budget_s: float) -> None:
    assert (service_miss(np.array([budget_s]), 0.1, np.array([0.0, 1.0, 5.0])) == 1.0).all()


@pytest.mark.parametrize("variation", [0.0, 0.3, 1.0, 3.0])
def test_service_quantiles_lie_where_the_tail_says(variation: float) -> None:
    quantiles = service_quantiles(0.2, variation)

    assert (np.diff(quantiles) > 0).all()
    assert service_miss(quantiles, 0.2, variation) == pytest.approx([0.875, 0.625, 0.375, 0.125], abs=1e-6)


@pytest.mark.parametrize(("utilization", "budget_s"), list(product((0.5, 0.7, 0.9), (3.0, 5.0, 10.0))))
def test_waiting_and_service_together_are_within_a_fifth_of_the_exact_sojourn(
    utilization: float, budget_s: float
) -> None:
    probability, rate = tail(utilization, 1)
    waits = np.maximum(budget_s - service_quantiles(1.0, 1.0), 0.0)
    slow = float(service_miss(budget_s, 1.0, 1.0))
    late = slow + (1 - slow) * float((probability * np.exp(-rate * waits)).mean())

    assert late == pytest.approx(np.exp(-(1 - utilization) * budget_s), rel=0.2)


def test_backlog_is_what_a_plain_loop_carries_over() -> None:
    rng = np.random.default_rng(2)
    load, replicas = rng.gamma(1.0, 2.0, 200), rng.integers(1, 4, 200).astype(float)
    carried, expected = 0.0, list[float]()
    for offered, running in zip(load, replicas, strict=True):
        carried = max(0.0, carried + (offered - running) * 60.0)
        expected.append(carried)

    assert backlog(load, replicas, 60.0) == pytest.approx(np.array(expected), abs=1e-6)


def test_a_stack_of_series_has_the_backlogs_of_its_rows() -> None:
    load = np.random.default_rng(3).gamma(1.0, 2.0, (3, 50))
    replicas = np.full((3, 50), 2.0)

    assert backlog(load, replicas, 30.0) == pytest.approx(
        np.array([backlog(row, runs, 30.0) for row, runs in zip(load, replicas, strict=True)])
    )


def test_the_overdue_share_is_that_of_requests_spread_over_the_bin() -> None:
    rng = np.random.default_rng(4)
    load, replicas = rng.gamma(1.0, 2.0, 60), np.full(60, 2.0)
    waiting = backlog(load, replicas, 60.0)
    before = np.concatenate([[0.0], waiting[:-1]])
    within = (np.arange(2000) + 0.5) / 2000
    delay = (before[:, None] + (waiting - before)[:, None] * within) / replicas[:, None]

    assert overdue(waiting, replicas, 20.0) == pytest.approx((delay > 20.0).mean(axis=1), abs=1e-3)
