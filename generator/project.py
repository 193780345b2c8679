"""An emitted project on disk: which stacks it has, and where its pretend cloud lives."""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from generator.errors import InputError


def stacks_of(project: Path, asked: Sequence[str] | None = None) -> tuple[str, ...]:
    """List a project's stacks in the order they are created: regions first, then the edge that sends requests there.

    Parameters
    ----------
    project : Path
        Folder with Pulumi.yaml; ``stacks/groups/`` holds one file a stack.
    asked : sequence of str, optional
        Only these.

    Raises
    ------
    InputError
        No such project, or no such stack in it.
    """
    remedy = "Name the folder that covey emit wrote."
    if not (project / "Pulumi.yaml").is_file():
        raise InputError(str(project), "holds no Pulumi.yaml.", remedy)
    files = (project / "stacks" / "groups").glob("[a-z]*.py")
    found = sorted((path.stem.replace("_", "-") for path in files), key=lambda name: (name.endswith("-edge"), name))
    if not found:
        raise InputError(str(project / "stacks" / "groups"), "holds no stack.", remedy)
    for name in asked or ():
        if name not in found:
            raise InputError(f"--stack {name}", f"is not in {project}.", f"It has {', '.join(found)}.")
    return tuple(name for name in found if not asked or name in asked)


def offline_folder(project: Path) -> Path:
    """Folder that keeps a project's pretend cloud between runs, outside the project; deleting it forgets that cloud."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "covey" / "offline" / sha256(str(project.resolve()).encode()).hexdigest()[:16]
