"""The cheapest machine, region and policy that keep a group's objectives."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest
from numpy.typing import ArrayLike

from generator.capacity.machines import Machines
from generator.capacity.sizing import SCALING_TARGETS, Sizer, Sizing, Terms
from generator.model import Fleet, Limits, Objection, Objective, OwnPrices, Traffic, Workload
from generator.replay import Replay, Served, replay
from tests.fleets import days, fleet, gpu_workload, table, traffic, workload

AT = datetime(2026, 1, 5, tzinfo=UTC)
RARE = np.where(np.arange(96) % 24 == 0, 1 / 300, 0.0)


def sizer(one: Fleet, rates: ArrayLike, terms: Terms = Terms(), *, bin_s: float = 300.0) -> Sizer:  # noqa: B008
    return Sizer(table(one), traffic(one, rates, bin_s=bin_s), terms)


def plain(count: int, **changes: object) -> Fleet:
    return fleet([workload(f"w{i}") for i in range(count)], **changes)


def sized(found: Sizing | None) -> Sizing:
    assert found is not None
    return found


def replayed(machines: Machines, members: Sequence[int], found: Sizing, seen: Traffic) -> Replay:
    served = Served(found.machine, found.region, found.target, found.minimum, found.maximum)
    return replay(machines, np.array(members), served, seen)


def name(one: Sizer, found: Sizing) -> tuple[str, str]:
    return one.machines.instance_types[found.machine].name, one.machines.regions[found.region].name


@pytest.mark.parametrize(("mean_rps", "least"), [*product((0.001, 0.2, 1.0, 5.0, 40.0), (0, 1, 2))])
def test_a_plan_costs_what_its_replay_costs_on_the_same_window(mean_rps: float, least: int) -> None:
    one, rates = plain(6), days(6, 192, seed=1, mean_rps=mean_rps)
    planned = sizer(one, rates, Terms(least_replicas=least))
    for members in ([0], [1, 2], [0, 1, 2, 3, 4, 5]):
        for machine, region in planned.options(members):
            found = planned.size_on(members, machine, region)
            if found is None:
                continue
            seen = replayed(planned.machines, members, found, traffic(one, rates))
            price = planned.machines.price_usd_per_h[machine, region]
            assert found.usd_per_h == pytest.approx(price * seen.replicas.mean(), rel=1e-6)


@pytest.mark.parametrize("objected", [False, True])
def test_groups_are_sized_in_one_stretch_as_they_are_one_by_one(objected: bool) -> None:
    reason = "f" * 64, "ada", AT, AT, "machine", ("w1", "w4"), "sagemaker-multi-model", "ml.small", "us-east-1"
    workloads = [workload(f"w{i}", objective=Objective(0.99, 0.5 if i < 5 else 1e-3)) for i in range(6)]
    one = fleet(workloads, objections=(Objection(*reason),) if objected else ())
    rates = days(6, 96, seed=3) * np.array([1e-4, 1.0, 1.0, 3.0, 1.0, 1.0])[:, None]
    groups = [(0,), (1,), (5,), (4, 1), (0, 2, 3), (2, 5), (1, 2), (1, 2), (0, 1, 2, 3, 4)]
    apart, at_once = sizer(one, rates), sizer(one, rates)

    at_once.size_all(groups)

    for members in groups:
        apart.size(members)
    assert apart.sized == at_once.sized
    assert (apart.looks, None in apart.sized.values()) == (at_once.looks, True)


@pytest.mark.parametrize("seed", range(5))
def test_no_machine_region_or_policy_among_the_options_is_cheaper(seed: int) -> None:
    planned = sizer(plain(5), days(5, 96, seed=seed))
    for members in ([0], [1, 3], [0, 2, 4], [0, 1, 2, 3, 4]):
        best = sized(planned.size(members))
        others = [planned.size_on(members, k, r) for k, r in planned.options(members)]
        assert best.usd_per_h == pytest.approx(min(found.usd_per_h for found in others if found is not None))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_pruned_would_not_have_been_cheaper(seed: int) -> None:
    one = plain(4, prices=OwnPrices(instances={("ml.medium", None): 0.08, ("run-8cpu-16gib", "europe-west1"): 0.1}))
    planned = sizer(one, days(4, 96, seed=seed))
    known = planned.machines
    best = sized(planned.size([0, 1, 2, 3]))
    for machine in np.flatnonzero(known.fits(np.arange(4))):
        for region in np.flatnonzero(np.isfinite(known.price_usd_per_h[machine])):
            found = planned.size_on([0, 1, 2, 3], int(machine), int(region))
            assert found is None or found.usd_per_h >= best.usd_per_h - 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_without_backlog_keeps_every_objective_when_it_is_replayed(seed: int) -> None:
    one, rates = plain(5), days(5, 192, seed=seed)
    planned = sizer(one, rates, Terms(least_replicas=1))
    seen = replayed(planned.machines, range(5), sized(planned.size(range(5))), traffic(one, rates))

    assert (seen.attainment >= 0.99).all()


def test_the_order_of_the_members_does_not_matter() -> None:
    planned = sizer(plain(3), days(3, 48, seed=2))

    assert planned.size((2, 0, 1)) is planned.size((0, 1, 2))
    assert list(planned.sized) == [(0, 1, 2)]


def test_headroom_never_makes_a_plan_cheaper() -> None:
    rates = days(4, 96, seed=3, mean_rps=10.0)
    costs = [sized(sizer(plain(4), rates, Terms(headroom=h)).size(range(4))).usd_per_h for h in (1.0, 1.6, 3.0)]

    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


def test_a_rare_patient_workload_scales_to_zero_and_a_hasty_one_does_not() -> None:
    patient = fleet([workload("a", objective=Objective(0.99, 30.0))])
    zero = sized(sizer(patient, [RARE]).size([0]))
    always = sized(sizer(plain(1), [RARE]).size([0]))

    assert (zero.minimum, always.minimum) == (0, 1)
    assert zero.usd_per_h < always.usd_per_h / 2


def test_the_terms_least_replicas_hold_for_every_hosting_kind() -> None:
    patient = fleet([workload("a", objective=Objective(0.99, 30.0))])
    planned = sizer(patient, [RARE], Terms(least_replicas=2))
    found = [planned.size_on([0], k, r) for k, r in planned.options([0])]

    assert {one.minimum for one in found if one is not None} == {2}


def test_high_availability_takes_two_replicas_where_a_machine_lives_in_one_zone() -> None:
    one = fleet([workload("a", availability=0.999, runtime="amazon-only")])

    assert sized(sizer(one, [np.full(48, 0.1)]).size([0])).minimum == 2


def test_a_quota_below_the_need_sends_the_group_elsewhere() -> None:
    rates = [np.full(48, 200.0)]
    free = sizer(plain(1), rates)
    kept = name(free, sized(free.size([0])))[0]
    held = sizer(plain(1, limits=Limits(quotas={kept: 1})), rates)
    found = sized(held.size([0]))

    assert name(held, found)[0] != kept
    assert found.usd_per_h >= sized(free.size([0])).usd_per_h


def test_no_sizing_runs_more_replicas_than_the_quota() -> None:
    quotas = {t.name: 2 for t in table(plain(1)).instance_types}
    for mean in (0.1, 5.0, 20.0, 60.0):
        held = sizer(plain(2, limits=Limits(quotas=quotas)), days(2, 96, seed=4, mean_rps=mean))
        for k, r in held.options([0, 1]):
            found = held.size_on([0, 1], k, r)
            assert found is None or found.minimum <= found.maximum <= 2


def test_a_quota_of_nothing_serves_nobody_not_even_the_silent() -> None:
    quotas = {t.name: 0 for t in table(plain(1)).instance_types}
    patient = fleet([workload("a", objective=Objective(0.99, 30.0))], limits=Limits(quotas=quotas))

    assert sizer(patient, [np.zeros(48)]).size([0]) is None


@pytest.mark.parametrize("objective", [Objective(0.99, 0.04), Objective(0.999, 0.06)])
def test_an_objective_out_of_reach_has_no_sizing(objective: Objective) -> None:
    assert sizer(fleet([workload("a", objective=objective)]), [np.full(48, 0.1)]).size([0]) is None


def test_an_objective_shorter_than_the_network_time_has_no_sizing() -> None:
    far = workload("a", users=(("Texas", 1.0),), residency=("Europe",), objective=Objective(0.5, 0.1))

    assert sizer(fleet([far]), [np.full(48, 0.1)]).size([0]) is None


def test_the_nearest_region_is_taken_where_the_cheapest_is_too_far() -> None:
    def region(latency_s: float) -> str:
        one = fleet([workload("a", users=(("Paris", 1.0),), objective=Objective(0.9, latency_s))])
        planned = sizer(one, [np.full(48, 0.5)])
        return name(planned, sized(planned.size([0])))[1]

    assert region(2.0) == "us-east-1"
    assert region(0.17) in {"eu-west-1", "europe-west1"}


@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("patient_s", [0.3, 0.5, 2.0])
def test_a_hasty_member_and_a_patient_one_far_away_share_where_the_hasty_one_is_near(
    patient_s: float, bound: bool
) -> None:
    label = "together" if bound else None
    hasty = workload("a", users=(("Paris", 1.0),), objective=Objective(0.9, 0.17), keep_together=label)
    patient = workload("b", users=(("Texas", 1.0),), objective=Objective(0.9, patient_s), keep_together=label)
    planned = sizer(fleet([hasty, patient]), np.full((2, 48), 0.5))
    known = planned.machines
    everywhere = [
        found
        for machine in np.flatnonzero(known.fits(np.arange(2)))
        for region in np.flatnonzero(np.isfinite(known.price_usd_per_h[machine]))
        if (found := planned.size_on([0, 1], int(machine), int(region))) is not None
    ]

    assert sized(planned.size([0, 1])).usd_per_h == pytest.approx(min(found.usd_per_h for found in everywhere))


@pytest.mark.parametrize("variation", [0.0, 0.5, 5.0])
@pytest.mark.parametrize("percentile", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("bin_s", [60.0, 3600.0])
def test_corners_of_the_terms_give_finite_plans_that_hold(variation: float, percentile: float, bin_s: float) -> None:
    one = plain(2)
    loose = tuple(
        replace(w, objective=Objective(percentile, 20.0), service=replace(w.service, variation=variation))
        for w in one.workloads
    )
    one, rates = replace(one, workloads=loose), days(2, 24, seed=5)
    planned = sizer(one, rates, bin_s=bin_s)
    found = sized(planned.size([0, 1]))

    assert np.isfinite(found.usd_per_h)
    assert found.target in SCALING_TARGETS
    assert 0 <= found.minimum <= found.maximum >= 1
    assert (
        replayed(planned.machines, [0, 1], found, traffic(one, rates, bin_s=bin_s)).attainment >= percentile - 0.01
    ).all()


@pytest.mark.parametrize(("latency_s", "minimum"), [(0.5, 1), (60.0, 0)])
def test_a_silent_workload_runs_from_zero_only_if_its_first_request_may_start_cold(
    latency_s: float, minimum: int
) -> None:
    one = fleet([workload("silent", objective=Objective(0.99, latency_s))])
    found = sized(sizer(one, np.zeros((1, 48))).size([0]))

    assert minimum == found.minimum
    assert (found.usd_per_h < 0.01) == (minimum == 0)


def test_a_model_over_several_gpus_is_sized_on_the_machine_that_has_them() -> None:
    planned = sizer(fleet([gpu_workload("a", memory_gib=50.0)]), [np.full(48, 2.0)])

    assert name(planned, sized(planned.size([0])))[0] == "ml.4xa10g"


def test_egress_counts_when_places_are_compared_and_unknown_egress_is_no_bargain() -> None:
    def region(response_kib: float) -> str:
        own = OwnPrices(instances={("run-2cpu-4gib", "us-central1"): 0.09})
        one = fleet([workload("a", response_kib=response_kib)], prices=own)
        planned = sizer(one, [np.full(48, 5.0)])
        return name(planned, sized(planned.size([0])))[1]

    assert region(0.0) == "us-central1"
    assert region(10_000.0) == "us-east-1"


def test_long_windows_are_sized_as_they_are_replayed() -> None:
    one, rates = plain(3), days(3, 9600, seed=6)
    planned = sizer(one, rates)
    found = sized(planned.size([0, 1, 2]))
    seen = replayed(planned.machines, [0, 1, 2], found, traffic(one, rates))
    price = planned.machines.price_usd_per_h[found.machine, found.region]

    assert found.usd_per_h == pytest.approx(price * seen.replicas.mean(), rel=0.1)


def test_single_workloads_of_any_kind_are_sized_or_refused_but_never_fail() -> None:
    rng = np.random.default_rng(7)
    for _ in range(40):
        changes: dict[str, object] = {
            "objective": Objective(float(rng.choice([0.5, 0.99, 0.9999])), float(10 ** rng.uniform(-3, 2))),
            "availability": float(rng.choice([0.9, 0.9999])),
            "memory_gib": float(rng.uniform(0.01, 20.0)),
        }
        one: Workload = replace(workload("a"), **changes)
        rates = rng.choice([0.0, 1e-6, 1.0, 300.0], (1, 24))
        found = sizer(fleet([one]), rates, bin_s=float(rng.choice([60, 300, 3600]))).size([0])
        assert found is None or np.isfinite(found.usd_per_h)


@pytest.mark.parametrize("seed", range(4))
def test_below_a_limit_a_group_is_sized_as_without_one_and_above_it_not_at_all(seed: int) -> None:
    one, rates = plain(5), days(5, 96, seed=seed)
    whole = sized(sizer(one, rates).size(range(5)))
    limited = sizer(one, rates)

    assert limited.size_below(range(5), whole.usd_per_h) is None
    assert limited.size_below(range(5), whole.usd_per_h / 2) is None
    assert limited.looks == 1
    assert limited.size_below(range(5), whole.usd_per_h * 1.01) == whole
    assert limited.size(range(5)) == whole
    assert limited.looks == 1
