"""What a project serves, by the names its metrics go by."""

import re
from collections.abc import Mapping

from generator.errors import InputError
from generator.model import Catalog, Emission, EmittedGroup, Layout, Watched
from generator.program.cloud_names import short
from generator.program.stacks.components import values
from generator.program.written import written
from generator.project import stack_file

STAGE = "live"  # as components/aws_api.py names it


def watched(layout: Layout, emission: Emission, catalog: Catalog) -> tuple[Watched, ...]:
    """Find the metrics of every group that a project serves.

    What retires is no part of the layout, and not watched.

    Parameters
    ----------
    layout : Layout
        What the program was emitted from.
    emission : Emission
        The program as it lies in its folder.
    catalog : Catalog

    Raises
    ------
    EmitError
        The data of a stack is not what covey wrote.
    InputError
        The program does not hold a group, or the catalogue not its machine.
    """
    emitted = {group.name: group for group in emission.groups if not group.retiring}
    paths = {group.stack: stack_file(group.stack) for group in emitted.values()}
    regions = {stack: written(path, emission.data.get(path)) for stack, path in paths.items()}
    found: list[Watched] = []
    for group in layout.groups:
        machine = catalog.instance_types.get(group.instance_type)
        if group.name not in emitted or machine is None:
            what = f"group {group.name} on {group.instance_type} is not in the program, or no longer in the catalogue."
            raise InputError("recommendation.json", what, "Plan and emit anew.")
        one = emitted[group.name]
        region = regions[one.stack]
        aws = isinstance(region, values.AwsRegion)
        found.append(
            Watched(
                group=group,
                endpoint=one.physical["endpoint" if aws else "service"],
                account=region.account if aws else region.project,
                processors=machine.gpus or machine.vcpus,
                accelerator="gpu" if machine.gpus else "none",
                formerly=tuple(name for name, _ in one.formerly),
                edge=_on_api_gateway(region, one) if aws else _on_load_balancer(region, one),
            )
        )
    return tuple(found)


def _on_api_gateway(region: values.AwsRegion, emitted: EmittedGroup) -> Mapping[str, Mapping[str, str]]:
    """Return the dimensions by which `components/aws_watch.py` watches each model."""
    edge: dict[str, Mapping[str, str]] = {}
    for group, model in values.routed(region.groups):
        if group.name != emitted.name:
            continue
        title, path = region.api, model.path
        if region.split_paths:
            part = model.path.split("/")[1]
            title, path = f"{region.api}-{part}", model.path.removeprefix(f"/{part}")
        edge[model.name] = {"ApiName": title, "Stage": STAGE, "Method": "POST", "Resource": path}
    return edge


def _on_load_balancer(region: values.GcpRegion, emitted: EmittedGroup) -> Mapping[str, Mapping[str, str]]:
    """Return the labels by which `components/gcp_watch.py` watches each model.

    Backend services get their last seven digits from Pulumi, and keep a name they had before their group was renamed.
    """
    names = "|".join(re.escape(name) for name in (emitted.name, *(name for name, _ in emitted.formerly)))
    return {
        model.name: {
            "url_map_name": short(f"{region.environment}-{region.fleet}", 63),
            "matched_url_path_rule": model.path,
            "backend_target_name": f"edge-(?:{names})-[0-9a-f]{{7}}",
        }
        for group, model in values.routed(region.groups)
        if group.name == emitted.name
    }
