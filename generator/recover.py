"""Puts a stack's state in order after a run that was cut off, so that the next run finishes what that one began.

The engine notes an operation before it asks the cloud, and takes the note away with the answer. A run that is killed
leaves its notes: the cloud may have done what it was asked, or not. The engine goes on in spite of them and creates
again what may exist, which the cloud refuses where a name is fixed, or else makes a second one of. So a resource whose
creation is in doubt is put into the state under the id its cloud gives it, and a refresh looks: what does not exist is
taken out again. What was to replace something that is there is taken back: the next update deletes it and makes it
anew. What cannot be found by its inputs is named to people.
"""

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import DeployError
from generator.offline.identity import known_identity
from generator.offline.values import Properties

Run = Callable[[Sequence[str]], tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was in doubt, by names in the program.

    Parameters
    ----------
    looked_for : tuple of str
        Looked for in the cloud again.
    taken_back : tuple of str
        Half-made successors of what is there: the next update deletes them, and makes them anew.
    unknown : tuple of str
        Not to be found by their inputs.
    """

    looked_for: tuple[str, ...]
    taken_back: tuple[str, ...]
    unknown: tuple[str, ...]


def recover(run: Run, exported: str, stack: str, folder: Path) -> Recovery | None:
    """Settle what a run that was cut off left in doubt; None where nothing is.

    Parameters
    ----------
    run : callable
        Runs the CLI with the arguments it is given; returns exit code, standard output, standard error.
    exported : str
        The stack's state, as Pulumi exports it.
    stack : str
        Name of the stack.
    folder : Path
        Where the state may be written to for a moment; secrets in it stay encrypted.

    Raises
    ------
    DeployError
        Where the state cannot be put back.
    """
    state: dict[str, Any] = json.loads(exported)
    deployment: dict[str, Any] = state.get("deployment") or {}
    pending: list[dict[str, Any]] = deployment.get("pending_operations") or []
    if not pending:
        return None
    resources: list[dict[str, Any]] = deployment.setdefault("resources", [])
    adopted, successors, unknown = in_doubt(pending, resources)
    resources += [*adopted, *successors]
    deployment["pending_operations"] = []
    doubtful = {one["urn"] for one in adopted} | {one["resource"]["urn"] for one in pending if not is_creation(one)}

    written = folder / "state.json"
    written.write_text(json.dumps(state), encoding="utf-8")
    steps: list[tuple[str, ...]] = [("stack", "import", "--stack", stack, "--file", str(written))]
    if doubtful:
        targets = [part for urn in sorted(doubtful) for part in ("--target", urn)]
        steps.append(("refresh", "--yes", "--skip-preview", "--stack", stack, *targets))
    try:
        for step in steps:
            exit_code, _, errors = run(step)
            if exit_code != 0:
                what = f"was cut off, and its state could not be put in order: {complaint(errors)}"
                remedy = f"Run `pulumi refresh --stack {stack}` and answer what it asks."
                raise DeployError(f"stack {stack}", what, remedy)
    finally:
        written.unlink(missing_ok=True)
    found = doubtful, {one["urn"] for one in successors}, unknown
    return Recovery(*(tuple(sorted(map(name_of, urns))) for urns in found))


def in_doubt(
    pending: Sequence[dict[str, Any]], resources: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Part the creations into new resources and successors whose id follows from their inputs, and URNs of the rest.

    A successor stands beside what it was to replace, under one URN: it is marked as an engine marks what it has
    replaced, so that the next update deletes it. Where the cloud never made it there is nothing to delete, which a
    provider takes for done.
    """
    settings: Mapping[str, Properties] = {
        f"{one['urn']}::{one['id']}": one.get("inputs") or {} for one in resources if "id" in one
    }
    there = {one["urn"]: one.get("id") for one in resources if not one.get("delete")}
    adopted: list[dict[str, Any]] = []
    successors: list[dict[str, Any]] = []
    unknown: list[str] = []
    for one in (operation["resource"] for operation in pending if is_creation(operation)):
        identity = known_identity(one["type"], one.get("inputs") or {}, settings.get(one.get("provider", ""), {}))
        # Of the same id as what is there: that one would be deleted.
        if identity is None or there.get(one["urn"]) == identity:
            unknown.append(one["urn"])
            continue
        known = {**one, "id": identity, "outputs": one.get("inputs") or {}}
        if one["urn"] in there:
            successors.append({**known, "delete": True})
        else:
            adopted.append(known)
    return adopted, successors, unknown


def is_creation(operation: dict[str, Any]) -> bool:
    """Whether an operation in doubt was to create something."""
    return operation["type"] == "creating"


def name_of(urn: str) -> str:
    """Name that a resource has in the program."""
    return urn.rsplit("::", 1)[1]


def complaint(errors: str) -> str:
    """Last line of what the CLI said against something."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return (lines or ["The CLI ended without a word"])[-1].removeprefix("error: ").rstrip(".") + "."


def has_stale_lock(locks: Path) -> bool:
    """Whether a stack's locks in a file backend all belong to processes of this machine that are gone."""
    holders: list[dict[str, Any]] = []
    for path in locks.glob("*.json"):
        try:
            holders.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return False
    here = [one for one in holders if one.get("hostname") == socket.gethostname()]
    return bool(holders) and len(here) == len(holders) and not any(lives(int(one["pid"])) for one in here)


def lives(process: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
