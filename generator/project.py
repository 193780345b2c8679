"""An emitted project on disk: what its files are called, which stacks it has, and where its pretend cloud lives."""

import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import cast

from generator.errors import InputError

MANIFEST = ".covey.json"
RECOMMENDATION = "recommendation.json"
GROUPS = "stacks/groups/"


def stacks_of(project: Path, asked: Sequence[str] | None = None) -> tuple[str, ...]:
    """List a project's stacks in the order they are updated: what regions stand on, regions, then the edge before them.

    Where an emission left out what had routes, the edge comes first: it loses the routes before the services go.

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
    files = (project / GROUPS).glob("[a-z]*.py")
    edge_first = _edge_first(project / MANIFEST)

    def order(name: str) -> tuple[int, str]:
        edge = name.endswith("-edge")
        return (0 if name.endswith("-base") else 1 if edge and edge_first else 3 if edge else 2), name

    found = sorted((path.stem.replace("_", "-") for path in files), key=order)
    if not found:
        raise InputError(str(project / GROUPS), "holds no stack.", remedy)
    for name in asked or ():
        if name not in found:
            raise InputError(f"--stack {name}", f"is not in {project}.", f"It has {', '.join(found)}.")
    return tuple(name for name in found if not asked or name in asked)


def stack_file(stack: str) -> str:
    """Path of what a stack serves, as data, in its project."""
    return f"{GROUPS}{stack.replace('-', '_')}.py"


def _edge_first(manifest: Path) -> bool:
    """Whether the emission said so; a manifest that is not to be read is for the verbs that need it to refuse."""
    try:
        document: object = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and cast("dict[str, object]", document).get("edge_first") is True


def offline_folder(project: Path) -> Path:
    """Folder that keeps a project's pretend cloud between runs, outside the project; deleting it forgets that cloud."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "covey" / "offline" / sha256(str(project.resolve()).encode()).hexdigest()[:16]
