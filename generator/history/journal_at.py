"""Where a fleet's journal is: beside the fleet, or where the command line or the environment says."""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import InputError, JournalError
from generator.present.figures import plain
from generator.shell import say, write_whole

if TYPE_CHECKING:
    from generator.journal import Journal

VARIABLE = "COVEY_JOURNAL"
NOWHERE = "none"
# Beside fleet.yaml, and in a project emitted elsewhere a word on where that is.
FOLDER, FILE, REFERENCE = ".covey", "journal.sqlite", "fleet"
MOST_REFERENCE_BYTES = 4096
JournalAt = Annotated[
    str | None,
    typer.Option(
        "--journal",
        metavar="WHERE",
        help=f"A file, a URL, a folder whose journal it is, or {NOWHERE}; else {VARIABLE}, else the fleet's own.",
    ),
]


def journal_at(named: str | None, folder: Path, *, make: bool = False) -> "Journal | None":
    """Find a journal: the one that is named, else the fleet's own; None where nothing is to be recorded.

    Parameters
    ----------
    named : str, optional
        As `JournalAt` says; without it what the environment names.
    folder : Path
        Of a fleet, or of a project emitted from one.
    make : bool
        Whether the folder of a fleet's own journal is made where there is none: the journal is to be written.

    Raises
    ------
    InputError
        The name is no place for a journal, or a link stands there.
    """
    from generator.journal import Journal

    named = named or os.environ.get(VARIABLE)
    if named == NOWHERE:
        return None
    if named is not None and "://" in named:
        return Journal(named)
    place = Path(named) if named else folder
    if not place.is_dir():
        if not named:
            raise JournalError(str(folder), "is no folder any more, so its journal is gone.", "Put it back.")
        return Journal(place)
    home = _own(place)
    return Journal((_furnished(home) if make else home) / FILE)


def folder_of(fleet: Path) -> Path:
    """Folder of a fleet that was named by its folder or by its file."""
    return fleet if fleet.is_dir() else fleet.parent


def refer(project: Path, fleet: Path) -> None:
    """Leave word in an emitted project where its fleet lies, relative to it, for the verbs that take only DIR."""
    folder = folder_of(fleet)
    if os.environ.get(VARIABLE) or project.resolve() == folder.resolve():
        return
    with without_harm("The project does not say where its fleet's journal is"):
        place = _furnished(project / FOLDER) / REFERENCE
        write_whole(place, f"{os.path.relpath(folder.resolve(), project.resolve())}\n")


@contextlib.contextmanager
def without_harm(consequence: str) -> Generator[None]:
    """Go on after what hinders a journal, and say it; `consequence` is what follows from it."""
    try:
        yield
    except InputError as error:
        say(plain(f"{error.where}: {error.what} {consequence}."))


def _own(folder: Path) -> Path:
    """Folder of a fleet's journal, given the fleet's folder or a project's that was emitted from it."""
    home = folder / FOLDER
    reference = home / REFERENCE
    if reference.is_file() and not home.is_symlink():
        with reference.open("rb") as opened:
            words = opened.read(MOST_REFERENCE_BYTES).decode("utf-8", "replace").strip()
        home = folder / words / FOLDER
        if not words.isprintable() or Path(words).is_absolute() or not home.parent.is_dir():
            what = "does not name the folder of a fleet, relative to the project."
            raise JournalError(str(reference), what, "Emit anew, or name the journal: --journal.")
    return home


def _furnished(home: Path) -> Path:
    """Make the folder of what is covey's and nobody's to commit."""
    remedy = "Make room, or name another journal: --journal."
    if home.is_symlink() or (home / FILE).is_symlink():
        raise JournalError(str(home), "is a link, or holds one; covey writes through none.", remedy)
    try:
        home.mkdir(exist_ok=True)
        if not (home / ".gitignore").exists():
            (home / ".gitignore").write_text("*\n", encoding="ascii")
    except OSError as error:
        raise JournalError(str(home), f"cannot be made: {error.strerror}.", remedy) from None
    return home
