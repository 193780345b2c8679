"""A project that serves a fleet, and the ways in which a workload may join it or leave: judged, and as programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.dialogue import OfflineProposer
from generator.discharge import discharge
from generator.enlist import enlist
from generator.errors import InputError
from generator.history import history_of_plans
from generator.lessons import as_learned
from generator.membership import join, leave
from generator.model import Catalog, CostInterval, Inputs, Membership, Program
from generator.place import place
from generator.present.membership import MembershipAnswer, membership
from generator.present.plan_document import ChosenDocument
from generator.seat import Seat
from generator.standing import Standing


@dataclass(frozen=True, slots=True)
class Ways:
    """What may be done, as it is published, the program that each choice comes to, in the same order, and for whom."""

    answer: MembershipAnswer
    programs: tuple[Program, ...]
    inputs: Inputs


def ways_to_join(
    fleet: Path,
    workload: Path,
    catalog: Catalog,
    project: Path,
    seat: Seat | None,
    *,
    journal: str | None = None,
    content: bytes | None = None,
) -> Ways:
    """Find where a new workload may go, and write nothing to fleet or project.

    Parameters
    ----------
    fleet : Path
        A folder with ``fleet.yaml``, or that file.
    workload : Path
        One entry as in ``fleet.yaml``, and its expected traffic.
    catalog : Catalog
    project : Path
        What serves the fleet: a folder that `emit` wrote.
    seat : Seat, optional
        Who advises; None seats the offline proposer. What a language model is asked is recorded.
    journal : str, optional
        As `JournalAt` says.
    content : bytes, optional
        The entry, where it does not lie in a file; `workload` is then its name in messages.

    Raises
    ------
    InputError
        Fleet, entry or project cannot be used, or do not belong together.
    InfeasibleError
        Nothing takes the workload in.
    """
    enlisted = enlist(fleet, workload, catalog, content)
    inputs, name = as_learned(enlisted.inputs, fleet, journal), enlisted.name
    standing = Standing(project, inputs, {one.name for one in inputs.fleet.workloads} - {name})
    found = join(inputs, catalog, standing.layout, name, standing.profile)
    heard = _heard(seat, fleet, journal)
    return _ways(standing, "join", found, inputs, catalog, heard, lines=enlisted.lines, traffic=enlisted.traffic)


def ways_to_leave(
    fleet: Path, name: str, catalog: Catalog, project: Path, seat: Seat | None, *, journal: str | None = None
) -> Ways:
    """Find what may become of a workload's group when it leaves; parameters as of `ways_to_join`.

    Raises
    ------
    InputError
        Fleet or project cannot be used, do not belong together, or have no such workload.
    """
    before, after = (as_learned(inputs, fleet, journal) for inputs in discharge(fleet, name, catalog))
    standing = Standing(project, before, {workload.name for workload in before.fleet.workloads})
    found = leave(before, after, catalog, standing.layout, name, standing.profile)
    return _ways(standing, "leave", found, after, catalog, _heard(seat, fleet, journal))


def _heard(seat: Seat | None, fleet: Path, journal: str | None) -> Seat | None:
    """Have what a language model is asked recorded; who else is asked leaves no journal behind."""
    if seat is None or seat[0].source != "model":
        return seat
    return history_of_plans(fleet, journal).overheard(seat[0]), seat[1]


def _ways(
    standing: Standing,
    change: Literal["join", "leave"],
    found: Membership,
    inputs: Inputs,
    catalog: Catalog,
    seat: Seat | None,
    *,
    lines: str | None = None,
    traffic: str | None = None,
) -> Ways:
    if any(one.rule == "SKU001" for one in found.before.verdict.violations):
        what = "serves a group from a machine that is no longer to be had."
        raise InputError(str(standing.project), what, "Plan anew: covey plan FLEET --save FILE.")
    baseline = _moved(standing.chosen, found.alone, 1.0 if change == "join" else -1.0)
    programs = standing.programs((option.judged for option in found.options), inputs, catalog, baseline)
    model, notes = seat or (OfflineProposer(), None)
    answer = membership(
        change,
        inputs.fleet.name,
        standing.profile,
        found,
        [standing.changes(program) for program in programs],
        place(found, model, goals=inputs.fleet.goals or ("cost", "resilience"), notes=notes),
        fleet_lines=lines,
        traffic=traffic,
    )
    return Ways(answer, programs, inputs)


def _moved(chosen: ChosenDocument, alone: CostInterval, sign: float) -> CostInterval:
    """Cost of the baseline with one endpoint more, or less."""
    was = chosen.baseline_usd_per_h
    return CostInterval(
        max(was.floor + sign * alone.floor, 0.0),
        max(was.expected + sign * alone.expected, 0.0),
        max(was.ceiling + sign * alone.ceiling, 0.0),
    )
