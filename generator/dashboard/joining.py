"""A workload's entry that somebody pasted to the ways it may join the project, and the chosen one written there."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from markupsafe import Markup

from generator.dashboard.desk import Desk, StaleError
from generator.dashboard.unified import unified
from generator.errors import InputError
from generator.files import FileChange, changes, write_tree
from generator.history import change
from generator.present.figures import dollars, plain
from generator.present.membership import WORDS, compared, signed
from generator.project import GROUPS
from generator.reserve import reserve
from generator.ways import Ways, ways_to_join

# What messages call it: it has no file.
ENTRY = Path("workload.yaml")
# One entry takes some hundred bytes.
MOST_CHARACTERS = 60_000
EXPECTED = "a month, expected"


@dataclass(frozen=True, slots=True)
class Considered:
    """The ways for one entry.

    Parameters
    ----------
    changes : tuple of tuple of FileChange
        What writing each choice would do to the project's files.
    digest : str
        SHA-256 of all that choosing rests on: the entry, and every file before and after.
    """

    ways: Ways
    changes: tuple[tuple[FileChange, ...], ...]
    digest: str


def consider(desk: Desk, entry: str) -> Considered:
    """Find where a workload may go; nothing is written.

    Raises
    ------
    InputError
        There is no project, or the entry cannot be used.
    InfeasibleError
        Nothing takes it in.
    """
    project = _project(desk)
    if len(entry) > MOST_CHARACTERS:
        what = f"is longer than {MOST_CHARACTERS:,} characters."
        raise InputError(str(ENTRY), what, "One workload's entry is enough.")
    found = ways_to_join(
        desk.fleet, ENTRY, desk.catalog, project, desk.seat, journal=desk.book.named, content=entry.encode()
    )
    changed = tuple(changes(program, project) for program in found.programs)
    rests_on = [entry, [[[one.path, one.before, one.after] for one in those] for those in changed]]
    return Considered(found, changed, sha256(json.dumps(rests_on, ensure_ascii=True).encode()).hexdigest())


def adopt(desk: Desk, entry: str, shown: str, number: int) -> Considered:
    """Write a choice to the project, as `covey join --choose` does.

    Parameters
    ----------
    shown : str
        `Considered.digest` of what the person who chooses looked at.
    number : int
        1 for the first choice.

    Raises
    ------
    StaleError
        Entry, fleet or project have changed since; nothing is written.
    BusyError
        Somebody else is at it, or a rollout of it is open.
    CoveyError
        There is no such choice, or a file that somebody edited is in the way.
    """
    project = _project(desk)
    with reserve(project, desk.book.named):
        now = consider(desk, entry)
        if now.digest != shown:
            raise StaleError
        if not 1 <= number <= len(now.ways.programs):
            raise InputError("the form", "names no choice of those offered.", "Go back and choose one.")
        program, answer = now.ways.programs[number - 1], now.ways.answer.model_copy(update={"chosen": number})
        with change("join", desk.fleet, desk.book.named, now.ways.inputs, desk.catalog, answer, program):
            write_tree(program, project)
    return now


def join_view(desk: Desk, found: Considered, entry: str) -> dict[str, Any]:
    """Put the ways side by side: what each costs, how it serves, what it risks and what it changes."""
    answer = found.ways.answer
    rows = compared(answer)
    return {
        "answer": answer,
        "running": dollars(answer.cost_usd_per_month.expected),
        "choices": [
            {
                "number": one.number,
                "title": WORDS[one.kind],
                "figure": signed(one.change_usd_per_month.expected),
                "dearer": one.change_usd_per_month.expected > 0,
                "rows": [(name, cells[at]) for name, cells in rows if name != EXPECTED],
                "reasons": one.after.risk_reasons if one.after else (),
                "broken": one.broken,
                "advised": answer.placement.choice == one.number,
                "files": [
                    file
                    for file in unified(found.changes[at])
                    if file.path.startswith(GROUPS) and file.state not in ("same", "kept")
                ],
                "others": len([path for path in one.program.files if not path.startswith(GROUPS)]),
                "retiring": found.ways.programs[at].retiring,
            }
            for at, one in enumerate(answer.choices)
        ],
        "barred": [(WORDS[one.kind], one.message, one.rule) for one in answer.barred],
        "digest": found.digest,
        "lines": as_lines(answer.fleet_lines or ""),
        "entry": as_lines(entry),
        "project": str(desk.project),
    }


def as_lines(text: str) -> Markup:
    """Escape a text and keep its lines; what hides or turns text is written as an escape, as everywhere."""
    return Markup("\n").join(plain(line) for line in text.split("\n"))


def _project(desk: Desk) -> Path:
    if desk.project is None:
        raise InputError("covey dashboard", "knows no project to join.", "Start it with --project DIR.")
    if not desk.project.is_dir():
        what = "is not there: nothing serves this fleet yet."
        raise InputError(str(desk.project), what, "Approve a program first.")
    return desk.project
