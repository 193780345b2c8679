"""A chosen layout as a Pulumi project: components copied as they are, data spelled, nothing read and nothing written.

The project holds one stack for each cloud and region, and on GCP one more for the load balancer. What the plan decides
is data in ``stacks/groups/``; what a foundation provides is seeded into ``stacks/config/``; all else is the same in
every project. `.covey.json` carries the digest of every file but the seeds, so that edits are noticed, and of what the
program was decided by, so that an approval can name it; ``recommendation.json`` is what was recommended. It also tells
the next emission what each group is called in the cloud: a group that is renamed keeps what serves it.
"""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from generator.errors import EmitError
from generator.model import (
    Catalog,
    Cloud,
    Emission,
    EmittedGroup,
    Fleet,
    Group,
    Layout,
    Program,
    Provenance,
    workloads_by_name,
)
from generator.naming import distinct_slugs
from generator.program.aws_data import aws_settings, aws_stacks
from generator.program.cloud_names import checked
from generator.program.cutover import cutover
from generator.program.gcp_data import gcp_settings, gcp_stacks
from generator.program.pack import pack
from generator.program.retirement import retirement
from generator.program.site import Site
from generator.program.spelling import argument, code, item, prose, py
from generator.program.stacks.components import values
from generator.program.succession import succession
from generator.project import GROUPS, MANIFEST, RECOMMENDATION, stack_file

SEEDS = "stacks/config/"


def emit(
    layout: Layout,
    fleet: Fleet,
    catalog: Catalog,
    provenance: Provenance | None = None,
    earlier: Emission | None = None,
    *,
    drop_retiring: bool = False,
) -> Program:
    """Write a layout down as a Pulumi project.

    Parameters
    ----------
    layout : Layout
        The groups to serve. Names of groups are distinct.
    fleet : Fleet
        The workloads in them, their runtimes and environments.
    catalog : Catalog
        What the layout's instance types are, and what they cost.
    provenance : Provenance, optional
        What the layout was decided by. A program without it can be previewed, and approved by nobody.
    earlier : Emission, optional
        What lies where the program is going to be written: groups keep the names of those they carry on, and what
        serves there and is no part of the layout stays, marked as retiring.
    drop_retiring : bool
        Leave out what was marked so before. Whoever says so has deployed that emission and moved the callers.

    Returns
    -------
    Program
        The same bytes for the same values. Lines of a group depend on that group and its workloads alone.

    Raises
    ------
    EmitError
        If a name cannot stand in the program, a group cannot be hosted as it says, or what came out is not Python.
    """
    checked("environment", fleet.environment, "fleet.yaml, environment")
    regions: dict[Cloud, dict[str, list[Group]]] = {"aws": {}, "gcp": {}}
    seen: set[str] = set()
    for group in sorted(layout.groups, key=lambda group: group.name):
        checked("group", group.name, f"group {group.name!r}")
        if group.name in seen:
            raise EmitError(f"group {group.name}", "two groups have this name.", "Name every group differently.")
        seen.add(group.name)
        region = checked("region", group.region, f"group {group.name}")
        regions[group.cloud].setdefault(region, []).append(group)
    number = earlier.number if earlier else 1
    stacks, site = built(regions, fleet, catalog, earlier, number, drop=drop_retiring)
    data = written(stacks)
    edge_first = bool(earlier and earlier.edge_first)
    if earlier and {path: _digest(text) for path, text in data.items()} != {
        path: digest for path, digest in earlier.digests.items() if path.startswith(GROUPS)
    }:
        # Something changed, so this is one emission more, and names carried for long enough are dropped.
        number += 1
        stacks, site = built(regions, fleet, catalog, earlier, number, drop=drop_retiring)
        data = written(stacks)
        edge_first = site.retirement.dropped

    files = dict(STATIC) | pack(layout, fleet, catalog, list(stacks.values()))
    files["Pulumi.yaml"] = spell(
        "Pulumi.yaml", project=site.project, description=f"Model endpoints of {fleet.environment}, grouped by covey"
    )
    files |= data
    for name, stack in stacks.items():
        reference = WRITTEN[type(stack)][1]
        files[f"{SEEDS}Pulumi.{name}.yaml"] = spell("config.yaml", settings=seeds(stack, site), reference=reference)
    files["CUTOVER.md"] = spell("CUTOVER.md", plan=cutover(stacks, site))
    # Every other module is copied as it lies in this package.
    for path, text in data.items():
        parse(path, text)
    if provenance is not None:
        files[RECOMMENDATION] = provenance.recommendation
    groups = list(emitted_groups(stacks, site))
    files[MANIFEST] = manifest(files, provenance, number, groups, edge_first=edge_first)
    retiring = tuple(f"{group.stack}/{group.name}" for group in groups if group.retiring or group.leaving)
    return Program(dict(sorted(files.items())), tuple(sorted(stacks)), retiring)


def built(
    regions: Mapping[Cloud, Mapping[str, Sequence[Group]]],
    fleet: Fleet,
    catalog: Catalog,
    earlier: Emission | None,
    number: int,
    *,
    drop: bool,
) -> tuple[dict[str, values.Stack], Site]:
    """Return every stack by name, with what was known when it was built."""
    by_stack = {
        f"{fleet.environment}-{cloud}-{region}": groups
        for cloud, placed in regions.items()
        for region, groups in placed.items()
    }
    inherited = succession(by_stack, earlier, number)
    retiring = retirement(by_stack, inherited, earlier, drop=drop)
    site = Site(
        fleet,
        catalog,
        workloads_by_name(fleet.workloads),
        distinct_slugs(workload.name for workload in fleet.workloads),
        frozenset(cloud for cloud, placed in regions.items() if placed),
        inherited,
        retiring,
    )
    return {**aws_stacks(regions["aws"], site), **gcp_stacks(regions["gcp"], site)}, site


def written(stacks: Mapping[str, values.Stack]) -> dict[str, str]:
    """Return the data of all stacks as files."""
    files = {f"{GROUPS}__init__.py": '"""One file a stack: what it serves, as data."""\n'}
    for name, stack in stacks.items():
        files[stack_file(name)] = spell(WRITTEN[type(stack)][0], stack=stack)
    return files


def emitted_groups(stacks: Mapping[str, values.Stack], site: Site) -> Iterator[EmittedGroup]:
    """Yield what the next emission has to know of every group."""
    for name, stack in stacks.items():
        if isinstance(stack, values.AwsRegion):
            roles = [(group, {"endpoint": group.endpoint}) for group in stack.groups]
        elif isinstance(stack, values.GcpRegion):
            roles = [(group, {"service": group.service, "identity": group.identity}) for group in stack.groups]
        else:
            continue
        for group, physical in roles:
            members = tuple(model.name for model in group.models)
            leaving = tuple(model.name for model in group.leaving)
            known = () if group.retiring else site.succession.formerly[group.name]
            yield EmittedGroup(name, group.name, members, physical, known, leaving, group.retiring)


def seeds(stack: values.Stack, site: Site) -> list[tuple[str, str]]:
    """Return the settings that a stack's configuration starts with."""
    settings = aws_settings(stack, site) if isinstance(stack, values.AwsStack) else gcp_settings(stack, site)
    return [(f"{site.project}:{name}", value) for name, value in sorted(settings.items()) if value]


# By kind of stack: the template of its data, and the module whose docstring lists its settings.
WRITTEN: Mapping[type[values.Stack], tuple[str, str]] = {
    values.AwsRegion: ("aws_region.py", "stacks/components/aws.py"),
    values.AwsBase: ("aws_base.py", "stacks/components/aws_base.py"),
    values.GcpBase: ("gcp_base.py", "stacks/components/gcp_base.py"),
    values.GcpRegion: ("gcp_region.py", "stacks/components/gcp.py"),
    values.GcpEdge: ("gcp_edge.py", "stacks/components/gcp_edge.py"),
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


def manifest(
    files: Mapping[str, str],
    provenance: Provenance | None = None,
    number: int = 1,
    groups: Iterable[EmittedGroup] = (),
    *,
    edge_first: bool = False,
) -> str:
    """Return what the next emission reads: digests by which edits are noticed, origins, and who had which name.

    Seeds belong to their owner: they have no digest.
    """
    digests = {path: _digest(text) for path, text in files.items() if not path.startswith(SEEDS)}
    origin = (
        {}
        if provenance is None
        else {
            "provenance": {
                "inventory": provenance.inventory,
                "catalogue": provenance.catalogue,
                "recommendation": _digest(provenance.recommendation),
            }
        }
    )
    journal = [
        {
            "stack": group.stack,
            "name": group.name,
            "workloads": group.workloads,
            "physical": group.physical,
            "formerly": [{"name": name, "since": since} for name, since in group.formerly],
            **({"leaving": group.leaving} if group.leaving else {}),
            **({"retiring": True} if group.retiring else {}),
        }
        for group in groups
    ]
    order = {"edge_first": True} if edge_first else {}
    document = {"format": 1, **order, "emission": number, **origin, "groups": journal, "sha256": digests}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


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
