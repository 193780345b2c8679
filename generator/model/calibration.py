"""What was learned about machine types from what they did."""

from dataclasses import dataclass
from datetime import datetime

from generator.model.vocabulary import Quantity


@dataclass(frozen=True, slots=True)
class MachineFactor:
    """How much of something a machine type takes, as a multiple of what the model without it says.

    Parameters
    ----------
    quantity : str
        "service": seconds from the start of service to its end. "work": processor-seconds a request, the inverse of
        throughput. "cost": US dollars a replica and hour.
    estimate, low, high : float
        The multiple, and the 90 % interval it lies in.
    days : int
        Of its own that it rests on; 0 where it is borrowed from its family.
    error_before, error_after : float or None
        Mean error on held-back days, as a share, of the model without and with it; None where there were none.
    used : bool
        Whether the held-back days were predicted better with it, so that plans use it.
    reason : str
        Why it is used or not, in words.
    """

    instance_type: str
    quantity: Quantity
    estimate: float
    low: float
    high: float
    days: int
    error_before: float | None
    error_after: float | None
    used: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that was learned from the observations of a time.

    Parameters
    ----------
    held_back_from : datetime
        What is observed from then on decided what is used.
    factors : tuple of MachineFactor
        Sorted by instance type and quantity.
    """

    since: datetime
    until: datetime
    held_back_from: datetime
    factors: tuple[MachineFactor, ...]

    @property
    def used(self) -> tuple[MachineFactor, ...]:
        """What plans use of it."""
        return tuple(factor for factor in self.factors if factor.used)
