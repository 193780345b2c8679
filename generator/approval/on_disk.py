"""What lies in a project's folder, as digests: what is approved, and what the gate looks at again.

The rule is as simple as can be, for ``policies/approval.py`` follows it too and imports nothing from here: the four
files at the top, and every file below ``stacks/`` and ``policies/`` but ``stacks/config/``, ``__pycache__`` and names
that begin with a dot.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from generator.approval.approval_document import MOST_BYTES, REMEDY, ApprovalDocument, OriginDocument, read_approval
from generator.errors import ApprovalError
from generator.project import MANIFEST, RECOMMENDATION

APPROVAL = "approval.json"
AT_THE_TOP = (MANIFEST, "CUTOVER.md", "Pulumi.yaml", RECOMMENDATION)
BELOW = ("policies", "stacks")
CONFIG = "stacks/config"
# Pulumi writes these into a stack's config by itself, when a stack is created or its passphrase changes.
PULUMIS_OWN = (b"encryptionsalt:", b"secretsprovider:", b"encryptedkey:")
# An emission has one file a stack and some 25 more.
MOST_FILES = 10_000
EMIT_ANEW = "Emit it anew: covey emit FLEET --into DIR."


class _Manifest(BaseModel):
    """``.covey.json``, written by `emit`."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    format: Literal[1]
    provenance: OriginDocument | None = None
    sha256: dict[str, Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What lies there.

    Parameters
    ----------
    files : mapping of str to str
        Path to SHA-256 of every file of the program.
    configs : mapping of str to str
        Stack to SHA-256 of its config, Pulumi's own keys left out.
    edited : tuple of str
        Files that are not as they were emitted: changed, added or gone.
    """

    provenance: OriginDocument
    files: Mapping[str, str]
    configs: Mapping[str, str]
    edited: tuple[str, ...]


def on_disk(project: Path, stacks: Sequence[str]) -> Evidence:
    """Look at a project's files and the configs of some stacks.

    Raises
    ------
    ApprovalError
        A file cannot be read or is a link, or the folder is no emission with its origin.
    """
    files = {path: sha256(content).hexdigest() for path, content in _files(project)}
    manifest = _manifest(project)
    if manifest.provenance is None:
        what = "does not say which inventory, catalogue and recommendation the program comes from."
        raise ApprovalError(str(project / MANIFEST), what, EMIT_ANEW)
    emitted = manifest.sha256
    edited = [path for path in {*files, *emitted} - {MANIFEST} if files.get(path) != emitted.get(path)]
    configs = {stack: _config(project, stack) for stack in stacks}
    return Evidence(manifest.provenance, dict(sorted(files.items())), configs, tuple(sorted(edited)))


def tree_on_disk(project: Path) -> dict[str, bytes]:
    """Return the content of every file of the program, by path.

    Raises
    ------
    ApprovalError
        A file cannot be read or is a link.
    """
    return dict(sorted(_files(project)))


def approval_of(project: Path) -> ApprovalDocument:
    """Read a project's approval.

    Raises
    ------
    ApprovalError
        There is none, it cannot be read, or it is no approval.
    """
    place = project / APPROVAL
    if not os.path.lexists(place):
        remedy = f"Look at the preview, then covey approve {project} --by WHO."
        raise ApprovalError(str(place), "does not exist: nobody has approved this program.", remedy)
    return read_approval(_content(place, REMEDY), str(place))


def _manifest(project: Path) -> _Manifest:
    place = project / MANIFEST
    if not place.exists():
        raise ApprovalError(str(place), "does not exist: covey did not write this program.", EMIT_ANEW)
    try:
        return _Manifest.model_validate_json(_content(place, EMIT_ANEW))
    except ValidationError:
        raise ApprovalError(str(place), "is not what covey wrote.", EMIT_ANEW) from None


def _files(project: Path) -> Iterator[tuple[str, bytes]]:
    for name in AT_THE_TOP:
        if os.path.lexists(project / name):
            yield name, _content(project / name, EMIT_ANEW)
    below = (path for folder in BELOW if os.path.lexists(project / folder) for path in _below(project, folder))
    for count, path in enumerate(below):
        if count >= MOST_FILES:
            what = f"holds more than {MOST_FILES:,} files."
            raise ApprovalError(str(project), what, "Move away what is no part of the program.")
        yield path, _content(project / path, EMIT_ANEW)


def _below(project: Path, folder: str) -> Iterator[str]:
    if (project / folder).is_symlink():
        raise ApprovalError(str(project / folder), "is a link.", EMIT_ANEW)
    try:
        entries = sorted(os.scandir(project / folder), key=lambda entry: entry.name)
    except OSError as error:
        raise ApprovalError(str(project / folder), f"cannot be read: {error.strerror}.", EMIT_ANEW) from None
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith(".") or entry.name == "__pycache__" or path == CONFIG:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(project, path)
        else:
            yield path


def _config(project: Path, stack: str) -> str:
    place = project / CONFIG / f"Pulumi.{stack}.yaml"
    there = os.path.lexists(place)
    lines = _content(place, "Restore the stack's config.").splitlines(keepends=True) if there else []
    return sha256(b"".join(line for line in lines if not line.startswith(PULUMIS_OWN))).hexdigest()


def _content(place: Path, remedy: str) -> bytes:
    """Read a regular file of bounded size; a link could show the gate one file and the engine another."""
    try:
        if place.is_symlink() or not stat.S_ISREG(place.lstat().st_mode):
            raise ApprovalError(str(place), f"is {'a link' if place.is_symlink() else 'no file'}.", remedy)
        # Neither followed nor waited for, should it have become a link or a pipe since.
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ApprovalError(str(place), f"cannot be read: {error.strerror}.", remedy) from None
    if len(content) > MOST_BYTES:
        raise ApprovalError(str(place), f"is larger than {MOST_BYTES // 2**20} MiB.", remedy)
    return content
