"""A chosen layout as a Pulumi project: components copied as they are, data spelled, nothing read and nothing written.

The project holds one stack for each cloud and region, and on GCP one more for the load balancer. What the plan decides is
data in ``stacks/groups/``; what a foundation provides is seeded into ``stacks/config/``; all else is the same in every
project. `.covey.json` carries the digest of every file but the seeds, so that edits are noticed.
"""

import ast
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import cast

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from generator.cutover import cutover
from generator.errors import EmitError
from generator.model import (
    Catalog,
    Cloud,
    Environment,
    Fleet,
    Group,
    Image,
    InstanceType,
    Layout,
    Program,
    Workload,
    workloads_by_name,
)
from generator.naming import slug
from generator.program.stacks.components import values
from generator.spelling import argument, code, item, prose, py

HOURS_PER_MONTH = 730
MANIFEST = ".covey.json"
SEEDS = "stacks/config/"

NAMES: Mapping[str, str] = {
    "environment": r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?",
    "region": r"[a-z]+(-[a-z0-9]+)+",
    "group": r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
    # What both a path part of API Gateway and an exact rule of a URL map take.
    "path": r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+",
    # No quote, so that it can stand in a static header; no wildcard, so that it can stand in a policy.
    "artifact": r"[A-Za-z0-9][A-Za-z0-9._=+-]*(/[A-Za-z0-9_=+-][A-Za-z0-9._=+-]*)*",
    "domain": r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
    "AWS account": r"[0-9]{12}",
    "GCP project": r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
}


def emit(layout: Layout, fleet: Fleet, catalog: Catalog) -> Program:
    """Write a layout down as a Pulumi project.

    Parameters
    ----------
    layout : Layout
        The groups to serve. Names of groups are distinct.
    fleet : Fleet
        The workloads in them, their runtimes and environments.
    catalog : Catalog
        What the layout's instance types are, and what they cost.

    Returns
    -------
    Program
        The same bytes for the same values. Lines of a group depend on that group and its workloads alone.

    Raises
    ------
    EmitError
        If a name cannot stand in the program, a group cannot be hosted as it says, or what came out is not Python.
    """
    site = _Site(fleet, catalog, workloads_by_name(fleet.workloads))
    checked("environment", fleet.environment, "fleet.yaml, environment")
    by_region: dict[tuple[Cloud, str], list[Group]] = {}
    seen: set[str] = set()
    for group in sorted(layout.groups, key=lambda group: group.name):
        checked("group", group.name, f"group {group.name!r}")
        if group.name in seen:
            raise EmitError(f"group {group.name}", "two groups have this name.", "Name every group differently.")
        seen.add(group.name)
        by_region.setdefault((group.cloud, checked("region", group.region, f"group {group.name}")), []).append(group)

    stacks: dict[str, values.Stack] = {}
    for (cloud, region), groups in sorted(by_region.items()):
        name = f"{fleet.environment}-{cloud}-{region}"
        stacks[name] = aws_region(name, groups, site) if cloud == "aws" else gcp_region(name, groups, site)
    google = [stack for stack in stacks.values() if isinstance(stack, values.GcpRegion)]
    if google:
        name = f"{fleet.environment}-gcp-edge"
        stacks[name] = gcp_edge(name, google, site)

    files = dict(STATIC)
    files["Pulumi.yaml"] = spell(
        "Pulumi.yaml", project=site.project, description=f"Model endpoints of {fleet.environment}, grouped by covey"
    )
    files["stacks/groups/__init__.py"] = '"""One file a stack: what it serves, as data."""\n'
    for name, stack in stacks.items():
        template, settings, reference = seed(stack, site)
        files[f"stacks/groups/{name.replace('-', '_')}.py"] = spell(template, stack=stack)
        files[f"{SEEDS}Pulumi.{name}.yaml"] = spell("config.yaml", settings=settings, reference=reference)
    files["CUTOVER.md"] = spell("CUTOVER.md", waves=cutover(stacks, fleet))
    for path, text in files.items():
        if path.endswith(".py"):
            parse(path, text)
    files[MANIFEST] = manifest(files)
    return Program(dict(sorted(files.items())), tuple(sorted(stacks)))


def checked(kind: str, text: str, where: str) -> str:
    """Return a name that may stand in the program as it is, or refuse it."""
    if re.fullmatch(NAMES[kind], text) is None:
        raise EmitError(where, f"{text[:80]!r} is no {kind} name that clouds accept.", f"Write it as {NAMES[kind]}.")
    return text


@dataclass(frozen=True, slots=True)
class _Site:
    """What every stack needs to know of fleet and catalogue."""

    fleet: Fleet
    catalog: Catalog
    workloads: Mapping[str, Workload]

    @property
    def project(self) -> str:
        return slug(self.fleet.name, 60)

    def environment(self, cloud: Cloud) -> Environment:
        environment = self.fleet.environments.get(cloud)
        if environment is None:
            raise EmitError("fleet.yaml, environments", f"{cloud} has groups but no entry.", f"Describe {cloud} there.")
        return environment

    def members(self, group: Group) -> list[Workload]:
        """Return a group's workloads by name, each one that this group can serve."""
        missing = [name for name in group.workloads if name not in self.workloads]
        if missing or not group.workloads:
            raise EmitError(f"group {group.name}", f"has no such workloads: {missing}.", "Plan this fleet anew.")
        members = [self.workloads[name] for name in sorted(group.workloads)]
        for workload in members:
            where = f"workload {workload.name[:80]!r}"
            checked("path", workload.path, where)
            checked("artifact", workload.artifact, where)
        alone = group.hosting in ("sagemaker-single-model", "sagemaker-serverless")
        if alone and len({workload.artifact for workload in members}) > 1:
            raise EmitError(f"group {group.name}", f"{group.hosting} serves one artifact only.", "Split the group.")
        return members

    def image(self, group: Group, workload: Workload, cloud: Cloud) -> Image:
        runtime = self.fleet.runtimes.get(workload.runtime)
        image = runtime.images.get(cloud) if runtime else None
        if image is None:
            raise EmitError(
                f"group {group.name}", f"runtime {workload.runtime!r} has no image on {cloud}.", "Add it to runtimes."
            )
        return image

    def machine(self, group: Group) -> InstanceType:
        machine = self.catalog.instance_types.get(group.instance_type)
        if machine is None:
            raise EmitError(
                f"group {group.name}", f"{group.instance_type!r} is not in the catalogue.", "Plan with this catalogue."
            )
        return machine

    def tags(self, stack: str) -> dict[str, str]:
        """Return what all resources of a stack carry, in letters that both clouds accept."""
        tags = {
            "environment": self.fleet.environment,
            "fleet": gcp_label(self.fleet.name),
            "managed-by": "covey",
            "stack": stack,
        }
        if self.fleet.cost_centre is not None:
            tags["cost-centre"] = gcp_label(self.fleet.cost_centre)
        return dict(sorted(tags.items()))


def aws_region(stack: str, groups: Sequence[Group], site: _Site) -> values.AwsRegion:
    """Return the data of one AWS region's stack."""
    environment = site.environment("aws")
    account = checked("AWS account", environment.account, "fleet.yaml, environments, aws")
    paths = public_paths(groups, site)
    region = groups[0].region
    made: list[values.AwsGroup] = []
    for group in groups:
        members = site.members(group)
        machine = site.machine(group)
        offering = site.catalog.offering_of.get((group.hosting, group.instance_type, group.region))
        made.append(
            values.AwsGroup(
                name=group.name,
                endpoint=short(f"{site.fleet.environment}-{group.name}", 63),
                hosting=cast("values.AwsHosting", group.hosting),
                instance_type=group.instance_type,
                image=filled(site.image(group, members[0], "aws").template, group.region, account),
                min_replicas=group.min_replicas,
                max_replicas=group.max_replicas,
                invocations_per_minute=round(group.target_utilization * group.replica_rps * 60.0, 3),
                cores=machine.vcpus,
                gpus=machine.gpus,
                memory_mb=round(machine.memory_gib * 1024),
                concurrency=min(200, max(1, group.max_replicas * group.slots)),  # 200 is what one endpoint may ask for.
                volume_key=not has_local_storage(group.instance_type),
                monthly_ceiling_usd=math.ceil(offering.price.usd_per_h * group.max_replicas * HOURS_PER_MONTH)
                if offering
                else None,
                models=tuple(model(workload, paths[workload.name], aws_tag) for workload in members),
            )
        )
    return values.AwsRegion(
        environment=site.fleet.environment,
        fleet=site.project,
        account=account,
        region=region,
        host=host(environment, region),
        api=short(f"{site.fleet.environment}-{site.project}", 63),
        tags=site.tags(stack),
        groups=tuple(made),
    )


def gcp_region(stack: str, groups: Sequence[Group], site: _Site) -> values.GcpRegion:
    """Return the data of one GCP region's stack."""
    environment = site.environment("gcp")
    project = checked("GCP project", environment.account, "fleet.yaml, environments, gcp")
    paths = public_paths(groups, site)
    region = groups[0].region
    made: list[values.CloudRunGroup] = []
    for group in groups:
        members = site.members(group)
        machine = site.machine(group)
        image = site.image(group, members[0], "gcp")
        made.append(
            values.CloudRunGroup(
                name=group.name,
                service=service_name(group, site),
                identity=short(f"{site.fleet.environment}-{group.name}", 30).ljust(6, "0"),
                image=filled(image.template, group.region, project),
                port=image.port,
                health_path=image.health_path,
                cores=machine.vcpus,
                memory_gib=machine.memory_gib,
                accelerator=accelerator(machine),
                min_replicas=group.min_replicas,
                max_replicas=group.max_replicas,
                concurrency=min(1000, group.slots),  # 1,000 is what one instance may be given.
                concurrency_utilization=round(min(0.95, max(0.1, group.target_utilization)), 2),
                models=tuple(model(workload, paths[workload.name], gcp_label) for workload in members),
            )
        )
    return values.GcpRegion(
        environment=site.fleet.environment,
        fleet=site.project,
        project=project,
        region=region,
        host=host(environment, region),
        labels=site.tags(stack),
        groups=tuple(made),
    )


def gcp_edge(stack: str, regions: Sequence[values.GcpRegion], site: _Site) -> values.GcpEdge:
    """Return the data of the load balancer before all GCP regions."""
    environment = site.environment("gcp")
    predict_paths = {
        workload.name: image.predict_path
        for workload in site.fleet.workloads
        if (image := site.fleet.runtimes[workload.runtime].images.get("gcp"))
    }

    def route(group: values.CloudRunGroup, model: values.Model) -> values.Route:
        # A server of several artifacts has to be told which; one of a single artifact knows.
        several = len({other.artifact for other in group.models}) > 1
        predict = predict_paths[model.name]
        return values.Route(
            key=model.key,
            path=model.path,
            rewrite=f"{predict}/{model.artifact}" if several else predict,
            latency_s=model.latency_s,
            percentile=model.percentile,
            labels=model.tags,
        )

    return values.GcpEdge(
        environment=site.fleet.environment,
        fleet=site.project,
        project=environment.account,
        domain=environment.domain,
        url_map=short(f"{site.fleet.environment}-{site.project}", 63),
        labels=site.tags(stack),
        hosts=tuple(
            values.Host(
                region=region.region,
                host=region.host,
                backends=tuple(
                    values.Backend(
                        group=group.name,
                        service=group.service,
                        routes=tuple(route(group, model) for model in group.models),
                    )
                    for group in region.groups
                ),
            )
            for region in regions
        ),
    )


def public_paths(groups: Sequence[Group], site: _Site) -> dict[str, str]:
    """Return the public path of every workload of one region, where each path has one owner.

    Workloads that ask for the same path, because they were planned for different regions, each get their own key before
    it: who else is there decides whether, never which.
    """
    members = [workload for group in groups for workload in site.members(group)]
    wanted: dict[str, int] = {}
    for workload in members:
        wanted[workload.path] = wanted.get(workload.path, 0) + 1
    return {
        workload.name: workload.path if wanted[workload.path] == 1 else f"/{key(workload.name)}{workload.path}"
        for workload in members
    }


def model(workload: Workload, path: str, sanitise: Callable[[str], str]) -> values.Model:
    """Return a workload as the program sees it."""
    tags = dict(workload.tags)
    if workload.cohort is not None:
        tags["cohort"] = workload.cohort
    clean = {sanitise(name)[:63]: sanitise(value) for name, value in sorted(tags.items())}
    return values.Model(
        key=key(workload.name),
        name=workload.name,
        version=workload.version,
        path=path,
        artifact=workload.artifact,
        latency_s=workload.objective.latency_s,
        percentile=workload.objective.percentile,
        tags=dict(sorted(clean.items())),
    )


def key(name: str) -> str:
    """Return a workload's stable slug, from its name alone: adding another never renames a resource."""
    plain = slug(name)
    return plain if plain == name else f"{plain[:31].rstrip('-')}-{sha256(name.encode()).hexdigest()[:8]}"


def short(name: str, length: int) -> str:
    """Return a physical name of at most `length` characters; what is cut is replaced by a digest of all of it."""
    if len(name) <= length:
        return name
    return f"{name[: length - 8].rstrip('-')}-{sha256(name.encode()).hexdigest()[:7]}"


def service_name(group: Group, site: _Site) -> str:
    """Return the physical name of a group's Cloud Run service, which takes fewer than 50 characters."""
    return short(f"{site.fleet.environment}-{group.name}", 49)


def filled(template: str, region: str, account: str) -> str:
    """Fill a template of the fleet. Not `str.format`: what stands between braces is not ours to evaluate."""
    return template.replace("{region}", region).replace("{account}", account)


def host(environment: Environment, region: str) -> str:
    """Return the domain of one region."""
    return f"{region}.{checked('domain', environment.domain, f'fleet.yaml, environments, {environment.cloud}')}"


def has_local_storage(instance_type: str) -> bool:
    """Whether an ``ml.`` type comes with NVMe disks, on which SageMaker refuses a volume key (CreateEndpointConfig, KmsKeyId)."""
    family = instance_type.split(".")[1] if instance_type.count(".") == 2 else ""
    return re.fullmatch(r"(?:[a-z]+\d[a-z]*d[a-z]*|g[4-9].*|p[3-9]d.*|p[4-9].*|trn.*)", family) is not None


def accelerator(machine: InstanceType) -> str | None:
    """Return the node selector of a machine's GPU, ``nvidia-l4``."""
    if not machine.gpus or machine.gpu_model is None:
        return None
    return f"nvidia-{machine.gpu_model.lower().removeprefix('nvidia-')}"


def aws_tag(text: str) -> str:
    """Return text in letters that AWS accepts in tag keys and values, of which ``aws:`` is reserved."""
    clean = re.sub(r"[^A-Za-z0-9 _.:/=+@-]", "_", text)[:256].strip()
    return "_" + clean[4:] if clean.lower().startswith("aws:") else clean or "_"


def gcp_label(text: str) -> str:
    """Return text in letters that GCP accepts in label keys and values: lower case, a letter first, 63 at most."""
    clean = re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
    return clean if clean[:1].isalpha() else f"x{clean[:62]}"


def seed(stack: values.Stack, site: _Site) -> tuple[str, list[tuple[str, str]], str]:
    """Return a stack's template, the settings its configuration starts with, and where all settings are listed."""
    template, reference, cloud = SEEDED[type(stack)]
    environment = site.environment(cloud)
    region = "" if isinstance(stack, values.GcpEdge) else stack.region

    def local(text: str) -> str:
        return filled(text, region, environment.account)

    settings: dict[str, str | None] = {"alarmEmail": environment.alarm_email}
    topic = local(environment.alarm_topic) if environment.alarm_topic else None
    if isinstance(stack, values.AwsRegion):
        settings["artifactBucket"] = local(environment.artifact_bucket)
        settings["hostedZoneId"] = environment.dns_zone_id
        settings["certificateArn"] = local(environment.certificate)
        settings["alarmTopicArn"] = topic
    else:
        settings["alarmChannel"] = topic
    if isinstance(stack, values.GcpRegion):
        settings["artifactBucket"] = local(environment.artifact_bucket)
    if isinstance(stack, values.GcpEdge):
        settings["certificateMap"] = environment.certificate
        settings["managedZone"] = environment.dns_zone_id
    elif environment.monthly_budget_usd is not None:
        settings["monthlyBudgetUsd"] = str(round(environment.monthly_budget_usd))
    known = [(f"{site.project}:{name}", value) for name, value in sorted(settings.items()) if value]
    return template, known, reference


SEEDED: Mapping[type[values.Stack], tuple[str, str, Cloud]] = {
    values.AwsRegion: ("aws_region.py", "stacks/components/aws.py", "aws"),
    values.GcpRegion: ("gcp_region.py", "stacks/components/gcp.py", "gcp"),
    values.GcpEdge: ("gcp_edge.py", "stacks/components/gcp_edge.py", "gcp"),
}


def spell(template: str, **view: object) -> str:
    """Fill one template; what cannot be spelled is an `EmitError` that names it."""
    try:
        return TEMPLATES.get_template(f"{template}.jinja").render(view)
    except (TypeError, ValueError) as error:
        raise EmitError(
            f"template {template}", f"{error}.", "Correct the value in fleet.yaml, or plan anew."
        ) from error


def parse(path: str, text: str) -> None:
    """Refuse what is not Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise EmitError(f"{path}, line {line}", f"is not Python: {error}.", "Report this, with the fleet.") from error


def manifest(files: Mapping[str, str]) -> str:
    """Return the digests by which edits are noticed. Seeds belong to their owner, so they have none."""
    digests = {
        path: sha256(text.encode()).hexdigest() for path, text in sorted(files.items()) if not path.startswith(SEEDS)
    }
    return json.dumps({"format": 1, "sha256": digests}, indent=2, sort_keys=True) + "\n"


def _static(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _static(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".txt", ".toml", ".json")):
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")


def _templates() -> Templates:
    templates = Templates(
        loader=PackageLoader("generator", "program/templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - what is spelled is Python, YAML and Markdown: every value passes its own filter
    )
    templates.filters.update({"argument": argument, "code": code, "item": item, "prose": prose, "py": py})
    return templates


STATIC: Mapping[str, str] = dict(sorted(_static(resources.files("generator") / "program" / "stacks", "stacks/")))
TEMPLATES = _templates()
