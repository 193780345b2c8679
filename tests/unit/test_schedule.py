"""Minimums by the clock: who gets them, what they save, and what becomes of them up to the emitted program."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.capacity.clock import MOST_ENTRIES_A_DAY, contradiction, weekly_minima
from generator.capacity.loops import stepped
from generator.capacity.sizing import Sizer, Sizing, Terms
from generator.emit import emit
from generator.model import Fleet, FloatArray, Group, Image, Plan, Runtime
from generator.pipeline import plan
from generator.present.document import document, layout_of, saved_document
from generator.present.figures import by_the_clock
from generator.schedule import schedule
from tests.fleets import catalog, fleet, inputs, table, traffic, workload

BIN_S, BINS_A_DAY = 900.0, 96
MEMBERS = tuple(range(4))


def shop(count: int = 4) -> Fleet:
    """Return a fleet that only SageMaker serves."""
    image = Image("{account}.dkr.ecr.{region}.amazonaws.com/server:1", 8080, "/ping", "/invocations", (
        "sagemaker-multi-model", "sagemaker-single-model",
    ))  # fmt: skip
    one = fleet([workload(f"w{i}", runtime="here") for i in range(count)], regions=(("aws", "us-east-1"),))
    return replace(one, runtimes={"here": Runtime("here", {"aws": image}, memory_overhead_gib=0.5)})


def office(days: int, *, seed: int = 0, closed_on_weekends: bool = False) -> FloatArray:
    """Return noisy traffic that opens at 8 and closes at 20, UTC."""
    rng = np.random.default_rng(seed)
    bins = np.arange(days * BINS_A_DAY)
    hour, day = bins % BINS_A_DAY / 4, bins // BINS_A_DAY % 7
    busy = (hour >= 8) & (hour < 20) & ~(closed_on_weekends & (day >= 5))
    return np.where(busy, 60.0, 3.0) * rng.gamma(20.0, 1 / 20.0, (len(MEMBERS), len(bins)))


def sized(rates: FloatArray, *, bin_s: float = BIN_S, terms: Terms = Terms()) -> tuple[Sizer, Sizing]:  # noqa: B008
    one = shop()
    sizer = Sizer(table(one), traffic(one, rates, bin_s=bin_s), terms)
    found = sizer.size(MEMBERS)
    assert found is not None
    return sizer, found


def timed(rates: FloatArray, *, bin_s: float = BIN_S) -> tuple[Sizing, Sizing]:
    """Return the group's sizing without and with a clock."""
    sizer, plain = sized(rates, bin_s=bin_s)
    ((members, found),) = schedule(sizer, [(MEMBERS, plain)])
    assert members == MEMBERS
    return plain, found


@cache
def planned(kind: str) -> Plan:
    rng = np.random.default_rng(1)
    bins = 10 * BINS_A_DAY
    rates = {
        "clock": office(10),
        "constant": np.full((4, bins), 30.0),
        "random": np.repeat(rng.choice([3.0, 60.0], (4, bins // 8)), 8, axis=1),
    }[kind]
    return plan(inputs(shop(), rates, bin_s=BIN_S, planned=0.7), catalog())


def groups(one: Plan) -> list[Group]:
    return [group for r in one.recommendations for group in r.layout.groups]


# Who gets a schedule, and what it saves -------------------------------------------------------------------------------


def test_a_fleet_with_a_clock_is_served_as_well_for_less() -> None:
    one = planned("clock")
    plain, found = timed(office(10)[:, : 7 * BINS_A_DAY])

    assert any(group.schedule for group in groups(one))
    assert all(not r.verdict.violations for r in one.recommendations)
    assert found.usd_per_h < 0.8 * plain.usd_per_h
    assert (found.machine, found.region) == (plain.machine, plain.region)


@pytest.mark.parametrize("kind", ["constant", "random"])
def test_a_fleet_without_a_clock_gets_no_schedule(kind: str) -> None:
    one = planned(kind)

    assert [group.schedule for group in [*groups(one), *one.baseline.layout.groups]] == [()] * (
        len(groups(one)) + len(one.baseline.layout.groups)
    )


def test_weekends_get_minimums_of_their_own_once_two_weeks_are_seen() -> None:
    _, short = timed(office(13, closed_on_weekends=True))
    _, long = timed(office(14, closed_on_weekends=True))
    week = weekly_minima(long.schedule, long.minimum).reshape(7, 24)

    assert {entry.days for entry in short.schedule} <= {"all"}
    assert {entry.days for entry in long.schedule} >= {"weekdays"}
    assert week[0].max() > week[6].max()
    assert long.usd_per_h < short.usd_per_h


@pytest.mark.parametrize(("days", "bin_s"), [(1, 900.0), (1.99, 900.0), (24, 7200.0)])
def test_too_short_a_window_or_too_long_a_bin_shows_no_clock(days: float, bin_s: float) -> None:
    rates = office(24)[:, : round(days * 86_400 / bin_s)]
    plain, found = timed(rates, bin_s=bin_s)

    assert plain is found


def test_the_schedule_keeps_the_terms_least_replicas() -> None:
    sizer, plain = sized(office(4), terms=Terms(least_replicas=2))
    ((_, found),) = schedule(sizer, [(MEMBERS, plain)])

    assert found.schedule
    assert min(entry.min_replicas for entry in found.schedule) >= 2


# What every schedule holds --------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    hourly=st.lists(st.floats(0.0, 80.0), min_size=24, max_size=24),
    days=st.sampled_from([2, 5, 15]),
    seed=st.integers(0, 9),
)
def test_a_schedule_can_be_followed_and_has_few_entries(hourly: list[float], days: int, seed: int) -> None:
    noise = np.random.default_rng(seed).gamma(20.0, 1 / 20.0, (4, days * BINS_A_DAY))
    plain, found = timed(np.tile(np.repeat(hourly, 4), days) * noise)

    assert contradiction(found.schedule, "sagemaker-multi-model", found.minimum, found.maximum) is None
    for kind in ("all", "weekdays", "weekend"):
        assert sum(entry.days == kind for entry in found.schedule) <= MOST_ENTRIES_A_DAY
    assert found is plain or found.usd_per_h <= 0.97 * plain.usd_per_h


@settings(max_examples=200)
@given(
    needed=st.lists(st.integers(0, 9), min_size=1, max_size=24),
    steps=st.integers(1, 4),
    anywhere=st.booleans(),
)
def test_steps_are_few_and_nowhere_below_what_is_needed(needed: list[int], steps: int, anywhere: bool) -> None:
    row = np.array(needed, dtype=float)
    found = stepped(row, steps, len(row) if anywhere else 1)
    changes = found != np.roll(found, 1)
    if not anywhere:
        changes[0] = True

    assert (found >= row).all()
    assert set(found.tolist()) <= set(row.tolist())
    assert changes.sum() <= steps


def test_steps_that_take_off_next_to_nothing_are_left_out() -> None:
    row = np.repeat([1.0, 100.0, 99.0, 100.0], 6)

    assert stepped(row, 4, 24).tolist() == [1.0] * 6 + [100.0] * 18


# Up to the emitted program --------------------------------------------------------------------------------------------


def test_a_planned_schedule_arrives_in_the_saved_plan_and_the_emitted_program() -> None:
    one = planned("clock")
    saved = saved_document(document(one).text().encode(), "plan.json")
    for recommendation in one.recommendations:
        layout = layout_of(saved, recommendation.profile)
        assert [g.schedule for g in layout.groups] == [g.schedule for g in recommendation.layout.groups]
    chosen = layout_of(saved, "cheapest")
    program = emit(chosen, one.inputs.fleet, catalog())
    (data,) = [text for name, text in program.files.items() if name.startswith("stacks/groups/prod_aws")]

    entries = [entry for group in chosen.groups for entry in group.schedule]
    assert len(entries) > 0
    assert data.count("ScheduledMinimum(") == len(entries)
    for entry in entries:
        assert f"hour={entry.hour}" in data


def test_people_read_a_schedule_in_words() -> None:
    saved = document(planned("clock"))
    found = next(group for r in saved.recommendations for group in r.groups if group.schedule)
    first = found.schedule[0]

    assert by_the_clock(()) == ""
    assert by_the_clock(found.schedule).startswith("every day from ")
    assert f"from {first.hour} h at least {first.min_replicas}" in by_the_clock(found.schedule)
