"""What is one per GCP project, and the stacks that stand on it, in the real engine."""

from pathlib import Path

import pytest

from generator import deploy
from generator.emit import emit
from generator.files import write_tree
from generator.project import stacks_of
from tests.layouts import one_project

pytestmark = pytest.mark.engine


def test_a_base_stack_comes_up_first_and_stays_as_it_is(tmp_path: Path) -> None:
    project, sandbox = tmp_path / "project", tmp_path / "sandbox"
    write_tree(emit(*one_project()), project)
    base = stacks_of(project)[0]
    with (project / f"stacks/config/Pulumi.{base}.yaml").open("a") as config:
        config.write("  one-project:storageAgent: service-1@gs-project-accounts.iam.gserviceaccount.com\n")

    report = deploy.up(project, base, offline=sandbox)

    assert {"create"} == set(report.counts)
    regions = ("europe-west1", "us-central1")
    outputs = {f"{name}-{region}" for name in ("artifactBucket", "kmsKey") for region in regions}
    assert {"alarmChannel", *outputs} == set(report.outputs)
    assert 0 == deploy.preview(project, base, offline=sandbox).changes
