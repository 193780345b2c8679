"""Hold what a fleet did against what it was planned for."""

from collections.abc import Mapping, Sequence

import numpy as np

from generator.capacity.machines import Machines
from generator.drift.blocks import LEAST_BLOCKS, LEAST_WEEKS, cut, hourly
from generator.drift.findings import Watched, correlations, features, hours, levels, seasons, services
from generator.drift.service import foreseen, service
from generator.drift.traffic import traffic
from generator.model import (
    Drift,
    FeatureSamples,
    Finding,
    FloatArray,
    Layout,
    Observations,
    Traffic,
)


def drift(
    layout: Layout,
    machines: Machines,
    planned: Traffic,
    observations: Observations,
    samples: Sequence[FeatureSamples] = (),
    *,
    earlier: Observations | None = None,
) -> Drift:
    """Find what is not as it was planned.

    Traffic is cut into stretches as long as the observations allow (whole weeks where there are enough), and level,
    season and correlation of each series are held against those of the planning window's stretches: they say how
    much stretches differ anyway (`blocks.surprise`). Of many series some look unusual by chance, so p-values are
    adjusted over all series and kinds of a look (Benjamini and Hochberg, Journal of the Royal Statistical Society B
    57, 1995), and what a plan bears is no finding. What is urgent (a group beyond what it carries, a workload
    fallen silent, late answers, hours beyond the most replicas) asks for something at once; what only makes a plan
    dearer than need be asks once two successive stretches say so. Service levels are held against objectives,
    features against their reference, and single hours against an isolation forest of the planning window's (Liu et
    al., ICDM 2008) and against static thresholds.

    Parameters
    ----------
    layout : Layout
        What runs.
    machines : Machines
        Of the fleet it serves.
    planned : Traffic
        The planning window.
    observations : Observations
        What happened after it.
    samples : sequence of FeatureSamples, optional
    earlier : Observations, optional
        What happened between the planning window and them, as long a time at best; a window of several stretches
        confirms itself.

    Returns
    -------
    Drift
    """
    names = planned.workloads
    index = {name: i for i, name in enumerate(names)}
    rate = _rates(observations, index)
    unknown = [name for name in observations.workloads.names if name not in index]
    watched = Watched(
        groups=layout.groups,
        names=names,
        index=index,
        planned=hourly(planned.rate_rps, planned.window),
        observed=hourly(rate, observations.window),
        since=observations.window.start,
    )
    unjudged = [f"{name}: it was observed, and the plan does not have it." for name in unknown]
    silent = [name for name, row in zip(names, rate, strict=True) if np.isnan(row).all()]
    unjudged += [f"{name}: nothing was observed of it." for name in silent]
    found: list[Finding] = []
    rates = Traffic(names, np.nan_to_num(rate), planned.interarrival_variation, observations.window)
    predicted = foreseen(layout.groups, machines, rates)
    former = None if earlier is None else hourly(_rates(earlier, index), earlier.window)
    blocks = cut(watched.planned, watched.observed, former)
    if blocks is None:
        unjudged.append(
            f"level, season and correlation: they take a whole day of observations and {LEAST_BLOCKS} of planned "
            f"traffic, of which there are {watched.observed.days} and {watched.planned.days}."
        )
    else:
        kinds = traffic(blocks)
        found += levels(watched, kinds.level, machines, predicted)
        found += seasons(watched, kinds.season)
        found += correlations(watched, kinds.correlation)
        if not blocks.tell_shapes:
            unjudged.append(
                f"season and correlation: days are held against days, and that takes {LEAST_WEEKS} weeks of planned "
                "traffic."
            )
    answered = service(layout.groups, machines, predicted, rates.window, observations.workloads, observations.groups)
    found += services(watched, machines, answered)
    if missing := sorted(set(names) - {one.workload for one in answered} - set(silent)):
        unjudged.append(
            f"service level of {', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}: no latency."
        )
    found += features(watched, samples, unjudged)
    found += hours(watched, observations, unjudged)
    return Drift(tuple(sorted(found, key=lambda one: (one.group, one.kind, one.since, one.workloads))), tuple(unjudged))


def _rates(observations: Observations, index: Mapping[str, int]) -> FloatArray:
    """Observed rates in the plan's order, NaN where nothing was measured."""
    rate = np.full((len(index), observations.window.bins), np.nan)
    for row, name in enumerate(observations.workloads.names):
        if name in index:
            rate[index[name]] = observations.workloads.rate_rps[row]
    return rate
