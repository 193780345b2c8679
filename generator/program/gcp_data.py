"""The GCP stacks as the values an emitted program is written in: every name, figure and path is decided here."""

import math
from collections.abc import Iterator, Mapping, Sequence

from generator.errors import EmitError
from generator.model import HOURS_PER_MONTH, Group, InstanceType
from generator.naming import distinct_slugs
from generator.program.cloud_names import checked, filled, gcp_label, short
from generator.program.gcp_limits import fit_one_instance, fit_one_region, fit_one_url_map
from generator.program.shared_domain import not_shared
from generator.program.site import Site, host, model, public_paths, whole_usd
from generator.program.stacks.components import values


def gcp_stacks(regions: Mapping[str, Sequence[Group]], site: Site) -> dict[str, values.GcpStack]:
    """Return every GCP stack by name.

    Parameters
    ----------
    regions : mapping of str to sequence of Group
        The groups of each region, sorted by name.
    """
    served: dict[str, values.GcpRegion] = {}
    for region, groups in sorted(regions.items()):
        name = f"{site.fleet.environment}-gcp-{region}"
        served[name] = gcp_region(name, groups, site)
    served |= {name: stack for name, stack in site.retirement.stacks.items() if isinstance(stack, values.GcpRegion)}
    stacks: dict[str, values.GcpStack] = {**served}
    if served:
        name = f"{site.fleet.environment}-gcp-edge"
        stacks[name] = gcp_edge(name, list(served.values()), site)
        if site.environment("gcp").base:
            name = f"{site.fleet.environment}-gcp-base"
            stacks[name] = gcp_base(name, sorted(stack.region for stack in served.values()), site)
    return stacks


def gcp_settings(stack: values.GcpStack, site: Site) -> dict[str, str | None]:
    """Return what a stack's configuration is seeded with; what the fleet does not say is None."""
    environment = site.environment("gcp")
    settings = {"alarmChannel": environment.alarm_topic, "alarmEmail": environment.alarm_email}
    if isinstance(stack, values.GcpBase):
        return {"alarmEmail": environment.alarm_email, "managedZone": environment.dns_zone_id}
    if isinstance(stack, values.GcpEdge):
        made = new_certificate_map(site) if environment.base else None
        return settings | {"certificateMap": environment.certificate or made, "managedZone": environment.dns_zone_id}
    return settings | {
        "artifactBucket": filled(environment.artifact_bucket, stack.region, environment.account),
        "monthlyBudgetUsd": whole_usd(environment.monthly_budget_usd),
    }


def gcp_base(stack: str, regions: Sequence[str], site: Site) -> values.GcpBase:
    """Return the data of what is one per project."""
    environment = site.environment("gcp")
    where = "fleet.yaml, environments, gcp"
    if len(regions) > 1 and "{region}" not in environment.artifact_bucket:
        raise EmitError(
            f"{where}, artifact_bucket",
            f"{environment.artifact_bucket[:80]!r} is one bucket for {len(regions)} regions.",
            "Artifacts are read, and paid for, across regions otherwise: write {region} into the name.",
        )
    return values.GcpBase(
        environment=site.fleet.environment,
        fleet=site.project,
        project=checked("GCP project", environment.account, where),
        domain=checked("domain", environment.domain, where),
        certificate_map=new_certificate_map(site) if environment.certificate is None else None,
        alarm_channel=environment.alarm_topic is None and environment.alarm_email is not None,
        labels=site.tags(stack),
        buckets=tuple(
            values.GcpBucket(
                region=region,
                name=checked(
                    "Cloud Storage bucket",
                    filled(environment.artifact_bucket, region, environment.account),
                    f"{where}, artifact_bucket",
                ),
            )
            for region in regions
        ),
    )


def new_certificate_map(site: Site) -> str:
    """Return the name of the certificate map that the base stack makes and the load balancer's stack refers to."""
    return short(f"{site.fleet.environment}-{site.project}", 63)


def gcp_region(stack: str, groups: Sequence[Group], site: Site) -> values.GcpRegion:
    """Return the data of one GCP region's stack."""
    environment = site.environment("gcp")
    project = checked("GCP project", environment.account, "fleet.yaml, environments, gcp")
    paths = public_paths(groups, site)
    region = groups[0].region
    fit_one_region(stack, groups)
    made: list[values.CloudRunGroup] = []
    for group in groups:
        members = site.members(group)
        called = f"{site.fleet.environment}-{group.name}"
        machine = site.machine(group)
        image = site.image(group, members[0], "gcp")
        fit_one_instance(group, machine)
        offering = site.catalog.offering_of.get((group.hosting, group.instance_type, group.region))
        made.append(
            values.CloudRunGroup(
                name=group.name,
                # Cloud Run takes fewer than 50 characters; a service account at least 6, at most 30.
                service=site.succession.name(stack, group, "service", called, 49),
                identity=site.succession.name(stack, group, "identity", called.ljust(6, "0"), 30),
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
                monthly_ceiling_usd=math.ceil(offering.price.usd_per_h * group.max_replicas * HOURS_PER_MONTH)
                if offering
                else None,
                models=tuple(
                    model(workload, site.keys[workload.name], paths[workload.name], gcp_label) for workload in members
                ),
                formerly=site.formerly(group),
                leaving=site.retirement.leaving.get(group.name, ()),
            )
        )
    made += site.retirement.gcp.get(stack, ())
    return values.GcpRegion(
        environment=site.fleet.environment,
        fleet=site.project,
        project=project,
        region=region,
        host=host(environment, region),
        domain=environment.domain,
        labels=site.tags(stack),
        groups=tuple(sorted(made, key=lambda group: group.name)),
    )


def gcp_edge(stack: str, regions: Sequence[values.GcpRegion], site: Site) -> values.GcpEdge:
    """Return the data of the load balancer before all GCP regions."""
    environment = site.environment("gcp")
    names = {group.name for region in regions for group in region.groups if not group.retiring}
    predicts = predict_paths(site)

    def route(region: values.GcpRegion, group: values.CloudRunGroup, model: values.Model) -> values.Route:
        return values.Route(
            # Another region may serve the model by now, under its key.
            key=model.key if model in group.models and not group.retiring else f"{model.key}-{region.region}",
            path=model.path,
            rewrite=rewrite(group, model, predicts),
            latency_s=model.latency_s,
            percentile=model.percentile,
            labels=model.tags,
        )

    def backends(region: values.GcpRegion) -> Iterator[values.Backend]:
        routes: dict[str, list[values.Route]] = {}
        for group, served in values.routed(region.groups):
            # What left the fleet while its group retires has nobody to call it.
            if served.name in predicts:
                routes.setdefault(group.name, []).append(route(region, group, served))
        for group in region.groups:
            if group.name in routes:
                # All regions meet here, and a name belongs to the group that has it by the plan.
                moved = group.retiring and group.name in names
                yield values.Backend(
                    group=short(f"{group.name}-{region.region}", 46) if moved else group.name,
                    service=group.service,
                    routes=tuple(routes[group.name]),
                    formerly=tuple(name for name in group.formerly if name not in names),
                )

    edge = values.GcpEdge(
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
                backends=tuple(backends(region)),
            )
            for region in regions
        ),
        nearest=nearest(regions, predicts) if not_nearest(regions, site) is None else (),
    )
    fit_one_url_map(edge)
    return edge


def predict_paths(site: Site) -> dict[str, str]:
    """Return by workload the path at which its server predicts on GCP."""
    return {
        workload.name: image.predict_path
        for workload in site.fleet.workloads
        if (image := site.fleet.runtimes[workload.runtime].images.get("gcp"))
    }


def rewrite(group: values.CloudRunGroup, served: values.Model, predicts: Mapping[str, str]) -> str:
    """Return what a model's public path becomes before its server."""
    predict = predicts[served.name]
    # A server of several artifacts has to be told which; one of a single artifact knows.
    return f"{predict}/{served.artifact}" if len(values.artifacts(group)) > 1 else predict


def planned(region: values.GcpRegion) -> Iterator[tuple[values.CloudRunGroup, values.Model]]:
    """Yield the models that the plan places in a region, each with its group."""
    for group in region.groups:
        if not group.retiring:
            for served in group.models:
                yield group, served


def not_nearest(regions: Sequence[values.GcpRegion], site: Site) -> str | None:
    """Say why the fleet's domain does not lead to the nearest GCP region; None where it does."""
    why = not_shared("gcp", regions, site)
    if why is not None:
        return why
    predicts = predict_paths(site)
    rewrites: dict[str, set[str]] = {}
    for region in regions:
        for group, served in planned(region):
            rewrites.setdefault(served.path, set()).add(rewrite(group, served, predicts))
    # The URL map rewrites a path before anybody knows which region will answer.
    several = sum(len(paths) > 1 for paths in rewrites.values())
    if several:
        return f"behind {several} of its paths each region has an artifact of its own, and a path is rewritten to one"
    return None


def nearest(regions: Sequence[values.GcpRegion], predicts: Mapping[str, str]) -> tuple[values.Nearest, ...]:
    """Return what the fleet's domain leads to: paths that the same groups answer share one backend."""
    answering: dict[str, list[tuple[str, values.CloudRunGroup, values.Model]]] = {}
    for region in sorted(regions, key=lambda region: region.region):
        for group, served in planned(region):
            answering.setdefault(served.path, []).append((region.region, group, served))
    keys = distinct_slugs(answering, 30)
    services: dict[str, dict[str, str]] = {}
    routes: dict[str, list[values.Route]] = {}
    for path, found in sorted(answering.items()):
        together = " ".join(group.name for _, group, _ in found)
        services[together] = {region: group.service for region, group, _ in found}
        models = [served for _, _, served in found]
        laxest = values.slowest_objective(models)
        _, group, served = found[0]
        routes.setdefault(together, []).append(
            values.Route(
                key=keys[path],
                path=path,
                rewrite=rewrite(group, served, predicts),
                latency_s=laxest.latency_s,
                percentile=laxest.percentile,
                labels=values.shared_tags(models),
            )
        )
    return tuple(
        values.Nearest(name=name, services=services[together], routes=tuple(routes[together]))
        for together, name in sorted(distinct_slugs(services, 22).items())
    )


def accelerator(machine: InstanceType) -> str | None:
    """Return the node selector of a machine's GPU, ``nvidia-l4``."""
    if not machine.gpus or machine.gpu_model is None:
        return None
    return f"nvidia-{machine.gpu_model.lower().removeprefix('nvidia-')}"
