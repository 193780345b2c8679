"""When the fleet's own domain leads to the nearest GCP region, what stands behind it, and why it may not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.emit import emit
from generator.files import write_tree
from generator.model import Catalog, Fleet, Layout, Region
from tests.layouts import group, one_project, two_regions, workload
from tests.recorded import recorded

LAYOUT, FLEET, CATALOG = one_project()
PROJECT = Path(__file__).parents[1] / "golden" / "one-project" / "expected"
DATA = "stacks/groups/prod_gcp_edge.py"
NEITHER = "nearest=(),"


def asked(type_: str) -> dict[str, dict[str, Any]]:
    entries = recorded(PROJECT, "prod-gcp-edge", "update")
    return {entry["name"]: entry["inputs"] for entry in entries if entry["type"] == f"gcp:{type_}"}


def moved(name: str, **changes: Any) -> Fleet:
    workloads = tuple(replace(one, **changes) if one.name == name else one for one in FLEET.workloads)
    return replace(FLEET, workloads=workloads)


def shared_by_several() -> tuple[Layout, Fleet, Catalog]:
    """Two paths in both regions; in one region a group each, in the other one group for both."""
    more = tuple(workload(f"{what}-{where}", f"/{what}", f"{what}/1") for what in ("a", "b") for where in ("be", "us"))
    names = "cloud-run-cpu", "europe-west1", "run-2cpu-4gib"
    groups = (
        group("both", ("a-be", "b-be"), *names),
        group("a-us", ("a-us",), "cloud-run-cpu", "us-central1", "run-2cpu-4gib"),
        group("b-us", ("b-us",), "cloud-run-cpu", "us-central1", "run-2cpu-4gib"),
    )
    return replace(LAYOUT, groups=groups), replace(FLEET, workloads=more), CATALOG


def test_one_backend_holds_the_services_of_both_regions_and_leaves_out_the_one_that_fails() -> None:
    backend = asked("compute/backendService:BackendService")["nearest-belgium-iowa"]
    groups = asked("compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup")

    assert 2 == len(backend["backends"])
    assert {"europe-west1": "prod-belgium", "us-central1": "prod-iowa"} == {
        groups[name]["region"]: groups[name]["cloudRun"]["service"]
        for name in ("nearest-belgium-iowa-europe-west1", "nearest-belgium-iowa-us-central1")
    }
    assert 100 == backend["outlierDetection"]["enforcingConsecutiveErrors"]
    # Regions have no health check, and one of two must remain whatever happens.
    assert 50 == backend["outlierDetection"]["maxEjectionPercent"]


def test_the_domain_has_a_host_rule_a_record_and_the_models_alerts() -> None:
    url_map = asked("compute/uRLMap:URLMap")["edge-routes"]
    matchers = {tuple(rule["hosts"]): rule["pathMatcher"] for rule in url_map["hostRules"]}
    alerts = asked("monitoring/alertPolicy:AlertPolicy")

    assert "nearest" == matchers["models.example.com",]
    assert "models.example.com." == asked("dns/recordSet:RecordSet")["nearest-record"]["name"]
    assert {"nearest-search-errors", "nearest-search-latency"} == {name for name in alerts if name.startswith("near")}


def test_a_service_takes_tokens_for_the_domain_before_it_leads_there_so_no_region_touches_another() -> None:
    one, both = replace(LAYOUT, groups=LAYOUT.groups[:1]), emit(LAYOUT, FLEET, CATALOG)
    alone = emit(one, replace(FLEET, workloads=FLEET.workloads[:1]), CATALOG)

    assert NEITHER in alone.files[DATA]
    assert NEITHER not in both.files[DATA]
    region = "stacks/groups/prod_gcp_europe_west1.py"
    assert alone.files[region] == both.files[region]


@pytest.mark.parametrize(
    ("fleet", "reason"),
    [
        (moved("search-iowa", path="/other"), "do not all serve the same paths"),
        (moved("search-iowa", residency=("North America",)), "may be served in some places only"),
    ],
)
def test_where_regions_differ_the_domain_leads_nowhere_and_the_cutover_says_why(fleet: Fleet, reason: str) -> None:
    iowa = Region("gcp", "us-central1", "North America", "United States", "Iowa", 41.3, -95.9, None, None)
    belgium = Region("gcp", "europe-west1", "Europe", "Belgium", "St. Ghislain", 50.4, 3.8, None, None)
    known = replace(CATALOG, regions={(one.cloud, one.name): one for one in (iowa, belgium)})

    program = emit(LAYOUT, fleet, known)

    assert NEITHER in program.files[DATA]
    assert reason in program.files["CUTOVER.md"]


def test_a_path_is_rewritten_before_a_region_is_chosen_so_artifacts_of_their_own_bar_it() -> None:
    layout, fleet, catalog = shared_by_several()
    # A server of two artifacts is told which by its path, one of a single artifact knows.
    program = emit(layout, fleet, catalog)

    assert NEITHER in program.files[DATA]
    assert "behind 2 of its paths each region has an artifact of its own" in program.files["CUTOVER.md"]


def test_paths_that_the_same_groups_answer_share_a_backend_and_others_have_their_own(tmp_path: Path) -> None:
    layout, fleet, catalog = shared_by_several()
    more = tuple(workload(f"c-{where}", "/c", "c/1") for where in ("be", "us"))
    more += tuple(workload(f"d-{where}", "/d", "d/1") for where in ("be", "us"))
    members = {"both": ("a-be", "b-be", "c-be", "d-be"), "a-us": ("a-us", "c-us"), "b-us": ("b-us", "d-us")}
    groups = tuple(replace(one, workloads=members[one.name]) for one in layout.groups)
    fleet = replace(fleet, workloads=(*fleet.workloads, *more))

    write_tree(emit(replace(layout, groups=groups), fleet, catalog), tmp_path)

    entries = recorded(tmp_path, "prod-gcp-edge", "update")
    backends = {e["name"] for e in entries if e["type"].endswith(":BackendService") and e["name"].startswith("near")}
    assert {"nearest-both-a-us", "nearest-both-b-us"} == backends


def test_a_domain_that_belongs_to_aws_as_well_is_not_shared() -> None:
    layout, amazon, _ = two_regions()
    aws = replace(amazon.environments["aws"], domain=FLEET.environments["gcp"].domain)
    fleet = replace(
        FLEET,
        workloads=(*FLEET.workloads, *amazon.workloads),
        environments={**FLEET.environments, "aws": aws},
        regions=(*FLEET.regions, *amazon.regions),
    )
    program = emit(replace(LAYOUT, groups=(*LAYOUT.groups, *layout.groups)), fleet, CATALOG)

    assert NEITHER in program.files[DATA]
    assert "belongs to AWS as well" in program.files["CUTOVER.md"]
