"""What has drifted from a plan, which group it concerns, and what never cries wolf."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from generator.drift import drift
from generator.drift.blocks import adjusted, cut, hourly, surprise
from generator.drift.features import stability_index
from generator.drift.service import Service, missed
from generator.model import (
    Drift,
    FeatureSamples,
    Finding,
    FloatArray,
    Group,
    Layout,
    Measured,
    Observations,
    Traffic,
    Window,
)
from tests import fleets

NAMES = ("a", "b", "c", "d", "e", "f")
FLEET = fleets.fleet([fleets.workload(name) for name in NAMES])
DAY = 96
WEEKS = 8


def group(name: str, workloads: tuple[str, ...]) -> Group:
    return Group(name, workloads, "sagemaker-multi-model", "us-east-1", "ml.large", 1, 8, 0.5, 8, 160.0)


LAYOUT = Layout((group("left", NAMES[:3]), group("right", NAMES[3:])), "solver", "by hand")


def rates(days: int, seed: int) -> FloatArray:
    """Return rhythms of the day in two camps half a day apart, with noise that the workloads of a camp share."""
    rng = np.random.default_rng(seed)
    phase = np.array([0.0, 0.0, 0.0, np.pi, np.pi, np.pi])[:, None]
    clock = 1.0 + 0.8 * np.sin(2 * np.pi * np.arange(days * DAY) / DAY + phase)
    shared = np.repeat(rng.lognormal(0.0, 0.3, (2, days * DAY)), 3, axis=0)
    return 4.0 * clock * shared * rng.gamma(20.0, 1 / 20.0, (6, days * DAY))


def windows(seed: int = 1) -> tuple[Traffic, Traffic]:
    """Return eight weeks that were planned on, and the one after."""
    rate = rates(7 * (WEEKS + 1), seed)
    at = 7 * WEEKS * DAY
    later = fleets.START + timedelta(weeks=WEEKS)
    return (
        fleets.traffic(FLEET, rate[:, :at], bin_s=900.0),
        fleets.traffic(FLEET, rate[:, at:], bin_s=900.0, start=later),
    )


def observed(traffic: Traffic, latency_ms: Mapping[str, float] | None = None, errors: float = 0.0) -> Observations:
    """Return traffic as it was measured, and the same latencies in every bin."""

    def measured(names: tuple[str, ...], rate: FloatArray) -> Measured:
        known = latency_ms or {}
        p95 = np.array([[known.get(name, np.nan)] * rate.shape[1] for name in names])
        return Measured(names, rate, rate * errors, p95 / 3.0, p95, p95 * 1.5)

    by_group = np.stack([traffic.rate_rps[:3].sum(axis=0), traffic.rate_rps[3:].sum(axis=0)])
    nothing = np.full(by_group.shape, np.nan)
    return Observations(
        traffic.window,
        LAYOUT.groups,
        measured(("left", "right"), by_group),
        measured(traffic.workloads, traffic.rate_rps),
        nothing,
        nothing,
        nothing,
    )


def looked(
    planned: Traffic,
    seen: Observations,
    samples: tuple[FeatureSamples, ...] = (),
    earlier: Observations | None = None,
) -> Drift:
    return drift(LAYOUT, fleets.table(FLEET), planned, seen, samples, earlier=earlier)


def of_kind(found: Drift, kind: str) -> list[Finding]:
    return [one for one in found.findings if one.kind == kind]


Change = Callable[[FloatArray], None]


def after(by: Change, traffic: Traffic) -> Observations:
    rate = traffic.rate_rps.copy()
    by(rate)
    return observed(replace(traffic, rate_rps=rate))


def changed(by: Change, seed: int = 1) -> Drift:
    """Look at a week with a change."""
    planned, later = windows(seed)
    return looked(planned, after(by, later))


def lasting(by: Change, before: Change | None = None) -> Drift:
    """Look at the second of two weeks with a change, or with another one in the first."""
    planned, later = windows()
    start = later.window.start + timedelta(weeks=1)
    second = fleets.traffic(FLEET, rates(7, 1001), bin_s=900.0, start=start)
    return looked(planned, after(by, second), earlier=after(before or by, later))


def test_traffic_that_goes_on_as_planned_is_no_finding_in_eleven_of_twelve_weeks() -> None:
    alarms = [looked(planned, observed(later)).findings for planned, later in map(windows, range(12))]

    assert sum(bool(found) for found in alarms) <= 1


def busier(by: float) -> Change:
    def change(rate: FloatArray) -> None:
        rate[0] *= by

    return change


def test_more_than_a_group_answers_in_time_asks_at_once() -> None:
    (found,) = of_kind(changed(busier(500.0)), "level")

    assert ("left", ("a",), "resize") == (found.group, found.workloads, found.action)
    assert "more than it answers in time" in found.message
    shift = next(one for one in found.shifts if one.measure == "rate of a")
    assert shift.planned is not None
    assert 500.0 == pytest.approx(shift.observed / shift.planned, rel=0.1)
    assert "requests/s" == shift.unit


def test_another_level_that_a_group_bears_asks_once_it_lasts() -> None:
    at_first, later = (of_kind(found, "level") for found in (changed(busier(8.0)), lasting(busier(8.0))))

    assert [("left", ("a",), "nothing")] == [(one.group, one.workloads, one.action) for one in at_first]
    assert "One stretch says so" in at_first[0].message
    assert [("left", ("a",), "resize")] == [(one.group, one.workloads, one.action) for one in later]


def test_a_level_that_fell_after_it_had_risen_does_not_last() -> None:
    def silenced_but(share: float) -> Change:
        def change(rate: FloatArray) -> None:
            rate[:3] *= share

        return change

    (found,) = of_kind(lasting(silenced_but(0.2), before=silenced_but(8.0)), "level")

    assert "nothing" == found.action


def test_a_change_that_the_group_bears_is_said_and_asks_for_nothing() -> None:
    def handed_over(rate: FloatArray) -> None:
        rate[0], rate[1] = 1.7 * rate[0], 0.3 * rate[1]

    found = of_kind(changed(handed_over), "level")

    assert [("left", "nothing")] == [(one.group, one.action) for one in found]
    assert {"a", "b"} == set(found[0].workloads)


def test_a_workload_that_falls_silent_is_found() -> None:
    def silent(rate: FloatArray) -> None:
        rate[4] = 0.0

    found = of_kind(changed(silent), "level")

    assert [("right", ("e",), "regroup")] == [(one.group, one.workloads, one.action) for one in found]


def test_other_hours_are_a_season_and_ask_for_other_company() -> None:
    def later(rate: FloatArray) -> None:
        rate[2] = np.roll(rate[2], DAY // 2)

    found = lasting(later)

    assert [("left", ("c",), "regroup")] == [(f.group, f.workloads, f.action) for f in of_kind(found, "season")]
    assert not of_kind(found, "level")
    assert ["nothing"] == [one.action for one in of_kind(changed(later), "season")]


def test_lost_company_is_found_though_the_level_stays() -> None:
    noise = np.random.default_rng(6).lognormal(0.0, 1.5, 7 * 24)

    def alone(rate: FloatArray) -> None:
        rate[5] *= np.repeat(noise / noise.mean(), DAY // 24)

    found = lasting(alone)

    assert [("right", "regroup")] == [(f.group, f.action) for f in of_kind(found, "correlation") if "f" in f.workloads]
    assert not of_kind(found, "level")


def test_a_night_of_a_hundredfold_traffic_is_an_anomaly_and_a_week_of_planned_traffic_is_none() -> None:
    def burst(rate: FloatArray) -> None:
        rate[3, 3 * DAY : 3 * DAY + 12] += 1600.0

    found = of_kind(changed(burst), "anomaly")

    assert [("right", ("d",), "resize")] == [(one.group, one.workloads, one.action) for one in found]
    assert fleets.START + timedelta(weeks=WEEKS, days=3) == found[0].since
    assert "times the busiest planned hour" in found[0].message


def test_missed_objectives_are_found_and_what_the_model_expected_stands_beside() -> None:
    planned, later = windows()
    slow = looked(planned, observed(later, {"a": 900.0, "b": 90.0, "c": 90.0, "d": 90.0, "e": 90.0, "f": 90.0}))

    (found,) = of_kind(slow, "service-level")
    assert ("left", ("a",), "resize") == (found.group, found.workloads, found.action)
    predicted = next(one for one in found.shifts if one.measure == "a in time, predicted")
    assert predicted.planned is not None
    assert predicted.planned > 0.99 > predicted.observed
    assert "longer than assumed" in found.message


def test_failures_are_nobodys_size() -> None:
    planned, later = windows()
    found = of_kind(looked(planned, observed(later, dict.fromkeys(NAMES, 90.0), errors=0.05)), "service-level")

    assert {"nothing"} == {one.action for one in found}
    assert {"left", "right"} == {one.group for one in found}


def test_latencies_of_a_group_stand_for_its_models_and_that_is_said() -> None:
    planned, later = windows()
    found = of_kind(looked(planned, observed(later, {"left": 5000.0, "right": 50.0})), "service-level")

    assert [("left", NAMES[:3])] == [(one.group, one.workloads) for one in found]
    assert "Latencies are the group's" in found[0].message


def test_a_few_requests_that_were_late_are_chance() -> None:
    def answered(requests: float) -> list[Service]:
        return [Service("a", 0.97, None, 0.0, 400.0, requests, of_group=False)]

    table = fleets.table(FLEET)

    assert not missed(answered(100.0), table)
    assert missed(answered(10_000.0), table)


def test_shifted_features_ask_for_retraining_and_others_do_not() -> None:
    rng = np.random.default_rng(3)
    planned, later = windows()
    kept, moved = rng.normal(0.0, 1.0, 5000), rng.normal(1.0, 1.0, 5000)
    samples = (
        FeatureSamples("b", "age", kept, moved),
        FeatureSamples("b", "price", kept, rng.normal(0.0, 1.0, 5000)),
        FeatureSamples("stranger", "age", kept, moved),
    )

    found = looked(planned, observed(later), samples)

    (one,) = of_kind(found, "data")
    assert ("left", ("b",), "retrain") == (one.group, one.workloads, one.action)
    assert "age" in one.message
    assert "price" not in one.message
    assert any("stranger" in words for words in found.unjudged)


def of_features(reference: FloatArray, current: FloatArray, *, categorical: bool = False) -> list[str]:
    planned, later = windows()
    samples = (FeatureSamples("a", "x", reference, current, categorical),)
    return [one.message for one in of_kind(looked(planned, observed(later), samples), "data")]


def test_a_category_nobody_trained_on_is_a_shift_and_another_draw_of_the_same_is_none() -> None:
    rng = np.random.default_rng(4)
    reference, current = (rng.integers(0, 4, 2000).astype(float) for _ in range(2))
    new = np.where(rng.random(2000) < 0.1, 4.0, current)

    assert of_features(reference, new, categorical=True)
    assert not of_features(reference, current, categorical=True)


def test_values_that_are_missing_now_are_a_shift_and_those_that_always_were_are_none() -> None:
    rng = np.random.default_rng(4)
    reference, current = rng.normal(0.0, 1.0, (2, 2000))
    some, others = (np.where(rng.random(2000) < 0.1, np.nan, values) for values in (reference, current))

    assert of_features(reference, others)
    assert not of_features(some, others)
    assert of_features(reference, np.full(2000, np.nan))


def test_the_stability_index_is_zero_for_the_same_and_grows_with_the_shift() -> None:
    values = np.linspace(0.0, 1.0, 1001)
    shifts = [stability_index(FeatureSamples("a", "x", values, values + by)) for by in (0.0, 0.1, 0.3, 2.0)]

    assert 0.0 == pytest.approx(shifts[0], abs=1e-9)
    assert sorted(shifts) == shifts
    assert np.isfinite(shifts).all()


def test_what_was_not_measured_is_said_and_is_no_drift() -> None:
    planned, later = windows()
    rate = later.rate_rps.copy()
    rate[1] = np.nan
    rate[2, : 6 * DAY] = np.nan

    found = looked(planned, observed(replace(later, rate_rps=rate)))

    assert not of_kind(found, "level")
    assert "b: nothing was observed of it." in found.unjudged


def test_too_little_to_compare_is_said() -> None:
    planned, later = windows()
    short = Window(later.window.start, later.window.start + timedelta(hours=6), 900.0)

    found = looked(planned, observed(replace(later, rate_rps=later.rate_rps[:, :24], window=short)))

    assert any(words.startswith("level, season and correlation") for words in found.unjudged)


def test_stretches_are_whole_weeks_from_midnight_wherever_there_are_enough() -> None:
    planned, later = windows()
    one = cut(hourly(planned.rate_rps, planned.window), hourly(later.rate_rps, later.window))

    assert one is not None
    assert (7, WEEKS, 1) == (one.days, len(one.planned), len(one.observed))
    assert {0} == {block.start.hour for block in (*one.planned, *one.observed)}


def test_hours_are_means_of_what_was_measured_and_a_longer_bin_stands_for_each_of_its_hours() -> None:
    window = Window(fleets.START, fleets.START + timedelta(days=1), 1800.0)
    rate = np.arange(48.0)[None, :]
    rate[0, 1] = np.nan
    half = hourly(rate, window)
    long = hourly(np.arange(4.0)[None, :], replace(window, bin_s=6 * 3600.0))

    assert [0.0, 2.5, 4.5] == half.rate_rps[0, :3].tolist()
    assert [0.0, 0.0, 1.0, 3.0] == long.rate_rps[0, [0, 5, 6, 23]].tolist()


def test_p_values_of_unchanged_series_are_no_smaller_than_they_should_be() -> None:
    rng = np.random.default_rng(0)
    figures = rng.standard_t(4.0, (2000, 13))

    p_values = surprise(figures[:, :12], figures[:, 12:], two_sided=True)

    assert (p_values < 0.05).mean() <= 0.06
    assert (p_values < 0.05).mean() >= 0.01


def test_adjusting_for_many_series_keeps_what_is_unknown_unknown() -> None:
    assert [True, False, False] == np.isnan(adjusted(np.array([np.nan, 0.01, 0.9]))).tolist()


def test_one_week_of_days_tells_levels_and_no_shapes_and_that_is_said() -> None:
    planned, later = windows()
    week = replace(
        planned,
        rate_rps=planned.rate_rps[:, -7 * DAY :],
        window=replace(planned.window, start=planned.window.end - timedelta(days=7)),
    )
    day = Window(later.window.start, later.window.start + timedelta(days=1), 900.0)
    rate = later.rate_rps[:, :DAY].copy()
    rate[0] = np.roll(rate[0], DAY // 2)
    rate[1] = 0.0

    found = looked(week, observed(replace(later, rate_rps=rate, window=day)))

    assert {("level", ("b",))} == {(one.kind, one.workloads) for one in found.findings}
    assert any("takes 2 weeks of planned traffic" in words for words in found.unjudged)
