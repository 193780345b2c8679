"""How a fleet is used, and all that a plan is made from."""

from dataclasses import dataclass, replace
from datetime import datetime

from generator.model.fleet import Fleet
from generator.model.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time in bins of `bin_s` seconds; `start` and `end` are aware datetimes in UTC."""

    start: datetime
    end: datetime
    bin_s: float

    @property
    def bins(self) -> int:
        """Number of bins, T."""
        return round((self.end - self.start).total_seconds() / self.bin_s)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Request rates of a fleet over one window.

    Parameters
    ----------
    workloads : tuple of str, length W
        Names, in the fleet's order.
    rate_rps : ndarray, shape (W, T), requests/s
        Mean rate of each bin; read-only, finite, not negative.
    interarrival_variation : ndarray, shape (W,)
        Coefficient of variation of the time between requests within a bin; 1 is Poisson.
    """

    workloads: tuple[str, ...]
    rate_rps: FloatArray
    interarrival_variation: FloatArray
    window: Window

    def without(self, name: str) -> "Traffic":
        """Return the traffic of all workloads but one."""
        left = [i for i, workload in enumerate(self.workloads) if workload != name]
        rate_rps, variation = self.rate_rps[left], self.interarrival_variation[left]
        rate_rps.setflags(write=False)
        variation.setflags(write=False)
        return Traffic(tuple(self.workloads[i] for i in left), rate_rps, variation, self.window)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All a plan is made from, besides the catalogue and the seed."""

    fleet: Fleet
    planned: Traffic
    scored: Traffic

    def without(self, name: str) -> "Inputs":
        """Return fleet and traffic of all workloads but one."""
        fleet = replace(self.fleet, workloads=tuple(w for w in self.fleet.workloads if w.name != name))
        return Inputs(fleet, self.planned.without(name), self.scored.without(name))
