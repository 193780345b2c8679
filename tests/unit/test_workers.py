"""Hosting with a worker for every request: the closed form against the same workers one by one, and what is billed."""

import numpy as np
import pytest

from generator.capacity.demand import Terms
from generator.capacity.scaling import BEHAVIOUR
from generator.capacity.silence import never_silent
from generator.capacity.sizing import Sizer, Sizing
from generator.capacity.workers import REFUSED_SHARE, cold_share, refused_share, worker_latencies, workers_for
from generator.model import Deployed, FloatArray, Limits, Objective
from generator.replay import Served, replay
from tests.fleets import fleet, table, traffic, workload

SERVERLESS = BEHAVIOUR["sagemaker-serverless"]
START_S = 11.0
BIN_S = 300.0


def started(rate_rps: FloatArray, service_s: float, *, seed: int) -> tuple[float, float]:
    """Return the share of requests that start a worker: in closed form, and one by one over many windows."""
    rng = np.random.default_rng(seed)
    requests = cold = 0
    for _ in range(200):
        # The bins before the window are as its first, long enough for its workers to be there.
        rates = np.concatenate([np.full(3, rate_rps[0]), rate_rps])
        counts = rng.poisson(rates * BIN_S)
        come = np.sort(np.repeat(np.arange(len(rates)), counts) * BIN_S + rng.uniform(0.0, BIN_S, counts.sum()))
        service = rng.exponential(service_s, len(come))
        took = worker_latencies(come, service, 400, SERVERLESS.hold_s, START_S)
        counted = come >= 3 * BIN_S
        requests += int(counted.sum())
        cold += int((took > service + START_S / 2)[counted].sum())
    share = cold_share(rate_rps, rate_rps * service_s, SERVERLESS, BIN_S, START_S)
    return float(rate_rps @ share / rate_rps.sum()), cold / requests


@pytest.mark.parametrize("rate", [0.0005, 0.003, 0.01, 0.03, 0.1, 1.0])
@pytest.mark.parametrize("service_s", [0.05, 0.5, 2.0])
def test_as_many_requests_start_a_worker_as_when_they_are_served_one_by_one(rate: float, service_s: float) -> None:
    closed, counted = started(np.full(24, rate), service_s, seed=1)

    assert closed == pytest.approx(counted, rel=0.25, abs=1e-3)


def test_so_they_do_where_the_rate_follows_the_hours() -> None:
    rate = np.where(np.arange(48) % 12 < 4, 0.5, 0.002)
    closed, counted = started(rate, 0.5, seed=2)

    assert closed == pytest.approx(counted, rel=0.15)


def test_who_comes_while_a_worker_starts_starts_another() -> None:
    took = worker_latencies(np.array([0.0, 1.0, 20.0, 500.0]), np.full(4, 0.5), 5, 300.0, 11.0)

    assert took.tolist() == [11.5, 11.5, 0.5, 11.5]


def test_who_finds_every_worker_in_use_is_refused() -> None:
    took = worker_latencies(np.array([0.0, 1.0, 2.0, 30.0]), np.full(4, 0.5), 2, 300.0, 11.0)

    assert took.tolist() == [11.5, 11.5, np.inf, 0.5]


@pytest.mark.parametrize("load", [0.0, 0.01, 0.5, 7.0, 120.0])
def test_the_workers_for_a_load_refuse_next_to_nobody_and_one_less_would_not_do(load: float) -> None:
    workers = workers_for(load)

    assert refused_share(np.array([load]), workers)[0] <= REFUSED_SHARE
    assert workers == 1 or refused_share(np.array([load]), workers - 1)[0] > REFUSED_SHARE


def test_only_the_time_requests_take_is_billed() -> None:
    one = fleet([workload("seldom", runtime="serverless")])
    known, seen = table(one), traffic(one, np.full((1, 96), 0.02))
    machine = known.machine_index["sagemaker-serverless", "serverless-2gib"]

    found = replay(known, np.array([0]), Served(machine, 0, 1.0, 0, 3), seen)

    assert 0.02 * 0.05 == pytest.approx(found.replicas.mean())
    assert found.waiting.max() == 0.0
    assert 0.0 < found.cold_share < 1.0


def sized(rate_rps: float, objective: Objective, *, least_replicas: int = 0, **changes: object) -> tuple[str, Sizing]:
    """Return hosting and sizing of one workload by the minute that may be served in any way AWS has."""
    one = fleet([workload("seldom", runtime="serverless", objective=objective, **changes)])
    known = table(one)
    found = Sizer(known, traffic(one, np.full((1, 288), rate_rps)), Terms(least_replicas=least_replicas)).size([0])
    assert found is not None
    return known.hosting[found.machine], found


PATIENT, IMPATIENT = Objective(0.9, 0.5), Objective(0.99, 0.5)


def test_a_workload_asked_now_and_then_gets_workers_if_it_bears_their_start() -> None:
    hosting, sizing = sized(0.02, PATIENT)

    assert hosting == "sagemaker-serverless"
    assert 0.02 * 0.05 * 0.14 == pytest.approx(sizing.usd_per_h)
    assert (sizing.minimum, sizing.maximum) == (0, workers_for(0.02 * 0.05))


@pytest.mark.parametrize(
    ("rate_rps", "objective", "least_replicas"),
    [(0.004, IMPATIENT, 0), (200.0, PATIENT, 0), (0.02, PATIENT, 1)],
    ids=["it bears no start", "it is asked all the time", "a replica is to be kept running"],
)
def test_a_workload_stays_on_an_instance_where(rate_rps: float, objective: Objective, least_replicas: int) -> None:
    hosting, sizing = sized(rate_rps, objective, least_replicas=least_replicas)

    assert hosting == "sagemaker-single-model"
    assert sizing.minimum >= 1


def test_a_pin_to_workers_holds_whatever_is_to_be_kept_running() -> None:
    pin = Deployed("sagemaker-serverless", "serverless-2gib", "us-east-1")
    hosting, _ = sized(0.02, PATIENT, least_replicas=2, pin=pin)

    assert hosting == "sagemaker-serverless"


def test_a_quota_on_workers_is_kept() -> None:
    one = fleet([workload("seldom", runtime="serverless", objective=PATIENT)])
    limited = fleet(one.workloads, limits=Limits(quotas={"serverless-2gib": 1}))
    known = table(limited)
    found = Sizer(known, traffic(one, np.full((1, 288), 0.2)), Terms()).size([0])

    assert found is not None
    assert known.hosting[found.machine] == "sagemaker-single-model"


@pytest.mark.parametrize(
    ("objective", "hosting"), [(PATIENT, "sagemaker-single-model"), (Objective(0.9, 60.0), "sagemaker-serverless")]
)
def test_a_workload_nobody_asked_yet_is_sized_for_half_a_request_so_it_starts_cold_only_if_it_bears_that(
    objective: Objective, hosting: str
) -> None:
    found, sizing = sized(0.0, objective)

    assert hosting == found
    if hosting == "sagemaker-serverless":
        # Half a request of 50 ms in a day.
        assert 0.5 * 0.05 / 86_400 * 0.14 == pytest.approx(sizing.usd_per_h)


def test_rates_of_those_who_were_asked_stay_as_they_are() -> None:
    one = fleet([workload("asked"), workload("silent")])
    seen = traffic(one, np.array([np.arange(288.0), np.zeros(288)]))

    planned = never_silent(seen)

    assert planned.rate_rps[0].tolist() == seen.rate_rps[0].tolist()
    assert 0.5 == pytest.approx(planned.rate_rps[1].sum() * 300.0)
    assert never_silent(planned) is planned
