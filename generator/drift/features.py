"""Data drift: whether models are asked what they were trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
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
    """Features whose values are distributed otherwise, by test and by size."""
    tests: list[Any] = [stats.ks_2samp(one.reference, one.current) for one in samples]
    p_values = adjusted(np.array([float(test.pvalue) for test in tests]))
    found = [
        FeatureShift(
            one.workload, one.feature, float(test.statistic), stability_index(one.reference, one.current), float(p)
        )
        for one, test, p in zip(samples, tests, p_values, strict=True)
    ]
    return [one for one in found if one.significance <= SIGNIFICANT and one.stability_index >= SHIFTED]


def stability_index(reference: FloatArray, current: FloatArray) -> float:
    """Population stability index over the reference's deciles, ``sum((q - p) * ln(q / p))``; 0 where nothing moved.

    Half a sample is added to every part, so that an empty one counts as little and not as infinity.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0.0, 1.0, DECILES + 1)[1:-1]))
    parts = len(edges) + 1
    p, q = (
        (np.bincount(np.searchsorted(edges, values, side="left"), minlength=parts) + 0.5) / (len(values) + 0.5 * parts)
        for values in (reference, current)
    )
    return float(((q - p) * np.log(q / p)).sum())
