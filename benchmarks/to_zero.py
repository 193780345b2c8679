"""Scaling to zero against always-on hosting on idle fleets: `make bench-to-zero`.

The fifty serverless applications of examples/functions at their own traffic, a tenth and a hundredth of it, planned on
the early half day and judged on the later, by kind of hosting: instances that always run, Cloud Run from zero, a
serverless worker for every request. At the example's objectives, and at objectives that bear every cold start. Groups
are found at no headroom; dedicated is the best machine each. A cold request is one that waited for a start.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from generator.capacity.machines import machines
from generator.capacity.sizing import Sizing
from generator.catalog import read_catalog
from generator.correlate import correlate
from generator.load import load
from generator.model import Fleet, Hosting, Objective, Traffic
from generator.partition import partition
from generator.replay import Served, replay
from generator.solve import Problem, solve
from generator.solve.problem import WEIGHTINGS, Members
from generator.solve.solve import with_sizing

FLEET = Path(__file__).parents[1] / "examples" / "functions"
ALWAYS: tuple[Hosting, ...] = ("sagemaker-multi-model", "sagemaker-single-model")
HOSTINGS: dict[str, tuple[Hosting, ...]] = {
    "always on": ALWAYS,
    "and Cloud Run": (*ALWAYS, "cloud-run-cpu"),
    "and serverless": (*ALWAYS, "sagemaker-serverless"),
    "and both": (*ALWAYS, "cloud-run-cpu", "sagemaker-serverless"),
}
PATIENT = Objective(0.95, 60.0)


def main() -> None:
    """Print a table's row for every share of the traffic, objective and choice of hosting."""
    catalog = read_catalog()
    inputs = load(FLEET, catalog)
    for share, patient, name in product((1.0, 0.1, 0.01), (False, True), HOSTINGS):
        one = hosted(inputs.fleet, HOSTINGS[name])
        if patient:
            one = replace(one, workloads=tuple(replace(w, objective=PATIENT) for w in one.workloads))
        early, late = (replace(seen, rate_rps=seen.rate_rps * share) for seen in (inputs.planned, inputs.scored))
        graph = correlate(one, early)
        problem = Problem(machines(one, catalog), early, graph, partition(graph, seed=0), WEIGHTINGS["cheapest"], 1.0)
        groups = solve(problem, seed=0).groups
        alone = with_sizing(problem, [(i,) for i in range(len(one.workloads))])
        said = " | ".join(_judged(problem, kind, late) for kind in (alone, groups))
        print(f"| {share:g} | {'60 s' if patient else 'own'} | {name} | {said} |", flush=True)  # noqa: T201 (its output)


def hosted(fleet: Fleet, hosting: tuple[Hosting, ...]) -> Fleet:
    """Return the fleet on these kinds of hosting alone."""
    runtimes = {
        name: replace(
            runtime,
            images={
                cloud: replace(image, hosting=tuple(h for h in image.hosting if h in hosting))
                for cloud, image in runtime.images.items()
            },
        )
        for name, runtime in fleet.runtimes.items()
    }
    return replace(fleet, runtimes=runtimes)


def _judged(problem: Problem, groups: Iterable[tuple[Members, Sizing]], late: Traffic) -> str:
    """Return cost, and the shares of requests in time and cold, on the later window."""
    table = problem.machines
    usd = in_time = cold = asked = 0.0
    for members, sizing in groups:
        served = Served(sizing.machine, sizing.region, sizing.target, sizing.minimum, sizing.maximum)
        seen = replay(table, np.array(members), served, late)
        requests = float(seen.requests.sum())
        usd += float(table.price_usd_per_h[sizing.machine, sizing.region]) * float(seen.replicas.mean())
        in_time += float(seen.requests @ seen.attainment)
        cold += seen.cold_share * requests
        asked += requests
    return f"{usd:.3f} | {in_time / asked:.2%} | {cold / asked:.2%}"


if __name__ == "__main__":
    main()
