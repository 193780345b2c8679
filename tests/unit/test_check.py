"""`covey check`: programs that run, programs that do not, packs that cry, and what every format makes of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from generator.check import SEVERITIES, Inspection, Place, check
from generator.check.places import places
from generator.cli import app
from generator.errors import DeployError
from generator.offline.child import child
from generator.present.review import review
from generator.schemas import schemas

TESTS = Path(__file__).parent.parent
# Each runs a small project's program.
pytestmark = pytest.mark.engine

ROOT = TESTS.parent
SARIF = json.loads((TESTS / "schemas" / "sarif-schema-2.1.0.json").read_text())

WriteProject = Callable[..., Path]

DATA = """
from components import Group

STACK = (
    Group(
        name="shop",
        machine="ml-m5-large",
        replicas=1,
    ),
    Group(
        name="shop-eu",
        machine="ml-c5-large",
        replicas=2,
    ),
)
"""
COMPONENTS = """
from dataclasses import dataclass

@dataclass(frozen=True, kw_only=True)
class Group:
    name: str
    machine: str
    replicas: int
"""
PROGRAM = """
import pulumi
import pulumi_gcp as gcp
from groups.test import STACK

bucket = pulumi.Config().require("bucket")
for group in STACK:
    gcp.serviceaccount.Account(
        f"{group.name}-identity",
        account_id=f"{group.name}-reader",
        display_name=group.machine,
        disabled=group.replicas,
    )
gcp.storage.BucketIAMMember("reader", bucket=bucket, role="roles/storage.objectViewer", member="user:a@example.com")
"""
RULES = """
from .rule import Resource, Rule, Stack

def _check(resource, stack):
    limit = stack.parameter("limit")
    if limit == 0 and "shop-eu" in resource.name:
        yield "disabled\\x1b[31m <b> ]]> \\u202e %s" % resource.get("displayName")

RULES = (
    Rule(id="nothing", domain="naming", severity="medium", title="T", incident="I", remedy="R", link="https://a.example",
         types=("gcp:serviceaccount/account:Account",), check=_check, parameters={"limit": 1}),
    Rule(id="approved", domain="approval", severity="critical", title="T", incident="I", remedy="R", link="L",
         types=("gcp:serviceaccount/account:Account",), check=lambda *_: iter(["unapproved"])),
)
"""


@pytest.fixture
def write_project(tmp_path: Path) -> WriteProject:
    """A small project of its own: one stack, two groups, one value of configuration, the pack with one rule."""

    def write(*, program: str = PROGRAM, data: str = DATA, config: str = "small:bucket: models-bucket") -> Path:
        project = tmp_path / "project"
        for folder in ("stacks/groups", "stacks/config"):
            (project / folder).mkdir(parents=True, exist_ok=True)
        (project / "Pulumi.yaml").write_text(
            "name: small\nruntime: python\nmain: stacks/\nstackConfigDir: stacks/config\n"
        )
        (project / "stacks" / "__main__.py").write_text(dedent(program))
        (project / "stacks" / "components.py").write_text(dedent(COMPONENTS))
        (project / "stacks" / "groups" / "test.py").write_text(data)
        (project / "stacks" / "config" / "Pulumi.test.yaml").write_text(f"config:\n  {config}\n")
        shutil.copytree(ROOT / "policies", project / "policies", dirs_exist_ok=True)
        (project / "policies" / "rules.py").write_text(RULES)
        return project

    return write


def line_of(file: Path, text: str) -> int:
    return 1 + next(number for number, line in enumerate(file.read_text().splitlines()) if text in line)


def covey(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def only(found: Inspection) -> tuple[str, Place, str]:
    (one,) = found.findings
    return one.rule.id, one.place, one.message


CRYING = {"nothing": {"limit": 0}}


def test_what_a_provider_refuses_is_found_at_the_value_that_is_refused(write_project: WriteProject) -> None:
    project = write_project(config="small:bucket: 12345678")
    found = check(project, ["test"])
    data, config = project / "stacks/groups/test.py", project / "stacks/config/Pulumi.test.yaml"

    assert {"provider-accepts"} == {one.rule.id for one in found.findings}
    disabled = [one.place for one in found.findings if "disabled" in one.message]
    assert [line_of(data, "replicas=1"), line_of(data, "replicas=2")] == [place.line for place in disabled]
    assert {"stacks/groups/test.py"} == {place.file for place in disabled}
    assert config.is_file()


def test_a_finding_of_the_pack_is_at_its_groups_entry(write_project: WriteProject) -> None:
    project = write_project(data=DATA.replace("replicas=1", "replicas=False").replace("replicas=2", "replicas=True"))
    rule, place, message = only(check(project, ["test"], config=CRYING))

    assert ("nothing", "stacks/groups/test.py") == (rule, place.file)
    assert line_of(project / place.file, "ml-c5-large") == place.line
    assert message.endswith("ml-c5-large")
    assert () == check(project, ["test"]).findings


def test_approval_is_left_to_those_who_deploy(write_project: WriteProject) -> None:
    assert "approved" not in {rule.id for rule in check(write_project(), ["test"]).rules}


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (DATA.replace("replicas=2,", "replicas=2 2,"), "replicas=2 2,", "invalid syntax"),
        (DATA.replace("        machine=\"ml-c5-large\",\n", ""), "Group(", "machine"),
        ("STACK = 1 / 0\n", "1 / 0", "ZeroDivisionError"),
        ("import pulumi\nraise pulumi.RunError('enough')\n", "enough", "enough"),
    ],
    ids=["syntax", "argument", "arithmetic", "raised"],
)  # fmt: skip
def test_a_program_that_fails_is_a_finding_at_the_line_that_failed(
    data: str, line: str, said: str, write_project: WriteProject
) -> None:
    project = write_project(data=data)
    rule, place, message = only(check(project, ["test"]))

    assert ("program-runs", "stacks/groups/test.py") == (rule, place.file)
    assert line in (project / place.file).read_text().splitlines()[place.line - 1]
    assert said in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit(3)", "exit code 3"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import pulumi; pulumi.Config().require('absent')", "absent"),
        ("import pulumi_gcp as g; g.storage.get_bucket(name='b')", "must not look anything up"),
    ],
)
def test_a_program_that_ends_early_is_a_finding(program: str, said: str, write_project: WriteProject) -> None:
    rule, place, message = only(check(write_project(program=program), ["test"]))

    assert "program-runs" == rule
    assert said in message
    assert ("stacks/config/Pulumi.test.yaml" if said == "absent" else place.file) == place.file


def test_what_a_program_prints_disturbs_nothing(write_project: WriteProject) -> None:
    noisy = "import sys\nprint('{}')\nsys.stderr.write('x' * 100_000)\n" + PROGRAM
    quiet = check(write_project(), ["test"])

    assert quiet == check(write_project(program=noisy), ["test"])


def test_a_program_that_never_ends_is_ended(write_project: WriteProject) -> None:
    project = write_project(program="import time\nwhile True: time.sleep(1)")

    with pytest.raises(DeployError, match="did not end within"):
        child("in_process", str(project), "test", patience_s=3.0)


@pytest.mark.parametrize(("file", "content"), [("rules.py", "raise ValueError('broken')"), ("tables.json", "{")])
def test_a_broken_pack_is_a_finding_not_a_pass(file: str, content: str, write_project: WriteProject) -> None:
    project = write_project(data=DATA.replace("replicas=1", "replicas=False").replace("replicas=2", "replicas=True"))
    (project / "policies" / file).write_text(content)

    assert "pack-runs" == only(check(project, ["test"]))[0]


def test_a_missing_pack_is_a_finding_not_a_pass(write_project: WriteProject) -> None:
    project = write_project(data=DATA.replace("replicas=1", "replicas=False").replace("replicas=2", "replicas=True"))
    shutil.rmtree(project / "policies")

    assert ("pack-runs", Place("Pulumi.yaml", 1), "There is no pack in policies/.") == only(check(project, ["test"]))


def test_a_project_that_cannot_be_read_is_a_finding(write_project: WriteProject) -> None:
    project = write_project()
    (project / "Pulumi.yaml").write_text("[")
    rule, place, message = only(check(project, ["test"]))

    assert ("program-runs", Place("Pulumi.yaml", 1)) == (rule, place)
    assert "cannot be read" in message


def test_the_closest_entry_is_meant(write_project: WriteProject) -> None:
    project = write_project()
    where = places(project, "test")
    data = project / "stacks/groups/test.py"
    second = line_of(data, 'name="shop-eu"') - 1

    assert second == where.of("edge-shop-eu-identity").line
    assert second - 5 == where.of("shop-identity").line
    assert line_of(data, "STACK") == where.of("alarms").line
    assert line_of(data, "STACK") == where.of("workshop-identity").line
    assert Place("stacks/config/Pulumi.test.yaml", 2) == where.of("reader", "models-bucket is no bucket")


# The verb ------------------------------------------------------------------------------------------------------


@pytest.fixture
def crying(write_project: WriteProject) -> tuple[str | Path, ...]:
    """Arguments of a check that finds one hostile message of the pack and two refusals."""
    project = write_project()
    config = project.parent / "policy-config.json"
    config.write_text(json.dumps({"all": "mandatory", **CRYING}))
    return project, "--policy-config", config


def test_findings_fail_the_check_and_every_format_has_them(crying: tuple[str | Path, ...], tmp_path: Path) -> None:
    sarif, junit = tmp_path / "out.sarif", tmp_path / "out.xml"
    result = covey(*crying, "--sarif", sarif, "--junit", junit, "--json")
    found = json.loads(result.stdout)

    assert 5 == result.exit_code
    assert 3 == found["counted"] == len(found["findings"])
    jsonschema.validate(found, json.loads(schemas()["review.schema.json"]))

    log = json.loads(sarif.read_text())
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    for one, result_of in zip(found["findings"], run["results"], strict=True):
        assert one["rule"] == run["tool"]["driver"]["rules"][result_of["ruleIndex"]]["id"] == result_of["ruleId"]
        place = result_of["locations"][0]["physicalLocation"]
        assert (one["file"], one["line"]) == (place["artifactLocation"]["uri"], place["region"]["startLine"])
        assert {"covey/v1": one["fingerprint"]} == result_of["partialFingerprints"]
    assert str(tmp_path) not in sarif.read_text()

    suites = ET.parse(junit).getroot()  # noqa: S314 (our own file)
    assert ("4", "2") == (suites[0].attrib["tests"], suites[0].attrib["failures"])
    failures = suites.findall(".//failure")
    assert {"nothing", "provider-accepts"} == {case.attrib["name"] for case in suites.findall(".//testcase[failure]")}
    assert 3 == sum(len(str(failure.text).splitlines()) for failure in failures)


def test_a_hostile_message_reaches_no_terminal(crying: tuple[str | Path, ...]) -> None:
    result = covey(*crying)

    assert 5 == result.exit_code
    assert "disabled\\x1b[31m <b> ]]> \\u202e ml-c5-large" in " ".join(result.stdout.split())
    assert all(character.isprintable() or character == "\n" for character in result.stdout)


def test_known_findings_do_not_count_and_stay_known_when_lines_move(
    crying: tuple[str | Path, ...], tmp_path: Path
) -> None:
    project, baseline = Path(crying[0]), tmp_path / "baseline.json"
    written = covey(*crying, "--baseline", baseline, "--write-baseline")
    data = project / "stacks/groups/test.py"
    data.write_text("\n\n\n" + data.read_text())
    again = covey(*crying, "--baseline", baseline, "--json")
    fresh = DATA.replace('name="shop"', 'name="store"')
    data.write_text(fresh)
    changed = covey(*crying, "--baseline", baseline, "--json")

    assert (0, 0) == (written.exit_code, again.exit_code)
    assert [True] * 3 == [one["known"] for one in json.loads(again.stdout)["findings"]]
    assert 5 == changed.exit_code
    assert ["store-identity"] == [
        one["resource"].split()[-1] for one in json.loads(changed.stdout)["findings"] if not one["known"]
    ]


def test_what_is_known_is_suppressed_in_sarif_and_passes_in_junit(
    crying: tuple[str | Path, ...], tmp_path: Path
) -> None:
    baseline, sarif, junit = (tmp_path / name for name in ("baseline.json", "out.sarif", "out.xml"))
    covey(*crying, "--baseline", baseline, "--write-baseline", "--sarif", sarif, "--junit", junit)
    results: list[dict[str, Any]] = json.loads(sarif.read_text())["runs"][0]["results"]

    assert [[{"kind": "external"}]] * 3 == [one["suppressions"] for one in results]
    assert "<failure" not in junit.read_text()


def test_only_findings_of_the_severity_asked_for_fail(crying: tuple[str | Path, ...]) -> None:
    found = check(Path(crying[0]), ["test"], config=CRYING)
    below = covey(*crying, "--severity", "critical")

    assert [3, 3, 2, 0] == [review(found, frozenset(), severity).counted for severity in SEVERITIES]
    assert 0 == below.exit_code
    assert "disabled" in below.stdout
    assert "3 below critical" in below.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--write-baseline"], "--baseline"),
        (["--baseline", "absent.json"], "absent.json"),
        (["--stack", "other"], "other"),
        (["--sarif", "absent/out.sarif"], "no folder"),
        (["--policy-config", "Pulumi.yaml"], "Pulumi.yaml"),
    ],
)
def test_what_cannot_be_used_is_refused_in_three_lines(
    arguments: list[str], said: str, write_project: WriteProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project()
    monkeypatch.chdir(project)
    result = covey(".", *arguments)

    assert 2 == result.exit_code
    assert "" == result.stdout
    assert 3 == len(result.stderr.splitlines())
    assert said in result.stderr


def test_a_project_in_a_folder_of_its_repository_is_placed_from_the_top(
    crying: tuple[str | Path, ...], tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    covey(*crying, "--sarif", tmp_path / "out.sarif")
    (run,) = json.loads((tmp_path / "out.sarif").read_text())["runs"]

    assert {"project/stacks/groups/test.py"} == {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]
    }


def test_the_root_project_keeps_every_rule(tmp_path: Path) -> None:
    result = covey(ROOT, "--json", "--sarif", tmp_path / "out.sarif", "--stack", "prod-gcp-europe-west4")

    assert (0, []) == (result.exit_code, json.loads(result.stdout)["findings"])
    assert [] == json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
