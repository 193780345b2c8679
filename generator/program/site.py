"""What every stack needs to know of fleet and catalogue, and how a workload is written into any of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.errors import EmitError
from generator.model import Catalog, Cloud, Environment, Fleet, Group, Image, InstanceType, Workload
from generator.naming import slug
from generator.program.cloud_names import checked, gcp_label
from generator.program.retirement import Retirement
from generator.program.stacks.components import values
from generator.program.succession import Succession


@dataclass(frozen=True, slots=True)
class Site:
    """What every stack needs to know of fleet and catalogue.

    Parameters
    ----------
    keys : mapping of str to str
        The workloads' slugs, distinct in the fleet.
    clouds : frozenset of str
        Where the layout has groups.
    """

    fleet: Fleet
    catalog: Catalog
    workloads: Mapping[str, Workload]
    keys: Mapping[str, str]
    clouds: frozenset[Cloud]
    succession: Succession
    retirement: Retirement

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

    def formerly(self, group: Group) -> tuple[str, ...]:
        """Return the names by which a running stack may still know a group."""
        return tuple(name for name, _ in self.succession.formerly[group.name])

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


def host(environment: Environment, region: str) -> str:
    """Return the domain of one region."""
    return f"{region}.{checked('domain', environment.domain, f'fleet.yaml, environments, {environment.cloud}')}"


def whole_usd(amount: float | None) -> str | None:
    """Return dollars as a stack's configuration holds them."""
    return None if amount is None else str(round(amount))
