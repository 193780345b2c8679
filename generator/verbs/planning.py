"""The verbs of a plan: from a fleet's folder to three recommendations, questions about them, and the program of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generator.errors import InputError
from generator.history import JournalAt, refer
from generator.options import FleetPath, Json, PlanFile, ProfileOption, Seed
from generator.seat import Llm, LlmNotes, LlmRecord, LlmReplay, NoModel, Seat, seated
from generator.shell import bar, must_be_writable, put, put_drawn, say, write_whole
from generator.verbs.conditions import Jobs, ResumeFile, Scheduler, TimeLimit, work_under

if TYPE_CHECKING:
    from generator.model import Catalog, Inputs, Plan
    from generator.present.plan_document import PlanDocument
    from generator.stages import Work


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
    time_limit: TimeLimit = None,
    resume: ResumeFile = None,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
) -> None:
    """Group the fleet and print three recommendations beside what they would replace."""
    for option, path in (("--report", report), ("--save", save), ("--resume", resume)):
        if path is not None:
            must_be_writable(path, option)
    inputs, catalog = _read(fleet, journal)
    if llm is None and not no_llm:
        say("No language model is asked (--llm gemini would): the offline proposer sits in its seat.")
    seat = seated(None if no_llm else llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    under = work_under(inputs, catalog, seed, time_limit_s=time_limit, resume=resume, scheduler=scheduler, jobs=jobs)
    with under as work:
        found, published = _planned(fleet, inputs, catalog, seed=seed, seat=seat, journal=journal, work=work)
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


def emit(
    fleet: FleetPath,
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The project's folder.")],
    *,
    plan_file: PlanFile = None,
    profile: ProfileOption = None,
    overwrite_edited: Annotated[bool, typer.Option("--overwrite-edited", help="Replace what was edited.")] = False,
    drop_retiring: Annotated[
        bool, typer.Option("--drop-retiring", help="Leave out what an earlier emission kept until nothing led to it.")
    ] = False,
    seed: Seed = 0,
    journal: JournalAt = None,
) -> None:
    """Write the approved recommendation as a Pulumi project."""
    from generator.emit import emit as program_of
    from generator.files import read_emission, write_tree
    from generator.present.document import chosen_of, layout_of
    from generator.present.figures import some
    from generator.present.saved import must_match, read_plan
    from generator.provenance import provenance
    from generator.reserve import reserve
    from generator.still_holds import still_holds

    saved = None if plan_file is None else read_plan(plan_file)
    inputs, catalog = _read(fleet, journal)
    if saved is None or plan_file is None:
        _, saved = _planned(fleet, inputs, catalog, seed=seed, journal=journal)
        chosen = profile or saved.chosen.profile
    else:
        chosen = profile or saved.chosen.profile
        must_match(saved, inputs.fleet, plan_file)
        still_holds(saved, chosen, inputs, catalog, str(plan_file))
    origin = provenance(inputs, catalog, chosen_of(saved, chosen).text())
    # Nobody joins, rolls out or emits between what is read here and what is written.
    with reserve(into, journal, records=False):
        before = read_emission(into)
        program = program_of(
            layout_of(saved, chosen), inputs.fleet, catalog, origin, before, drop_retiring=drop_retiring
        )
        write_tree(program, into, overwrite_edited=overwrite_edited)
        refer(into, fleet)
    say(f"Wrote the {chosen} recommendation to {into}: {len(program.files)} files, stacks {', '.join(program.stacks)}.")
    say(f"Next: covey preview {into} --offline")
    if gone := sorted({group.stack for group in before.groups} - set(program.stacks) if before else ()):
        say(f"No longer in the project, to be destroyed by name: {', '.join(gone)}.")
    served = {name for group in before.groups if not group.retiring for name in group.workloads} if before else set()
    if left_out := sorted(served - saved.workloads):
        say(f"Left out, for the plan does not know them: {some(left_out, 10)}. Who joined belongs in fleet.yaml.")
    if program.retiring:
        say(
            f"Retiring: {', '.join(program.retiring)}. Bring up the regions' stacks, then the load balancer's; when "
            "nothing calls what retires, emit again with --drop-retiring. CUTOVER.md has the steps."
        )


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
    work: "Work | None" = None,
) -> "tuple[Plan, PlanDocument]":
    from generator.make_plan import make_plan
    from generator.stages import HERE

    with bar() as told:
        return make_plan(
            fleet, inputs, catalog, seed=seed, seat=seat, journal=journal, progress=told, work=work or HERE
        )


def _group_with(workload: str, groups: Any) -> str:
    return next(group.name for group in groups if workload in group.workloads)


def _shown(published: "PlanDocument") -> None:
    from generator.present.show import show as shown

    put_drawn(lambda console: shown(published, console))
