"""The whole life of two examples: up, every change of a running fleet, drift, and the end.

The paper fleet runs on both clouds in three regions, five after the last change. What is changed is made of the emitted
plan (`fleet_changes`); each change starts from what the one before it left. The lists in ``golden/`` are what a person
reads: every operation that is no ``same``, by stack. Regenerate them with
``pytest tests/engine/test_fleet_changes.py --update-golden``.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from generator import deploy
from generator.catalog import read_catalog
from generator.emit import emit
from generator.files import read_emission, write_tree
from generator.load import load
from generator.model import Catalog, Fleet, Layout, Program, ResourceOperation, StackReport
from generator.offline.faults import drift, lose
from generator.offline.limits import unmapped
from generator.pipeline import plan
from generator.present.document import chosen_of, document, running_layout, saved_recommendation
from generator.project import stacks_of
from tests.botocore_inputs import findings
from tests.engine.fleet_changes import CHANGES, belongs_to, unserved

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"

# What is emitted at the root; and what `make demo` chose when the lists were last regenerated, for a later plan is no
# other claim about changes.
CHOSEN = {"paper": ROOT / "recommendation.json", "shop": GOLDEN / "shop" / "recommendation.json"}


def plan_the_shop(catalog: Catalog) -> None:
    published = document(plan(load(ROOT / "examples" / "shop", catalog), catalog, seed=0))
    CHOSEN["shop"].write_text(chosen_of(published, published.chosen.profile).text(), encoding="utf-8")


class Life:
    """An emitted project, the folder of its pretend clouds, and what has happened in them."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self.project, self.sandbox, self.catalog = folder / "project", folder / "sandbox", catalog
        self.program = Program({}, (), ())
        # What every stack held after its last update.
        self.resources: dict[str, tuple[ResourceOperation, ...]] = {}

    def emitted(self, layout: Layout, fleet: Fleet, *, drop: bool = False) -> list[str]:
        """Emit over what lies there; returns the stacks that build something else now, in covey's order."""
        before = self.program
        earlier = read_emission(self.project)
        self.program = emit(layout, fleet, self.catalog, earlier=earlier, drop_retiring=drop)
        write_tree(self.program, self.project)
        return [one for one in stacks_of(self.project) if data_of(self.program, one) != data_of(before, one)]

    def up(self, *stacks: str) -> list[StackReport]:
        reports = [deploy.up(self.project, stack, offline=self.sandbox) for stack in stacks]
        for report in reports:
            self.resources[report.stack] = tuple(one for one in report.resources if one.operation != "delete")
        return reports

    def preview(self) -> list[StackReport]:
        return [deploy.preview(self.project, stack, offline=self.sandbox) for stack in stacks_of(self.project)]

    def log(self) -> list[dict[str, Any]]:
        """Return what the pretend clouds did."""
        lines = (self.sandbox / "cloud" / "operations.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize("example", CHOSEN)
def test_the_fleet_lives_through_every_change_and_drift_until_it_is_destroyed(
    example: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    catalog, update = read_catalog(), bool(pytestconfig.getoption("--update-golden"))
    if update and example == "shop":
        plan_the_shop(catalog)
    layout = running_layout(saved_recommendation(CHOSEN[example].read_bytes(), CHOSEN[example].name))
    fleet = load(ROOT / "examples" / example, catalog).fleet
    life = Life(tmp_path, catalog)
    stacks = life.emitted(layout, fleet)
    foreseen = life.preview()
    created = life.up(*stacks)
    assert [{"create"}] * len(stacks) == [set(report.counts) for report in foreseen]
    assert [report.resources for report in foreseen] == [report.resources for report in created]
    assert [0] * len(stacks) == [report.changes for report in life.preview()]

    golden = GOLDEN / example
    for name, change in CHANGES.items():
        before, untouched = len(life.log()), frozenset(one.name for one in layout.groups)
        changed = change(layout, fleet, catalog)
        layout, fleet = changed.layout, changed.fleet
        reports = life.up(*life.emitted(layout, fleet))
        compared(golden / f"{name}.txt", listed(reports), update)
        named = [line.split()[-1] for line in listed(reports).splitlines()]
        assert [] == [one for one in named if belongs_to(one, untouched - changed.touched)]
        assert [] == list(unserved(life.log(), before))

    before = len(life.log())
    dropped = life.up(*life.emitted(layout, fleet, drop=True))
    compared(golden / "retired-dropped.txt", listed(dropped), update)
    assert [] == list(unserved(life.log(), before))

    for stack in stacks_of(life.project):
        drifts_and_is_put_right(life, stack)
    for stack in reversed(stacks_of(life.project)):
        assert {"delete"} == deploy.destroy(life.project, stack, offline=life.sandbox).counts.keys()
    assert [] == list((life.sandbox / "cloud" / "resources").iterdir())
    asked = [one for one in life.log() if one["type"].startswith("aws:") and one["operation"] != "delete"]
    assert [] == [finding for one in asked for finding in findings(one)]
    assert [] == [(one["type"], name) for one in asked for name in unmapped(one["type"], one["inputs"])]


def drifts_and_is_put_right(life: Life, stack: str) -> None:
    """Lose one alarm of a stack and silence another, behind the engine's back."""
    resources = life.resources[stack]
    alarms = [one for one in resources if one.type.endswith((":MetricAlarm", ":AlertPolicy"))]
    lost, silenced = alarms[0].name, alarms[1].name
    cloud = life.sandbox / "cloud"
    lose(cloud, lost)
    drift(cloud, silenced, "alarmActions" if "MetricAlarm" in alarms[1].type else "notificationChannels", [])

    found = deploy.refresh(life.project, stack, offline=life.sandbox)
    assert {lost: "delete", silenced: "update"} == {
        one.name: one.operation for one in found.resources if one.operation != "same"
    }
    (restored,) = life.up(stack)
    assert {"create": 1, "update": 1, "same": len(resources) - 2} == restored.counts


def compared(golden: Path, text: str, update: bool) -> None:
    """Hold a list against the one that a person has read."""
    if update:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def data_of(program: Program, stack: str) -> str:
    """What a stack builds; a stack whose data is the same to the byte builds the same."""
    return program.files.get(f"stacks/groups/{stack.replace('-', '_')}.py", "")


def listed(reports: list[StackReport]) -> str:
    """Every operation that is no ``same``, by stack."""
    lines = [
        f"{report.stack}: {resource.operation} {resource.type} {resource.name}"
        for report in reports
        for resource in report.resources
        if resource.operation != "same"
    ]
    return "\n".join([*lines, ""])
