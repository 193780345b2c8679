"""Records what a stack's program registers under Pulumi's mocks, with the options the rules look at, as JSON.

A process of its own for each stack: the SDK keeps its state in the module. The mocks are those of `program_inventory`.

Usage: ``python -m tests.policies.recording PROJECT STACK``
"""

import json
import runpy
import sys
import threading
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import MockResourceArgs
from pulumi.runtime.mocks import MockMonitor

from tests.program_inventory import Recorder


class RequestRecorder(Recorder):
    """Keeps resources with their options, which come with the request that its thread is answering."""

    def __init__(self) -> None:
        super().__init__(preview=False)
        self.answering = threading.local()
        self.resources: list[dict[str, Any]] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        request = self.answering.request
        self.resources.append(
            {
                "type": args.typ,
                "name": args.name,
                "urn": self.answering.urn,
                "inputs": args.inputs,
                "provider": args.provider,
                "protect": request.protect,
                "delete_before_replace": request.deleteBeforeReplace,
                "ignore_changes": list(request.ignoreChanges),
                "depends_on": list(request.dependencies),
            }
        )
        return super().new_resource(args)


class RequestMonitor(MockMonitor):
    """Tells the recorder which request it is answering."""

    def __init__(self, recorder: RequestRecorder) -> None:
        super().__init__(recorder)
        self.answering = recorder.answering

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the protocol's)
        """Register as usual."""
        self.answering.request = request
        self.answering.urn = self.make_urn(request.parent, request.type, request.name)
        return super().RegisterResource(request)


def record(project: Path, stack: str) -> list[dict[str, Any]]:
    """Return every resource, sorted by type and name."""
    settings = yaml.safe_load((project / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text())["config"]
    recorder = RequestRecorder()
    name = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
    pulumi.runtime.set_mocks(recorder, name, stack, preview=False, monitor=RequestMonitor(recorder))
    pulumi.runtime.set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    )

    @pulumi.runtime.test
    def run() -> None:
        runpy.run_path(str(project / "stacks"), run_name="__main__")

    run()
    return sorted(recorder.resources, key=lambda entry: (entry["type"], entry["name"]))


if __name__ == "__main__":
    json.dump(record(Path(sys.argv[1]), sys.argv[2]), sys.stdout)
