"""The fleet that `covey init` writes, and a project that serves it; who changes either takes a copy."""

import re
from pathlib import Path

from tests.commands import covey


def started(folder: Path) -> Path:
    """Write ``fleet``, its plan ``plan.json``, and ``infra``, the project that the plan recommends."""
    fleet, plan = folder / "fleet", folder / "plan.json"
    _done("init", fleet)
    _done("plan", fleet, "--no-llm", "--save", plan)
    _done("emit", fleet, "--plan", plan, "--into", folder / "infra")
    return folder


def spread(folder: Path) -> Path:
    """Write ``fleet``, and ``infra`` that serves it in three groups where one would do."""
    inventory = folder / "fleet" / "fleet.yaml"
    _done("init", folder / "fleet")
    inventory.write_text(inventory.read_text().replace("models_per_group: 50", "models_per_group: 1"))
    _done("emit", folder / "fleet", "--into", folder / "infra", "--profile", "cheapest")
    inventory.write_text(inventory.read_text().replace("models_per_group: 1", "models_per_group: 50"))
    return folder


def by_group(text: str) -> dict[str, str]:
    """Cut a data file into what stands before its groups, and its groups, or their routes, by name."""
    head, *groups = re.split(r"\n +(?:AwsGroup|CloudRunGroup|Backend)\(\n", text)
    return {"": head, **{part.split('="', 1)[1].split('"', 1)[0]: part for part in groups}}


def _done(*arguments: str | Path) -> None:
    result = covey(*arguments)
    assert 0 == result.exit_code, result.stderr
