"""The happy input of every rule: what the program at the root of this repository registers, as recorded once."""

from pathlib import Path

import pytest

from policies.rule import Resource, Settings
from policies.settings import read_settings
from tests.recorded import recorded

ROOT = Path(__file__).parents[2]
STACKS = sorted(path.name.split(".")[1] for path in (ROOT / "stacks" / "config").iterdir())

Stacks = dict[str, tuple[Resource, ...]]


def resources(project: Path, stack: str) -> tuple[Resource, ...]:
    return tuple(
        Resource(
            type=entry["type"],
            name=entry["name"],
            urn=entry["options"]["urn"],
            props=entry["inputs"],
            # The engine's reference is the provider's URN and id.
            provider=entry["provider"].split("::")[-2] if entry["provider"] else "",
            protect=entry["options"]["protect"],
            delete_before_replace=entry["options"]["deleteBeforeReplace"],
            ignore_changes=entry["options"]["ignoreChanges"],
            depends_on=entry["options"]["dependsOnUrns"],
        )
        for entry in recorded(project, stack, "update")
    )


@pytest.fixture(scope="session")
def stacks() -> Stacks:
    """Resources of each stack of the emitted project, by the stack's name."""
    return {stack: resources(ROOT, stack) for stack in STACKS}


@pytest.fixture(scope="session")
def settings() -> Settings:
    return read_settings()
