"""Planted differences of machine types are found again, with intervals that hold, and what would hurt is refused."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from generator.capacity.machines import machines
from generator.learn import learn
from generator.model import Calibration, Fleet, MachineFactor, Observations, Quantity
from tests.fleets import START
from tests.learned import Planted, catalog, observed, served

MACHINES = ("ml.c5.large", "ml.c5.xlarge", "ml.m5.large", "ml.m5.xlarge")
SLOW: Planted = {("ml.c5.xlarge", "work"): 1.4, ("ml.c5.xlarge", "service"): 1.4, ("ml.c5.xlarge", "cost"): 0.8}
SEEDS = range(25)


def learned(one: Fleet, *seen: Observations) -> Calibration:
    found = learn(seen, one, catalog())
    assert found is not None
    return found


def factor(found: Calibration, machine: str, quantity: Quantity) -> MachineFactor:
    return next(one for one in found.factors if (one.instance_type, one.quantity) == (machine, quantity))


@pytest.fixture(scope="module")
def repeated() -> list[Calibration]:
    one, groups = served(MACHINES)
    return [learned(one, observed(groups, SLOW, 21, seed)) for seed in SEEDS]


@pytest.mark.parametrize("quantity", ["work", "service", "cost"])
def test_a_machine_that_differs_is_found_to_by_as_much_and_used(
    repeated: list[Calibration], quantity: Quantity
) -> None:
    found = [factor(one, "ml.c5.xlarge", quantity) for one in repeated]

    assert all(one.used and one.days == 21 for one in found)
    assert np.mean([one.estimate for one in found]) == pytest.approx(SLOW["ml.c5.xlarge", quantity], rel=0.03)
    errors = np.array([(one.error_before, one.error_after) for one in found], dtype=float)
    assert errors[:, 1].mean() < 0.5 * errors[:, 0].mean()


def test_intervals_hold_about_as_often_as_they_say(repeated: list[Calibration]) -> None:
    held = [
        one.low <= SLOW.get((one.instance_type, one.quantity), 1.0) <= one.high
        for found in repeated
        for one in found.factors
        if one.days and one.quantity != "cost"
    ]

    # 90 % is meant; so few repetitions leave a few per cent either way.
    assert 0.84 <= np.mean(held) <= 0.99


def test_what_did_not_differ_is_hardly_ever_changed_much(repeated: list[Calibration]) -> None:
    used = [one.estimate for found in repeated for one in found.used if (one.instance_type, one.quantity) not in SLOW]

    assert all(abs(estimate - 1.0) < 0.12 for estimate in used)
    assert len(used) < 0.2 * sum(len(found.factors) - 3 for found in repeated)


FAMILY: Planted = {(machine, "work"): 1.4 for machine in ("ml.c5.large", "ml.c5.xlarge", "ml.c5.2xlarge")}


def test_a_machine_that_never_ran_borrows_from_its_family_with_a_wider_interval() -> None:
    one, groups = served(MACHINES)

    found = learned(one, observed(groups, FAMILY, 21, 3))

    new, old = factor(found, "ml.c5.2xlarge", "work"), factor(found, "ml.c5.large", "work")
    assert (0, True) == (new.days, new.used)
    assert new.estimate > 1.15
    assert new.low <= 1.4 <= new.high
    assert new.high / new.low > 1.5 * old.high / old.low
    other = factor(found, "ml.m5.2xlarge", "work")
    assert not other.used
    assert abs(other.estimate - 1.0) < 0.1


def test_a_family_whose_machines_differ_lends_nothing(repeated: list[Calibration]) -> None:
    assert not any(factor(found, "ml.c5.2xlarge", "work").used for found in repeated)


def test_an_only_machine_of_a_family_lends_nothing_that_nobody_tried() -> None:
    one, groups = served(("ml.c5.large",))

    found = learned(one, observed(groups, FAMILY, 21, 3))

    new = factor(found, "ml.c5.2xlarge", "work")
    assert not new.used
    assert new.error_after is None
    assert "no held-back days" in new.reason


def test_a_calibration_that_would_hurt_held_back_days_is_refused() -> None:
    one, groups = served(MACHINES)
    # Somebody mended in the last week what had made it slow.
    seen = (observed(groups, SLOW, 14, 5), observed(groups, {}, 7, 5, first=14))

    found = learned(one, *seen)

    for quantity in ("work", "service", "cost"):
        refused = factor(found, "ml.c5.xlarge", quantity)
        assert not refused.used
        assert refused.error_before is not None
        assert refused.error_after is not None
        assert refused.error_after > refused.error_before
        assert "does not predict better" in refused.reason


def test_the_last_week_is_held_back_and_of_less_than_two_the_last_third() -> None:
    one, groups = served(MACHINES[:1])

    assert START + timedelta(days=14) == learned(one, observed(groups, {}, 21, 1)).held_back_from
    assert START + timedelta(days=4) == learned(one, observed(groups, {}, 6, 1)).held_back_from


def test_what_was_learned_before_is_not_learned_again() -> None:
    one, groups = served(MACHINES)
    seen = observed(groups, SLOW, 21, 1)
    first = learned(one, seen)

    again = learned(replace(one, calibration=first.used), seen)

    assert first == again


def test_a_day_observed_twice_counts_once() -> None:
    one, groups = served(MACHINES)
    seen = observed(groups, SLOW, 21, 1)

    assert learned(one, seen) == learned(one, seen, seen)


def test_groups_nobody_knows_any_more_and_holes_teach_nothing() -> None:
    one, groups = served(MACHINES[:2])
    seen = observed(groups, SLOW, 21, 1)
    nothing = np.full_like(seen.utilization, np.nan)
    silent = replace(
        seen,
        utilization=nothing,
        cost_usd_per_h=nothing,
        groups=replace(seen.groups, latency_p50_ms=nothing),
    )
    strange = replace(seen, served=tuple(replace(group, instance_type="ml.unheard.of") for group in seen.served))

    assert learn([silent], one, catalog()) is None
    assert learn([strange], one, catalog()) is None
    assert learn([], one, catalog()) is None
    gone = replace(one, workloads=tuple(w for w in one.workloads if "xlarge" not in w.name))
    assert {"ml.c5.large"} == {factor.instance_type for factor in learned(gone, seen).factors if factor.days}


def test_plans_take_what_was_learned_into_account_machine_by_machine() -> None:
    one, groups = served(MACHINES)
    found = learned(one, observed(groups, SLOW, 21, 1))
    plain, calibrated = machines(one, catalog()), machines(replace(one, calibration=found.used), catalog())

    slow, other = (plain.machine_index["sagemaker-multi-model", name] for name in ("ml.c5.xlarge", "ml.m5.xlarge"))

    def of(quantity: Quantity) -> float:
        return factor(found, "ml.c5.xlarge", quantity).estimate

    before, after = plain.processor_class[slow], calibrated.processor_class[slow]
    np.testing.assert_allclose(calibrated.work_s[:, after], of("work") * plain.work_s[:, before])
    np.testing.assert_allclose(calibrated.service_s[:, after], of("service") * plain.service_s[:, before])
    np.testing.assert_allclose(calibrated.price_usd_per_h[slow], of("cost") * plain.price_usd_per_h[slow])
    assert calibrated.estimated[slow].all()
    changed = {one.instance_type for one in found.used}
    assert "ml.m5.xlarge" not in changed
    assert 0 == calibrated.processor_class[other]
    np.testing.assert_array_equal(plain.price_usd_per_h[other], calibrated.price_usd_per_h[other])


@pytest.mark.parametrize("known", ["work", "service"])
def test_where_only_one_of_work_and_service_time_was_measured_it_stands_for_both(known: Quantity) -> None:
    one, _ = served(MACHINES)
    only = MachineFactor("ml.c5.xlarge", known, 1.5, 1.4, 1.6, 21, 0.5, 0.1, used=True, reason="")
    table = machines(replace(one, calibration=(only,)), catalog())
    column = table.processor_class[table.machine_index["sagemaker-multi-model", "ml.c5.xlarge"]]

    np.testing.assert_allclose(table.work_s[:, column], 1.5 * table.work_s[:, 0])
    np.testing.assert_allclose(table.service_s[:, column], 1.5 * table.service_s[:, 0])
