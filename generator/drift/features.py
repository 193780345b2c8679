"""Data drift: whether models are asked what they were trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from generator.drift.blocks import adjusted
from generator.model import FeatureSamples, FloatArray

DECILES = 10
# Above this the population has shifted enough to act upon, between .1 and it somewhat (Siddiqi, Credit Risk Scorecards,
# Wiley 2006): on many samples Kolmogorov and Smirnov's test alone finds shifts that matter to nobody.
SHIFTED = 0.25
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class FeatureShift:
    """One feature that has shifted: both statistics, and the adjusted p-value of the first."""

    workload: str
    feature: str
    distance: float
    stability_index: float
    significance: float


def shifted(samples: Sequence[FeatureSamples]) -> list[FeatureShift]:
    """Features whose values are distributed otherwise, by test and by size.

    Numbers are tested after Kolmogorov and Smirnov, categories and how often values are missing by the chi-squared
    test of their counts; of two tests the one that says more counts, at twice its p-value (Bonferroni).
    """
    tests = [tested(one) for one in samples]
    p_values = adjusted(np.array([p for _, p in tests]))
    found = [
        FeatureShift(one.workload, one.feature, distance, stability_index(one), float(p))
        for one, (distance, _), p in zip(samples, tests, p_values, strict=True)
    ]
    return [one for one in found if one.significance <= SIGNIFICANT and one.stability_index >= SHIFTED]


def stability_index(one: FeatureSamples) -> float:
    """Population stability index, ``sum((q - p) * ln(q / p))``; 0 where nothing moved.

    Parts are the reference's deciles, or the categories, and beside them what is missing. Half a sample is added to
    every part, so that an empty one counts as little and not as infinity.
    """
    before, after = _counts(one)
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (before, after))
    return float(((q - p) * np.log(q / p)).sum())


def tested(one: FeatureSamples) -> tuple[float, float]:
    """Largest distance of the two distributions, 0 to 1, and its p-value, not yet adjusted for the other features."""
    before, after = _counts(one)
    if one.categorical:
        distance = 0.5 * float(np.abs(before / before.sum() - after / after.sum()).sum())
        return distance, _independent(before, after)
    there = [values[~np.isnan(values)] for values in (one.reference, one.current)]
    lacking = [
        np.array([len(kept), len(values) - len(kept)])
        for kept, values in zip(there, (one.reference, one.current), strict=True)
    ]
    more = abs(float(lacking[0][1] / lacking[0].sum() - lacking[1][1] / lacking[1].sum()))
    if not all(len(kept) for kept in there):
        return more, _independent(*lacking)
    test: Any = stats.ks_2samp(there[0], there[1], method="asymp")
    if not more:
        return float(test.statistic), float(test.pvalue)
    return max(float(test.statistic), more), min(1.0, 2.0 * min(float(test.pvalue), _independent(*lacking)))


def _independent(before: NDArray[np.intp], after: NDArray[np.intp]) -> float:
    """p-value of counts being as unlike as these, if both are draws of one population."""
    there = (before + after) > 0
    if there.sum() < 2:
        return 1.0
    test: Any = stats.chi2_contingency(np.stack([before[there], after[there]]))
    return float(test.pvalue)


def _counts(one: FeatureSamples) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """How many values of each window lie in every part; the last is what is missing."""
    known = one.reference[~np.isnan(one.reference)]
    if one.categorical:
        edges = np.unique(np.concatenate([known, one.current[~np.isnan(one.current)]]))
    elif len(known):
        edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, DECILES + 1)[1:-1]))
    else:
        edges = np.empty(0)
    before, after = (_parts(values, edges) for values in (one.reference, one.current))
    return before, after


def _parts(values: FloatArray, edges: FloatArray) -> NDArray[np.intp]:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return np.append(counts, len(values) - len(known))
