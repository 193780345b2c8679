"""Groups are split and moved on both clouds and then dropped: at no moment a route leads to what is gone."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from generator import deploy
from generator.emit import emit
from generator.files import read_emission, write_tree
from generator.model import Layout, StackReport
from generator.project import stacks_of
from tests.engine.fleet_changes import group_of, regrouped, unserved
from tests.layouts import two_clouds

pytestmark = pytest.mark.engine

LAYOUT, FLEET, CATALOG = two_clouds()
EUROPE, USA = group_of(LAYOUT, "retail-europe"), group_of(LAYOUT, "retail-usa")
# One group of each cloud is split in its region, and part of it moves to another.
CHANGED = regrouped(
    LAYOUT,
    replace(EUROPE, name="electronics-eu", workloads=("electronics-europe",)),
    replace(EUROPE, name="fashion-central", workloads=("fashion-europe",), region="us-central1"),
    replace(USA, name="electronics-us", workloads=("electronics-usa",)),
    replace(USA, name="fashion-us", workloads=("fashion-usa",)),
    replace(USA, name="homeware-eu", workloads=("homeware-usa",), region="eu-west-1"),
    gone=("retail-europe", "retail-usa"),
)


def rolled_out(layout: Layout, project: Path, sandbox: Path, *, drop: bool = False) -> Mapping[str, StackReport]:
    """Emit a layout over what lies there and update every stack, in covey's order."""
    write_tree(emit(layout, FLEET, CATALOG, earlier=read_emission(project), drop_retiring=drop), project)
    return {stack: deploy.up(project, stack, offline=sandbox) for stack in stacks_of(project)}


def deleted(reports: Mapping[str, StackReport]) -> set[str]:
    """Return the names of endpoints and services that were deleted."""
    return {
        resource.name
        for report in reports.values()
        for resource in report.resources
        if resource.operation == "delete" and resource.type.endswith((":Endpoint", ":Service"))
    }


def test_nothing_is_deleted_while_a_route_leads_to_it(tmp_path: Path) -> None:
    project, sandbox = tmp_path / "project", tmp_path / "sandbox"
    log = sandbox / "cloud" / "operations.jsonl"
    rolled_out(LAYOUT, project, sandbox)
    before = len(log.read_text().splitlines())

    changed = rolled_out(CHANGED, project, sandbox)
    dropped = rolled_out(CHANGED, project, sandbox, drop=True)

    done = [json.loads(line) for line in log.read_text().splitlines()]
    assert [] == list(unserved(done, before))
    assert set() == deleted(changed)
    assert {"retail-europe-service", "retail-usa-endpoint"} == deleted(dropped)
    assert 0 == sum(report.changes for report in rolled_out(CHANGED, project, sandbox).values())
