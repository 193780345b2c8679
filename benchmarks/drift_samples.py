"""Shifts injected into samples of features: which are found, and which of those that did not move are named.

Synthetic: forty features a look, of five kinds, two of them shifted, so many values a window. Beside covey's rule stand
its tests alone and its index alone, as tools apply them feature by feature, and one static threshold on the mean.
"""

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.scores import Score
from generator.drift.features import SHIFTED, SIGNIFICANT, shifted, stability_index, tested
from generator.model import FeatureSamples, FloatArray

FEATURES, MOVED = 40, 2
LOOKS = 50
SIZES = (300, 3000)
# Static: a mean that is half a standard deviation away.
MEAN_AWAY = 0.5

Draw = Callable[[np.random.Generator, int], FloatArray]
Shift = Callable[[FloatArray, np.random.Generator], FloatArray]

NUMBERS: Mapping[str, Draw] = {
    "normal": lambda rng, n: rng.normal(0.0, 1.0, n),
    "lognormal": lambda rng, n: rng.lognormal(0.0, 1.0, n),
    "uniform": lambda rng, n: rng.uniform(0.0, 1.0, n),
    "counts": lambda rng, n: rng.poisson(3.0, n).astype(float),
}
SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])


def _categories(rng: np.random.Generator, count: int) -> FloatArray:
    return rng.choice(len(SHARES), count, p=SHARES).astype(float)


def _replaced(share: float, by: float) -> Shift:
    return lambda values, rng: np.where(rng.random(len(values)) < share, by, values)


SHIFTS: Mapping[str, Shift] = {
    "mean, 1 deviation": lambda values, _rng: values + values.std(),
    "mean, 0.5 deviations": lambda values, _rng: values + 0.5 * values.std(),
    "scale x 2": lambda values, _rng: values.mean() + 2.0 * (values - values.mean()),
    "a new category, 10 %": _replaced(0.1, float(len(SHARES))),
    "10 % missing": _replaced(0.1, np.nan),
}


def rows() -> list[str]:
    """Rows of the table in docs/benchmarks.md."""
    lines: list[str] = []
    for size in SIZES:
        for name, method in METHODS.items():
            whole = Score()
            for shift in SHIFTS:
                score = sum((_look(method, shift, size, seed) for seed in range(LOOKS)), Score())
                whole += score
                lines.append(f"| {size} values | {name} | {shift} | {score} |")
            lines.append(f"| {size} values | {name} | all | {whole} |")
            named = [len(method(_samples(None, size, 10_000 + seed)[0])) for seed in range(5 * LOOKS)]
            looks = f"in {np.count_nonzero(named)} of {len(named)} looks"
            lines.append(f"| {size} values | {name} | nothing moved | {sum(named)} named, {looks} |")
    return lines


def _look(method: "Method", shift: str, size: int, seed: int) -> Score:
    samples, moved = _samples(shift, size, seed)
    return Score.of(moved, method(samples))


def _samples(shift: str | None, size: int, seed: int) -> tuple[list[FeatureSamples], frozenset[str]]:
    """Draw both windows of every feature, and shift some of the second."""
    rng = np.random.default_rng([seed, size])
    kinds = [*NUMBERS, "categories"]
    draws: list[tuple[str, Draw]] = [
        (kind, NUMBERS.get(kind, _categories)) for kind in (kinds[i % len(kinds)] for i in range(FEATURES))
    ]
    categories = shift is not None and "category" in shift
    anything = shift is None or "missing" in shift
    able = [i for i, (kind, _) in enumerate(draws) if anything or (kind == "categories") == categories]
    moved = set() if shift is None else set(rng.choice(able, MOVED, replace=False).tolist())
    found: list[FeatureSamples] = []
    for i, (kind, draw) in enumerate(draws):
        reference, current = draw(rng, size), draw(rng, size)
        if shift is not None and i in moved:
            current = SHIFTS[shift](current, rng)
        found.append(FeatureSamples("model", f"f{i}", reference, current, kind == "categories"))
    return found, frozenset(f"f{i}" for i in moved)


def _covey(samples: list[FeatureSamples]) -> set[str]:
    return {one.feature for one in shifted(samples)}


def _tests_alone(samples: list[FeatureSamples]) -> set[str]:
    return {one.feature for one in samples if tested(one)[1] <= SIGNIFICANT}


def _index_alone(samples: list[FeatureSamples]) -> set[str]:
    return {one.feature for one in samples if stability_index(one) >= SHIFTED}


def _mean_alone(samples: list[FeatureSamples]) -> set[str]:
    return {
        one.feature
        for one in samples
        if abs(np.nanmean(one.current) - np.nanmean(one.reference)) > MEAN_AWAY * max(np.nanstd(one.reference), 1e-12)
    }


Method = Callable[[list[FeatureSamples]], set[str]]
METHODS: Mapping[str, Method] = {
    "covey": _covey,
    "tests alone, unadjusted": _tests_alone,
    "index alone": _index_alone,
    "mean, static": _mean_alone,
}
