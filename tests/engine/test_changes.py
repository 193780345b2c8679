"""What a change to a running stack does, what a refresh finds, and what never reaches a file."""

import hashlib
from pathlib import Path

import pytest

from generator import deploy
from generator.offline.faults import drift, lose
from tests.engine.conftest import WriteProject

pytestmark = pytest.mark.engine

ENDPOINT = """
    import pulumi_aws as aws
    model = aws.sagemaker.Model(
        "model",
        execution_role_arn="arn:aws:iam::123456789012:role/execution",
        primary_container={{"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"}},
    )
    config = aws.sagemaker.EndpointConfiguration(
        "config", production_variants=[{{"instanceType": {machine!r}, "modelName": model.name, "variantName": "all"}}]
    )
    aws.sagemaker.Endpoint("endpoint", name="fixed", endpoint_config_name=config.name, tags={{"machine": {machine!r}}})
"""


def operations(report: deploy.StackReport) -> list[tuple[str, str]]:
    return [(resource.name, resource.operation) for resource in report.resources]


def test_a_new_machine_type_replaces_the_configuration_under_a_living_endpoint(
    write_project: WriteProject, tmp_path: Path
) -> None:
    sandbox = tmp_path / "sandbox"
    deploy.up(write_project(ENDPOINT.format(machine="ml.m5.large")), "test", offline=sandbox)
    changed = write_project(ENDPOINT.format(machine="ml.m5.xlarge"))

    planned = deploy.preview(changed, "test", offline=sandbox)
    done = deploy.up(changed, "test", offline=sandbox)

    assert [("endpoint", "update"), ("config", "replace"), ("model", "same")] == operations(planned)
    assert operations(done) == operations(planned)
    assert 0 == deploy.preview(changed, "test", offline=sandbox).changes


def test_a_fixed_name_is_given_free_before_it_is_taken_again(write_project: WriteProject, tmp_path: Path) -> None:
    program = "from pulumi_gcp import compute\ncompute.GlobalAddress('address', name='fixed', description={!r})"
    deploy.up(write_project(program.format("one")), "test", offline=tmp_path / "sandbox")
    changed = write_project(program.format("two"))

    report = deploy.up(changed, "test", offline=tmp_path / "sandbox")

    assert {"replace": 1} == report.counts
    assert 1 == len(list((tmp_path / "sandbox" / "cloud" / "resources").iterdir()))


def test_a_refresh_tells_what_changed_behind_our_back_and_the_next_run_puts_it_right(
    write_project: WriteProject, tmp_path: Path
) -> None:
    sandbox = tmp_path / "sandbox"
    project = write_project("import pulumi_aws as aws\nfor n in ('kept', 'lost', 'changed'): aws.sns.Topic(n)")
    deploy.up(project, "test", offline=sandbox)
    lose(sandbox / "cloud", "lost")
    drift(sandbox / "cloud", "changed", "displayName", "by hand")
    drifted = [("changed", "update"), ("kept", "same"), ("lost", "delete")]

    looked = deploy.refresh(project, "test", offline=sandbox, look_only=True)
    assert operations(looked) == drifted
    assert [("displayName",), (), ()] == [resource.properties for resource in looked.resources]
    # Looking changed nothing: the refresh itself finds the same, and after it there is nothing to find.
    assert operations(deploy.refresh(project, "test", offline=sandbox)) == drifted
    assert 0 == deploy.refresh(project, "test", offline=sandbox).changes

    assert [
        ("changed", "update"),
        ("kept", "same"),
        ("lost", "create"),
    ] == operations(deploy.up(project, "test", offline=sandbox))
    assert 0 == deploy.preview(project, "test", offline=sandbox).changes


def test_a_secret_reaches_no_file_and_no_report(write_project: WriteProject, tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    project = write_project(
        """
        import hashlib
        import pulumi
        import pulumi_aws as aws
        # Made at run time: the program's own text does not hold it.
        word = pulumi.Output.secret(hashlib.sha256(b"covey").hexdigest())
        aws.sns.Topic("topic", display_name=word)
        pulumi.export("word", word)
        pulumi.export("open", "open")
        """
    )
    report = deploy.up(project, "test", offline=sandbox)
    again = deploy.preview(project, "test", offline=sandbox)

    word = hashlib.sha256(b"covey").hexdigest()
    assert {"open": "open"} == report.outputs
    assert 0 == again.changes
    assert word not in repr(report)
    files = [path for path in sandbox.rglob("*") if path.is_file()]
    assert [] == [path for path in files if word in path.read_text(errors="replace")]
    assert any("open" in path.read_text(errors="replace") for path in files)


def test_what_only_its_owner_can_read_is_replaced_and_the_owners_file_is_left_alone(
    write_project: WriteProject, tmp_path: Path
) -> None:
    config = """\
        encryptionsalt: v1:AAAAAAAAAAA=:v1:bm90IGEgcmVhbCBzYWx0:AAAA
        config:
          small:key:
            secure: v1:AAAA:BBBB
          small:plain: written
        """
    program = "import pulumi\npulumi.export('key', pulumi.Config().require('key'))"
    project = write_project(program + "\npulumi.export('plain', pulumi.Config().require('plain'))", config)
    written = (project / "stacks" / "config" / "Pulumi.test.yaml").read_text()

    report = deploy.up(project, "test", offline=tmp_path / "sandbox")

    assert {"key": "offline-secret", "plain": "written"} == report.outputs
    assert (project / "stacks" / "config" / "Pulumi.test.yaml").read_text() == written
