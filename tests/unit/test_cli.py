"""The verbs as a person calls them, as processes of their own where signals and pipes matter."""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest

from generator.present.document import saved_document
from generator.shell import bar, put
from generator.verbs import planning
from tests.commands import covey, published, three_lines

ROOT = Path(__file__).parents[2]
COVEY = Path(sys.executable).with_name("covey")


@pytest.fixture
def fleet(starter: Path) -> Path:
    return starter / "fleet"


@pytest.fixture
def saved(starter: Path) -> Path:
    return starter / "plan.json"


@pytest.fixture
def project(starter: Path) -> Path:
    return starter / "infra"


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_help_waits_for_no_heavy_import() -> None:
    code = (
        "import sys, generator.cli; print(*{'numpy', 'networkx', 'matplotlib', 'polars', 'pydantic'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)

    assert "" == ran.stdout.strip()


def test_the_version_is_printed_without_a_verb() -> None:
    result = covey("--version")

    assert (result.exit_code, result.stdout) == (0, f"covey {version('covey')}\n")


def test_init_writes_a_fleet_that_can_be_planned(saved: Path) -> None:
    document = saved_document(saved.read_bytes(), "plan.json")

    assert 3 == len(document.workloads)


def test_init_leaves_alone_what_is_there(fleet: Path) -> None:
    before = (fleet / "fleet.yaml").read_bytes()
    result = covey("init", fleet)

    assert 2 == result.exit_code
    assert "fleet.yaml" in three_lines(result)[1]
    assert (fleet / "fleet.yaml").read_bytes() == before


def test_plan_prints_json_under_the_published_schema_and_saves_the_same(fleet: Path, saved: Path) -> None:
    result = covey("plan", fleet, "--json", "--no-llm")

    assert 0 == result.exit_code
    jsonschema.validate(json.loads(result.stdout), published("plan"))
    assert result.stdout == saved.read_text()
    assert "" == result.stderr


def test_a_time_limit_out_of_reach_leaves_the_plan_as_it_is(fleet: Path, saved: Path) -> None:
    assert covey("plan", fleet, "--json", "--no-llm", "--time-limit", "1000000").stdout == saved.read_text()


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_what_is_no_time_limit_is_refused(seconds: str, fleet: Path) -> None:
    result = covey("plan", fleet, "--no-llm", f"--time-limit={seconds}")

    assert (2, "") == (result.exit_code, result.stdout)


def test_a_time_limit_and_kept_stages_exclude_each_other(fleet: Path, tmp_path: Path) -> None:
    result = covey("plan", fleet, "--no-llm", "--time-limit", "9", "--resume", tmp_path / "stages.json")

    assert 2 == result.exit_code
    assert "--time-limit cuts them short" in three_lines(result)[1]
    assert [] == files_in(tmp_path)


def test_a_scheduler_that_is_none_is_refused(fleet: Path) -> None:
    result = covey("plan", fleet, "--no-llm", "--scheduler", "somewhere")

    assert 2 == result.exit_code
    assert "tcp://" in three_lines(result)[2]


def test_plan_says_that_no_language_model_sits_in_the_seat(fleet: Path) -> None:
    result = covey("plan", fleet, "--json")

    assert "offline proposer" in result.stderr


def test_plan_prints_tables_and_writes_a_report(fleet: Path, tmp_path: Path) -> None:
    result = covey("plan", fleet, "--no-llm", "--report", tmp_path / "plan.html")

    assert 0 == result.exit_code
    assert "✔ balanced" in result.stdout
    assert (tmp_path / "plan.html").read_text().startswith("<!doctype html>")
    assert ["plan.html"] == files_in(tmp_path)


@pytest.mark.parametrize("option", ["--report", "--save", "--resume"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unexpected(*_: object, **__: object) -> None:
        pytest.fail("the work began")

    monkeypatch.setattr(planning, "_read", unexpected)
    for place in (tmp_path / "missing" / "file", tmp_path, Path("/dev/null")):
        result = covey("plan", tmp_path, option, place)

        assert 2 == result.exit_code
        assert option in three_lines(result)[0]
    assert [] == files_in(tmp_path)


def test_show_prints_a_saved_plan_again(saved: Path) -> None:
    assert "✔ balanced" in covey("show", saved).stdout
    assert covey("show", saved, "--json").stdout == saved.read_text()


@pytest.mark.parametrize("content", [b"", b"\x1b[31m{", b'{"version": 1}'])
def test_show_refuses_what_is_no_plan(content: bytes, tmp_path: Path) -> None:
    place = tmp_path / "plan.json"
    place.write_bytes(content)
    result = covey("show", place)

    assert 2 == result.exit_code
    assert str(place) in three_lines(result)[0]
    assert "\x1b" not in result.stderr


def test_explain_gives_the_evidence_and_the_groups(fleet: Path, saved: Path) -> None:
    names = sorted(saved_document(saved.read_bytes(), "plan.json").workloads)
    result = covey("explain", fleet, names[0], names[1], "--plan", saved, "--json")

    assert 0 == result.exit_code
    found = json.loads(result.stdout)
    jsonschema.validate(found, published("explanation"))
    assert found["evidence"]["workloads"] == names[:2]
    assert found["evidence"]["peak_of_sum_rps"] <= found["evidence"]["sum_of_peaks_rps"]
    assert set(found["groups"]) <= {"cheapest", "balanced", "resilient"}


def test_explain_refuses_an_unknown_workload(fleet: Path, saved: Path) -> None:
    result = covey("explain", fleet, "nobody\x1b[31m", "churn", "--plan", saved)

    assert 2 == result.exit_code
    assert "nobody" in three_lines(result)[0]
    assert "\x1b" not in result.stderr


def test_emit_writes_the_same_project_from_the_fleet_and_from_its_plan(
    fleet: Path, project: Path, tmp_path: Path
) -> None:
    result = covey("emit", fleet, "--into", tmp_path / "infra")

    assert 0 == result.exit_code
    assert "" == result.stdout
    assert files_in(tmp_path / "infra") == files_in(project)
    for name in files_in(project):
        if (project / name).is_file():
            assert (tmp_path / "infra" / name).read_bytes() == (project / name).read_bytes()


def test_emit_refuses_a_plan_of_another_fleet(saved: Path, tmp_path: Path) -> None:
    result = covey("emit", ROOT / "examples" / "paper", "--plan", saved, "--into", tmp_path / "infra")

    assert 2 == result.exit_code
    assert "another fleet" in three_lines(result)[1]
    assert [] == files_in(tmp_path)


def test_emit_judges_a_saved_plan_again(fleet: Path, saved: Path, tmp_path: Path) -> None:
    plan = json.loads(saved.read_text())
    for one in plan["recommendations"]:
        for group in one["groups"]:
            group["region"] = "mars-north-1"
    changed = tmp_path / "plan.json"
    changed.write_text(json.dumps(plan))
    result = covey("emit", fleet, "--plan", changed, "--into", tmp_path / "infra")

    assert 2 == result.exit_code
    assert "SKU001" in three_lines(result)[1]
    assert ["plan.json"] == files_in(tmp_path)


def test_emit_refuses_to_overwrite_what_someone_edited(fleet: Path, saved: Path, tmp_path: Path) -> None:
    assert 0 == covey("emit", fleet, "--plan", saved, "--into", tmp_path).exit_code
    (tmp_path / "CUTOVER.md").write_text("mine")
    result = covey("emit", fleet, "--plan", saved, "--into", tmp_path)

    assert 4 == result.exit_code
    assert "mine" == (tmp_path / "CUTOVER.md").read_text()
    assert 0 == covey("emit", fleet, "--plan", saved, "--into", tmp_path, "--overwrite-edited").exit_code
    assert (tmp_path / "CUTOVER.md").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "nowhere"], "nowhere"),
        (["preview", "."], "Pulumi.yaml"),
        (["show", "nowhere.json"], "nowhere.json"),
    ],
)
def test_a_wrong_file_ends_in_three_lines_and_2(
    arguments: Sequence[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = covey(*arguments)

    assert 2 == result.exit_code
    assert says in "".join(three_lines(result))


@pytest.mark.parametrize(
    "arguments", [["plan"], ["plan", "x", "--colour"], ["fly"], ["plan", "x", "--seed", "-1"], ["emit", "x"]]
)
def test_wrong_usage_ends_in_2(arguments: Sequence[str]) -> None:
    result = covey(*arguments)

    assert 2 == result.exit_code
    assert "Traceback" not in result.stderr


def test_an_unknown_stack_is_refused_with_those_there_are(project: Path) -> None:
    result = covey("preview", project, "--stack", "prod-aws-mars", "--offline")

    assert 2 == result.exit_code
    assert "prod-" in three_lines(result)[2]


def test_a_defect_ends_in_three_lines_and_1(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a wheel came off")

    monkeypatch.setattr(planning, "_shown", broken)
    result = covey("show", saved)

    assert 1 == result.exit_code
    assert "RuntimeError: a wheel came off" in three_lines(result)[1]


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = covey("--debug", "show", tmp_path / "nowhere.json")

    assert 2 == result.exit_code
    assert "Traceback" in result.stderr


def test_the_catalogue_is_shown_and_holds_together() -> None:
    shown = covey("catalog", "show", "cloud-run-gpu", "--json")

    jsonschema.validate(json.loads(shown.stdout), published("offerings"))
    assert {"cloud-run-gpu"} == {one["hosting"] for one in json.loads(shown.stdout)["offerings"]}
    assert "run-4cpu-16gib-l4" in covey("catalog", "show", "L4", "europe").stdout
    assert 0 == covey("catalog", "check").exit_code


def test_doctor_tells_what_is_there_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-secret")
    result = covey("doctor", "--json")

    assert 0 == result.exit_code
    jsonschema.validate(json.loads(result.stdout), published("doctor"))
    assert "AWS_ACCESS_KEY_ID" in result.stdout
    assert "canary-secret" not in result.stdout + result.stderr + covey("doctor").stdout


@pytest.mark.engine
def test_without_the_cli_a_preview_runs_in_process_and_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.pulumi_cli.find_cli", lambda: None)
    result = covey("preview", project, "--offline", "--json")

    assert 0 == result.exit_code
    found = json.loads(result.stdout)
    jsonschema.validate(found, published("deployment"))
    assert {"in process"} == {stack["engine"] for stack in found["stacks"]}
    assert "in process, against mocks" in result.stderr


@pytest.mark.engine
def test_changes_where_none_were_expected_end_in_7(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.pulumi_cli.find_cli", lambda: None)

    assert 7 == covey("preview", project, "--offline", "--expect-no-changes").exit_code


@pytest.mark.engine
def test_ctrl_c_ends_in_130_without_a_trace_or_a_file(tmp_path: Path) -> None:
    arguments = [COVEY, "plan", ROOT / "examples" / "shop", "--save", tmp_path / "plan.json"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        first = process.stderr.readline()  # comes when the plan begins
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()

    assert "offline proposer" in first
    assert 130 == process.returncode
    assert "" == output
    assert "Traceback" not in errors
    assert [] == files_in(tmp_path)


@pytest.mark.engine
def test_a_reader_that_goes_away_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            [COVEY, "catalog", "show", "--json"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)

    assert "" == ran.stderr
    assert 0 == ran.returncode


@pytest.mark.engine
def test_names_survive_a_terminal_that_cannot_spell_them(saved: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [COVEY, "show", saved], env=environment, capture_output=True, text=True, check=False, timeout=60
    )

    assert 0 == ran.returncode
    assert "\\u2714 balanced" in ran.stdout


def test_what_a_library_prints_by_itself_does_not_stand_between_the_data(capfd: pytest.CaptureFixture[str]) -> None:
    with bar():
        ctypes.CDLL(None).puts(b"solver noise")
    put("data\n")

    assert ("data\n", "solver noise\n") == capfd.readouterr()
