"""The verbs of a roster: who joins a running fleet, and who leaves it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from generator.errors import InputError
from generator.seat import Llm, LlmNotes, LlmRecord, LlmReplay, Seat, seated
from generator.shell import bar, put, put_drawn, say

if TYPE_CHECKING:
    from generator.model import Catalog, CostInterval, Inputs, Membership
    from generator.present.plan_document import ChosenDocument
    from generator.standing import Standing

Fleet = Annotated[Path, typer.Argument(metavar="FLEET", help="A folder with fleet.yaml, or that file.")]
Project = Annotated[Path, typer.Option("--project", metavar="DIR", help="The project that serves it: covey emit's.")]
Choose = Annotated[int | None, typer.Option("--choose", metavar="N", min=1, help="Write this choice to the project.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; its schema is in schemas/.")]


def join(
    fleet: Fleet,
    workload: Annotated[
        Path, typer.Argument(metavar="WORKLOAD.yaml", help="One workload as in fleet.yaml, and its expected traffic.")
    ],
    *,
    project: Project,
    choose: Choose = None,
    json: Json = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
) -> None:
    """Say where a new workload goes: a group as it is, a group resized, or a new one; --choose writes it."""
    from generator.catalog import read_catalog
    from generator.enlist import enlist
    from generator.membership import join as joined
    from generator.standing import Standing

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    catalog = read_catalog()
    enlisted = enlist(fleet, workload, catalog)
    running = Standing(project, enlisted.inputs, {w.name for w in enlisted.inputs.fleet.workloads} - {enlisted.name})
    with bar() as told:
        told("judging the ways to join", 0.0)
        found = joined(enlisted.inputs, catalog, running.layout, enlisted.name, running.profile)
    _answer(
        running,
        "join",
        found,
        enlisted.inputs,
        catalog,
        seat,
        choose,
        json=json,
        lines=enlisted.lines,
        traffic=enlisted.traffic,
    )
    if choose is not None:
        say(f"Add this to fleet.yaml, or the next plan will not know {enlisted.name}:\n{enlisted.lines}".rstrip())


def leave(
    fleet: Fleet,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The workload that leaves; fleet.yaml still has it.")],
    *,
    project: Project,
    choose: Choose = None,
    json: Json = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
) -> None:
    """Say what becomes of a workload's group when it leaves, and what that saves; --choose writes it."""
    from generator.catalog import read_catalog
    from generator.discharge import discharge
    from generator.membership import leave as left
    from generator.standing import Standing

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    catalog = read_catalog()
    before, after = discharge(fleet, name, catalog)
    running = Standing(project, before, {workload.name for workload in before.fleet.workloads})
    with bar() as told:
        told("judging the ways to leave", 0.0)
        found = left(before, after, catalog, running.layout, name, running.profile)
    _answer(running, "leave", found, after, catalog, seat, choose, json=json)
    if choose is not None:
        say(f"Take {name} and its traffic out of the fleet's files, or the next plan will bring it back.")


def _answer(
    standing: "Standing",
    change: Literal["join", "leave"],
    found: "Membership",
    inputs: "Inputs",
    catalog: "Catalog",
    seat: Seat | None,
    choose: int | None,
    *,
    json: bool,
    lines: str | None = None,
    traffic: str | None = None,
) -> None:
    """Print the ways, with advice and what each changes in the program, and write the chosen one."""
    from generator.dialogue import OfflineProposer
    from generator.files import write_tree
    from generator.place import place
    from generator.present.membership import membership, show_membership

    if any(one.rule == "SKU001" for one in found.before.verdict.violations):
        what = "serves a group from a machine that is no longer to be had."
        raise InputError(str(standing.project), what, "Plan anew: covey plan FLEET --save FILE.")
    if choose is not None and choose > len(found.options):
        raise InputError(f"--choose {choose}", f"there are {len(found.options)} choices.", "Look first, then choose.")
    baseline = _moved(standing.chosen, found.alone, 1.0 if change == "join" else -1.0)
    programs = [standing.program(option.judged, inputs, catalog, baseline) for option in found.options]
    model, notes = seat or (OfflineProposer(), None)
    answer = membership(
        change,
        inputs.fleet.name,
        standing.profile,
        found,
        [standing.changes(program) for program in programs],
        place(found, model, goals=inputs.fleet.goals or ("cost", "resilience"), notes=notes),
        fleet_lines=lines,
        traffic=traffic,
        chosen=choose,
    )
    if choose is not None:
        write_tree(programs[choose - 1], standing.project)
    if json:
        put(answer.text())
    else:
        put_drawn(lambda console: show_membership(answer, console))
    if choose is not None:
        say(f"Wrote choice {choose} to {standing.project}. Next: covey preview {standing.project} --offline")
        if retiring := programs[choose - 1].retiring:
            say(
                f"Retiring: {', '.join(retiring)}. It serves on until nothing leads to it, and goes with a plan "
                "emitted with --drop-retiring; CUTOVER.md has the steps."
            )


def _moved(chosen: "ChosenDocument", alone: "CostInterval", sign: float) -> "CostInterval":
    """Cost of the baseline with one endpoint more, or less."""
    from generator.model import CostInterval

    was = chosen.baseline_usd_per_h
    return CostInterval(
        max(was.floor + sign * alone.floor, 0.0),
        max(was.expected + sign * alone.expected, 0.0),
        max(was.ceiling + sign * alone.ceiling, 0.0),
    )
