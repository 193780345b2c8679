"""How callers move from today's endpoints to the emitted ones: which first, what they need, how back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.model import Workload
from generator.program.gcp_data import not_nearest
from generator.program.shared_domain import not_shared
from generator.program.site import Site
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
    """One stack's cutover. `notes` and `steps` are Markdown of our own."""

    number: int
    stack: str
    callers: str
    rows: Sequence[Row]
    notes: Sequence[str]
    steps: Sequence[str]


@dataclass(frozen=True, slots=True)
class Retiring:
    """What goes once nothing leads to it. `calls` are models whose callers have to move, `steps` is Markdown."""

    what: Sequence[str]
    calls: Sequence[Row]
    steps: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cutover:
    """All waves, and what holds for several: Markdown of our own."""

    notes: Sequence[str]
    waves: Sequence[Wave]
    retiring: Retiring | None


def cutover(stacks: Mapping[str, values.Stack], site: Site) -> Cutover:
    """Return the waves, smallest stack first: what goes wrong shall go wrong where the fewest models are."""
    regions = {name: stack for name, stack in stacks.items() if isinstance(stack, values.AwsRegion | values.GcpRegion)}
    edge = next((name for name, stack in stacks.items() if isinstance(stack, values.GcpEdge)), None)
    waves: list[Wave] = []
    for name, stack in sorted(regions.items(), key=lambda entry: (model_count(entry[1]), entry[0])):
        models = [model for group in stack.groups if not group.retiring for model in group.models]
        if not models:
            continue
        google = isinstance(stack, values.GcpRegion)
        waves.append(
            Wave(
                number=len(waves) + 1,
                stack=name,
                callers=callers(stack),
                rows=[
                    Row(
                        model.name,
                        model.version,
                        today(site.workloads[model.name]),
                        f"https://{stack.host}{model.path}",
                    )
                    for model in sorted(models, key=lambda model: model.name)
                ],
                notes=moved(stack, models, site),
                steps=[
                    *(project_carried(name, edge, stacks) if google else carried(name, stacks.get(f"{name}-base"))),
                    *steps(name, edge if google else None),
                ],
            )
        )
    return Cutover(shared_domain(stacks, site), waves, retiring(regions, edge))


def retiring(regions: Mapping[str, values.AwsRegion | values.GcpRegion], edge: str | None) -> Retiring | None:
    """Return what the plan no longer has and what has to happen before it goes; None where there is nothing."""
    what: list[str] = []
    calls: list[Row] = []
    gone: list[str] = []
    now = {
        model.key: f"https://{stack.host}{model.path}"
        for stack in regions.values()
        for group in stack.groups
        if not group.retiring
        for model in group.models
    }
    for name, stack in sorted(regions.items()):
        what += [f"group `{group.name}` of stack `{name}`" for group in stack.groups if group.retiring]
        what += [
            f"{len(group.leaving)} models that group `{group.name}` of stack `{name}` served"
            for group in stack.groups
            if group.leaving
        ]
        calls += [
            Row(model.name, model.version, f"https://{stack.host}{model.path}", now.get(model.key, ""))
            for group, model in values.routed(stack.groups)
            if group.retiring or model in group.leaving
        ]
        if all(group.retiring for group in stack.groups):
            gone.append(name)
    if not what:
        return None
    steps = ["`pulumi up` every region's stack: successors begin to serve, and nothing is deleted."]
    if edge is not None:
        steps.append(f"`pulumi up --stack {edge}`: its routes lead to the successors.")
    if calls:
        steps.append("Move the callers of the models listed here from the old URL to the new one.")
    steps.append("Emit once more, with `--drop-retiring` and no other change.")
    # What is left out loses its routes first.
    first = f"`{edge}` first, then " if edge is not None else ""
    steps.append(f"`pulumi up` {first}the regions' stacks: now what retires is deleted.")
    steps += [f"`pulumi destroy --stack {name}`: the project has no such stack any more." for name in gone]
    return Retiring(what, calls, steps)


def shared_domain(stacks: Mapping[str, values.Stack], site: Site) -> list[str]:
    """Say where the fleet's domain leads on each cloud, or why nowhere."""
    amazon = [stack for stack in stacks.values() if isinstance(stack, values.AwsRegion)]
    google = [stack for stack in stacks.values() if isinstance(stack, values.GcpRegion)]
    notes: list[str] = []
    if amazon:
        domain = site.environment("aws").domain
        why = not_shared("aws", amazon, site)
        notes += amazon_domain(domain) if why is None else [nowhere(domain, "AWS", why)]
    if google:
        domain = site.environment("gcp").domain
        why = not_nearest(google, site)
        notes += google_domain(domain) if why is None else [nowhere(domain, "GCP", why)]
    return notes


def nowhere(domain: str, cloud: str, why: str) -> str:
    """Say that a domain leads to no region of a cloud."""
    return f"`{domain}` itself leads to no {cloud} region: {why}. Callers name the region."


def amazon_domain(domain: str) -> list[str]:
    """Say what callers of the nearest AWS region have to know."""
    return [
        f"`{domain}` leads to the AWS region nearest to the caller by latency; all serve the same paths. Such requests "
        "are signed with Signature Version 4A for the region set `*`: a caller cannot know which region will answer, "
        "and a signature of Version 4 is good in one only.",
        f"Each region's certificate has to cover `{domain}` beside the name of the region.",
    ]


def google_domain(domain: str) -> list[str]:
    """Say what callers of the nearest GCP region have to know."""
    return [
        f"`{domain}` leads to the GCP region nearest to the caller; all serve the same paths. Such requests carry an "
        f"ID token for the audience https://{domain}, which every region takes. A region that fails five times in a "
        "row gets none of them for three minutes: requests find that out, there is no health check beforehand.",
        f"The certificate map has to cover `{domain}` beside the names of the regions.",
    ]


def moved(stack: values.AwsRegion | values.GcpRegion, models: Sequence[values.Model], site: Site) -> list[str]:
    """Say why some of a region's paths are not those the fleet asked for."""
    if all(model.path == site.workloads[model.name].path for model in models):
        return []
    if isinstance(stack, values.AwsRegion) and stack.split_paths:
        return [
            f"The {len(models)} models of this region are more than one REST API holds (300 resources, the root and "
            "every part of a path included): each path has the digit of its API in front of it."
        ]
    return [
        "More than one model of this region asked for the same path; each of these got its own name in front of it."
    ]


def model_count(stack: values.AwsRegion | values.GcpRegion) -> int:
    """Count the models of a stack."""
    return sum(len(group.models) for group in stack.groups if not group.retiring)


def callers(stack: values.AwsRegion | values.GcpRegion) -> str:
    """Say what callers of one stack need, in words of our own."""
    if isinstance(stack, values.GcpRegion):
        return (
            f"an ID token for the audience https://{stack.host}, of a member listed under invokers in the "
            "configuration of this stack; nobody is, at first. POST, with the token as bearer."
        )
    return (
        f"requests signed with Signature Version 4 (service execute-api, region {stack.region}), by a role that may "
        "execute-api:Invoke on the output invokeArns of this stack. POST, at most 6 MB, answered within 29 s."
    )


def today(workload: Workload) -> str:
    """Say what serves a workload now."""
    current = workload.current
    if current is None:
        return "not stated"
    replicas = f"{current.replicas} x " if current.replicas is not None else ""
    return f"{current.hosting}, {replicas}{current.instance_type} in {current.region}"


def carried(stack: str, base: values.Stack | None) -> list[str]:
    """Return how what a base stack made is carried over into its region's configuration."""
    if not isinstance(base, values.AwsBase):
        return []
    # Each output has the name of the region's setting.
    names = ["accessLogGroupArn", "artifactBucket", "kmsKeyArn"]
    names += ["alarmTopicArn"] if base.alarm_topic else []
    names += ["certificateArn"] if base.certificate_domain is not None else []
    return [
        f"`pulumi up --stack {stack}-base`, then carry what it made over into the configuration of `{stack}`:\n\n"
        f"   ```sh\n   for name in {' '.join(sorted(names))}; do\n"
        f'     pulumi config set --stack {stack} "$name" "$(pulumi stack output --stack {stack}-base "$name")"\n'
        "   done\n   ```\n"
    ]


def project_carried(stack: str, edge: str | None, stacks: Mapping[str, values.Stack]) -> list[str]:
    """Return how what a GCP project's base stack made is carried over into one region and the load balancer."""
    name, base = next(((n, one) for n, one in stacks.items() if isinstance(one, values.GcpBase)), ("", None))
    region = stacks[stack]
    if base is None or not isinstance(region, values.GcpRegion):
        return []
    outputs = {f"{setting}-{region.region}": (setting, stack) for setting in ("artifactBucket", "kmsKey")}
    lines = [
        f'   pulumi config set --stack {to} {setting} "$(pulumi stack output --stack {name} {output})"'
        for output, (setting, to) in outputs.items()
    ]
    if base.alarm_channel:
        lines += [
            f'   pulumi config set --stack {to} alarmChannel "$(pulumi stack output --stack {name} alarmChannel)"'
            for to in (stack, edge)
            if to is not None
        ]
    return [
        f"Once for the project: `pulumi config set --stack {name} storageAgent "
        f'"$(gcloud storage service-agent --project {base.project})"`, then `pulumi up --stack {name}`.',
        f"Carry what it made over into the configuration:\n\n   ```sh\n{chr(10).join(lines)}\n   ```\n",
    ]


def steps(stack: str, edge: str | None) -> list[str]:
    """Return the order of one wave; `edge` is the stack of the load balancer before this one."""
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
