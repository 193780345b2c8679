"""The verbs of a release: who approves it, the question `covey up` asks first, and whether it serves afterwards."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from generator.errors import DeployError, InputError
from generator.history import JournalAt, history_of_decisions
from generator.options import Json, Offline, ProjectPath, Stacks
from generator.present.figures import plain
from generator.shell import CHANGES_FOUND, bar, must_be_writable, put, put_drawn, say, write_whole


def approve(
    project: ProjectPath,
    *,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who approves; covey takes your word for it.")],
    expires: Annotated[int, typer.Option("--expires", metavar="DAYS", min=1, max=90, help="How long it holds.")] = 7,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why.")] = None,
    include_edits: Annotated[
        bool, typer.Option("--include-edits", help="Approve the files as they lie there, edits and all.")
    ] = False,
    stack: Stacks = None,
    offline: Offline = False,
    journal: JournalAt = None,
) -> None:
    """Preview the project and record in approval.json who approves these files and these operations."""
    from generator.approval.on_disk import APPROVAL
    from generator.present.show_answers import deployment, show_deployment
    from generator.project import offline_folder, stacks_of
    from generator.ship import approved_program, sign_off

    stacks = stacks_of(project, stack)
    place = project / APPROVAL
    must_be_writable(place, "approve")
    if place.is_symlink():
        raise InputError(str(place), "is a link; covey writes through none.", "Remove it.")
    history = history_of_decisions(project, journal)
    with bar() as told:
        signed, previews = sign_off(
            project,
            stacks,
            offline=offline_folder(project) if offline else None,
            include_edits=include_edits,
            by=by,
            at=datetime.now(UTC),
            days=expires,
            note=note,
            progress=told,
        )
    # First what is approved: where an approval stands, its program can be had back.
    history.keep_program(approved_program(project, signed))
    history.add("approval", signed.text().encode(), by=by)
    write_whole(place, signed.text())
    put_drawn(lambda console: show_deployment(deployment("preview", previews), console))
    if signed.edited:
        say(f"Approved with edits: {', '.join(signed.edited)}.")
    say(f"Approved by {plain(by)} until {signed.expires_at:%Y-%m-%d %H:%M} UTC: {place}. Commit it with the program.")
    say(f"Next: covey up {project}{' --offline' if offline else ''}")


def verify(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    wait: Annotated[
        int, typer.Option("--wait", metavar="SECONDS", min=0, max=7200, help="Ask again while something moves.")
    ] = 0,
    json: Json = False,
) -> None:
    """Ask the clouds, not Pulumi's state, whether every endpoint serves what was deployed; 7 where one does not."""
    from generator import deploy
    from generator.present.show_answers import show_verification, verification
    from generator.project import stacks_of
    from generator.verify import verify as served
    from generator.verify import wanted

    stacks = stacks_of(project, stack)
    answer = verification([(name, served(wanted(deploy.exported(project, name)), wait_s=wait)) for name in stacks])
    if json:
        put(answer.text())
    else:
        put_drawn(lambda console: show_verification(answer, console))
    wrong = [one.name for one in answer.endpoints if one.state in ("differs", "missing")]
    moving = [one.name for one in answer.endpoints if one.state == "undecided"]
    if wrong:
        say(f"{len(wrong)} of {len(answer.endpoints)} do not serve what was deployed.")
        raise typer.Exit(CHANGES_FOUND)
    if moving:
        what = f"{len(moving)} of {len(answer.endpoints)} are still being updated."
        raise DeployError(str(project), what, "Ask again later, or give --wait.")
    say(f"{len(answer.endpoints)} endpoints serve what was deployed.")


def require_approval(project: Path, asked: list[str] | None, *, offline: bool) -> None:
    """Refuse what nobody approved."""
    from generator import ship
    from generator.project import offline_folder, stacks_of

    stacks = stacks_of(project, asked)
    folder = offline_folder(project) if offline else None
    with bar() as told:
        ship.require_approval(project, stacks, offline=folder, at=datetime.now(UTC), progress=told)
