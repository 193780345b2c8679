"""The workflows in examples/ci: what they may do, what they run on forks, and that their commands exist."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from generator.cli import app

FOLDER = Path(__file__).parents[2] / "examples" / "ci"
GITHUB = sorted(FOLDER.glob("github-*.yml"))
PULL_REQUEST = FOLDER / "github-pull-request.yml"
DEPLOY = FOLDER / "github-deploy.yml"
GITLAB = FOLDER / "gitlab.yml"
FORKS_LEFT_OUT = "github.event.pull_request.head.repo.full_name == github.repository"
WORDS_OF_GITLAB = ("variables", "stages", "default")


def read(path: Path) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    content = read(path)
    return content["jobs"] if "jobs" in content else {k: v for k, v in content.items() if k not in WORDS_OF_GITLAB}


def scripts(job: dict[str, Any]) -> list[str]:
    lines = [*job.get("before_script", ()), *job.get("script", ())]
    return lines + [step["run"] for step in job.get("steps", ()) if "run" in step]


def triggers(path: Path) -> set[str]:
    # YAML 1.1 reads the key `on` as true.
    return set(read(path)[True])


def test_the_workflows_start_on_what_their_names_say() -> None:
    assert {"pull_request"} == triggers(PULL_REQUEST)
    assert {"push"} == triggers(DEPLOY)
    assert [DEPLOY, PULL_REQUEST] == GITHUB


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: *(.*)", path.read_text())

    assert used
    assert [] == [use for use in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)]


def test_one_action_has_one_commit_in_all_workflows() -> None:
    used = {use for path in GITHUB for use in re.findall(r"uses: *(\S+)", path.read_text())}

    assert len({use.split("@")[0] for use in used}) == len(used)


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_every_job_says_what_it_may_do_and_when_it_ends(path: Path) -> None:
    assert {} == read(path)["permissions"]
    for job in jobs(path).values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 120


def test_no_workflow_knows_a_secret() -> None:
    for path in (*GITHUB, GITLAB):
        assert "secrets." not in path.read_text()
        assert "pull_request_target" not in path.read_text()
        assert not re.search(r"AWS_SECRET_ACCESS_KEY|credentials_json|PULUMI_CONFIG_PASSPHRASE", path.read_text())


def test_what_runs_on_forks_may_only_read() -> None:
    on_forks = {name: job for name, job in jobs(PULL_REQUEST).items() if FORKS_LEFT_OUT not in job.get("if", "")}

    assert {"check"} == set(on_forks)
    assert {"contents": "read"} == on_forks["check"]["permissions"]
    checkouts = [step for step in on_forks["check"]["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [False, False] == [step["with"]["persist-credentials"] for step in checkouts]


def test_what_may_write_runs_no_code_of_the_pull_request() -> None:
    report = jobs(PULL_REQUEST)["report"]

    assert [] == [step for step in report["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert not any(re.search(r"\b(pip|covey|python|make)\b", script) for script in scripts(report))


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.name)
def test_nothing_a_stranger_names_is_pasted_into_a_script(path: Path) -> None:
    for job in jobs(path).values():
        assert not any("${{" in script for script in scripts(job))


def test_only_jobs_on_the_default_branch_get_an_identity() -> None:
    assert {"preview", "up"} == {name for name, job in jobs(DEPLOY).items() if "id-token" in job["permissions"]}
    assert not any("id-token" in job["permissions"] for job in jobs(PULL_REQUEST).values())
    with_identity = {name: job for name, job in jobs(GITLAB).items() if job.get("extends") == ".cloud"}
    assert {"preview", "up"} == set(with_identity)
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" == jobs(GITLAB)[".cloud"]["rules"][0]["if"]
    assert "id_tokens" not in jobs(GITLAB)["check"]


def test_the_token_that_comments_is_seen_by_one_job_that_runs_none_of_the_change() -> None:
    using = {name: job for name, job in jobs(GITLAB).items() if any("COMMENT_TOKEN" in line for line in scripts(job))}

    assert {"comment"} == set(using)
    assert {"name": "covey-comment", "action": "access"} == using["comment"]["environment"]
    assert "none" == using["comment"]["variables"]["GIT_STRATEGY"]


def test_a_person_is_asked_before_anything_is_brought_up() -> None:
    assert "production" == jobs(DEPLOY)["up"]["environment"] == jobs(GITLAB)["up"]["environment"]
    assert "manual" == jobs(GITLAB)["up"]["rules"][0]["when"]
    for path in (DEPLOY, GITLAB):
        updates = [script for script in scripts(jobs(path)["up"]) if " up " in script]
        assert updates
        assert all("--policy-pack policies" in script for script in updates)


EVERY_SCRIPT = [
    pytest.param(script, id=f"{path.stem}-{name}-{number}")
    for path in (*GITHUB, GITLAB)
    for name, job in jobs(path).items()
    for number, script in enumerate(scripts(job))
]


@pytest.mark.parametrize("script", EVERY_SCRIPT)
def test_the_shell_can_read_every_script(script: str) -> None:
    read_by_shell = subprocess.run(
        ["bash", "-n"], input=script, text=True, capture_output=True, timeout=10, check=False
    )

    assert ("", 0) == (read_by_shell.stderr, read_by_shell.returncode)


def test_covey_has_every_verb_and_option_the_workflows_use() -> None:
    runner = CliRunner()
    lines = [line for path in (*GITHUB, GITLAB) for job in jobs(path).values() for script in scripts(job)
             for line in script.splitlines() if re.match(r"\s*covey ", line)]  # fmt: skip
    assert {"check", "diff"} == {line.split()[1] for line in lines}
    known = get_command(app)
    for line in lines:
        verb, *words = shlex.split(line)[1:]
        options = {option for parameter in known.commands[verb].params for option in parameter.opts}  # type: ignore[attr-defined]
        assert {word for word in words if word.startswith("--")} <= options
        assert 0 == runner.invoke(app, [verb, "--help"]).exit_code
