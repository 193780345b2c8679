"""What machines mean to workloads: speed, memory, prices, and who may run where."""

from dataclasses import replace

import numpy as np
import pytest

from generator.capacity.machines import Machines, machines
from generator.capacity.machines.machines import USABLE_MEMORY_SHARE
from generator.errors import CatalogError, CoveyError, InfeasibleError
from generator.model import Deployed, Limits, OwnPrices, ServiceTime, Workload
from tests.fleets import UNPRICED, catalog, fleet, gpu_workload, table, workload


def allowed(one: Machines, number: int = 0) -> set[tuple[str, str]]:
    """Hosting kinds and machines a workload may use."""
    found = np.flatnonzero(one.machine_allowed[number])
    return {(one.hosting[k], one.instance_types[k].name) for k in found}


def regions(one: Machines, number: int = 0) -> set[str]:
    return {region.name for region, may in zip(one.regions, one.region_allowed[number], strict=True) if may}


def price(one: Machines, hosting: str, name: str, region: str) -> float:
    k = next(
        k
        for k, (h, t) in enumerate(zip(one.hosting, one.instance_types, strict=True))
        if (h, t.name) == (hosting, name)
    )
    r = next(r for r, found in enumerate(one.regions) if found.name == region)
    return float(one.price_usd_per_h[k, r])


def refusal(*workloads: Workload, **changes: object) -> CoveyError:
    with pytest.raises(CoveyError) as raised:
        table(fleet(workloads, **changes))
    return raised.value


# Speed ---------------------------------------------------------------------------------------------------------


def test_service_on_the_reference_takes_what_was_measured() -> None:
    service = ServiceTime("ml.a10g", 0.2, compute_share=0.7, max_batch=1)
    one = table(fleet([gpu_workload("a", service=service)]))

    assert one.service_s[0, one.processor_classes.index("a10g")] == pytest.approx(0.2)


@pytest.mark.parametrize("compute_share", [0.0, 0.3, 1.0])
def test_service_elsewhere_follows_the_roofline(compute_share: float) -> None:
    one = table(fleet([gpu_workload("a", service=ServiceTime("ml.a10g", 0.2, compute_share=compute_share))]))
    slower = compute_share * 125 / 120 + (1 - compute_share) * 600 / 300

    assert one.service_s[0, one.processor_classes.index("l4")] == pytest.approx(0.2 * slower)


def test_a_batch_takes_longer_and_spreads_its_time_over_its_requests() -> None:
    service = ServiceTime("ml.a10g", 0.2, max_batch=8, marginal_batch_cost=0.1)
    one = table(fleet([gpu_workload("a", service=service)]))
    gpu = one.processor_classes.index("a10g")

    assert one.service_s[0, gpu] == pytest.approx(0.2 * 1.7)
    assert one.work_s[0, gpu] == pytest.approx(0.2 * 1.7 / 8)
    assert 8 == one.slots[0, gpu]


def test_a_model_larger_than_one_gpu_spreads_over_the_fewest_that_hold_it() -> None:
    one = table(fleet([gpu_workload("a", memory_gib=50.0)]))
    gpu = one.processor_classes.index("a10g")

    assert 3 == one.gpus_per_copy[0, gpu]
    assert one.work_s[0, gpu] == pytest.approx(one.service_s[0, gpu] / 8 * 3)
    assert {"ml.4xa10g"} == {one.instance_types[k].name for k in np.flatnonzero(one.fits(np.array([0])))}


def test_a_cpu_model_runs_on_no_gpu_and_a_gpu_model_on_no_cpu() -> None:
    one = table(fleet([workload("cpu"), gpu_workload("gpu")]))

    assert [True, False, False] == np.isfinite(one.work_s[0]).tolist()
    assert [False, True, True] == np.isfinite(one.work_s[1]).tolist()
    assert not one.machine_allowed.all(axis=0).any()


# Memory --------------------------------------------------------------------------------------------------------


def test_workloads_of_one_artifact_share_its_memory() -> None:
    one = table(fleet([workload("a", artifact="x"), workload("b", artifact="x"), workload("c", memory_gib=1.0)]))

    assert one.resident_gib(np.array([0, 1])) == one.resident_gib(np.array([0])) == pytest.approx(0.5 + 0.5)
    assert one.resident_gib(np.array([0, 1, 2])) == pytest.approx(0.5 + 1.0 + 0.5)


def test_an_artifact_said_to_be_of_two_sizes_counts_as_the_larger() -> None:
    one = table(fleet([workload("a", artifact="x"), workload("b", artifact="x", memory_gib=2.0)]))

    assert one.resident_gib(np.array([0, 1])) == one.resident_gib(np.array([0])) == pytest.approx(2.5)


def test_models_fit_as_long_as_the_usable_memory_lasts() -> None:
    room = USABLE_MEMORY_SHARE * 4.0 - 0.5
    fits = [table(fleet([workload("a", memory_gib=gib)])).fits(np.array([0])) for gib in (room - 0.01, room + 0.01)]
    row = table(fleet([workload("a")])).machine_index["sagemaker-multi-model", "ml.small"]

    assert [True, False] == [bool(found[row]) for found in fits]


def test_several_models_fill_no_more_than_their_share_and_one_may_fill_all() -> None:
    one = table(fleet([workload(name, memory_gib=1.4) for name in "ab"]))
    row = one.machine_index["sagemaker-multi-model", "ml.small"]
    pair, single = np.array([0, 1]), np.array([0])

    assert one.fits(pair)[row]
    assert not one.fits(pair, 0.8)[row]
    assert one.fits(single, 0.4)[row]


def test_single_model_hosting_takes_one_artifact() -> None:
    one = table(fleet([workload("a", artifact="x"), workload("b", artifact="x"), workload("c")]))
    row = one.machine_index["sagemaker-single-model", "ml.large"]

    assert one.fits(np.array([0, 1]))[row]
    assert not one.fits(np.array([1, 2]))[row]


# Prices --------------------------------------------------------------------------------------------------------


def test_an_own_price_stands_before_the_list_and_a_region_s_before_all() -> None:
    own = OwnPrices(instances={("ml.small", None): 0.05, ("ml.small", "eu-west-1"): 0.06}, discount={"aws": 0.5})
    one = table(fleet([workload("a")], prices=own))

    assert 0.05 == price(one, "sagemaker-multi-model", "ml.small", "us-east-1")
    assert 0.06 == price(one, "sagemaker-multi-model", "ml.small", "eu-west-1")


def test_a_discount_holds_for_its_cloud_only() -> None:
    one = table(fleet([workload("a")], prices=OwnPrices(discount={"aws": 0.25})))

    assert price(one, "sagemaker-multi-model", "ml.medium", "us-east-1") == pytest.approx(0.19 * 0.75)
    assert price(one, "cloud-run-cpu", "run-2cpu-4gib", "us-central1") == pytest.approx(0.14)


def test_a_machine_without_a_price_is_not_to_be_had() -> None:
    assert ("sagemaker-multi-model", UNPRICED.name) not in table(fleet([workload("a")])).machine_index


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_an_own_price_makes_an_unpriced_machine_one_to_be_had(region: str | None) -> None:
    own = OwnPrices(instances={(UNPRICED.name, region): 0.01})
    one = table(fleet([workload("a")], prices=own))

    assert ("sagemaker-multi-model", UNPRICED.name) in allowed(one)
    assert 0.01 == price(one, "sagemaker-multi-model", UNPRICED.name, "us-east-1")
    assert not np.isfinite(price(one, "sagemaker-multi-model", UNPRICED.name, "eu-west-1"))


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_a_pinned_machine_without_a_list_price_costs_what_the_company_says(region: str | None) -> None:
    pin = Deployed("sagemaker-multi-model", UNPRICED.name, "us-east-1")
    own = OwnPrices(instances={(UNPRICED.name, region): 0.7})
    one = table(fleet([workload("a", pin=pin)], prices=own))

    assert 0.7 == price(one, "sagemaker-multi-model", UNPRICED.name, "us-east-1")


def test_a_beaten_machine_is_left_out_unless_it_is_pinned_or_its_better_has_a_quota() -> None:
    own = OwnPrices(instances={("ml.medium", None): 0.01})
    pin = Deployed("sagemaker-multi-model", "ml.small", "us-east-1")

    def kept(*workloads: Workload, **changes: object) -> bool:
        one = table(fleet(workloads, prices=own, **changes))
        return bool(one.worthwhile[one.machine_index["sagemaker-multi-model", "ml.small"]])

    assert not kept(workload("a"))
    assert kept(workload("a"), workload("b", pin=pin))
    assert kept(workload("a"), limits=Limits(quotas={"ml.medium": 3}))


# Who may run where -----------------------------------------------------------------------------------------------


def test_a_pin_leaves_one_machine_and_one_region() -> None:
    one = table(fleet([workload("a", pin=Deployed("cloud-run-cpu", "run-8cpu-16gib", "us-central1"))]))

    assert {("cloud-run-cpu", "run-8cpu-16gib")} == allowed(one)
    assert {"us-central1"} == regions(one)


def test_residency_leaves_its_regions_and_a_runtime_the_clouds_it_has_images_for() -> None:
    one = table(fleet([workload("a", residency=("Europe",)), workload("b", runtime="amazon-only")]))

    assert {"eu-west-1", "europe-west1"} == regions(one, 0)
    assert {"us-east-1", "eu-west-1"} == regions(one, 1)
    assert {"sagemaker-multi-model", "sagemaker-single-model"} == {hosting for hosting, _ in allowed(one, 1)}


def test_the_network_time_is_that_to_the_farthest_users() -> None:
    one = table(fleet([workload("a", users=(("Paris", 0.9), ("Texas", 0.1))), workload("b")]))
    near, far = (one.round_trip_s[0, one.region_index["aws", r]] for r in ("us-east-1", "eu-west-1"))

    assert near < far < 0.2
    assert not one.round_trip_s[1].any()


def test_a_region_nobody_can_place_is_as_far_as_can_be_from_known_users() -> None:
    known = catalog()
    lost = {
        key: replace(region, latitude=None, longitude=None) if region.name == "eu-west-1" else region
        for key, region in known.regions.items()
    }
    one = machines(fleet([workload("a", users=(("Paris", 1.0),)), workload("b")]), replace(known, regions=lost))
    column = one.region_index["aws", "eu-west-1"]

    assert one.round_trip_s[0].argmax() == column
    assert one.round_trip_s[0, column] == pytest.approx(0.005 + 20_015 * 0.015e-3, rel=1e-4)
    assert 0.0 == one.round_trip_s[1, column]


def test_egress_without_a_price_is_known_to_be_without() -> None:
    one = table(fleet([workload("a", response_kib=1024.0)]))
    priced = dict(zip((region.name for region in one.regions), one.egress_priced.tolist(), strict=True))

    assert {"eu-west-1": False, "us-east-1": True, "europe-west1": True, "us-central1": True} == priced
    assert one.egress_usd_per_request[0, one.region_index["aws", "us-east-1"]] == pytest.approx(0.09 / 1024)
    assert one.egress_usd_per_request[0, one.region_index["aws", "eu-west-1"]] == pytest.approx(0.12 / 1024)


@pytest.mark.parametrize(
    ("one", "rule"),
    [
        (workload("a", memory_gib=500.0), "MEM001"),
        (gpu_workload("a", memory_gib=500.0), "MEM001"),
        (workload("a", residency=("Japan",)), "RES001"),
        (workload("a", runtime="amazon-only", residency=("europe-west1",)), "RES001"),
        (gpu_workload("a", runtime="sklearn", residency=("gcp:us-central1",)), "RES001"),
        (workload("a", residency=("EU",), pin=Deployed("cloud-run-cpu", "run-2cpu-4gib", "us-central1")), "RES001"),
        (workload("a", runtime="amazon-only", pin=Deployed("cloud-run-cpu", "run-2cpu-4gib", "us-central1")), "RES001"),
        (workload("a", pin=Deployed("sagemaker-multi-model", "ml.a10g", "us-east-1")), "RUN001"),
        (gpu_workload("a", pin=Deployed("sagemaker-multi-model", "ml.small", "us-east-1")), "RUN001"),
        (workload("a", runtime="triton", pin=Deployed("cloud-run-cpu", "run-2cpu-4gib", "us-central1")), "RUN001"),
    ],
)
def test_a_workload_that_runs_nowhere_is_refused_by_the_rule_that_binds(one: Workload, rule: str) -> None:
    raised = refusal(one, workload("fine"))

    assert isinstance(raised, InfeasibleError)
    assert 3 == raised.exit_code
    assert "workload a" == raised.where
    assert f"({rule})" in raised.what
    assert raised.remedy


def test_a_pin_outside_the_fleet_s_regions_is_refused_by_name() -> None:
    pin = Deployed("sagemaker-multi-model", "ml.small", "eu-west-1")
    raised = refusal(workload("a", pin=pin), regions=(("aws", "us-east-1"),))

    assert "pinned to sagemaker-multi-model ml.small in eu-west-1" in raised.what
    assert "(RES001)" in raised.what


def test_small_enough_but_priced_only_elsewhere_is_no_matter_of_memory() -> None:
    known = catalog()
    elsewhere = replace(known, offerings=tuple(o for o in known.offerings if o.region != "eu-west-1"))
    with pytest.raises(InfeasibleError) as raised:
        machines(fleet([workload("a", residency=("Ireland",))]), elsewhere)

    assert "(RES001)" in raised.value.what


def test_a_pin_to_an_unknown_machine_is_an_input_error() -> None:
    raised = refusal(workload("a", pin=Deployed("sagemaker-multi-model", "ml.nothing", "us-east-1")))

    assert isinstance(raised, CatalogError)
    assert 2 == raised.exit_code
    assert "ml.nothing" in raised.what
