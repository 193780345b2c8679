"""A running fleet changes: what the engine does for each change, and that nothing stops serving before its successor.

The lists in ``golden/`` are what a person reads: every operation that is no ``same``, by stack. Regenerate them with
``pytest tests/engine/test_fleet_changes.py --update-golden``.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from generator import deploy
from generator.emit import emit
from generator.files import read_emission, write_tree
from generator.model import Catalog, Fleet, Group, InstanceType, Layout, Program, StackReport
from generator.project import stacks_of
from tests import layouts

pytestmark = pytest.mark.engine

GOLDEN = Path(__file__).parent / "golden"
MACHINES = (InstanceType("ml.m5.2xlarge", "aws", 8, 32.0), InstanceType("run-4cpu-8gib", "gcp", 4, 8.0))


@dataclass(frozen=True)
class Running:
    """A fleet as values, the project it was emitted to, the folder of its pretend clouds."""

    layout: Layout
    fleet: Fleet
    program: Program
    project: Path
    sandbox: Path


def base() -> tuple[Layout, Fleet, Catalog]:
    """Nine models and two more, so that on each cloud two groups of a region can be split and merged."""
    layout, fleet, catalog = layouts.two_clouds()
    garden = layouts.workload("garden-europe", "/garden", "garden/europe/1.tar.gz")
    homeware = layouts.group("homeware", ("homeware-usa",), "sagemaker-multi-model", "us-east-1", "ml.c6i.xlarge")
    outdoor = layouts.group("outdoor", ("garden-europe",), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib")
    retail = {"retail-usa": ("electronics-usa", "fashion-usa")}
    groups = tuple(replace(one, workloads=retail.get(one.name, one.workloads)) for one in layout.groups)
    known = {**catalog.instance_types, **{machine.name: machine for machine in MACHINES}}
    return (
        replace(layout, groups=(*groups, homeware, outdoor)),
        with_workloads(fleet, garden),
        replace(catalog, instance_types=known),
    )


def with_workloads(fleet: Fleet, *more: Any) -> Fleet:
    named = {one.name: one for one in (*fleet.workloads, *more)}
    return replace(fleet, workloads=tuple(named[name] for name in sorted(named)))


def regrouped(layout: Layout, *groups: Group, gone: tuple[str, ...] = ()) -> Layout:
    """Replace groups by their name, add new ones, leave some out."""
    named = {one.name: one for one in (*layout.groups, *groups) if one.name not in gone}
    return replace(layout, groups=tuple(named.values()))


def group_of(layout: Layout, name: str) -> Group:
    return next(one for one in layout.groups if one.name == name)


Change = Callable[[Layout, Fleet], tuple[Layout, Fleet]]


def a_new_version(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    old = {one.name: one for one in fleet.workloads}
    usa = replace(old["electronics-usa"], version="4", artifact="electronics/usa/4.tar.gz")
    europe = replace(old["fashion-europe"], version="4", artifact="fashion/europe/4.tar.gz")
    return layout, with_workloads(fleet, usa, europe)


def a_new_model(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    usa, europe = group_of(layout, "retail-usa"), group_of(layout, "retail-europe")
    return (
        regrouped(
            layout,
            replace(usa, workloads=(*usa.workloads, "toys-usa")),
            replace(europe, workloads=(*europe.workloads, "toys-europe")),
        ),
        with_workloads(
            fleet,
            layouts.workload("toys-usa", "/toys", "toys/usa/1.tar.gz"),
            layouts.workload("toys-europe", "/toys", "toys/europe/1.tar.gz"),
        ),
    )


def a_model_leaving(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    left = ("fashion-usa", "fashion-europe")
    usa, europe = group_of(layout, "retail-usa"), group_of(layout, "retail-europe")
    remaining = tuple(one for one in fleet.workloads if one.name not in left)
    return (
        regrouped(
            layout,
            replace(usa, workloads=("electronics-usa",)),
            replace(europe, workloads=("electronics-europe",)),
        ),
        replace(fleet, workloads=remaining),
    )


def another_machine(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    usa, europe = group_of(layout, "retail-usa"), group_of(layout, "retail-europe")
    return regrouped(
        layout, replace(usa, instance_type="ml.m5.2xlarge"), replace(europe, instance_type="run-4cpu-8gib")
    ), fleet


def a_split(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    usa, europe = group_of(layout, "retail-usa"), group_of(layout, "retail-europe")
    return regrouped(
        layout,
        replace(usa, workloads=("electronics-usa",)),
        replace(usa, name="fashion-usa", workloads=("fashion-usa",)),
        replace(europe, workloads=("electronics-europe",)),
        replace(europe, name="fashion-europe", workloads=("fashion-europe",)),
    ), fleet


def a_merge(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    usa, europe = group_of(layout, "retail-usa"), group_of(layout, "retail-europe")
    return regrouped(
        layout,
        replace(usa, workloads=(*usa.workloads, "homeware-usa")),
        replace(europe, workloads=(*europe.workloads, "garden-europe")),
        gone=("homeware", "outdoor"),
    ), fleet


def a_rename(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    homeware, outdoor = group_of(layout, "homeware"), group_of(layout, "outdoor")
    return regrouped(
        layout,
        replace(homeware, name="household"),
        replace(outdoor, name="terrace"),
        gone=("homeware", "outdoor"),
    ), fleet


def a_region(layout: Layout, fleet: Fleet) -> tuple[Layout, Fleet]:
    asia = layouts.workload("electronics-asia", "/model1", "electronics/asia/3.tar.gz")
    north = layouts.workload("electronics-north", "/model1", "electronics/north/3.tar.gz")
    return (
        regrouped(
            layout,
            layouts.group(
                "retail-asia", ("electronics-asia",), "sagemaker-multi-model", "ap-southeast-1", "ml.c6i.xlarge"
            ),
            layouts.group("retail-north", ("electronics-north",), "cloud-run-cpu", "europe-north1", "run-2cpu-4gib"),
        ),
        replace(
            with_workloads(fleet, asia, north),
            regions=(*fleet.regions, ("aws", "ap-southeast-1"), ("gcp", "europe-north1")),
        ),
    )


# Each change, and the groups it may touch.
CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "new-version": (a_new_version, ("retail-usa", "retail-europe")),
    "new-model": (a_new_model, ("retail-usa", "retail-europe")),
    "model-leaving": (a_model_leaving, ("retail-usa", "retail-europe")),
    "machine-type": (another_machine, ("retail-usa", "retail-europe")),
    "split": (a_split, ("retail-usa", "retail-europe", "fashion-usa", "fashion-europe")),
    "merge": (a_merge, ("retail-usa", "retail-europe", "homeware", "outdoor")),
    "rename": (a_rename, ("homeware", "household", "outdoor", "terrace")),
    "region": (a_region, ("retail-asia", "retail-north")),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The fleet, brought up once; each change starts from a copy."""
    folder = tmp_path_factory.mktemp("fleet")
    layout, fleet, catalog = base()
    program = emit(layout, fleet, catalog)
    write_tree(program, folder / "project")
    for stack in stacks_of(folder / "project"):
        deploy.up(folder / "project", stack, offline=folder / "sandbox")
    return Running(layout, fleet, program, folder / "project", folder / "sandbox")


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_does_what_is_written_and_no_more(
    name: str, running: Running, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    change, touched = CHANGES[name]
    layout, fleet = change(running.layout, running.fleet)
    shutil.copytree(running.project, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))
    program = emit(layout, fleet, base()[2], earlier=read_emission(tmp_path / "project"))
    write_tree(program, tmp_path / "project")
    shutil.copytree(running.sandbox, tmp_path / "sandbox", ignore=shutil.ignore_patterns("home", "plugins"))
    log = tmp_path / "sandbox" / "cloud" / "operations.jsonl"
    before = len(log.read_text().splitlines())

    reports = [
        deploy.up(tmp_path / "project", stack, offline=tmp_path / "sandbox")
        for stack in stacks_of(tmp_path / "project")
        if data_of(program, stack) != data_of(running.program, stack)
    ]

    expected = GOLDEN / f"{name}.txt"
    if pytestconfig.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        expected.write_text(listed(reports), encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == listed(reports)
    untouched = {one.name for one in running.layout.groups} - set(touched)
    assert [] == [line for line in listed(reports).splitlines() if belongs_to(line.split()[-1], untouched)]
    done = [json.loads(line) for line in log.read_text().splitlines()]
    assert [] == list(unserved(done, before))


def data_of(program: Program, stack: str) -> str:
    """What a stack builds; a stack whose data is the same to the byte builds the same."""
    return program.files.get(f"stacks/groups/{stack.replace('-', '_')}.py", "")


def belongs_to(resource: str, groups: set[str]) -> bool:
    """Whether a resource is named after one of some groups."""
    return any(re.fullmatch(rf"(edge-|budget-\S*)?{re.escape(group)}(-.*)?", resource) for group in groups)


def listed(reports: list[StackReport]) -> str:
    """Every operation that is no ``same``, by stack."""
    lines = [
        f"{report.stack}: {resource.operation} {resource.type} {resource.name}"
        for report in reports
        for resource in report.resources
        if resource.operation != "same"
    ]
    return "\n".join([*lines, ""])


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
