"""The verbs of a review, for people and for CI: what a change costs, and whether the program keeps the rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from generator.errors import InputError
from generator.shell import put

if TYPE_CHECKING:
    from generator.present.plan_document import ChosenDocument

Old = Annotated[
    Path, typer.Argument(metavar="OLD", help="A saved plan, a recommendation.json, or the folder it is in.")
]
New = Annotated[Path, typer.Argument(metavar="NEW", help="The same, of what is proposed.")]
RECOMMENDATION = "recommendation.json"


def diff(
    old: Old,
    new: New,
    *,
    profile: Annotated[
        Literal["cheapest", "balanced", "resilient"] | None,
        typer.Option("--profile", help="Which recommendation of a saved plan; balanced if it has it."),
    ] = None,
    min_change_usd: Annotated[
        float, typer.Option("--min-change-usd", min=0, help="A smaller change of cost a month is not material.")
    ] = 0.0,
    min_change_percent: Annotated[
        float, typer.Option("--min-change-percent", min=0, help="The same, as a share of the old cost.")
    ] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON; its schema is in schemas/.")] = False,
) -> None:
    """Write the difference between two plans as Markdown for a pull request: cost, service level, groups, moves."""
    from generator.present.comment import comment
    from generator.present.difference import difference

    found = difference(
        _recommendation(old, profile),
        _recommendation(new, profile),
        min_change_usd=min_change_usd,
        min_change_percent=min_change_percent,
    )
    put(found.text() if json else comment(found))


def _recommendation(path: Path, profile: Literal["cheapest", "balanced", "resilient"] | None) -> "ChosenDocument":
    from generator.present.document import MOST_BYTES, saved_recommendation

    file = path / RECOMMENDATION if path.is_dir() else path
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        remedy = "Name a file that covey plan FLEET --save FILE wrote, or a folder that covey emit wrote."
        raise InputError(str(file), f"cannot be read: {error.strerror}.", remedy) from None
    return saved_recommendation(content, str(file), profile)
