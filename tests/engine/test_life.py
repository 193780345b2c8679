"""The emitted project in the real engine, from its first preview to its end."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from generator import deploy
from generator.model import StackReport
from generator.offline.limits import unmapped
from generator.offline.plugins import write_language_host
from generator.offline.sandbox import sandbox
from generator.pulumi_cli import Cli
from tests.botocore_inputs import findings

pytestmark = pytest.mark.engine

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
PROJECT = TESTS / "golden" / "two-clouds" / "expected"


def stacks_of(project: Path) -> list[str]:
    return sorted(path.name.split(".")[1] for path in (project / "stacks" / "config").iterdir())


STACKS = stacks_of(PROJECT)
# Two regions of one project behind one domain; its base stack has a test of its own. The program at the root lives on
# in test_fleet_changes.
NEAREST = TESTS / "golden" / "one-project" / "expected"
EVERY_STACK = [
    (project, stack) for project in (PROJECT, NEAREST) for stack in stacks_of(project) if not stack.endswith("-base")
]


def digest(folder: Path) -> str:
    files = sorted(path for path in (folder / "stacks").rglob("*") if path.is_file() and path.suffix != ".pyc")
    settings = (folder / "Pulumi.yaml").read_bytes()
    return hashlib.sha256(settings + b"".join(bytes(path) + path.read_bytes() for path in files)).hexdigest()


def what(report: StackReport) -> set[tuple[str, str]]:
    return {(resource.type, resource.name) for resource in report.resources}


@pytest.mark.parametrize(("project", "stack"), EVERY_STACK)
def test_a_stack_is_previewed_created_unchanged_and_destroyed(project: Path, stack: str, tmp_path: Path) -> None:
    before = digest(project)

    planned = deploy.preview(project, stack, offline=tmp_path)
    created = deploy.up(project, stack, offline=tmp_path)
    again = deploy.preview(project, stack, offline=tmp_path)
    recorded = [json.loads(line) for line in (tmp_path / "cloud" / "operations.jsonl").read_text().splitlines()]
    gone = deploy.destroy(project, stack, offline=tmp_path)

    assert {"create"} == set(planned.counts)
    assert planned.resources == created.resources
    assert created.outputs["urls"]
    assert 0 == again.changes
    assert what(planned) == what(again) == what(gone)
    assert {"delete"} == set(gone.counts)
    assert [] == list((tmp_path / "cloud" / "resources").iterdir())
    assert before == digest(project)

    cloud_resources = [resource for resource in recorded if resource["type"].startswith(("aws:", "gcp:"))]
    assert len(cloud_resources) == sum(resource.type.startswith(("aws:", "gcp:")) for resource in created.resources)
    aws = [resource for resource in cloud_resources if resource["type"].startswith("aws:")]
    assert [] == [finding for resource in aws for finding in findings(resource)]
    assert [] == [(one["type"], name) for one in aws for name in unmapped(one["type"], one["inputs"])]


@pytest.mark.parametrize("stack", STACKS)
def test_without_the_cli_the_preview_finds_the_same_resources(stack: str, tmp_path: Path) -> None:
    in_process = deploy.preview_in_process(PROJECT, stack)

    assert "in process" == in_process.engine
    assert deploy.preview(PROJECT, stack, offline=tmp_path).resources == in_process.resources


@pytest.mark.parametrize("stack", stacks_of(ROOT))
def test_the_plain_cli_at_the_root_previews_the_same_resources(cli: Cli, stack: str, tmp_path: Path) -> None:
    covey = deploy.preview(ROOT, stack, offline=tmp_path)

    copy = sandbox(ROOT, stack, tmp_path)
    if not cli.has_python:
        write_language_host(tmp_path / "bin")
    environment = copy.environment | {"PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])}
    command = [cli.path, "preview", "--stack", stack, "--json", "--non-interactive"]
    plain = subprocess.run(command, cwd=copy.project, env=environment, capture_output=True, check=True, timeout=300)

    steps = [step["newState"] | {"op": step["op"]} for step in json.loads(plain.stdout)["steps"]]
    resources = sorted((step["op"], step["type"], step["urn"].rsplit("::", 1)[1]) for step in steps)
    expected = sorted((resource.operation, resource.type, resource.name) for resource in covey.resources)
    assert expected == [resource for resource in resources if resource[1] != "pulumi:pulumi:Stack"]


def test_progress_names_every_resource_once(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    report = deploy.preview(
        PROJECT, STACKS[-1], offline=tmp_path, progress=lambda step: seen.append((step.type, step.name))
    )
    assert what(report) == set(seen)
    assert len(report.resources) == len(seen)
