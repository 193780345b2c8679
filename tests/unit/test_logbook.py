"""What verbs record, what they do where that cannot be, and what `covey log` says of it."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from generator.approval.on_disk import tree_on_disk
from generator.catalog import read_catalog
from generator.dialogue import Answer, Brief, Example, Option, Question, prompt
from generator.errors import DeployError, JournalError
from generator.history import History, history_of_decisions, history_of_plans, journal_at, operation
from generator.journal import Journal, Kind, recall
from generator.load import load
from generator.measurements import contents
from generator.model import Catalog, Inputs, Source, StackReport
from generator.present.document import chosen_of
from generator.present.figures import count, dollars
from generator.present.said import SAYS
from generator.present.saved import read_plan
from tests import learned
from tests.commands import covey, published, three_lines

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def _fleet_s_own_journal() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVEY_JOURNAL", raising=False)
        yield


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logbook") / "fleet"
    assert covey("init", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def saved(fleet: Path) -> Path:
    place = fleet.parent / "plan.json"
    assert covey("plan", fleet, "--no-llm", "--save", place).exit_code == 0
    return place


@pytest.fixture(scope="module")
def project(fleet: Path, saved: Path) -> Path:
    into = fleet.parent / "infra"
    assert covey("emit", fleet, "--plan", saved, "--into", into).exit_code == 0
    return into


@cache
def read(fleet: Path) -> tuple[Inputs, Catalog]:
    catalog = read_catalog()
    return load(fleet, catalog), catalog


@pytest.fixture
def journal(tmp_path: Path, fleet: Path, saved: Path) -> Journal:
    """Hold the one plan, as `covey plan` recorded it."""
    place = tmp_path / "journal.sqlite"
    history_of_decisions(fleet, str(place)).keep(read_plan(saved), *read(fleet))
    return Journal(place)


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


# Plans ---------------------------------------------------------------------------------------------------------------


def test_a_plan_is_recorded_beside_its_fleet_with_all_it_rests_on(fleet: Path, saved: Path, project: Path) -> None:
    found = Journal(fleet / ".covey" / "journal.sqlite")
    first = found.entries()[:4]
    origin = json.loads((project / ".covey.json").read_text())["provenance"]
    recommended = json.loads(found.content(first[2].content))

    assert ["inventory", "catalogue", "recommendations", "plan"] == [entry.kind for entry in first]
    assert [origin["inventory"], origin["catalogue"]] == [first[0].content, first[1].content]
    assert saved.read_bytes() == found.content(first[3].content)
    assert digest(saved.read_bytes()) == recommended["plan"]
    assert origin["recommendation"] == recommended["recommendations"]["balanced"]["digest"]
    assert "*\n" == (fleet / ".covey" / ".gitignore").read_text()


def test_what_was_recorded_before_is_not_recorded_again_but_that_it_was_planned_is(
    fleet: Path, saved: Path, journal: Journal
) -> None:
    History(journal).keep(read_plan(saved), *read(fleet))
    History(journal).keep(read_plan(saved), *read(fleet), again=False)

    assert ["inventory", "catalogue", "recommendations", "plan", "plan"] == [e.kind for e in journal.entries()]


def test_recorded_figures_hold_no_name_of_the_inventory(saved: Path, journal: Journal) -> None:
    (entry,) = journal.entries(kind="recommendations")
    content = journal.content(entry.content).decode()

    assert all(name not in content for name in read_plan(saved).workloads)
    assert all(group.name not in content for one in read_plan(saved).recommendations for group in one.groups)


@pytest.mark.parametrize("named", ["text", "nowhere/journal.sqlite", "mysql://u:secret@h/d", "sqlite://"])
def test_a_journal_that_cannot_be_written_is_said_once_and_never_breaks_a_plan(
    named: str, fleet: Path, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no database\n" * 1000)
    history = history_of_plans(fleet, named if "://" in named else str(tmp_path / named))
    history.try_to_keep(read_plan(saved), *read(fleet))
    said = capsys.readouterr().err

    assert () == history.remembered()
    assert 1 == len(said.splitlines())
    assert "Nothing is recorded or remembered." in said
    assert "secret" not in said


def test_a_journal_that_fails_midway_is_said_once(
    fleet: Path, saved: Path, journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "journal.sqlite").write_text("no database\n" * 1000)
    history = History(journal)
    history.try_to_add("prompt", b"one")
    history.try_to_add("prompt", b"two")
    history.try_to_keep(read_plan(saved), *read(fleet))

    assert 1 == len(capsys.readouterr().err.splitlines())


class _Model:
    name: str = "scripted model"
    source: Source = "model"

    def answer(self, brief: Brief) -> Answer:
        return Answer({question.id: question.options[0].id for question in brief.questions}, {"o0": "said"})


def test_what_a_language_model_is_sent_and_chooses_is_recorded_byte_for_byte(journal: Journal) -> None:
    brief = Brief("serve", (Question("g000", {"models": 2.0}, (Option("o0", {"usd_per_h": 1.0}),)),))
    answer = History(journal).overheard(_Model()).answer(brief)
    asked, replied = journal.entries()[-2:]
    reply = json.loads(journal.content(replied.content))

    assert _Model().answer(brief) == answer
    assert ("prompt", "reply") == (asked.kind, replied.kind)
    assert prompt(brief).text().encode() == journal.content(asked.content)
    assert asked.content == reply["prompt"]
    assert ({"g000": "o0"}, "scripted model") == (reply["choices"], reply["model"])


# Where it is ---------------------------------------------------------------------------------------------------------


def test_an_emitted_project_says_where_its_fleet_lies_and_both_name_one_journal(fleet: Path, project: Path) -> None:
    assert "../fleet\n" == (project / ".covey" / "fleet").read_text()
    assert covey("log", "--journal", fleet).stdout == covey("log", "--journal", project).stdout


def test_option_comes_before_environment_before_the_fleet_s_own(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(journal_at(None, fleet))
    monkeypatch.setenv("COVEY_JOURNAL", str(tmp_path / "a.sqlite"))

    assert str(fleet / ".covey" / "journal.sqlite") == own
    assert str(tmp_path / "a.sqlite") == str(journal_at(None, fleet))
    assert str(tmp_path / "b.sqlite") == str(journal_at(str(tmp_path / "b.sqlite"), fleet))
    assert journal_at("none", fleet) is None


@pytest.mark.parametrize("words", ["/etc", "../missing", "", "..\x1b", "a\nb", "\ud800"])
def test_a_reference_to_nowhere_is_refused(words: str, tmp_path: Path) -> None:
    (tmp_path / ".covey").mkdir()
    (tmp_path / ".covey" / "fleet").write_bytes(words.encode("utf-8", "surrogatepass") or b"/\n")

    with pytest.raises(JournalError, match="does not name the folder of a fleet"):
        journal_at(None, tmp_path)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / ".covey").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(JournalError, match="is a link"):
        history_of_decisions(tmp_path / "fleet")
    assert [] == list((tmp_path / "elsewhere").iterdir())


# Decisions and operations --------------------------------------------------------------------------------------------


def test_a_rejection_is_recorded_with_reason_group_and_note(fleet: Path, saved: Path, tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite"
    given = ["--reason", "region", "--profile", "resilient", "--note", "too far", "--by", "ada"]
    group = read_plan(saved).recommendations[-1].groups[-1].name
    result = covey("reject", fleet, "--plan", saved, *given, "--group", group, "--journal", place)
    entry = Journal(place).entries()[-1]
    rejection = json.loads(Journal(place).content(entry.content))

    assert (0, "") == (result.exit_code, result.stdout)
    assert ("rejection", "ada") == (entry.kind, entry.actor)
    assert ("region", "too far", "resilient") == (rejection["reason"], rejection["note"], rejection["profile"])
    assert [len(read_plan(saved).recommendations[-1].groups) - 1] == rejection["groups"]
    assert digest(saved.read_bytes()) == rejection["plan"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--group", "nobody\x1b[31m"], "--group"),
        (["--note", "a\x1b[31m"], "--note"),
        (["--by", ""], "--by"),
        (["--journal", "none"], "--journal"),
    ],
)
def test_a_rejection_that_cannot_be_kept_is_refused(given: list[str], named: str, fleet: Path, saved: Path) -> None:
    if named == "--by":
        given = ["--by", "\x07"]
    result = covey("reject", fleet, "--plan", saved, "--reason", "cost", *given)

    assert 2 == result.exit_code
    assert three_lines(result)[0].startswith(named)
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [["approve", "--by", "ada", "--offline"], ["up", "--unapproved", "--offline"], ["destroy", "--offline"]],
)
def test_what_must_be_recorded_and_cannot_is_not_begun(
    arguments: list[str], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(*_: Any, **__: Any) -> None:
        raise AssertionError("it began")

    for door in ("preview", "up", "destroy"):
        monkeypatch.setattr(f"generator.deploy.{door}", begun)
    monkeypatch.setattr("generator.ship.preview", begun)
    (tmp_path / "text").write_text("no database\n" * 1000)
    verb, *rest = arguments
    result = covey(verb, project, *rest, "--journal", tmp_path / "text")

    assert 2 == result.exit_code
    assert "text" in three_lines(result)[0]
    assert not (project / "approval.json").exists()


def test_an_operation_is_recorded_as_it_begins_and_as_it_ends(project: Path, journal: Journal) -> None:
    report = StackReport("prod-aws-eu-west-1", "engine", (), {})
    with operation("up", project, None, str(journal), offline=True) as done:
        done([report])
    with pytest.raises(DeployError), operation("destroy", project, None, str(journal), offline=True):
        raise DeployError("stack s", "is in flames.", "Put it out.")
    began, ended, began_again, failed = (
        json.loads(journal.content(entry.content)) for entry in journal.entries(kind="deployment")
    )

    assert ["began", "done"] == [began["phase"], ended["phase"]]
    assert [report.stack] == [stack["stack"] for stack in ended["report"]["stacks"]]
    assert digest((project / "recommendation.json").read_bytes()) == began["recommendation"]
    assert ("began", "failed", "stack s: is in flames.") == (began_again["phase"], failed["phase"], failed["failure"])


# What is remembered --------------------------------------------------------------------------------------------------


def approved(journal: Journal, recommendation: str) -> None:
    content = {"approved_by": "ada", "provenance": {"inventory": "", "catalogue": "", "recommendation": recommendation}}
    journal.append("approval", json.dumps(content).encode(), by="ada", at=AT)


def test_decisions_come_back_newest_first_and_the_last_word_holds(fleet: Path, saved: Path, journal: Journal) -> None:
    plan = read_plan(saved)
    balanced = digest(chosen_of(plan, "balanced").text().encode())
    approved(journal, balanced)
    first = recall(journal)
    assert 0 == covey("reject", fleet, "--plan", saved, "--reason", "region", "--journal", str(journal)).exit_code
    second = recall(journal)
    approved(journal, digest(chosen_of(plan, "resilient").text().encode()))
    third = recall(journal)

    assert {"approved"} == {example.outcome for example in first}
    assert {("rejected", "region")} == {(example.outcome, example.reason) for example in second}
    assert [example.figures for example in first] == [example.figures for example in second]
    assert ["approved", "rejected"] == list(dict.fromkeys(example.outcome for example in third))
    assert {"cloud", "hosting", "instance_type", "region"} == set(first[0].words)


def test_a_decision_about_an_unknown_plan_teaches_nothing(journal: Journal) -> None:
    approved(journal, "a" * 64)

    assert () == recall(journal)


def test_a_content_of_another_shape_is_refused_in_words(journal: Journal) -> None:
    journal.append("rejection", b'{"version": 2}', by="ada", at=AT)

    with pytest.raises(JournalError, match="not of the shape"):
        recall(journal)


# covey log -----------------------------------------------------------------------------------------------------------


def test_the_log_is_printed_and_published(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # no cell is broken over lines
    shown = covey("log", "--journal", str(journal), "--limit", "2")
    listed = covey("log", "--journal", str(journal), "--kind", "plan", "--json")
    document = json.loads(listed.stdout)

    assert ["plan", "recommendations"] == [line.split()[4] for line in shown.stdout.splitlines() if line[:1].isdigit()]
    jsonschema.validate(document, published("log"))
    assert ["plan"] == [entry["kind"] for entry in document["entries"]]


def test_every_kind_of_entry_has_its_line() -> None:
    assert set(get_args(Kind)) == set(SAYS)


def test_what_is_kept_as_it_is_comes_to_a_line_of_its_own_figures(
    fleet: Path, saved: Path, project: Path, journal: Journal
) -> None:
    history, found, (inputs, catalog) = History(journal), read_plan(saved), read(fleet)
    history.keep_program(tree_on_disk(project))
    questions = tuple(Question(name, {}, (Option("o0", {}),)) for name in ("g0", "g1"))
    history.overheard(_Model()).answer(Brief("serve", questions, examples=(Example({}, {}, "approved"),)))
    _, groups = learned.served(["ml.c5.large"], each=2)
    history.add("series", contents(learned.observed(groups, {}, days=1, seed=0), fleet="shop", source="x")["series"])
    listed = json.loads(covey("log", "--journal", str(journal), "--json").stdout)["entries"]
    says = {entry["kind"]: entry["says"] for entry in listed}
    each = {one.profile: count(len(one.groups), "group") for one in found.recommendations}
    costs = {one.profile: dollars(one.cost_usd_per_h.expected) for one in found.recommendations}
    planned, scored = inputs.planned.window, inputs.scored.window
    stacks = list((project / "stacks" / "groups").glob("prod_*.py"))

    assert f"{found.fleet}, an hour: " + ", ".join(
        f"{profile} {cost} in {each[profile]}" for profile, cost in costs.items()
    ) == says["plan"]  # fmt: skip
    assert f"of plan {digest(saved.read_bytes())[:12]}, without names: " + ", ".join(
        f"{profile} {there}" for profile, there in each.items()
    ) == says["recommendations"]  # fmt: skip
    assert (
        f"{found.fleet}: {len(inputs.fleet.workloads)} models, planned on {planned.start:%Y-%m-%d} to "
        f"{planned.end:%Y-%m-%d}, scored until {scored.end:%Y-%m-%d}"
    ) == says["inventory"]
    assert (
        f"{len(catalog.offerings):,} offerings of {len(catalog.instance_types)} machine types in "
        f"{len(catalog.regions)} regions, prices of {catalog.as_of} and before"
    ) == says["catalogue"]
    assert says["program"] == (
        f"{each['balanced']} in {count(len(stacks), 'stack')}, {count(len(tree_on_disk(project)), 'file')}"
    )
    assert "serve: 2 questions, 1 past decision" == says["prompt"]
    assert "2 groups and 2 models, 96 rows" == says["series"]


@pytest.mark.parametrize("kind", ["inventory", "catalogue", "plan", "recommendations", "prompt", "series", "program"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"payload": "{"}', b"PAR1PAR1", b"[" * 10_000])
def test_a_content_that_says_nothing_is_said_to_be_unreadable(kind: Kind, content: bytes, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.append(kind, content, by="ada", at=AT)

    (entry,) = json.loads(covey("log", "--journal", str(journal), "--json").stdout)["entries"]

    assert "cannot be read" == entry["says"]


def test_a_content_is_shown_by_the_beginning_of_its_digest(saved: Path, journal: Journal) -> None:
    shown = covey("log", "show", digest(saved.read_bytes())[:10], "--journal", str(journal))

    assert saved.read_text() == shown.stdout
    assert "no contents" in three_lines(covey("log", "show", "zzz", "--journal", str(journal)))[1]


def test_verify_prints_the_head_that_finds_deleted_entries(journal: Journal) -> None:
    head = journal.entries()[-1].digest
    held = covey("log", "--journal", str(journal), "verify")
    connection = sqlite3.connect(str(journal))
    with connection:
        connection.execute("DELETE FROM log WHERE sequence = 4")
        connection.execute("DELETE FROM content WHERE digest NOT IN (SELECT content FROM log)")
    connection.close()
    unaware = covey("log", "verify", "--journal", str(journal))
    aware = covey("log", "verify", "--journal", str(journal), "--head", head, "--json")

    assert (0, True) == (held.exit_code, head in held.stdout)
    assert 0 == unaware.exit_code
    assert 7 == aware.exit_code
    jsonschema.validate(json.loads(aware.stdout), published("log-verification"))


def test_a_changed_entry_ends_in_seven(journal: Journal) -> None:
    connection = sqlite3.connect(str(journal))
    with connection:
        connection.execute("UPDATE log SET actor = 'bob' WHERE sequence = 2")
    connection.close()
    result = covey("log", "verify", "--journal", str(journal))

    assert 7 == result.exit_code
    assert "entry 2: is not what was written" in result.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--kind", "plans\x1b[31m"], "is no kind of entry."),
        (["verify", "--head", "abc"], "is no entry's hash"),
        (["verify", "--head", "F" * 64], "is no entry's hash"),
    ],
)
def test_what_no_journal_can_hold_is_a_mistake_and_no_finding(given: list[str], said: str, journal: Journal) -> None:
    result = covey("log", "--journal", str(journal), *given)

    assert 2 == result.exit_code
    assert said in three_lines(result)[1]
    assert "\x1b" not in result.stderr


def test_a_kind_that_nobody_has_used_yet_has_no_entry_and_says_so(journal: Journal) -> None:
    result = covey("log", "--journal", str(journal), "--kind", "rollout")

    assert (0, "", "There is no such entry.\n") == (result.exit_code, result.stdout, result.stderr)


def test_hostile_words_are_text_on_the_terminal(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # no cell is broken over lines
    journal.append("plan", b"x", by="\x1b[31m[bold]\u202eevil[/link]", at=AT)
    shown = covey("log", "--journal", str(journal))

    assert "\\x1b[31m[bold]\\u202eevil[/link]" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_reading_a_journal_that_is_not_there_says_so_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    for arguments in (["log"], ["log", "verify"], ["log", "show", "a"], ["log", "--journal", "b.sqlite"]):
        result = covey(*arguments)
        assert 2 == result.exit_code
        assert "does not exist" in three_lines(result)[1]
    assert [] == list(tmp_path.iterdir())
