"""What a verb that finds several ways does with --choose: all of them are shown, one is written and put on record."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from generator.errors import InputError
from generator.shell import put, put_drawn, say

if TYPE_CHECKING:
    from generator.model import Program
    from generator.present.membership import MembershipAnswer
    from generator.present.regroup import RegroupAnswer

Ways = TypeVar("Ways", "MembershipAnswer", "RegroupAnswer")


def reserved(project: Path, choose: int | None, journal: str | None) -> AbstractContextManager[None]:
    """Have a project to oneself from before the ways are found until the chosen one is written; for a look, not.

    Parameters
    ----------
    project : Path
    choose : int or None
    journal : str, optional
        As `JournalAt` says.
    """
    from generator.reserve import reserve

    # What is no folder at all is for those who look into it to refuse.
    return reserve(project, journal) if choose is not None and project.is_dir() else nullcontext()


def choosing(
    ways: Ways,
    programs: "Sequence[Program]",
    show: Callable[[Ways, Any], None],
    project: Path,
    choose: int | None,
    on_record: "Callable[[Ways, Program], AbstractContextManager[None]]",
    *,
    json: bool,
) -> None:
    """Print the ways, with what each changes in the program, and write the chosen one.

    Parameters
    ----------
    ways : MembershipAnswer or RegroupAnswer
        Of a look: nothing is chosen.
    programs : sequence of Program
        What each choice comes to, in their order.
    show : callable
        Draws the ways on a console.
    project : Path
        Where the chosen one is written.
    choose : int or None
        From 1.
    on_record : callable
        Records a choice and its program while it is written.
    json : bool

    Raises
    ------
    InputError
        There is no such choice.
    """
    from generator.files import write_tree

    if choose is not None and choose > len(programs):
        raise InputError(f"--choose {choose}", f"there are {len(programs)} choices.", "Look first, then choose.")
    answer = ways.model_copy(update={"chosen": choose})
    if choose is not None:
        with on_record(answer, programs[choose - 1]):
            write_tree(programs[choose - 1], project)
    if json:
        put(answer.text())
    else:
        put_drawn(lambda console: show(answer, console))
    if choose is not None:
        say(f"Wrote choice {choose} to {project}. Next: covey preview {project} --offline")
        if retiring := programs[choose - 1].retiring:
            say(
                f"Retiring: {', '.join(retiring)}. It serves on until nothing leads to it, and goes with a plan "
                "emitted with --drop-retiring; CUTOVER.md has the steps."
            )
