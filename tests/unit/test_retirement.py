"""What a new plan no longer has goes on serving until somebody says that nothing leads to it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.emit import emit
from generator.errors import EmitError
from generator.files import read_emission, write_tree
from generator.model import Fleet, Layout, Program
from generator.program.stacks.components import values
from generator.program.written import written
from generator.project import stacks_of
from tests.layouts import two_clouds

LAYOUT, FLEET, CATALOG = two_clouds()
US, IRELAND, EUROPE, CENTRAL, EDGE = (
    f"stacks/groups/prod_{name}.py"
    for name in ("aws_us_east_1", "aws_eu_west_1", "gcp_europe_west1", "gcp_us_central1", "gcp_edge")
)


def changed(*changes: Mapping[str, Any]) -> Layout:
    """Return the layout with some groups changed, and those of a new name beside them; `of` names the original."""
    named = {group.name: group for group in LAYOUT.groups}
    for change in changes:
        how = dict(change)
        made = replace(named[how.pop("of")], **how)
        named[made.name] = made
    return replace(LAYOUT, groups=tuple(named.values()))


def without(layout: Layout, *names: str) -> Layout:
    return replace(layout, groups=tuple(group for group in layout.groups if group.name not in names))


def emitted(folder: Path, *layouts: Layout, drop: bool = False, fleet: Fleet = FLEET) -> Program:
    """Emit layouts one over the other and return the last program; `drop` holds for that one."""
    program = None
    for number, layout in enumerate(layouts, start=1):
        before = read_emission(folder)
        program = emit(layout, fleet, CATALOG, earlier=before, drop_retiring=drop and number == len(layouts))
        write_tree(program, folder)
    assert program is not None
    return program


def groups(program: Program, path: str) -> dict[str, Any]:
    return {group.name: group for group in written(path, program.files.get(path)).groups}


SPLIT = without(
    changed(
        {"of": "retail-europe", "name": "left", "workloads": ("electronics-europe",)},
        {"of": "retail-europe", "name": "right", "workloads": ("fashion-europe",)},
    ),
    "retail-europe",
)
MOVED = changed({"of": "retail-europe", "region": "us-central1"})
PARTED = changed(
    {"of": "retail-usa", "name": "fashion", "workloads": ("fashion-usa",)},
    {"of": "retail-usa", "workloads": ("electronics-usa", "homeware-usa")},
)


def test_a_group_that_was_split_keeps_its_service_and_loses_its_routes(tmp_path: Path) -> None:
    program = emitted(tmp_path, LAYOUT, SPLIT)
    assert {
        "left": False,
        "retail-europe": True,
        "right": False,
    } == {name: group.retiring for name, group in groups(program, EUROPE).items()}
    assert 'service="prod-retail-europe"' not in program.files[EDGE]
    assert ("prod-gcp-europe-west1/retail-europe",) == program.retiring
    assert "- group `retail-europe` of stack `prod-gcp-europe-west1`" in program.files["CUTOVER.md"]


def test_a_group_that_moved_keeps_its_routes_where_its_callers_are(tmp_path: Path) -> None:
    program = emitted(tmp_path, LAYOUT, MOVED)
    text = program.files[EDGE]
    assert 2 == text.count('path="/model1"')
    assert 'group="retail-europe-europe-west1",\n                    service="prod-retail-europe"' in text
    assert 'key="fashion-europe-europe-west1"' in text
    row = "`https://europe-west1.models.example.com/model2` | `https://us-central1.models.example.com/model2`"
    assert row in program.files["CUTOVER.md"]


def test_a_model_that_left_a_group_is_still_loaded_there_and_led_to_its_new_one(tmp_path: Path) -> None:
    program = emitted(tmp_path, LAYOUT, PARTED)
    found = groups(program, US)
    assert ["fashion-usa"] == [model.name for model in found["retail-usa"].leaving]
    assert "fashion/usa/3.tar.gz" in values.artifacts(found["retail-usa"])
    answering = {model.name: group.name for group, model in values.routed(tuple(found.values()))}
    assert "fashion" == answering["fashion-usa"]


def test_a_model_that_left_the_fleet_is_kept_by_nobody(tmp_path: Path) -> None:
    remaining = replace(FLEET, workloads=tuple(one for one in FLEET.workloads if one.name != "fashion-usa"))
    emitted(tmp_path, LAYOUT)
    smaller = changed({"of": "retail-usa", "workloads": ("electronics-usa", "homeware-usa")})
    assert "leaving" not in emitted(tmp_path, smaller, fleet=remaining).files[US]


def test_what_retires_stays_however_often_the_same_is_emitted_and_goes_when_told(tmp_path: Path) -> None:
    once = emitted(tmp_path, LAYOUT, SPLIT)
    assert emitted(tmp_path, SPLIT, SPLIT) == once
    dropped = emitted(tmp_path, SPLIT, drop=True)
    assert ["left", "right"] == sorted(groups(dropped, EUROPE))
    assert () == dropped.retiring
    assert emitted(tmp_path, SPLIT) == dropped


def test_a_stack_in_which_all_retires_stays_until_told_and_is_then_to_be_destroyed(tmp_path: Path) -> None:
    layout = changed({"of": "video", "region": "europe-west1"})
    program = emitted(tmp_path, LAYOUT, layout)
    assert "prod-gcp-us-central1" in program.stacks
    assert [True] == [group.retiring for group in groups(program, CENTRAL).values()]
    assert "`pulumi destroy --stack prod-gcp-us-central1`" in program.files["CUTOVER.md"]
    assert "prod-gcp-us-central1" not in emitted(tmp_path, layout, drop=True).stacks


def test_a_cloud_that_all_groups_left_stays_until_told(tmp_path: Path) -> None:
    emitted(tmp_path, LAYOUT)
    here = without(LAYOUT, "retail-europe", "video")
    program = emitted(tmp_path, here)
    assert {"prod-gcp-edge", "prod-gcp-europe-west1", "prod-gcp-us-central1"} < set(program.stacks)
    assert {"aws"} == {stack.split("-")[1] for stack in emitted(tmp_path, here, drop=True).stacks}


def test_routes_go_before_the_services_they_led_to_and_come_after_them(tmp_path: Path) -> None:
    emitted(tmp_path, LAYOUT, MOVED)
    assert "prod-gcp-edge" == stacks_of(tmp_path)[-1]
    emitted(tmp_path, MOVED, drop=True)
    assert "prod-gcp-edge" == stacks_of(tmp_path)[0]
    emitted(tmp_path, MOVED)
    assert "prod-gcp-edge" == stacks_of(tmp_path)[0]
    emitted(tmp_path, LAYOUT)
    assert "prod-gcp-edge" == stacks_of(tmp_path)[-1]


@pytest.mark.parametrize(
    ("layout", "complaint"),
    [
        (without(SPLIT, "rare"), "of prod-aws-eu-west-1, rare would begin to retire"),
        (PARTED, "groups are new: fashion"),
    ],
)
def test_dropping_what_retires_changes_nothing_else(layout: Layout, complaint: str, tmp_path: Path) -> None:
    emitted(tmp_path, LAYOUT, SPLIT)
    with pytest.raises(EmitError, match=complaint):
        emitted(tmp_path, layout, drop=True)


def test_a_plan_that_comes_back_takes_up_what_retires(tmp_path: Path) -> None:
    program = emitted(tmp_path, LAYOUT, SPLIT, LAYOUT)
    found = groups(program, EUROPE)
    assert ("prod-retail-europe", False) == (found["retail-europe"].service, found["retail-europe"].retiring)
    assert (True, True) == (found["left"].retiring, found["right"].retiring)


def test_the_pack_knows_what_retires_and_where(tmp_path: Path) -> None:
    here = replace(FLEET, regions=tuple(place for place in FLEET.regions if place != ("gcp", "europe-west1")))
    emitted(tmp_path, LAYOUT)
    facts = json.loads(emitted(tmp_path, without(LAYOUT, "retail-europe"), fleet=here).files["policies/fleet.json"])
    assert "gcp:europe-west1" in facts["regions"]
    assert {"residency": [], "runtime": "sklearn", "tenant": None} == facts["models"]["fashion/europe/3.tar.gz"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "STACK = None",
        "STACK = GcpRegion('positional')",
        "STACK = GcpRegion(environment=__import__('os').getcwd())",
        "STACK = GcpRegion(environment=1)",
        "def",
        "STACK = " + "(" * 5000,
    ],
)
def test_data_that_is_gone_or_no_data_is_refused_and_never_run(text: str | None, tmp_path: Path) -> None:
    emitted(tmp_path, LAYOUT)
    place = tmp_path / EUROPE
    place.unlink() if text is None else place.write_text(text)
    with pytest.raises(EmitError, match="Restore it as covey wrote it"):
        emit(SPLIT, FLEET, CATALOG, earlier=read_emission(tmp_path))
