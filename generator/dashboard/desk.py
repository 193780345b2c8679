"""What the pages are about, worked out once: the plan judged anew, the graph, the program beside what lies there."""

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar, cast

from generator.approval.approval_document import ApprovalDocument
from generator.approval.gate import gate
from generator.approval.on_disk import APPROVAL, approval_of, on_disk
from generator.correlate import correlate
from generator.dashboard.alarms import Alarm, alarms
from generator.dashboard.book import Book, Deliberation
from generator.dashboard.planning import Planning
from generator.emit import emit
from generator.errors import ApprovalError, InputError, OvertakenError
from generator.files import FileChange, changes, read_emission, write_tree
from generator.history import history_of_decisions, refer
from generator.model import Catalog, CorrelationGraph, Inputs, Profile, Program, Verdict
from generator.present.document import chosen_of, layout_of
from generator.present.plan_document import PlanDocument
from generator.project import offline_folder, stacks_of
from generator.provenance import provenance
from generator.reserve import reserve
from generator.seat import Seat
from generator.shell import write_whole
from generator.ship import approved_program, sign_off
from generator.still_holds import still_holds

WHERE = "the plan on this page"
Found = TypeVar("Found")


class StaleError(OvertakenError):
    """What was shown is not what is there now."""

    def __init__(self) -> None:
        super().__init__(
            "what you looked at",
            "has changed since: the plan, the project's files, or somebody took or approved it first.",
            "Look at it again, then decide.",
        )


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval that lies beside the program, and what speaks against deploying what lies there with it."""

    document: ApprovalDocument
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A recommendation's program as it would be written.

    Parameters
    ----------
    gone : tuple of str
        Stacks that the folder's program has and this one has not.
    left_out : tuple of str
        Workloads that the folder's program serves and this plan does not know: they joined after it was made.
    digest : str
        SHA-256 of all that an approval of it rests on: the plan, the recommendation, every file before and after, the
        approval that is there, and who has taken the plan to decide.
    """

    program: Program
    changes: tuple[FileChange, ...]
    gone: tuple[str, ...]
    left_out: tuple[str, ...]
    approved: Approved | None
    digest: str


class Desk:
    """What is decided on.

    Parameters
    ----------
    fleet : Path
        Where it was read.
    inputs : Inputs
        As read before anything was planned here.
    catalog : Catalog
    planning : Planning
    project : Path, optional
        Where the program is written once it is approved.
    offline : bool
        Whether an approval's previews run on stand-in providers.
    book : Book
        Where decisions are recorded.
    seat : Seat, optional
        Who advises where a workload joins; None seats the offline proposer.
    """

    def __init__(
        self,
        fleet: Path,
        inputs: Inputs,
        catalog: Catalog,
        planning: Planning,
        project: Path | None,
        *,
        offline: bool,
        book: Book,
        seat: Seat | None = None,
    ) -> None:
        self.fleet = fleet
        self._read = inputs
        self.catalog = catalog
        self.planning = planning
        self.project = project
        self.offline = offline
        self.book = book
        self.seat = seat
        self._found: dict[Hashable, object] = {}
        self._turns: dict[Hashable, threading.Lock] = {}
        self._turn = threading.Lock()

    @property
    def inputs(self) -> Inputs:
        """Fleet and traffic as the newest plan has them: whoever plans again reads ``fleet.yaml`` again."""
        return self.planning.inputs or self._read

    def digest(self, plan: PlanDocument) -> str:
        """SHA-256 of the plan: the name of what is decided about."""
        # With the plan beside it, so that no later one comes to be known by its number.
        return self._once(("digest", id(plan)), lambda: (plan, sha256(plan.text().encode()).hexdigest()))[1]

    def deliberation(self, plan: PlanDocument) -> Deliberation:
        """Read who has taken the plan, and who rejected what of it."""
        return self.book.deliberation(plan, self.digest(plan))

    def require_shown(self, plan: PlanDocument, digest: str) -> None:
        """Refuse a decision about another plan than the one on the page.

        Raises
        ------
        StaleError
        """
        if digest != self.digest(plan):
            raise StaleError

    def verdict(self, plan: PlanDocument, profile: Profile) -> Verdict:
        """Judge a recommendation by traffic and prices as they are.

        Raises
        ------
        InputError
            It breaks a rule that its readers were not told of.
        """
        judge = partial(still_holds, plan, profile, self.inputs, self.catalog, WHERE)
        return self._once(("verdict", self.digest(plan), profile), judge)

    def graph(self, plan: PlanDocument) -> CorrelationGraph:
        """Correlate the traffic of a plan's fleet."""
        return self._once(("graph", self.digest(plan)), lambda: correlate(self.inputs.fleet, self.inputs.planned))

    def alarms(self, plan: PlanDocument, profile: Profile, stack: str) -> tuple[Alarm, ...]:
        """List what a stack of a recommendation's program watches.

        Raises
        ------
        DeployError
            The program does not run.
        """
        key = ("alarms", self.digest(plan), profile, stack)
        return self._once(key, lambda: self._watched(plan, profile, stack))

    def shown(self, plan: PlanDocument, profile: Profile) -> Shown:
        """Lay a recommendation's program beside what lies in the project's folder; nothing is written.

        Raises
        ------
        CoveyError
            The program cannot be written, or what lies there cannot be read.
        """
        project = self.project
        program = self._program(plan, profile, project)
        if project is None:
            fresh = (FileChange(path, None, text, kept=False, edited=False) for path, text in program.files.items())
            return Shown(program, tuple(fresh), (), (), None, self.digest(plan))
        found = tuple(one for one in changes(program, project) if one.before is not None or one.after is not None)
        approved = _approved(project)
        emission = read_emission(project)
        gone = sorted({group.stack for group in emission.groups} - set(program.stacks) if emission else ())
        served = {name for group in emission.groups for name in group.workloads} if emission else set()
        claim = self.deliberation(plan).claim
        rests_on = [
            self.digest(plan),
            profile,
            [[one.path, one.before, one.after] for one in found],
            approved.document.digest if approved else None,
            [claim.by, str(claim.at)],
        ]
        digest = sha256(json.dumps(rests_on, ensure_ascii=True).encode()).hexdigest()
        return Shown(program, found, tuple(gone), tuple(sorted(served - plan.workloads)), approved, digest)

    def approve(
        self, plan: PlanDocument, profile: Profile, shown: str, *, by: str, days: int, note: str | None
    ) -> ApprovalDocument:
        """Write the program that was shown, preview it, and write down who approves it, in the journal as well.

        Parameters
        ----------
        shown : str
            Digest of what the person who approves looked at.

        Raises
        ------
        StaleError
            Something of it has changed; nothing is written.
        HeldError
            Somebody else has taken the plan to decide about it.
        BusyError
            Somebody else is at it, or a rollout of it is open.
        CoveyError
            The program cannot be written, or its preview fails; there is no approval of it then.
        """
        project = self.project
        if project is None:
            raise InputError("covey dashboard", "knows no project to approve.", "Start it with --project DIR.")
        with reserve(project, self.book.named):
            now = self.shown(plan, profile)
            if now.digest != shown:
                raise StaleError
            self.book.require_open_to(by, self.digest(plan))
            self.verdict(plan, profile)
            history = history_of_decisions(self.book.folder, self.book.named)
            write_tree(now.program, project)
            refer(project, self.fleet)
            signed, _ = sign_off(
                project,
                stacks_of(project),
                offline=offline_folder(project) if self.offline else None,
                include_edits=False,
                by=by,
                at=datetime.now(UTC),
                days=days,
                note=note,
                progress=lambda _stack, _share: None,
            )
            expected = {one.path: one.after for one in now.changes if one.after is not None}
            if {one.path: one.before for one in changes(now.program, project)} != expected:
                raise ApprovalError(str(project), "changed while it was previewed.", "Look again, then decide.")
            place = project / APPROVAL
            if place.is_symlink():
                raise ApprovalError(str(place), "is a link; covey writes through none.", "Remove it.")
            history.keep(plan, self.inputs, self.catalog, again=False)
            history.keep_program(approved_program(project, signed))
            history.add("approval", signed.text().encode(), by=by)
            write_whole(place, signed.text())
        self._give_back(plan, by)
        return signed

    def _give_back(self, plan: PlanDocument, by: str) -> None:
        """End the claim of whoever has decided; somebody else's stays."""
        claim = self.deliberation(plan).claim
        if claim.by == by:
            with contextlib.suppress(OvertakenError):
                self.book.claim(self.digest(plan), claim.etag, by=by, taken=False)

    def _program(self, plan: PlanDocument, profile: Profile, project: Path | None) -> Program:
        emission = None if project is None else read_emission(project)

        def spelled() -> Program:
            origin = provenance(self.inputs, self.catalog, chosen_of(plan, profile).text())
            return emit(layout_of(plan, profile), self.inputs.fleet, self.catalog, origin, emission)

        return self._once(("program", self.digest(plan), profile, repr(emission)), spelled)

    def _watched(self, plan: PlanDocument, profile: Profile, stack: str) -> tuple[Alarm, ...]:
        with tempfile.TemporaryDirectory(prefix="covey-") as folder:
            write_tree(self._program(plan, profile, None), Path(folder))
            return alarms(Path(folder), stack)

    def _once(self, key: Hashable, work: Callable[[], Found]) -> Found:
        """Work something out for the first who asks; others that ask meanwhile wait for it."""
        with self._turn:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            if key not in self._found:
                self._found[key] = work()
            return cast("Found", self._found[key])


def _approved(project: Path) -> Approved | None:
    if not os.path.lexists(project / APPROVAL):
        return None
    document = approval_of(project)
    stacks = [stack for stack in stacks_of(project) if stack in document.stacks]
    return Approved(document, gate(document, on_disk(project, stacks), stacks, datetime.now(UTC)))
