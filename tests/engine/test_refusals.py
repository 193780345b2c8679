"""What a provider or the engine refuses ends the preview with a sentence a person can act on."""

from pathlib import Path

import pytest

from generator import deploy
from generator.errors import DeployError
from tests.engine.conftest import WriteProject

pytestmark = pytest.mark.engine

CONFIGURATION = """
    import pulumi_aws as aws
    aws.sagemaker.EndpointConfiguration("config", production_variants=[{variant}])
"""


def refused(project: Path, sandbox: Path) -> DeployError:
    with pytest.raises(DeployError) as raised:
        deploy.preview(project, "test", offline=sandbox)
    assert "Traceback" not in str(raised.value)
    assert "\n" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            CONFIGURATION.format(variant="{'instnceType': 'ml.m5.large', 'modelName': 'm'}"),
            "there is no property instnceType; did you mean instanceType?",
        ),
        (
            CONFIGURATION.format(variant="{'instanceType': 'ml.m9.huge', 'modelName': 'm'}"),
            "'ml.m9.huge' is none of AWS's",
        ),
        (
            CONFIGURATION.format(variant="{'initialInstanceCount': 0, 'modelName': 'm'}"),
            "0 is less than AWS's least, 1",
        ),
        (
            'import pulumi_aws as aws\naws.sagemaker.Endpoint("e", name="under_score", endpoint_config_name="c")',
            "'under_score' does not match AWS's pattern",
        ),
        (
            'import pulumi_gcp as gcp\ngcp.cloudrunv2.Service("s", location="us-central1", template={"timeout": 5})',
            "takes text, not 5",
        ),
        (
            "from pulumi_gcp import compute\n"
            'compute.RegionNetworkEndpointGroup("n", region="r", cloud_run={"service": ["s"]})',
            "While processing input: 'cloud_run'",
        ),
        (
            "import pulumi_aws as aws\naws.get_caller_identity()",
            "the program must not look anything up in the cloud",
        ),
        ("broken = 1 /", "__main__.py:1: invalid syntax"),
        ("def inner():\n    return {}['absent']\n\ninner()", "__main__.py:2: KeyError: 'absent'"),
        ("import pulumi\npulumi.Config().require('region')", "Missing required configuration variable"),
    ],
    ids=["misspelt", "enum", "range", "name", "type", "sdk", "invoke", "syntax", "exception", "config"],
)
def test_what_would_fail_later_fails_the_preview(
    program: str, expected: str, write_project: WriteProject, tmp_path: Path
) -> None:
    assert expected in refused(write_project(program), tmp_path / "sandbox").what


def test_a_resource_that_is_refused_is_named(write_project: WriteProject, tmp_path: Path) -> None:
    program = CONFIGURATION.format(variant="{'instnceType': 'ml.m5.large'}")
    error = refused(write_project(program), tmp_path / "sandbox")
    assert "stack test" == error.where
    assert "'config'" in error.what
    assert "productionVariants[0].instnceType" in error.what


def test_a_refused_preview_leaves_the_next_one_free(write_project: WriteProject, tmp_path: Path) -> None:
    refused(write_project("1 / 0"), tmp_path / "sandbox")
    report = deploy.preview(write_project("print('nothing to build')"), "test", offline=tmp_path / "sandbox")
    assert () == report.resources


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, tmp_path / "sandbox")
    assert str(tmp_path / "Pulumi.yaml") == error.where


@pytest.mark.parametrize("stack", ["../outside", "..", "", "a/b", "-x", "x" * 101])
def test_a_stack_name_never_becomes_another_path(stack: str, write_project: WriteProject, tmp_path: Path) -> None:
    project = write_project("")
    kept = tmp_path / "sandbox" / "outside" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with pytest.raises(DeployError, match="no name of a stack"):
        deploy.preview(project, stack, offline=tmp_path / "sandbox")
    assert kept.exists()


def test_a_program_outside_its_project_is_refused(write_project: WriteProject, tmp_path: Path) -> None:
    project = write_project("")
    (project / "Pulumi.yaml").write_text("name: small\nruntime: python\nmain: ../elsewhere\n")
    assert "lies outside the project" in refused(project, tmp_path / "sandbox").what


def test_without_a_cli_the_error_says_how_to_get_one(
    write_project: WriteProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    error = refused(write_project(""), tmp_path / "sandbox")
    assert "make pulumi" in error.remedy


def test_in_process_refusals_are_as_readable(write_project: WriteProject) -> None:
    program = CONFIGURATION.format(variant="{'instnceType': 'ml.m5.large'}")
    with pytest.raises(DeployError, match=r"productionVariants\[0\].instnceType: there is no property"):
        deploy.preview_in_process(write_project(program), "test")
    with pytest.raises(DeployError, match=r"__main__.py:1: ZeroDivisionError") as raised:
        deploy.preview_in_process(write_project("1 / 0"), "test")
    assert "Traceback" not in str(raised.value)
