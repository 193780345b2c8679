"""The event simulation against what queueing theory knows, and the judge's queueing model against the simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest

from generator.capacity.events import latencies, senders
from generator.model import FloatArray, Simulated, Traffic
from generator.replay import Served, replay
from generator.simulate import simulate
from tests.fleets import days, fleet, gpu_workload, table, traffic, workload

COUNT = 400_000
NONE = np.zeros(0, dtype=np.intp)


def waits(servers: int, utilization: float, service_s: FloatArray, *, gaps: FloatArray) -> FloatArray:
    """Return waiting times in one replica of so many slots; mean service is 1."""
    come = np.cumsum(gaps / (servers * utilization))
    none, count = np.zeros(len(come)), len(come)
    took, _ = latencies(
        come, np.zeros(count, dtype=np.intp), service_s, none + 1, none, np.zeros(1), np.array([1]), servers,
        0.0, np.inf, 0.0, np.inf, np.ones(1), np.ones(1), NONE,
    )  # fmt: skip
    return (took - service_s)[count // 10 :]


def interval(figures: FloatArray, batches: int = 20) -> tuple[float, float]:
    """Return mean and four standard errors by batch means."""
    means = figures[: len(figures) // batches * batches].reshape(batches, -1).mean(axis=1)
    return float(means.mean()), 4.0 * float(means.std(ddof=1)) / math.sqrt(batches)


def erlang_c(servers: int, utilization: float) -> float:
    load = servers * utilization
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) / (1 - utilization)
    return last / (sum(terms) + last)


@pytest.mark.parametrize(("servers", "utilization"), [(1, 0.5), (1, 0.8), (4, 0.7), (16, 0.9)])
def test_exponential_service_waits_as_erlang_c_says(servers: int, utilization: float) -> None:
    rng = np.random.default_rng(1)
    waited = waits(servers, utilization, rng.exponential(size=COUNT), gaps=rng.exponential(size=COUNT))
    known = erlang_c(servers, utilization)
    often, error = interval((waited > 1e-9).astype(float))
    mean, within = interval(waited)

    assert known == pytest.approx(often, abs=error)
    assert known / (servers * (1 - utilization)) == pytest.approx(mean, abs=within)


@pytest.mark.parametrize("utilization", [0.3, 0.6, 0.9])
def test_constant_service_waits_as_pollaczek_and_khinchine_say(utilization: float) -> None:
    rng = np.random.default_rng(2)
    mean, within = interval(waits(1, utilization, np.ones(COUNT), gaps=rng.exponential(size=COUNT)))

    assert utilization / (2 * (1 - utilization)) == pytest.approx(mean, abs=within)


@pytest.mark.parametrize(("servers", "utilization", "variation"), [(1, 0.7, 2.0), (4, 0.8, 1.5), (8, 0.9, 0.5)])
def test_general_service_waits_as_lee_and_longton_say(servers: int, utilization: float, variation: float) -> None:
    """Exact for one server; for several an approximation, good to about a tenth."""
    rng = np.random.default_rng(3)
    service = rng.gamma(variation**-2, variation**2, COUNT)
    mean, within = interval(waits(servers, utilization, service, gaps=rng.exponential(size=COUNT)))
    known = (1 + variation**2) / 2 * erlang_c(servers, utilization) / (servers * (1 - utilization))

    assert known == pytest.approx(mean, abs=within + (0.1 * known if servers > 1 else 0.0))


def test_bursty_arrivals_wait_longer_as_allen_and_cunneen_say() -> None:
    rng = np.random.default_rng(4)
    gaps = rng.gamma(0.25, 4.0, COUNT)
    mean, within = interval(waits(4, 0.8, rng.exponential(size=COUNT), gaps=gaps))
    known = (4.0 + 1.0) / 2 * erlang_c(4, 0.8) / (4 * 0.2)

    assert known == pytest.approx(mean, abs=within + 0.15 * known)


def test_models_take_turns_as_in_a_plain_least_recently_used_list() -> None:
    rng = np.random.default_rng(5)
    count, models, fit = 5000, 8, 3
    wanted = rng.choice(models, count, p=np.arange(1, models + 1) / 36).astype(np.intp)
    plain: list[int] = []
    loads = 0
    for model in wanted.tolist():
        if model in plain:
            plain.remove(model)
        else:
            loads += 1
            plain = plain[-(fit - 1) :]
        plain.append(model)
    none = np.zeros(count)
    took, waited = latencies(
        np.arange(0.0, 10.0 * count, 10.0), wanted, none + 1.0, none + 1, none, np.zeros(1), np.array([1]), 1,
        0.0, np.inf, 0.0, 3.0, np.ones(models), np.full(models, 2.0), NONE,
    )  # fmt: skip

    assert loads == waited.sum()
    assert loads * 2.0 + count == pytest.approx(took.sum())


def test_a_full_batch_takes_as_long_as_measured_and_a_single_request_less() -> None:
    count = 8
    none, model = np.zeros(count), np.zeros(count, dtype=np.intp)

    def served(come: FloatArray) -> FloatArray:
        took, _ = latencies(
            come, model, none + 1.7, none + 8, none + 0.1, np.zeros(1), np.array([1]), 8,
            0.0, np.inf, 0.0, np.inf, np.ones(1), np.ones(1), NONE,
        )  # fmt: skip
        return took

    assert np.arange(10, 18) / 10 == pytest.approx(served(none))
    assert none + 1.0 == pytest.approx(served(np.arange(0.0, 80.0, 10.0)))


def test_a_replica_that_comes_serves_who_waits_and_one_that_goes_finishes_first() -> None:
    come, none = np.array([0.0, 0.1, 0.2, 6.0]), np.zeros(4)
    took, _ = latencies(
        come, np.zeros(4, dtype=np.intp), none + 5.0, none + 1, none, np.array([0.0, 1.0, 1.5]), np.array([1, 2, 1]), 1,
        0.0, np.inf, 0.0, np.inf, np.ones(1), np.ones(1), NONE,
    )  # fmt: skip

    assert come + took == pytest.approx([5.0, 6.0, 10.0, 15.0])


def test_who_finds_a_service_at_zero_waits_for_its_start() -> None:
    come, none = np.array([0.0, 50.0, 200.0, 205.0]), np.zeros(4)
    took, _ = latencies(
        come, np.zeros(4, dtype=np.intp), none + 1.0, none + 1, none, np.zeros(1), np.array([1]), 4,
        0.0, 100.0, 10.0, np.inf, np.ones(1), np.ones(1), NONE,
    )  # fmt: skip

    assert took == pytest.approx([1.0, 1.0, 11.0, 6.0])


def test_requests_belong_to_members_by_their_rates() -> None:
    rng = np.random.default_rng(6)
    rates = np.array([[1.0, 0.0], [3.0, 2.0]])
    which = senders(rates, np.repeat([0, 1], 20_000).astype(np.intp), rng.random(40_000))

    assert which[:20_000].mean() == pytest.approx(0.75, abs=0.02)
    assert which[20_000:].tolist() == [1] * 20_000


# The queueing model beside it ---------------------------------------------------------------------------------------

SAGEMAKER = ("sagemaker-multi-model", "ml.small")
RUN = ("cloud-run-cpu", "run-2cpu-4gib")
SERVERLESS = ("sagemaker-serverless", "serverless-2gib")


def both(
    seen: Traffic, where: tuple[str, str], policy: tuple[float, int, int], *, requests: int = 2_000_000, seed: int = 0
) -> tuple[float, Simulated]:
    """Return the attainment of a group of all workloads by the model and by the simulation."""
    one = fleet([gpu_workload(n) if where[1] == "ml.a10g" else workload(n) for n in seen.workloads])
    known = table(one)
    machine = next(k for (h, n), k in known.machine_index.items() if (h, n) == where)
    region = int(np.isfinite(known.price_usd_per_h[machine]).argmax())
    served = Served(machine, region, *policy)
    members = np.arange(len(seen.workloads))
    model = replay(known, members, served, seen)
    simulated = simulate(known, members, served, seen, model, requests=requests, seed=seed)
    return float(model.attainment @ model.requests / model.requests.sum()), simulated


def named(rates: FloatArray, *, bin_s: float = 300.0, variation: float = 1.0) -> Traffic:
    one = traffic(fleet([workload(f"w{i}") for i in range(len(rates))]), rates, bin_s=bin_s)
    return replace(one, interarrival_variation=np.full(len(rates), variation))


CASES = {
    "half busy": (named(np.full((2, 96), 10.0)), SAGEMAKER, (0.7, 1, 1)),
    "busy": (named(np.full((2, 96), 16.0)), SAGEMAKER, (0.9, 1, 1)),
    "bursty": (named(np.full((2, 96), 10.0), variation=2.5), SAGEMAKER, (0.7, 1, 1)),
    "a day that scales": (named(days(3, 96, seed=1, mean_rps=10.0)), SAGEMAKER, (0.6, 1, 20)),
    "a day that scales within its bins": (named(days(3, 96, seed=2, mean_rps=20.0)), RUN, (0.6, 1, 20)),
    "overloaded for two hours": (
        named(np.where(np.arange(96) // 24 == 1, 60.0, 10.0)[None]), SAGEMAKER, (0.7, 1, 1)
    ),
    "seldom, from zero": (named(np.full((1, 2000), 1 / 1200)), RUN, (0.7, 0, 4)),
    "seldom, a worker for each": (named(np.full((1, 2000), 1 / 120)), SERVERLESS, (1.0, 0, 4)),
    "a day, a worker for each": (named(days(1, 96, seed=3, mean_rps=10.0)), SERVERLESS, (1.0, 0, 12)),
    "batches on a GPU": (named(np.full((2, 96), 10.0)), ("sagemaker-multi-model", "ml.a10g"), (0.7, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_model_and_full_simulation_agree_within_three_points(case: str) -> None:
    model, simulated = both(*CASES[case])

    assert simulated.low - 0.03 <= model <= simulated.high + 0.03


@pytest.mark.parametrize("case", ["bursty", "a day that scales", "overloaded for two hours"])
def test_a_sample_of_stretches_finds_what_the_whole_window_has(case: str) -> None:
    _, whole = both(*CASES[case])
    _, sample = both(*CASES[case], requests=60_000)

    assert sample.requests < 0.25 * whole.requests
    assert sample.low - 0.02 <= whole.attainment <= sample.high + 0.02


def test_the_same_seed_gives_the_same_figure_and_another_seed_another() -> None:
    one, again, other = (both(*CASES["bursty"], requests=20_000, seed=seed)[1] for seed in (3, 3, 4))

    assert one == again
    assert one != other


@pytest.mark.parametrize("rates", [np.zeros((2, 24)), np.where(np.arange(48) == 5, 1 / 300, 0.0)[None]])
def test_silence_is_simulated_too(rates: FloatArray) -> None:
    simulated = both_of_silence(named(rates))

    assert simulated.low <= simulated.attainment <= simulated.high
    assert simulated.requests <= 20


def both_of_silence(seen: Traffic) -> Simulated:
    one = fleet([workload(n) for n in seen.workloads])
    known, members = table(one), np.arange(len(seen.workloads))
    served = Served(known.machine_index["cloud-run-cpu", "run-2cpu-4gib"], 3, 0.7, 0, 4)
    return simulate(known, members, served, seen, replay(known, members, served, seen), requests=1000, seed=0)
