"""`covey rollout` and `covey rollback` as a person calls them, over an engine that only remembers what it was given."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import Result

from generator.approval.approval_document import read_approval
from generator.errors import DeployError
from generator.files import alone_in
from generator.journal import Journal
from generator.model import ResourceOperation, StackReport
from generator.offline.alarms import ring
from generator.project import offline_folder
from tests import commands
from tests.commands import covey

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


class Engine:
    """Stacks by what their data was when they were last brought up."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.ups: list[str] = []
        self.looked: list[tuple[str, bool, bool]] = []
        self.dead: set[str] = set()
        self.loses: str | None = None

    def preview(self, project: Path, stack: str, *, offline: Path | None = None) -> StackReport:
        assert offline is not None
        changed = self.data(project, stack) != self.runs.get(stack)
        resource = ResourceOperation("update" if changed else "same", "covey:Stack", "data", f"urn:pulumi:{stack}")
        lost = ResourceOperation("replace", "aws:sagemaker/endpoint:Endpoint", "shop-endpoint", "urn:pulumi:endpoint")
        return StackReport(stack, "remembers", (resource, *((lost,) if self.loses == stack else ())), {})

    def up(self, project: Path, stack: str, *, offline: Path | None = None) -> StackReport:
        if stack in self.dead:
            raise DeployError(f"stack {stack}", "dial tcp: i/o timeout.", "Try again.")
        report = self.preview(project, stack, offline=offline)
        self.runs[stack] = self.data(project, stack)
        self.ups.append(stack)
        return report

    def destroy(self, _project: Path, stack: str, *, offline: Path | None = None) -> StackReport:
        self.ups.append(f"destroyed {stack}{' for good' if offline is None else ''}")
        return StackReport(stack, "remembers", (), {})

    def refresh(
        self, _project: Path, stack: str, *, offline: Path | None = None, look_only: bool = False
    ) -> StackReport:
        self.looked.append((stack, offline is not None, look_only))
        return StackReport(stack, "remembers", (), {})

    def exported(self, _project: Path, stack: str, *, offline: Path | None = None) -> dict[str, Any]:
        assert offline is not None
        outputs = {"arn": f"arn:aws:cloudwatch:{stack}:1:alarm:x", "name": "x"}
        alarm = {"type": ALARM, "urn": f"urn:pulumi:s::p::{ALARM}::{stack}-errors", "id": "x", "outputs": outputs}
        return {"deployment": {"resources": [alarm]}}

    def data(self, project: Path, stack: str) -> str:
        return (project / "stacks" / "groups" / f"{stack.replace('-', '_')}.py").read_text()


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fleet of one cohort, and the project that serves it in three groups."""
    folder = tmp_path_factory.mktemp("rolling")
    assert covey("init", folder / "fleet").exit_code == 0
    inventory = folder / "fleet" / "fleet.yaml"
    text = inventory.read_text().replace("models_per_group: 50", "models_per_group: 1")
    text = re.sub(r"\n +cohort: .*", "", text)
    inventory.write_text(re.sub(r"(artifact: [a-z/]+/).*\.tar\.gz", r"\g<1>1.tar.gz\n    cohort: all", text))
    assert covey("emit", folder / "fleet", "--into", folder / "infra", "--profile", "cheapest").exit_code == 0
    return folder


@pytest.fixture
def place(emitted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(emitted, tmp_path / "place"))


@pytest.fixture
def engine(place: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine, with what was emitted brought up and approved."""
    one = Engine()
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.setenv("COVEY_JOURNAL", str(place / "journal.sqlite"))
    for door in ("generator.ship.preview", "generator.deploy.preview"):
        monkeypatch.setattr(door, one.preview)
    for door in ("up", "refresh", "destroy"):
        monkeypatch.setattr(f"generator.deploy.{door}", getattr(one, door))
    monkeypatch.setattr("generator.deploy.exported", one.exported)
    assert approved(place).exit_code == 0
    assert covey("up", place / "infra", "--offline").exit_code == 0
    one.ups.clear()
    return one


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """What happens while a rollout waits, in turn; nobody waits on real time."""
    due: list[Callable[[], None]] = []

    def sleep(_: float) -> None:
        if due:
            due.pop(0)()

    monkeypatch.setattr("generator.verbs.rolling.sleep", sleep)
    yield due
    assert [] == due


def approved(place: Path) -> Result:
    return covey("approve", place / "infra", "--offline", "--by", "ada", "--note", "looked at it")


def rollout(place: Path, *more: str, version: str = "2") -> Result:
    arguments = ("--project", place / "infra", "--offline", "--cohort", "all", "--bake", "30s", *more)
    return covey("rollout", version, place / "fleet", *arguments)


def rollback(place: Path, *more: str) -> Result:
    return covey("rollback", place / "infra", "--offline", *more)


answered = partial(commands.answered, schema="rollout")


def program(place: Path) -> dict[str, bytes]:
    infra = place / "infra"
    return {
        str(path.relative_to(infra)): path.read_bytes()
        for path in sorted(infra.rglob("*"))
        if path.is_file() and path.relative_to(infra).parts[0] in ("stacks", ".covey.json", "approval.json")
    }


def rings(place: Path, *patterns: str) -> Callable[[], None]:
    return lambda: ring(offline_folder(place / "infra") / "cloud", patterns)


@pytest.mark.usefixtures("waits")
def test_first_the_waves_are_shown_and_the_program_written_then_approved_then_rolled_out(
    place: Path, engine: Engine
) -> None:
    before = program(place)

    refused = answered(rollout(place, "--json"), 5)

    assert "prepared" == refused["phase"]
    assert [] == engine.ups
    assert before != program(place)
    assert ["2"] * len(refused["changes"]) == [one["after"] for one in refused["changes"]]
    assert len(refused["changes"]) == 3

    assert 0 == approved(place).exit_code
    answer = answered(rollout(place, "--json"))

    assert "done" == answer["phase"]
    assert [stack for wave in answer["waves"] for stack in wave["stacks"]] == engine.ups
    approval = read_approval((place / "infra" / "approval.json").read_bytes(), "approval.json")
    assert approval.digest == answer["approval"]
    assert [] == Journal(place / "journal.sqlite").verify()
    assert 0 == covey("log", "--journal", place / "journal.sqlite").exit_code


@pytest.mark.usefixtures("waits", "engine")
def test_fleet_yaml_stays_its_owners_and_the_lines_it_lacks_are_those_that_the_next_rollout_asks_for(
    place: Path,
) -> None:
    inventory = place / "fleet" / "fleet.yaml"
    before = inventory.read_text()
    done = rollout(place, "--unapproved")
    assert (0, before) == (done.exit_code, inventory.read_text())

    behind = rollout(place, "--unapproved", version="3")
    assert (2, True) == (behind.exit_code, "another program than the one that lies there" in behind.stderr)

    for one in yaml.safe_load(done.stderr.partition("bring the old versions back:\n")[2]):
        key, version = one["artifact"], one["version"]
        text = inventory.read_text()
        inventory.write_text(
            text.replace(f"artifact: {key.replace('2.tar', '1.tar')}", f"artifact: {key}\n    version: '{version}'")
        )
    ahead = rollout(place, "--unapproved", version="3")
    assert 0 == ahead.exit_code, ahead.stderr


@pytest.mark.usefixtures("engine")
def test_a_failing_canary_exits_with_six_and_leaves_the_program_and_approval_of_before(
    place: Path, engine: Engine, waits: list[Callable[[], None]]
) -> None:
    before, ran = program(place), dict(engine.runs)
    first = answered(rollout(place, "--json"), 5)["waves"][0]["stacks"]
    assert 0 == approved(place).exit_code
    approval = (place / "infra" / "approval.json").read_bytes()
    waits.append(rings(place, "*-errors"))

    result = rollout(place, "--json")

    answer = answered(result, 6)
    assert "rolled back" == answer["phase"]
    assert [*first, *reversed(first)] == engine.ups
    assert (before, ran) == (program(place), engine.runs)
    assert f"was stopped and taken back: alarm {first[0]}-errors" in result.stderr

    # Its approval is spent: another try is another decision.
    rings(place)()
    assert 5 == rollout(place).exit_code
    (place / "infra" / "approval.json").write_bytes(approval)
    again = rollout(place)
    assert (5, True) == (again.exit_code, "tried already" in again.stderr)


def test_a_region_that_does_not_answer_is_named_with_what_to_do(
    place: Path, engine: Engine, waits: list[Callable[[], None]]
) -> None:
    ran = dict(engine.runs)
    first = answered(rollout(place, "--json"), 5)["waves"][0]["stacks"]

    def dies() -> None:
        engine.dead = {first[0]}
        rings(place, f"{first[0]}-errors")()

    waits.append(dies)
    result = rollout(place, "--unapproved")

    assert 6 == result.exit_code
    assert f"could not be taken back in {', '.join(first)}" in result.stderr
    assert f"covey rollback {place / 'infra'} --offline" in result.stderr
    assert "dial tcp: i/o timeout" in " ".join(result.stdout.split())
    refused = rollout(place, version="3")
    assert (2, True) == (refused.exit_code, "is stopped: a rollout to version 2" in refused.stderr)

    engine.dead = set()
    assert "rolled back" == answered(rollback(place, "--json"))["phase"]
    assert ran == engine.runs


@pytest.mark.usefixtures("waits")
def test_what_was_rolled_out_can_be_rolled_back_and_forth(place: Path, engine: Engine) -> None:
    before, ran = program(place), dict(engine.runs)
    assert 5 == rollout(place).exit_code
    assert 0 == approved(place).exit_code
    assert 0 == rollout(place).exit_code
    after, new = program(place), dict(engine.runs)

    assert "rolled back" == answered(rollback(place, "--json"))["phase"]
    assert (before, ran) == (program(place), engine.runs)

    listed = answered(rollback(place, "--list", "--json"), schema="restorable")["programs"]
    assert [False, True] == [one["here"] for one in listed]
    assert ["looked at it"] * 2 == [one["note"] for one in listed]
    assert 0 == rollback(place, "--to", listed[0]["program"][:12]).exit_code
    assert (after, new) == (program(place), engine.runs)


def test_what_is_prepared_can_be_withdrawn(place: Path, engine: Engine) -> None:
    before = program(place)
    assert 5 == rollout(place).exit_code

    result = rollback(place, "--json")

    assert "withdrawn" == answered(result)["phase"]
    assert (before, []) == (program(place), engine.ups)


@pytest.mark.usefixtures("waits")
def test_a_way_back_that_would_replace_an_endpoint_needs_an_approval(place: Path, engine: Engine) -> None:
    before = program(place)
    assert 5 == rollout(place).exit_code
    assert 0 == approved(place).exit_code
    assert 0 == rollout(place).exit_code
    engine.ups.clear()
    engine.loses = next(iter(engine.runs))

    result = rollback(place)

    assert 5 == result.exit_code
    assert f"would delete or replace what serves: shop-endpoint in {engine.loses}" in result.stderr
    assert (before, []) == (program(place), engine.ups)


def test_what_runs_must_lie_there_or_nobody_could_go_back(place: Path, engine: Engine) -> None:
    stack = next(iter(engine.runs))
    engine.runs[stack] += "# something else\n"

    result = rollout(place)

    assert 6 == result.exit_code
    assert f"stack {stack}\ndoes not run what lies in" in result.stderr


@pytest.mark.usefixtures("engine")
def test_edits_that_are_in_the_way_are_kept(place: Path, waits: list[Callable[[], None]]) -> None:
    assert 5 == rollout(place).exit_code
    edited = next((place / "infra" / "stacks" / "groups").glob("prod_*.py"))

    def edit() -> None:
        edited.write_text("# mine\n")
        rings(place, "*-errors")()

    waits.append(edit)
    result = rollout(place, "--unapproved")

    assert 6 == result.exit_code
    kept = re.search(r"kept in the journal: program ([0-9a-f]{64})", result.stderr)
    assert kept is not None
    journal = Journal(place / "journal.sqlite")
    assert kept[1] in {entry.content for entry in journal.entries(kind="program")}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--journal", "none"], 2, "nobody goes back to what was not kept"),
        (["--bake", "soon"], 2, "is no time of at most a week"),
        (["--bake", "999999h"], 2, "is no time of at most a week"),
        (["--cohort", "toys"], 2, "has no workload. \nThere are all"),
        (["--artifact", "churn"], 2, "is not NAME=KEY"),
        (["--workload", "[bold]nobody"], 2, "--workload [bold]nobody\nis no workload"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_lost(more: list[str], code: int, said: str, place: Path) -> None:
    before = program(place)

    result = rollout(place, *more)

    assert code == result.exit_code
    assert said.replace(" \n", "\n") in result.stderr
    assert "Traceback" not in result.stderr
    assert before == program(place)


def test_without_an_approval_only_offline(place: Path) -> None:
    result = covey("rollout", "2", place / "fleet", "--project", place / "infra", "--cohort", "all", "--unapproved")

    assert (2, True) == (result.exit_code, "is for --offline only" in result.stderr)


@pytest.mark.usefixtures("engine")
def test_a_fleet_that_says_more_than_versions_is_refused(place: Path) -> None:
    inventory = place / "fleet" / "fleet.yaml"
    inventory.write_text(inventory.read_text().replace("domain: models.", "domain: other."))

    result = rollout(place)

    assert (2, True) == (result.exit_code, "another program than the one that lies there" in result.stderr)


@pytest.mark.usefixtures("engine")
def test_two_cannot_roll_out_at_once(place: Path) -> None:
    with alone_in(place / "infra"):
        result = rollout(place)

    assert (6, True) == (result.exit_code, "by somebody else right now" in result.stderr)


CHANGING = [["up", "--unapproved", "--offline"], ["destroy", "--offline"], ["refresh", "--offline"]]


@pytest.mark.parametrize("arguments", CHANGING, ids=lambda given: given[0])
def test_what_changes_the_cloud_begins_only_where_nobody_else_is_at_it(
    arguments: list[str], place: Path, engine: Engine
) -> None:
    verb, *rest = arguments
    before = Journal(place / "journal.sqlite").entries()
    with alone_in(place / "infra"):
        refused = covey(verb, place / "infra", *rest)

    assert (6, True) == (refused.exit_code, "by somebody else right now" in refused.stderr)
    assert [] == engine.ups
    assert before == Journal(place / "journal.sqlite").entries()
    assert 0 == covey(verb, place / "infra", *rest).exit_code


@pytest.mark.parametrize("arguments", CHANGING, ids=lambda given: given[0])
def test_what_changes_the_cloud_waits_for_an_open_rollout_and_says_how_to_end_it(
    arguments: list[str], place: Path, engine: Engine
) -> None:
    verb, *rest = arguments
    assert 5 == rollout(place).exit_code
    before = Journal(place / "journal.sqlite").entries()

    refused = covey(verb, place / "infra", *rest)

    assert 6 == refused.exit_code
    where, what, remedy = refused.stderr.splitlines()
    assert str(place / "infra") == where
    assert re.fullmatch(r"has a rollout to version 2, prepared by \S+, that is prepared\.", what)
    assert f"covey rollout 2 FLEET --project {place / 'infra'} --offline" in remedy
    assert f"covey rollback {place / 'infra'} --offline" in remedy
    assert [] == engine.ups
    assert before == Journal(place / "journal.sqlite").entries()
    assert 0 == rollback(place).exit_code
    assert 0 == covey(verb, place / "infra", *rest).exit_code


def test_a_rollout_in_the_pretend_cloud_is_in_the_way_of_no_other(place: Path, engine: Engine) -> None:
    assert 5 == rollout(place).exit_code

    destroyed = covey("destroy", place / "infra")

    assert 0 == destroyed.exit_code, destroyed.stderr
    assert ["for good"] == sorted({line.split(maxsplit=2)[2] for line in engine.ups})


def test_no_workload_joins_leaves_or_changes_groups_while_a_rollout_is_open(place: Path, engine: Engine) -> None:
    assert 5 == rollout(place).exit_code
    before = program(place)
    leave = covey("leave", place / "fleet", "churn", "--project", place / "infra", "--choose", "1")
    regroup = covey("regroup", place / "fleet", "--project", place / "infra", "--choose", "1")

    assert [6, 6] == [leave.exit_code, regroup.exit_code]
    assert all("has a rollout to version 2" in refused.stderr for refused in (leave, regroup))
    assert before == program(place)
    assert [] == engine.ups


def test_a_program_is_emitted_only_where_nobody_else_is_at_it_and_no_rollout_is_open(
    place: Path, engine: Engine
) -> None:
    emit = ("emit", place / "fleet", "--into", place / "infra", "--profile", "cheapest", "--plan", place / "plan.json")
    assert 0 == covey("plan", place / "fleet", "--save", place / "plan.json").exit_code
    with alone_in(place / "infra"):
        held = covey(*emit)
    assert 5 == rollout(place).exit_code
    before = program(place)
    opened = covey(*emit)

    assert [6, 6] == [held.exit_code, opened.exit_code]
    assert "by somebody else right now" in held.stderr
    assert "has a rollout to version 2" in opened.stderr
    assert before == program(place)
    assert [] == engine.ups
    assert 0 == rollback(place).exit_code
    assert 0 == covey(*emit).exit_code


@pytest.mark.usefixtures("engine")
def test_a_journal_that_cannot_tell_of_rollouts_hinders_no_emission_and_that_is_said(place: Path) -> None:
    (place / "journal.sqlite").write_bytes(b"no database at all, but long enough to look like a file of something")
    result = covey("emit", place / "fleet", "--into", place / "infra", "--profile", "cheapest")

    assert 0 == result.exit_code, result.stderr
    assert "Whether a rollout of it is open is not known." in result.stderr


def test_a_look_is_in_nobody_s_way(place: Path, engine: Engine) -> None:
    assert 5 == rollout(place).exit_code
    with alone_in(place / "infra"):
        looked = covey("refresh", place / "infra", "--offline", "--expect-no-changes")

    assert 0 == looked.exit_code, looked.stderr
    assert {(True, True)} == {(offline, look_only) for _, offline, look_only in engine.looked}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("to", ["f" * 12, ""])
def test_a_program_that_is_none_or_several_is_refused(to: str, place: Path) -> None:
    assert 5 == rollout(place).exit_code
    assert 0 == approved(place).exit_code
    assert 0 == rollback(place).exit_code

    result = rollback(place, "--to", to)

    assert (2, True) == (result.exit_code, "approved programs" in result.stderr)


@pytest.mark.usefixtures("engine")
def test_the_only_approved_program_has_none_before_it(place: Path) -> None:
    result = rollback(place)

    assert (2, True) == (result.exit_code, "the only program" in result.stderr)


def test_a_journal_that_was_changed_by_hand_is_no_way_back(place: Path, engine: Engine) -> None:
    assert 5 == rollout(place).exit_code
    journal = Journal(place / "journal.sqlite")
    for entry in journal.entries(kind="program"):
        body = json.loads(journal.content(entry.content))
        body["files"] = "AAAA"
        journal.append("program", json.dumps(body).encode(), by="mallory", at=entry.at)

    result = rollback(place, "--list")

    assert 2 == result.exit_code
    assert "holds a program that is not of the shape" in result.stderr
    assert [] == engine.ups
