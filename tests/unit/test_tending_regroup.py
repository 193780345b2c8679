"""`covey regroup` as a person calls it: a look, a choice, and what that leaves alone."""

import shutil
from functools import partial
from pathlib import Path

import pytest
from typer.testing import Result

from generator.journal import Journal, MembershipRecord
from generator.present.document import saved_recommendation
from tests import commands
from tests.commands import contents, covey
from tests.starters import by_group


@pytest.fixture
def place(spread_starter: Path, tmp_path: Path) -> Path:
    """Return a folder with a fleet and the project that serves it in three groups where one would do."""
    return Path(shutil.copytree(spread_starter, tmp_path / "place"))


def regroup(place: Path, *more: str) -> Result:
    return covey("regroup", place / "fleet", "--project", place / "infra", *more)


answered = partial(commands.answered, schema="regroup")


def test_looking_writes_nothing_and_shows_what_the_moves_cost(place: Path) -> None:
    before = contents(place)

    answer = answered(regroup(place, "--json", "--horizon-days", "365"))

    assert before == contents(place)
    assert answer["chosen"] is None
    assert 365.0 == answer["horizon_days"]
    assert answer["decided_window"]["end"] == answer["scored_window"]["start"]
    assert answer["choices"]
    for one in answer["choices"]:
        fleet_s = answer["cost_usd_per_month"]["expected"] - one["cost_usd_per_month"]["expected"]
        assert fleet_s / 730.0 * 24.0 * 365.0 == pytest.approx(one["scored_saving_usd"], abs=1.0)
        assert one["saving_usd"] - one["migration_usd"] == pytest.approx(one["net_usd"], abs=1e-3)
        assert (one["migration_usd"] > 0) == bool(one["moves"] or one["changed"] or one["ended"])


def test_choosing_writes_that_layout_and_leaves_untouched_groups_byte_for_byte(place: Path) -> None:
    before = contents(place / "infra")
    answer = answered(regroup(place, "--json", "--horizon-days", "365"))
    assert answer["choices"], answer["reason"]
    number = max(answer["choices"], key=lambda one: one["net_usd"])["number"]

    taken = answered(regroup(place, "--json", "--horizon-days", "365", "--choose", str(number)))["choices"][number - 1]

    after = contents(place / "infra")
    lies = saved_recommendation(after["recommendation.json"], "recommendation.json").recommendation
    home = {workload: group.name for group in lies.groups for workload in group.workloads}
    assert all(home[move["workload"]] == move["group"] for move in taken["moves"])
    touched = {*taken["changed"], *taken["added"], *taken["ended"], *(move["former"] for move in taken["moves"]), ""}
    for path in (path for path in before if path.startswith("stacks/groups/") and path in after):
        was, became = by_group(before[path].decode()), by_group(after[path].decode())
        assert {name for name in was if was[name].rstrip(" \n),") != became.get(name, "").rstrip(" \n),")} <= touched
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed - {".covey.json"} <= set(taken["program"]["files"])


def test_where_no_move_can_pay_none_is_proposed(place: Path) -> None:
    answer = answered(regroup(place, "--json", "--horizon-days", "1", "--usd-per-move", "100000"))
    proposed = None if answer["proposed"] is None else answer["choices"][answer["proposed"] - 1]

    assert proposed is None or not proposed["moves"]
    assert all(one["net_usd"] < 0 for one in answer["choices"] if one["moves"])


def test_a_choice_that_is_not_there_is_refused_and_nothing_is_written(place: Path) -> None:
    before = contents(place)

    done = regroup(place, "--choose", "9")

    assert 2 == done.exit_code
    assert "choices" in done.stderr
    assert before == contents(place)


def test_a_regrouping_that_was_chosen_is_on_record(place: Path) -> None:
    journal = place / "journal.sqlite"

    answer = answered(regroup(place, "--json", "--horizon-days", "365", "--choose", "1", "--journal", str(journal)))

    kept = Journal(journal)
    began, done = (kept.record(one.content, MembershipRecord) for one in kept.entries(kind="membership"))
    assert ("regroup", "began", answer) == (began.command, began.phase, began.answer)
    assert "done" == done.phase
    assert [] == kept.verify()
