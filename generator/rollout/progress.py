"""How far a rollout has come: what its entries in the journal say, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from generator.journal import RolloutRecord, RolloutStep, RolloutStepRecord

Phase = Literal["prepared", "under way", "stopped", "done", "rolled back", "withdrawn"]
WaveState = Literal["waiting", "updating", "watched", "passed", "restoring", "restored", "unrestored"]

WAVE_AFTER: Mapping[RolloutStep, WaveState] = {
    "updating": "updating",
    "updated": "watched",
    "passed": "passed",
    "restoring": "restoring",
    "restored": "restored",
    "unrestored": "unrestored",
}
PHASE_AFTER: Mapping[RolloutStep, Phase] = {
    "began": "under way",
    "stopped": "stopped",
    "done": "done",
    "rolled-back": "rolled back",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rollout has come.

    Parameters
    ----------
    waves : tuple of str
        State of each wave, in their order.
    reasons : tuple of (str or None)
        Why a wave could not be taken back, in the same order.
    why : str or None
        Why it was stopped.
    approval : str or None
        Digest of the approval it began under.
    artifacts : mapping of str to str
        Digests of the new versions' artifacts by workload, as their buckets told before it began.
    """

    phase: Phase
    waves: tuple[WaveState, ...]
    reasons: tuple[str | None, ...]
    why: str | None = None
    approval: str | None = None
    artifacts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.phase in ("done", "rolled back", "withdrawn")

    @property
    def to_restore(self) -> tuple[int, ...]:
        """Numbers of the waves that have begun and are not taken back, newest first."""
        begun = [number for number, state in enumerate(self.waves) if state not in ("waiting", "restored")]
        return tuple(reversed(begun))


def progress(record: RolloutRecord, steps: Iterable[RolloutStepRecord] = ()) -> Progress:
    """Follow a rollout's steps; a rollback begins where a rollout that is stopped after its last wave stands."""
    back = record.command == "rollback"
    now = Progress(
        "stopped" if back else "prepared",
        ("passed" if back else "waiting",) * len(record.waves),
        (None,) * len(record.waves),
    )
    for step in steps:
        now = after(now, step)
    return now


def after(now: Progress, step: RolloutStepRecord) -> Progress:
    """Take one step."""
    waves, reasons = list(now.waves), list(now.reasons)
    if step.wave is not None and step.step in WAVE_AFTER:
        waves[step.wave] = WAVE_AFTER[step.step]
        reasons[step.wave] = step.why
    return replace(
        now,
        phase=PHASE_AFTER.get(step.step, now.phase),
        waves=tuple(waves),
        reasons=tuple(reasons),
        why=step.why if step.step == "stopped" else now.why,
        approval=step.approval or now.approval,
        artifacts=step.artifacts or now.artifacts,
    )
