"""A rollout as an answer: its waves, how far it has come, who did what; and the programs one can go back to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime
from rich.console import Console
from rich.text import Text

from generator.present.answers import Answer
from generator.present.figures import plain
from generator.present.tables import table as opened

if TYPE_CHECKING:
    from generator.rollout import Held, Restorable

SHOWN_OF_A_HASH = 12
STEPS: Mapping[str, str] = {
    "began": "began",
    "updating": "updates",
    "updated": "watches",
    "passed": "passed",
    "stopped": "stopped",
    "restoring": "takes back",
    "restored": "taken back",
    "unrestored": "could not be taken back",
    "done": "done",
    "rolled-back": "rolled back",
    "withdrawn": "withdrawn",
}


class RolledWorkload(Answer):
    """A workload's version and artifact, before and after; `digest` is the bucket's own, null where nobody asked."""

    workload: str
    stack: str
    before: str
    after: str
    artifact_before: str
    artifact_after: str
    digest: str | None


class RolledWave(Answer):
    """Stacks updated together; `rate_rps` is the mean request rate of their workloads on the planning window."""

    stacks: tuple[str, ...]
    rate_rps: float
    state: Literal["waiting", "updating", "watched", "passed", "restoring", "restored", "unrestored"]
    reason: str | None


class RolloutEvent(Answer):
    """Who noted what, when; `wave` counts from 0."""

    at: AwareDatetime
    by: str
    step: str
    wave: int | None
    why: str | None


class RolloutAnswer(Answer):
    """A rollout or rollback. `before` and `after` are contents of the journal, `approval` the digest of an approval."""

    version: Literal[1] = 1
    command: Literal["rollout", "rollback"]
    rollout: str
    project: str
    offline: bool
    to: str | None
    by: str
    prepared_at: AwareDatetime
    bake_s: float
    phase: Literal["prepared", "under way", "stopped", "done", "rolled back", "withdrawn"]
    why: str | None
    approval: str | None
    before: str
    after: str
    changes: tuple[RolledWorkload, ...]
    waves: tuple[RolledWave, ...]
    log: tuple[RolloutEvent, ...]


class RestorableProgram(Answer):
    """An approved program; `here` says whether it is what lies in the project's folder."""

    program: str
    digest: str
    approved_by: str
    approved_at: AwareDatetime
    note: str | None
    here: bool


class RestorablePrograms(Answer):
    """The approved programs that the journal holds whole, the one approved last first."""

    version: Literal[1] = 1
    project: str
    programs: tuple[RestorableProgram, ...]


def rollout_answer(held: "Held") -> RolloutAnswer:
    """Publish a rollout as the journal has it."""
    record, now = held.record, held.now
    return RolloutAnswer(
        command=record.command,
        rollout=held.digest,
        project=record.project,
        offline=record.offline,
        to=record.to,
        by=held.by,
        prepared_at=record.prepared_at,
        bake_s=record.bake_s,
        phase=now.phase,
        why=now.why,
        approval=now.approval,
        before=record.before,
        after=record.after,
        changes=tuple(
            RolledWorkload(**one.model_dump(), digest=now.artifacts.get(one.workload)) for one in record.changes
        ),
        waves=tuple(
            RolledWave(stacks=wave.stacks, rate_rps=wave.rate_rps, state=state, reason=reason)
            for wave, state, reason in zip(record.waves, now.waves, now.reasons, strict=True)
        ),
        log=tuple(
            RolloutEvent(at=entry.at, by=entry.actor, step=step.step, wave=step.wave, why=step.why)
            for entry, step in held.log
        ),
    )


def restorable_programs(project: str, found: "Sequence[Restorable]", here: str) -> RestorablePrograms:
    """Publish the programs one can go back to; `here` is the digest of the one that lies in the folder."""
    return RestorablePrograms(
        project=project,
        programs=tuple(
            RestorableProgram(
                program=one.content,
                digest=one.tree,
                approved_by=one.approval.approved_by,
                approved_at=one.approval.approved_at,
                note=one.approval.note,
                here=one.tree == here,
            )
            for one in found
        ),
    )


def show_rollout(found: RolloutAnswer, console: Console) -> None:
    """Print the versions, the waves and what has happened."""
    if found.changes:
        versions = opened("Workload", "Stack", "From", "To", "Artifact")
        for one in found.changes:
            versions.add_row(
                *(Text(plain(t)) for t in (one.workload, one.stack, one.before, one.after)), one.artifact_after
            )
        console.print(versions)
        console.print()
    waves = opened(">", "Stacks", ">Requests/s", "State", "Why")
    for number, wave in enumerate(found.waves, start=1):
        rate = f"{wave.rate_rps:.3g}" if found.changes else ""
        waves.add_row(str(number), Text(", ".join(wave.stacks)), rate, wave.state, Text(plain(wave.reason or "")))
    console.print(waves)
    if found.log:
        console.print()
        happened = opened("When (UTC)", "Who", "Wave", "What", "Why")
        for event in found.log:
            happened.add_row(
                f"{event.at:%Y-%m-%d %H:%M:%S}",
                Text(plain(event.by)),
                "" if event.wave is None else str(event.wave + 1),
                STEPS[event.step],
                Text(plain(event.why or "")),
            )
        console.print(happened)


def show_restorable_programs(found: RestorablePrograms, console: Console) -> None:
    """Print what one can go back to."""
    table = opened("Program", "Approved (UTC)", "By", "Note", "")
    for one in found.programs:
        table.add_row(
            one.program[:SHOWN_OF_A_HASH],
            f"{one.approved_at:%Y-%m-%d %H:%M:%S}",
            Text(plain(one.approved_by)),
            Text(plain(one.note or "")),
            "lies here" if one.here else "",
        )
    console.print(table)
