"""The policy pack of a project: rules copied as they are, with what this fleet's plan knew written beside them."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from generator.geography import region_matches
from generator.model import Catalog, Cloud, Fleet, Layout, Workload, workloads_by_name
from generator.program.aws_data import has_local_storage
from generator.program.stacks.components import values

FOLDER = "policies/"
# What is written for each fleet; everything else in the pack's folder is the same in every project.
OWN = ("fleet.json", "tables.json")


def pack(layout: Layout, fleet: Fleet, catalog: Catalog, stacks: Sequence[values.Stack] = ()) -> dict[str, str]:
    """Return the files of the policy pack.

    Parameters
    ----------
    layout : Layout
        The groups that are emitted; of the fleet's artifacts, theirs are written down.
    fleet : Fleet
        Where it may run, and which artifact may be processed where.
    catalog : Catalog
        Which machine is known to be sold in which of the fleet's regions.
    stacks : sequence of Stack
        What is emitted; of these, what an earlier plan placed and still serves is known to the pack as well.

    Returns
    -------
    dict of str to str
        Text by path within the project.
    """
    old = [stack for stack in stacks if isinstance(stack, values.AwsRegion | values.GcpRegion) and still_serves(stack)]
    written = {
        "fleet.json": plan_facts(layout, fleet, catalog, old),
        "tables.json": tables(layout, fleet, catalog, old),
    }
    return dict(static()) | {f"{FOLDER}{name}": spelled(content) for name, content in written.items()}


def still_serves(stack: values.AwsRegion | values.GcpRegion) -> bool:
    """Whether something of a stack is no part of the plan any more."""
    return any(group.retiring or group.leaving for group in stack.groups)


def plan_facts(
    layout: Layout, fleet: Fleet, catalog: Catalog, old: Sequence[values.AwsRegion | values.GcpRegion]
) -> dict[str, object]:
    """Return what the plan knew of regions, quotas and the artifacts it serves."""
    retiring: set[tuple[Cloud, str]] = {
        ("aws" if isinstance(stack, values.AwsRegion) else "gcp", stack.region) for stack in old
    }
    regions = sorted({*fleet.regions, *retiring})
    known = workloads_by_name(fleet.workloads)
    served: dict[str, list[Workload]] = {}
    for workload in (known[name] for group in layout.groups for name in group.workloads):
        served.setdefault(workload.artifact, []).append(workload)
    # Who has left the fleet cannot be asked where it may be processed.
    unknown: set[str] = set()
    for model in (model for stack in old for group in stack.groups for model in (*group.models, *group.leaving)):
        if model.artifact not in served and model.name in known:
            served[model.artifact] = [known[model.name]]
        elif model.artifact not in served:
            unknown.add(model.artifact)
    words = sorted({word for workloads in served.values() for workload in workloads for word in workload.residency})
    return {
        "format": 1,
        "regions": [f"{cloud}:{region}" for cloud, region in regions],
        "quotas": dict(fleet.limits.quotas),
        # Of each word of residency, the regions of this fleet that it names.
        "words": {
            word: [
                f"{cloud}:{region}"
                for cloud, region in regions
                if (cloud, region) in catalog.regions and region_matches(catalog.regions[cloud, region], word)
            ]
            for word in words
        },
        "models": {
            artifact: {
                "residency": residency(workloads),
                "runtime": only({workload.runtime for workload in workloads}),
                "tenant": None if fleet.limits.tenants_share else only({workload.tenant for workload in workloads}),
            }
            for artifact, workloads in served.items()
        }
        | {artifact: {"residency": [], "runtime": None, "tenant": None} for artifact in unknown},
    }


def residency(workloads: Sequence[Workload]) -> list[str]:
    """Return where an artifact may be processed; one that some workload may process anywhere is bound by nothing."""
    if any(not workload.residency for workload in workloads):
        return []
    return sorted({word for workload in workloads for word in workload.residency})


def only(values: set[str | None] | set[str]) -> str | None:
    """Return the one value there is, None where there are several."""
    return next(iter(values)) if len(values) == 1 else None


def tables(
    layout: Layout, fleet: Fleet, catalog: Catalog, old: Sequence[values.AwsRegion | values.GcpRegion]
) -> dict[str, object]:
    """Return where machines are sold among the fleet's regions, by kind of hosting, and what they are made of."""
    sold = {
        (offering.hosting, offering.instance_type.name, offering.region)
        for offering in catalog.offerings
        if (offering.cloud, offering.region) in fleet.regions
    }
    # What is pinned may have no price, and is emitted all the same.
    sold |= {(group.hosting, group.instance_type, group.region) for group in layout.groups}
    sold |= {
        (group.hosting, group.instance_type, stack.region)
        for stack in old
        if isinstance(stack, values.AwsRegion)
        for group in stack.groups
        if group.retiring and group.instance_type in catalog.instance_types
    }
    machines: dict[str, dict[str, list[str]]] = {}
    for hosting, name, region in sorted(sold):
        machines.setdefault(hosting, {}).setdefault(name, []).append(region)
    amazon = sorted({name for _, name, _ in sold if catalog.instance_types[name].cloud == "aws"})
    return {
        "format": 1,
        "as_of": catalog.as_of,
        "machines": machines,
        "units": {name: [catalog.instance_types[name].vcpus, catalog.instance_types[name].gpus] for name in amazon},
        "no_volume_key": [name for name in amazon if has_local_storage(name)],
    }


def spelled(content: Mapping[str, object]) -> str:
    """Return JSON with one entry a line two levels down, for people who read the difference."""
    lines: list[str] = []
    for key, value in sorted(content.items()):
        entries = sorted(cast("Mapping[str, object]", value).items()) if isinstance(value, Mapping) else []
        inner = [f"  {json.dumps(name)}: {json.dumps(entry, sort_keys=True)}" for name, entry in entries]
        text = "{\n" + ",\n".join(inner) + "\n }" if inner else json.dumps(value)
        lines.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def static() -> Mapping[str, str]:
    """Return the files that are the same in every project, from inside the installed package or from a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "policies"
    folder = inside if inside.is_dir() else package.parent / "policies"
    return {
        f"{FOLDER}{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir())
        if path.suffix in (".json", ".md", ".py", ".toml", ".txt", ".yaml") and path.name not in OWN
    }
