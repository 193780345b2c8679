"""Runs a program against mocks, in a process of its own, and prints what it registers as one line of JSON."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.stack import run_pulumi_func

from generator.offline.autoname import autoname
from generator.offline.check import check
from generator.offline.invent import invent
from generator.offline.language import run
from generator.offline.sandbox import read_yaml, readable


class Recorder(Mocks):
    """Notes every resource, and what its provider would refuse about it."""

    def __init__(self) -> None:
        self.resources: list[tuple[str, str]] = []
        self.refusals: list[str] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        """Answer as a provider does in a preview."""
        self.resources.append((args.typ, args.name))
        if not args.custom or args.typ.startswith("pulumi:"):
            return "", {}
        inputs = autoname(args.typ, args.name, {}, args.inputs, args.typ.encode())
        self.refusals += [
            f"{args.typ} {args.name}: {f'{found.path}: ' if found.path else ''}{found.reason}"
            for found in check(args.typ, inputs)
        ]
        outputs = invent(args.typ, inputs, {"region": "us-east-1", "project": "project"}, seed=args.name, preview=False)
        return f"{args.name}-id", outputs

    def call(self, args: MockCallArgs) -> Any:
        """Refuse look-ups, as the stand-in providers do."""
        raise pulumi.RunError(f"{args.token}: the program must not look anything up in the cloud")


def main() -> None:
    """Run the project and stack named by the arguments."""
    project, stack = Path(sys.argv[1]), sys.argv[2]
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
    recorder = Recorder()
    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(recorder, project=str(settings.get("name")), stack=stack, preview=True)
    program = (project / str(settings.get("main") or ".")).resolve()
    try:
        asyncio.get_event_loop().run_until_complete(run_pulumi_func(lambda: run(program, ".")))
    except pulumi.RunError as error:
        sys.exit(str(error))
    print(json.dumps({"resources": recorder.resources, "refusals": recorder.refusals}))  # noqa: T201 (its one output)


if __name__ == "__main__":
    main()
