"""Cut traffic into stretches of equal length: those of the planning window say how much stretches differ anyway."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from generator.model import FloatArray, Window

DAY_S, HOUR_S = 86_400.0, 3600.0
# Fewer stretches than this say nothing about how much they differ.
LEAST_BLOCKS = 4
# Days are compared with days, whatever the weekday, once so many whole weeks of them were planned on: one week has a
# Sunday, and does not tell how much Sundays differ.
WEEK_DAYS, LEAST_WEEKS = 7, 2
# Factor on the fleet's typical stretch beyond which one is a holiday or a campaign.
OUT_OF_ORDER = 3.0
# Hours of a stretch that must have been measured.
LEAST_MEASURED = 0.5
# Series of one fleet lend each other their variance, which a few stretches alone tell badly: one further stretch's
# worth (the moderated t of Smyth, Statistical Applications in Genetics and Molecular Biology 3, 2004).
LENT_DEGREES = 1.0
# Share of the planning window's own stretches that may look unusual.
UNUSUAL_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class Hourly:
    """Mean rates by the hour, whole days only, from `start`, a midnight UTC: shape (N, 24 * days); NaN unmeasured."""

    rate_rps: FloatArray
    start: datetime

    @property
    def days(self) -> int:
        """Number of days."""
        return self.rate_rps.shape[1] // 24


@dataclass(frozen=True, eq=False)
class Blocks:
    """Stretches of whole days.

    Parameters
    ----------
    planned : list of Hourly
        Those of the planning window, the last ones of it.
    observed : list of Hourly
        Those after it.
    days : int
        Length of each.
    successive : pair of lists of Hourly, or None
        Observed stretches and those right after them, which tell together whether something lasts.
    """

    planned: list[Hourly]
    observed: list[Hourly]
    days: int
    successive: tuple[list[Hourly], list[Hourly]] | None

    @property
    def tell_shapes(self) -> bool:
        """Whether stretches of the planning window have taught what a stretch's hours and company may be like."""
        return self.days >= WEEK_DAYS or len(self.planned) >= LEAST_WEEKS * WEEK_DAYS


def hourly(rate_rps: FloatArray, window: Window) -> Hourly:
    """Average rates by the hour and cut what is not a whole day; a longer bin stands for each of its hours."""
    begun = window.start.replace(tzinfo=window.start.tzinfo or UTC)
    midnight = begun.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight if midnight == begun else midnight + timedelta(days=1)
    days = max(0, int((window.end - first).total_seconds() // DAY_S))
    offset_s = (begun - first).total_seconds()
    if window.bin_s > HOUR_S:
        within = np.floor((np.arange(24 * days) * HOUR_S - offset_s) / window.bin_s).astype(np.intp)
        return Hourly(rate_rps[:, within], first)
    at = np.floor((offset_s + np.arange(rate_rps.shape[1]) * window.bin_s) / HOUR_S).astype(np.intp)
    inside = (at >= 0) & (at < 24 * days)
    cells = np.full((len(rate_rps), 24 * days), np.nan)
    for n, row in enumerate(rate_rps):
        kept = inside & ~np.isnan(row)
        count = np.bincount(at[kept], minlength=24 * days)
        total = np.bincount(at[kept], weights=row[kept], minlength=24 * days)
        cells[n] = np.divide(total, count, out=np.full(24 * days, np.nan), where=count > 0)
    return Hourly(cells, first)


def cut(planned: Hourly, observed: Hourly, earlier: Hourly | None = None) -> Blocks | None:
    """Cut windows into weeks where there are enough of them, else into days; None where there are too few.

    Weekdays are compared with weekdays that way. Stretches in which the whole fleet was out of the ordinary, as over
    Christmas, say nothing of how single workloads differ and are left out, `LEAST_BLOCKS` of them at the least kept.
    Several observed stretches tell by their halves whether something lasts, a single one by what was observed earlier.
    """
    weekly = observed.days >= WEEK_DAYS and planned.days >= WEEK_DAYS * LEAST_BLOCKS
    days = WEEK_DAYS if weekly else 1
    if observed.days < 1 or planned.days < LEAST_BLOCKS:
        return None

    def parts(of: Hourly, *, skipped: int) -> list[Hourly]:
        count = of.days // days
        return [
            Hourly(
                of.rate_rps[:, 24 * (skipped + k * days) : 24 * (skipped + (k + 1) * days)],
                of.start + timedelta(days=skipped + k * days),
            )
            for k in range(count)
        ]

    usual = parts(planned, skipped=planned.days % days)
    total = np.array([np.nansum(part.rate_rps) for part in usual])
    middle = float(np.median(total))
    ordinary = [
        part for part, one in zip(usual, total, strict=True) if middle / OUT_OF_ORDER < one < middle * OUT_OF_ORDER
    ]
    seen = parts(observed, skipped=0)
    before = [] if earlier is None else parts(earlier, skipped=earlier.days % days)[-len(seen) :]
    half = len(seen) // 2
    successive = (seen[:half], seen[half:]) if half else (before, seen) if before else None
    return Blocks(ordinary if len(ordinary) >= LEAST_BLOCKS else usual, seen, days, successive)


def measured(block: Hourly) -> NDArray[np.bool_]:
    """Series of which enough hours of a stretch were measured, shape (N,)."""
    return (~np.isnan(block.rate_rps)).mean(axis=1) >= LEAST_MEASURED


def surprise(planned: FloatArray, observed: FloatArray, *, two_sided: bool) -> FloatArray:
    """How probable figures as unusual as these are if nothing has changed.

    New stretches are held against those of the planning window by Student's t,
    ``t = (mean of M - mean of K) / (s * sqrt(1/M + 1/K))``, with variances moderated towards the median series'. Real
    traffic has heavier tails, and neighbouring stretches are alike: t is divided by what the planning window's own
    stretches, M in a row held against the others, reach at `UNUSUAL_SHARE`.

    Parameters
    ----------
    planned : ndarray, shape (N, K)
        One figure a series and stretch; NaN where a stretch was not measured.
    observed : ndarray, shape (N, M)
        Those of the new stretches.
    two_sided : bool
        Whether too little is as unusual as too much.

    Returns
    -------
    ndarray, shape (N,)
        p-values; NaN where a series cannot be judged.
    """
    count = (~np.isnan(planned)).sum(axis=1)
    enough = (count >= LEAST_BLOCKS) & ~np.isnan(observed).all(axis=1)
    result = np.full(len(planned), np.nan)
    if not enough.any():
        return result
    known, width = planned[enough], min(observed.shape[1], planned.shape[1] // LEAST_BLOCKS)
    own = _student(known, observed[enough])
    null = np.concatenate(
        [
            _student(np.delete(known, np.s_[k : k + width], axis=1), known[:, k : k + width])
            for k in range(known.shape[1] - width + 1)
        ]
    )
    degrees = count[enough] - 1.0 + LENT_DEGREES
    expected = float(stats.t.isf(UNUSUAL_SHARE / (2.0 if two_sided else 1.0), np.median(degrees)))
    seen = null[~np.isnan(null)]
    reached = float(np.quantile(np.abs(seen) if two_sided else seen, 1.0 - UNUSUAL_SHARE)) if len(seen) else expected
    own = own / max(1.0, reached / expected)
    result[enough] = 2.0 * stats.t.sf(np.abs(own), degrees) if two_sided else stats.t.sf(own, degrees)
    return result


def mean_measured(figures: FloatArray) -> FloatArray:
    """Mean over stretches, the last axis; NaN where none was measured."""
    count = (~np.isnan(figures)).sum(axis=-1)
    return np.nansum(figures, axis=-1) / np.where(count, count, np.nan)


def adjusted(p_values: FloatArray) -> FloatArray:
    """Adjust p-values for their number, so that findings below a level are false in that share (NaN stays NaN)."""
    result = np.full(len(p_values), np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        result[known] = stats.false_discovery_control(p_values[known])
    return result


def _student(planned: FloatArray, observed: FloatArray) -> FloatArray:
    count, new = (~np.isnan(planned)).sum(axis=1), (~np.isnan(observed)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = mean_measured(planned)
        variance = np.nansum((planned - mean[:, None]) ** 2, axis=1) / (count - 1.0)
        known = variance[np.isfinite(variance)]
        lent = float(np.median(known)) if len(known) else 0.0
        moderated = (LENT_DEGREES * lent + (count - 1.0) * variance) / (LENT_DEGREES + count - 1.0)
        spread = np.sqrt(np.maximum(moderated, 1e-12) * (1.0 / new + 1.0 / count))
        return (mean_measured(observed) - mean) / spread
