"""The language model on the command line: who is seated, what would leave, and what came of it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import InputError
from generator.history import JournalAt, history_of_plans
from generator.options import FleetPath, Json, Seed
from generator.shell import bar, put, put_drawn, say

if TYPE_CHECKING:
    from generator.dialogue import LanguageModel

Seat = tuple["LanguageModel", str | None]

KEY = "GEMINI_API_KEY"
ENDPOINT = "COVEY_GEMINI_ENDPOINT"

NoModel = Annotated[bool, typer.Option("--no-llm", help="Ask no language model; so it is without --llm.")]
Llm = Annotated[
    str | None,
    typer.Option("--llm", metavar="CLIENT[:MODEL]", help=f"Ask a language model: gemini, google-genai. Needs {KEY}."),
]
LlmNotes = Annotated[
    str | None, typer.Option("--llm-notes", metavar="TEXT", help="Tell it something; sent as it is, quoted as data.")
]
LlmRecord = Annotated[
    Path | None, typer.Option("--llm-record", metavar="DIR", help="Where its answers are kept and found again.")
]
LlmReplay = Annotated[bool, typer.Option("--llm-replay", help="Answer from the record alone, ask nobody.")]

llm_verbs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What a language model is told and worth.")


def seated(wanted: str | None, *, notes: str | None, record: Path | None, replay: bool) -> Seat | None:
    """Seat who was asked for, and say who it is; None seats the offline proposer.

    Raises
    ------
    InputError
        An option that only means something with ``--llm`` stands without it, or there is no such client.
    """
    if wanted is None:
        for option, given in (("--llm-notes", notes), ("--llm-record", record), ("--llm-replay", replay)):
            if given:
                raise InputError(option, "is for a language model, and none is asked.", "Add --llm gemini.")
        return None
    from generator.llm import connect

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "covey" / "llm"
    model, hindrance = connect(
        wanted,
        key=os.environ.get(KEY),
        endpoint=os.environ.get(ENDPOINT),
        record=record or cache,
        replay=replay,
    )
    if hindrance:
        say(f"No language model is asked: {hindrance}. The {model.name} sits in its seat.")
    return model, notes


@llm_verbs.command("payload")
def payload(
    fleet: FleetPath,
    *,
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

    catalog = read_catalog()
    recorder = PayloadRecorder()
    with bar() as told:
        inputs = load_learned(fleet, catalog)
        memory = history_of_plans(fleet, journal).remembered()
        plan(inputs, catalog, seed=seed, model=recorder, memory=memory, notes=llm_notes, progress=told)
    put("".join(f"{prompt.text()}\n" for prompt in recorder.prompts))
    characters = sum(len(prompt.text()) for prompt in recorder.prompts)
    say(f"{len(recorder.prompts)} prompts, {characters:,} characters. Nothing was sent.")


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
