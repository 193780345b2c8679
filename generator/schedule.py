"""Groups whose traffic follows the clock get minimums that do."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import numpy as np

from generator.capacity.clock import (
    DAYS,
    HOURS_PER_DAY,
    HOURS_PER_WEEK,
    MOST_ENTRIES_A_DAY,
    SCHEDULABLE,
    SECONDS_PER_HOUR,
    floor_path,
    hour_of_week,
    weekly_minima,
)
from generator.capacity.loops import stepped
from generator.capacity.scaling import BEHAVIOUR, SCALING_TARGETS
from generator.capacity.sizing import Sizer, Sizing
from generator.model import Days, FloatArray, ScheduledMinimum, Window
from generator.replay import Replay, Served, replay

Members = tuple[int, ...]

# A schedule is one more thing to understand: below this share of a group's cost it is not worth it.
LEAST_SAVING = 0.03
# How much earlier a minimum may rise, and later fall, than the hours' loads ask for.
MOST_HOURS_MORE = 2
# Part of the misses an objective allows that is not worth telling from none.
AS_GOOD_AS_NONE = 0.1
# Schedules of a group that are replayed at most, the cheapest first.
MOST_REPLAYS = 40
# Whole days it takes to see a clock, and to tell weekdays from weekends.
LEAST_DAYS, LEAST_DAYS_FOR_A_WEEK = 2, 14
# Days alike, or weekdays and weekends each by themselves.
KINDS: tuple[tuple[Days, ...], ...] = (("all",), ("weekdays", "weekend"))
# Quantiles of an hour's load that its minimum may be laid for.
HOUR_QUANTILES = (0.5, 0.9, 1.0)
# Correlation of the hourly means of every other day with those of the days between, from which on they are a rhythm and
# not chance: of 24 independent pairs fewer than one in a thousand reach it.
LEAST_RHYTHM = 0.6


def schedule(sizer: Sizer, groups: Sequence[tuple[Members, Sizing]]) -> tuple[tuple[Members, Sizing], ...]:
    """Give groups that pay less with minimums by the clock such minimums, and the scaling target that goes with them.

    Only groups on SageMaker's real-time endpoints, only where the window holds `LEAST_DAYS` whole days of bins of at
    most an hour in which the load repeats itself, and only what saves `LEAST_SAVING` of the group's cost and keeps
    every objective on the window planned on, as any other sizing must. Every member has to be served there as well as
    without, and so if its traffic came an hour earlier or later: hours are UTC, and summer time moves people against
    them. Weekdays and weekends differ only where the window holds `LEAST_DAYS_FOR_A_WEEK` days.

    Parameters
    ----------
    sizer : Sizer
        What sized the groups.
    groups : sequence of (members, Sizing)

    Returns
    -------
    tuple of (members, Sizing)
        The same groups on the same machines.
    """
    window = sizer.traffic.window
    if window.bin_s > SECONDS_PER_HOUR or _days(window) < LEAST_DAYS:
        return tuple(groups)
    return tuple((members, _by_the_clock(sizer, members, sizing) or sizing) for members, sizing in groups)


def _by_the_clock(sizer: Sizer, members: Members, sizing: Sizing) -> Sizing | None:
    table, window = sizer.machines, sizer.traffic.window
    hosting = table.hosting[sizing.machine]
    if hosting not in SCHEDULABLE or sizing.maximum <= 1:
        return None
    index = np.array(members)
    work_s = table.work_s[index, table.processor_class[sizing.machine]] / table.processors[sizing.machine]
    load = work_s @ sizer.traffic.rate_rps[index]
    if not _has_rhythm(load, window):
        return None
    least = max(sizer.terms.least_replicas, 2 if sizer.two_zones[index].any() else 1)
    # It pays for the fewest it may run at any hour.
    limit = (1.0 - LEAST_SAVING) * sizing.usd_per_h
    if least * float(table.price_usd_per_h[sizing.machine, sizing.region]) >= limit:
        return None
    schedules = sorted(set(_schedules(load, window, least, sizing.maximum)), key=str)
    if not schedules:
        return None
    weekly = np.array([weekly_minima(one, least) for one in schedules])
    floors = floor_path(weekly, window, BEHAVIOUR[hosting])
    found = sizer.sizes_above(members, sizing.machine, sizing.region, floors, limit)
    plain: Replay | None = None
    for row, chosen in islice(found, MOST_REPLAYS):
        # The window may not hold the hour at which the schedule is lowest or highest.
        lowest, highest = int(weekly[row].min()), int(weekly[row].max())
        timed = replace(chosen, minimum=lowest, maximum=max(chosen.maximum, highest), schedule=schedules[row])
        plain = plain or _replayed(sizer, members, sizing)
        seen = _replayed(sizer, members, timed)
        if float(seen.replicas.mean()) > (1.0 - LEAST_SAVING) * float(plain.replicas.mean()):
            continue
        moved = (_replayed(sizer, members, _moved(timed, hours)) for hours in (1, -1))
        if all(_as_good(one, plain, sizer.allowed_miss[index]) for one in (seen, *moved)):
            return timed
    return None


def _replayed(sizer: Sizer, members: Members, sizing: Sizing) -> Replay:
    served = Served(sizing.machine, sizing.region, sizing.target, sizing.minimum, sizing.maximum, sizing.schedule)
    return replay(sizer.machines, np.array(members), served, sizer.traffic)


def _moved(sizing: Sizing, hours: int) -> Sizing:
    entries = tuple(replace(entry, hour=(entry.hour + hours) % HOURS_PER_DAY) for entry in sizing.schedule)
    return replace(sizing, schedule=entries)


def _as_good(timed: Replay, plain: Replay, allowed_miss: FloatArray) -> bool:
    """Tell whether no member is worse off, bin by bin and with the backlog that sizing leaves out."""
    before = np.maximum(1.0 - plain.attainment, AS_GOOD_AS_NONE * allowed_miss)
    return bool((1.0 - timed.attainment <= before).all())


def _days(window: Window) -> float:
    return window.bins * window.bin_s / 86_400.0 + 1e-9


def _has_rhythm(load: FloatArray, window: Window) -> bool:
    """Tell whether days look alike: by the hour, every other day against the days between."""
    hours = (hour_of_week(window) % HOURS_PER_DAY).astype(np.intp)
    odd = (np.arange(window.bins) * window.bin_s // 86_400.0).astype(np.intp) % 2
    cells = odd * HOURS_PER_DAY + hours
    counts = np.bincount(cells, minlength=2 * HOURS_PER_DAY)
    means = np.bincount(cells, weights=load, minlength=2 * HOURS_PER_DAY) / np.maximum(counts, 1)
    one, other = means.reshape(2, HOURS_PER_DAY) - means.reshape(2, HOURS_PER_DAY).mean(axis=1, keepdims=True)
    # Rounding leaves a constant a little unrest, which is no rhythm.
    unrest = 1e-9 * float(means.max())
    if min(float(np.abs(one).max()), float(np.abs(other).max())) <= unrest:
        return False
    return float(one @ other) >= LEAST_RHYTHM * float(np.sqrt((one @ one) * (other @ other)))


def _schedules(load: FloatArray, window: Window, least: int, most: int) -> Iterator[tuple[ScheduledMinimum, ...]]:
    """Schedules laid for several quantiles of each hour's load and utilisations."""
    both = _days(window) >= LEAST_DAYS_FOR_A_WEEK
    for kinds in KINDS if both else KINDS[:1]:
        hours = np.array([_by_hour(load, window, kind) for kind in kinds])
        # Kinds of days, quantiles, utilisations, hours more, hours.
        needed = np.clip(np.ceil(hours[:, :, None, None, :] / SCALING_TARGETS[:, None, None] - 1e-9), least, most)
        later: list[FloatArray] = []
        # Hours more on either side: instances take their time to start, and summer time comes.
        for _ in range(MOST_HOURS_MORE):
            needed = np.maximum(needed, np.maximum(np.roll(needed, -1, axis=-1), np.roll(needed, 1, axis=-1)))
            later.append(needed)
        laid = np.concatenate(later, axis=3).reshape(len(kinds), -1, HOURS_PER_DAY).swapaxes(0, 1)
        for rows in dict.fromkeys(tuple(map(tuple, rows)) for rows in laid.tolist()):
            found = _entries(kinds, rows)
            if found:
                yield found


def _by_hour(load: FloatArray, window: Window, kind: Days) -> FloatArray:
    """Quantiles of the load by hour of a kind of day, shape (Q, 24); hours the window lacks need nothing."""
    at = hour_of_week(window)
    those = np.flatnonzero(np.isin(at // HOURS_PER_DAY, DAYS[kind]))
    hour = (at[those] % HOURS_PER_DAY).astype(np.intp)
    ordered = those[np.lexsort((load[those], hour))]
    found = np.zeros((len(HOUR_QUANTILES), HOURS_PER_DAY))
    counts = np.bincount(hour, minlength=HOURS_PER_DAY)
    for number in np.unique(counts[counts > 0]):
        # Hours that are there equally often at once.
        alike = counts == number
        rows = load[ordered[np.repeat(alike, counts)]].reshape(-1, number)
        found[:, alike] = np.quantile(rows, HOUR_QUANTILES, axis=1)
    return found


@lru_cache(4096)
def _entries(kinds: tuple[Days, ...], needed: tuple[tuple[float, ...], ...]) -> tuple[ScheduledMinimum, ...]:
    """Spell what is needed by hour as at most `MOST_ENTRIES_A_DAY` entries for a kind of day; none where constant.

    Kept, because groups of few replicas need the same again and again.
    """
    rotations = HOURS_PER_DAY if len(kinds) == 1 else 1
    levels = dict(zip(kinds, (stepped(np.array(row), MOST_ENTRIES_A_DAY, rotations) for row in needed), strict=True))
    week = np.zeros((HOURS_PER_WEEK // HOURS_PER_DAY, HOURS_PER_DAY))
    for kind, row in levels.items():
        week[list(DAYS[kind])] = row
    changes = (week.ravel() != np.roll(week.ravel(), 1)).reshape(week.shape)
    return tuple(
        ScheduledMinimum(kind, hour, int(row[hour]))
        for kind, row in levels.items()
        for hour in np.flatnonzero(changes[list(DAYS[kind])].any(axis=0)).tolist()
    )
