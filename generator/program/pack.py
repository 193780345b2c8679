"""The policy pack of a project: rules copied as they are, with what this fleet's plan knew written beside them."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generator.geography import region_matches
from generator.model import Catalog, Fleet, Layout, workloads_by_name

FOLDER = "policies/"
# What is written for each fleet; everything else in the pack's folder is the same in every project.
OWN = ("fleet.json", "tables.json")


def pack(layout: Layout, fleet: Fleet, catalog: Catalog) -> dict[str, str]:
    """Return the files of the policy pack.

    Parameters
    ----------
    layout : Layout
        The groups that are emitted; of the fleet's artifacts, theirs are written down.
    fleet : Fleet
        Where it may run, and which artifact may be processed where.
    catalog : Catalog
        Which machine is known to be sold in which of the fleet's regions.

    Returns
    -------
    dict of str to str
        Text by path within the project.
    """
    regions = sorted(fleet.regions)
    machines: dict[str, dict[str, list[str]]] = {}
    for offering in catalog.offerings:
        if (offering.cloud, offering.region) in fleet.regions:
            machines.setdefault(offering.hosting, {}).setdefault(offering.instance_type.name, []).append(
                offering.region
            )
    tables = {"format": 1, "as_of": catalog.as_of, "machines": machines}

    known = workloads_by_name(fleet.workloads)
    residency: dict[str, set[str]] = {}
    unbound: set[str] = set()
    for workload in (known[name] for group in layout.groups for name in group.workloads if name in known):
        residency.setdefault(workload.artifact, set()).update(workload.residency)
        if not workload.residency:
            unbound.add(workload.artifact)
    words = sorted({word for artifact in residency.values() for word in artifact})
    plan = {
        "format": 1,
        "regions": [f"{cloud}:{region}" for cloud, region in regions],
        # Of each word of residency, the regions of this fleet that it names.
        "words": {
            word: [
                f"{cloud}:{region}" for cloud, region in regions if region_matches(catalog.regions[cloud, region], word)
            ]
            for word in words
        },
        # An artifact that one workload may process anywhere is bound by nothing.
        "residency": {
            artifact: [] if artifact in unbound else sorted(bound) for artifact, bound in sorted(residency.items())
        },
    }
    written = {"fleet.json": plan, "tables.json": tables}
    return dict(static()) | {
        f"{FOLDER}{name}": json.dumps(content, indent=1, sort_keys=True) + "\n" for name, content in written.items()
    }


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
