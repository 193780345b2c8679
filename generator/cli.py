"""The verbs: reads what people typed, calls the doors, prints, exits.

Data goes to standard output, everything else to standard error. Heavy modules are imported inside the verbs, so that
`covey --help` answers at once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from generator import logbook, lookout, release, review, rolling, roster, tending
from generator.dashboard.verb import dashboard
from generator.errors import CatalogError, DeployError, InputError
from generator.history import JournalAt, operation, refer
from generator.seat import Llm, LlmNotes, LlmRecord, LlmReplay, NoModel, Seat, llm_verbs, seated
from generator.shell import Verbs, bar, must_be_writable, put, put_drawn, say, write_whole

if TYPE_CHECKING:
    from generator.model import Catalog, Inputs, Plan, StackReport
    from generator.present.plan_document import PlanDocument

CHANGES_FOUND = 7  # as Pulumi's own

EPILOG = (
    "Exit codes: 0 done, 1 unexpected, 2 input or usage, 3 no feasible plan, 4 emit, 5 policy violation or "
    "not approved, 6 deployment, 7 changes found where none were expected, 130 interrupted."
)
app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
catalog_verbs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look into the SKU catalogue.")
app.add_typer(catalog_verbs, name="catalog")
app.add_typer(llm_verbs, name="llm")
app.add_typer(logbook.log_verbs, name="log")

FleetPath = Annotated[Path, typer.Argument(metavar="FLEET", help="A folder with fleet.yaml, or that file.")]
ProjectPath = Annotated[Path, typer.Argument(metavar="DIR", help="The folder with Pulumi.yaml.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Same inputs and seed, same plan.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; its schema is in schemas/.")]
PlanFile = Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="A saved plan, instead of a new one.")]
Stacks = Annotated[list[str] | None, typer.Option("--stack", help="Only this stack; may be given again.")]
Offline = Annotated[bool, typer.Option("--offline", help="Stand-in providers and a pretend cloud, no account.")]


@app.callback(help="Group machine-learning models by their traffic, choose machines, write the Pulumi program.")
def covey(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of a failure, too.")] = False,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version and exit.")] = False,
) -> None:
    """Take the options that come before the verb; `debug` is read where failures end."""
    del debug
    if version:
        from importlib.metadata import version as version_of

        put(f"covey {version_of('covey')}\n")
        raise typer.Exit


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it does not exist.")]) -> None:
    """Write a small commented fleet.yaml that can be planned as it is."""
    from generator.starter import starter

    texts = starter()
    there = [name for name in texts if (folder / name).exists()]
    if there:
        raise InputError(str(folder), f"{', '.join(there)} is there already.", "Name another folder, or move it away.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), f"cannot be made: {error.strerror}.", "Name another folder.") from None
    for name, text in texts.items():
        write_whole(folder / name, text)
    say(f"Wrote {', '.join(texts)} to {folder}. Next: covey plan {folder}")


@app.command()
def plan(
    fleet: FleetPath,
    *,
    json: Json = False,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE.html", help="Also a page to read.")] = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE.json", help="Keep the plan for later.")] = None,
    seed: Seed = 0,
    no_llm: NoModel = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
    journal: JournalAt = None,
) -> None:
    """Group the fleet and print three recommendations beside what they would replace."""
    for option, path in (("--report", report), ("--save", save)):
        if path is not None:
            must_be_writable(path, option)
    inputs, catalog = _read(fleet, journal)
    if llm is None and not no_llm:
        say("No language model is asked (--llm gemini would): the offline proposer sits in its seat.")
    seat = seated(None if no_llm else llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    found, published = _planned(fleet, inputs, catalog, seed=seed, seat=seat, journal=journal)
    if save is not None:
        write_whole(save, published.text())
        say(f"Saved the plan to {save}.")
    if report is not None:
        from generator.present.report import report as drawn

        write_whole(report, drawn(found, published))
        say(f"Wrote the report to {report}.")
    if json:
        put(published.text())
    else:
        _shown(published)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="PLAN.json", help="A plan kept by covey plan --save.")],
    *,
    json: Json = False,
) -> None:
    """Print a saved plan again."""
    from generator.present.saved import read_plan

    saved = read_plan(file)
    if json:
        put(saved.text())
    else:
        _shown(saved)


@app.command()
def explain(
    fleet: FleetPath,
    one: Annotated[str, typer.Argument(metavar="A", help="A workload.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    *,
    plan_file: PlanFile = None,
    json: Json = False,
    seed: Seed = 0,
) -> None:
    """Say what speaks for and against serving two workloads together, and whether a plan does."""
    from generator.capacity.machines import machines
    from generator.correlate import correlate
    from generator.explain import explain as evidence
    from generator.partition import partition
    from generator.present.answers import Explanation
    from generator.present.saved import must_match, read_plan

    saved = None if plan_file is None else read_plan(plan_file)
    inputs, catalog = _read(fleet)
    correlation = correlate(inputs.fleet, inputs.planned)
    communities = partition(correlation, seed=seed)
    found = evidence(machines(inputs.fleet, catalog), inputs.planned, correlation, communities, (one, other))
    if saved is None:
        _, saved = _planned(fleet, inputs, catalog, seed=seed)
    must_match(saved, inputs.fleet, plan_file or fleet)
    groups = {
        answer.profile: (_group_with(one, answer.groups), _group_with(other, answer.groups))
        for answer in saved.recommendations
    }
    explained = Explanation(evidence=found, groups=groups)
    if json:
        put(explained.text())
    else:
        from generator.present.show_answers import show_explanation

        put_drawn(lambda console: show_explanation(explained, console))


@app.command()
def emit(
    fleet: FleetPath,
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The project's folder.")],
    *,
    plan_file: PlanFile = None,
    profile: Annotated[
        Literal["cheapest", "balanced", "resilient"] | None,
        typer.Option("--profile", help="Which recommendation; balanced if the plan has it."),
    ] = None,
    overwrite_edited: Annotated[bool, typer.Option("--overwrite-edited", help="Replace what was edited.")] = False,
    drop_retiring: Annotated[
        bool, typer.Option("--drop-retiring", help="Leave out what an earlier emission kept until nothing led to it.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Write the approved recommendation as a Pulumi project."""
    from generator.emit import emit as program_of
    from generator.files import read_emission, write_tree
    from generator.present.document import chosen_of, layout_of
    from generator.present.saved import must_match, read_plan
    from generator.provenance import provenance
    from generator.still_holds import still_holds

    saved = None if plan_file is None else read_plan(plan_file)
    inputs, catalog = _read(fleet)
    if saved is None or plan_file is None:
        _, saved = _planned(fleet, inputs, catalog, seed=seed)
        chosen = profile or saved.chosen.profile
    else:
        chosen = profile or saved.chosen.profile
        must_match(saved, inputs.fleet, plan_file)
        still_holds(saved, chosen, inputs, catalog, str(plan_file))
    origin = provenance(inputs, catalog, chosen_of(saved, chosen).text())
    layout, before = layout_of(saved, chosen), read_emission(into)
    program = program_of(layout, inputs.fleet, catalog, origin, before, drop_retiring=drop_retiring)
    write_tree(program, into, overwrite_edited=overwrite_edited)
    refer(into, fleet)
    say(f"Wrote the {chosen} recommendation to {into}: {len(program.files)} files, stacks {', '.join(program.stacks)}.")
    say(f"Next: covey preview {into} --offline")
    if gone := sorted({group.stack for group in before.groups} - set(program.stacks) if before else ()):
        say(f"No longer in the project, to be destroyed by name: {', '.join(gone)}.")
    if program.retiring:
        say(
            f"Retiring: {', '.join(program.retiring)}. Bring up the regions' stacks, then the load balancer's; when "
            "nothing calls what retires, emit again with --drop-retiring. CUTOVER.md has the steps."
        )


@app.command()
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


@app.command()
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
    if not unapproved:
        release.require_approval(project, stack, offline=offline)
    with operation("up", project, stack, journal, offline=offline) as done:
        _operated("up", project, stack, offline=offline, json=json, done=done)


@app.command()
def refresh(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    offline: Offline = False,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Only look; exit with 7 if the cloud differs from the state.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell what changed in the cloud behind the project's back, and take it into the state."""
    reports = _operated("refresh", project, stack, offline=offline, json=json, look_only=expect_no_changes)
    drifted = sum(report.changes for report in reports)
    if expect_no_changes and drifted:
        say(f"{drifted} resources are not as the state has them. What puts them right again: covey preview {project}")
        raise typer.Exit(CHANGES_FOUND)


@app.command()
def destroy(
    project: ProjectPath,
    *,
    stack: Stacks = None,
    offline: Offline = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Delete what the project created, without asking again."""
    with operation("destroy", project, stack, journal, offline=offline) as done:
        _operated("destroy", project, stack, offline=offline, json=json, done=done)


app.command()(release.approve)
app.command()(release.verify)
app.command()(roster.join)
app.command()(roster.leave)
app.command()(rolling.rollout)
app.command()(rolling.rollback)
app.command()(logbook.reject)
app.command()(lookout.observe)
app.command()(lookout.learn)
app.command()(tending.drift)
app.command()(tending.regroup)
app.command()(review.check)
app.command()(review.diff)
app.command()(dashboard)


@catalog_verbs.command("show")
def catalog_show(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Kind, machine, cloud, region.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Print what is offered, cheapest first; each WORD narrows it: covey catalog show l4 europe."""
    from generator.catalog import read_catalog
    from generator.present.show_answers import offerings, show_offerings

    found = offerings(read_catalog(), words or [])
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_offerings(found, console))


@catalog_verbs.command("check")
def catalog_check() -> None:
    """Check the catalogue's tables against each other."""
    from generator.catalog import check_catalog

    findings = check_catalog()
    for finding in findings:
        put(f"{finding}\n")
    if findings:
        remedy = "Correct the tables, or derive them anew as sku-catalog/README.md says."
        raise CatalogError("sku-catalog", f"{len(findings)} findings.", remedy)
    say("The catalogue holds together.")


@app.command()
def doctor(*, json: Json = False) -> None:
    """Look around: what is installed, what is missing, what to do about it."""
    from generator.doctor import doctor as examine
    from generator.present.show_answers import show_examination

    found = examine()
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_examination(found, console))
    if any(check.state == "broken" for check in found.checks):
        raise typer.Exit(1)


def main() -> None:
    """Run covey; the console script."""
    try:
        app()
    except KeyboardInterrupt:  # before typer listens, or after
        raise SystemExit(130) from None


def _read(fleet: Path, journal: str | None = None) -> "tuple[Inputs, Catalog]":
    from generator.catalog import read_catalog
    from generator.lessons import load_learned

    catalog = read_catalog()
    return load_learned(fleet, catalog, journal), catalog


def _planned(
    fleet: Path,
    inputs: "Inputs",
    catalog: "Catalog",
    *,
    seed: int,
    seat: Seat | None = None,
    journal: str | None = None,
) -> "tuple[Plan, PlanDocument]":
    from generator.make_plan import make_plan

    with bar() as told:
        return make_plan(fleet, inputs, catalog, seed=seed, seat=seat, journal=journal, progress=told)


def _group_with(workload: str, groups: Any) -> str:
    return next(group.name for group in groups if workload in group.workloads)


def _shown(published: "PlanDocument") -> None:
    from generator.present.show import show as shown

    put_drawn(lambda console: shown(published, console))


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
