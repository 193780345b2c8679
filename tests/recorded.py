"""What the stacks of emitted projects register, each recorded once in a test run."""

import json
from functools import cache
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, Literal

from tests.program_inventory import program_inventory

Operation = Literal["update", "preview"]

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
# What a base stack would have made: its region's stack is asked for it.
CARRIED = {
    "accessLogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:api-access",
    "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/5b1d2c3e-0000-4000-8000-000000000000",
}
# A base stack in a VPC.
NETWORK = {
    "vpcId": "vpc-0a1b2c3d",
    "subnetIds": '["subnet-0a1b2c3d"]',
    "securityGroupIds": '["sg-0a1b2c3d"]',
    "routeTableIds": '["rtb-0a1b2c3d"]',
}


def expected(case: str) -> Path:
    """Return the folder of one emitted project."""
    return GOLDEN / case / "expected"


def inventory(case: str, stack: str, operation: Operation) -> list[dict[str, Any]]:
    """Return what a stack of an emitted project registers in an update or a preview."""
    settings: dict[str, str] = {}
    if stack == "prod-gcp-base":
        settings = {"storageAgent": "service-123456789012@gs-project-accounts.iam.gserviceaccount.com"}
    if case == "two-regions":
        settings = NETWORK if stack.endswith("-base") else CARRIED
    return recorded(expected(case), stack, operation, **settings)


@cache
def recorded(project: Path, stack: str, operation: Operation, **settings: str) -> list[dict[str, Any]]:
    """Run a stack under mocks in a process of its own, with settings beside the project's; callers change nothing."""
    ran = stacks().apply_async(program_inventory, (project, stack, settings, operation == "preview"))
    return json.loads(ran.get(timeout=120))


@cache
def stacks() -> Pool:
    """Return what runs each stack in a fork of a process that has imported the SDKs: that takes longer."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.program_inventory", "tests.sdk"])
    return context.Pool(1, maxtasksperchild=1)


def of_type(resources: list[dict[str, Any]], type_: str) -> list[dict[str, Any]]:
    """Return the resources of one type, such as ``aws:sagemaker/endpoint:Endpoint``."""
    return [entry for entry in resources if entry["type"] == type_]
