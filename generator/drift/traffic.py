"""Level, season and correlation of traffic, stretch against stretch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from generator.drift.blocks import HOUR_S, Blocks, Hourly, adjusted, mean_measured, measured, surprise
from generator.model import FloatArray

# Requests added before the logarithm is taken.
SMALLEST = 1.0
# How improbable each of two successive stretches has to be for both to say so.
REPEATED_AT = 0.05

_Figure = Callable[[Hourly], FloatArray]


@dataclass(frozen=True, eq=False)
class Seen:
    """What one kind of drift comes to, by series.

    Parameters
    ----------
    planned, observed : ndarray, shape (N,)
        The figure in the planning window, typically, and now.
    significance : ndarray, shape (N,)
        Adjusted p-values; NaN where nothing could be said.
    lasting : ndarray of bool, shape (N,)
        Whether two successive stretches say so, each by itself and in the same direction.
    """

    planned: FloatArray
    observed: FloatArray
    significance: FloatArray
    lasting: NDArray[np.bool_]


class Kinds(NamedTuple):
    """The kinds of traffic drift."""

    level: Seen
    season: Seen
    correlation: Seen


def traffic(blocks: Blocks) -> Kinds:
    """Hold stretches against those of the planning window.

    p-values are adjusted for the number of series and of kinds at once: whoever looks sees all of them.

    Parameters
    ----------
    blocks : Blocks

    Returns
    -------
    Kinds
        Nothing can be said of season and correlation where the planning window has not taught them
        (`Blocks.tell_shapes`).
    """
    kinds = [_level(blocks), _season(blocks), _correlation(blocks)]
    if not blocks.tell_shapes:
        kinds[1:] = [replace(one, significance=np.full(len(one.planned), np.nan)) for one in kinds[1:]]
    together = adjusted(np.concatenate([one.significance for one in kinds]))
    parts = np.split(together, len(kinds))
    return Kinds(*(replace(one, significance=part) for one, part in zip(kinds, parts, strict=True)))


def _level(blocks: Blocks) -> Seen:
    """Mean rate, requests/s; tested on the logarithm of a stretch's requests."""
    seconds = blocks.days * 24 * HOUR_S

    def requests(block: Hourly) -> FloatArray:
        return np.log(mean_measured(block.rate_rps) * seconds + SMALLEST)

    def rate(block: Hourly) -> FloatArray:
        return mean_measured(block.rate_rps)

    tested = _held(blocks, _each(blocks.planned, requests), requests, two_sided=True)
    planned, observed = (mean_measured(_each(parts, rate)) for parts in (blocks.planned, blocks.observed))
    return replace(tested, planned=planned, observed=observed)


def _season(blocks: Blocks) -> Seen:
    """Total variation distance, 0 to 1, of the requests' shares by hour from those of the planning window.

    Shares are of the mean root of requests by hour of the day, so that one burst does not decide, weekends apart where
    stretches hold whole weeks. A
    stretch of few requests is far from any profile by chance alone: its distance counts less, by the root of its
    requests over the planning window's.
    """
    profiles = np.stack([_profile(block, blocks.days) for block in blocks.planned])
    usual = _requests(blocks.planned)

    def away(block: Hourly, others: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = 0.5 * np.abs(_profile(block, blocks.days) - others).sum(axis=1)
            sure = np.sqrt(np.minimum(1.0, _requests([block]) / usual))
        return np.where(measured(block), distance * np.nan_to_num(sure), np.nan)

    planned = np.stack(
        [away(block, np.delete(profiles, k, axis=0).mean(axis=0)) for k, block in enumerate(blocks.planned)], axis=1
    )
    whole = profiles.mean(axis=0)
    return _held(blocks, planned, lambda block: away(block, whole), two_sided=False)


def _correlation(blocks: Blocks) -> Seen:
    """Root mean square change, 0 to 2, of a series' correlations with all others against the planning window's.

    Correlations are of ``log(1 + requests)`` by the hour. Stretches of the planning window, each against the others
    (jackknife), say how far correlations of a stretch lie from the whole anyway.
    """
    found = np.stack([_correlations(block) for block in blocks.planned])

    def away(matrix: FloatArray, others: FloatArray) -> FloatArray:
        difference = (matrix - others) ** 2
        np.fill_diagonal(difference, 0.0)
        return np.sqrt(difference.sum(axis=1) / max(1, len(matrix) - 1))

    planned = np.stack(
        [
            np.where(measured(block), away(found[k], np.delete(found, k, axis=0).mean(axis=0)), np.nan)
            for k, block in enumerate(blocks.planned)
        ],
        axis=1,
    )
    whole = found.mean(axis=0)
    return _held(blocks, planned, lambda block: away(_correlations(block), whole), two_sided=False)


def _held(blocks: Blocks, planned: FloatArray, figure: _Figure, *, two_sided: bool) -> Seen:
    """Hold a figure of observed stretches against those of planned ones, shape (N, K); p-values not yet adjusted."""
    usual = mean_measured(planned)

    def p_values(figures: FloatArray) -> FloatArray:
        return surprise(planned, figures, two_sided=two_sided)

    observed = _each(blocks.observed, figure)
    lasting = np.zeros(len(planned), dtype=bool)
    if blocks.successive is not None:
        former, latter = (_each(parts, figure) for parts in blocks.successive)
        same = (mean_measured(former) > usual) == (mean_measured(latter) > usual)
        lasting = same & (p_values(former) <= REPEATED_AT) & (p_values(latter) <= REPEATED_AT)
    return Seen(usual, mean_measured(observed), p_values(observed), lasting)


def _each(parts: Sequence[Hourly], figure: _Figure) -> FloatArray:
    return np.stack([np.where(measured(part), figure(part), np.nan) for part in parts], axis=1)


def _requests(parts: Sequence[Hourly]) -> FloatArray:
    """Mean requests of a stretch, at least one."""
    totals = np.stack([np.nansum(part.rate_rps, axis=1) * HOUR_S for part in parts])
    return np.maximum(totals.mean(axis=0), SMALLEST)


def _profile(block: Hourly, days: int) -> FloatArray:
    """Shares by hour, shape (N, 24), or (N, 48) with weekends apart."""
    rooted = np.sqrt(block.rate_rps * HOUR_S).reshape(len(block.rate_rps), -1, 24)
    kinds = [np.ones(rooted.shape[1], dtype=bool)]
    if days >= 7:
        weekend = np.array([(block.start.weekday() + day) % 7 >= 5 for day in range(rooted.shape[1])])
        kinds = [~weekend, weekend]
    parts = [mean_measured(np.moveaxis(rooted[:, kind], 1, 2)) for kind in kinds]
    profile = np.nan_to_num(np.concatenate(parts, axis=1))
    return profile / np.maximum(profile.sum(axis=1, keepdims=True), 1e-12)


def _correlations(block: Hourly) -> FloatArray:
    """Correlations of series by the hour, shape (N, N); 0 with a series that does not move."""
    logged = np.log1p(block.rate_rps * HOUR_S)
    centred = np.nan_to_num(logged - mean_measured(logged)[:, None])
    length = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.maximum(length, 1e-12)[:, None]
    return np.clip(unit @ unit.T, -1.0, 1.0)
