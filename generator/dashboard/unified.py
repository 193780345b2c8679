"""Changes of files to lines a page can show: unified, bounded, each with what became of it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from generator.files import FileChange
from generator.program.pack import OWN

MOST_LINES = 1500
CONTEXT = 3
# What the emitted program is made of, whatever it serves.
COMPONENTS = (
    "policies/",
    "stacks/components/",
    "stacks/requirements.txt",
    "stacks/pyrightconfig.json",
    "stacks/ruff.toml",
    "stacks/__main__.py",
    "stacks/groups/__init__.py",
)
OF_THE_PLAN = frozenset(f"policies/{name}" for name in OWN)
State = Literal["new", "changed", "removed", "kept", "edited", "same"]
ORDER: tuple[State, ...] = ("edited", "changed", "new", "removed", "kept", "same")


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file. `lines` are pairs of kind (add, del, at, same) and text; `more` counts those left out.

    `boilerplate` says that it is new and the same in every project.
    """

    path: str
    state: State
    added: int
    removed: int
    lines: tuple[tuple[str, str], ...]
    more: int
    boilerplate: bool


def unified(changes: Sequence[FileChange]) -> tuple[FileDifference, ...]:
    """Compare files, those that change first.

    Parameters
    ----------
    changes : sequence of FileChange

    Returns
    -------
    tuple of FileDifference
        What stays the same has no lines, except a configuration that stays because it has an owner: it is approved too.
    """
    found = [_difference(one) for one in changes]
    return tuple(sorted(found, key=_order))


def _order(one: FileDifference) -> tuple[int, bool, str]:
    # What the plan decides comes before what is the same in every project.
    return ORDER.index(one.state), not one.path.startswith("stacks/groups/"), one.path


def _difference(change: FileChange) -> FileDifference:
    state = _state(change)
    before, after = (change.before or "").split("\n"), (change.after or "").split("\n")
    if state == "same":
        lines: list[tuple[str, str]] = []
    elif state == "kept":
        lines = [("same", line) for line in before]
    else:
        compared = difflib.unified_diff(
            before if change.before else [], after if change.after else [], n=CONTEXT, lineterm=""
        )
        lines = [_line(line) for number, line in enumerate(compared) if number >= 2]
    kinds = [kind for kind, _ in lines]
    return FileDifference(
        path=change.path,
        state=state,
        added=kinds.count("add"),
        removed=kinds.count("del"),
        lines=tuple(lines[:MOST_LINES]),
        more=max(0, len(lines) - MOST_LINES),
        boilerplate=state == "new" and change.path.startswith(COMPONENTS) and change.path not in OF_THE_PLAN,
    )


def _state(change: FileChange) -> State:
    if change.kept:
        return "kept"
    if change.before == change.after:
        return "same"
    if change.edited:
        return "edited"
    if change.before is None:
        return "new"
    return "removed" if change.after is None else "changed"


def _line(line: str) -> tuple[str, str]:
    kind = {"+": "add", "-": "del", "@": "at"}.get(line[:1], "same")
    return kind, line
