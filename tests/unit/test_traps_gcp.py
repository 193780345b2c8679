"""Every known trap of Cloud Run, its load balancer and their providers: one test names each.

All of them look at the inputs recorded when the emitted two-clouds project runs under mocks, as an update and as a
preview; what a preview does not know yet is missing there.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.emit import emit
from generator.errors import EmitError
from generator.files import write_tree
from generator.model import Group, Workload
from generator.program import gcp_limits
from tests.layouts import group, two_clouds, workload
from tests.recorded import recorded

PROJECT = Path(__file__).parents[1] / "golden" / "two-clouds" / "expected"
CPU, GPU, EDGE = "prod-gcp-europe-west1", "prod-gcp-us-central1", "prod-gcp-edge"
STACKS = (CPU, GPU, EDGE)
COMPONENTS = PROJECT / "stacks" / "components"
every_stack = pytest.mark.parametrize("stack", STACKS)


def asked(stack: str, type_: str, operation: Any = "update") -> list[dict[str, Any]]:
    """Return the inputs of every resource of one type, at least one."""
    found = [entry["inputs"] for entry in recorded(PROJECT, stack, operation) if entry["type"] == f"gcp:{type_}"]
    assert found, f"{stack} has no {type_}: this test would pass without looking"
    return found


def keys(value: Any) -> set[str]:
    """Return every key of nested inputs."""
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys(inner)}
    return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()


def test_first_up_fails_for_want_of_a_grant_the_service_waits_for_its_reader() -> None:
    # depends_on is no input, so the program's own text is what can be looked at; the engine tests see the order.
    text = (COMPONENTS / "gcp_service.py").read_text()
    assert "depends_on=[reader]" in text
    assert ["serviceAccount:retail-europe-identity@example.iam.gserviceaccount.com"] == [
        grant["member"] for grant in asked(CPU, "storage/bucketIAMMember:BucketIAMMember")
    ]


def test_ignored_changes_hide_real_ones_so_nothing_is_ignored() -> None:
    sources = list(COMPONENTS.glob("gcp*.py"))
    assert sources
    assert [] == [source.name for source in sources if "ignore_changes" in source.read_text()]


@every_stack
def test_a_rename_recreates_what_does_not_start_with_its_components_name(stack: str) -> None:
    entries = recorded(PROJECT, stack, "update")
    parents = [entry["name"] for entry in entries if entry["type"].startswith("covey:")] or ["edge"]
    outside = [
        entry["name"]
        for entry in entries
        if entry["type"].startswith("gcp:")
        and entry["name"] not in {"alarms"}
        and not any(entry["name"].startswith(f"{parent}-") for parent in parents)
    ]
    assert [] == outside


@every_stack
def test_resources_inside_an_apply_vanish_from_previews(stack: str) -> None:
    update, preview = (
        [(entry["type"], entry["name"]) for entry in recorded(PROJECT, stack, operation)]
        for operation in ("update", "preview")
    )
    assert update
    assert preview == update


@every_stack
def test_default_labels_differ_forever_unless_one_explicit_provider_gives_them(stack: str) -> None:
    (provider,) = (e["inputs"] for e in recorded(PROJECT, stack, "update") if e["type"] == "pulumi:providers:gcp")
    assert '"fleet": "two-clouds"' in provider["defaultLabels"]
    assert '"cost-centre": "shop_12"' in provider["defaultLabels"]


@every_stack
def test_several_providers_take_memory_and_confuse_regions_so_there_is_one(stack: str) -> None:
    entries = recorded(PROJECT, stack, "update")
    providers = {entry["provider"] for entry in entries if entry["type"].startswith("gcp:")}
    assert 1 == len(providers)
    assert providers != {""}


def test_load_balancer_parts_in_use_cannot_be_replaced_under_a_fixed_name() -> None:
    for type_ in (
        "compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
        "compute/backendService:BackendService",
        "compute/targetHttpsProxy:TargetHttpsProxy",
        "compute/sSLPolicy:SSLPolicy",
    ):
        assert [] == [inputs["name"] for inputs in asked(EDGE, type_) if "name" in inputs]


def test_a_managed_certificate_is_down_while_it_is_replaced_so_certificate_manager_holds_it() -> None:
    types = {entry["type"] for entry in recorded(PROJECT, EDGE, "update")}
    assert "gcp:compute/managedSslCertificate:ManagedSslCertificate" not in types
    assert [
        "//certificatemanager.googleapis.com/projects/shop-models-prod/locations/global/certificateMaps/models-map"
    ] == [proxy["certificateMap"] for proxy in asked(EDGE, "compute/targetHttpsProxy:TargetHttpsProxy")]


@pytest.mark.parametrize("stack", [CPU, GPU])
def test_cloud_run_finds_a_difference_in_every_preview_unless_scaling_is_declared(stack: str) -> None:
    for service in asked(stack, "cloudrunv2/service:Service"):
        assert "AUTOMATIC" == service["scaling"]["scalingMode"]
        assert "launchStage" not in keys(service)
        assert [{"percent": 100.0, "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}] == service["traffics"]


def test_policies_skip_what_a_preview_does_not_know_so_names_and_limits_are_literal() -> None:
    (service,) = asked(CPU, "cloudrunv2/service:Service", "preview")
    assert "prod-retail-europe" == service["name"]
    assert 4.0 == service["template"]["scaling"]["maxInstanceCount"]
    assert "retail-europe" == service["labels"]["group"]
    (url_map,) = asked(EDGE, "compute/uRLMap:URLMap", "preview")
    assert "prod-two-clouds" == url_map["name"]
    assert {
        "/model1",
        "/model2",
        "/video",
    } == {rule["paths"][0] for matcher in url_map["pathMatchers"] for rule in matcher["pathRules"]}


def test_an_auto_name_overflows_by_its_suffix(tmp_path: Path) -> None:
    layout, fleet, catalog = two_clouds()
    groups = tuple(replace(item, name=item.name.ljust(40, "x")) for item in layout.groups)
    write_tree(emit(replace(layout, groups=groups), replace(fleet, environment="p" * 31), catalog), tmp_path)
    for stack in (f"{'p' * 31}-gcp-edge", f"{'p' * 31}-gcp-europe-west1"):
        for entry in recorded(tmp_path, stack, "update"):
            # Compute Engine takes 63 characters, of which a hyphen and seven random ones are the provider's.
            if "gcp:compute" in entry["type"]:
                assert len(entry["inputs"].get("name", entry["name"] + "-1234567")) <= 63
            if entry["type"] == "gcp:cloudrunv2/service:Service":
                assert len(entry["inputs"]["name"]) < 50
            if entry["type"] == "gcp:serviceaccount/account:Account":
                assert 6 <= len(entry["inputs"]["accountId"]) <= 30


def test_mocks_that_run_nothing_pass_everything_so_each_stack_has_its_resources() -> None:
    assert {stack: len(recorded(PROJECT, stack, "update")) > 12 for stack in STACKS} == dict.fromkeys(STACKS, True)


def test_serverless_backends_refuse_timeout_utilization_and_health_checks() -> None:
    for backend in asked(EDGE, "compute/backendService:BackendService"):
        assert set() == keys(backend) & {"timeoutSec", "maxUtilization", "healthChecks", "localityLbPolicy"}
        assert "EXTERNAL_MANAGED" == backend["loadBalancingScheme"]


def test_a_redirect_to_a_domain_that_leads_here_never_ends_so_what_no_rule_matches_is_answered_with_404() -> None:
    (url_map,) = asked(EDGE, "compute/uRLMap:URLMap")
    empty = [one for one in asked(EDGE, "compute/backendService:BackendService") if "backends" not in one]
    assert set() == {"urlRedirect", "defaultUrlRedirect"} & keys(url_map)
    for default in (url_map, *url_map["pathMatchers"]):
        abort = default["defaultRouteAction"]["faultInjectionPolicy"]["abort"]
        assert {"httpStatus": 404.0, "percentage": 100.0} == abort
        assert "edge-404" in default["defaultService"]
    # Nor would it answer if the fault were taken out.
    assert 1 == len(empty)


def test_a_path_rule_with_a_rewrite_names_one_service_and_no_weighted_ones() -> None:
    (url_map,) = asked(EDGE, "compute/uRLMap:URLMap")
    rules = [rule for matcher in url_map["pathMatchers"] for rule in matcher["pathRules"]]
    assert 3 == len(rules)
    assert all(rule["service"] for rule in rules)
    assert "weightedBackendServices" not in keys(url_map)


def test_requests_of_unmatched_paths_count_for_no_model_so_each_model_has_a_rule_and_two_alerts_of_it() -> None:
    filters = [
        policy["conditions"][0]["conditionThreshold"]["filter"]
        for policy in asked(EDGE, "monitoring/alertPolicy:AlertPolicy")
    ]
    assert {"/model1": 2} == {
        path: sum(f'matched_url_path_rule="{path}"' in text for text in filters) for path in ("/model1",)
    }
    assert len(filters) == 2 * 3


def test_a_gpu_with_its_cpu_idle_too_small_or_redundant_across_zones_is_refused_by_quota() -> None:
    (service,) = asked(GPU, "cloudrunv2/service:Service")
    (container,) = service["template"]["containers"]
    assert {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"} == container["resources"]["limits"]
    assert container["resources"]["cpuIdle"] is False
    assert {"accelerator": "nvidia-l4"} == service["template"]["nodeSelector"]
    assert service["template"]["gpuZonalRedundancyDisabled"] is True


def test_an_instance_gets_no_request_before_its_server_answers_within_the_longest_probe() -> None:
    (service,) = asked(CPU, "cloudrunv2/service:Service")
    probe = service["template"]["containers"][0]["startupProbe"]
    assert 240 == probe["periodSeconds"] * probe["failureThreshold"]
    assert probe["timeoutSeconds"] < probe["periodSeconds"]
    assert {"path": "/ping"} == probe["httpGet"]


@pytest.mark.parametrize("stack", [CPU, GPU])
def test_bindings_of_a_whole_role_take_it_from_everyone_else_so_only_members_are_added(stack: str) -> None:
    grants = [entry["type"] for entry in recorded(PROJECT, stack, "update") if "IAM" in entry["type"]]
    assert grants
    assert [] == [grant for grant in grants if not grant.endswith(("IAMMember", "IamMember"))]


def test_a_workloads_own_tag_hides_no_service_from_the_budget(tmp_path: Path) -> None:
    layout, fleet, catalog = two_clouds()
    tagged = tuple(replace(item, tags=(("group", "mine"), ("stack", "mine"))) for item in fleet.workloads)
    write_tree(emit(layout, replace(fleet, workloads=tagged), catalog), tmp_path)
    entries = recorded(tmp_path, CPU, "update")
    (labels,) = (e["inputs"]["labels"] for e in entries if e["type"] == "gcp:cloudrunv2/service:Service")
    assert (labels["group"], labels["stack"]) == ("retail-europe", CPU)


# Limits of a URL map and of a region: at the limit it is emitted, one above it is refused.


def many(models: int, groups: int) -> tuple[tuple[Group, ...], tuple[Workload, ...]]:
    workloads = tuple(workload(f"m{number:04}", f"/m{number:04}", f"m{number:04}/1") for number in range(models))
    names = [item.name for item in workloads]
    return tuple(
        group(f"g{number:04}", tuple(names[number::groups]), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib")
        for number in range(groups)
    ), workloads


@pytest.mark.parametrize(("models", "groups"), [(1000, 8), (1001, 8), (1000, 1000)])
def test_a_url_map_takes_a_thousand_paths_a_host_and_no_more(models: int, groups: int) -> None:
    layout, fleet, catalog = two_clouds()
    made, workloads = many(models, groups)
    arguments = replace(layout, groups=made), replace(fleet, workloads=workloads), catalog
    if models <= gcp_limits.RULES_PER_HOST:
        assert ("prod-gcp-edge", "prod-gcp-europe-west1") == emit(*arguments).stacks
        return
    with pytest.raises(EmitError, match="1001 public paths; a URL map takes 1000 a host"):
        emit(*arguments)


@pytest.mark.parametrize(
    ("limit", "complaint"),
    [
        ("SERVICES_PER_REGION", "takes 1 services a project and region"),
        ("BACKENDS_PER_MAP", "a URL map refers to 1\\."),
        ("MAP_BYTES", "a URL map holds 1."),
    ],
)
def test_what_exceeds_a_region_or_url_map_is_refused(
    limit: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, fleet, catalog = two_clouds()
    made, workloads = many(4, 2)
    monkeypatch.setattr(gcp_limits, limit, 1)
    with pytest.raises(EmitError, match=complaint):
        emit(replace(layout, groups=made), replace(fleet, workloads=workloads), catalog)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"vcpus": 3}, "CPUs and memory as follows"),
        ({"memory_gib": 64.0}, "CPUs and memory as follows"),
        ({"memory_gib": 8.0}, "at least 4 CPUs and 16 GiB"),
        ({"gpus": 2}, "beside its one GPU"),
    ],
)
def test_an_instance_that_cloud_run_does_not_sell_is_refused(change: dict[str, Any], complaint: str) -> None:
    layout, fleet, catalog = two_clouds()
    machine = catalog.instance_types["run-4cpu-16gib-l4"]
    types = {**catalog.instance_types, machine.name: replace(machine, **change)}
    with pytest.raises(EmitError, match=complaint):
        emit(layout, fleet, replace(catalog, instance_types=types))
