"""Runs a program against mocks, in a process of its own, and writes what it registers to a file as JSON."""

import asyncio
import json
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.stack import run_pulumi_func

from generator.errors import DeployError
from generator.offline.autoname import autoname
from generator.offline.check import check
from generator.offline.identity import identity
from generator.offline.invent import invent
from generator.offline.language import describe, run
from generator.offline.sandbox import read_yaml, readable
from generator.offline.values import Properties, bare


class Recorder(Mocks):
    """Notes every resource, and what its provider would refuse about it."""

    def __init__(self) -> None:
        self.resources: list[dict[str, Any]] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        """Answer as a provider does in a preview."""
        noted: dict[str, Any] = {"type": args.typ, "name": args.name, "urn": "", "inputs": {}, "refusals": []}
        self.resources.append(noted)
        if not args.custom or args.typ.startswith("pulumi:"):
            noted["inputs"] = bare(args.inputs)
            return "", {}
        inputs = autoname(args.typ, args.name, {}, args.inputs, args.typ.encode())
        noted["inputs"] = bare(inputs)
        noted["refusals"] = [{"path": found.path, "reason": found.reason} for found in check(args.typ, inputs)]
        settings: Properties = {"region": "us-east-1", "project": "project"}
        outputs = invent(args.typ, inputs, settings, seed=args.name, preview=False)
        noted["id"], noted["outputs"] = identity(args.typ, args.name, inputs, settings), bare(outputs)
        return noted["id"], outputs

    def call(self, args: MockCallArgs) -> Any:
        """Refuse look-ups, as the stand-in providers do."""
        raise pulumi.RunError(f"{args.token}: the program must not look anything up in the cloud")


class Monitor(MockMonitor):
    """Adds to each note what mocks are not told: the resource's URN, its parent's, its provider, its options."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.recorder = recorder
        self.turn = threading.Lock()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 (the protocol's)
        """Refuse to look a resource up, as the stand-in providers do."""
        raise pulumi.RunError(f"{request.type} {request.name}: the program must not look anything up in the cloud")

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the protocol's)
        """Register a resource."""
        # The SDK registers from several threads; one at a time, the last note is this request's.
        with self.turn:
            response = super().RegisterResource(request)
            if request.type != "pulumi:pulumi:Stack":
                self.recorder.resources[-1] |= {
                    "urn": response.urn,
                    "parent": request.parent,
                    # A reference to a provider is its URN and its id.
                    "provider": request.provider.rsplit("::", 1)[0].rsplit("::", 1)[-1],
                    "delete_before_replace": request.deleteBeforeReplace,
                    "ignore_changes": list(request.ignoreChanges),
                    "protect": request.protect,
                    "depends_on": list(request.dependencies),
                }
            return response


def main() -> None:
    """Run the project and stack named by the arguments, and write to the file named by the third."""
    project, stack, result = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    recorder = Recorder()
    failure: dict[str, Any] | None = None
    try:
        execute(project, stack, recorder)
    except DeployError as error:
        failure = {"message": f"{Path(error.where).name} {error.what}", "file": error.where, "line": 1}
    except Exception as error:  # noqa: BLE001 (whatever the program dies of is its report)
        failure = failed(error, project)
    result.write_text(json.dumps({"resources": recorder.resources, "error": failure}, default=str), encoding="utf-8")


def execute(project: Path, stack: str, recorder: Recorder) -> None:
    """Configure the SDK as the engine would, and run the program."""
    settings = read_yaml(project / "Pulumi.yaml")
    config_file = project / str(settings.get("stackConfigDir") or ".") / f"Pulumi.{stack}.yaml"
    config = readable(read_yaml(config_file)).get("config") or {} if config_file.exists() else {}
    pulumi.runtime.set_all_config(
        {
            (key if ":" in key else f"{settings.get('name')}:{key}"): value
            if isinstance(value, str)
            else json.dumps(value)
            for key, value in config.items()
        }
    )
    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(
        recorder, project=str(settings.get("name")), stack=stack, preview=True, monitor=Monitor(recorder)
    )
    program = (project / str(settings.get("main") or ".")).resolve()
    asyncio.get_event_loop().run_until_complete(run_pulumi_func(lambda: run(program, ".")))


def failed(error: Exception, project: Path) -> dict[str, Any]:
    """Say what a program died of, and where in its project."""
    cause = error.__cause__ if isinstance(error, pulumi.RunError) and isinstance(error.__cause__, Exception) else error
    message = str(error) if isinstance(error, pulumi.RunError) else describe(error, project)
    if isinstance(cause, SyntaxError) and cause.filename:
        return {"message": message, "file": cause.filename, "line": cause.lineno}
    own = [frame for frame in traceback.extract_tb(cause.__traceback__) if Path(frame.filename).is_relative_to(project)]
    # A line of data that cannot be built is where the fault is, rather than the component that met it.
    place = ([frame for frame in own if "groups" in Path(frame.filename).parts] or own or [None])[-1]
    return {"message": message, "file": place and place.filename, "line": place and place.lineno}


if __name__ == "__main__":
    main()
