"""Hold what a fleet did against what it was planned for."""

from collections.abc import Sequence

import numpy as np

from generator.capacity.machines import Machines
from generator.drift.blocks import LEAST_BLOCKS, cut, hourly
from generator.drift.findings import Watched, correlations, features, hours, levels, seasons, services
from generator.drift.service import service
from generator.drift.traffic import correlation, level, season
from generator.model import (
    Drift,
    FeatureSamples,
    Finding,
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
    seed: int = 0,
) -> Drift:
    """Find what is not as it was planned.

    Traffic is cut into stretches as long as the observations allow (whole weeks where there are enough), and level,
    season and correlation of each series are held against those of the planning window's stretches: they say how much
    stretches differ anyway (`blocks.surprise`). Of many series some look unusual by chance, so p-values are adjusted
    within each kind (Benjamini and Hochberg, Journal of the Royal Statistical Society B 57, 1995), and what a plan
    bears is no finding. Service levels are held against objectives, features against their reference, and single hours
    against an isolation forest of the planning window's (Liu et al., ICDM 2008) and against static thresholds.

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
    seed : int
        Of the isolation forests.

    Returns
    -------
    Drift
    """
    names = planned.workloads
    index = {name: i for i, name in enumerate(names)}
    rate = np.full((len(names), observations.window.bins), np.nan)
    unknown: list[str] = []
    for row, name in enumerate(observations.workloads.names):
        if name in index:
            rate[index[name]] = observations.workloads.rate_rps[row]
        else:
            unknown.append(name)
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
    blocks = cut(watched.planned, watched.observed)
    if blocks is None:
        unjudged.append(
            f"level, season and correlation: they take a whole day of observations and {LEAST_BLOCKS} of planned "
            f"traffic, of which there are {watched.observed.days} and {watched.planned.days}."
        )
    else:
        found += levels(watched, level(blocks))
        found += seasons(watched, season(blocks))
        found += correlations(watched, correlation(blocks))
    answered = service(
        layout.groups,
        machines,
        Traffic(names, np.nan_to_num(rate), planned.interarrival_variation, observations.window),
        observations.workloads,
        observations.groups,
    )
    found += services(watched, machines, answered)
    if missing := sorted(set(names) - {one.workload for one in answered} - set(silent)):
        unjudged.append(
            f"service level of {', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}: no latency."
        )
    found += features(watched, samples, unjudged)
    found += hours(watched, observations, unjudged, seed)
    return Drift(tuple(sorted(found, key=lambda one: (one.group, one.kind, one.since, one.workloads))), tuple(unjudged))
