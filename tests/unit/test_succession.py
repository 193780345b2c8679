"""Renewed plans rename groups; what serves them keeps its names, and what is new takes nobody's."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.emit import emit
from generator.errors import EmitError
from generator.files import read_emission, write_tree
from generator.model import Layout, Program
from generator.program.succession import mostly_the_same
from tests.layouts import two_clouds

LAYOUT, FLEET, CATALOG = two_clouds()
US, EUROPE, EDGE = (f"stacks/groups/prod_{name}.py" for name in ("aws_us_east_1", "gcp_europe_west1", "gcp_edge"))


def renamed(layout: Layout, **names: str) -> Layout:
    """Return a layout whose groups have other names; underscores stand for hyphens."""
    new = {old.replace("_", "-"): name for old, name in names.items()}
    return replace(layout, groups=tuple(replace(g, name=new.get(g.name, g.name)) for g in layout.groups))


def emitted(folder: Path, *layouts: Layout) -> Program:
    """Emit one layout after the other into a folder, each over the one before, and return the last program."""
    program = None
    for layout in layouts:
        program = emit(layout, FLEET, CATALOG, earlier=read_emission(folder))
        write_tree(program, folder)
    assert program is not None
    return program


def emission(program: Program) -> int:
    return json.loads(program.files[".covey.json"])["emission"]


def test_a_renamed_group_keeps_its_endpoint_service_and_identity(tmp_path: Path) -> None:
    program = emitted(tmp_path, LAYOUT, renamed(LAYOUT, retail_usa="shops", retail_europe="shops-eu"))
    text = program.files[US]
    assert 'name="shops",\n            endpoint="prod-retail-usa",' in text
    assert 'formerly=("retail-usa",),' in text
    text = program.files[EUROPE]
    assert 'service="prod-retail-europe",\n            identity="prod-retail-europe",' in text
    assert 'formerly=("retail-europe",),' in text
    assert 'formerly=("retail-europe",),' in program.files[EDGE]


def test_a_former_name_is_carried_by_two_emissions_and_the_physical_names_for_good(tmp_path: Path) -> None:
    first = renamed(LAYOUT, retail_usa="shops")
    others = [replace(first, groups=tuple(replace(g, max_replicas=n) for g in first.groups)) for n in (5, 6)]
    emitted(tmp_path, LAYOUT, first)
    carried = [emitted(tmp_path, other).files[US] for other in others]
    assert [True, False] == ["formerly=" in text for text in carried]
    assert [True, True] == ['endpoint="prod-retail-usa"' in text for text in carried]


def test_emitting_the_same_again_is_no_emission_more_and_the_same_bytes(tmp_path: Path) -> None:
    once = emitted(tmp_path, LAYOUT, renamed(LAYOUT, rare="seldom"))
    again = emitted(tmp_path, renamed(LAYOUT, rare="seldom"))
    assert once == again
    assert (2, 3) == (emission(once), emission(emitted(tmp_path, LAYOUT)))


def test_an_emission_into_an_empty_folder_is_the_first_and_inherits_nothing(tmp_path: Path) -> None:
    assert read_emission(tmp_path / "none") is None
    assert 1 == emission(emitted(tmp_path, LAYOUT))
    assert emit(LAYOUT, FLEET, CATALOG) == emitted(tmp_path, LAYOUT)


def test_a_group_renamed_twice_is_known_by_both_names(tmp_path: Path) -> None:
    text = emitted(tmp_path, LAYOUT, renamed(LAYOUT, images="b"), renamed(LAYOUT, images="c")).files[US]
    assert 'formerly=("b", "images"),' in text


def test_a_group_that_gets_its_name_back_is_not_its_own_alias(tmp_path: Path) -> None:
    text = emitted(tmp_path, LAYOUT, renamed(LAYOUT, images="b"), LAYOUT).files[US]
    assert 'name="images",\n            endpoint="prod-images",' in text
    assert 'formerly=("b",),' in text


def test_a_new_group_takes_no_name_that_another_carries_on(tmp_path: Path) -> None:
    moved = renamed(LAYOUT, images="pictures")
    groups = tuple(
        replace(g, workloads=("fashion-usa", "homeware-usa")) if g.name == "retail-usa" else g for g in moved.groups
    )
    extra = replace(next(g for g in groups if g.name == "retail-usa"), name="images", workloads=("electronics-usa",))
    text = emitted(tmp_path, LAYOUT, moved, replace(moved, groups=(*groups, extra))).files[US]
    assert 'name="pictures",\n            endpoint="prod-images",' in text
    assert 'name="images",\n            endpoint="prod-images-' in text
    # The alias is the new group's own name now.
    assert "formerly=" not in text


def test_names_that_change_hands_stay_with_the_resources_they_name(tmp_path: Path) -> None:
    # The engine knows resources by these names: nothing can tell it that two have swapped.
    text = emitted(tmp_path, LAYOUT, renamed(LAYOUT, images="retail-usa", retail_usa="images")).files[US]
    assert 'name="images",\n            endpoint="prod-images",' in text
    assert "formerly=" not in text


def test_half_of_a_group_is_not_that_group(tmp_path: Path) -> None:
    groups = [g for g in LAYOUT.groups if g.name != "retail-europe"]
    (whole,) = (g for g in LAYOUT.groups if g.name == "retail-europe")
    halves = [replace(whole, name=f"half-{name}", workloads=(name,)) for name in whole.workloads]
    text = emitted(tmp_path, LAYOUT, replace(LAYOUT, groups=(*groups, *halves))).files[EUROPE]
    assert 'service="prod-half-electronics-europe"' in text
    assert "formerly=" not in text


def test_a_group_in_another_region_is_made_beside_the_old_one_with_an_identity_of_its_own(tmp_path: Path) -> None:
    moved = tuple(replace(g, region="us-central1") if g.name == "retail-europe" else g for g in LAYOUT.groups)
    program = emitted(tmp_path, LAYOUT, replace(LAYOUT, groups=moved))
    text = program.files["stacks/groups/prod_gcp_us_central1.py"]
    assert 'service="prod-retail-europe"' in text
    # Service accounts are one list a project: the old one lives until its stack is updated.
    assert 'identity="prod-retail-europe"' not in text
    assert "formerly=" not in text


@given(
    old=st.frozensets(st.integers(0, 9), min_size=1),
    parts=st.lists(st.integers(0, 2), min_size=10, max_size=10),
)
def test_at_most_one_of_several_groups_carries_another_on(old: frozenset[int], parts: list[int]) -> None:
    new = [tuple(f"w{w}" for w in range(10) if parts[w] == part) for part in range(3)]
    before = tuple(f"w{w}" for w in old)
    assert sum(mostly_the_same(members, before) for members in new if members) <= 1


@pytest.mark.parametrize(
    "broken",
    [
        "{}",
        "no json",
        '{"sha256": {}, "emission": 0}',
        '{"sha256": {}, "groups": [{"stack": "s", "name": "A\\"; import os", "workloads": [], "physical": {}, '
        '"formerly": []}]}',
    ],
)
def test_a_manifest_that_covey_did_not_write_is_refused(broken: str, tmp_path: Path) -> None:
    (tmp_path / ".covey.json").write_text(broken)
    with pytest.raises(EmitError, match="not what covey wrote"):
        read_emission(tmp_path)
