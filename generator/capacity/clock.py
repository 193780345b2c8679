"""Minimums that follow the clock: the hours of a week, and how many replicas a schedule keeps in each bin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from generator.capacity.scaling import Behaviour, scaling_signal
from generator.model import Days, FloatArray, Hosting, ScheduledMinimum, Window

HOURS_PER_DAY, HOURS_PER_WEEK = 24, 168
SECONDS_PER_HOUR = 3600.0
# Hosting kinds whose minimum can be moved by the clock: the others run none, or are not emitted with one.
SCHEDULABLE: frozenset[Hosting] = frozenset(("sagemaker-multi-model", "sagemaker-single-model"))
# What people can still read and change by hand.
MOST_ENTRIES_A_DAY = 4
DAYS: Mapping[Days, range] = {"all": range(7), "weekdays": range(5), "weekend": range(5, 7)}


def hour_of_week(window: Window) -> NDArray[np.intp]:
    """Hour in which each bin begins, shape (T,), from 0 on Monday at midnight UTC to 167.

    Schedules are kept in UTC throughout, so no hour is skipped or doubled; where people put their own clocks forward,
    their traffic moves by an hour against it, and the next plan moves the schedule.
    """
    midnight = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
    into_the_week_s = window.start.weekday() * 86_400.0 + (window.start - midnight).total_seconds()
    at_s = into_the_week_s + np.arange(window.bins) * window.bin_s
    return (at_s // SECONDS_PER_HOUR).astype(np.intp) % HOURS_PER_WEEK


def weekly_minima(schedule: Sequence[ScheduledMinimum], minimum: int) -> FloatArray:
    """Replicas that a schedule asks for at least in each hour of the week, shape (168,); `minimum` where there is none.

    An entry holds until the next one begins, across midnight and the end of the week.
    """
    begins = {
        day * HOURS_PER_DAY + entry.hour: float(entry.min_replicas) for entry in schedule for day in DAYS[entry.days]
    }
    if not begins:
        return np.full(HOURS_PER_WEEK, float(minimum))
    hours = np.array(sorted(begins))
    held = np.array([begins[hour] for hour in hours.tolist()])
    # Before its first entry a week is as the one before it ended: row -1.
    return held[np.searchsorted(hours, np.arange(HOURS_PER_WEEK), side="right") - 1]


def floor_path(weekly: FloatArray, window: Window, behaviour: Behaviour) -> FloatArray:
    """Fewest replicas that serve in each bin.

    A rise asks for instances that take their time to start, a fall leaves them to an autoscaler that holds on to them.

    Parameters
    ----------
    weekly : ndarray, shape (..., 168)
        Of `weekly_minima`.
    window : Window
    behaviour : Behaviour

    Returns
    -------
    ndarray, shape (..., T)
    """
    asked = weekly[..., hour_of_week(window)]
    return scaling_signal(asked, replace(behaviour, scale_out_delay_s=behaviour.start_s), window.bin_s)


def contradiction(
    schedule: Sequence[ScheduledMinimum], hosting: Hosting, min_replicas: int, max_replicas: int
) -> str | None:
    """Say why a schedule cannot be followed; None where it can."""
    if schedule and hosting not in SCHEDULABLE:
        return f"{hosting} has no minimum that the clock could move"
    begun: set[int] = set()
    for entry in schedule:
        what = f"{entry.min_replicas} replicas from {entry.hour} o'clock, {entry.days},"
        if not (min_replicas <= entry.min_replicas <= max_replicas and 0 <= entry.hour < HOURS_PER_DAY):
            return f"{what} is outside {min_replicas} to {max_replicas} replicas or hours 0 to 23"
        begins = {day * HOURS_PER_DAY + entry.hour for day in DAYS[entry.days]}
        if begun & begins:
            return f"{what} begins when another entry does"
        begun |= begins
    return None
