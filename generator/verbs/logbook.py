"""The verbs of the journal: what it holds, whether it is as it was written, and what somebody does not want."""

from pathlib import Path
from re import fullmatch
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from generator.errors import InputError
from generator.history import NOWHERE, JournalAt, actor, folder_of, journal_at
from generator.options import FleetPath, Json, ProfileOption
from generator.shell import CHANGES_FOUND, put, put_drawn, say

if TYPE_CHECKING:
    from generator.journal import Journal


log_verbs = typer.Typer(
    invoke_without_command=True, rich_markup_mode=None, help="What was planned, asked, decided and deployed, and when."
)


@log_verbs.callback()
def log(
    context: typer.Context,
    *,
    journal: JournalAt = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only these: plan, approval, …")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Only so many of the newest.")] = 50,
    json: Json = False,
) -> None:
    """Print the newest entries of the journal; without --journal that of the folder one is in."""
    if context.invoked_subcommand is not None:
        return
    from generator.journal import Kind
    from generator.present.log import log as published
    from generator.present.log import show_log
    from generator.present.said import said

    if kind is not None and kind not in get_args(Kind):
        raise InputError(f"--kind {kind[:60]!r}", "is no kind of entry.", f"There are {', '.join(get_args(Kind))}.")
    read = _journal(journal)
    entries = read.entries(kind=kind, newest=limit)
    found = published(str(read), entries, {entry.sequence: said(read, entry) for entry in entries})
    if json:
        put(found.text())
    elif entries:
        put_drawn(lambda console: show_log(found, console))
    else:
        say("There is no such entry." if kind else "Nothing was recorded yet.")


@log_verbs.command("verify")
def log_verify(
    context: typer.Context,
    *,
    journal: JournalAt = None,
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="An entry's hash you kept: it must be there still.")
    ] = None,
    json: Json = False,
) -> None:
    """Check every entry and content against the chain; 7 where one is not as it was written.

    The chain cannot show that its newest entries were deleted, or that all of it was written anew: --head can.
    """
    from generator.present.log import log_verification, show_log_verification

    if head is not None and not fullmatch("[0-9a-f]{64}", head):
        what = "is no entry's hash: 64 digits from 0 to f."
        raise InputError(
            f"--head {head[:70]!r}", what, "covey log verify prints the newest entry's; so does log --json."
        )
    read = _journal(_named(context, journal))
    breaks = read.verify(head)
    newest = None if breaks else next((entry.digest for entry in read.entries(newest=1)), None)
    found = log_verification(str(read), newest, breaks)
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_log_verification(found, console))
    if breaks:
        raise typer.Exit(CHANGES_FOUND)


@log_verbs.command("show")
def log_show(
    context: typer.Context,
    content: Annotated[str, typer.Argument(metavar="CONTENT", help="A content's digest, or how it begins.")],
    *,
    journal: JournalAt = None,
) -> None:
    """Print a content as it was written: a plan, an approval, a prompt."""
    read = _journal(_named(context, journal))
    digests = {entry.content for entry in read.entries() if entry.content.startswith(content)}
    if len(digests) != 1:
        what = f"is the beginning of {len(digests) or 'no'} contents of the journal."
        raise InputError(f"CONTENT {content[:64]!r}", what, "covey log --json lists them whole.")
    put(read.content(digests.pop()).decode("ascii", "backslashreplace"))


def reject(
    fleet: FleetPath,
    *,
    plan_file: Annotated[Path, typer.Option("--plan", metavar="FILE", help="The saved plan it is about.")],
    reason: Annotated[
        Literal["cost", "latency", "risk", "region", "machine", "grouping", "timing", "other"],
        typer.Option("--reason", help="What speaks against it: all that a language model is told."),
    ],
    profile: ProfileOption = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="NAME", help="Only this group of it; may be given again.")
    ] = None,
    workload: Annotated[
        list[str] | None,
        typer.Option("--workload", metavar="NAME", help="Only this workload there; with grouping, those to be apart."),
    ] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="In words; stays in the journal.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who rejects it, if not who is here.")] = None,
    journal: JournalAt = None,
) -> None:
    """Record that a recommendation, or a group of it, is not wanted and why.

    For 90 days later plans count what was rejected a quarter dearer: the region, the machine, who shares a group.
    """
    from generator.catalog import read_catalog
    from generator.lessons import load_learned
    from generator.present.saved import must_match, read_plan
    from generator.reject import reject as rejected

    plan = read_plan(plan_file)
    catalog = read_catalog()
    inputs = load_learned(fleet, catalog, journal)
    must_match(plan, inputs.fleet, plan_file)
    rejection = rejected(
        folder_of(fleet),
        plan,
        inputs,
        catalog,
        profile or plan.chosen.profile,
        reason=reason,
        note=note,
        groups=group or (),
        workloads=workload or (),
        by=by or actor(),
        journal=journal,
    )
    say(f"Rejected the {rejection.profile} recommendation for its {reason}. Next: covey plan {fleet}")


def retract(
    fleet: FleetPath,
    rejection: Annotated[str, typer.Argument(metavar="REJECTION", help="Its content's digest, or how that begins.")],
    *,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who, if not who is here.")] = None,
    journal: JournalAt = None,
) -> None:
    """Take a rejection back: no later plan counts it. `covey log --kind rejection` lists them."""
    from generator.retract import retract as retracted

    found = retracted(folder_of(fleet), rejection, by=by or actor(), journal=journal)
    say(f"Took back {found[:12]}. Next: covey plan {fleet}")


def _named(context: typer.Context, journal: str | None) -> str | None:
    """Take the option from before the verb's name, too."""
    return journal or (context.parent.params.get("journal") if context.parent else None)


def _journal(named: str | None) -> "Journal":
    found = journal_at(named, Path())
    if found is None:
        raise InputError("--journal", f"is {NOWHERE}.", "Name the journal to read.")
    return found
