"""A rollout over three regions of both clouds in the real engine: stopped, taken back and recorded where it fails."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from generator import deploy
from generator.approval.on_disk import tree_on_disk
from generator.emit import emit
from generator.files import read_emission, write_tree
from generator.journal import Journal, RolloutRecord
from generator.model import Emission, Layout
from generator.offline.alarms import ring
from generator.offline.faults import Fault, arm
from generator.project import stacks_of
from generator.promote import promote
from generator.provenance import provenance
from generator.rollout import Chronicle, Draft, Held, Progress, PulumiRegions, draft, prepare, prepare_back, rollout
from generator.shell import write_whole
from tests import fleets, layouts

pytestmark = pytest.mark.engine

MOVING = ("fraud-europe", "electronics-europe", "electronics-usa")
CANARY, SECOND, THIRD = "prod-aws-eu-west-1", "prod-gcp-europe-west1", "prod-aws-us-east-1"
EDGE = "prod-gcp-edge"
NAME = "two-clouds/prod"
OLD = {"fraud-europe": "9", "electronics-europe": "3", "electronics-usa": "3"}
RATES = {"fraud-europe": 1.0, "electronics-europe": 2.0, "electronics-usa": 5.0}


@dataclass
class Running:
    """A fleet that runs in the pretend cloud, and the journal of what is done to it."""

    project: Path
    sandbox: Path
    journal: Journal
    chronicle: Chronicle
    said: list[str]

    @property
    def cloud(self) -> Path:
        return self.sandbox / "cloud"

    def drafted(self, version: str) -> Draft:
        layout, fleet, catalog = layout_of_three()
        rates = np.array([[RATES.get(one.name, 0.1)] * 4 for one in fleet.workloads])
        inputs = fleets.inputs(fleet, rates)
        emission = read_emission(self.project)
        assert isinstance(emission, Emission)
        promoted = promote(fleet, version, cohort=None, names=MOVING, artifacts={})
        return draft(layout, "{}\n", inputs, promoted, catalog, emission, tree_on_disk(self.project))

    def prepare(self, version: str) -> Held:
        return prepare(
            self.drafted(version),
            self.chronicle,
            self.project,
            NAME,
            to=version,
            at=datetime.now(UTC),
            bake_s=60.0,
            despite=(),
            offline=self.sandbox,
            told=lambda _stage, _share: None,
        )

    def regions(self) -> PulumiRegions:
        return PulumiRegions(self.project, self.sandbox, self.chronicle, write=write_whole, say=self.said.append)

    def go(self, held: Held, pause: Callable[[float], None] = lambda _: None, stop: str | None = None) -> Progress:
        return rollout(held.digest, held.record, held.now, self.regions(), self.chronicle.note, pause, stop=stop)

    def latest(self) -> Held:
        held = self.chronicle.latest(NAME, offline=True)
        assert held is not None
        return held

    def versions(self) -> dict[str, str]:
        """Artifact of each moving workload that its route leads to, as the clouds have it."""
        records = [json.loads(path.read_text()) for path in sorted((self.cloud / "resources").glob("*.json"))]
        routes = json.dumps([one["inputs"] for one in records if one["type"].endswith((":RestApi", ":URLMap"))])
        models = json.dumps([one["inputs"] for one in records if one["type"].endswith(":Model")])
        keys = {
            "fraud-europe": "fraud",
            "electronics-europe": "electronics/europe",
            "electronics-usa": "electronics/usa",
        }
        return {
            name: ",".join(sorted(set(re.findall(rf"{key}/(\w+)\.tar\.gz", models if key == "fraud" else routes))))
            for name, key in keys.items()
        }

    @property
    def operations(self) -> int:
        return len((self.cloud / "operations.jsonl").read_text().splitlines())

    def updated(self, since: int) -> list[str]:
        """Stacks of the updates in the clouds' log, each once in a row."""
        told: list[str] = []
        for line in (self.cloud / "operations.jsonl").read_text().splitlines()[since:]:
            name = str(json.loads(line)["name"])
            region = "fraud" if name.startswith("fraud") else EDGE if name == "edge-routes" else "retail"
            told += [region] if told[-1:] != [region] else []
        return told


def layout_of_three() -> tuple[Layout, "layouts.Fleet", "layouts.Catalog"]:
    """Return three of the groups: an endpoint of one model, one of several, and a service of several."""
    layout, fleet, catalog = layouts.two_clouds()
    groups = tuple(one for one in layout.groups if one.name in ("fraud", "retail-usa", "retail-europe"))
    served = {name for group in groups for name in group.workloads}
    workloads = tuple(
        replace(one, version=OLD.get(one.name, one.version)) for one in fleet.workloads if one.name in served
    )
    return replace(layout, groups=groups), replace(fleet, workloads=workloads), catalog


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The fleet, brought up once; what a test does to it, it takes back."""
    folder = tmp_path_factory.mktemp("rollout")
    layout, fleet, catalog = layout_of_three()
    inputs = fleets.inputs(fleet, np.ones((len(fleet.workloads), 4)))
    write_tree(emit(layout, fleet, catalog, provenance(inputs, catalog, "{}\n")), folder / "infra")
    for stack in stacks_of(folder / "infra"):
        deploy.up(folder / "infra", stack, offline=folder / "sandbox")
    journal = Journal(folder / "journal.sqlite")
    journal.require_writable()
    chronicle = Chronicle(journal, "ada", lambda: datetime.now(UTC))
    return Running(folder / "infra", folder / "sandbox", journal, chronicle, [])


@pytest.fixture(scope="module")
def record(running: Running) -> RolloutRecord:
    """Version 10 as it was prepared once; each test begins it anew, from where the one before it came back to."""
    held = running.prepare("10")
    assert "withdrawn" == running.go(held, stop="to be begun by each test").phase
    return held.record


@pytest.fixture
def held(running: Running, record: RolloutRecord) -> Held:
    return running.chronicle.begin(record.model_copy(update={"prepared_at": datetime.now(UTC)}))


def test_a_failing_canary_is_stopped_rolled_back_and_recorded_and_nobody_else_is_touched(
    running: Running, held: Held
) -> None:
    before, since = tree_on_disk(running.project), running.operations
    seen: list[dict[str, str]] = []

    def fails(_: float) -> None:
        seen.append(running.versions())
        ring(running.cloud, ["fraud-server-errors"])

    assert [(CANARY,), (SECOND, EDGE), (THIRD,)] == [wave.stacks for wave in held.record.waves]
    found = running.go(held, fails)
    ring(running.cloud, [])

    # The canary served the new version, and it alone.
    assert [{**OLD, "fraud-europe": "10"}] == seen
    assert ("rolled back", "alarm fraud-server-errors") == (found.phase, found.why)
    assert ("restored", "waiting", "waiting") == found.waves
    assert OLD == running.versions()
    assert before == tree_on_disk(running.project)
    assert ["fraud"] == running.updated(since)
    recorded = [(entry.actor, step.step, step.wave, step.why) for entry, step in running.latest().log]
    assert ("ada", "stopped", None, "alarm fraud-server-errors") in recorded
    assert ("ada", "restored", 0, None) in recorded
    assert [] == running.journal.verify()


def test_a_region_that_does_not_answer_is_named_the_others_are_taken_back_and_it_is_once_it_answers(
    running: Running, held: Held
) -> None:
    before, since = tree_on_disk(running.project), running.operations
    silent = Fault("refuse", operation="update", label="edge-routes", says="dial tcp: i/o timeout")

    def later(_: float) -> None:
        if running.versions()["electronics-europe"] == "10":
            # What has been changed cannot be reached any more.
            ring(running.cloud, ["edge-*"])
            arm(running.cloud, [silent])

    found = running.go(held, later)

    assert ("stopped", ("restored", "unrestored", "waiting")) == (found.phase, found.waves)
    assert "dial tcp: i/o timeout" in (found.reasons[1] or "")
    assert {**OLD, "electronics-europe": "10"} == running.versions()
    assert ["fraud", EDGE, "fraud"] == running.updated(since)

    arm(running.cloud, [])
    ring(running.cloud, [])
    assert "rolled back" == running.go(running.latest()).phase
    assert OLD == running.versions()
    assert before == tree_on_disk(running.project)
    assert [] == running.journal.verify()


def test_what_stays_quiet_reaches_every_region_and_can_be_taken_back_later(running: Running, held: Held) -> None:
    passing: list[str] = []

    found = running.go(held, lambda _: passing.append(",".join(running.versions().values())))

    assert "done" == found.phase
    # Region by region: the least traffic first, and each alone.
    assert ["10,3,3", "10,10,3", "10,10,10"] == list(dict.fromkeys(passing))
    assert running.chronicle.program(held.record.after)[1] == tree_on_disk(running.project)

    back = prepare_back(
        held.record.before,
        running.chronicle,
        running.regions().place,
        running.project,
        NAME,
        at=datetime.now(UTC),
        offline=running.sandbox,
        told=lambda _stage, _share: None,
    )
    assert "rolled back" == running.go(back, stop="ada asked for it").phase
    assert OLD == running.versions()
    assert [] == running.journal.verify()
