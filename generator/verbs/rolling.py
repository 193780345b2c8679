"""The verbs of a rollout: another version, region by region, watched; and the way back to what was approved."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import ApprovalError, DeployError, InputError
from generator.history import NOWHERE, JournalAt, actor, journal_at
from generator.options import FleetPath, Json, Offline, ProjectOption, ProjectPath
from generator.present.figures import plain
from generator.shell import bar, put, put_drawn, say, write_whole

if TYPE_CHECKING:
    from generator.rollout import Chronicle, Held, PulumiRegions


UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_BAKE_S = 7 * 24 * 3600.0
LONGEST_LINE = 10_000


def rollout(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="What the workloads come to.")],
    fleet: FleetPath,
    *,
    project: ProjectOption,
    cohort: Annotated[str | None, typer.Option("--cohort", metavar="NAME", help="All of its workloads.")] = None,
    workload: Annotated[
        list[str] | None, typer.Option("--workload", metavar="NAME", help="This one as well; may be given again.")
    ] = None,
    artifact: Annotated[
        list[str] | None,
        typer.Option("--artifact", metavar="NAME=KEY", help="A workload's new artifact; may be given again."),
    ] = None,
    bake: Annotated[
        str, typer.Option("--bake", metavar="TIME", help="How long a region's alarms are watched: 90s, 10m, 2h.")
    ] = "10m",
    despite: Annotated[
        list[str] | None,
        typer.Option("--despite", metavar="ALARM", help="An alarm that may fire; may be given again."),
    ] = None,
    offline: Offline = False,
    unapproved: Annotated[bool, typer.Option("--unapproved", help="Ask for no approval; with --offline only.")] = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Bring workloads to a version, region by region; on an alarm or a failure take back what was done.

    The first run writes the program and says what is to be approved; run again, it goes. Cut off, it is taken up.
    """
    if unapproved and not offline:
        raise InputError("--unapproved", "is for --offline only.", "Approve the project: covey approve DIR --by WHO.")
    bake_s, keys = _duration_s(bake), _artifacts(artifact or [])
    with _at(project, journal, offline=offline) as (chronicle, regions, name):
        held = chronicle.latest(name, offline=offline)
        if held is None or held.now.ended:
            held = _prepared(
                version,
                fleet,
                project,
                cohort,
                workload or [],
                keys,
                bake_s,
                despite or [],
                chronicle,
                name,
                offline=offline,
            )
        else:
            _require_same(held, version, project)
        if held.now.phase == "prepared":
            # Again, should the run that prepared it have ended here.
            regions.place(held.record.after)
        approval = None if unapproved else _approved(held, chronicle, project, offline=offline, json=json)
        _go(held, chronicle, regions, name, project, offline=offline, json=json, approval=approval)


def rollback(
    project: ProjectPath,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PROGRAM", help="A program of --list, or how its digest begins.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Only print the approved programs one can go back to.")] = False,
    offline: Offline = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Go back: from a rollout that is under way, else to the program before this one, or to any approved one."""
    if list_:
        _list(project, journal, json=json)
        return
    with _at(project, journal, offline=offline) as (chronicle, regions, name):
        held = chronicle.latest(name, offline=offline)
        if held is None or held.now.ended:
            held = _prepared_back(held, to, project, chronicle, regions, name, offline=offline)
        elif to is not None:
            what = f"a {held.record.command} is {held.now.phase}."
            raise InputError(f"--to {to[:64]}", what, f"Take that back first: covey rollback {project}.")
        _go(held, chronicle, regions, name, project, offline=offline, json=json, stop=f"{actor()} asked for it")


@contextmanager
def _at(project: Path, journal: str | None, *, offline: bool) -> "Generator[tuple[Chronicle, PulumiRegions, str]]":
    """Have a project's folder, and the journal's side of it, to oneself."""
    from generator.files import alone_in
    from generator.project import offline_folder
    from generator.rollout import Chronicle, PulumiRegions, project_name

    name = project_name(project)
    kept = journal_at(journal, project, make=True)
    if kept is None:
        what = f"is {NOWHERE}, and nobody goes back to what was not kept."
        raise InputError("--journal", what, "Name a journal.")
    kept.require_writable()
    chronicle = Chronicle(kept, actor(), lambda: datetime.now(UTC))
    folder = offline_folder(project) if offline else None
    with alone_in(project):
        yield chronicle, PulumiRegions(project, folder, chronicle, write=write_whole, say=say), name


def _prepared(
    version: str,
    fleet: Path,
    project: Path,
    cohort: str | None,
    workloads: list[str],
    keys: dict[str, str],
    bake_s: float,
    despite: list[str],
    chronicle: "Chronicle",
    name: str,
    *,
    offline: bool,
) -> "Held":
    from generator.approval.on_disk import tree_on_disk
    from generator.catalog import read_catalog
    from generator.lessons import load_learned
    from generator.project import offline_folder
    from generator.promote import promote
    from generator.rollout import draft, prepare
    from generator.standing import Standing

    catalog = read_catalog()
    inputs = load_learned(fleet, catalog)
    promoted = promote(inputs.fleet, version, cohort=cohort, names=workloads, artifacts=keys)
    standing = Standing(project, inputs, {one.name for one in inputs.fleet.workloads})
    drafted = draft(
        standing.layout,
        standing.chosen.text(),
        inputs,
        promoted,
        catalog,
        standing.emission,
        tree_on_disk(project),
    )
    with bar() as told:
        held = prepare(
            drafted,
            chronicle,
            project,
            name,
            to=version,
            at=datetime.now(UTC),
            bake_s=bake_s,
            despite=despite,
            offline=offline_folder(project) if offline else None,
            told=told,
        )
    say(f"Prepared: {len(drafted.changes)} workloads to version {plain(version)} in {len(drafted.waves)} waves.")
    return held


def _prepared_back(
    latest: "Held | None",
    to: str | None,
    project: Path,
    chronicle: "Chronicle",
    regions: "PulumiRegions",
    name: str,
    *,
    offline: bool,
) -> "Held":
    from generator.project import offline_folder
    from generator.rollout import prepare_back

    with bar() as told:
        return prepare_back(
            _target(latest, to, project, chronicle),
            chronicle,
            regions.place,
            project,
            name,
            at=datetime.now(UTC),
            offline=offline_folder(project) if offline else None,
            told=told,
        )


def _target(latest: "Held | None", to: str | None, project: Path, chronicle: "Chronicle") -> str:
    """Find the program to go back to."""
    found = chronicle.restorable()
    if to is not None:
        matching = [one for one in found if one.content.startswith(to) or one.tree.startswith(to)]
        if len(matching) != 1:
            what = f"is the beginning of {len(matching) or 'no'} approved programs."
            raise InputError(f"--to {to[:64]!r}", what, f"covey rollback {project} --list lists them.")
        return matching[0].content
    here = _tree(project)
    if latest is not None and latest.now.phase == "done" and chronicle.program(latest.record.after)[0] == here:
        return latest.record.before
    others = [one for one in found if one.tree != here]
    if not others:
        what = "is the only program that the journal knows to be approved."
        raise InputError(str(project), what, "Emit what it is to be instead, and approve that.")
    return others[0].content


def _tree(project: Path) -> str:
    from generator.approval.on_disk import tree_on_disk
    from generator.journal import tree_digest

    return tree_digest({path: sha256(held).hexdigest() for path, held in tree_on_disk(project).items()})


def _list(project: Path, journal: str | None, *, json: bool) -> None:
    from generator.present.rollout import restorable_programs, show_restorable_programs
    from generator.rollout import Chronicle, project_name

    name, kept = project_name(project), journal_at(journal, project)
    if kept is None:
        raise InputError("--journal", f"is {NOWHERE}.", "Name the journal to read.")
    chronicle = Chronicle(kept, actor(), lambda: datetime.now(UTC))
    found = restorable_programs(name, chronicle.restorable(), _tree(project))
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_restorable_programs(found, console))


def _require_same(held: "Held", version: str, project: Path) -> None:
    record = held.record
    if record.command == "rollback" or record.to != version:
        what = f"is {held.now.phase}: a {record.command}{f' to version {record.to}' if record.to else ''}."
        raise InputError(
            str(project), plain(what), f"Bring that to its end, or take it back: covey rollback {project}."
        )
    say(f"Taking up the rollout to version {plain(version)} that {plain(held.by)} prepared: it is {held.now.phase}.")


def _approved(held: "Held", chronicle: "Chronicle", project: Path, *, offline: bool, json: bool) -> str | None:
    """Refuse to begin what nobody approved, or was approved for another try; what has begun had its approval."""
    from generator.approval.on_disk import approval_of
    from generator.project import offline_folder
    from generator.ship import require_approval

    if held.now.phase != "prepared":
        return held.now.approval
    stacks = [stack for wave in held.record.waves for stack in wave.stacks]
    folder = offline_folder(project) if offline else None
    try:
        with bar() as told:
            require_approval(project, stacks, offline=folder, at=datetime.now(UTC), progress=told)
    except ApprovalError:
        # What is to be approved.
        _print(held, json=json)
        raise
    approval = approval_of(project).digest
    if chronicle.used(approval):
        remedy = f"Look at it, then approve it anew: covey approve {project} --by WHO."
        raise ApprovalError(str(project), "was approved for a rollout that was tried already.", remedy)
    return approval


def _go(
    held: "Held",
    chronicle: "Chronicle",
    regions: "PulumiRegions",
    name: str,
    project: Path,
    *,
    offline: bool,
    json: bool,
    approval: str | None = None,
    stop: str | None = None,
) -> None:
    """Bring it to its end and print what came of it; what was stopped is a failure, unless somebody asked for that."""
    from generator.rollout import rollout as rolled

    with bar() as told:
        rolled(
            held.digest,
            held.record,
            held.now,
            regions,
            chronicle.note,
            sleep,
            approval=approval,
            stop=stop,
            told=told,
        )
    _end(chronicle, name, project, offline=offline, json=json, asked=stop is not None)


def _end(chronicle: "Chronicle", name: str, project: Path, *, offline: bool, json: bool, asked: bool) -> None:
    held = chronicle.latest(name, offline=offline)
    if held is None:
        raise AssertionError(name)  # it has just been noted
    _print(held, json=json)
    now, waves = held.now, held.record.waves
    left = [stack for number in sorted(now.to_restore) for stack in waves[number].stacks]
    flag = " --offline" if offline else ""
    if now.phase == "stopped":
        what = f"was stopped ({now.why}), and could not be taken back in {', '.join(left)}."
        remedy = f"The other regions serve what they did before. Once these answer: covey rollback {project}{flag}"
        raise DeployError(f"the {held.record.command}", plain(what), remedy)
    if now.phase == "rolled back" and not asked:
        what = f"was stopped and taken back: {now.why}."
        raise DeployError("the rollout", plain(what), f"{project} holds what runs: the program before it.")
    say(f"{now.phase.capitalize()}. Who did what, and when: covey log --kind rollout-step")
    if now.phase == "done":
        say(f"Set this in fleet.yaml, or the next plan will bring the old versions back:\n{_lines(held)}".rstrip())
    elif held.record.command == "rollback":
        say(f"{project} may hold other versions than fleet.yaml says now: set them back there, too.")


def _lines(held: "Held") -> str:
    """Spell what fleet.yaml is to say of the workloads that were rolled out."""
    import yaml

    said = [{"name": one.workload, "version": one.after, "artifact": one.artifact_after} for one in held.record.changes]
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)


def _print(held: "Held", *, json: bool) -> None:
    from generator.present.rollout import rollout_answer, show_rollout

    found = rollout_answer(held)
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_rollout(found, console))


def _duration_s(text: str) -> float:
    matched = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh])", text)
    duration_s = float(matched[1]) * UNITS_S[matched[2]] if matched else -1.0
    if not 0 <= duration_s <= LONGEST_BAKE_S:
        raise InputError(f"--bake {text[:20]}", "is no time of at most a week.", "Say 90s, 10m or 2h.")
    return duration_s


def _artifacts(given: list[str]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for one in given:
        name, equals, key = one.partition("=")
        if not equals or not name or name in keys:
            raise InputError(f"--artifact {one[:100]}", "is not NAME=KEY, or given twice.", "Give each workload's key.")
        keys[name] = key
    return keys
