"""Calibrate machine types by what they did, and keep only what would have predicted days it was not learned from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from generator.capacity.machines import machines
from generator.learn.evidence import DAY, Evidence, evidence
from generator.learn.pooling import Estimate, pooled
from generator.model import Calibration, Catalog, Fleet, FloatArray, InstanceType, MachineFactor, Observations, Quantity

QUANTITIES: tuple[Quantity, ...] = ("service", "work", "cost")
HELD_BACK = timedelta(days=7)
# Of a shorter time, this share is held back.
HELD_BACK_SHARE = 1.0 / 3.0
# Standard deviations of a normal distribution on either side that hold 90 % of it.
REACH = 1.645
# A calibration is worth having if it takes more than a hundredth off the error, beyond what chance would.
LEAST_GAIN = 0.01
CHANCE = 2.0


@dataclass(frozen=True, slots=True)
class _Trial:
    """Errors on held-back days: one entry a group and day, as absolute log ratios."""

    before: FloatArray
    after: FloatArray

    @property
    def helps(self) -> bool:
        """Whether the gain is more than nothing and more than chance."""
        if len(self.before) < 2:
            return False
        gain = self.before - self.after
        return bool(gain.mean() > max(LEAST_GAIN, CHANCE * gain.std(ddof=1) / np.sqrt(len(gain))))


def learn(observations: Sequence[Observations], fleet: Fleet, catalog: Catalog) -> Calibration | None:
    """Calibrate service time, throughput and cost of machine types.

    Every estimate is made twice: from the days before the last week (of less than two weeks: the last third), to see
    whether it predicts that better than no calibration, and then from all days. A machine type that never ran, or not
    long enough to be tried itself, borrows from its family if machines of that family are predicted better by the
    others than by none.

    Parameters
    ----------
    observations : sequence of Observations
    fleet : Fleet
        Its own calibration counts for nothing here: what is learned is learned of the catalogue's machines.
    catalog : Catalog

    Returns
    -------
    Calibration or None
        None where nothing that was observed can be compared with what the model says.
    """
    table = machines(replace(fleet, calibration=()), catalog)
    found = evidence(observations, table)
    if not found:
        return None
    types = {machine.name: machine for machine in table.instance_types}
    first, last = min(one.day for one in found), max(one.day for one in found) + DAY
    span = last - first
    held_back_from = last - HELD_BACK if span >= 2 * HELD_BACK else last - _days(span * HELD_BACK_SHARE)
    factors = [
        factor
        for quantity in QUANTITIES
        for factor in _factors(quantity, [one for one in found if one.quantity == quantity], types, held_back_from)
    ]
    return Calibration(
        first, last, held_back_from, tuple(sorted(factors, key=lambda factor: (factor.instance_type, factor.quantity)))
    )


def _days(length: timedelta) -> timedelta:
    return max(DAY, length // DAY * DAY)


def _factors(
    quantity: Quantity, found: Sequence[Evidence], types: Mapping[str, InstanceType], cut: datetime
) -> Iterator[MachineFactor]:
    ran = {types[one.instance_type].family for one in found}
    wanted = sorted(name for name, machine in types.items() if machine.family in ran)
    early, late = [one for one in found if one.day < cut], [one for one in found if one.day >= cut]
    now, then = pooled(found, types, wanted), pooled(early, types, wanted)
    borrowed = {family: _borrowing(family, early, late, types) for family in sorted(ran)}
    for name in wanted:
        if name not in now:
            continue
        own = len({one.day for one in found if one.instance_type == name})
        trial = _trial(name, early, late, then)
        words = "by its own held-back days"
        if trial is None:
            trial = borrowed[types[name].family]
            words = "by held-back days of its family, each machine predicted from the others"
        yield _factor(name, quantity, now[name], own, trial, words)


def _trial(
    name: str, early: Sequence[Evidence], late: Sequence[Evidence], then: Mapping[str, Estimate]
) -> _Trial | None:
    """Try what was learned of a machine on its own held-back days; None where either is missing."""
    days = np.array([one.log_ratio for one in late if one.instance_type == name])
    if name not in then or not len(days) or not any(one.instance_type == name for one in early):
        return None
    return _Trial(np.abs(days), np.abs(days - then[name].mean))


def _borrowing(
    family: str, early: Sequence[Evidence], late: Sequence[Evidence], types: Mapping[str, InstanceType]
) -> _Trial | None:
    """Try each machine of a family on its held-back days by what was learned of all others; None for an only one."""
    names = sorted({one.instance_type for one in late if types[one.instance_type].family == family})
    before: list[float] = []
    after: list[float] = []
    for name in names:
        others = [one for one in early if one.instance_type != name]
        if not any(types[one.instance_type].family == family for one in others):
            continue
        estimate = pooled(others, types, [name]).get(name)
        if estimate is None:
            continue
        days = [one.log_ratio for one in late if one.instance_type == name]
        before += [abs(day) for day in days]
        after += [abs(day - estimate.mean) for day in days]
    return _Trial(np.array(before), np.array(after)) if before else None


def _factor(
    name: str, quantity: Quantity, estimate: Estimate, days: int, trial: _Trial | None, words: str
) -> MachineFactor:
    used = trial is not None and trial.helps
    if trial is None:
        reason = "there are no held-back days to try it on, its own or its family's"
    elif used:
        reason = f"predicts better {words}"
    else:
        reason = f"does not predict better, judged {words}"
    reach = REACH * estimate.deviation
    return MachineFactor(
        instance_type=name,
        quantity=quantity,
        estimate=float(np.exp(estimate.mean)),
        low=float(np.exp(estimate.mean - reach)),
        high=float(np.exp(estimate.mean + reach)),
        days=days,
        error_before=None if trial is None else float(np.expm1(trial.before.mean())),
        error_after=None if trial is None else float(np.expm1(trial.after.mean())),
        used=used,
        reason=reason,
    )
