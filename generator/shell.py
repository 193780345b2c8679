"""Where covey meets the terminal: what goes to which stream, bars, errors in three lines, files written whole."""

import contextlib
import ctypes
import io
import os
import sys
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from generator.errors import CoveyError, InputError
from generator.present.figures import plain

# Width where nobody can ask a terminal: a log, a pipe.
PIPED_COLUMNS = 100
CHANGES_FOUND = 7  # an exit code, as Pulumi's own


class Verbs(TyperGroup):
    """Commands whose failures end in three lines and an exit code, not in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except CoveyError as error:
            _traced(ctx)
            _complain(error.where, error.what, error.remedy)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            if type(error).__module__.startswith("typer."):  # usage: typer has words and a code for it
                raise
            _traced(ctx)
            where = traceback.extract_tb(error.__traceback__)[-1]
            _complain(
                f"{Path(where.filename).name}, line {where.lineno}",
                f"{type(error).__name__}: {error}",
                "This is a defect of covey. Run covey --debug VERB and report what it prints.",
            )
            raise typer.Exit(1) from None


def put(text: str) -> None:
    """Write data to standard output. A reader that has gone away has had enough, which is no failure."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except UnicodeEncodeError:
        sys.stdout.write(text.encode("ascii", "backslashreplace").decode("ascii"))
        sys.stdout.flush()


def say(text: str) -> None:
    """Tell people something that is not data."""
    # Python's own stderr writes what its encoding lacks as escapes.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def put_drawn(draw: Callable[[Any], None]) -> None:
    """Draw on a rich console and put the result: coloured on a terminal unless NO_COLOR, plain elsewhere."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = None if terminal or "COLUMNS" in os.environ else PIPED_COLUMNS
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=terminal, width=width, highlight=False, emoji=False)
    draw(console)
    text = drawn.getvalue()
    put(text if terminal else "".join(f"{line.rstrip()}\n" for line in text.split("\n")[:-1]))


@contextlib.contextmanager
def bar() -> Generator[Callable[[str, float], None]]:
    """Yield a function that takes a stage and the share of it that is done, and draws it where a person looks.

    Meanwhile what compiled libraries print by themselves goes to standard error: HiGHS has been seen to leave a line
    of its own between the data.
    """
    with _libraries_aside(), _drawn_bar() as told:
        yield told


@contextlib.contextmanager
def _libraries_aside() -> Generator[None]:
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


@contextlib.contextmanager
def _drawn_bar() -> Generator[Callable[[str, float], None]]:
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        yield lambda _stage, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)

        def told(stage: str, share: float) -> None:
            progress.update(task, description=stage, completed=share)

        yield told


def must_be_writable(path: Path, option: str) -> None:
    """Refuse a file that could not be written in the end, before the long work begins."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError(f"{option} {path}", f"there is no folder {folder}.", "Create it, or name another file.")
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise InputError(f"{option} {path}", "is not a file.", "Name a file.")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{option} {path}", f"{folder} may not be written to.", "Name a file elsewhere.")


def write_whole(path: Path, text: str | bytes) -> None:
    """Write a file whole or not at all: aside first, then in one move to its place."""
    aside = path.with_name(f".{path.name[:200]}.{os.getpid()}")
    try:
        aside.write_bytes(text.encode() if isinstance(text, str) else text)
        aside.replace(path)
    except OSError as error:
        what = f"could not be written: {error.strerror}."
        raise InputError(str(path), what, "Make room, or name another file.") from None
    finally:
        aside.unlink(missing_ok=True)


def _traced(ctx: Any) -> None:
    if ctx.params.get("debug"):
        traceback.print_exc()


def _complain(where: str, what: str, remedy: str) -> None:
    for line in (where, what, remedy):
        say("\n".join(plain(part) for part in line.split("\n")))
