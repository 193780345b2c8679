"""The gate before the real engine: what was approved is brought up, what has changed since is not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from generator import deploy
from generator.approval.approval_document import digest_of
from generator.approval.on_disk import approval_of
from generator.cli import app
from generator.emit import emit
from generator.files import write_tree
from generator.model import Provenance
from generator.offline.plugins import write_language_host, write_providers
from generator.offline.sandbox import environment
from generator.pulumi_cli import Cli
from generator.verify import WantedService, wanted
from tests.layouts import two_clouds

pytestmark = pytest.mark.engine

STACK = "prod-gcp-europe-west1"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("generator.project.offline_folder", lambda _: tmp_path / "sandbox")
    write_tree(emit(*two_clouds(), Provenance("1" * 64, "2" * 64, "{}\n")), tmp_path / "infra")
    return tmp_path / "infra"


def covey(verb: str, project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [verb, str(project), "--offline", "--stack", STACK, *arguments])


def test_what_was_approved_is_brought_up_and_stays_approved(project: Path, tmp_path: Path) -> None:
    refused = covey("up", project)
    approved = covey("approve", project, "--by", "ada")
    brought_up, again = covey("up", project), covey("up", project)

    assert (5, 0, 0, 0) == tuple(result.exit_code for result in (refused, approved, brought_up, again))
    found = deploy.preview(project, STACK, offline=tmp_path / "sandbox")
    (operations,) = (stack.operations for stack in approval_of(project).stacks.values())
    assert {"create": tuple(sorted(resource.urn for resource in found.resources))} == operations
    assert 0 == found.changes

    # What `covey verify` will ask the cloud about.
    (service,) = wanted(deploy.exported(project, STACK, offline=tmp_path / "sandbox"))
    assert isinstance(service, WantedService)
    assert service.name.endswith(f"/locations/europe-west1/services/{service.name.rpartition('/')[2]}")
    assert service.image is not None


def test_a_stack_that_moved_on_needs_a_new_approval(project: Path) -> None:
    assert 0 == covey("approve", project, "--by", "ada").exit_code
    config = project / "stacks" / "config" / f"Pulumi.{STACK}.yaml"
    seeded = config.read_text()
    config.write_text("".join(line for line in seeded.splitlines(keepends=True) if "alarmChannel" not in line))
    config.write_text(f"{config.read_text()}  two-clouds:alarmEmail: someone@example.com\n")
    assert 0 == covey("up", project, "--unapproved").exit_code
    config.write_text(seeded)
    refused = covey("up", project)

    assert 5 == refused.exit_code
    assert "would do what was not approved: delete gcp:monitoring/notificationChannel" in refused.stderr
    assert 0 == covey("approve", project, "--by", "grace").exit_code
    assert 0 == covey("up", project).exit_code


PlainUp = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def plain_up(project: Path, cli: Cli, tmp_path: Path) -> PlainUp:
    """`pulumi up --policy-pack policies` as someone types it who never heard of covey, before the pretend cloud."""
    settings = yaml.safe_load((project / "Pulumi.yaml").read_text())
    plugins = write_providers(tmp_path / "plugins", tmp_path / "cloud")
    settings["plugins"] = {"providers": [{"name": name, "path": str(path)} for name, path in plugins.items()]}
    settings["runtime"] = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    write_language_host(tmp_path / "bin")
    path = os.environ["PATH"] if cli.has_python else os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    alone = environment(tmp_path) | {"PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [cli.path, *arguments, "--stack", STACK, "--non-interactive"]
        return subprocess.run(command, cwd=project, env=alone, capture_output=True, text=True, check=False, timeout=300)

    made = subprocess.run(
        [cli.path, "stack", "init", STACK, "--no-select"], cwd=project, env=alone, capture_output=True, check=False
    )
    assert 0 == made.returncode, made.stderr
    return lambda *more: run("up", "--yes", "--policy-pack", "policies", *more)


def test_a_plain_update_with_the_pack_is_refused_until_it_is_approved(
    project: Path, tmp_path: Path, plain_up: PlainUp
) -> None:
    """Approved as it lies there: the pretend cloud's plugins stand in Pulumi.yaml, which is an edit."""

    def in_cloud() -> int:
        return len(list((tmp_path / "cloud" / "resources").glob("*.json")))

    for more in ((), ("--skip-preview",)):
        refused = plain_up(*more)
        assert refused.returncode != 0
        assert "[mandatory]" in refused.stdout
        assert "Nobody has approved this program" in refused.stdout
        assert "covey approve DIR --by WHO" in refused.stdout
        assert 0 == in_cloud()

    assert 0 == covey("approve", project, "--by", "ada", "--include-edits").exit_code
    approved = (project / "approval.json").read_text()
    document = {key: value for key, value in json.loads(approved).items() if key != "digest"}
    document["files"]["stacks/__main__.py"] = "0" * 64
    (project / "approval.json").write_text(json.dumps(document | {"digest": digest_of(document)}))
    another = plain_up("--skip-preview")
    assert another.returncode != 0
    assert "Files differ from the approved ones: stacks/__main__.py" in another.stdout
    assert 0 == in_cloud()

    (project / "approval.json").write_text(approved)
    accepted = plain_up()
    assert 0 == accepted.returncode, accepted.stdout + accepted.stderr
    assert "[mandatory]" not in accepted.stdout
    assert in_cloud() > 5
    # Pulumi has written its salt into the stack's config; the approval holds as before.
    assert 0 == plain_up().returncode
