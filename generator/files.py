"""A program on disk: written whole or not at all, never over what someone edited."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from generator.errors import BusyError, EmitError, InputError
from generator.model import Emission, EmittedGroup, Program
from generator.project import GROUPS, MANIFEST

SEEDS = PurePosixPath("stacks/config")

# What stands in a program again is held to what an emission writes: the file is in everyone's reach.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class FormerName(BaseModel):
    """A name a group had, and the number of the emission that changed it."""

    name: Name
    since: int


class ManifestGroup(BaseModel):
    """What a group was called, and in the cloud."""

    stack: Name
    name: Name
    workloads: list[str]
    physical: dict[str, Name]
    formerly: list[FormerName]
    leaving: list[str] = []
    retiring: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """What writing a program does to one file.

    Parameters
    ----------
    before, after : str or None
        What lies there, and what will; None where nothing does.
    kept : bool
        A stack's configuration that is there already belongs to its owner: it stays as it is.
    edited : bool
        What lies there is neither what the last emission wrote nor what this one would: it is in the way.
    """

    path: str
    before: str | None
    after: str | None
    kept: bool
    edited: bool


class Manifest(BaseModel):
    """What `.covey.json` says of the last emission; what else stands there is for others."""

    emission: int = Field(default=1, ge=1)
    edge_first: bool = False
    groups: list[ManifestGroup] = []
    sha256: dict[str, str]


def read_emission(into: Path) -> Emission | None:
    """Return what a folder holds of an earlier emission, None where there was none.

    Raises
    ------
    EmitError
        If its manifest is not what covey wrote.
    """
    root = _root(into)
    manifest = _manifest(root)
    if manifest is None:
        return None
    groups = tuple(
        EmittedGroup(
            group.stack,
            group.name,
            tuple(group.workloads),
            group.physical,
            tuple((former.name, former.since) for former in group.formerly),
            tuple(group.leaving),
            group.retiring,
        )
        for group in manifest.groups
    )
    return Emission(manifest.emission, groups, manifest.sha256, _data(root, manifest.sha256), manifest.edge_first)


def write_tree(program: Program, into: Path, *, overwrite_edited: bool = False) -> None:
    """Write a program's files below a folder, and remove those that an earlier emission left and this one lacks.

    Everything is checked and written aside before the first file moves to its place. A stack's configuration is written
    once and then belongs to its owner, also after its stack has gone.

    Parameters
    ----------
    program : Program
        What `emit` returned.
    into : Path
        The project's folder; made where it does not exist.
    overwrite_edited : bool
        Whether files that were edited since the last emission, or were never emitted, may be replaced or removed.

    Raises
    ------
    EmitError
        If a path leads outside the folder or through a link, or, unless `overwrite_edited`, naming the files someone
        edited.
    """
    root = _root(into)
    places = {path: _place(root, path) for path in program.files}
    manifest = _manifest(root)
    known = manifest.sha256 if manifest else {}
    vanished = {path: _place(root, path) for path in known if path not in program.files}
    seeded = {path for path, place in places.items() if _is_seed(path) and place.exists()}
    written = {path: text for path, text in program.files.items() if path not in seeded}

    if not overwrite_edited:
        edited = [
            path
            for path, place in sorted((places | vanished).items())
            if path not in seeded and path != MANIFEST and _edited(place, program.files.get(path), known.get(path))
        ]
        if edited:
            raise EmitError(
                str(into),
                f"edited since the last emission, or not covey's: {', '.join(edited[:20])}"
                + (f" and {len(edited) - 20} more." if len(edited) > 20 else "."),
                "Move the edits into the fleet or keep them elsewhere, then emit again, with --overwrite-edited.",
            )
    try:
        _replace(root, written, places)
        for place in vanished.values():
            place.unlink(missing_ok=True)
            _prune(place.parent, root)
    except OSError as error:
        raise EmitError(
            str(error.filename or into), f"cannot be written: {error.strerror}.", "Make room there."
        ) from error


@contextlib.contextmanager
def alone_in(project: Path) -> Generator[None]:
    """Hold a project's folder against others who change it or what it runs, and do not wait for whoever holds it.

    A folder that is made here goes again if nothing came into it.

    Raises
    ------
    BusyError
        Somebody holds it.
    InputError
        It is no folder, and cannot be made one.
    """
    made = not project.exists()
    try:
        project.mkdir(parents=True, exist_ok=True)
        folder = os.open(project, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InputError(str(project), f"is no folder to write to: {error.strerror}.", "Name another.") from None
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = "is being written to, brought up or rolled out by somebody else right now."
            raise BusyError(str(project), what, "Wait for them, then look again.") from None
        yield
    finally:
        os.close(folder)
        if made:
            with contextlib.suppress(OSError):
                project.rmdir()


def changes(program: Program, into: Path) -> tuple[FileChange, ...]:
    """Say what `write_tree` would do, file by file and in order, and do nothing.

    Raises
    ------
    EmitError
        If a path leads outside the folder or through a link, or what lies there cannot be read.
    """
    root = _root(into)
    manifest = _manifest(root)
    known = manifest.sha256 if manifest else {}
    return tuple(
        _change(path, _place(root, path), program.files.get(path), known.get(path))
        for path in sorted({*program.files, *known})
    )


def _change(path: str, place: Path, text: str | None, digest: str | None) -> FileChange:
    try:
        before = place.read_bytes().decode("utf-8", "backslashreplace") if place.exists() else None
        kept = before is not None and _is_seed(path)
        edited = not kept and path != MANIFEST and _edited(place, text, digest)
    except OSError as error:
        raise EmitError(str(place), f"cannot be read: {error.strerror}.", "Make it readable.") from None
    return FileChange(path, before, before if kept else text, kept=kept, edited=edited)


def _root(into: Path) -> Path:
    if into.is_symlink() or (into.exists() and not into.is_dir()):
        raise EmitError(str(into), "is a link or a file, not a folder.", "Name a folder of its own.")
    return into.resolve()


def _place(root: Path, path: str) -> Path:
    """Return where a file lies, or refuse a path that leaves the folder, also by way of a link."""
    relative = PurePosixPath(path)
    strange = not path.isprintable() or "\\" in path or str(relative) != path or relative.is_absolute()
    if strange or ".." in relative.parts or path == ".":
        raise EmitError(repr(path[:200]), "is no path inside the project.", "Emit anew; if it stays, report this.")
    place = root
    for part in relative.parts:
        place = place / part
        if place.is_symlink():
            raise EmitError(str(place), "is a link; covey writes through none.", "Replace it by what it points to.")
    if place.exists() and not place.is_file():
        raise EmitError(str(place), "is in the way: a file is to be written there.", "Move it elsewhere.")
    return place


def _manifest(root: Path) -> Manifest | None:
    """Return what the last emission left, None where there was none."""
    place = _place(root, MANIFEST)
    if not place.exists():
        return None
    try:
        return Manifest.model_validate_json(place.read_bytes())
    except ValidationError as error:
        raise EmitError(str(place), "is not what covey wrote.", "Restore it, or emit into an empty folder.") from error


def _data(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return the texts of the stacks' data, as far as they are there and are text."""
    places = {path: _place(root, path) for path in paths if path.startswith(GROUPS)}
    try:
        return {path: place.read_text(encoding="utf-8") for path, place in places.items() if place.exists()}
    except (OSError, UnicodeDecodeError) as error:
        raise EmitError(str(root / GROUPS), f"cannot be read: {error}.", "Restore it as covey wrote it.") from error


def _is_seed(path: str) -> bool:
    return SEEDS in PurePosixPath(path).parents


def _edited(place: Path, text: str | None, digest: str | None) -> bool:
    """Whether a file on disk is neither what the last emission wrote nor what this one would."""
    if not place.exists():
        return False
    content = place.read_bytes()
    return content != (text or "").encode() and sha256(content).hexdigest() != digest


def _replace(root: Path, texts: Mapping[str, str], places: Mapping[str, Path]) -> None:
    """Write aside, on the same file system, then move each file to its place; the manifest last."""
    root.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".covey-", dir=root))
    try:
        order = sorted(texts, key=lambda path: (path == MANIFEST, path))
        for number, path in enumerate(order):
            (aside / str(number)).write_text(texts[path], encoding="utf-8", newline="\n")
        for number, path in enumerate(order):
            places[path].parent.mkdir(parents=True, exist_ok=True)
            (aside / str(number)).replace(places[path])
    finally:
        shutil.rmtree(aside)


def _prune(folder: Path, root: Path) -> None:
    """Remove a folder that became empty, and those above it, up to the project's own."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
