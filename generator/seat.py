"""The language model on the command line: who is seated."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import InputError
from generator.shell import say

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
