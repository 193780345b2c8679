"""The verbs of the language model: what would leave, and what came of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import InputError
from generator.history import JournalAt, history_of_plans
from generator.options import FleetPath, Json, Seed
from generator.seat import LlmNotes
from generator.shell import bar, put, put_drawn, say

if TYPE_CHECKING:
    from generator.dialogue import Prompt

llm_verbs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What a language model is told and worth.")


@llm_verbs.command("payload")
def payload(
    fleet: FleetPath,
    *,
    join: Annotated[
        Path | None, typer.Option("--join", metavar="WORKLOAD.yaml", help="What covey join would send instead.")
    ] = None,
    leave: Annotated[
        str | None, typer.Option("--leave", metavar="NAME", help="What covey leave would send instead.")
    ] = None,
    project: Annotated[
        Path | None, typer.Option("--project", metavar="DIR", help="With --join and --leave: what serves the fleet.")
    ] = None,
    llm_notes: LlmNotes = None,
    seed: Seed = 0,
    journal: JournalAt = None,
) -> None:
    """Print every prompt that `covey plan --llm` would send, one line of JSON each, and send nothing.

    A prompt that depends on an answer is printed as it follows the offline proposer's.
    """
    from generator.catalog import read_catalog
    from generator.lessons import load_learned
    from generator.llm import PayloadRecorder
    from generator.pipeline import plan
    from generator.ways import ways_to_join, ways_to_leave

    if join is not None and leave is not None:
        raise InputError("--join", "stands beside --leave.", "Ask for one of them.")
    if (project is None) != (join is None and leave is None):
        raise InputError("--project", "goes with --join or --leave, and they with it.", "Give both, or neither.")
    catalog = read_catalog()
    recorder = PayloadRecorder()
    with bar() as told:
        if project is not None and join is not None:
            ways_to_join(fleet, join, catalog, project, (recorder, llm_notes), journal=journal)
        elif project is not None and leave is not None:
            ways_to_leave(fleet, leave, catalog, project, (recorder, llm_notes), journal=journal)
        else:
            inputs = load_learned(fleet, catalog, journal)
            memory = history_of_plans(fleet, journal).remembered()
            plan(inputs, catalog, seed=seed, model=recorder, memory=memory, notes=llm_notes, progress=told)
    _put(recorder.prompts)


def _put(prompts: "Sequence[Prompt]") -> None:
    put("".join(f"{prompt.text()}\n" for prompt in prompts))
    characters = sum(len(prompt.text()) for prompt in prompts)
    say(f"{len(prompts)} prompts, {characters:,} characters. Nothing was sent.")


@llm_verbs.command("report")
def report(
    plans: Annotated[list[Path], typer.Argument(metavar="PLAN.json...", help="Plans kept by covey plan --save.")],
    *,
    json: Json = False,
) -> None:
    """Say what proposals came to over saved plans: won, tied, lost, regret, tokens."""
    from generator.present.ledger import ledger_report, show_ledger_report
    from generator.present.saved import read_plan

    found = ledger_report([(str(path), read_plan(path)) for path in plans])
    if json:
        put(found.text())
    else:
        put_drawn(lambda console: show_ledger_report(found, console))
