"""The policy pack in the real engine: on previews of the project at the root, and on a state without any program."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from generator import deploy
from generator.offline.plugins import write_language_host
from generator.offline.sandbox import sandbox
from generator.pulumi_cli import Cli

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
STACK = "prod-aws-ap-southeast-1"
PLANTED = "leaves the volume of ml.c5.xlarge without a key."

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def pulumi(cli: Cli, tmp_path: Path) -> Run:
    """The plain CLI in the sandbox, as often as it is called."""
    copy = sandbox(ROOT, STACK, tmp_path)
    if not cli.has_python:
        write_language_host(tmp_path / "bin")
    environment = copy.environment | {
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    # Whether somebody approved the project is asked in tests of its own.
    (tmp_path / "config.json").write_text('{"deployment-is-approved": "disabled"}')

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [cli.path, *arguments, "--non-interactive"]
        return subprocess.run(
            command, cwd=copy.project, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    if not copy.stack_exists:
        assert 0 == run("stack", "init", STACK, "--no-select").returncode
    return run


def pack(tmp_path: Path) -> tuple[str | Path, ...]:
    return "--policy-pack", ROOT / "policies", "--policy-pack-config", tmp_path / "config.json"


def test_a_preview_with_the_pack_passes_until_an_edit_breaks_a_rule(pulumi: Run, tmp_path: Path) -> None:
    clean = pulumi("preview", "--stack", STACK, *pack(tmp_path))
    assert 0 == clean.returncode, clean.stdout + clean.stderr
    assert "[mandatory]" not in clean.stdout
    assert "undecided, because policy is known only after the deployment" in clean.stdout

    (data,) = tmp_path.glob(f"projects/*/stacks/groups/{STACK.replace('-', '_')}.py")
    data.write_text(data.read_text().replace("volume_key=True", "volume_key=False"))
    planted = pulumi("preview", "--stack", STACK, *pack(tmp_path))
    assert planted.returncode != 0
    assert PLANTED in planted.stdout
    assert 1 == planted.stdout.count("[mandatory]")
    assert "data-is-encrypted" in planted.stdout


def test_a_state_is_analyzed_without_program_or_provider(pulumi: Run, tmp_path: Path) -> None:
    deploy.up(ROOT, STACK, offline=tmp_path)
    state = tmp_path / "state.json"
    exported = pulumi("stack", "export", "--stack", STACK, "--file", state)
    assert 0 == exported.returncode, exported.stderr

    def violations() -> tuple[int, list[tuple[str, str]]]:
        ran = pulumi("policy", "analyze", "--file", state, "--json", *pack(tmp_path))
        events = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        found = [event["policyEvent"] for event in events if "policyEvent" in event]
        return ran.returncode, [(one["policyName"], one["message"]) for one in found]

    # What a preview leaves undecided is known here.
    assert (0, []) == violations()

    document = json.loads(state.read_text())
    for resource in document["deployment"]["resources"]:
        if resource["type"] == "aws:sagemaker/endpointConfiguration:EndpointConfiguration":
            del resource["inputs"]["kmsKeyArn"]
    state.write_text(json.dumps(document))
    code, found = violations()
    assert code != 0
    assert ["data-is-encrypted"] == [name for name, _ in found]
    assert PLANTED in found[0][1]
