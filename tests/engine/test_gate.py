"""The gate before the real engine: what was approved is brought up, what has changed since is not."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from generator import deploy
from generator.approval.on_disk import approval_of
from generator.cli import app
from generator.emit import emit
from generator.files import write_tree
from generator.model import Provenance
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
    assert found.changes == 0

    # What `covey verify` will ask the cloud about.
    (service,) = wanted(deploy.exported(project, STACK, offline=tmp_path / "sandbox"))
    assert isinstance(service, WantedService)
    assert service.name.endswith(f"/locations/europe-west1/services/{service.name.rpartition('/')[2]}")
    assert service.image is not None


def test_a_stack_that_moved_on_needs_a_new_approval(project: Path) -> None:
    assert covey("approve", project, "--by", "ada").exit_code == 0
    config = project / "stacks" / "config" / f"Pulumi.{STACK}.yaml"
    seeded = config.read_text()
    config.write_text("".join(line for line in seeded.splitlines(keepends=True) if "alarmChannel" not in line))
    config.write_text(f"{config.read_text()}  two-clouds:alarmEmail: someone@example.com\n")
    assert covey("up", project, "--unapproved").exit_code == 0
    config.write_text(seeded)
    refused = covey("up", project)

    assert refused.exit_code == 5
    assert "would do what was not approved: delete gcp:monitoring/notificationChannel" in refused.stderr
    assert covey("approve", project, "--by", "grace").exit_code == 0
    assert covey("up", project).exit_code == 0
