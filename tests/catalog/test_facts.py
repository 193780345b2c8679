"""What the committed catalogue says is whole, dated, and no more than its sources bear."""

import re
from collections import defaultdict
from itertools import combinations
from statistics import median
from typing import cast

import botocore.session
import pytest
from botocore.model import StringShape

from generator.catalog import check_catalog, read_catalog
from generator.geography import COUNTRY_CODES, EUROPEAN_UNION, great_circle_km
from generator.model import Catalog, Offering
from tests.catalog.conftest import COMMITTED, table

TIER_ONE = {
    "asia-east1",
    "asia-northeast1",
    "europe-north1",
    "europe-southwest1",
    "europe-west1",
    "europe-west4",
    "europe-west9",
    "us-central1",
    "us-east1",
    "us-east4",
    "us-west1",
}
# https://cloud.google.com/run/docs/configuring/services/cpu, "vCPU and memory": GiB from and to.
CLOUD_RUN_MEMORY = {1: (0.125, 4), 2: (0.125, 8), 4: (2, 16), 6: (4, 24), 8: (4, 32)}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_catalog()


def test_the_committed_catalogue_has_no_findings() -> None:
    assert () == check_catalog()


def test_reading_twice_gives_the_same_catalogue_in_the_same_order(catalog: Catalog) -> None:
    again = read_catalog()
    assert catalog == again
    assert list(catalog.unpriced) == list(again.unpriced)


def test_every_offering_knows_how_it_is_known(catalog: Catalog) -> None:
    kinds = {row["kind"]: row["estimated"] == "yes" for row in table(COMMITTED, "kinds.csv")}
    for offering in catalog.offerings:
        assert kinds[offering.price.kind] == offering.price.estimated
        assert offering.price.source
        assert re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", offering.price.as_of)
        assert offering.price.usd_per_h > 0


def test_the_catalogue_is_as_old_as_its_newest_price(catalog: Catalog) -> None:
    assert max(row["as_of"] for row in table(COMMITTED, "prices.csv")) == catalog.as_of


def test_every_offering_stands_in_a_region_and_is_of_a_type_the_catalogue_has(catalog: Catalog) -> None:
    for offering in catalog.offerings:
        assert (offering.cloud, offering.region) in catalog.regions
        assert offering.instance_type is catalog.instance_types[offering.instance_type.name]


def test_nothing_is_both_offered_and_unpriced(catalog: Catalog) -> None:
    assert catalog.offering_of.keys().isdisjoint(catalog.unpriced.keys())
    assert len(catalog.offering_of) == len(catalog.offerings)


def test_sagemaker_accepts_every_machine_offered_on_it(catalog: Catalog) -> None:
    service = botocore.session.get_session().get_service_model("sagemaker")
    shape = service.shape_for("ProductionVariantInstanceType")
    assert isinstance(shape, StringShape)
    offered = {
        o.instance_type.name for o in catalog.offerings if o.cloud == "aws" and o.hosting != "sagemaker-serverless"
    }
    assert set() == offered - set(cast("list[str]", shape.enum))


def test_no_machine_needs_an_image_of_another_architecture(catalog: Catalog) -> None:
    other = re.compile(r"ml\.(inf|trn|dl|[cmr]\dg)")
    assert [] == [name for name in catalog.instance_types if other.match(name)]


def test_gpu_machines_share_models_only_where_multi_model_endpoints_take_them(catalog: Catalog) -> None:
    sizes = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge")
    expected = {f"ml.{family}.{size}" for family in ("g4dn", "g5") for size in sizes}
    offered = {
        o.instance_type.name for o in catalog.offerings if o.hosting == "sagemaker-multi-model" and o.instance_type.gpus
    }
    assert expected == offered


def test_every_cpu_machine_of_sagemaker_is_offered_alone_and_shared_at_one_price(catalog: Catalog) -> None:
    for offering in catalog.offerings:
        if offering.cloud == "aws" and offering.hosting != "sagemaker-serverless" and not offering.instance_type.gpus:
            for hosting in ("sagemaker-multi-model", "sagemaker-single-model"):
                twin = catalog.offering_of[hosting, offering.instance_type.name, offering.region]
                assert offering.price == twin.price


def test_serverless_is_offered_where_its_price_is_known_in_proportion_to_memory(catalog: Catalog) -> None:
    offered = [o for o in catalog.offerings if o.hosting == "sagemaker-serverless"]
    assert {"us-east-1"} == {o.region for o in offered}
    # 0.00006 USD a second of processing with 3 GiB.
    assert {memory: pytest.approx(0.072 * memory) for memory in range(1, 7)} == {
        o.instance_type.memory_gib: o.price.usd_per_h for o in offered
    }
    assert {3.0} == {o.instance_type.memory_gib for o in offered if not o.price.estimated}
    assert "no price" in catalog.unpriced["sagemaker-serverless", "serverless-2gib", "eu-west-1"]
    assert ("sagemaker-serverless", "serverless-2gib", "eu-south-2") not in catalog.unpriced  # not there at all


def test_burstable_machines_are_known_and_never_offered(catalog: Catalog) -> None:
    assert catalog.unpriced["sagemaker-single-model", "ml.t2.medium", "eu-west-1"].startswith("burstable")
    assert [] == [o for o in catalog.offerings if o.instance_type.name.startswith("ml.t")]


def test_every_gpu_machine_has_speed_and_bandwidth(catalog: Catalog) -> None:
    for machine in catalog.instance_types.values():
        figures = (machine.gpu_memory_gib, machine.gpu_tflops, machine.gpu_bandwidth_gb_s)
        assert (machine.gpus > 0) is all(figures)
        assert (machine.gpus > 0) is any(figures)


def test_the_a10g_is_no_faster_than_what_is_known_of_it(catalog: Catalog) -> None:
    t4, a10g = catalog.instance_types["ml.g4dn.xlarge"], catalog.instance_types["ml.g5.xlarge"]
    assert t4.gpu_tflops == a10g.gpu_tflops
    kinds = {row["gpu_model"]: row["kind"] for row in table(COMMITTED, "gpu.csv")}
    assert "lower-bound" == kinds["a10g"]


@pytest.mark.parametrize(
    ("name", "usd_per_h"), [("ml.p5.48xlarge", 113.068), ("ml.p4d.24xlarge", 37.688), ("ml.trn1.32xlarge", 28.497)]
)
def test_prices_from_before_a_price_cut_are_out(catalog: Catalog, name: str, usd_per_h: float) -> None:
    assert usd_per_h not in {o.price.usd_per_h for o in catalog.offerings if o.instance_type.name == name}


@pytest.mark.parametrize(
    ("name", "region", "usd_per_h", "kind"),
    [
        ("ml.m5.xlarge", "us-east-1", 0.23, "hosting"),  # as published
        ("ml.m5.xlarge", "eu-west-1", 0.257, "hosting"),  # on a bill
        ("ml.g5.2xlarge", "us-east-1", 1.515, "hosting"),  # the cleared row before the unverified one
        ("ml.g6e.2xlarge", "us-east-1", 2.8, "unverified"),  # the figure alone
        ("ml.p4d.24xlarge", "us-east-1", 25.2512975, "studio-notebook"),  # after the cut of 37.688
        ("ml.p5.48xlarge", "us-east-1", 63.296, "ec2-markup"),  # 55.04 x 1.15
        ("ml.g6.xlarge", "us-east-1", 1.12672, "ec2-markup"),  # 0.8048 x 1.40
        (
            "ml.g5.16xlarge",
            "sa-east-1",
            8.7029875,
            "ec2-markup-unverified",
        ),  # Studio's list has it swapped with 12xlarge
    ],
)
def test_the_best_figure_wins(catalog: Catalog, name: str, region: str, usd_per_h: float, kind: str) -> None:
    price = catalog.offering_of["sagemaker-single-model", name, region].price
    assert (pytest.approx(usd_per_h), kind) == (price.usd_per_h, price.kind)


def test_a_larger_cpu_machine_of_a_family_never_costs_less_in_the_same_region(catalog: Catalog) -> None:
    families: dict[tuple[str, str], list[Offering]] = defaultdict(list)
    for o in catalog.offerings:
        if o.hosting == "sagemaker-single-model" and not o.instance_type.gpus:
            families[o.instance_type.name.split(".")[1], o.region].append(o)
    for offerings in families.values():
        by_size = sorted(offerings, key=lambda o: o.instance_type.vcpus)
        usd_per_h = [o.price.usd_per_h for o in by_size]
        assert sorted(usd_per_h) == usd_per_h


def test_no_machine_costs_twice_its_median_anywhere(catalog: Catalog) -> None:
    by_machine: dict[tuple[str, str], list[Offering]] = defaultdict(list)
    for o in catalog.offerings:
        by_machine[o.hosting, o.instance_type.name].append(o)
    for offerings in by_machine.values():
        middle = median(o.price.usd_per_h for o in offerings)
        assert [] == [(o.instance_type.name, o.region) for o in offerings if not 0.5 < o.price.usd_per_h / middle < 2]


def test_cloud_run_sizes_are_those_cloud_run_allows(catalog: Catalog) -> None:
    for machine in catalog.instance_types.values():
        if machine.cloud == "gcp":
            least, most = CLOUD_RUN_MEMORY[machine.vcpus]
            assert least <= machine.memory_gib <= most
            assert not machine.gpus or (machine.vcpus >= 4 and machine.memory_gib >= 16)


def test_a_cloud_run_instance_costs_the_sum_of_its_parts(catalog: Catalog) -> None:
    cpu = catalog.offering_of["cloud-run-cpu", "run-2cpu-4gib", "us-central1"].price
    l4 = catalog.offering_of["cloud-run-gpu", "run-4cpu-16gib-l4", "us-central1"].price
    assert pytest.approx(2 * 0.0648 + 4 * 0.0072) == cpu.usd_per_h
    assert pytest.approx(4 * 0.0648 + 16 * 0.0072 + 0.67212) == l4.usd_per_h
    assert ("unverified", False) == (l4.kind, l4.estimated)


def test_cloud_run_is_priced_in_the_first_tier_only_and_estimated_outside_us_central1(catalog: Catalog) -> None:
    offered = [o for o in catalog.offerings if o.hosting == "cloud-run-cpu"]
    assert TIER_ONE == {o.region for o in offered}
    assert TIER_ONE - {"us-central1"} == {o.region for o in offered if o.price.estimated}
    expected = "no price for cloud-run-vcpu in europe-west3 in the sources"
    assert expected == catalog.unpriced["cloud-run-cpu", "run-1cpu-1gib", "europe-west3"]


def test_the_l4_is_offered_where_cloud_run_has_it_and_a_price_for_it(catalog: Catalog) -> None:
    offered = {o.region for o in catalog.offerings if o.hosting == "cloud-run-gpu"}
    unpriced = {region for hosting, _, region in catalog.unpriced if hosting == "cloud-run-gpu"}
    assert {"us-central1", "us-east4", "europe-west1", "europe-west4"} == offered
    assert {"asia-southeast1"} == unpriced


def test_every_priced_region_has_egress_and_residency(catalog: Catalog) -> None:
    for offering in catalog.offerings:
        region = catalog.regions[offering.cloud, offering.region]
        assert region.egress_usd_per_gib
        assert region.continent
        assert region.country in COUNTRY_CODES


def test_egress_is_dearer_by_the_gibibyte_than_by_the_gigabyte(catalog: Catalog) -> None:
    assert pytest.approx(0.09 * 1.073741824) == catalog.regions["aws", "us-east-1"].egress_usd_per_gib
    assert pytest.approx(0.12 * 1.073741824) == catalog.regions["gcp", "us-central1"].egress_usd_per_gib


def test_countries_of_the_european_union_lie_in_europe(catalog: Catalog) -> None:
    continents = {region.continent for region in catalog.regions.values() if region.country in EUROPEAN_UNION}
    assert {"Europe"} == continents


def test_regions_of_both_clouds_in_one_city_lie_together(catalog: Catalog) -> None:
    regions = [r for r in catalog.regions.values() if r.latitude is not None and r.longitude is not None]
    for a, b in combinations(regions, 2):
        if (a.country, a.city) == (b.country, b.city):
            assert great_circle_km(a.latitude or 0, a.longitude or 0, b.latitude or 0, b.longitude or 0) < 30


def test_the_latency_line_is_the_median_of_slopes_through_the_measured_pairs(catalog: Catalog) -> None:
    points = {name: r for (cloud, name), r in catalog.regions.items() if cloud == "aws" and r.latitude is not None}
    pairs: list[tuple[float, float]] = []
    for row in table(COMMITTED, "network.csv"):
        if row["measure"] == "latency_p50" and {row["from"], row["to"]} <= points.keys():
            a, b = points[row["from"]], points[row["to"]]
            km = great_circle_km(a.latitude or 0, a.longitude or 0, b.latitude or 0, b.longitude or 0)
            pairs.append((km, float(row["value"])))
    slope = median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(pairs, 2))
    intercept = median(y - slope * x for x, y in pairs)
    assert (pytest.approx(intercept, abs=1e-3), pytest.approx(slope, abs=1e-6)) == catalog.network_ms
    assert "39" == table(COMMITTED, "latency_fit.csv")[0]["pairs"]
    # Light in glass takes about .01 ms/km there and back: no line may promise less.
    assert slope > 0.01


def test_every_source_and_kind_listed_is_used() -> None:
    files = ("gpu.csv", "instance_types.csv", "prices.csv", "network.csv", "latency_fit.csv")
    rows = [row for name in files for row in table(COMMITTED, name)]
    regions = table(COMMITTED, "regions.csv")
    cited = {word for row in rows for word in row["source"].split()}
    cited |= {word for row in regions for column in ("place_source", "carbon_source") for word in row[column].split()}
    kinds = {row["kind"] for row in rows if "kind" in row} | {row["place_kind"] for row in regions}
    assert {row["id"] for row in table(COMMITTED, "sources.csv")} == cited
    assert {row["kind"] for row in table(COMMITTED, "kinds.csv")} == kinds
