"""`covey join` and `covey leave` as a person calls them."""

import json
import shutil
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import Result

from generator.journal import Entry, Journal, MembershipRecord
from generator.present.document import saved_recommendation
from tests import commands
from tests.commands import contents, covey
from tests.gemini_server import gemini_server
from tests.starters import by_group

NEWCOMER = "name: newcomer\nartifact: newcomer/1.tar.gz\nexpected: {like: churn, mean_rps: 0.5}\n"
ADDED = """\
  - {name: newcomer, artifact: newcomer/1.tar.gz, series: churn}
"""


@pytest.fixture
def place(spread_starter: Path, tmp_path: Path) -> Path:
    """Return a folder with a fleet, the project that serves it in three groups, and a newcomer's entry."""
    folder = Path(shutil.copytree(spread_starter, tmp_path / "place"))
    (folder / "newcomer.yaml").write_text(NEWCOMER)
    return folder


def join(place: Path, *more: str) -> Result:
    return covey("join", place / "fleet", place / "newcomer.yaml", "--project", place / "infra", *more)


def leave(place: Path, name: str, *more: str) -> Result:
    return covey("leave", place / "fleet", name, "--project", place / "infra", *more)


answered = partial(commands.answered, schema="membership")


def test_looking_writes_nothing(place: Path) -> None:
    before = contents(place)

    answer = answered(join(place, "--json"))

    assert before == contents(place)
    assert answer["chosen"] is None
    assert [1, 2, 3][: len(answer["choices"])] == [choice["number"] for choice in answer["choices"]]


def test_choosing_changes_the_group_concerned_and_no_other_data(place: Path) -> None:
    before = contents(place / "infra")
    answer = answered(join(place, "--json", "--choose", "1"))
    after = contents(place / "infra")
    taken = answer["choices"][0]

    data = {path for path in before if path.startswith("stacks/groups/")}
    changed = {path for path in data | set(after) if before.get(path) != after.get(path)}
    expected = {f"stacks/groups/{stack.replace('-', '_')}.py" for stack in taken["program"]["stacks"]}
    assert expected == {path for path in changed if path.startswith("stacks/groups/")}
    assert changed - {".covey.json"} == set(taken["program"]["files"])
    assert taken["before"] is not None
    for path in expected:
        was, became = by_group(before[path].decode()), by_group(after[path].decode())
        assert [taken["before"]["name"]] == [name for name in was if was[name] != became[name]]
        assert set(was) == set(became)


def test_what_was_written_is_what_was_shown_and_serves_everyone(place: Path) -> None:
    answer = answered(join(place, "--json", "--choose", "2"))

    lies = saved_recommendation((place / "infra" / "recommendation.json").read_bytes(), "recommendation.json")
    shown = answer["choices"][1]
    assert shown["cost_usd_per_month"]["expected"] == pytest.approx(
        lies.recommendation.cost_usd_per_h.expected * 730, abs=1e-3
    )
    members = {workload for group in lies.recommendation.groups for workload in group.workloads}
    assert {"churn", "newcomer", "prices Europe", "search ranking"} == members


def test_who_joined_may_leave_again_and_the_other_groups_never_notice(place: Path) -> None:
    before = contents(place / "infra" / "stacks" / "groups")
    assert 0 == join(place, "--choose", "1").exit_code
    inventory = place / "fleet" / "fleet.yaml"
    inventory.write_text(inventory.read_text() + ADDED)

    answer = answered(leave(place, "newcomer", "--json", "--choose", "1"))

    assert "leave" == answer["change"]
    assert answer["choices"][0]["workload_attainment"] is None
    assert before == contents(place / "infra" / "stacks" / "groups")


def test_a_plan_from_before_somebody_joined_is_emitted_and_says_whom_it_leaves_out(
    starter: Path, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(starter, tmp_path / "place"))
    (place / "newcomer.yaml").write_text(NEWCOMER)
    assert 0 == join(place, "--choose", "1").exit_code
    emitted = covey("emit", place / "fleet", "--plan", place / "plan.json", "--into", place / "infra")

    assert 0 == emitted.exit_code, emitted.stderr
    assert "Left out, for the plan does not know them: newcomer. Who joined belongs in fleet.yaml." in emitted.stderr


def test_a_group_goes_with_its_last_workload(place: Path) -> None:
    answer = answered(leave(place, "churn", "--json"))

    (way,) = answer["choices"]
    assert "removed" == way["kind"]
    assert way["after"] is None
    assert way["change_usd_per_month"]["expected"] < 0
    assert [f"prod-{way['before']['cloud']}-{way['before']['region']}"] == way["program"]["stacks"]


def test_a_group_that_goes_retires_first_and_the_person_is_told(place: Path) -> None:
    before = answered(leave(place, "churn", "--json"))["choices"][0]["before"]
    result = leave(place, "churn", "--choose", "1")

    assert 0 == result.exit_code, result.stderr
    assert f"Retiring: prod-{before['cloud']}-{before['region']}/churn." in result.stderr


def test_advice_is_named_and_executed_by_nobody(place: Path) -> None:
    result = join(place)

    assert "The offline proposer (rules, no language model) would take" in result.stdout
    assert "Nothing was written." in result.stdout


@pytest.mark.parametrize(
    ("said", "choice", "failure"),
    [('{"choices": {"w0": "o1"}}', 2, None), ('{"choices": {"w0": "o9"}}', None, "not offered"), ("", None, "empty")],
)
def test_a_language_model_advises_and_nothing_of_the_inventory_reaches_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, said: str, choice: int | None, failure: str | None
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-real-key")
    with gemini_server(lambda _instruction, _prompt, _schema: said) as gemini:
        monkeypatch.setenv("COVEY_GEMINI_ENDPOINT", gemini.url)
        before = contents(place / "infra")
        answer = answered(join(place, "--json", "--llm", "google-genai", "--llm-record", str(place / "record")))

    assert choice == answer["placement"]["choice"]
    assert (answer["placement"]["failure"] is None) == (failure is None)
    assert (failure or "") in (answer["placement"]["failure"] or "")
    assert before == contents(place / "infra")
    assert gemini.bodies
    for name in ("newcomer", "churn", "prices", "search", "my-fleet"):
        assert not any(name in body.decode() for body in gemini.bodies)


def test_the_payload_shown_of_a_join_is_what_leaves_and_it_stays_on_record(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-real-key")
    journal = place / "journal.sqlite"
    files = ("--project", str(place / "infra"), "--journal", str(journal))
    with gemini_server(lambda _instruction, _prompt, _schema: '{"choices": {"w0": "o0"}}') as gemini:
        monkeypatch.setenv("COVEY_GEMINI_ENDPOINT", gemini.url)
        shown = covey("llm", "payload", place / "fleet", "--join", place / "newcomer.yaml", *files)
        assert [] == gemini.bodies
        assert not journal.exists()
        done = join(place, "--llm", "gemini", "--llm-record", str(place / "record"), "--journal", str(journal))

    assert (0, 0) == (shown.exit_code, done.exit_code), (shown.stderr, done.stderr)
    assert [json.loads(line)["payload"] for line in shown.stdout.splitlines()] == gemini.prompts()
    entries = Journal(journal).entries()
    assert ["prompt", "reply"] == [entry.kind for entry in entries]
    assert json.loads(Journal(journal).content(entries[0].content))["payload"] == gemini.prompts()[0]
    assert 0 == covey("log", "verify", "--journal", str(journal)).exit_code


@pytest.mark.parametrize(
    "more", [["--join", "new.yaml"], ["--project", "infra"], ["--join", "new.yaml", "--leave", "churn"]]
)
def test_a_payload_of_half_a_question_is_refused(more: list[str], place: Path) -> None:
    shown = covey("llm", "payload", place / "fleet", *more)

    assert (2, "") == (shown.exit_code, shown.stdout)


def test_a_hostile_name_is_text(place: Path) -> None:
    hostile = "[bold red]{{ 7*7 }}<script>"
    (place / "newcomer.yaml").write_text(NEWCOMER.replace("name: newcomer", f"name: '{hostile}'"))

    result = join(place, "--choose", "1")

    assert 0 == result.exit_code, result.stderr
    assert hostile in result.stdout
    assert f"name: '{hostile}'" in result.stderr


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ("exists", 2, "has a workload 'churn' already"),
        ("other fleet", 2, "serves the fleet my-fleet, not another"),
        ("edited recommendation", 2, "was edited since the program was emitted"),
        ("edited data", 4, "edited since the last emission"),
        ("no project", 2, "holds no program"),
        ("no such choice", 2, "there are"),
        ("no machine", 3, "SLO001"),
        ("no traffic", 2, "have no traffic here"),
        ("already joined", 2, "it serves newcomer"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_lost(place: Path, change: str, code: int, said: str) -> None:
    infra, newcomer, choose = place / "infra", place / "newcomer.yaml", "1"
    if change == "exists":
        newcomer.write_text(NEWCOMER.replace("name: newcomer", "name: churn"))
    elif change == "other fleet":
        inventory = place / "fleet" / "fleet.yaml"
        inventory.write_text(inventory.read_text().replace("name: my-fleet", "name: another"))
    elif change == "edited recommendation":
        with (infra / "recommendation.json").open("a") as file:
            file.write("\n")
    elif change == "edited data":
        for path in (infra / "stacks" / "groups").glob("prod_*.py"):
            path.write_text(path.read_text() + "# mine\n")
    elif change == "no project":
        shutil.rmtree(infra)
        infra.mkdir()
    elif change == "no such choice":
        choose = "9"
    elif change == "no machine":
        newcomer.write_text(NEWCOMER + "objective: {percentile: 0.99, latency_s: 0.001}\n")
    elif change == "no traffic":
        newcomer.write_text(NEWCOMER.splitlines()[0] + "\nartifact: newcomer/1.tar.gz\n")
    elif change == "already joined":
        assert 0 == join(place, "--choose", "1").exit_code
    before = contents(place)

    result = join(place, "--choose", choose)

    assert code == result.exit_code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert before == contents(place)


def test_nobody_unknown_leaves(place: Path) -> None:
    result = leave(place, "nobody")

    assert 2 == result.exit_code
    assert "no workload 'nobody'" in result.stderr


# The journal ---------------------------------------------------------------------------------------------------------


def test_a_choice_is_on_record_with_what_it_was_made_from_and_a_look_is_not(place: Path) -> None:
    journal = place / "journal.sqlite"
    assert 0 == join(place, "--journal", str(journal)).exit_code
    assert not journal.exists()

    answer = answered(join(place, "--json", "--choose", "1", "--journal", str(journal)))

    kept = Journal(journal)
    entries = kept.entries()
    assert ["inventory", "catalogue", "membership", "membership"] == [entry.kind for entry in entries]
    began, done = (kept.record(entry.content, MembershipRecord) for entry in entries[2:])
    assert ("join", "began", answer) == (began.command, began.phase, began.answer)
    assert ("join", "done", None) == (done.command, done.phase, done.answer)
    lies = (place / "infra" / "recommendation.json").read_bytes()
    assert sha256(lies).hexdigest() == began.recommendation == done.recommendation
    assert [began.inventory, began.catalogue] == [entry.content for entry in entries[:2]]
    assert [] == kept.verify()
    told = covey("log", "--journal", str(journal), "--kind", "membership", "--json")
    said = [entry["says"] for entry in json.loads(told.stdout)["entries"]]
    assert [f"join done: {began.fleet}", f"join of newcomer began: {began.fleet}, choice 1"] == said


def test_who_leaves_is_on_record_on_the_same_chain(place: Path) -> None:
    journal = place / "journal.sqlite"
    assert 0 == leave(place, "churn", "--choose", "1", "--journal", str(journal)).exit_code

    (began, _) = (Journal(journal).record(one.content, MembershipRecord) for one in members(journal))

    assert began.answer is not None
    assert ("leave", "churn") == (began.command, began.answer["workload"])
    assert 0 == covey("log", "verify", "--journal", str(journal)).exit_code


def test_a_choice_that_could_not_be_written_is_on_record_as_that(place: Path) -> None:
    journal = place / "journal.sqlite"
    for data in (place / "infra" / "stacks" / "groups").glob("prod_*.py"):
        data.write_text(data.read_text() + "# by hand\n")
    before = contents(place / "infra")

    refused = leave(place, "churn", "--choose", "1", "--journal", str(journal))

    assert 4 == refused.exit_code
    assert before == contents(place / "infra")
    phases = [Journal(journal).record(one.content, MembershipRecord) for one in members(journal)]
    assert ["began", "failed"] == [one.phase for one in phases]
    assert "edited since the last emission" in str(phases[1].failure)


def test_a_choice_that_could_not_be_recorded_is_not_written(place: Path) -> None:
    (place / "text").write_text("no database\n" * 1000)
    before = contents(place / "infra")

    refused = join(place, "--choose", "1", "--journal", str(place / "text"))

    assert 2 == refused.exit_code
    assert before == contents(place / "infra")


def members(journal: Path) -> list[Entry]:
    return Journal(journal).entries(kind="membership")
