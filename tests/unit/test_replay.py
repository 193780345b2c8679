"""One group through one window: backlog, replicas that follow, cold starts."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from generator.capacity.machines import Machines
from generator.capacity.queueing import backlog
from generator.model import Fleet, FloatArray, Objective, ScheduledMinimum
from generator.replay import Replay, Served, replay
from tests.fleets import days, fleet, gpu_workload, table, traffic, workload

SAGEMAKER = ("sagemaker-multi-model", "ml.small", "us-east-1")
RUN = ("cloud-run-cpu", "run-2cpu-4gib", "us-central1")


def served(one: Machines, where: tuple[str, str, str], target: float, minimum: int, maximum: int) -> Served:
    hosting, name, region = where
    machine = next(k for (h, n), k in one.machine_index.items() if (h, n) == (hosting, name))
    column = next(r for (_, found), r in one.region_index.items() if found == region)
    return Served(machine, column, target, minimum, maximum)


def replayed(
    rates: ArrayLike,
    *,
    where: tuple[str, str, str] = SAGEMAKER,
    target: float = 0.7,
    minimum: int = 1,
    maximum: int = 20,
    bin_s: float = 300.0,
    of: Fleet | None = None,
) -> Replay:
    rows = np.atleast_2d(np.array(rates, dtype=float))
    one = of or fleet([workload(f"w{i}") for i in range(len(rows))])
    known = table(one)
    members = np.arange(len(rows))
    return replay(known, members, served(known, where, target, minimum, maximum), traffic(one, rows, bin_s=bin_s))


def burst(high: float, bins: int = 48) -> FloatArray:
    """Little traffic, and a burst of two bins in the middle."""
    rates = np.full(bins, 1.0)
    rates[bins // 2 : bins // 2 + 2] = high
    return rates


def test_load_is_the_summed_work_over_the_machine_s_processors() -> None:
    rates = days(3, 96, seed=1)

    assert replayed(rates).load == pytest.approx(rates.sum(axis=0) * 0.05 / 2)


def test_what_was_not_served_is_carried_over_and_none_is_lost() -> None:
    seen = replayed(days(2, 192, seed=2, mean_rps=40.0), minimum=2, maximum=2)
    waiting = backlog(seen.load, seen.replicas, 300.0)
    worked = seen.load * 300.0 + np.concatenate([[0.0], waiting[:-1]]) - waiting

    assert waiting.max() > 0
    assert worked.sum() + waiting[-1] == pytest.approx(seen.load.sum() * 300.0)
    assert (worked <= seen.replicas * 300.0 + 1e-6).all()


def test_an_overload_is_felt_after_it_has_passed() -> None:
    rates = np.full(48, 20.0)
    rates[:6] = 80.0
    after = np.full(48, 20.0)
    later = replayed(rates, minimum=1, maximum=1).attainment[0]
    share_in_burst = rates[:6].sum() / rates.sum()

    assert replayed(after, minimum=1, maximum=1).attainment[0] > 0.99
    assert later < 1 - share_in_burst - 0.1


@pytest.mark.parametrize("seed", range(4))
def test_more_replicas_never_attain_less(seed: int) -> None:
    rates = days(3, 192, seed=seed, mean_rps=20.0)
    attained = [replayed(rates, minimum=count, maximum=count).attainment for count in range(1, 9)]

    assert (np.diff(attained, axis=0) >= -1e-12).all()
    assert np.ptp(attained) > 0.1


@pytest.mark.parametrize("where", [SAGEMAKER, RUN])
def test_a_lower_target_and_a_higher_minimum_never_attain_less(where: tuple[str, str, str]) -> None:
    rates = days(3, 192, seed=5, mean_rps=10.0)
    by_target = [replayed(rates, where=where, target=target).attainment for target in (0.8, 0.4, 0.2, 0.1)]
    by_minimum = [replayed(rates, where=where, minimum=minimum).attainment for minimum in (0, 1, 2, 4)]

    assert (np.diff(by_target, axis=0) >= -1e-12).all()
    assert (np.diff(by_minimum, axis=0) >= -1e-12).all()


def test_a_spike_that_outruns_the_autoscaler_misses_and_capacity_that_waits_does_not() -> None:
    spike = burst(100.0)
    following = replayed(spike, minimum=1, maximum=20)
    waiting = replayed(spike, minimum=6, maximum=20)

    assert 1.0 == following.replicas[24]
    assert following.replicas.max() > 1.0
    assert following.attainment[0] < 0.6
    assert waiting.attainment[0] > 0.99


def test_an_autoscaler_that_acts_within_a_bin_misses_only_its_delay() -> None:
    attained = replayed(burst(100.0), where=RUN, minimum=1).attainment[0]
    late = 100.0 * 10 / 300 / burst(100.0).sum()

    assert attained == pytest.approx(1 - late, abs=0.01)


def test_a_service_at_zero_pays_the_start_on_what_finds_it_there() -> None:
    rates = np.zeros(96)
    rates[::12] = 1 / 300
    zero, kept = replayed(rates, where=RUN, minimum=0), replayed(rates, where=RUN, minimum=1)

    assert 0.0 == kept.cold_share
    assert 0.5 < zero.cold_share < 1.0
    assert zero.attainment[0] == pytest.approx(kept.attainment[0] * (1 - zero.cold_share))
    assert zero.replicas.mean() < 0.4 < kept.replicas.mean() == 1.0


def test_a_cold_start_the_objective_bears_costs_no_attainment() -> None:
    patient = fleet([workload("w0", objective=Objective(0.99, 60.0))])
    rates = np.zeros(96)
    rates[::12] = 1 / 300

    assert replayed(rates, where=RUN, minimum=0, of=patient).attainment[0] > 0.999


def test_each_member_is_held_to_its_own_objective() -> None:
    one = fleet([workload("a", objective=Objective(0.99, 0.06)), workload("b", objective=Objective(0.99, 5.0))])
    hasty, patient = replayed(np.full((2, 48), 10.0), of=one).attainment

    assert hasty < 0.75
    assert patient > 0.999


def test_an_objective_below_the_network_time_is_never_kept() -> None:
    one = fleet([workload("a", users=(("Paris", 1.0),), objective=Objective(0.5, 0.05))])

    assert [0.0] == replayed([[1.0] * 24], of=one).attainment.tolist()


def test_silence_is_attained_and_costs_the_minimum() -> None:
    silent = replayed(np.zeros((2, 24)), minimum=2)

    assert [1.0, 1.0] == silent.attainment.tolist()
    assert silent.replicas.tolist() == [2.0] * 24
    assert [0.0, 0.0] == silent.requests.tolist()
    assert replayed(np.zeros((2, 24)), where=RUN, minimum=0).replicas == pytest.approx(np.zeros(24))


@pytest.mark.parametrize("bin_s", [60.0, 3600.0])
@pytest.mark.parametrize("variation", [0.0, 4.0])
@pytest.mark.parametrize("where", [SAGEMAKER, RUN])
def test_every_figure_is_finite_and_attainment_a_share(
    where: tuple[str, str, str], variation: float, bin_s: float
) -> None:
    one = fleet([workload("a"), workload("b")])
    steady = tuple(replace(w, service=replace(w.service, variation=variation)) for w in one.workloads)
    seen = replayed(days(2, 24, seed=6), of=replace(one, workloads=steady), where=where, minimum=0, bin_s=bin_s)

    for figures in (seen.load, seen.replicas, seen.busy, seen.attainment, seen.requests):
        assert np.isfinite(figures).all()
    assert ((0 <= seen.attainment) & (seen.attainment <= 1)).all()


def test_a_batch_of_eight_serves_eight_times_a_slot() -> None:
    one = fleet([gpu_workload("a")])
    seen = replayed(np.full((1, 24), 10.0), of=one, where=("sagemaker-multi-model", "ml.a10g", "us-east-1"))

    assert seen.load == pytest.approx(np.full(24, 10.0 * 0.2 * 1.7 / 8))
    assert seen.attainment[0] > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_by_the_clock_replicas_stay_within_the_hour_s_minimum_and_the_maximum(seed: int) -> None:
    one = fleet([workload("w0")])
    known, rates = table(one), days(1, 2 * 288, seed=seed, mean_rps=30.0)
    entries = (ScheduledMinimum("all", 6, 3), ScheduledMinimum("all", 9, 5), ScheduledMinimum("all", 18, 1))
    where = replace(served(known, SAGEMAKER, 0.7, 1, 6), schedule=entries)
    seen = replay(known, np.arange(1), where, traffic(one, rates))
    plain = replay(known, np.arange(1), replace(where, schedule=()), traffic(one, rates))
    hour = np.arange(2 * 288) // 12 % 24

    assert seen.running.max() <= 6
    # The first bin of an hour still waits for its instances.
    asked = np.where((hour >= 6) & (hour < 9), 3, np.where((hour >= 9) & (hour < 18), 5, 1))
    assert (seen.running[1:] >= np.minimum(asked[1:], asked[:-1])).all()
    assert (seen.running >= plain.running).all()
    assert seen.attainment[0] >= plain.attainment[0]
