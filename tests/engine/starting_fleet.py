"""The starting fleet on AWS alone, in one region, and verbs that must come to what is expected of them."""

from pathlib import Path
from typing import Any

import yaml

from generator.starter import starter
from tests import commands


def covey(*arguments: str | Path, code: int = 0) -> str:
    """Run a verb, and return what it printed."""
    result = commands.covey(*arguments)
    assert code == result.exit_code, result.stderr
    return result.stdout


def write_fleet(
    folder: Path, models_per_group: int, *, joined: dict[str, Any] | None = None, apart: str | None = None
) -> None:
    """Write the fleet; `joined` is one more workload, `apart` one that is another tenant's and shares with nobody."""
    folder.mkdir(exist_ok=True)
    (folder / "traffic.csv").write_text(starter()["traffic.csv"])
    content = yaml.safe_load(starter()["fleet.yaml"])
    del content["environments"]["gcp"], content["runtimes"]["sklearn"]["images"]["gcp"]
    content["runtimes"]["sklearn"]["images"]["aws"]["hosting"] = ["sagemaker-multi-model"]
    content["regions"] = {"aws": ["us-east-1"]}
    content["limits"]["models_per_group"] = models_per_group
    for workload in content["workloads"]:
        workload.pop("residency", None)
        if apart is not None:
            workload["tenant"] = "theirs" if workload["name"] == apart else "ours"
    content["workloads"] += [] if joined is None else [joined]
    (folder / "fleet.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
