"""The verbs of tending what runs: what has drifted from the plan, and whether regrouping pays."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.errors import InputError
from generator.history import JournalAt, change, journal_at
from generator.options import Choose, FleetPath, Json, ProjectOption, Seed
from generator.shell import CHANGES_FOUND, bar, put, put_drawn, say
from generator.verbs.choosing import choosing, reserved

if TYPE_CHECKING:
    from generator.model import Observations

# Observations that are looked through for the newest of this fleet.
NEWEST = 50


def drift(
    fleet: FleetPath,
    *,
    project: ProjectOption,
    samples: Annotated[
        Path | None,
        typer.Option("--samples", metavar="FILE", help="CSV or parquet: workload, feature, window, value."),
    ] = None,
    retrain_webhook: Annotated[
        str | None, typer.Option("--retrain-webhook", metavar="URL", help="Post findings that ask for retraining.")
    ] = None,
    expect_no_drift: Annotated[
        bool, typer.Option("--expect-no-drift", help="Exit with 7 where something is to be done.")
    ] = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Hold what was last observed against what was planned: what has drifted, and what to do about it."""
    from generator.capacity.machines import machines
    from generator.catalog import read_catalog
    from generator.drift import drift as drifted
    from generator.inventory.samples import read_samples
    from generator.lessons import load_learned
    from generator.measurements import remembered
    from generator.model import Drift
    from generator.present.drift import drift_answer, show_drift
    from generator.standing import Standing
    from generator.webhook import checked_url, post

    url = None if retrain_webhook is None else checked_url(retrain_webhook)
    catalog = read_catalog()
    inputs = load_learned(fleet, catalog, journal)
    standing = Standing(project, inputs, {workload.name for workload in inputs.fleet.workloads})
    given = () if samples is None else read_samples(samples)
    kept = journal_at(journal, project)
    seen = () if kept is None else remembered(kept, inputs.fleet.name, newest=NEWEST)
    if not seen:
        what = f"holds no observation of {inputs.fleet.name}."
        raise InputError("the journal", what, f"Observe first: covey observe {project} --source …")
    with bar() as told:
        told("looking for drift", 0.0)
        earlier = _earlier(seen, inputs.planned.window.end)
        found = drifted(
            standing.layout, machines(inputs.fleet, catalog), inputs.planned, seen[-1], given, earlier=earlier
        )
    answer = drift_answer(found, fleet=inputs.fleet.name, window=seen[-1].window)
    if json:
        put(answer.text())
    else:
        put_drawn(lambda console: show_drift(answer, console))
    if url is not None:
        retrain = tuple(one for one in found.findings if one.action == "retrain")
        if retrain:
            asked = drift_answer(Drift(retrain, ()), fleet=inputs.fleet.name, window=seen[-1].window)
            post(url, asked.text())
            say(f"Told the webhook of {len(retrain)} to be retrained.")
    if expect_no_drift and any(one.action != "nothing" for one in answer.findings):
        raise typer.Exit(CHANGES_FOUND)


def _earlier(seen: "Sequence[Observations]", planned_until: datetime) -> "Observations | None":
    """Return the newest of what was observed after the planning window and before the last observation."""
    last = seen[-1].window.start
    found = [one for one in seen[:-1] if planned_until <= one.window.start and one.window.end <= last]
    return max(found, key=lambda one: one.window.end, default=None)


def regroup(
    fleet: FleetPath,
    *,
    project: ProjectOption,
    horizon_days: Annotated[
        float, typer.Option("--horizon-days", min=1.0, max=3650.0, help="Time a change has to pay for itself.")
    ] = 30.0,
    usd_per_move: Annotated[
        float, typer.Option("--usd-per-move", min=0.0, help="What a model's changing its group is taken to cost.")
    ] = 5.0,
    handover_hours: Annotated[
        float, typer.Option("--handover-hours", min=0.0, help="How long a group that ends is served on.")
    ] = 24.0,
    seed: Seed = 0,
    choose: Choose = None,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Say whether another grouping pays for its moves, with three ways to it, or why to stay; --choose writes one.

    Ways are found on the last five weeks of the planning window and decided on the last fifth of those; all of it is
    kept in view for bursts. What they are worth is told from the scored window, which decides nothing.
    """
    from generator.catalog import read_catalog
    from generator.lessons import load_learned
    from generator.membership import held_back
    from generator.membership import regroup as regrouped
    from generator.model import Judged, Migration
    from generator.present.regroup import regroup_answer, show_regroup
    from generator.standing import Standing

    catalog = read_catalog()
    inputs = load_learned(fleet, catalog, journal)
    with reserved(project, choose, journal):
        standing = Standing(project, inputs, {workload.name for workload in inputs.fleet.workloads})
        migration = Migration(handover_h=handover_hours, usd_per_move=usd_per_move)
        horizon_h = horizon_days * 24.0
        deciding = held_back(inputs)
        with bar() as told:
            found = regrouped(
                deciding,
                catalog,
                standing.layout,
                standing.profile,
                seed=seed,
                horizon_h=horizon_h,
                migration=migration,
                history=inputs.planned,
                unseen=inputs.scored,
                progress=told,
            )
        scored = [Judged(option.judged.layout, option.scored) for option in found.options]
        programs = standing.programs(scored, inputs, catalog, found.baseline)
        changes = [standing.changes(program) for program in programs]
        answer = regroup_answer(
            inputs.fleet.name,
            standing.profile,
            found,
            changes,
            decided=deciding.scored.window,
            scored=inputs.scored.window,
            horizon_h=horizon_h,
            migration=migration,
        )
        on_record = partial(change, "regroup", fleet, journal, inputs, catalog)
        choosing(answer, programs, show_regroup, project, choose, on_record, json=json)
