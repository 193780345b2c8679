"""What breaks off half way: refused by the cloud, killed, its plugin dead. The next run finishes or takes it back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from generator import deploy
from generator.errors import DeployError
from generator.offline.faults import Fault, arm
from tests.engine.conftest import WriteProject

pytestmark = pytest.mark.engine

# Three resources in a row. A fixed name is refused where it is taken already; the key's id is the cloud's own.
CHAIN = """
    import pulumi, pulumi_aws as aws
    first = aws.sns.Topic("first", display_name={first!r})
    model = aws.sagemaker.Model(
        "model",
        name="fixed",
        execution_role_arn="arn:aws:iam::123456789012:role/execution",
        primary_container={{"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"}},
        tags={{"topic": first.name}},
    )
    aws.sns.Topic("last", display_name=model.name.apply(lambda name: name + {last!r}))
"""
RUN = """
from pathlib import Path
from generator import deploy
deploy.up(Path({project!r}), "test", offline=Path({sandbox!r}))
"""
WHOLE = ["first", "last", "model"]


def chain(first: str = "one", last: str = "one") -> str:
    return CHAIN.format(first=first, last=last)


def in_cloud(sandbox: Path) -> list[str]:
    records = [json.loads(path.read_text()) for path in (sandbox / "cloud" / "resources").glob("*.json")]
    return sorted(str(record["urn"]).rsplit("::", 1)[1] for record in records)


def contents(sandbox: Path) -> list[str]:
    return sorted(path.read_text() for path in (sandbox / "cloud" / "resources").glob("*.json"))


def broken_off(project: Path, sandbox: Path, *faults: Fault) -> DeployError:
    """Run into faults, and take them away again."""
    arm(sandbox / "cloud", faults)
    with pytest.raises(DeployError) as raised:
        deploy.up(project, "test", offline=sandbox)
    arm(sandbox / "cloud", [])
    assert "\n" not in raised.value.what
    assert "Traceback" not in str(raised.value)
    assert 6 == raised.value.exit_code
    return raised.value


def killed(project: Path, sandbox: Path, fault: Fault, begun: Callable[[], bool]) -> None:
    """Kill the engine, which cannot write down a thing then, while the cloud takes its time."""
    arm(sandbox / "cloud", [fault])
    program = RUN.format(project=str(project), sandbox=str(sandbox))
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) as run:
        end = time.monotonic() + 120
        while not begun() and time.monotonic() < end:
            time.sleep(0.1)
        assert begun()
        (engine,) = subprocess.check_output(["pgrep", "-P", str(run.pid)], text=True).split()
        os.kill(int(engine), signal.SIGKILL)
        assert "ended by signal 9" in run.communicate(timeout=60)[1]
    arm(sandbox / "cloud", [])


def pending(sandbox: Path) -> list[tuple[str, str]]:
    """Operations whose outcome the state does not know, and the names of their resources."""
    path = sandbox / "state" / ".pulumi" / "stacks" / "small" / "test.json"
    if not path.exists():
        return []
    latest = json.loads(path.read_text())["checkpoint"]["latest"] or {}
    operations = latest.get("pending_operations") or []
    return [(operation["type"], str(operation["resource"]["urn"]).rsplit("::", 1)[1]) for operation in operations]


def test_an_update_that_is_refused_half_way_is_finished_by_the_next(
    write_project: WriteProject, tmp_path: Path
) -> None:
    project = write_project(chain())

    error = broken_off(project, tmp_path, Fault("refuse", operation="create", nth=2, says="AccessDenied: told to"))

    assert "model" in error.what
    assert "AccessDenied: told to" in error.what
    assert ["first"] == in_cloud(tmp_path)
    assert {"create": 2, "same": 1} == deploy.up(project, "test", offline=tmp_path).counts
    assert in_cloud(tmp_path) == WHOLE
    assert 0 == deploy.preview(project, "test", offline=tmp_path).changes


def test_a_change_that_is_refused_half_way_is_taken_back_by_the_former_program(
    write_project: WriteProject, tmp_path: Path
) -> None:
    deploy.up(write_project(chain()), "test", offline=tmp_path)
    before = contents(tmp_path)

    broken_off(write_project(chain("two", "two")), tmp_path, Fault("refuse", operation="update", label="last"))
    assert contents(tmp_path) != before

    assert {"same": 2, "update": 1} == deploy.up(write_project(chain()), "test", offline=tmp_path).counts
    assert contents(tmp_path) == before


@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
def test_a_killed_run_is_finished_by_the_next_whether_or_not_the_cloud_had_done_its_part(
    after: bool, write_project: WriteProject, tmp_path: Path
) -> None:
    project = write_project(chain())
    stall = Fault("stall", operation="create", label="model", seconds=300, after=after)
    killed(
        project,
        tmp_path,
        stall,
        lambda: ("creating", "model") in pending(tmp_path) and after == ("model" in in_cloud(tmp_path)),
    )

    report = deploy.up(project, "test", offline=tmp_path)

    assert "Freed the lock of a run that was killed." == report.notes[0]
    assert "A run was cut off; looked for what it had begun: model." == report.notes[1]
    assert in_cloud(tmp_path) == WHOLE
    assert [] == pending(tmp_path)
    again = deploy.up(project, "test", offline=tmp_path)
    assert (0, ()) == (again.changes, again.notes)
    assert {"delete": 3} == deploy.destroy(project, "test", offline=tmp_path).counts
    assert [] == in_cloud(tmp_path)


def test_what_cannot_be_found_again_is_named(write_project: WriteProject, tmp_path: Path) -> None:
    project = write_project("import pulumi_aws as aws\naws.kms.Key('key')")
    stall = Fault("stall", operation="create", label="key", seconds=300)
    killed(project, tmp_path, stall, lambda: ("creating", "key") in pending(tmp_path))

    report = deploy.up(project, "test", offline=tmp_path)

    assert "while it created key: look for a second one" in report.notes[1]
    assert {"create": 1} == report.counts


def test_a_killed_deletion_is_finished_by_the_next(write_project: WriteProject, tmp_path: Path) -> None:
    project = write_project(chain())
    deploy.up(project, "test", offline=tmp_path)
    smaller = write_project("import pulumi_aws as aws\naws.sns.Topic('first', display_name='one')")
    stall = Fault("stall", operation="delete", label="last", seconds=300, after=True)
    killed(
        smaller, tmp_path, stall, lambda: ("deleting", "last") in pending(tmp_path) and "last" not in in_cloud(tmp_path)
    )

    report = deploy.up(smaller, "test", offline=tmp_path)

    assert "looked for what it had begun: last" in report.notes[1]
    assert ["first"] == in_cloud(tmp_path)
    assert 0 == deploy.preview(smaller, "test", offline=tmp_path).changes


REPLACED = """
    import pulumi_aws as aws
    variant = {{"instanceType": {machine!r}, "modelName": "model", "variantName": "all"}}
    config = aws.sagemaker.EndpointConfiguration("config", production_variants=[variant])
    aws.sagemaker.Endpoint("endpoint", name="fixed", endpoint_config_name=config.name)
"""


@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
def test_a_killed_replacement_is_taken_back_and_made_anew_so_nothing_is_left_over(
    after: bool, write_project: WriteProject, tmp_path: Path
) -> None:
    deploy.up(write_project(REPLACED.format(machine="ml.m5.large")), "test", offline=tmp_path)
    larger = write_project(REPLACED.format(machine="ml.m5.xlarge"))
    stall = Fault("stall", operation="create", label="config", seconds=300, after=after)
    both = ["config", "config", "endpoint"] if after else ["config", "endpoint"]
    killed(larger, tmp_path, stall, lambda: ("creating", "config") in pending(tmp_path) and in_cloud(tmp_path) == both)

    report = deploy.up(larger, "test", offline=tmp_path)

    assert report.notes[1] == (
        "A run was cut off while it replaced config: what it had made of that is taken back first."
    )
    assert ["config", "endpoint"] == in_cloud(tmp_path)
    assert "ml.m5.xlarge" in " ".join(contents(tmp_path))
    assert [] == pending(tmp_path)
    again = deploy.up(larger, "test", offline=tmp_path)
    assert (0, ()) == (again.changes, again.notes)


def test_a_kill_before_the_replaced_is_deleted_leaves_nothing_over(write_project: WriteProject, tmp_path: Path) -> None:
    deploy.up(write_project(REPLACED.format(machine="ml.m5.large")), "test", offline=tmp_path)
    larger = write_project(REPLACED.format(machine="ml.m5.xlarge"))
    stall = Fault("stall", operation="delete", label="config", seconds=300)
    killed(larger, tmp_path, stall, lambda: ("deleting", "config") in pending(tmp_path))
    assert ["config", "config", "endpoint"] == in_cloud(tmp_path)

    deploy.up(larger, "test", offline=tmp_path)

    assert ["config", "endpoint"] == in_cloud(tmp_path)
    assert "ml.m5.xlarge" in " ".join(contents(tmp_path))
    assert 0 == deploy.up(larger, "test", offline=tmp_path).changes


@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
def test_a_plugin_that_dies_leaves_a_whole_state_and_a_next_step(
    after: bool, write_project: WriteProject, tmp_path: Path
) -> None:
    project = write_project(chain())

    error = broken_off(project, tmp_path, Fault("die", operation="create", label="model", after=after))

    assert "plugin ended in the middle of its work" in error.remedy
    assert [] == pending(tmp_path)
    if not after:
        assert {"create": 2, "same": 1} == deploy.up(project, "test", offline=tmp_path).counts
        return
    # Nobody was told of the model, so nobody may take it for ours: that is for a person to say.
    second = broken_off(project, tmp_path)
    assert "already exists: fixed" in second.what
    assert "pulumi import TYPE NAME ID" in second.remedy


def test_a_stack_that_another_process_holds_is_left_alone(write_project: WriteProject, tmp_path: Path) -> None:
    project = write_project(chain())
    deploy.up(project, "test", offline=tmp_path)
    lock = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "small" / "test" / "held.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = {"username": "someone", "hostname": os.uname().nodename, "timestamp": "2026-01-01T00:00:00Z"}
    lock.write_text(json.dumps({"pid": os.getpid(), **holder}))

    error = broken_off(project, tmp_path)

    assert "locked" in error.what
    assert f"someone@{os.uname().nodename} (pid {os.getpid()})" in error.what
    assert "pulumi cancel test" in error.remedy
    assert lock.exists()
    lock.unlink()
    assert 0 == deploy.preview(project, "test", offline=tmp_path).changes


# In the providers' own words: pulumi/pulumi-aws#4076, #2285; golang.org/x/oauth2/google; AWS STS, Google's OAuth.
NO_CREDENTIALS = (
    "No valid credential sources found. Please see https://www.pulumi.com/registry/packages/aws/",
    "failed to refresh cached credentials, no EC2 IMDS role found, Get http://169.254.169.254: connection refused",
    "google: could not find default credentials. See https://cloud.google.com/docs/authentication/",
)
NO_LONGER_VALID = (
    "ExpiredToken: The security token included in the request is expired",
    "InvalidClientTokenId: The security token included in the request is invalid",
    'oauth2: cannot fetch token: 400 Bad Request {"error": "invalid_grant", "error_subtype": "invalid_rapt"}',
)


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault("refuse", operation="configure", says=words) for words in NO_CREDENTIALS),
        *(Fault("refuse", operation="create", says=words) for words in NO_LONGER_VALID),
    ],
    ids=lambda fault: fault.says[:20],
)
def test_without_valid_credentials_the_next_step_is_to_log_in(
    fault: Fault, write_project: WriteProject, tmp_path: Path
) -> None:
    error = broken_off(write_project(chain()), tmp_path, fault)
    assert error.remedy.startswith("Log in to the cloud account")


@pytest.mark.parametrize("verb", [deploy.preview, deploy.up, deploy.refresh, deploy.destroy, deploy.exported])
def test_without_a_backend_to_log_in_to_the_next_step_says_so(
    verb: Callable[[Path, str], object], write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    with pytest.raises(DeployError) as raised:
        verb(write_project(chain()), "test")
    assert "PULUMI_ACCESS_TOKEN" in raised.value.what
    assert "pulumi login" in raised.value.remedy


def test_a_cli_of_another_version_is_not_used(
    write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin" / "pulumi"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho v3.100.0\n")
    old.chmod(0o700)
    monkeypatch.setenv("PATH", f"{old.parent}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(DeployError, match=r"v3\.100\.0") as raised:
        deploy.preview(write_project(chain()), "test", offline=tmp_path / "sandbox")
    assert "make pulumi" in raised.value.remedy
