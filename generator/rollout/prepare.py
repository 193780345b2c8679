"""A draft becomes a rollout: what is needed to go there, and back, is in the journal before anything is touched."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from generator import deploy
from generator.approval.on_disk import tree_on_disk
from generator.errors import ApprovalError, DeployError
from generator.journal import RolloutRecord, WaveRecord
from generator.project import stacks_of
from generator.rollout.chronicle import Chronicle, Held
from generator.rollout.draft import Draft, tree_of
from generator.verify.wanted import ENDPOINT, SERVICE

Told = Callable[[str, float], None]
NAMED = 5


def prepare(
    drafted: Draft,
    chronicle: Chronicle,
    project: Path,
    name: str,
    *,
    to: str,
    at: datetime,
    bake_s: float,
    despite: Sequence[str],
    offline: Path | None,
    told: Told,
) -> Held:
    """Keep the programs of a rollout, and the rollout.

    Parameters
    ----------
    drafted : Draft
    chronicle : Chronicle
    project : Path
        Where the program lies that runs.
    name : str
        Of the project.
    to : str
        Version.
    at : datetime
        Now.
    bake_s : float
    despite : sequence of str
        Alarms that are known to fire.
    offline : Path, optional
        As for `deploy.preview`.

    Raises
    ------
    DeployError
        What lies there is not what runs, so that nobody could go back to it.
    JournalError
    """
    stacks = [stack for wave in drafted.waves for stack in wave.stacks]
    for done, stack in enumerate(stacks):
        told(f"previewing {stack}", done / len(stacks))
        if pending := deploy.preview(project, stack, offline=offline).changes:
            what = f"does not run what lies in {project}: {pending} resources would change."
            raise DeployError(f"stack {stack}", what, f"Bring that up first: covey up {project}.")
    there = chronicle.keep(tree_on_disk(project))
    onto = [chronicle.keep(tree_of(program)) for program in drafted.programs]
    record = RolloutRecord(
        command="rollout",
        project=name,
        offline=offline is not None,
        prepared_at=at,
        to=to,
        bake_s=bake_s,
        despite=tuple(despite),
        changes=drafted.changes,
        waves=tuple(
            WaveRecord(
                stacks=wave.stacks,
                onto=onto[number],
                # Where every wave is brought to the same program, there is but one to go back to.
                back=onto[number - 1] if number and onto[number - 1] != onto[-1] else there,
                rate_rps=wave.rate_rps,
            )
            for number, wave in enumerate(drafted.waves)
        ),
        before=there,
        after=onto[-1],
    )
    return chronicle.begin(record)


def prepare_back(
    target: str,
    chronicle: Chronicle,
    place: Callable[[str], None],
    project: Path,
    name: str,
    *,
    at: datetime,
    offline: Path | None,
    told: Told,
) -> Held:
    """Have a program of the journal lie there again, see what bringing it up would do, and keep that as a rollback.

    What keeps every endpoint needs no new approval: the program had one, and a way back has to be open at night. What
    would delete or replace an endpoint is left lying there, for somebody to approve.

    Parameters
    ----------
    target : str
        Content of the program.
    place : callable
        As `Regions.place`.

    Raises
    ------
    ApprovalError
        An endpoint would be deleted or replaced.
    DeployError
        A preview fails.
    JournalError
    """
    there = chronicle.keep(tree_on_disk(project))
    before = set(stacks_of(project))
    place(target)
    stacks = stacks_of(project)
    lost: list[str] = sorted(f"stack {stack}" for stack in before - set(stacks))
    concerned: list[str] = []
    for done, stack in enumerate(stacks):
        told(f"previewing {stack}", done / len(stacks))
        report = deploy.preview(project, stack, offline=offline)
        lost += [
            f"{one.name} in {stack}"
            for one in report.resources
            if one.type in (ENDPOINT, SERVICE) and one.operation in ("delete", "replace")
        ]
        concerned += [stack] if report.changes else []
    if lost:
        some = ", ".join(lost[:NAMED]) + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")
        remedy = f"It lies in {project} now. Look: covey preview. Then covey approve and covey up, as ever."
        raise ApprovalError(str(project), f"would delete or replace what serves: {some}.", remedy)
    record = RolloutRecord(
        command="rollback",
        project=name,
        offline=offline is not None,
        prepared_at=at,
        to=None,
        bake_s=0.0,
        despite=(),
        changes=(),
        # Taken back from the last to the first: the order in which stacks stand on each other.
        waves=tuple(
            WaveRecord(stacks=(stack,), onto=there, back=target, rate_rps=0.0) for stack in reversed(concerned)
        ),
        before=target,
        after=there,
    )
    return chronicle.begin(record)
