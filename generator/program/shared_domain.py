"""Whether the fleet's own domain can lead to the nearest region of a cloud, and if not, why."""

from collections.abc import Sequence

from generator.model import Cloud
from generator.program.site import Site
from generator.program.stacks.components import values


def not_shared(cloud: Cloud, stacks: Sequence[values.AwsRegion | values.GcpRegion], site: Site) -> str | None:
    """Say why the fleet's domain does not lead to the nearest region of a cloud; None where nothing bars it.

    Parameters
    ----------
    stacks : sequence of AwsRegion or GcpRegion
        All regions of that cloud.
    """
    name = cloud.upper()
    regions = [[group for group in stack.groups if not group.retiring] for stack in stacks]
    regions = [groups for groups in regions if groups]
    if len(regions) < 2:
        return f"{name} serves from one region only"
    served = [{model.path for group in groups for model in group.models} for groups in regions]
    if any(paths != served[0] for paths in served):
        return f"its {name} regions do not all serve the same paths"
    bound = sorted(
        model.name
        for groups in regions
        for group in groups
        for model in group.models
        if site.workloads[model.name].residency
    )
    if bound:
        return f"{len(bound)} of its models may be served in some places only, and the nearest region may lie elsewhere"
    domain = site.environment(cloud).domain
    others = sorted(
        other.upper()
        for other in site.clouds
        if other != cloud and (there := site.fleet.environments.get(other)) is not None and there.domain == domain
    )
    if others:
        return f"the same domain belongs to {others[0]} as well, and two clouds cannot answer for one name"
    return None
