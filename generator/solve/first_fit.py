"""First fit onto hosts of one size, compiled: every packing is an order, amounts, and a rule by which they add up."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from generator.compiled import compiled, compiled_aside
from generator.model import FloatArray
from generator.solve.problem import Members, Problem

# How the sums of what a host holds turn into processors.
Rule = Literal["highest", "body and worst tail", "mean and deviation", "deviation of the sum"]
_HIGHEST, _BODY_AND_TAIL, _MEAN_AND_DEVIATION, _DEVIATION_OF_SUM = range(4)
_RULES: dict[Rule, int] = {
    "highest": _HIGHEST,
    "body and worst tail": _BODY_AND_TAIL,
    "mean and deviation": _MEAN_AND_DEVIATION,
    "deviation of the sum": _DEVIATION_OF_SUM,
}


@dataclass(frozen=True, eq=False)
class Queue:
    """Atoms in the order in which a packing places them, and what it takes them to need.

    Parameters
    ----------
    order : ndarray of int, shape (A,)
    amounts : ndarray, shape (A, D)
        Processors, or what the rule makes processors of.
    rule : str
        ``highest``: the greatest column of the sums. ``body and worst tail``: the first column and the greatest of the
        others. ``mean and deviation``: the first column and `deviations` roots of the second. ``deviation of the sum``:
        mean of all columns and `deviations` standard deviations over them.
    walls : ndarray of int, shape (A,)
        Atoms share a host only with their own number.
    """

    order: NDArray[np.intp]
    amounts: FloatArray
    rule: Rule
    walls: NDArray[np.intp]
    deviations: float = 0.0


@dataclass(frozen=True, eq=False)
class Rules:
    """What `Problem.may_group` asks of the atoms of one compatibility class, as arrays over A atoms.

    Parameters
    ----------
    members : ndarray of objects, shape (number of members,)
        Of the atoms in turn, the atoms' own numbers: groups of large fleets share them.
    count : ndarray of int, shape (A,)
    share : ndarray, shape (A,)
        Of the fleet's requests.
    first, artifacts : ndarray of int, shapes (A + 1,) and (N,)
        Atom a holds the artifacts from ``first[a]`` to ``first[a + 1]``.
    artifact_gib : ndarray, shape (number of artifacts,)
    labels : ndarray of bool, shape (A, number of `keep_apart` labels)
    regions : ndarray of bool, shape (A, R)
    machines : ndarray of bool, shape (2, A, K)
        Machines that may serve the atom beside others of the same artifact, and of others.
    room_gib : ndarray, shape (2, K)
        Memory of a machine for one artifact, and for several.
    """

    members: NDArray[np.object_]
    count: NDArray[np.intp]
    share: FloatArray
    first: NDArray[np.intp]
    artifacts: NDArray[np.intp]
    artifact_gib: FloatArray
    labels: NDArray[np.bool_]
    regions: NDArray[np.bool_]
    machines: NDArray[np.bool_]
    room_gib: FloatArray
    overhead_gib: float


def rules(problem: Problem, atoms: tuple[Members, ...]) -> Rules:
    """Tabulate what atoms of one class may share."""
    table, workloads = problem.machines, problem.machines.fleet.workloads
    members = np.concatenate([np.array(atom, dtype=np.intp) for atom in atoms])
    begins = np.concatenate([[0], np.cumsum([len(atom) for atom in atoms])[:-1]]).astype(np.intp)
    artifact = table.artifact_index
    held = [artifact[atom[0] :][:1] if len(atom) == 1 else np.unique(artifact[list(atom)]) for atom in atoms]
    known, artifacts = np.unique(np.concatenate(held), return_inverse=True)
    labelled = [{label for i in atom if (label := workloads[i].keep_apart) is not None} for atom in atoms]
    labels = sorted(set().union(*labelled))
    on_gpu = table.on_gpu
    copies_fit = table.gpus_per_copy[members][:, table.processor_class] <= table.processors
    allowed = np.logical_and.reduceat(table.machine_allowed[members], begins)
    one = np.logical_and.reduceat(copies_fit | ~on_gpu, begins)
    overhead_gib = 0.0 if workloads[atoms[0][0]].accelerator == "gpu" else table.overhead_gib(atoms[0][0])
    times = np.ones(len(on_gpu)) if problem.resident else table.overcommit
    room = table.memory_gib * problem.memory_share
    largest = np.maximum.reduceat(table.memory_of[members], begins)
    alone_fits = (times <= 1.0) | (largest[:, None] + overhead_gib <= room)
    return Rules(
        members=np.array([i for atom in atoms for i in atom], dtype=np.object_),
        count=np.array([len(atom) for atom in atoms], dtype=np.intp),
        share=np.add.reduceat(problem.share[members], begins),
        first=np.concatenate([[0], np.cumsum([len(one) for one in held])]).astype(np.intp),
        artifacts=artifacts.astype(np.intp),
        artifact_gib=table.offers.artifact_gib[known],
        labels=np.array([[label in mine for label in labels] for mine in labelled], dtype=bool).reshape(len(atoms), -1),
        regions=np.logical_and.reduceat(table.region_allowed[members], begins),
        machines=np.array([allowed & one, allowed & table.multi_model & alone_fits]),
        # Where models may take turns, they need so many times the room at most, their server's own memory once.
        room_gib=np.array([np.where(on_gpu, np.inf, table.memory_gib), times * room - (times - 1.0) * overhead_gib]),
        overhead_gib=overhead_gib,
    )


def first_fit(problem: Problem, bounds: Rules, queue: Queue, *, memory_gib: float, processors: float) -> list[Members]:
    """Put each atom into the first host whose rules, memory and processors bear it, else open a new one.

    Parameters
    ----------
    problem : Problem
    bounds : Rules
        Of the atoms.
    queue : Queue
    memory_gib, processors : float
        Of a host.

    Returns
    -------
    list of members
        Groups, in the order in which their hosts were opened.
    """
    host_of = _place(
        queue.order,
        np.ascontiguousarray(queue.amounts, dtype=np.float64),
        _RULES[queue.rule],
        queue.deviations,
        queue.walls,
        bounds.count,
        bounds.share,
        bounds.first,
        bounds.artifacts,
        bounds.artifact_gib,
        bounds.labels,
        bounds.regions,
        bounds.machines,
        bounds.room_gib,
        bounds.overhead_gib,
        problem.machines.fleet.limits.models_per_group,
        problem.share_limit,
        memory_gib,
        processors,
    )
    # In ascending order within each host, where atoms are.
    order = np.argsort(np.repeat(host_of, bounds.count), kind="stable")
    members = bounds.members[order].tolist()
    ends = np.cumsum(np.bincount(host_of, weights=bounds.count)).astype(np.intp).tolist()
    return [tuple(sorted(members[begin:end])) for begin, end in pairwise([0, *ends])]


@compiled_aside
def _place(
    order: NDArray[np.intp],
    amounts: FloatArray,
    rule: int,
    deviations: float,
    walls: NDArray[np.intp],
    count: NDArray[np.intp],
    share: FloatArray,
    first: NDArray[np.intp],
    artifacts: NDArray[np.intp],
    artifact_gib: FloatArray,
    labels: NDArray[np.bool_],
    regions: NDArray[np.bool_],
    machines: NDArray[np.bool_],
    room_gib: FloatArray,
    overhead_gib: float,
    most: int,
    share_limit: float,
    host_gib: float,
    processors: float,
) -> NDArray[np.intp]:
    """Host of each atom, shape (A,)."""
    atoms = len(order)
    host_of = np.zeros(atoms, dtype=np.intp)
    held = np.zeros(amounts.shape)
    here = np.zeros((atoms, len(artifact_gib)), dtype=np.bool_)
    gib, kinds = np.full(atoms, overhead_gib), np.zeros(atoms, dtype=np.intp)
    counts, shares = np.zeros(atoms, dtype=np.intp), np.zeros(atoms)
    wall = np.zeros(atoms, dtype=np.intp)
    labels_of, regions_of = np.zeros(labels.shape, dtype=np.bool_), np.ones(regions.shape, dtype=np.bool_)
    machines_of = np.ones(machines.shape, dtype=np.bool_)
    # The column in which a host was last too full is most often the one in which it is again.
    fullest = np.zeros(atoms, dtype=np.intp)
    opened = 0
    for atom in order:
        chosen = opened
        for host in range(opened):
            beyond = counts[host] + count[atom] > most or shares[host] + share[atom] > share_limit
            if wall[host] != walls[atom] or beyond:
                continue
            wanted, distinct = gib[host], kinds[host]
            for i in range(first[atom], first[atom + 1]):
                if not here[host, artifacts[i]]:
                    wanted += artifact_gib[artifacts[i]]
                    distinct += 1
            if wanted > host_gib or _meet(labels_of[host], labels[atom]):
                continue
            if rule == _HIGHEST and held[host, fullest[host]] + amounts[atom, fullest[host]] > processors:
                continue
            fullest[host] = _too_full(held[host], amounts[atom], rule, deviations, processors)
            if fullest[host] >= 0:
                continue
            fullest[host] = 0
            mixed = 1 if distinct > 1 else 0
            if _meet(regions_of[host], regions[atom]) and _serve(
                machines_of[mixed, host], machines[mixed, atom], room_gib[mixed], wanted
            ):
                chosen = host
                break
        if chosen == opened:
            opened += 1
            wall[chosen] = walls[atom]
        host_of[atom] = chosen
        for i in range(first[atom], first[atom + 1]):
            if not here[chosen, artifacts[i]]:
                here[chosen, artifacts[i]] = True
                gib[chosen] += artifact_gib[artifacts[i]]
                kinds[chosen] += 1
        _add(held[chosen], amounts[atom])
        counts[chosen] += count[atom]
        shares[chosen] += share[atom]
        _join(labels_of[chosen], labels[atom])
        _narrow(regions_of[chosen], regions[atom])
        _narrow(machines_of[0, chosen], machines[0, atom])
        _narrow(machines_of[1, chosen], machines[1, atom])
    return host_of


# Assignments of whole rows would compile their messages about shapes besides.
@compiled
def _add(row: FloatArray, other: FloatArray) -> None:
    for i in range(len(row)):
        row[i] += other[i]


@compiled
def _join(row: NDArray[np.bool_], other: NDArray[np.bool_]) -> None:
    for i in range(len(row)):
        row[i] = row[i] or other[i]


@compiled
def _narrow(row: NDArray[np.bool_], other: NDArray[np.bool_]) -> None:
    for i in range(len(row)):
        row[i] = row[i] and other[i]


@compiled
def _meet(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    """Tell whether both have something in common."""
    for i in range(len(one)):  # noqa: SIM110 (compiled: a loop, no generator)
        if one[i] and other[i]:
            return True
    return False


@compiled
def _serve(one: NDArray[np.bool_], other: NDArray[np.bool_], room_gib: FloatArray, wanted_gib: float) -> bool:
    """Tell whether a machine that both may use has room."""
    for k in range(len(one)):  # noqa: SIM110 (the same)
        if one[k] and other[k] and room_gib[k] >= wanted_gib:
            return True
    return False


@compiled
def _too_full(held: FloatArray, added: FloatArray, rule: int, deviations: float, processors: float) -> int:
    """Column in which a host's processors do not carry what it holds and one atom more, -1 where they do."""
    if rule in (_HIGHEST, _BODY_AND_TAIL):
        from_column = 0 if rule == _HIGHEST else 1
        left = processors - (held[0] + added[0]) * from_column
        for column in range(from_column, len(held)):
            if held[column] + added[column] > left:
                return column
        return -1 if left >= 0.0 else 0
    if rule == _MEAN_AND_DEVIATION:
        return -1 if held[0] + added[0] + deviations * math.sqrt(held[1] + added[1]) <= processors else 0
    total = squares = 0.0
    for column in range(len(held)):
        total += held[column] + added[column]
    mean = total / len(held)
    if mean > processors:
        return 0
    for column in range(len(held)):
        squares += (held[column] + added[column] - mean) ** 2
    return -1 if mean + deviations * math.sqrt(squares / len(held)) <= processors else 0
