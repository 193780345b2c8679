"""What covey is compared with: each published idea, written from its paper, with the settings it is tuned over.

Packings form groups, onto every size of machine there is; who serves a group, and how it scales, is left to the one
capacity model all share. Those that also start covey's own search live in `generator.solve.packings`; here stand the
two that do not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from generator.capacity.sizing import Sizing
from generator.solve import Problem
from generator.solve.packings import PACKINGS, Host, Units, hosts, units
from generator.solve.problem import Members, union

# What Mélange's program lets a machine carry of its processors here; the autoscaler is laid by the capacity model.
STATIC_UTILIZATION = 0.8


@dataclass(frozen=True)
class Contender:
    """A method of grouping.

    Parameters
    ----------
    reference : str
        Where the idea was published.
    groupings : callable
        Problem to groupings, one for each of its settings and host sizes.
    serve : callable, optional
        Who sizes its groups, where it is not the capacity model's cheapest.
    """

    name: str
    reference: str
    groupings: Callable[[Problem], list[list[Members]]]
    serve: Callable[[Problem, Members], Sizing | None] = lambda problem, members: problem.size(members)


def contenders() -> tuple[Contender, ...]:
    """Every method covey is compared with."""
    packed = tuple(Contender(name, _REFERENCES[name], _packed(name)) for name in _REFERENCES)
    return (
        *packed,
        Contender("greedy replication", "Li et al., AlpaServe, OSDI 2023, selective replication", _greedy),
        Contender("machine types alone", "Griggs et al., Mélange, 2024: an endpoint each", _alone, _by_program),
    )


_REFERENCES: Mapping[str, str] = {
    "dedicated": "an endpoint each, its best machine",
    "memory first fit": "few groups, filled by memory",
    "sum of peaks": "first fit decreasing on added peaks",
    "95th percentiles": "first fit decreasing on added quantiles",
    "joint series": "Meng et al., ICAC 2010",
    "joint series, random order": "Meng et al., ICAC 2010; first fit in random order",
    "peak clustering": "Verma et al., PCP, USENIX ATC 2009",
    "time windows": "after Reidys et al., Coach, ASPLOS 2025",
    "chance constrained": "Cohen et al., Management Science 65, 2019",
    "chance constrained, covariance": "the same with the covariance of the loads",
}


def _packed(name: str) -> Callable[[Problem], list[list[Members]]]:
    packing = PACKINGS[name]

    def groupings(problem: Problem) -> list[list[Members]]:
        # The fleets compared here are of one compatibility class.
        (atoms,) = problem.classes
        seen = units(problem, atoms)
        found = {
            tuple(sorted(groups))
            for setting in packing.settings
            for groups in packing.pack(seen, setting, hosts(problem, atoms))
        }
        return [list(one) for one in sorted(found)]

    return groupings


def _greedy(problem: Problem) -> list[list[Members]]:
    (atoms,) = problem.classes
    seen = units(problem, atoms)
    return [_replicated(seen, host) for host in hosts(problem, atoms)]


def _replicated(seen: Units, host: Host) -> list[Members]:
    """Place model by model where most more requests are served in the simulation; add machines while any go unserved.

    AlpaServe adds, step by step, the replica that most raises what a simulator says is served. A workload here lives in
    one group whose replicas all hold it, so a step is either a model put into a group, or a machine added to one; the
    simulator is the fluid one, ``unserved = sum over time of max(load - machines, 0)``.
    """
    problem, bins = seen.problem, seen.load.shape[1]
    groups: list[Members] = []
    load = np.zeros((0, bins))
    machines = np.zeros(0)
    memory = problem.machines
    for atom in np.argsort(-seen.load.sum(axis=1), kind="stable").tolist():
        members, added = seen.atoms[atom], seen.load[atom]
        best: tuple[float, int] | None = None
        for number, group in enumerate(groups):
            joined = union(group, members)
            if memory.resident_gib(np.array(joined)) > host.memory_gib or not problem.may_group(joined):
                continue
            unserved = float(np.maximum(load[number] + added - machines[number] * host.processors, 0.0).sum())
            before = float(np.maximum(load[number] - machines[number] * host.processors, 0.0).sum())
            best = min(best or (np.inf, 0), (unserved - before, number))
        if best is None:
            groups.append(members)
            load = np.vstack([load, added])
            machines = np.append(machines, 1.0)
            number = len(groups) - 1
        else:
            number = best[1]
            groups[number] = union(groups[number], members)
            load[number] += added
        machines[number] = max(machines[number], np.ceil(load[number].max() / host.processors))
    return groups


def _alone(problem: Problem) -> list[list[Members]]:
    return [[atom for atoms in problem.classes for atom in atoms]]


def _by_program(problem: Problem, members: Members) -> Sizing | None:
    """Serve one model on the machine type whose count carries its peak for least, where the objective bears it.

    Mélange's program minimises the price of machine counts that carry all slices of the load. A model here has one size
    of request and its endpoint one machine type, which leaves ``min over types of price * ceil(peak / capacity)``.
    """
    table, index = problem.machines, np.array(members)
    rate = problem.traffic.rate_rps[index].max(axis=1)
    options: list[tuple[float, int, int]] = []
    for k, r in problem.sizer.options(members):
        peak = float(table.work_s[index, table.processor_class[k]] @ rate)
        count = max(1.0, np.ceil(peak / (STATIC_UTILIZATION * table.processors[k])))
        options.append((count * float(table.price_usd_per_h[k, r]), k, r))
    for _, k, r in sorted(options):
        if (found := problem.sizer.size_on(members, k, r)) is not None:
            return found
    return None
