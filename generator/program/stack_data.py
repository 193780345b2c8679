"""Groups as the values an emitted program is written in: every name, figure and path of it is decided here."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from generator.errors import EmitError
from generator.model import Catalog, Cloud, Environment, Fleet, Group, Image, InstanceType, Workload
from generator.naming import slug
from generator.program.cloud_names import aws_tag, checked, filled, gcp_label, short
from generator.program.stacks.components import values

HOURS_PER_MONTH = 730


@dataclass(frozen=True, slots=True)
class Site:
    """What every stack needs to know of fleet and catalogue. `keys` are the workloads' slugs, distinct in the fleet."""

    fleet: Fleet
    catalog: Catalog
    workloads: Mapping[str, Workload]
    keys: Mapping[str, str]

    @property
    def project(self) -> str:
        """Name of the Pulumi project."""
        return slug(self.fleet.name, 60)

    def environment(self, cloud: Cloud) -> Environment:
        """Return where one cloud's resources live."""
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
        if group.cloud == "aws" and (odd := [w.artifact for w in members if not w.artifact.endswith(".tar.gz")]):
            raise EmitError(
                f"group {group.name}", f"SageMaker takes .tar.gz only, not {odd[0]}.", "Pack it, or exclude AWS for it."
            )
        alone = group.hosting in ("sagemaker-single-model", "sagemaker-serverless")
        if alone and len({workload.artifact for workload in members}) > 1:
            raise EmitError(f"group {group.name}", f"{group.hosting} serves one artifact only.", "Split the group.")
        return members

    def image(self, group: Group, workload: Workload, cloud: Cloud) -> Image:
        """Return how a group's runtime is hosted."""
        runtime = self.fleet.runtimes.get(workload.runtime)
        image = runtime.images.get(cloud) if runtime else None
        if image is None:
            raise EmitError(
                f"group {group.name}", f"runtime {workload.runtime!r} has no image on {cloud}.", "Add it to runtimes."
            )
        return image

    def machine(self, group: Group) -> InstanceType:
        """Return what a group's instance type is."""
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


def aws_region(stack: str, groups: Sequence[Group], site: Site) -> values.AwsRegion:
    """Return the data of one AWS region's stack."""
    environment = site.environment("aws")
    account = checked("AWS account", environment.account, "fleet.yaml, environments, aws")
    paths = public_paths(groups, site)
    region = groups[0].region
    made: list[values.AwsGroup] = []
    for group in groups:
        members = site.members(group)
        machine = site.machine(group)
        serverless = group.hosting == "sagemaker-serverless"
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
                memory_mb=round(machine.memory_gib * 1024) if serverless else 0,
                # 200 is what one endpoint may ask for.
                concurrency=min(200, max(1, group.max_replicas * group.slots)) if serverless else 0,
                volume_key=not has_local_storage(group.instance_type),
                monthly_ceiling_usd=math.ceil(offering.price.usd_per_h * group.max_replicas * HOURS_PER_MONTH)
                if offering
                else None,
                models=tuple(
                    model(workload, site.keys[workload.name], paths[workload.name], aws_tag) for workload in members
                ),
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


def gcp_region(stack: str, groups: Sequence[Group], site: Site) -> values.GcpRegion:
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
                models=tuple(
                    model(workload, site.keys[workload.name], paths[workload.name], gcp_label) for workload in members
                ),
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


def gcp_edge(stack: str, regions: Sequence[values.GcpRegion], site: Site) -> values.GcpEdge:
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


def public_paths(groups: Sequence[Group], site: Site) -> dict[str, str]:
    """Return the public path of every workload of one region, where each path has one owner.

    Workloads that ask for the same path, because they were planned for different regions, each get their own key before
    it: who else is there decides whether, never which.
    """
    members = [workload for group in groups for workload in site.members(group)]
    wanted: dict[str, int] = {}
    for workload in members:
        wanted[workload.path] = wanted.get(workload.path, 0) + 1
    return {
        workload.name: workload.path if wanted[workload.path] == 1 else f"/{site.keys[workload.name]}{workload.path}"
        for workload in members
    }


def model(workload: Workload, key: str, path: str, sanitise: Callable[[str], str]) -> values.Model:
    """Return a workload as the program sees it."""
    tags = dict(workload.tags)
    if workload.cohort is not None:
        tags["cohort"] = workload.cohort
    clean = {sanitise(name)[:63]: sanitise(value) for name, value in sorted(tags.items())}
    return values.Model(
        key=key,
        name=workload.name,
        version=workload.version,
        path=path,
        artifact=workload.artifact,
        latency_s=workload.objective.latency_s,
        percentile=workload.objective.percentile,
        tags=dict(sorted(clean.items())),
    )


def service_name(group: Group, site: Site) -> str:
    """Return the physical name of a group's Cloud Run service, which takes fewer than 50 characters."""
    return short(f"{site.fleet.environment}-{group.name}", 49)


def host(environment: Environment, region: str) -> str:
    """Return the domain of one region."""
    return f"{region}.{checked('domain', environment.domain, f'fleet.yaml, environments, {environment.cloud}')}"


def has_local_storage(instance_type: str) -> bool:
    """Whether an ``ml.`` type has NVMe disks, on which SageMaker refuses a key (CreateEndpointConfig, KmsKeyId)."""
    family = instance_type.split(".")[1] if instance_type.count(".") == 2 else ""
    return re.fullmatch(r"(?:[a-z]+\d[a-z]*d[a-z]*|g[4-9].*|p[3-9]d.*|p[4-9].*|trn.*)", family) is not None


def accelerator(machine: InstanceType) -> str | None:
    """Return the node selector of a machine's GPU, ``nvidia-l4``."""
    if not machine.gpus or machine.gpu_model is None:
        return None
    return f"nvidia-{machine.gpu_model.lower().removeprefix('nvidia-')}"
