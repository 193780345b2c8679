"""The shop on real retail traffic, planned and emitted: its whole life in the real engine, drift included."""

from pathlib import Path

import pytest

from generator import deploy
from generator.catalog import read_catalog
from generator.emit import emit
from generator.files import write_tree
from generator.load import load
from generator.offline.faults import lose
from generator.pipeline import plan
from generator.present.document import document, layout_of
from generator.project import stacks_of

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]


def test_the_shop_is_brought_up_loses_a_resource_gets_it_back_and_is_destroyed(tmp_path: Path) -> None:
    catalog = read_catalog()
    inputs = load(ROOT / "examples" / "shop", catalog)
    published = document(plan(inputs, catalog, seed=0))
    project, sandbox = tmp_path / "project", tmp_path / "sandbox"
    write_tree(emit(layout_of(published, published.chosen.profile), inputs.fleet, catalog), project)

    for stack in stacks_of(project):
        created = deploy.up(project, stack, offline=sandbox)
        assert {"create"} == created.counts.keys()
        lost = next(one for one in created.resources if "Alarm" in one.type or "AlertPolicy" in one.type)
        lose(sandbox / "cloud", lost.name)
        found = deploy.refresh(project, stack, offline=sandbox)
        assert [(lost.name, "delete")] == [
            (one.name, one.operation) for one in found.resources if one.operation != "same"
        ]
        assert {"create": 1, "same": len(created.resources) - 1} == deploy.up(project, stack, offline=sandbox).counts
        assert deploy.preview(project, stack, offline=sandbox).changes == 0
    for stack in reversed(stacks_of(project)):
        assert {"delete"} == deploy.destroy(project, stack, offline=sandbox).counts.keys()
    assert [] == list((sandbox / "cloud" / "resources").iterdir())
