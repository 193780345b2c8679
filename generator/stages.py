"""How long a plan's stages may take, and what an earlier run of the same plan made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from generator.partners import Over
from generator.side_by_side import Each, one_by_one

Stage = TypeVar("Stage")


class Deadline:
    """A limit of time, shared out among stages; without one nothing ever is due.

    Parameters
    ----------
    used : callable
        Share of the time that is gone.
    """

    def __init__(self, used: Callable[[], float]) -> None:
        self._used = used
        self.cut_short = False
        """Whether a stage was told to stop."""

    def by(self, share: float) -> Callable[[], bool]:
        """Return what tells a stage whether to make do with what it has found, when that share of the time is gone."""

        def due() -> bool:
            reached = self._used() >= share
            if reached:
                self.cut_short = True
            return reached

        return due


class Recall(Protocol):
    """Who may know what a stage came to in an earlier run of the same plan, and is told what it comes to now."""

    def __call__(self, name: str, kind: type[Stage], make: Callable[[], Stage], /) -> Stage:
        """Give what the stage comes to, a frozen dataclass of plain values; it is made if need be."""
        ...


def anew(_name: str, _kind: type[Stage], make: Callable[[], Stage], /) -> Stage:
    """Know of no earlier run."""
    return make()


@dataclass(frozen=True, slots=True)
class Work:
    """Under what conditions a plan is made; none of them changes it, but for a limit of time that is reached.

    Parameters
    ----------
    over : callable, optional
        Where series are correlated, block by block; here and side by side where it is not said.
    each : Each
        How many things are worked on at once.
    recall : Recall
        Who knows what backtests and searches came to in a run that was interrupted.
    used : callable
        Share of a time limit that is gone.
    """

    over: Over | None = None
    each: Each = one_by_one
    recall: Recall = anew
    used: Callable[[], float] = lambda: 0.0


HERE = Work()


@dataclass(frozen=True, slots=True)
class Found:
    """Groups found for a recommendation, at a headroom; how they are served follows."""

    headroom: float
    groups: tuple[tuple[int, ...], ...]
    gap: float | None
    method: str
