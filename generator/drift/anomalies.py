"""Hours unlike any of the planning window: an isolation forest, beside static thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from generator.drift.blocks import HOUR_S, Hourly
from generator.model import FloatArray

# The early part of the planning window grows the forest, its later part says how unusual an hour may be.
GROWN_SHARE = 0.6
# How far below the least usual hour of that part an hour must score, as a share of that one's distance to the median:
# the least of a sample is passed by chance about once in as many hours again.
BEYOND = 0.1
TREES = 64
SEED = 0
# Of the logarithm of an hour's requests: what hardly varied may vary a little.
LEAST_SPREAD = 0.3
LEAST_HOURS = 14 * 24
# Static thresholds: so many times the busiest planned hour; so large a share of failures among so many requests.
BUSIER = 1.5
FAILED_SHARE = 0.01
FAILED_OF = 100.0


@dataclass(frozen=True, slots=True)
class Spell:
    """Consecutive unusual hours of one group.

    Parameters
    ----------
    workload : str
        Whose rate is furthest from what was planned for these hours.
    usual_rps, observed_rps : float
        Of the group, by the planning window's hour of the week, and as it was.
    """

    since: datetime
    hours: int
    workload: str
    usual_rps: float
    observed_rps: float
    forest: bool
    static: str | None


def anomalies(planned: Hourly, observed: Hourly, errors: FloatArray, names: Sequence[str]) -> list[Spell]:
    """Find unusual hours of one group.

    Parameters
    ----------
    planned, observed : Hourly
        Of its members, in the order of `names`.
    errors : ndarray, shape (hours observed,), requests/s
        Failures of the group; NaN where they were not measured.
    names : sequence of str

    Returns
    -------
    list of Spell
        Empty, too, where the planning window holds less than `LEAST_HOURS`.
    """
    if planned.rate_rps.shape[1] < LEAST_HOURS or not observed.rate_rps.shape[1]:
        return []
    grown = 24 * int(planned.days * GROWN_SHARE)
    early = Hourly(planned.rate_rps[:, :grown], planned.start)
    late = Hourly(planned.rate_rps[:, grown:], planned.start + timedelta(hours=grown))
    usual = _usual(early)
    spread = np.maximum(np.std(_logged(early) - _expected(early, usual), axis=1), LEAST_SPREAD)
    forest = IsolationForest(n_estimators=TREES, random_state=SEED).fit(_features(early, usual, spread))
    seen = forest.score_samples(_features(late, usual, spread))
    least = float(seen.min()) - BEYOND * float(np.median(seen) - seen.min())
    score = forest.score_samples(_features(observed, usual, spread))
    known = ~np.isnan(observed.rate_rps).any(axis=0)
    unlike = known & (score < least)
    total = np.nansum(observed.rate_rps, axis=0)
    busy = total > BUSIER * float(np.nansum(planned.rate_rps, axis=0).max())
    failing = (np.nan_to_num(errors) > FAILED_SHARE * total) & (total * HOUR_S >= FAILED_OF)
    return _spells(observed, _usual(planned), unlike, busy, failing, names)


def _usual(of: Hourly) -> FloatArray:
    """Mean ``log(1 + requests)`` by series and hour of the week; by hour of the day within less than two weeks."""
    logged = _logged(of)
    hour = (24 * of.start.weekday() + np.arange(logged.shape[1])) % 168
    by_day = of.days < 14
    table = np.zeros((len(logged), 168))
    for h in range(168):
        like = (hour % 24 == h % 24) if by_day else hour == h
        table[:, h] = logged[:, like].mean(axis=1) if like.any() else 0.0
    return table


def _logged(of: Hourly) -> FloatArray:
    return np.log1p(np.nan_to_num(of.rate_rps) * HOUR_S)


def _expected(of: Hourly, usual: FloatArray) -> FloatArray:
    return usual[:, (24 * of.start.weekday() + np.arange(of.rate_rps.shape[1])) % 168]


def _features(of: Hourly, usual: FloatArray, spread: FloatArray) -> FloatArray:
    """What tells an hour, shape (hours, 5).

    The group's rate against the hour of the week's; the hour before's; the same of the member furthest above, and
    furthest below, in members' own standard deviations; and how far the mix of members is from the usual one.
    """
    rate = np.nan_to_num(of.rate_rps) * HOUR_S
    expected = _expected(of, usual)
    total, total_expected = rate.sum(axis=0), np.expm1(expected).sum(axis=0)
    away = np.log1p(total) - np.log1p(total_expected)
    before = np.concatenate([[away[0]], away[:-1]])
    own = (np.log1p(rate) - expected) / spread[:, None]
    share = rate / np.maximum(total, 1.0)
    share_expected = np.expm1(expected) / np.maximum(total_expected, 1.0)
    mix = 0.5 * np.abs(share - share_expected).sum(axis=0) * np.log1p(total)
    return np.stack([away, before, own.max(axis=0), own.min(axis=0), mix], axis=1)


def _spells(
    observed: Hourly,
    usual: FloatArray,
    unlike: NDArray[np.bool_],
    busy: NDArray[np.bool_],
    failing: NDArray[np.bool_],
    names: Sequence[str],
) -> list[Spell]:
    marked = np.concatenate([[False], unlike | busy | failing, [False]])
    borders = np.flatnonzero(marked[1:] != marked[:-1]).reshape(-1, 2)
    expected = np.expm1(_expected(observed, usual)) / HOUR_S
    found: list[Spell] = []
    for first, last in borders.tolist():
        rate = np.nan_to_num(observed.rate_rps[:, first:last])
        apart = np.abs(np.log1p(rate * HOUR_S) - np.log1p(expected[:, first:last] * HOUR_S)).sum(axis=1)
        static = [
            words
            for words, there in (
                (f"more than {BUSIER:g} times the busiest planned hour", busy[first:last].any()),
                (f"more than {FAILED_SHARE:.0%} of requests failed", failing[first:last].any()),
            )
            if there
        ]
        found.append(
            Spell(
                since=observed.start + timedelta(hours=first),
                hours=last - first,
                workload=names[int(apart.argmax())],
                usual_rps=float(expected[:, first:last].sum(axis=0).mean()),
                observed_rps=float(rate.sum(axis=0).mean()),
                forest=bool(unlike[first:last].any()),
                static="; ".join(static) or None,
            )
        )
    return found
