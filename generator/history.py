"""Which journal a verb writes to, and what it writes: plans and what they rest on, a model's words, operations.

A plan is made whether or not it can be recorded: what hinders that is said once, and planning goes on without. What
people decide and what changes a cloud is done only where it can be recorded.
"""

import contextlib
import getpass
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from generator.errors import CoveyError, InputError, JournalError
from generator.present.figures import plain
from generator.shell import say, write_whole

if TYPE_CHECKING:
    from generator.dialogue import Answer, Brief, Example, LanguageModel
    from generator.journal import DeploymentRecord, Entry, Journal, Kind, MembershipRecord
    from generator.model import Catalog, Inputs, Program, Source, StackReport
    from generator.present.membership import MembershipAnswer
    from generator.present.plan_document import PlanDocument
    from generator.present.regroup import RegroupAnswer

    Undertaking = DeploymentRecord | MembershipRecord

VARIABLE = "COVEY_JOURNAL"
NOWHERE = "none"
# Beside fleet.yaml, and in a project emitted elsewhere a word on where that is.
FOLDER, FILE, REFERENCE = ".covey", "journal.sqlite", "fleet"
MOST_REFERENCE_BYTES = 4096

Done = TypeVar("Done")
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


def actor() -> str:
    """Name of who runs covey, as the system knows them."""
    try:
        return plain(getpass.getuser())[:200]
    except (OSError, KeyError):  # a container's number without a name
        return f"user {os.getuid()}"


class History:
    """What one run adds to a journal, or, with none, does not.

    Parameters
    ----------
    journal : Journal or None
    """

    def __init__(self, journal: "Journal | None") -> None:
        self._journal = journal

    def add(self, kind: "Kind", content: bytes, *, by: str | None = None, follows: str | None = None) -> "Entry | None":
        """Add an entry, and return it; None where nothing is recorded. `follows` as `Journal.append` takes it.

        Raises
        ------
        OvertakenError
        JournalError
        """
        if self._journal is None:
            return None
        return self._journal.append(kind, content, by=by or actor(), at=datetime.now(UTC), follows=follows)

    def keep_program(self, files: Mapping[str, bytes]) -> None:
        """Keep a program whole, once, so that it can be had back.

        Parameters
        ----------
        files : mapping of str to bytes
            As `tree_on_disk` gives them.

        Raises
        ------
        JournalError
        """
        from generator.journal import packed

        if self._journal is not None:
            self._keep_once("program", packed(files))

    def remembered(self) -> "tuple[Example, ...]":
        """Past decisions, newest first; none where the journal cannot tell."""
        from generator.journal import recall

        journal = self._journal
        if journal is None:
            return ()
        return self._attempted(lambda: recall(journal)) or ()

    def overheard(self, model: "LanguageModel") -> "LanguageModel":
        """Return a model whose prompts and answers are recorded. What code decides by rules needs no such record."""
        return _Overheard(model, self) if model.source == "model" and self._journal is not None else model

    def keep(self, plan: "PlanDocument", inputs: "Inputs", catalog: "Catalog", *, again: bool = True) -> None:
        """Record a plan and what it rests on; the plan last, so that where it stands all of it does.

        Parameters
        ----------
        plan : PlanDocument
        inputs : Inputs
        catalog : Catalog
        again : bool
            Whether a plan that the journal holds already gets another entry.

        Raises
        ------
        JournalError
        """
        journal, content = self._journal, plan.text().encode()
        if journal is None or (not again and journal.holds(sha256(content).hexdigest())):
            return
        rests_on = self.keep_inputs(inputs, catalog)
        self._keep_once("recommendations", _recommendations(plan, inputs, catalog, rests_on))
        self.add("plan", content)

    def keep_inputs(self, inputs: "Inputs", catalog: "Catalog") -> "dict[Kind, str]":
        """Keep what something is decided by, and return the digests of both contents.

        Raises
        ------
        JournalError
        """
        from generator.provenance import canonical

        basis: dict[Kind, bytes] = {"inventory": canonical(inputs), "catalogue": canonical(catalog)}
        return {kind: self._keep_once(kind, content) for kind, content in basis.items()}

    def _keep_once(self, kind: "Kind", content: bytes) -> str:
        digest = sha256(content).hexdigest()
        if self._journal is not None and not self._journal.holds(digest):
            self.add(kind, content)
        return digest

    def try_to_keep(self, plan: "PlanDocument", inputs: "Inputs", catalog: "Catalog") -> None:
        """Record a plan, or say why that cannot be."""
        self._attempted(lambda: self.keep(plan, inputs, catalog))

    def try_to_add(self, kind: "Kind", content: bytes) -> None:
        """Add an entry, or say why that cannot be."""
        self._attempted(lambda: self.add(kind, content))

    def _attempted(self, step: Callable[[], Done]) -> Done | None:
        """Take a step that planning can do without; after the first that fails nothing more is tried."""
        with without_harm("Nothing more is recorded or remembered"):
            return step()
        self._journal = None
        return None


def history_of_plans(fleet: Path, named: str | None = None) -> History:
    """Return the history that planning a fleet reads and continues; where there can be none, say so and go on."""
    with without_harm("Nothing is recorded or remembered"):
        return history_of_decisions(folder_of(fleet), named)
    return History(None)


def history_of_decisions(folder: Path, named: str | None = None) -> History:
    """Return the history that a decision has to go into.

    Raises
    ------
    InputError
        It cannot be written.
    """
    journal = journal_at(named, folder, make=True)
    if journal is not None:
        journal.require_writable()
    return History(journal)


@contextlib.contextmanager
def operation(
    command: Literal["up", "refresh", "destroy"],
    project: Path,
    asked: Sequence[str] | None,
    named: str | None,
    *,
    offline: bool,
) -> "Generator[Callable[[Sequence[StackReport]], None]]":
    """Record that an operation begins, and what comes of it.

    Yields
    ------
    callable
        Takes what the engine reported.

    Raises
    ------
    JournalError
        Nothing has begun, for it could not be recorded; from the yielded function: it is done, and that could not.
    """
    from generator.journal import DeploymentRecord
    from generator.present.show_answers import deployment
    from generator.project import stacks_of

    stacks = stacks_of(project, asked)
    beside = project / "recommendation.json"
    digest = sha256(beside.read_bytes()).hexdigest() if beside.is_file() else None
    began = DeploymentRecord(command=command, phase="began", offline=offline, stacks=stacks, recommendation=digest)
    with _undertaken(history_of_decisions(project, named), "deployment", began) as ended:

        def done(reports: "Sequence[StackReport]") -> None:
            ended(began.model_copy(update={"report": deployment(command, reports).model_dump(mode="json")}))

        yield done


@contextlib.contextmanager
def change(
    command: Literal["join", "leave", "regroup"],
    fleet: Path,
    named: str | None,
    inputs: "Inputs",
    catalog: "Catalog",
    answer: "MembershipAnswer | RegroupAnswer",
    program: "Program",
) -> Generator[None]:
    """Record which choice is about to be written to a project and what it rests on; as the block ends, that it was.

    Parameters
    ----------
    fleet : Path
        Where it was read; its journal lies beside it.
    named : str, optional
        As `JournalAt` says.
    inputs, catalog
        What the choices were made from.
    answer
        What is shown of them.
    program : Program
        The one that was chosen.

    Raises
    ------
    JournalError
        Nothing has begun, for it could not be recorded; or, as the block ends, it is done, and that could not.
    """
    from generator.journal import MembershipRecord

    history = history_of_decisions(folder_of(fleet), named)
    rests_on = history.keep_inputs(inputs, catalog)
    began = MembershipRecord(
        command=command,
        phase="began",
        fleet=inputs.fleet.name,
        inventory=rests_on["inventory"],
        catalogue=rests_on["catalogue"],
        recommendation=sha256(program.files["recommendation.json"].encode()).hexdigest(),
    )
    chosen = began.model_copy(update={"answer": answer.model_dump(mode="json")})
    with _undertaken(history, "membership", began, chosen) as ended:
        yield
        ended(began)


@contextlib.contextmanager
def _undertaken(
    history: History, kind: "Kind", brief: "Undertaking", full: "Undertaking | None" = None
) -> "Generator[Callable[[Undertaking], None]]":
    """Add an entry as something begins, another as it ends or fails."""
    history.add(kind, (full or brief).content())
    ended = False

    def end(record: "Undertaking") -> None:
        nonlocal ended
        ended = True
        history.add(kind, record.model_copy(update={"phase": "done"}).content())

    try:
        yield end
    except BaseException as error:
        if ended:
            raise
        words = f"{error.where}: {error.what}" if isinstance(error, CoveyError) else type(error).__name__
        history.try_to_add(kind, brief.model_copy(update={"phase": "failed", "failure": words}).content())
        raise


class _Overheard:
    """Sits in the seat for a model, and records what it is asked and what it chooses."""

    def __init__(self, model: "LanguageModel", history: History) -> None:
        self.name: str = model.name
        self.source: Source = model.source
        self._model = model
        self._history = history

    def answer(self, brief: "Brief") -> "Answer":
        from dataclasses import asdict

        from generator.dialogue import prompt
        from generator.journal import ReplyRecord

        asked = prompt(brief).text().encode()
        # Before it leaves: what was sent stays on record, should no answer come.
        self._history.try_to_add("prompt", asked)
        answer = self._model.answer(brief)
        reply = ReplyRecord(
            model=self.name,
            prompt=sha256(asked).hexdigest(),
            choices=dict(answer.choices),
            reasons=dict(answer.reasons),
            failure=answer.failure,
            usage=asdict(answer.usage),
        )
        self._history.try_to_add("reply", reply.content())
        return answer


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


def _recommendations(
    plan: "PlanDocument", inputs: "Inputs", catalog: "Catalog", rests_on: "Mapping[Kind, str]"
) -> bytes:
    from generator.capacity.machines import machines
    from generator.journal import RecommendationRecord, RecommendationsRecord, ServedGroup
    from generator.present.document import chosen_of
    from generator.propose import group_figures, served_words

    table = machines(inputs.fleet, catalog)
    mean_rps = inputs.planned.rate_rps.mean(axis=1)
    number = {workload.name: i for i, workload in enumerate(inputs.fleet.workloads)}

    def served(group: Any) -> ServedGroup:
        members = tuple(sorted(number[name] for name in group.workloads))
        words = served_words(group.hosting, group.instance_type, group.region)
        return ServedGroup(figures=group_figures(members, table, mean_rps), words=words)

    return RecommendationsRecord(
        inventory=rests_on["inventory"],
        catalogue=rests_on["catalogue"],
        plan=sha256(plan.text().encode()).hexdigest(),
        recommendations={
            found.profile: RecommendationRecord(
                digest=sha256(chosen_of(plan, found.profile).text().encode()).hexdigest(),
                groups=tuple(served(group) for group in found.groups),
            )
            for found in plan.recommendations
        },
    ).content()
