"""The happy input of every rule: what the program at the root of this repository registers, as recorded once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policies.rule import Resource, Settings
from policies.settings import read_settings

ROOT = Path(__file__).parents[2]
STACKS = sorted(path.name.split(".")[1] for path in (ROOT / "stacks" / "config").iterdir())

Stacks = dict[str, tuple[Resource, ...]]


def recorded(project: Path, stack: str) -> tuple[Resource, ...]:
    command = [sys.executable, "-B", "-m", "tests.policies.recording", str(project), stack]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return tuple(
        Resource(
            type=entry["type"],
            name=entry["name"],
            urn=entry["urn"],
            props=entry["inputs"],
            # The engine's reference is the provider's URN and id.
            provider=entry["provider"].split("::")[-2] if entry["provider"] else "",
            protect=entry["protect"],
            delete_before_replace=entry["delete_before_replace"],
            ignore_changes=entry["ignore_changes"],
            depends_on=entry["depends_on"],
        )
        for entry in json.loads(ran.stdout)
    )


@pytest.fixture(scope="session")
def stacks() -> Stacks:
    """Resources of each stack of the emitted project, by the stack's name."""
    return {stack: recorded(ROOT, stack) for stack in STACKS}


@pytest.fixture(scope="session")
def settings() -> Settings:
    return read_settings()
