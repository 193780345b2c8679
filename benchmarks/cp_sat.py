"""The solver against CP-SAT: `python -m benchmarks.cp_sat [--instances N] [--workloads N ...]`.

What a group costs is no formula: machine, region and scaling policy are chosen by a queueing model over the whole
window. No constraint program can hold that, so CP-SAT (of OR-Tools) gets two programs, and what it finds is priced by
the same capacity model; the better of the two is its answer.

``assignment``: workloads to groups, a machine for each group, whole replicas in every stretch of the window that carry
the stretch's peak at a target utilisation, memory, and scaling to zero where every member bears a cold start. Solved
at three utilisations, from the cheapest packing as its hint. A group that turns out not to be served is served one by
one.

``partition``: exact set partitioning over groups of its own, as many as covey looked at: those of every published
packing and setting at every host size, then joint first fit in as many random orders as it takes.

Each prices at most as many groups as covey looked at and has, for CP-SAT alone, all the seconds that covey took with
its pricing included; one worker, in CP-SAT's deterministic time, so that a busy machine takes nothing from it.

Beside them stands ``seen``, CP-SAT over every group covey itself has priced, which can only be at or below covey's
answer and says what its own set partitioning misses. What no answer can go below is in `benchmarks.bounds`.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from benchmarks.solver import in_turn, instance
from generator.capacity.scaling import BEHAVIOUR
from generator.model import Catalog
from generator.solve import Problem, best_packings, solve
from generator.solve.packings import PACKINGS, hosts, units
from generator.solve.problem import Members

UTILIZATIONS = (0.2, 0.5, 0.8)
STRETCHES = 12
MACHINES = 6
HOST_SIZES = 10
# Groups beyond those of the cheapest packing that an assignment may open.
SPARE_GROUPS = 3
# Random orders in a row that bring no new group: then there are few left to find this way.
IDLE_ORDERS = 200
# CP-SAT counts in whole numbers: thousandths of a processor and of a GiB, millionths of a dollar.
FINE, FINER = 1e3, 1e6
# Two worths are the same up to the gap at which covey's own integer program stops.
SAME = 1e-4


@dataclass(frozen=True)
class Compared:
    """Worths of one instance, US dollars an hour, and the processor seconds that covey and CP-SAT took."""

    covey: float
    assignment: float
    partition: float
    seen: float
    looks: int
    columns: int
    covey_s: float
    assignment_s: float
    partition_s: float


def main() -> None:
    """Compare on every instance, and print a line for each and one for all of a size."""
    in_turn(__doc__ or "", compared, _line, _summary)


def compared(count: int, seed: int, catalog: Catalog) -> Compared:
    """Solve one instance every way."""
    posed = instance(count, seed, catalog)
    began = time.process_time()
    solution = solve(posed, seed=0)
    covey_s = time.process_time() - began
    groups, looks = [members for members, _ in solution.groups], posed.sizer.looks
    seen = sorted(m for m, sizing in posed.sizer.sized.items() if sizing is not None)
    over_seen = partitioned(posed, seen, groups, covey_s)
    own = instance(count, seed, catalog)
    began = time.process_time()
    assigned = min(assignment(own, share, covey_s / len(UTILIZATIONS)) for share in UTILIZATIONS)
    assignment_s = time.process_time() - began
    own = instance(count, seed, catalog)
    began = time.process_time()
    drawn = columns(own, looks)
    _, start = best_packings(own, own.classes[0], 1)[0]
    over_own = partitioned(own, drawn, start, covey_s)
    return Compared(
        covey=solution.worth,
        assignment=assigned,
        partition=over_own,
        seen=over_seen,
        looks=looks,
        columns=len(drawn),
        covey_s=covey_s,
        assignment_s=assignment_s,
        partition_s=time.process_time() - began,
    )


def columns(problem: Problem, count: int) -> list[Members]:
    """Groups that can be served, `count` of them where random orders find so many."""
    (atoms,) = problem.classes
    seen, onto = units(problem, atoms), hosts(problem, atoms, HOST_SIZES)
    found: dict[Members, None] = dict.fromkeys(atoms)
    for packing in PACKINGS.values():
        for setting in packing.settings:
            for groups in packing.pack(seen, setting, onto):
                found.update(dict.fromkeys(groups))
    idle, order = 0, max(PACKINGS["joint series, random order"].settings)
    while len(found) < count and idle < IDLE_ORDERS:
        order, before = order + 1.0, len(found)
        for groups in PACKINGS["joint series, random order"].pack(seen, order, onto):
            found.update(dict.fromkeys(groups))
        idle = 0 if len(found) > before else idle + 1
    return sorted(members for members in list(found)[: max(count, len(atoms))] if problem.size(members) is not None)


def partitioned(problem: Problem, groups: Sequence[Members], start: Sequence[Members], seconds: float) -> float:
    """Worth of the cheapest groups that hold every workload once, as CP-SAT finds them in time."""
    program = cp_model.CpModel()
    held = sorted({*groups, *start})
    taken = [program.new_bool_var("") for _ in held]
    of: dict[int, list[cp_model.IntVar]] = {}
    for group, variable in zip(held, taken, strict=True):
        program.add_hint(variable, group in set(start))
        for member in group:
            of.setdefault(member, []).append(variable)
    for variables in of.values():
        program.add_exactly_one(variables)
    program.minimize(sum(round(problem.worth(g) * FINER) * v for g, v in zip(held, taken, strict=True)))
    solver = _solver(seconds)
    if solver.solve(program) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return sum(map(problem.worth, start))
    return sum(problem.worth(group) for group, variable in zip(held, taken, strict=True) if solver.value(variable))


def assignment(problem: Problem, utilization: float, seconds: float) -> float:
    """Worth of what CP-SAT groups by the summed load of stretches, each group priced as covey's are."""
    (atoms,) = problem.classes
    table, seen = problem.machines, units(problem, atoms)
    peaks = np.array([[part.max() for part in np.array_split(row, STRETCHES)] for row in seen.load])
    load = np.ceil(peaks * FINE).astype(int)
    memory = [round(float(table.memory_of[list(atom)].sum()) * FINE) for atom in atoms]
    overhead = round(table.overhead_gib(atoms[0][0]) * FINE)
    latency = [workload.objective.latency_s for workload in table.fleet.workloads]
    kinds = _machines(problem, atoms)
    _, start = best_packings(problem, atoms, 1)[0]
    count = min(len(atoms), len(start) + SPARE_GROUPS)
    program = cp_model.CpModel()
    placed = [[program.new_bool_var("") for _ in range(count)] for _ in atoms]
    cost: list[cp_model.LinearExpr] = []
    for a, row in enumerate(placed):
        program.add_exactly_one(row)
        for g, variable in enumerate(row):
            program.add_hint(variable, g < len(start) and atoms[a][0] in start[g])
    for g in range(count):
        on = [program.new_bool_var("") for _ in kinds]
        program.add_at_most_one(on)
        held = sum(m * row[g] for m, row in zip(memory, placed, strict=True))
        program.add(
            held + overhead <= sum(round(table.memory_gib[k] * FINE) * v for v, k in zip(on, kinds, strict=True))
        )
        for variable, k in zip(on, kinds, strict=True):
            price = round(float(table.price_usd_per_h[k].min()) * FINER / STRETCHES)
            carried = round(utilization * table.processors[k] * FINE)
            behaviour = BEHAVIOUR[table.hosting[k]]
            for a, atom in enumerate(atoms):
                if not table.machine_allowed[list(atom), k].all():
                    program.add_implication(variable, ~placed[a][g])
            hasty = [row[g] for row, atom in zip(placed, atoms, strict=True) if latency[atom[0]] < behaviour.start_s]
            always = program.new_bool_var("")
            program.add(always == variable) if not behaviour.scales_to_zero else program.add(always <= variable)
            if behaviour.scales_to_zero:
                program.add(sum(hasty) == 0).only_enforce_if(variable, ~always)
            for t in range(STRETCHES):
                most = -(-int(load[:, t].sum()) // carried) + 1
                replicas = program.new_int_var(0, most, "")
                offered = sum(int(load[a, t]) * row[g] for a, row in enumerate(placed))
                program.add(replicas * carried >= offered).only_enforce_if(variable)
                program.add(replicas >= always)
                cost.append(price * replicas)
    program.minimize(sum(cost))
    solver = _solver(seconds)
    if solver.solve(program) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return sum(map(problem.worth, start))
    groups = [
        tuple(sorted(i for atom, row in zip(atoms, placed, strict=True) if solver.value(row[g]) for i in atom))
        for g in range(count)
    ]
    worth = [(problem.worth(group), group) for group in groups if group]
    return sum(w if w < np.inf else sum(problem.worth((i,)) for i in group) for w, group in worth)


def _machines(problem: Problem, atoms: Sequence[Members]) -> list[int]:
    """Machines for several models that some member may use, spread over their sizes."""
    table = problem.machines
    allowed = table.machine_allowed[[atom[0] for atom in atoms]].any(axis=0)
    usable = np.flatnonzero(allowed & table.worthwhile & table.multi_model)
    ordered = sorted(usable.tolist(), key=lambda k: (table.hosting[k], table.processors[k], table.memory_gib[k]))
    return [ordered[i] for i in sorted({round(i) for i in np.linspace(0, len(ordered) - 1, MACHINES)})]


def _solver(seconds: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = seconds
    return solver


def _line(name: str, one: Compared) -> str:
    return (
        f"{name}: covey {one.covey:.4f} USD/h, {one.looks} groups looked at, {one.covey_s:.1f} s; "
        f"CP-SAT assignment {one.assignment / one.covey - 1:+.2%} ({one.assignment_s:.1f} s), "
        f"partition {one.partition / one.covey - 1:+.2%} ({one.columns} columns, {one.partition_s:.1f} s), "
        f"seen {one.seen / one.covey - 1:+.2%}"
    )


def _summary(count: int, every: Sequence[Compared]) -> str:
    best = [min(one.assignment, one.partition) / one.covey - 1.0 for one in every]
    seen = [one.covey / one.seen - 1.0 for one in every]
    return (
        f"{count} workloads, {len(every)} instances: covey cheaper than the better CP-SAT on "
        f"{sum(gain > SAME for gain in best)}, the same on {sum(abs(gain) <= SAME for gain in best)}, dearer on "
        f"{sum(gain < -SAME for gain in best)}; CP-SAT {statistics.median(best):+.2%} in the median "
        f"({min(best):+.2%} to {max(best):+.2%}); covey over all it saw {statistics.median(seen):.2%} "
        f"(at most {max(seen):.2%}); "
        f"{sum(one.covey_s for one in every):.0f} s against "
        f"{sum(one.assignment_s for one in every):.0f} and {sum(one.partition_s for one in every):.0f} s"
    )


if __name__ == "__main__":
    main()
