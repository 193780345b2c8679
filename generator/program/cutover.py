"""How callers move from today's endpoints to the emitted ones: which first, what they need, how back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.model import Fleet, Workload, workloads_by_name
from generator.program.stacks.components import values


@dataclass(frozen=True, slots=True)
class Row:
    """One model: what serves it today, and where it will be."""

    name: str
    version: str
    today: str
    url: str


@dataclass(frozen=True, slots=True)
class Wave:
    """One stack's cutover. `steps` are Markdown of our own; `moved` says that some path got a prefix."""

    number: int
    stack: str
    callers: str
    rows: Sequence[Row]
    moved: bool
    paths: int
    steps: Sequence[str]


def cutover(stacks: Mapping[str, values.Stack], fleet: Fleet) -> list[Wave]:
    """Return the waves, smallest stack first: what goes wrong shall go wrong where the fewest models are."""
    known = workloads_by_name(fleet.workloads)
    regions = {name: stack for name, stack in stacks.items() if not isinstance(stack, values.GcpEdge)}
    edge = next((name for name, stack in stacks.items() if isinstance(stack, values.GcpEdge)), None)
    waves: list[Wave] = []
    for name, stack in sorted(regions.items(), key=lambda entry: (model_count(entry[1]), entry[0])):
        models = [model for group in stack.groups for model in group.models]
        google = isinstance(stack, values.GcpRegion)
        waves.append(
            Wave(
                number=len(waves) + 1,
                stack=name,
                callers=callers(stack),
                rows=[
                    Row(model.name, model.version, today(known[model.name]), f"https://{stack.host}{model.path}")
                    for model in sorted(models, key=lambda model: model.name)
                ],
                moved=any(model.path != known[model.name].path for model in models),
                paths=0 if google else len(models),
                steps=steps(name, edge if google else None),
            )
        )
    return waves


def model_count(stack: values.AwsRegion | values.GcpRegion) -> int:
    """Count the models of a stack."""
    return sum(len(group.models) for group in stack.groups)


def callers(stack: values.AwsRegion | values.GcpRegion) -> str:
    """Say what callers of one stack need, in words of our own."""
    if isinstance(stack, values.GcpRegion):
        return (
            f"an ID token for the audience https://{stack.host}, of a member listed under invokers in the "
            "configuration of this stack; nobody is, at first. POST, with the token as bearer."
        )
    return (
        f"requests signed with Signature Version 4 (service execute-api, region {stack.region}), by a role that may "
        "execute-api:Invoke on the output invokeArn of this stack. POST, at most 6 MB, answered within 29 s."
    )


def today(workload: Workload) -> str:
    """Say what serves a workload now."""
    current = workload.current
    if current is None:
        return "not stated"
    replicas = f"{current.replicas} x " if current.replicas is not None else ""
    return f"{current.hosting}, {replicas}{current.instance_type} in {current.region}"


def steps(stack: str, edge: str | None) -> list[str]:
    """Return the order of one wave."""
    before = [f"Complete the configuration of `{stack}`, then `pulumi up --stack {stack}`."]
    if edge is not None:
        before.append(f"Then `pulumi up --stack {edge}`: the load balancer needs the services to exist.")
    return [
        *before,
        "Call every new URL once: this loads the models and shows that callers are let in.",
        "Send a share of the traffic of one model to its new URL; compare answers, latency and alarms for a day.",
        "Move the other models, each when the one before it has been quiet for an hour.",
        "When nothing has called the endpoints of today for a week, delete them.",
    ]
