"""A rollout over three regions that are files, for tests; and a process that is killed at every moment of one.

``python -m tests.rollouts FOLDER [BAD …]`` forks a rollout for every moment around a journal entry and around an act,
kills it there, and prints for each the folder and how many entries it had been told were on disk.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from generator.errors import DeployError
from generator.journal import Journal, RolloutRecord, RolloutStepRecord, VersionRecord, WaveRecord
from generator.rollout import Chronicle, Held, Progress, rollout

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
STACKS = ("prod-aws-eu-west-1", "prod-gcp-europe-west1", "prod-aws-us-east-1")


class PaperRegions:
    """Stacks as files that hold the program they run, and a list of what was done to them.

    Parameters
    ----------
    folder : Path
        Of the files; what they hold outlasts a process.
    bad : sequence of str
        Stacks with an alarm that fires while they run another program than the old one.
    dead : sequence of str
        Stacks that answer nobody.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bad: Sequence[str] = (),
        dead: Sequence[str] = (),
        passed: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self.bad = bad
        self.dead = dead
        self.missing: tuple[str, ...] = ()
        self._passed = passed
        folder.mkdir(exist_ok=True)

    def place(self, program: str) -> None:
        (self.folder / "placed").write_text(program)
        self._passed()

    def update(self, stack: str) -> None:
        if stack in self.dead:
            raise DeployError(f"stack {stack}", "dial tcp: i/o timeout.", "Try again.")
        self._passed()
        (self.folder / stack).write_text(self.placed)
        with (self.folder / "acts").open("a") as acts:
            acts.write(f"{stack} {self.placed[0]}\n")
        self._passed()

    def alarms(self, stacks: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{stack}-errors" for stack in stacks if stack in self.bad and self.runs(stack) != OLD)

    def unserved(self, stacks: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{stack} is missing" for stack in stacks if stack in self.missing)

    def digests(self, stack: str, artifacts: Sequence[str]) -> dict[str, str]:
        if stack in self.missing:
            raise DeployError(artifacts[0], "is not there.", "Upload it.")
        return dict.fromkeys(artifacts, f"md5:{stack}")

    @property
    def placed(self) -> str:
        return (self.folder / "placed").read_text()

    @property
    def acts(self) -> list[str]:
        path = self.folder / "acts"
        return path.read_text().splitlines() if path.exists() else []

    def runs(self, stack: str) -> str:
        path = self.folder / stack
        return path.read_text() if path.exists() else OLD


def record(**changes: object) -> RolloutRecord:
    """Return a rollout of three waves with a minute to bake."""
    waves = tuple(
        WaveRecord(stacks=(stack,), onto=NEW, back=OLD, rate_rps=float(at)) for at, stack in enumerate(STACKS)
    )
    versions = tuple(
        VersionRecord(
            workload=stack, stack=stack, before="1", after="2", artifact_before="1.tar.gz", artifact_after="2.tar.gz"
        )
        for stack in STACKS
    )
    plain = RolloutRecord(
        command="rollout",
        project="shop/prod",
        offline=True,
        prepared_at=AT,
        to="2",
        bake_s=60.0,
        despite=(),
        changes=versions,
        waves=waves,
        before=OLD,
        after=NEW,
    )
    return plain.model_copy(update=changes)


def chronicle(folder: Path) -> Chronicle:
    journal = Journal(folder / "journal.sqlite")
    journal.require_writable()
    return Chronicle(journal, "ada", lambda: AT)


def run(
    held: Held,
    regions: PaperRegions,
    kept: Chronicle,
    pause: Callable[[float], None] = lambda _: None,
    *,
    stop: str | None = None,
    note: Callable[[RolloutStepRecord], None] | None = None,
) -> Progress:
    return rollout(held.digest, held.record, held.now, regions, note or kept.note, pause, stop=stop)


def killed_everywhere(folder: Path, *, bad: Sequence[str]) -> None:
    moment, finished = 0, False
    while not finished:
        moment += 1
        place = folder / str(moment)
        place.mkdir()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _whole(place, bad, moment, write)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as told:
            promised = int(told.read().count("."))
        _, status = os.waitpid(child, 0)
        finished = status == 0
        sys.stdout.write(json.dumps({"folder": str(place), "promised": promised, "signal": os.WTERMSIG(status)}) + "\n")
        sys.stdout.flush()


def _whole(place: Path, bad: Sequence[str], moment: int, told: int) -> None:
    left = [moment]

    def passed() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    kept = chronicle(place)

    def note(step: RolloutStepRecord) -> None:
        passed()
        kept.note(step)
        os.write(told, b".")
        passed()

    passed()
    # Two waves have every kind of moment that three have.
    held = kept.begin(record(waves=record().waves[:2]))
    os.write(told, b".")
    passed()
    run(held, PaperRegions(place / "regions", bad=bad, passed=passed), kept, note=note)


if __name__ == "__main__":
    killed_everywhere(Path(sys.argv[1]), bad=sys.argv[2:])
