"""A project to oneself: nobody else at it, and no rollout of it open. What changes it, or what it runs, begins here."""

import contextlib
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from generator.errors import BusyError
from generator.files import alone_in
from generator.history import actor, journal_at, without_harm
from generator.present.figures import plain
from generator.rollout import Chronicle, Held, project_name


@contextlib.contextmanager
def reserve(
    project: Path, journal: str | None, *, offline: bool | None = None, records: bool = True
) -> Generator[None]:
    """Keep others from a project until the block ends; nobody is waited for.

    Parameters
    ----------
    project : Path
        A folder that ``covey emit`` wrote, or is about to write.
    journal : str, optional
        As `JournalAt` says.
    offline : bool, optional
        Which rollouts stand in the way: those of the pretend cloud, those of the real ones, or, by default, both.
    records : bool
        Whether what is done there is put on record. What is not goes on where the journal cannot tell of rollouts.

    Raises
    ------
    BusyError
        Somebody else is at it, or a rollout, or a rollback, has not come to its end.
    InputError
        It is no folder, or what is done there could not be recorded.
    """
    with alone_in(project):
        unknown = "Whether a rollout of it is open is not known"
        with contextlib.nullcontext() if records else without_harm(unknown):
            _require_no_rollout(project, journal, (False, True) if offline is None else (offline,), records=records)
        yield


def _require_no_rollout(project: Path, named: str | None, kinds: Sequence[bool], *, records: bool) -> None:
    kept = journal_at(named, project, make=records)
    if kept is None or not (project / "Pulumi.yaml").is_file():
        return
    if records:
        kept.require_writable()
    elif kept.is_absent():
        return
    chronicle, name = Chronicle(kept, actor(), lambda: datetime.now(UTC)), project_name(project)
    for offline in kinds:
        held = chronicle.latest(name, offline=offline)
        if held is not None and not held.now.ended:
            raise _open(held, project)


def _open(held: Held, project: Path) -> BusyError:
    record, flag = held.record, " --offline" if held.record.offline else ""
    back = f"covey rollback {project}{flag}"
    forth = f"covey rollout {record.to} FLEET --project {project}{flag}"
    goes_on = record.command == "rollout" and held.now.phase != "stopped"
    to = "" if record.to is None else f" to version {record.to}"
    what = f"has a {record.command}{to}, prepared by {held.by}, that is {held.now.phase}."
    remedy = f"Bring it to its end: {forth}; or take it back: {back}" if goes_on else f"Bring it to its end: {back}"
    return BusyError(str(project), plain(what), plain(remedy))
