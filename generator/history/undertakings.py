"""What changes a cloud or a project, recorded as it begins and as it ends or fails."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from generator.errors import CoveyError
from generator.history.history import History, history_of_decisions
from generator.history.journal_at import folder_of
from generator.project import RECOMMENDATION

if TYPE_CHECKING:
    from generator.journal import DeploymentRecord, Kind, MembershipRecord
    from generator.model import Catalog, Inputs, Program, StackReport
    from generator.present.membership import MembershipAnswer
    from generator.present.regroup import RegroupAnswer

    Undertaking = DeploymentRecord | MembershipRecord


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
    beside = project / RECOMMENDATION
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
        recommendation=sha256(program.files[RECOMMENDATION].encode()).hexdigest(),
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
