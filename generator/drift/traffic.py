"""Level, season and correlation of traffic, stretch against stretch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from generator.drift.blocks import HOUR_S, Blocks, Hourly, adjusted, mean_measured, measured, surprise
from generator.model import FloatArray

# Requests added before the logarithm is taken.
SMALLEST = 1.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What one kind of drift comes to, by series.

    Parameters
    ----------
    planned, observed : ndarray, shape (N,)
        The figure in the planning window, typically, and now.
    significance : ndarray, shape (N,)
        Adjusted p-values; NaN where nothing could be said.
    """

    planned: FloatArray
    observed: FloatArray
    significance: FloatArray


def level(blocks: Blocks) -> Seen:
    """Mean rate, requests/s; tested on the logarithm of a stretch's requests."""
    seconds = blocks.days * 24 * HOUR_S

    def requests(block: Hourly) -> FloatArray:
        return np.log(mean_measured(block.rate_rps) * seconds + SMALLEST)

    p_values = surprise(*_figures(blocks, requests), two_sided=True)
    planned, observed = _figures(blocks, lambda block: mean_measured(block.rate_rps))
    return Seen(mean_measured(planned), mean_measured(observed), adjusted(p_values))


def season(blocks: Blocks) -> Seen:
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
    observed = np.stack([away(block, whole) for block in blocks.observed], axis=1)
    p_values = surprise(planned, observed, two_sided=False)
    return Seen(mean_measured(planned), mean_measured(observed), adjusted(p_values))


def correlation(blocks: Blocks) -> Seen:
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
    observed = np.stack(
        [np.where(measured(block), away(_correlations(block), whole), np.nan) for block in blocks.observed], axis=1
    )
    p_values = surprise(planned, observed, two_sided=False)
    return Seen(mean_measured(planned), mean_measured(observed), adjusted(p_values))


def _figures(blocks: Blocks, figure: Callable[[Hourly], FloatArray]) -> tuple[FloatArray, FloatArray]:
    def each(parts: Sequence[Hourly]) -> FloatArray:
        return np.stack([np.where(measured(part), figure(part), np.nan) for part in parts], axis=1)

    return each(blocks.planned), each(blocks.observed)


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
