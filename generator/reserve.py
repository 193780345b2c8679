"""A project to oneself: nobody else at it, and no rollout of it open. What changes it, or what it runs, begins here."""

import contextlib
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

from generator.errors import BusyError
from generator.files import alone_in
from generator.history import actor, journal_at
from generator.present.figures import plain
from generator.rollout import Chronicle, Held, project_name


@contextlib.contextmanager
def reserve(project: Path, journal: str | None, *, offline: bool | None = None) -> Generator[None]:
    """Keep others from a project until the block ends; nobody is waited for.

    Parameters
    ----------
    project : Path
        A folder that ``covey emit`` wrote, or is about to write.
    journal : str, optional
        As `JournalAt` says.
    offline : bool, optional
        Which rollouts stand in the way: those of the pretend cloud, those of the real ones, or, by default, both.

    Raises
    ------
    BusyError
        Somebody else is at it, or a rollout, or a rollback, has not come to its end.
    InputError
        It is no folder, or what is done there could not be recorded.
    """
    with alone_in(project):
        kept = journal_at(journal, project, make=True)
        if kept is not None and (project / "Pulumi.yaml").is_file():
            name = project_name(project)
            kept.require_writable()
            chronicle = Chronicle(kept, actor(), lambda: datetime.now(UTC))
            for kind in (False, True) if offline is None else (offline,):
                held = chronicle.latest(name, offline=kind)
                if held is not None and not held.now.ended:
                    raise _open(held, project)
        yield


def _open(held: Held, project: Path) -> BusyError:
    record, flag = held.record, " --offline" if held.record.offline else ""
    back = f"covey rollback {project}{flag}"
    forth = f"covey rollout {record.to} FLEET --project {project}{flag}"
    goes_on = record.command == "rollout" and held.now.phase != "stopped"
    to = "" if record.to is None else f" to version {record.to}"
    what = f"has a {record.command}{to}, prepared by {held.by}, that is {held.now.phase}."
    remedy = f"Bring it to its end: {forth}; or take it back: {back}" if goes_on else f"Bring it to its end: {back}"
    return BusyError(str(project), plain(what), plain(remedy))
