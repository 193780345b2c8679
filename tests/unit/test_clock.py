"""What a schedule says of every hour, and of every bin."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from generator.capacity.clock import contradiction, floor_path, hour_of_week, weekly_minima
from generator.capacity.scaling import BEHAVIOUR
from generator.model import ScheduledMinimum, Window

SAGEMAKER = BEHAVIOUR["sagemaker-multi-model"]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
OFFICE = (ScheduledMinimum("weekdays", 8, 3), ScheduledMinimum("weekdays", 20, 2), ScheduledMinimum("weekend", 6, 1))


def window(start: datetime, bins: int, bin_s: float) -> Window:
    return Window(start, start + timedelta(seconds=bins * bin_s), bin_s)


def test_without_entries_the_minimum_holds_at_all_hours() -> None:
    assert weekly_minima((), 2).tolist() == [2.0] * 168


def test_an_entry_holds_until_the_next_across_midnight_and_the_end_of_the_week() -> None:
    week = weekly_minima(OFFICE, 1).reshape(7, 24)

    assert week[0].tolist() == [1.0] * 8 + [3.0] * 12 + [2.0] * 4
    assert week[1].tolist() == [2.0] * 8 + [3.0] * 12 + [2.0] * 4
    assert week[5].tolist() == [2.0] * 6 + [1.0] * 18
    assert week[6].tolist() == [1.0] * 24


def test_bins_fall_into_the_hours_of_their_week() -> None:
    assert hour_of_week(window(MONDAY, 3, 3600.0)).tolist() == [0, 1, 2]
    assert hour_of_week(window(MONDAY - timedelta(minutes=30), 4, 900.0)).tolist() == [167, 167, 0, 0]
    assert hour_of_week(window(MONDAY + timedelta(days=6, hours=23), 2, 3600.0)).tolist() == [167, 0]


def test_no_hour_is_skipped_or_doubled_when_clocks_are_put_forward_or_back() -> None:
    for night in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
        hours = hour_of_week(window(night, 72, 3600.0))
        assert np.diff(hours)[hours[1:] > 0].tolist() == [1] * (71 - int((hours[1:] == 0).sum()))


def test_a_rise_waits_for_its_instances_and_a_fall_for_the_autoscaler() -> None:
    weekly = weekly_minima((ScheduledMinimum("all", 1, 3), ScheduledMinimum("all", 2, 1)), 1)
    path = floor_path(weekly, window(MONDAY, 36, 300.0), SAGEMAKER)

    assert path.tolist() == [1.0] * 13 + [3.0] * 15 + [1.0] * 8


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((ScheduledMinimum("all", 8, 5),), "outside 1 to 4"),
        ((ScheduledMinimum("all", 8, 0),), "outside 1 to 4"),
        ((ScheduledMinimum("all", 24, 2),), "hours 0 to 23"),
        ((ScheduledMinimum("all", -1, 2),), "hours 0 to 23"),
        ((ScheduledMinimum("all", 8, 2), ScheduledMinimum("weekend", 8, 3)), "begins when another entry does"),
    ],
)
def test_what_cannot_be_followed_is_said(entries: tuple[ScheduledMinimum, ...], said: str) -> None:
    assert said in str(contradiction(entries, "sagemaker-multi-model", 1, 4))


def test_only_real_time_endpoints_on_sagemaker_have_a_minimum_the_clock_moves() -> None:
    assert contradiction(OFFICE, "sagemaker-single-model", 1, 3) is None
    assert contradiction((), "cloud-run-cpu", 0, 3) is None
    for hosting in ("sagemaker-serverless", "cloud-run-cpu", "cloud-run-gpu"):
        assert "no minimum" in str(contradiction(OFFICE, hosting, 1, 3))


def test_a_window_that_begins_elsewhere_on_the_globe_is_read_in_utc() -> None:
    there = MONDAY.astimezone(timezone(timedelta(hours=9)))

    assert (hour_of_week(window(there.astimezone(UTC), 5, 3600.0)) == hour_of_week(window(MONDAY, 5, 3600.0))).all()
