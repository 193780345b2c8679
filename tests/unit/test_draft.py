"""Which waves a rollout has, in which order, and what each of them is brought to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from generator.emit import emit
from generator.errors import InputError
from generator.model import Catalog, Emission, Fleet, Inputs, Layout, Program
from generator.project import MANIFEST
from generator.promote import promote
from generator.provenance import provenance
from generator.rollout import Draft, draft
from generator.rollout.draft import tree_of
from tests import fleets, layouts

Example = tuple[Layout, Fleet, Catalog]


def running(example: Example) -> tuple[Inputs, Program]:
    layout, fleet, catalog = example
    inputs = fleets.inputs(fleet, np.arange(1.0, len(fleet.workloads) + 1)[:, None] * np.ones((1, 4)))
    return inputs, emit(layout, fleet, catalog, provenance(inputs, catalog, "{}\n"))


def emission_of(program: Program) -> Emission:
    data = {path: text for path, text in program.files.items() if path.startswith("stacks/groups/")}
    return Emission(1, (), {}, data)


def drafted(
    example: Example, names: Sequence[str], version: str = "11", there: Mapping[str, bytes] | None = None
) -> tuple[Draft, Program]:
    layout, fleet, catalog = example
    inputs, program = running(example)
    keys = {"images-usa": "images/usa/11.tar.gz", "rare-europe": "rare/11.tar.gz", "fraud-europe": "fraud/11.tar.gz"}
    keys["video-usa"] = "video/usa/11"
    given = {name: key for name, key in keys.items() if name in names}
    promoted = promote(fleet, version, cohort=None, names=names, artifacts=given)
    files = tree_of(program) if there is None else there
    found = draft(layout, "{}\n", inputs, promoted, catalog, emission_of(program), files)
    return found, program


def test_the_region_with_the_least_traffic_goes_first() -> None:
    example = layouts.two_clouds()
    names = ["electronics-usa", "electronics-europe", "fraud-europe"]

    found, _ = drafted(example, names)

    inputs, _ = running(example)
    rates = dict(zip(inputs.planned.workloads, inputs.planned.rate_rps.mean(axis=1), strict=True))
    assert sorted(names, key=lambda name: rates[name]) == [one.workload for one in found.changes]
    assert sorted(wave.rate_rps for wave in found.waves) == [wave.rate_rps for wave in found.waves]
    assert ("electronics/usa/3.tar.gz", "electronics/usa/11.tar.gz") == next(
        (one.artifact_before, one.artifact_after) for one in found.changes if one.workload == "electronics-usa"
    )


def test_the_load_balancer_goes_with_the_region_whose_routes_change() -> None:
    found, _ = drafted(layouts.two_clouds(), ["electronics-usa", "electronics-europe"])

    assert {("prod-gcp-europe-west1", "prod-gcp-edge"), ("prod-aws-us-east-1",)} == {one.stacks for one in found.waves}
    # One region before the load balancer: one program for all.
    assert 1 == len({id(program) for program in found.programs})


def test_where_the_load_balancer_serves_several_waves_each_has_a_program_of_its_own() -> None:
    layout, fleet, catalog = layouts.two_clouds()
    garden = layouts.workload("garden-iowa", "/garden", "garden/iowa/3.tar.gz")
    homes = layouts.workload("homes-iowa", "/homes", "homes/iowa/3.tar.gz")
    iowa = layouts.group("iowa", ("garden-iowa", "homes-iowa"), "cloud-run-cpu", "us-central1", "run-2cpu-4gib")
    workloads = tuple(sorted((*fleet.workloads, garden, homes), key=lambda one: one.name))
    example = replace(layout, groups=(*layout.groups, iowa)), replace(fleet, workloads=workloads), catalog

    found, before = drafted(example, ["electronics-europe", "garden-iowa"])

    edge = "stacks/groups/prod_gcp_edge.py"
    assert [("prod-gcp-europe-west1", "prod-gcp-edge"), ("prod-gcp-us-central1", "prod-gcp-edge")] == [
        one.stacks for one in found.waves
    ]
    first, last = found.programs
    assert "electronics/europe/11.tar.gz" in first.files[edge]
    assert "garden/iowa/3.tar.gz" in first.files[edge]
    assert "garden/iowa/11.tar.gz" in last.files[edge]
    iowas = "stacks/groups/prod_gcp_us_central1.py"
    assert before.files[iowas] == first.files[iowas] != last.files[iowas]


def test_data_of_groups_that_are_not_concerned_stay_as_they_are_byte_by_byte() -> None:
    found, before = drafted(layouts.two_clouds(), ["electronics-usa"])

    changed = {path for path, text in found.programs[-1].files.items() if before.files.get(path) != text}
    assert {"stacks/groups/prod_aws_us_east_1.py", "CUTOVER.md", "policies/fleet.json", MANIFEST} == changed
    path = "stacks/groups/prod_aws_us_east_1.py"
    old, new = before.files[path].splitlines(), found.programs[-1].files[path].splitlines()
    assert [
        ('version="3",', 'version="11",'),
        ('artifact="electronics/usa/3.tar.gz",', 'artifact="electronics/usa/11.tar.gz",'),
    ] == [(was.strip(), is_.strip()) for was, is_ in zip(old, new, strict=True) if was != is_]


def test_a_version_that_serves_already_is_no_rollout() -> None:
    with pytest.raises(InputError, match="serve already"):
        drafted(layouts.two_clouds(), ["electronics-usa"], version="3")


@pytest.mark.parametrize("path", ["stacks/groups/prod_aws_eu_west_1.py", "stacks/components/aws.py", "stacks/mine.py"])
def test_a_rollout_changes_versions_and_nothing_else(path: str) -> None:
    example = layouts.two_clouds()
    there = {**tree_of(running(example)[1]), path: b"# somebody's\n"}

    with pytest.raises(InputError, match=f"another program than the one that lies there: {path}"):
        drafted(example, ["electronics-usa"], there=there)
