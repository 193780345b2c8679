"""The real CLI for every test in this folder: where there is none the tests fail, they never pass unseen."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from generator.pulumi_cli import Cli, find_cli

WriteProject = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def cli() -> Cli:
    found = find_cli()
    if found is None:
        pytest.fail("no Pulumi CLI that fits: run `make pulumi`", pytrace=False)
    return found


@pytest.fixture
def write_project(tmp_path: Path) -> WriteProject:
    def write(program: str, config: str = "") -> Path:
        project = tmp_path / "project"
        (project / "stacks" / "config").mkdir(parents=True, exist_ok=True)
        (project / "Pulumi.yaml").write_text(
            "name: small\nruntime: python\nmain: stacks/\nstackConfigDir: stacks/config\n"
        )
        (project / "stacks" / "__main__.py").write_text(dedent(program))
        (project / "stacks" / "config" / "Pulumi.test.yaml").write_text(dedent(config))
        return project

    return write
