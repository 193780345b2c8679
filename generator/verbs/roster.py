"""The verbs of a roster: who joins a running fleet, and who leaves it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from generator.history import JournalAt, change
from generator.options import Choose, FleetPath, Json, ProjectOption
from generator.seat import Llm, LlmNotes, LlmRecord, LlmReplay, seated
from generator.shell import bar, say
from generator.verbs.choosing import choosing, reserved

if TYPE_CHECKING:
    from generator.ways import Ways


def join(
    fleet: FleetPath,
    workload: Annotated[
        Path, typer.Argument(metavar="WORKLOAD.yaml", help="One workload as in fleet.yaml, and its expected traffic.")
    ],
    *,
    project: ProjectOption,
    choose: Choose = None,
    json: Json = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
    journal: JournalAt = None,
) -> None:
    """Say where a new workload goes: a group as it is, a group resized, or a new one; --choose writes it."""
    from generator.ways import ways_to_join

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    ways = partial(ways_to_join, fleet, workload, project=project, seat=seat, journal=journal)
    found = _chosen("join", ways, fleet, project, choose, journal, json=json)
    if choose is not None:
        name, lines = found.answer.workload, found.answer.fleet_lines
        say(f"Add this to fleet.yaml, or the next plan will not know {name}:\n{lines}".rstrip())


def leave(
    fleet: FleetPath,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The workload that leaves; fleet.yaml still has it.")],
    *,
    project: ProjectOption,
    choose: Choose = None,
    json: Json = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
    journal: JournalAt = None,
) -> None:
    """Say what becomes of a workload's group when it leaves, and what that saves; --choose writes it."""
    from generator.ways import ways_to_leave

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    ways = partial(ways_to_leave, fleet, name, project=project, seat=seat, journal=journal)
    _chosen("leave", ways, fleet, project, choose, journal, json=json)
    if choose is not None:
        say(f"Take {name} and its traffic out of the fleet's files, or the next plan will bring it back.")


def _chosen(
    command: Literal["join", "leave"],
    ways: "Callable[..., Ways]",
    fleet: Path,
    project: Path,
    choose: int | None,
    journal: str | None,
    *,
    json: bool,
) -> "Ways":
    """Find the ways, print them, and write the chosen one."""
    from generator.catalog import read_catalog
    from generator.present.membership import show_membership

    catalog = read_catalog()
    with reserved(project, choose, journal):
        with bar() as told:
            told(f"judging the ways to {command}", 0.0)
            found = ways(catalog=catalog)
        on_record = partial(change, command, fleet, journal, found.inputs, catalog)
        choosing(found.answer, found.programs, show_membership, project, choose, on_record, json=json)
    return found
