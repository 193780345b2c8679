"""Who joins a running layout and who leaves it: which ways there are, and what never changes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from generator.admit import admit
from generator.capacity.machines import machines
from generator.capacity.sizing import Sizing
from generator.errors import InfeasibleError, InputError
from generator.layouts import layout
from generator.membership import join, leave
from generator.membership.running import Running
from generator.model import FloatArray, Group, Inputs, Layout, Membership, Objective, Workload
from generator.solve import solve
from tests import fleets

CATALOG = fleets.catalog()
BINS = 192
SMALL_RATE = fleets.days(6, BINS, seed=3, mean_rps=1.0)


def served(workloads: Sequence[Workload], rates: FloatArray) -> tuple[Inputs, Layout]:
    """Return a fleet and the layout the solver finds for it, without the workload called newcomer."""
    everyone = fleets.inputs(fleets.fleet(workloads), rates)
    running = everyone.without("newcomer")
    problem = fleets.problem(running.fleet, running.planned)
    solution = solve(problem, seed=0)
    return everyone, layout(problem.machines, running.planned, solution.groups, source="solver", method="test")


def fleet_of(newcomer: Workload, rate: float = 1.0) -> tuple[Inputs, Layout]:
    """Return five small models that run, and a newcomer of a mean rate."""
    names = ("a", "b", "c", "d", "e")
    rates = SMALL_RATE.copy()
    rates[-1] *= rate / rates[-1].mean()
    return served([*(fleets.workload(name) for name in names), newcomer], rates)


def joined(inputs: Inputs, running: Layout) -> Membership:
    return join(inputs, CATALOG, running, "newcomer", "cheapest")


@pytest.fixture(scope="module")
def small() -> tuple[Inputs, Layout, Membership]:
    inputs, running = fleet_of(fleets.workload("newcomer"))
    return inputs, running, joined(inputs, running)


def test_groups_not_concerned_keep_every_value(small: tuple[Inputs, Layout, Membership]) -> None:
    _, running, found = small
    for option in found.options:
        concerned = set() if option.former is None else {option.former.name}
        others = {group for group in running.groups if group.name not in concerned}

        assert others == {group for group in option.judged.layout.groups if option.group != group}


def test_every_way_carries_the_verdict_on_the_whole_layout(small: tuple[Inputs, Layout, Membership]) -> None:
    inputs, _, found = small
    table = machines(inputs.fleet, CATALOG)
    for option in found.options:
        judged = admit(option.judged.layout, table, inputs.scored)

        assert judged.cost == option.judged.verdict.cost
        assert judged.violations == option.judged.verdict.violations
        assert {workload.name for workload in inputs.fleet.workloads} == set(judged.workload_attainment)


def test_a_small_newcomer_is_taken_in_as_it_is_for_less_than_a_group_of_its_own(
    small: tuple[Inputs, Layout, Membership],
) -> None:
    _, _, found = small
    cost = {option.kind: option.judged.verdict.cost.expected for option in found.options}

    assert {"as-is", "new"} <= cost.keys()
    assert cost["as-is"] < cost["new"]
    taken = next(option for option in found.options if option.kind == "as-is")
    assert taken.former is not None
    assert taken.group == replace(
        taken.former,
        workloads=(*taken.former.workloads, "newcomer"),
        slots=taken.group.slots if taken.group else 0,
        replica_rps=taken.group.replica_rps if taken.group else 0,
    )


def test_a_busy_newcomer_needs_a_group_to_grow() -> None:
    inputs, running = fleet_of(fleets.workload("newcomer"), rate=120.0)

    found = joined(inputs, running)

    kinds = [option.kind for option in found.options]
    assert "as-is" not in kinds
    assert [one.kind for one in found.barred if one.rule == "SLO001"] == ["as-is"]
    grown = found.options[kinds.index("resized")]
    assert grown.former is not None
    assert grown.group is not None
    vcpus = {name: machine.vcpus for name, machine in CATALOG.instance_types.items()}
    before = vcpus[grown.former.instance_type] * grown.former.max_replicas
    assert before < vcpus[grown.group.instance_type] * grown.group.max_replicas
    assert (grown.former.hosting, grown.former.region) == (grown.group.hosting, grown.group.region)


def test_a_group_that_would_need_much_headroom_leaves_the_newcomer_to_one_that_needs_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inputs, _ = fleet_of(fleets.workload("newcomer"), rate=120.0)
    everyone = inputs.without("newcomer")
    problem = fleets.problem(everyone.fleet, everyone.planned)
    alone = [((i,), sizing) for i in range(5) if (sizing := problem.sizer.size((i,))) is not None]
    running = layout(problem.machines, everyone.planned, alone, source="solver", method="test")
    preferred = resized(joined(inputs, running)).name
    held = Running.sized

    def restless(self: Running, members: tuple[int, ...], like: Group | None = None) -> Sizing | None:
        found = held(self, members, like)
        if found is None or like is None or like.name != preferred:
            return found
        return replace(found, minimum=9 * found.maximum, maximum=9 * found.maximum)

    monkeypatch.setattr(Running, "sized", restless)

    assert preferred != resized(joined(inputs, running)).name


def resized(found: Membership) -> Group:
    (group,) = (option.group for option in found.options if option.kind == "resized")
    assert group is not None
    return group


def test_who_may_share_with_nobody_gets_a_group_and_is_told_the_rule() -> None:
    inputs, running = fleet_of(fleets.gpu_workload("newcomer"))

    found = joined(inputs, running)

    assert ["new"] == [option.kind for option in found.options]
    assert {("as-is", "GRP001"), ("resized", "GRP001")} == {(one.kind, one.rule) for one in found.barred}


def test_a_group_holding_somebody_it_must_be_kept_apart_from_does_not_take_it() -> None:
    names = ("a", "b", "c", "d", "e")
    apart = [fleets.workload(name, keep_apart="x" if name == "a" else None) for name in names]
    inputs, running = served([*apart, fleets.workload("newcomer", keep_apart="x")], SMALL_RATE)
    together = [group.name for group in running.groups if "a" in group.workloads]

    found = joined(inputs, running)

    assert not [option for option in found.options if option.former and option.former.name in together]
    if len(running.groups) == 1:
        assert {"APT001"} == {one.rule for one in found.barred}


def test_who_must_stay_together_with_somebody_joins_them_or_nobody() -> None:
    bound = [fleets.workload(name, keep_together="x" if name == "a" else None) for name in ("a", "b", "c", "d", "e")]
    inputs, running = served([*bound, fleets.workload("newcomer", keep_together="x")], SMALL_RATE)

    found = joined(inputs, running)

    assert found.options
    for option in found.options:
        assert option.group is not None
        assert {"a", "newcomer"} <= set(option.group.workloads)
    assert ("new", "TGT001") in {(one.kind, one.rule) for one in found.barred}


def test_a_newcomer_nothing_can_serve_is_refused_with_the_rule() -> None:
    inputs, running = fleet_of(fleets.workload("newcomer", objective=Objective(0.99, 0.001)))

    with pytest.raises(InfeasibleError, match="SLO001"):
        joined(inputs, running)


def test_a_name_that_would_rename_what_runs_is_refused() -> None:
    everyone = [fleets.workload(name) for name in ("a", "b", "c", "d", "new comer")]
    inputs = fleets.inputs(fleets.fleet([*everyone, fleets.workload("new-comer")]), SMALL_RATE)
    earlier = inputs.without("new-comer")
    problem = fleets.problem(earlier.fleet, earlier.planned)
    running = layout(problem.machines, earlier.planned, solve(problem, seed=0).groups, source="solver", method="test")

    with pytest.raises(InputError, match="called new-comer, as new comer is already"):
        join(inputs, CATALOG, running, "new-comer", "cheapest")


def test_a_new_group_is_named_apart_from_those_there_are() -> None:
    inputs, running = fleet_of(fleets.gpu_workload("newcomer"))
    first, *rest = running.groups
    running = replace(running, groups=(replace(first, name="newcomer"), *rest))

    found = joined(inputs, running)

    names = [group.name for group in found.options[0].judged.layout.groups]
    assert len(names) == len(set(names))
    assert "newcomer" in names


def test_a_resilient_plan_lets_no_group_grow_past_its_share_of_the_traffic() -> None:
    inputs, running = fleet_of(fleets.workload("newcomer"))
    whole = running.groups[0]
    assert len(whole.workloads) == 5

    found = join(inputs, CATALOG, running, "newcomer", "resilient")

    assert ["new"] == [option.kind for option in found.options]
    assert {"LIM002"} == {one.rule for one in found.barred}


def test_as_it_is_means_within_the_memory_the_profile_leaves_free() -> None:
    inputs, running = fleet_of(fleets.workload("newcomer", memory_gib=1.2))

    found = join(inputs, CATALOG, running, "newcomer", "cheapest")
    careful = join(inputs, CATALOG, running, "newcomer", "balanced")

    for membership, share in ((found, 1.0), (careful, 0.9)):
        table = machines(inputs.fleet, CATALOG)
        for option in membership.options:
            assert option.group is not None
            machine = table.machine_index[option.group.hosting, option.group.instance_type]
            members = np.array([i for i, w in enumerate(inputs.fleet.workloads) if w.name in option.group.workloads])
            assert table.fits(members, share)[machine]


def test_who_leaves_takes_nobody_along_and_costs_nothing_more() -> None:
    inputs, running = fleet_of(fleets.workload("newcomer"))
    settled = joined(inputs, running).options[0].judged.layout

    found = leave(inputs, inputs.without("newcomer"), CATALOG, settled, "newcomer", "cheapest")

    concerned = next(group.name for group in settled.groups if "newcomer" in group.workloads)
    untouched = {group for group in settled.groups if group.name != concerned}
    for option in found.options:
        assert untouched == {group for group in option.judged.layout.groups if group.name != concerned}
        assert "newcomer" not in option.judged.verdict.workload_attainment
    least = min(option.judged.verdict.cost.expected for option in found.options)
    assert least <= found.before.verdict.cost.expected


def test_a_group_goes_with_its_last_workload() -> None:
    inputs, running = fleet_of(fleets.gpu_workload("newcomer"))
    settled = joined(inputs, running).options[0].judged.layout

    found = leave(inputs, inputs.without("newcomer"), CATALOG, settled, "newcomer", "cheapest")

    assert ["removed"] == [option.kind for option in found.options]
    assert set(running.groups) == set(found.options[0].judged.layout.groups)
    saved = found.before.verdict.cost.expected - found.options[0].judged.verdict.cost.expected
    assert saved > 0


def test_the_planning_window_alone_decides_who_takes_a_newcomer(small: tuple[Inputs, Layout, Membership]) -> None:
    inputs, running, found = small
    silent = replace(inputs.scored, rate_rps=np.zeros_like(inputs.scored.rate_rps))

    other = joined(replace(inputs, scored=silent), running)

    assert [(o.kind, o.group) for o in found.options] == [(o.kind, o.group) for o in other.options]
