"""Whole emitted projects: compared as trees, checked by ruff and pyright, executed, held against AWS's own models."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.emit import emit
from generator.files import write_tree
from generator.model import Catalog, Fleet, Layout
from generator.program.pack import static
from tests import layouts
from tests.botocore_inputs import OPERATIONS, findings, not_judged
from tests.recorded import expected, inventory, recorded

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES: dict[str, Callable[[], tuple[Layout, Fleet, Catalog]]] = {
    "two-clouds": layouts.two_clouds,
    "hostile-names": layouts.hostile,
    "two-regions": layouts.two_regions,
    "one-project": layouts.one_project,
}
STACKS = {case: emit(*make()).stacks for case, make in CASES.items()}
every_case = pytest.mark.parametrize("case", CASES)
every_stack = pytest.mark.parametrize(("case", "stack"), [(case, stack) for case in CASES for stack in STACKS[case]])


def without_the_packs_rules(files: dict[str, str]) -> dict[str, str]:
    """Take out what every project has the same, after holding it to the source and to the digests written for it."""
    manifest = json.loads(files[".covey.json"])
    for path in static():
        text = (ROOT / path).read_text(encoding="utf-8")
        assert text == files.pop(path)
        assert hashlib.sha256(text.encode()).hexdigest() == manifest["sha256"].pop(path)
    return files | {".covey.json": json.dumps(manifest, indent=2, sort_keys=True) + "\n"}


@every_case
def test_the_emitted_tree_is_the_expected_one(case: str, pytestconfig: pytest.Config) -> None:
    files = without_the_packs_rules(dict(emit(*CASES[case]()).files))
    if pytestconfig.getoption("--update-golden"):
        shutil.rmtree(expected(case), ignore_errors=True)
        for path, text in files.items():
            place = expected(case) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="\n")
    found = {
        place.relative_to(expected(case)).as_posix(): place.read_bytes().decode()
        for place in expected(case).rglob("*")
        if place.is_file() and "__pycache__" not in place.parts and ".ruff_cache" not in place.parts
    }
    assert found == files


@pytest.mark.parametrize("arguments", [("format", "--check"), ("check",)], ids=["format", "check"])
def test_the_emitted_trees_are_clean_under_ruff(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", *(str(expected(case)) for case in CASES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert 0 == ran.returncode, ran.stdout + ran.stderr


def program_files(stacks: Path) -> dict[str, str]:
    """Return what is no data of one fleet, by its path."""
    return {
        place.relative_to(stacks).as_posix(): place.read_text(encoding="utf-8")
        for place in stacks.rglob("*")
        if place.is_file() and not {"groups", "config", "__pycache__", ".ruff_cache"} & set(place.parts)
    }


@every_case
def test_what_is_no_data_is_the_program_that_make_check_holds_under_pyright_strict(case: str) -> None:
    assert program_files(ROOT / "stacks") == program_files(expected(case) / "stacks")


def test_the_emitted_data_is_clean_under_pyright_strict(tmp_path: Path) -> None:
    for case in CASES:
        shutil.copytree(expected(case) / "stacks", tmp_path / case, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {
        "extends": f"{next(iter(CASES))}/pyrightconfig.json",
        # The programs need the clouds' SDKs, which take pyright half a minute to read.
        "include": [f"{case}/groups" for case in CASES],
        "executionEnvironments": [{"root": case} for case in CASES],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "-p", str(tmp_path), "--pythonpath", sys.executable, "--outputjson"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    data = [place for case in CASES for place in (expected(case) / "stacks" / "groups").glob("*.py")]
    assert json.loads(ran.stdout)["summary"]["filesAnalyzed"] == len(data)


@every_stack
@pytest.mark.engine
def test_no_resource_is_made_inside_an_apply(case: str, stack: str) -> None:
    update, preview = (
        [(entry["type"], entry["name"]) for entry in entries]
        for entries in (inventory(case, stack, "update"), inventory(case, stack, "preview"))
    )
    assert preview == update


@every_stack
def test_aws_models_accept_every_recorded_input(case: str, stack: str) -> None:
    resources = [entry for entry in inventory(case, stack, "update") if entry["type"].startswith("aws:")]
    assert set() == {entry["type"] for entry in resources} - set(OPERATIONS)
    assert [] == [finding for entry in resources for finding in findings(entry)]


def test_every_property_that_no_model_judges_is_listed_with_its_reason() -> None:
    emitted = {
        f"`{entry['type']}` | `{name}`"
        for case in CASES
        for stack in STACKS[case]
        for entry in inventory(case, stack, "update")
        for name in entry["inputs"]
    }
    listed = [row for row in (ROOT / "docs" / "verified.md").read_text().splitlines() if row.startswith("| `aws:")]
    assert not_judged() == listed
    assert [] == [row for row in listed if not any(pair in row for pair in emitted)]


@pytest.mark.parametrize(
    ("type_", "change", "complaint"),
    [
        ("aws:sagemaker/endpoint:Endpoint", {"name": "a" * 64}, "not within"),
        ("aws:sagemaker/endpoint:Endpoint", {"name": "under_score"}, "does not match"),
        ("aws:sagemaker/model:Model", {"misspelt": 1}, "no such member"),
        ("aws:sagemaker/endpoint:Endpoint", {"endpointConfigName": None}, "Missing required"),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"comparisonOperator": "Above"}, "is none of"),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"period": "60"}, "Invalid type"),
        ("aws:appautoscaling/target:Target", {"serviceNamespace": "sage"}, "is none of"),
        ("aws:route53/record:Record", {"failoverRoutingPolicies": [{"type": "PRIMARY"}]}, "has no part for it"),
        ("aws:apigateway/methodSettings:MethodSettings", {"settings": {"metricsEnabled": True, "x": 1}}, "no part"),
    ],
)
def test_aws_models_refuse_what_aws_refuses(type_: str, change: dict[str, Any], complaint: str) -> None:
    resource = next(
        entry for entry in inventory("two-clouds", "prod-aws-us-east-1", "update") if entry["type"] == type_
    )
    broken = {**resource, "inputs": {**resource["inputs"], **change}}
    assert complaint in "\n".join(findings(broken))


@every_stack
def test_every_resource_has_an_explicit_provider(case: str, stack: str) -> None:
    bare = [
        entry["name"]
        for entry in inventory(case, stack, "update")
        if not entry["provider"] and not entry["type"].startswith(("covey:", "pulumi:"))
    ]
    assert [] == bare


def test_aws_models_accept_the_longest_names(tmp_path: Path) -> None:
    layout, fleet, catalog = layouts.two_clouds()
    groups = tuple(replace(group, name=group.name.ljust(40, "x")) for group in layout.groups)
    program = emit(replace(layout, groups=groups), replace(fleet, environment="p" * 31), catalog)
    write_tree(program, tmp_path)
    of_aws = [stack for stack in program.stacks if "-aws-" in stack]

    assert 2 == len(of_aws)
    for stack in of_aws:
        resources = recorded(tmp_path, stack, "update")
        assert [] == [finding for entry in resources if entry["type"].startswith("aws:") for finding in findings(entry)]


def test_a_foundations_own_key_topic_and_network_are_used(tmp_path: Path) -> None:
    write_tree(emit(*layouts.two_clouds()), tmp_path)
    with (tmp_path / "stacks/config/Pulumi.prod-aws-us-east-1.yaml").open("a") as config:
        config.write(
            """\
  two-clouds:kmsKeyArn: arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000
  two-clouds:alarmTopicArn: arn:aws:sns:us-east-1:123456789012:oncall
  two-clouds:protect: "true"
  two-clouds:subnetIds: [subnet-0a1b2c3d]
  two-clouds:securityGroupIds: [sg-0a1b2c3d]
"""
        )
    resources = recorded(tmp_path, "prod-aws-us-east-1", "update")
    assert set() == {"aws:kms/key:Key", "aws:sns/topic:Topic"} & {entry["type"] for entry in resources}
    models = [entry["inputs"] for entry in resources if entry["type"] == "aws:sagemaker/model:Model"]
    assert [model["vpcConfig"]["subnets"] for model in models] == [["subnet-0a1b2c3d"]] * 2
    alarms = [entry["inputs"] for entry in resources if entry["type"] == "aws:cloudwatch/metricAlarm:MetricAlarm"]
    assert {("arn:aws:sns:us-east-1:123456789012:oncall",)} == {tuple(alarm["alarmActions"]) for alarm in alarms}
    assert [] == [finding for entry in resources if entry["type"].startswith("aws:") for finding in findings(entry)]


def test_only_the_members_listed_may_call_a_service(tmp_path: Path) -> None:
    write_tree(emit(*layouts.two_clouds()), tmp_path)
    with (tmp_path / "stacks/config/Pulumi.prod-gcp-europe-west1.yaml").open("a") as config:
        config.write(
            """\
  two-clouds:invokers: ["serviceAccount:shop@example.iam.gserviceaccount.com"]
  two-clouds:billingAccount: 000000-AAAAAA-000000
  two-clouds:monthlyBudgetUsd: "500"
"""
        )
    resources = recorded(tmp_path, "prod-gcp-europe-west1", "update")
    bindings = [entry["inputs"] for entry in resources if "IamMember" in entry["type"]]
    assert [("roles/run.invoker", "serviceAccount:shop@example.iam.gserviceaccount.com")] == [
        (binding["role"], binding["member"]) for binding in bindings
    ]
    budgets = [entry["inputs"] for entry in resources if entry["type"] == "gcp:billing/budget:Budget"]
    assert [
        ({"stack": "prod-gcp-europe-west1"}, "500"),
        # A quarter of a dollar an hour, four instances, 730 hours.
        ({"group": "retail-europe"}, "730"),
    ] == [(budget["budgetFilter"]["labels"], budget["amount"]["specifiedAmount"]["units"]) for budget in budgets]
    bare = recorded(expected("two-clouds"), "prod-gcp-europe-west1", "update")
    assert [] == [entry for entry in bare if "IamMember" in entry["type"]]


def test_an_execution_role_reads_its_own_artifacts_and_an_invoke_role_calls_its_own_models() -> None:
    policies = {
        entry["name"]: json.loads(entry["inputs"]["policy"])["Statement"]
        for entry in inventory("two-clouds", "prod-aws-us-east-1", "update")
        if entry["type"] == "aws:iam/policy:Policy"
    }
    artifacts = ["electronics/usa/3.tar.gz", "fashion/usa/3.tar.gz", "homeware/usa/1.tar.gz"]
    read, find = policies["retail-usa-artifacts-1"]
    assert read["Resource"] == [f"arn:aws:s3:::shop-models-us-east-1/{artifact}" for artifact in artifacts]
    assert find["Condition"] == {"StringEquals": {"s3:prefix": artifacts}}
    (invoke,) = policies["edge-retail-usa-models-1"]
    assert "arn:aws:sagemaker:us-east-1:123456789012:endpoint/prod-retail-usa" == invoke["Resource"]
    assert invoke["Condition"] == {"StringEquals": {"sagemaker:TargetModel": artifacts}}
    wild = [
        statement["Sid"]
        for entry in inventory("two-clouds", "prod-aws-us-east-1", "update")
        if entry["type"] in ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy")
        for statement in json.loads(entry["inputs"]["policy"])["Statement"]
        if statement["Resource"] == "*"
    ]
    # Neither of the two can be narrowed to a resource.
    assert {"Login", "Metrics"} == set(wild)
