"""A running fleet is regrouped: proposed, written, previewed, approved, brought up; the others notice nothing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from generator.journal import Journal, MembershipRecord
from tests.engine.fleet_changes import unserved
from tests.engine.starting_fleet import covey, write_fleet

pytestmark = pytest.mark.engine

# Another tenant's workload, and its group.
APART, ALONE = "prices Europe", "prices-europe"


def resources(text: str) -> dict[str, str]:
    """What a verb's ``--json`` says is done, by resource."""
    return {
        one["name"]: one["operation"]
        for stack in json.loads(text)["stacks"]
        for one in stack["resources"]
        if one["operation"] != "same"
    }


def test_a_running_fleet_is_regrouped_and_only_the_groups_concerned_are_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, project, journal = tmp_path / "fleet", tmp_path / "infra", tmp_path / "journal.sqlite"
    monkeypatch.setattr("generator.project.offline_folder", lambda _: tmp_path / "sandbox")
    monkeypatch.setenv("COVEY_JOURNAL", str(journal))
    write_fleet(fleet, 1, apart=APART)
    covey("emit", fleet, "--into", project, "--profile", "cheapest")
    covey("up", project, "--offline", "--unapproved")
    write_fleet(fleet, 50, apart=APART)
    log = tmp_path / "sandbox" / "cloud" / "operations.jsonl"
    before = len(log.read_text().splitlines())

    looked = json.loads(
        covey("regroup", fleet, "--project", project, "--horizon-days", "365", "--usd-per-move", "0", "--json")
    )
    merging = [one for one in looked["choices"] if one["moves"] and ALONE not in touched(one)]
    assert merging, looked
    chosen = merging[0]
    covey(
        *("regroup", fleet, "--project", project, "--horizon-days", "365", "--usd-per-move", "0"),
        *("--choose", str(chosen["number"])),
    )
    covey("up", project, "--offline", code=5)
    announced = resources(covey("preview", project, "--offline", "--json"))
    covey("approve", project, "--by", "ada", "--offline")
    done = resources(covey("up", project, "--offline", "--json"))

    assert announced == done
    assert [] == [name for name in done if belongs(name, ALONE)]
    assert [] == list(unserved([json.loads(line) for line in log.read_text().splitlines()], before))
    ended = chosen["ended"]
    assert ended
    # What ends serves on, until a later emission drops it: nothing that served is deleted with this one.
    assert [] == [name for name, what in done.items() if what == "delete" and name.endswith("-endpoint")]
    assert {} == resources(covey("preview", project, "--offline", "--json"))
    kinds = [entry.kind for entry in Journal(journal).entries()]
    assert kinds.index("membership") < kinds.index("approval") < len(kinds) - 1 - kinds[::-1].index("deployment")
    phases = [
        Journal(journal).record(e.content, MembershipRecord).phase for e in Journal(journal).entries(kind="membership")
    ]
    assert ["began", "done"] == phases
    assert [] == Journal(journal).verify()


def touched(choice: dict[str, Any]) -> set[str]:
    """Groups that a choice changes, makes, ends, or takes workloads from."""
    moves = {name for move in choice["moves"] for name in (move["former"], move["group"])}
    return {*choice["changed"], *choice["added"], *choice["ended"], *moves}


def belongs(resource: str, group: str) -> bool:
    return re.fullmatch(rf"(edge-|budget-\S*)?{re.escape(group)}(-.*)?", resource) is not None
