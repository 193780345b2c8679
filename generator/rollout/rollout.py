"""Region by region to another program, watched; and back by itself when that does not go well."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from generator.errors import CoveyError, DeployError, JournalError
from generator.journal import RolloutRecord, RolloutStep, RolloutStepRecord
from generator.rollout.progress import Progress, after

# CloudWatch and Monitoring evaluate the emitted alarms once a minute.
POLL_S = 30.0

Note = Callable[[RolloutStepRecord], None]
Told = Callable[[str, float], None]


class Regions(Protocol):
    """What a rollout does to regions, and asks of them. What goes wrong is a `CoveyError`."""

    def place(self, program: str) -> None:
        """Have a program of the journal lie in the project's folder; done twice it is as done once."""
        ...

    def update(self, stack: str) -> None:
        """Bring a stack to the program that lies there."""
        ...

    def alarms(self, stacks: Sequence[str]) -> tuple[str, ...]:
        """Name the alarms of stacks that fire."""
        ...

    def unserved(self, stacks: Sequence[str]) -> tuple[str, ...]:
        """Say which endpoints of stacks do not serve what their last update asked for."""
        ...

    def digests(self, stack: str, artifacts: Sequence[str]) -> Mapping[str, str]:
        """Return the digests of artifacts that a stack is to serve, by key; none where there is no bucket to ask."""
        ...


class Stopped(Exception):  # noqa: N818 (what a rollout is)
    """A wave did not pass."""


def rollout(
    digest: str,
    record: RolloutRecord,
    now: Progress,
    regions: Regions,
    note: Note,
    pause: Callable[[float], None],
    *,
    approval: str | None = None,
    stop: str | None = None,
    told: Told = lambda _stage, _share: None,
) -> Progress:
    """Take up a rollout where it stands, and bring it to an end: done, or taken back.

    Every act is noted before it is begun and when it is done, so that whoever is killed in between finds in the journal
    what may have happened; every act may be done again. Alarms of a wave, and of those before it, are watched for the
    bake time. An alarm, a failure or an interruption stops the rollout: the waves that began are taken back, newest
    first. One that cannot be is named and left, and the others are taken back all the same; taken up again, only what
    is left is tried.

    Parameters
    ----------
    digest : str
        What the steps name the rollout by.
    record : RolloutRecord
        What is to be done.
    now : Progress
        How far it has come.
    regions : Regions
    note : callable
        Keeps a step; what it returns from is kept.
    pause : callable
        Waits for some seconds.
    approval : str, optional
        Digest of the approval it begins under.
    stop : str, optional
        Why it is to be taken back instead of going on.
    told : callable
        Called with what is being done and the share of waves that is behind.

    Returns
    -------
    Progress
        "done", "rolled back", "withdrawn", or "stopped" with at least one wave that could not be taken back.

    Raises
    ------
    CoveyError
        Before it began: an alarm fires already, an artifact is missing, or a region cannot be asked. Later: a step
        cannot be noted.
    KeyboardInterrupt
        A second one, while waves were taken back: what is left is in the journal.
    """
    run = _Run(digest, record, now, regions, note, pause, told)
    if now.ended:
        return now
    if stop is not None and now.phase == "prepared":
        regions.place(record.before)
        run.step("withdrawn", why=stop)
    elif stop is not None or now.phase == "stopped":
        run.back(stop)
    else:
        run.forth(approval)
    return run.now


class _Run:
    def __init__(
        self,
        digest: str,
        record: RolloutRecord,
        now: Progress,
        regions: Regions,
        note: Note,
        pause: Callable[[float], None],
        told: Told,
    ) -> None:
        self.now = now
        self._digest = digest
        self._record = record
        self._regions = regions
        self._note = note
        self._pause = pause
        self._told = told

    def step(self, step: RolloutStep, wave: int | None = None, *, why: str | None = None) -> None:
        self._take(RolloutStepRecord(rollout=self._digest, step=step, wave=wave, why=why))

    def _take(self, step: RolloutStepRecord) -> None:
        self._note(step)
        self.now = after(self.now, step)

    def forth(self, approval: str | None) -> None:
        if self.now.phase == "prepared":
            self._require_quiet()
            artifacts = self._artifacts()
            self._take(RolloutStepRecord(rollout=self._digest, step="began", approval=approval, artifacts=artifacts))
        try:
            for number, state in enumerate(self.now.waves):
                if state != "passed":
                    self._wave(number)
        except (CoveyError, Stopped) as error:
            self.back(_said(error))
        except KeyboardInterrupt:
            self.back("it was interrupted")
        except BaseException as error:
            # A defect of ours must not leave a region with what nobody watches.
            self.back(f"covey failed: {type(error).__name__}")
            raise
        else:
            self.step("done")

    def back(self, why: str | None) -> None:
        if self.now.phase != "stopped":
            self.step("stopped", why=why)
        for number in self.now.to_restore:
            wave = self._record.waves[number]
            self._tell(f"taking back {', '.join(wave.stacks)}", number)
            self.step("restoring", number)
            try:
                self._regions.place(wave.back)
                for stack in reversed(wave.stacks):
                    self._regions.update(stack)
                wrong = self._regions.unserved(wave.stacks)
            except JournalError:
                raise
            except CoveyError as error:
                wrong = (_said(error),)
            if wrong:
                self.step("unrestored", number, why="; ".join(wrong))
            else:
                self.step("restored", number)
        self._regions.place(self._record.before)
        if not self.now.to_restore:
            self.step("rolled-back")

    def _require_quiet(self) -> None:
        """Refuse to begin where an alarm could not tell a bad version from what is wrong already."""
        stacks = [stack for wave in self._record.waves for stack in wave.stacks]
        wrong = [*self._firing(stacks), *self._regions.unserved(stacks)]
        if wrong:
            remedy = "Mend that first; an alarm that has nothing to do with it may be named: --despite ALARM."
            raise DeployError("before the rollout", f"{'; '.join(wrong)}. Nothing was touched.", remedy)

    def _artifacts(self) -> dict[str, str]:
        """Look up what is rolled out, by workload; what is not there fails here, before anybody is touched."""
        found: dict[str, str] = {}
        for stack in dict.fromkeys(one.stack for one in self._record.changes):
            keys = {one.workload: one.artifact_after for one in self._record.changes if one.stack == stack}
            digests = self._regions.digests(stack, sorted(set(keys.values())))
            found |= {name: digests[key] for name, key in keys.items() if key in digests}
        return found

    def _wave(self, number: int) -> None:
        wave = self._record.waves[number]
        self._tell(f"updating {', '.join(wave.stacks)}", number)
        self.step("updating", number)
        self._regions.place(wave.onto)
        for stack in wave.stacks:
            self._regions.update(stack)
        self.step("updated", number)
        self._bake(number)
        self.step("passed", number)

    def _bake(self, number: int) -> None:
        stacks = [stack for wave in self._record.waves[: number + 1] for stack in wave.stacks]
        left_s = self._record.bake_s
        while True:
            self._tell(f"watching {', '.join(self._record.waves[number].stacks)}, {left_s:.0f} s to go", number)
            wrong = [*self._firing(stacks), *self._regions.unserved(stacks)]
            if wrong:
                raise Stopped("; ".join(wrong))
            if left_s <= 0:
                return
            self._pause(min(POLL_S, left_s))
            left_s -= POLL_S

    def _firing(self, stacks: Sequence[str]) -> list[str]:
        return [f"alarm {one}" for one in self._regions.alarms(stacks) if one not in self._record.despite]

    def _tell(self, stage: str, number: int) -> None:
        self._told(stage, number / len(self._record.waves))


def _said(error: Exception) -> str:
    return f"{error.where}: {error.what.rstrip('.')}" if isinstance(error, CoveyError) else str(error)
