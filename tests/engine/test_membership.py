"""A workload joins running stacks, and leaves them: only its group's resources change, and none is deleted with it."""

from pathlib import Path

import pytest
import yaml

from generator import deploy
from generator.model import StackReport
from generator.present.document import saved_recommendation
from tests.engine.starting_fleet import covey, write_fleet

pytestmark = pytest.mark.engine

STACK = "prod-aws-us-east-1"
# One for the region: its API, which has a route more, and the dashboard, which shows one more. An API's deployment is a
# snapshot of its routes, so a new one takes the place of the old.
SHARED = {"edge-api": "update", "edge-deployment": "replace", "edge-stage": "update", "dashboard": "update"}


def changed(report: StackReport) -> dict[str, str]:
    return {one.name: one.operation for one in report.resources if one.operation != "same"}


def test_only_the_group_concerned_changes_when_a_workload_joins_and_leaves(tmp_path: Path) -> None:
    fleet, project, sandbox = tmp_path / "fleet", tmp_path / "infra", tmp_path / "sandbox"
    write_fleet(fleet, 1)
    covey("emit", fleet, "--into", project, "--profile", "cheapest")
    write_fleet(fleet, 50)
    entry = {"name": "newcomer", "artifact": "newcomer/1.tar.gz"}
    newcomer = tmp_path / "newcomer.yaml"
    newcomer.write_text(yaml.safe_dump({**entry, "expected": {"like": "churn", "mean_rps": 0.5}}))
    first = deploy.up(project, STACK, offline=sandbox)

    covey("join", fleet, newcomer, "--project", project, "--choose", "1")
    lies = saved_recommendation((project / "recommendation.json").read_bytes(), "recommendation.json")
    concerned = next(g.name for g in lies.recommendation.groups if "newcomer" in g.workloads)
    others = [g.name for g in lies.recommendation.groups if g.name != concerned]
    came = deploy.up(project, STACK, offline=sandbox)
    write_fleet(fleet, 50, joined={**entry, "series": "churn"})
    covey("leave", fleet, "newcomer", "--project", project, "--choose", "1")
    went = deploy.up(project, STACK, offline=sandbox)

    assert len(others) == 2
    for name in others:
        assert any(resource.name.startswith(name) for resource in first.resources)
    alarms = {"edge-newcomer-errors", "edge-newcomer-latency"}
    for report, operation in ((came, "create"), (went, "delete")):
        done = changed(report)
        assert done.items() >= SHARED.items()
        assert alarms == {name for name, what in done.items() if what == operation}
        rest = {name: what for name, what in done.items() if name not in alarms | set(SHARED)}
        assert {"update"} == set(rest.values())
        assert [] == [name for name in rest if not name.removeprefix("edge-").startswith(concerned)]
