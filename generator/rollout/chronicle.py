"""What the journal knows of rollouts, and of the programs that one can go back to."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from generator.approval.approval_document import ApprovalDocument, read_approval
from generator.journal import Entry, Journal, Kind, RolloutRecord, RolloutStepRecord, packed, tree_digest, unpacked
from generator.offline.sandbox import read_yaml
from generator.project import stacks_of
from generator.rollout.progress import Progress, progress

# Of the newest: more approved programs than anybody goes back to.
APPROVALS = 200


@dataclass(frozen=True, slots=True)
class Held:
    """A rollout as the journal has it.

    Parameters
    ----------
    digest : str
        What its steps name it by.
    by : str
        Who prepared it.
    log : tuple of (Entry, RolloutStepRecord)
        Who did what, when; oldest first.
    """

    digest: str
    by: str
    record: RolloutRecord
    log: tuple[tuple[Entry, RolloutStepRecord], ...]

    @property
    def now(self) -> Progress:
        """How far it has come."""
        return progress(self.record, (step for _, step in self.log))


@dataclass(frozen=True, slots=True)
class Restorable:
    """An approved program that is whole in the journal: its content, its digest, and its newest approval."""

    content: str
    tree: str
    approval: ApprovalDocument


def project_name(project: Path) -> str:
    """Name a project, as its rollouts do, by what Pulumi calls it and its environment.

    Parameters
    ----------
    project : Path
        Folder with Pulumi.yaml.

    Raises
    ------
    InputError
        No such project.
    DeployError
        Its Pulumi.yaml cannot be read.
    """
    environment = re.split("-(?:aws|gcp)-", stacks_of(project)[0])[0]
    return f"{read_yaml(project / 'Pulumi.yaml').get('name')}/{environment}"


class Chronicle:
    """The journal, as far as rollouts write and read it.

    Parameters
    ----------
    journal : Journal
    by : str
        Who is here.
    clock : callable
        Tells the time, in UTC.
    """

    def __init__(self, journal: Journal, by: str, clock: Callable[[], datetime]) -> None:
        self._journal = journal
        self._by = by
        self._clock = clock

    def latest(self, project: str, *, offline: bool) -> Held | None:
        """Return the newest rollout of a project, ended or not; None where there was none.

        Raises
        ------
        JournalError
        """
        for entry in reversed(self._journal.entries(kind="rollout")):
            record = self._journal.record(entry.content, RolloutRecord)
            if (record.project, record.offline) == (project, offline):
                return Held(entry.content, entry.actor, record, tuple(self._steps(entry)))
        return None

    def begin(self, record: RolloutRecord) -> Held:
        """Keep a new rollout.

        Raises
        ------
        JournalError
        """
        entry = self._append("rollout", record.content())
        return Held(entry.content, entry.actor, record, ())

    def note(self, step: RolloutStepRecord) -> None:
        """Keep a step; it is on disk when this returns.

        Raises
        ------
        JournalError
        """
        self._append("rollout-step", step.content())

    def keep(self, files: Mapping[str, bytes]) -> str:
        """Keep a program, once, and return the digest of its content.

        Raises
        ------
        JournalError
        """
        return self.keep_unknown(files) or sha256(packed(files)).hexdigest()

    def keep_unknown(self, files: Mapping[str, bytes]) -> str | None:
        """Keep a program unless it is held already, and return the digest of its content; None where it was.

        Raises
        ------
        JournalError
        """
        content = packed(files)
        digest = sha256(content).hexdigest()
        if self._journal.holds(digest):
            return None
        return self._append("program", content).content

    def program(self, content: str) -> tuple[str, dict[str, bytes]]:
        """Return a program's digest and files.

        Raises
        ------
        JournalError
            There is none, or it is not what was written.
        """
        return unpacked(self._journal.content(content))

    def approval(self, tree: str) -> ApprovalDocument | None:
        """Return the newest approval of a program, expired or not; None where nobody approved it.

        Raises
        ------
        JournalError
        """
        return next((one for one in self._approvals() if tree_digest(one.files) == tree), None)

    def restorable(self) -> tuple[Restorable, ...]:
        """List the approved programs that are whole here, the one approved last first.

        Raises
        ------
        JournalError
        """
        newest: dict[str, ApprovalDocument] = {}
        for approval in self._approvals():
            newest.setdefault(tree_digest(approval.files), approval)
        contents: dict[str, str] = {}
        for entry in self._journal.entries(kind="program"):
            tree, _ = unpacked(self._journal.content(entry.content))
            contents[tree] = entry.content
        return tuple(Restorable(contents[tree], tree, newest[tree]) for tree in newest if tree in contents)

    def used(self, approval: str) -> bool:
        """Whether a rollout began under this approval and has ended.

        Raises
        ------
        JournalError
        """
        steps = [
            self._journal.record(entry.content, RolloutStepRecord)
            for entry in self._journal.entries(kind="rollout-step")
        ]
        began = {step.rollout for step in steps if step.approval == approval}
        return any(step.rollout in began and step.step in ("done", "rolled-back") for step in steps)

    def _steps(self, begun: Entry) -> Iterator[tuple[Entry, RolloutStepRecord]]:
        for entry in self._journal.entries(kind="rollout-step"):
            if entry.sequence > begun.sequence:
                step = self._journal.record(entry.content, RolloutStepRecord)
                if step.rollout == begun.content:
                    yield entry, step

    def _approvals(self) -> Iterator[ApprovalDocument]:
        for entry in reversed(self._journal.entries(kind="approval", newest=APPROVALS)):
            yield read_approval(self._journal.content(entry.content), f"journal {self._journal}")

    def _append(self, kind: Kind, content: bytes) -> Entry:
        return self._journal.append(kind, content, by=self._by, at=self._clock())
