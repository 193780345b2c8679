"""Every known trap of SageMaker, API Gateway and their provider: one test names each.

All of them look at what the emitted projects register under mocks, as an update and as a preview; what a preview does
not know yet is missing there.
"""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator import deploy
from generator.emit import emit
from generator.errors import DeployError
from generator.files import write_tree
from generator.offline.shape import shape
from tests.layouts import two_clouds
from tests.recorded import inventory, of_type, recorded

USA, EUROPE = ("two-clouds", "prod-aws-us-east-1"), ("two-clouds", "prod-aws-eu-west-1")
SCHEDULED, BASE = ("two-regions", "prod-aws-us-east-1"), ("two-regions", "prod-aws-us-east-1-base")
every_stack = pytest.mark.parametrize("stack", [USA, EUROPE, SCHEDULED, BASE], ids="/".join)
MODEL = "aws:sagemaker/model:Model"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
TARGET = "aws:appautoscaling/target:Target"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def asked(stack: tuple[str, str], type_: str, operation: Any = "update") -> list[dict[str, Any]]:
    """Return every resource of one type, at least one."""
    found = of_type(inventory(*stack, operation), type_)
    assert found, f"{stack} has no {type_}: this test would pass without looking"
    return found


def known(value: Any) -> bool:
    """Whether a recorded value, and all in it, was known when it was asked for."""
    return "pulumi.output.Unknown" not in json.dumps(value)


def test_1_a_fixed_configuration_name_hides_the_change_so_configurations_are_named_by_the_provider() -> None:
    for entry in [*asked(USA, CONFIGURATION), *asked(USA, MODEL)]:
        assert set() == {"name", "namePrefix"} & set(entry["inputs"])


def test_2_a_configuration_in_use_cannot_go_first_so_nothing_is_deleted_before_it_is_replaced() -> None:
    for stack in (USA, EUROPE, SCHEDULED, BASE):
        assert [] == [e["name"] for e in inventory(*stack, "update") if e["options"]["deleteBeforeReplace"]]


def test_3_an_update_resets_the_live_count_so_it_starts_from_the_floor_of_the_scaling_target() -> None:
    floors = {e["inputs"]["resourceId"].split("/")[1]: e["inputs"]["minCapacity"] for e in asked(USA, TARGET)}
    counts = {
        "prod-" + e["name"].removesuffix("-config"): e["inputs"]["productionVariants"][0]["initialInstanceCount"]
        for e in asked(USA, CONFIGURATION)
    }
    assert floors == counts == {"prod-images": 1, "prod-retail-usa": 2}


def test_4_a_changing_variant_breaks_scaling_so_its_name_is_constant_and_the_target_waits_for_the_endpoint() -> None:
    variants = {e["inputs"]["productionVariants"][0]["variantName"] for e in asked(USA, CONFIGURATION)}
    endpoints = {e["inputs"]["name"] for e in asked(USA, ENDPOINT)}
    assert {"live"} == variants
    assert {f"endpoint/{name}/variant/live" for name in endpoints} == {
        e["inputs"]["resourceId"] for e in asked(USA, TARGET)
    }
    assert all(f"{e['options']['parent']}-endpoint" in e["options"]["dependsOn"] for e in asked(USA, TARGET))


def test_5_a_changed_model_does_not_reach_its_endpoint_so_each_names_the_one_before_by_its_output() -> None:
    names = {e["name"] for e in asked(USA, MODEL)}
    assert {e["inputs"]["productionVariants"][0]["modelName"] for e in asked(USA, CONFIGURATION)} == {
        f"{name}-0a1b2c3" for name in names
    }
    # In a preview those names are not known yet: had they been written as text, they would be.
    assert all(not known(e["inputs"]["endpointConfigName"]) for e in asked(USA, ENDPOINT, "preview"))


def test_6_inference_components_are_not_in_this_provider_so_every_variant_names_a_model() -> None:
    for stack in (USA, EUROPE, SCHEDULED):
        assert [] == [e for e in inventory(*stack, "update") if "inferenceComponent" in e["type"]]
        for entry in asked(stack, CONFIGURATION):
            assert all(variant["modelName"] for variant in entry["inputs"]["productionVariants"])


def test_7_permissions_arrive_late_so_what_uses_a_role_waits_for_what_is_attached_to_it() -> None:
    for entry in asked(USA, MODEL):
        group = entry["options"]["parent"]
        assert {f"{group}-execution-policy", f"{group}-artifacts-1-attached"} <= set(entry["options"]["dependsOn"])
    (api,) = asked(USA, "aws:apigateway/restApi:RestApi")
    assert {"edge-images-models-1-attached", "edge-retail-usa-models-1-attached"} <= set(api["options"]["dependsOn"])
    (account,) = asked(BASE, "aws:apigateway/account:Account")
    assert "api-logs-attached" in account["options"]["dependsOn"]


def test_8_an_api_that_changes_is_not_deployed_so_its_deployment_is_triggered_by_the_body_under_a_separate_stage() -> (
    None
):
    (api,) = asked(USA, "aws:apigateway/restApi:RestApi")
    (deployment,) = asked(USA, "aws:apigateway/deployment:Deployment")
    (stage,) = asked(USA, "aws:apigateway/stage:Stage")
    assert deployment["inputs"]["triggers"] == {"body": hashlib.sha256(api["inputs"]["body"].encode()).hexdigest()}
    assert "stageName" not in deployment["inputs"]
    assert "edge-deployment-id" == stage["inputs"]["deployment"]


def test_9_a_wrong_ignored_path_scales_machines_away_so_only_scheduled_targets_ignore_one_that_exists() -> None:
    ignored = {
        (e["type"], e["name"]): e["options"]["ignoreChanges"]
        for stack in (USA, EUROPE, SCHEDULED, BASE)
        for e in inventory(*stack, "update")
        if e["options"]["ignoreChanges"]
    }
    assert ignored == {(TARGET, "usa-scaling"): ["minCapacity"]}
    known = shape(TARGET)
    assert known is not None
    assert "minCapacity" in known.inputs
    # What is ignored on the target is all that the actions move.
    actions = asked(SCHEDULED, "aws:appautoscaling/scheduledAction:ScheduledAction")
    assert {("minCapacity",)} == {tuple(e["inputs"]["scalableTargetAction"]) for e in actions}
    assert {"UTC"} == {e["inputs"]["timezone"] for e in actions}


@every_stack
def test_10_a_name_without_its_components_cannot_be_moved_so_children_begin_with_their_parents_name(
    stack: tuple[str, str],
) -> None:
    entries = inventory(*stack, "update")
    components = {e["name"] for e in entries if e["type"].startswith("covey:")}
    children = [e for e in entries if e["options"]["parent"] in components]
    assert bool(components) == bool(children)
    assert [] == [e["name"] for e in children if not e["name"].startswith(e["options"]["parent"] + "-")]


@every_stack
def test_11_what_is_made_in_an_apply_is_missing_in_a_preview_so_nothing_is(stack: tuple[str, str]) -> None:
    update, preview = ([(e["type"], e["name"]) for e in inventory(*stack, kind)] for kind in ("update", "preview"))
    assert update == preview


@every_stack
def test_12_and_13_default_tags_and_regions_drift_so_one_explicit_provider_holds_both(stack: tuple[str, str]) -> None:
    entries = inventory(*stack, "update")
    (provider,) = [e for e in entries if e["type"] == "pulumi:providers:aws"]
    tags = json.loads(provider["inputs"]["defaultTags"])["tags"]
    assert tags["stack"] == stack[1]
    assert {"cost-centre", "environment", "fleet", "managed-by"} < set(tags)
    assert ["123456789012"] == json.loads(provider["inputs"]["allowedAccountIds"])
    resources = [e for e in entries if e["type"].startswith("aws:")]
    assert [] == [e["name"] for e in resources if not e["provider"] or "region" in e["inputs"]]


def test_16_policies_pass_over_what_is_unknown_so_what_they_judge_is_known_in_a_preview() -> None:
    judged = {
        ENDPOINT: ("name", "tags"),
        ALARM: ("dimensions", "threshold", "treatMissingData", "tags"),
        MODEL: ("primaryContainer", "tags"),
        TARGET: ("minCapacity", "maxCapacity"),
    }
    for type_, names in judged.items():
        assert all(known(e["inputs"][name]) for e in asked(USA, type_, "preview") for name in names)
    variants = [e["inputs"]["productionVariants"][0] for e in asked(USA, CONFIGURATION, "preview")]
    assert all(known(variant["variantName"]) and known(variant["instanceType"]) for variant in variants)


def test_17_the_providers_suffix_is_not_counted_so_the_longest_names_leave_room_for_it(tmp_path: Path) -> None:
    layout, fleet, catalog = two_clouds()
    groups = tuple(replace(group, name=group.name.ljust(40, "x")) for group in layout.groups)
    program = emit(replace(layout, groups=groups), replace(fleet, environment="p" * 31), catalog)
    write_tree(program, tmp_path)
    (stack,) = [name for name in program.stacks if name.endswith("us-east-1")]
    resources = recorded(tmp_path, stack, "update")
    # SageMaker takes 63 characters and IAM roles 64, of which the suffix is 8.
    named = [e for e in resources if e["type"] in (MODEL, CONFIGURATION, "aws:iam/role:Role")]
    assert max(len(e["name"]) for e in named) <= 55
    assert all(len(e["inputs"]["name"]) <= 63 for e in of_type(resources, ENDPOINT))


def test_alarms_that_roll_back_are_ten_at_most_and_let_the_first_deployment_pass() -> None:
    alarms = {f"{e['name']}-0a1b2c3": e["inputs"] for e in asked(USA, ALARM)}
    for entry in asked(USA, ENDPOINT):
        rollback = entry["inputs"]["deploymentConfig"]["autoRollbackConfiguration"]["alarms"]
        assert 1 <= len(rollback) <= 10
        assert {"notBreaching"} == {alarms[one["alarmName"]]["treatMissingData"] for one in rollback}


def test_utilization_counts_every_core_so_thresholds_do() -> None:
    thresholds = {e["name"]: e["inputs"]["threshold"] for e in asked(USA, ALARM)}
    assert thresholds["retail-usa-saturation"] == 4 * 90
    assert thresholds["images-saturation"] == thresholds["images-gpu-memory"] == 90
    # Model metrics are in microseconds, the edge's in milliseconds.
    assert thresholds["retail-usa-latency"] == thresholds["retail-usa-cold-loads"] == 250_000
    assert 250 == thresholds["edge-fashion-usa-latency"]


def test_every_kind_of_group_is_watched_for_what_can_go_wrong_with_it() -> None:
    def watched(stack: tuple[str, str], group: str) -> set[str]:
        return {e["name"].removeprefix(f"{group}-") for e in asked(stack, ALARM) if e["options"]["parent"] == group}

    everywhere = {"server-errors", "client-errors", "latency", "idle", "memory", "saturation"}
    assert watched(EUROPE, "fraud") == everywhere
    assert watched(EUROPE, "rare") == everywhere | {"cold-starts"}
    assert watched(USA, "retail-usa") == everywhere | {"cold-loads", "cache-misses"}
    assert watched(USA, "images") == everywhere | {"cold-loads", "cache-misses", "gpu-memory"}


def test_a_backends_error_is_answered_200_unless_mapped_so_every_path_maps_errors_and_quotes_its_artifact() -> None:
    (api,) = asked(USA, "aws:apigateway/restApi:RestApi")
    header = "integration.request.header.X-Amzn-SageMaker-Target-Model"
    for operation in json.loads(api["inputs"]["body"])["paths"].values():
        integration = operation["post"]["x-amazon-apigateway-integration"]
        assert {"200", "400", "429", "502"} == {answer["statusCode"] for answer in integration["responses"].values()}
        target = integration["requestParameters"][header]
        assert target[0] == target[-1] == "'"


def test_a_serverless_endpoint_runs_in_no_vpc_so_a_stack_that_wants_one_for_it_is_not_previewed(tmp_path: Path) -> None:
    write_tree(emit(*two_clouds()), tmp_path)
    with (tmp_path / "stacks/config/Pulumi.prod-aws-eu-west-1.yaml").open("a") as config:
        config.write("  two-clouds:subnetIds: [subnet-0a1b2c3d]\n  two-clouds:securityGroupIds: [sg-0a1b2c3d]\n")

    with pytest.raises(DeployError, match="rare: serverless endpoints run in no VPC") as raised:
        deploy.preview_in_process(tmp_path, "prod-aws-eu-west-1")

    assert "Traceback" not in str(raised.value)


def test_latency_records_of_one_name_are_told_apart_by_their_region() -> None:
    shared = [
        [e["inputs"] for e in of_type(inventory("two-regions", stack, "update"), "aws:route53/record:Record")]
        for stack in ("prod-aws-ap-southeast-1", "prod-aws-us-east-1")
    ]
    records = [record for records in shared for record in records if record["name"] == "models.example.com"]
    assert [(record["setIdentifier"], record["latencyRoutingPolicies"]) for record in records] == [
        (region, [{"region": region}]) for region in ("ap-southeast-1", "us-east-1")
    ]


def test_what_is_one_per_account_and_region_stands_in_the_base_stack_alone() -> None:
    singletons = {"aws:apigateway/account:Account", "aws:acm/certificate:Certificate", "aws:s3/bucket:Bucket"}
    base = Counter(e["type"] for e in inventory(*BASE, "update"))
    assert {1} == {base[type_] for type_ in singletons}
    for stack in (USA, EUROPE, SCHEDULED):
        assert set() == singletons & {e["type"] for e in inventory(*stack, "update")}
