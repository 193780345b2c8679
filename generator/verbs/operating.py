"""The verbs of the engine: what it would do, what it did, what lies there, and the end."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from generator.errors import DeployError, InputError
from generator.history import JournalAt, operation
from generator.options import Json, Offline, ProjectPath, Stacks
from generator.shell import CHANGES_FOUND, bar, put, put_drawn, say
from generator.verbs import release

if TYPE_CHECKING:
    from generator.model import StackReport


def preview(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    offline: Offline = False,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Exit with 7 if anything would change.")
    ] = False,
    json: Json = False,
) -> None:
    """Ask the Pulumi engine what it would do."""
    reports = _operated("preview", project, stack, offline=offline, json=json)
    changed = sum(resource.operation != "same" for report in reports for resource in report.resources)
    if expect_no_changes and changed:
        say(f"{changed} resources would change, and none was expected to.")
        raise typer.Exit(CHANGES_FOUND)


def up(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    offline: Offline = False,
    unapproved: Annotated[bool, typer.Option("--unapproved", help="Ask for no approval; with --offline only.")] = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Create and change what was approved, and nothing else, without asking again."""
    if unapproved and not offline:
        raise InputError("--unapproved", "is for --offline only.", "Approve the project: covey approve DIR --by WHO.")
    from generator.project import stacks_of
    from generator.reserve import reserve

    stacks_of(project, stack)
    with reserve(project, journal, offline=offline):
        if not unapproved:
            release.require_approval(project, stack, offline=offline)
        _on_record("up", project, stack, journal, offline=offline, json=json)


def refresh(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    offline: Offline = False,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Only look; exit with 7 if the cloud differs from the state.")
    ] = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Tell what changed in the cloud behind the project's back, and take it into the state."""
    from generator.project import stacks_of
    from generator.reserve import reserve

    stacks_of(project, stack)
    if not expect_no_changes:
        with reserve(project, journal, offline=offline):
            _on_record("refresh", project, stack, journal, offline=offline, json=json)
        return
    # Whoever only looks is in nobody's way, and leaves nothing to record.
    reports = _operated("refresh", project, stack, offline=offline, json=json, look_only=True)
    drifted = sum(report.changes for report in reports)
    if drifted:
        say(f"{drifted} resources are not as the state has them. What puts them right again: covey preview {project}")
        raise typer.Exit(CHANGES_FOUND)


def destroy(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    offline: Offline = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Delete what the project created, without asking again."""
    from generator.project import stacks_of
    from generator.reserve import reserve

    stacks_of(project, stack)
    with reserve(project, journal, offline=offline):
        _on_record("destroy", project, stack, journal, offline=offline, json=json)


def _on_record(
    command: Literal["up", "refresh", "destroy"],
    project: Path,
    asked: list[str] | None,
    journal: str | None,
    *,
    offline: bool,
    json: bool,
) -> None:
    with operation(command, project, asked, journal, offline=offline) as done:
        _operated(command, project, asked, offline=offline, json=json, done=done)


def _operated(
    command: Literal["preview", "up", "refresh", "destroy"],
    project: Path,
    asked: list[str] | None,
    *,
    offline: bool,
    json: bool,
    look_only: bool = False,
    done: "Callable[[list[StackReport]], None] | None" = None,
) -> "list[StackReport]":
    from functools import partial

    from generator import deploy
    from generator.present.show_answers import deployment, show_deployment
    from generator.project import offline_folder, stacks_of
    from generator.pulumi_cli import find_cli

    stacks = stacks_of(project, asked)
    operation = {
        "preview": deploy.preview,
        "up": deploy.up,
        "refresh": partial(deploy.refresh, look_only=look_only),
        "destroy": deploy.destroy,
    }[command]
    in_process = command == "preview" and offline and find_cli() is None
    if in_process:
        say("There is no Pulumi CLI here: the program runs in process, against mocks. `make pulumi` builds the CLI.")
    folder = offline_folder(project) if offline else None
    reports: list[StackReport] = []
    with bar() as told:
        for count, stack in enumerate(reversed(stacks) if command == "destroy" else stacks):
            told(stack, count / len(stacks))
            try:
                if in_process:
                    reports.append(deploy.preview_in_process(project, stack))
                else:
                    reports.append(operation(project, stack, offline=folder))
            except DeployError:
                if reports:
                    say(f"Done before the failure: {', '.join(report.stack for report in reports)}.")
                raise
    if done is not None:
        done(reports)
    for report in reports:
        for note in report.notes:
            say(f"{report.stack}: {note}")
    found = deployment(command, reports)
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_deployment(found, console))
    return reports
