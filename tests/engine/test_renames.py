"""A renewed plan on running stacks: renamed groups go on serving under the names they had in the cloud."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from generator import deploy
from generator.emit import emit
from generator.files import read_emission, write_tree
from generator.model import Layout, StackReport
from tests.layouts import two_clouds

pytestmark = pytest.mark.engine

LAYOUT, FLEET, CATALOG = two_clouds()
STACKS = ("prod-aws-us-east-1", "prod-gcp-europe-west1", "prod-gcp-edge")
BUDGETS = """\
  two-clouds:billingAccount: 000000-AAAAAA-000000
  two-clouds:invokers: ["serviceAccount:shop@example.iam.gserviceaccount.com"]
"""


def rolled_out(layout: Layout, project: Path, sandbox: Path) -> Mapping[str, StackReport]:
    """Emit a layout over what lies there and update every stack."""
    first = not project.exists()
    write_tree(emit(layout, FLEET, CATALOG, earlier=read_emission(project)), project)
    if first:
        with (project / "stacks/config/Pulumi.prod-gcp-europe-west1.yaml").open("a") as config:
            config.write(BUDGETS)
    return {stack: deploy.up(project, stack, offline=sandbox) for stack in STACKS}


def test_renamed_groups_are_updated_in_place_on_both_clouds(tmp_path: Path) -> None:
    project, sandbox = tmp_path / "project", tmp_path / "sandbox"
    names = {"retail-usa": "shops-usa", "images": "pictures", "retail-europe": "shops-europe"}
    renamed = replace(LAYOUT, groups=tuple(replace(g, name=names.get(g.name, g.name)) for g in LAYOUT.groups))
    rolled_out(LAYOUT, project, sandbox)

    after = rolled_out(renamed, project, sandbox)
    again = rolled_out(renamed, project, sandbox)

    changed = {
        stack: [(r.operation, r.type, r.name) for r in report.resources if r.operation not in ("same", "update")]
        for stack, report in after.items()
    }
    assert changed == {stack: [] for stack in STACKS}
    assert {stack: report.changes for stack, report in again.items()} == dict.fromkeys(STACKS, 0)
    # The new names have arrived: nothing was merely left alone.
    known = {resource.name for report in after.values() for resource in report.resources}
    assert {"shops-usa-endpoint", "pictures-endpoint", "shops-europe-service", "edge-shops-europe-neg"} <= known
