"""What holds for any series: rates from counters are never negative nor higher than they were, gaps never filled."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.observe import SeriesFile, observe
from generator.observe.counter import counter_rate
from tests.observed import BIN_S, START, watched, window

BINS = 40
bounded = settings(max_examples=100, deadline=None)
counts = st.lists(st.integers(0, 10**6), min_size=BINS, max_size=BINS).map(np.array)
instants = st.sets(st.integers(0, BINS), max_size=8)


@bounded
@given(counts, instants, instants)
def test_rates_of_a_counter_that_is_started_anew_and_read_with_gaps_are_right_or_not_there(
    served: np.ndarray, resets: set[int], missed: set[int]
) -> None:
    # A restart right at a reading's edge: the counter shows what came since.
    readings = np.zeros(BINS + 1)
    for t in range(BINS):
        readings[t + 1] = (0.0 if t in resets else readings[t]) + served[t]
    readings[sorted(missed)] = np.nan

    rate, fell = counter_rate(readings, BIN_S)

    known = ~np.isnan(rate)
    assert (rate[known] >= 0).all()
    assert (rate[known] * BIN_S <= served[known] + 1e-6).all()
    true = np.array([t not in resets for t in range(BINS)])
    np.testing.assert_allclose(served[known & true], rate[known & true] * BIN_S)
    gaps = np.array([t in missed or t + 1 in missed for t in range(BINS)])
    assert not (known & gaps).any()
    assert set(np.flatnonzero(fell)) <= resets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("series")


@settings(max_examples=30)
@given(kept=st.sets(st.integers(0, BINS - 1), min_size=1), skew_s=st.floats(-140.0, 140.0), seed=st.integers(0, 99))
def test_bins_that_are_not_there_stay_unknown_and_all_others_keep_their_value(
    folder: Path, kept: set[int], skew_s: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    value = rng.uniform(0, 100, BINS)
    order = rng.permutation(sorted(kept)).tolist()
    rows = [
        {"time": START + timedelta(seconds=BIN_S * t + skew_s), "group": "books", "rate_rps": value[t]} for t in order
    ]
    path = folder / f"{seed}.parquet"
    pl.DataFrame(rows).write_parquet(path)

    found = observe(watched(), [SeriesFile(path, START + timedelta(days=9))], window(BINS))

    expected = np.where([t in kept for t in range(BINS)], value, np.nan)
    np.testing.assert_array_equal(expected, found.groups.rate_rps[0])
    gap = any("'books'" in note and "have no rate" in note for note in found.notes)
    assert (len(kept) < BINS) == gap
