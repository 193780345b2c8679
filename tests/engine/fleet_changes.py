"""Changes of a running fleet, made of whatever layout there is, and what the clouds' log says of them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.model import Catalog, Cloud, Fleet, Group, Layout, Workload


@dataclass(frozen=True)
class Changed:
    """A fleet after a change, and the groups that the change may touch."""

    layout: Layout
    fleet: Fleet
    touched: frozenset[str]


Change = Callable[[Layout, Fleet, Catalog], Changed]


def regrouped(layout: Layout, *groups: Group, gone: tuple[str, ...] = ()) -> Layout:
    """Replace groups by their name, add new ones, leave some out."""
    named = {one.name: one for one in (*layout.groups, *groups) if one.name not in gone}
    return replace(layout, groups=tuple(named.values()))


def group_of(layout: Layout, name: str) -> Group:
    """Return the group of a name."""
    return next(one for one in layout.groups if one.name == name)


def largest(layout: Layout) -> list[Group]:
    """Return each cloud's group of most workloads: the one that changes."""
    by_cloud: dict[Cloud, Group] = {}
    for group in sorted(layout.groups, key=lambda group: (-len(group.workloads), group.name)):
        by_cloud.setdefault(group.cloud, group)
    return [by_cloud[cloud] for cloud in sorted(by_cloud)]


def with_workloads(fleet: Fleet, *more: Workload) -> Fleet:
    """Add workloads, or replace those of their names."""
    named = {one.name: one for one in (*fleet.workloads, *more)}
    return replace(fleet, workloads=tuple(named[name] for name in sorted(named)))


def members(group: Group, fleet: Fleet) -> list[Workload]:
    """Return a group's workloads in their order."""
    named = {one.name: one for one in fleet.workloads}
    return [named[name] for name in group.workloads]


def touching(layout: Layout, fleet: Fleet, *groups: Group, gone: tuple[str, ...] = ()) -> Changed:
    """Regroup; what is named is what may be touched."""
    return Changed(regrouped(layout, *groups, gone=gone), fleet, frozenset({one.name for one in groups} | {*gone}))


def a_new_version(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """The first workload of each group gets another artifact."""
    changing = largest(layout)
    old = [members(group, fleet)[0] for group in changing]
    new = [replace(one, version="next", artifact=later(one.artifact)) for one in old]
    return touching(layout, with_workloads(fleet, *new), *changing)


def later(artifact: str) -> str:
    """Return the key of the version after an artifact's."""
    folder, _, name = artifact.rpartition("/")
    return f"{folder}/next-{name}"


def a_new_model(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """A workload like the first joins each group."""
    changing = largest(layout)
    new = [newcomer(group, fleet, "joined") for group in changing]
    joined = [replace(g, workloads=(*g.workloads, one.name)) for g, one in zip(changing, new, strict=True)]
    return touching(layout, with_workloads(fleet, *new), *joined)


def newcomer(group: Group, fleet: Fleet, word: str) -> Workload:
    """Return a workload like the first of a group, with a name, path and artifact of its own."""
    like = members(group, fleet)[0]
    name = f"{word} {group.cloud}"
    return replace(like, name=name, path=f"/{word}-{group.cloud}", artifact=f"{word}/{group.cloud}/1.tar.gz")


def a_model_leaving(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """The second workload of each group leaves the fleet."""
    changing = largest(layout)
    gone = {group.workloads[1] for group in changing}
    left = [replace(g, workloads=tuple(name for name in g.workloads if name not in gone)) for g in changing]
    return touching(
        layout, replace(fleet, workloads=tuple(one for one in fleet.workloads if one.name not in gone)), *left
    )


def another_machine(layout: Layout, fleet: Fleet, catalog: Catalog) -> Changed:
    """Each group gets the next larger machine that is sold in its region."""
    return touching(layout, fleet, *(replace(group, instance_type=larger(group, catalog)) for group in largest(layout)))


def larger(group: Group, catalog: Catalog) -> str:
    """Return the cheapest machine of more memory and no fewer CPUs for a group's kind of hosting, in its region."""
    now = catalog.instance_types[group.instance_type]
    offered = [
        one
        for one in catalog.offerings
        if (one.hosting, one.region) == (group.hosting, group.region)
        and one.instance_type.memory_gib > now.memory_gib
        and one.instance_type.vcpus >= now.vcpus
        and one.instance_type.gpus == now.gpus
    ]
    return min(offered, key=lambda one: (one.price.usd_per_h, one.instance_type.name)).instance_type.name


def a_split(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """The later half of each group becomes a group of its own."""
    halves: list[Group] = []
    for group in largest(layout):
        half = (len(group.workloads) + 1) // 2
        halves.append(replace(group, workloads=group.workloads[:half]))
        halves.append(replace(group, name=split_off(group), workloads=group.workloads[half:]))
    return touching(layout, fleet, *halves)


def split_off(group: Group) -> str:
    """Return what the later half of a group is called."""
    return f"{group.name[:34]}-split"


def a_merge(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """What was split is one group again."""
    parted = [
        (one, group_of(layout, split_off(one)))
        for one in layout.groups
        if any(split_off(one) == other.name for other in layout.groups)
    ]
    merged = [replace(one, workloads=(*one.workloads, *other.workloads)) for one, other in parted]
    return touching(layout, fleet, *merged, gone=tuple(other.name for _, other in parted))


def a_rename(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """Each group gets another name."""
    changing = largest(layout)
    return touching(
        layout,
        fleet,
        *(replace(group, name=f"{group.name[:32]}-renamed") for group in changing),
        gone=tuple(group.name for group in changing),
    )


def a_region(layout: Layout, fleet: Fleet, _: Catalog) -> Changed:
    """Each cloud serves a new workload from a region it did not serve from."""
    used = {(group.cloud, group.region) for group in layout.groups}
    made: list[Group] = []
    new: list[Workload] = []
    for group in largest(layout):
        region = next(name for cloud, name in fleet.regions if cloud == group.cloud and (cloud, name) not in used)
        new.append(newcomer(group, fleet, "abroad"))
        made.append(replace(group, name=f"abroad-{group.cloud}", workloads=(new[-1].name,), region=region))
    return touching(layout, with_workloads(fleet, *new), *made)


# In the order in which they happen to a fleet: each starts from what the one before it left.
CHANGES: Mapping[str, Change] = {
    "new-version": a_new_version,
    "new-model": a_new_model,
    "model-leaving": a_model_leaving,
    "machine-type": another_machine,
    "split": a_split,
    "merge": a_merge,
    "rename": a_rename,
    "region": a_region,
}


def belongs_to(resource: str, groups: frozenset[str]) -> bool:
    """Whether a resource is named after one of some groups."""
    return any(re.fullmatch(rf"(edge-|budget-\S*)?{re.escape(group)}(-.*)?", resource) for group in groups)


def unserved(log: list[dict[str, Any]], before: int) -> Iterator[tuple[str, str]]:
    """Follow the clouds' own log, and name every moment at which a route led to what was not there.

    A route of API Gateway is live when a stage takes a deployment that followed the change of its API; a route of the
    URL map at once. An endpoint or service is there from the end of its creation to the beginning of its deletion.
    """
    there: dict[str, set[str]] = {}
    bodies: dict[str, str] = {}
    live: dict[str, set[str]] = {}
    names: dict[tuple[str, str], str] = {}
    for at, entry in enumerate(log):
        kind, label, inputs = str(entry["type"]).rsplit(":", 1)[1], str(entry["name"]), entry["inputs"]
        if kind in ("Endpoint", "Service"):
            owner = names.setdefault((kind, label), str(inputs.get("name")))
            if entry["operation"] == "delete":
                there.get(kind, set()).discard(owner)
            else:
                names[kind, label] = str(inputs["name"])
                there.setdefault(kind, set()).add(str(inputs["name"]))
        elif kind == "RestApi" and entry["operation"] != "delete":
            # Every region has an API of this name: what it calls tells which region's it is.
            body = str(inputs["body"])
            bodies[" ".join(sorted({str(inputs["name"]), *re.findall(r"apigateway:([^:]+):", body)}))] = body
        elif kind == "Stage" and entry["operation"] != "delete":
            live["Endpoint"] = {one for body in bodies.values() for one in re.findall(r"endpoints/([^/]+)/inv", body)}
        elif kind == "RegionNetworkEndpointGroup" and entry["operation"] != "delete":
            names[kind, label] = str(inputs["cloudRun"]["service"])
        elif kind == "RegionNetworkEndpointGroup":
            names.pop((kind, label), None)
        live["Service"] = {name for (one, _), name in names.items() if one == "RegionNetworkEndpointGroup"}
        if at >= before:
            for kind, wanted in live.items():
                for absent in sorted(wanted - there.get(kind, set())):
                    yield kind, absent
