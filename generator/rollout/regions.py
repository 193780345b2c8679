"""Regions as the Pulumi engine updates them and their clouds tell of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generator import deploy
from generator.approval.on_disk import APPROVAL, tree_on_disk
from generator.errors import DeployError
from generator.files import write_tree
from generator.model import Program
from generator.rollout.chronicle import Chronicle
from generator.verify import artifact_digests, verify, wanted
from generator.watch import watch, watched

# A service that is reconciling right after its update is given this long.
SETTLES_S = 120.0


class PulumiRegions:
    """The stacks of a project.

    Parameters
    ----------
    project : Path
    offline : Path, optional
        As for `deploy.preview`.
    chronicle : Chronicle
        Holds the programs.
    write : callable
        Writes a text file whole.
    say : callable
        Tells people something.
    """

    def __init__(
        self,
        project: Path,
        offline: Path | None,
        chronicle: Chronicle,
        *,
        write: Callable[[Path, str], None],
        say: Callable[[str], None],
    ) -> None:
        self._project = project
        self._offline = offline
        self._chronicle = chronicle
        self._write = write
        self._say = say
        self._states: dict[str, dict[str, Any]] = {}

    def place(self, program: str) -> None:
        """Have a program lie in the folder, and the approval of it beside it, where it has one.

        What lay there is kept in the journal first, should somebody have edited it.
        """
        tree, files = self._chronicle.program(program)
        there = tree_on_disk(self._project)
        if there != files:
            unknown = self._chronicle.keep_unknown(there)
            if unknown is not None:
                self._say(f"{self._project} was edited; what lay there is kept in the journal: program {unknown}.")
            self._replace(there, files)
        approval = self._chronicle.approval(tree)
        if approval is not None:
            self._write(self._project / APPROVAL, approval.text())

    def update(self, stack: str) -> None:
        """Run ``pulumi up`` on one stack."""
        self._states.pop(stack, None)
        for note in deploy.up(self._project, stack, offline=self._offline).notes:
            self._say(f"{stack}: {note}")

    def alarms(self, stacks: Sequence[str]) -> tuple[str, ...]:
        """Name the alarms of stacks that fire."""
        return tuple(one.label for stack in stacks for one in watch(watched(self._state(stack)), offline=self._offline))

    def unserved(self, stacks: Sequence[str]) -> tuple[str, ...]:
        """Say which endpoints of stacks do not serve what their last update asked for."""
        return tuple(
            f"{one.name} {one.message}"
            for stack in stacks
            for one in verify(wanted(self._state(stack)), wait_s=SETTLES_S, offline=self._offline)
            if one.state != "serves"
        )

    def digests(self, stack: str, artifacts: Sequence[str]) -> Mapping[str, str]:
        """Ask the stack's bucket; the pretend cloud has none."""
        return {} if self._offline is not None else artifact_digests(self._state(stack), artifacts)

    def _state(self, stack: str) -> dict[str, Any]:
        if stack not in self._states:
            self._states[stack] = deploy.exported(self._project, stack, offline=self._offline)
        return self._states[stack]

    def _replace(self, there: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
        try:
            texts = {path: held.decode("utf-8") for path, held in files.items()}
        except UnicodeDecodeError:
            what = "holds a file that is no text, which covey does not write."
            raise DeployError("the program", what, "Restore it by hand: covey log show CONTENT.") from None
        # Its stacks are not looked at: what is written are its files.
        write_tree(Program(texts, ()), self._project, overwrite_edited=True)
        for path in set(there) - set(files):
            (self._project / path).unlink(missing_ok=True)
