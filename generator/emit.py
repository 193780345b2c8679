"""A chosen layout as a Pulumi project: components copied as they are, data spelled, nothing read and nothing written.

The project holds one stack for each cloud and region, and on GCP one more for the load balancer. What the plan decides
is data in ``stacks/groups/``; what a foundation provides is seeded into ``stacks/config/``; all else is the same in
every project. `.covey.json` carries the digest of every file but the seeds, so that edits are noticed, and of what the
program was decided by, so that an approval can name it; ``recommendation.json`` is what was recommended.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from generator.errors import EmitError
from generator.model import Catalog, Cloud, Fleet, Group, Layout, Program, Provenance, workloads_by_name
from generator.naming import distinct_slugs
from generator.program.aws_data import aws_settings, aws_stacks
from generator.program.cloud_names import checked
from generator.program.cutover import cutover
from generator.program.gcp_data import gcp_settings, gcp_stacks
from generator.program.pack import pack
from generator.program.site import Site
from generator.program.spelling import argument, code, item, prose, py
from generator.program.stacks.components import values

MANIFEST = ".covey.json"
RECOMMENDATION = "recommendation.json"
SEEDS = "stacks/config/"


def emit(layout: Layout, fleet: Fleet, catalog: Catalog, provenance: Provenance | None = None) -> Program:
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

    Returns
    -------
    Program
        The same bytes for the same values. Lines of a group depend on that group and its workloads alone.

    Raises
    ------
    EmitError
        If a name cannot stand in the program, a group cannot be hosted as it says, or what came out is not Python.
    """
    site = Site(
        fleet,
        catalog,
        workloads_by_name(fleet.workloads),
        distinct_slugs(workload.name for workload in fleet.workloads),
        frozenset(group.cloud for group in layout.groups),
    )
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
    stacks: dict[str, values.Stack] = {**aws_stacks(regions["aws"], site), **gcp_stacks(regions["gcp"], site)}

    files = dict(STATIC) | pack(layout, fleet, catalog)
    files["Pulumi.yaml"] = spell(
        "Pulumi.yaml", project=site.project, description=f"Model endpoints of {fleet.environment}, grouped by covey"
    )
    files["stacks/groups/__init__.py"] = '"""One file a stack: what it serves, as data."""\n'
    for name, stack in stacks.items():
        template, reference = WRITTEN[type(stack)]
        files[f"stacks/groups/{name.replace('-', '_')}.py"] = spell(template, stack=stack)
        files[f"{SEEDS}Pulumi.{name}.yaml"] = spell("config.yaml", settings=seeds(stack, site), reference=reference)
    files["CUTOVER.md"] = spell("CUTOVER.md", plan=cutover(stacks, site))
    for path, text in files.items():
        if path.endswith(".py"):
            parse(path, text)
    if provenance is not None:
        files[RECOMMENDATION] = provenance.recommendation
    files[MANIFEST] = manifest(files, provenance)
    return Program(dict(sorted(files.items())), tuple(sorted(stacks)))


def seeds(stack: values.Stack, site: Site) -> list[tuple[str, str]]:
    """Return the settings that a stack's configuration starts with."""
    settings = aws_settings(stack, site) if isinstance(stack, values.AwsStack) else gcp_settings(stack, site)
    return [(f"{site.project}:{name}", value) for name, value in sorted(settings.items()) if value]


# By kind of stack: the template of its data, and the module whose docstring lists its settings.
WRITTEN: Mapping[type[values.Stack], tuple[str, str]] = {
    values.AwsRegion: ("aws_region.py", "stacks/components/aws.py"),
    values.AwsBase: ("aws_base.py", "stacks/components/aws_base.py"),
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


def manifest(files: Mapping[str, str], provenance: Provenance | None = None) -> str:
    """Return the digests by which edits are noticed and origins named. Seeds belong to their owner: they have none."""
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
    return json.dumps({"format": 1, **origin, "sha256": digests}, indent=2, sort_keys=True) + "\n"


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
