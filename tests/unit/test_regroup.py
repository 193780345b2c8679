"""Whether regrouping pays: what it proposes, what it leaves alone, and when it says to stay."""

from dataclasses import replace

import numpy as np
import pytest

from generator.admit import admit
from generator.correlate import correlate
from generator.errors import InputError
from generator.layouts import layout
from generator.membership import held_back, regroup
from generator.membership.kept import MovingProblem, migration_usd, named
from generator.membership.running import Running
from generator.model import Group, Inputs, Layout, Migration, Regrouping, RegroupOption, Traffic, Verdict
from generator.partition import partition
from generator.solve import solve
from tests import fleets

CATALOG = fleets.catalog()
NAMES = ("a", "b", "c", "d", "e")
BINS = 192
FREE = Migration(0.0, 0.0, 0.0)


def given(mean_rps: float = 1.0, seed: int = 3) -> Inputs:
    rates = fleets.days(len(NAMES), BINS, seed=seed, mean_rps=mean_rps)
    return fleets.inputs(fleets.fleet([fleets.workload(name) for name in NAMES]), rates, bin_s=900.0)


def alone(inputs: Inputs) -> Layout:
    """Return everybody on an endpoint of their own."""
    problem = fleets.problem(inputs.fleet, inputs.planned)
    sized = [((i,), sizing) for i in range(len(NAMES)) if (sizing := problem.size((i,)))]
    return layout(problem.machines, inputs.planned, sized, source="solver", method="test")


def planned(inputs: Inputs) -> Layout:
    """Return the solver's own layout."""
    problem = fleets.problem(inputs.fleet, inputs.planned)
    found = solve(problem, seed=0).groups
    return layout(problem.machines, inputs.planned, found, source="solver", method="test")


@pytest.fixture(scope="module")
def wasteful() -> tuple[Inputs, Layout, Regrouping]:
    inputs = given()
    running = alone(inputs)
    return inputs, running, regroup(inputs, CATALOG, running, "cheapest")


def test_a_wasteful_layout_is_to_be_changed_and_the_figures_are_the_judges(
    wasteful: tuple[Inputs, Layout, Regrouping],
) -> None:
    inputs, running, found = wasteful
    table = fleets.table(inputs.fleet)

    assert found.proposed is not None
    one = found.options[found.proposed]
    before, after = admit(running, table, inputs.scored), admit(one.judged.layout, table, inputs.scored)
    assert before.cost.expected - after.cost.expected == pytest.approx(one.saving_usd_per_h)
    assert one.saving_usd_per_h * 720.0 - one.migration_usd == pytest.approx(one.net_usd)
    assert one.net_usd == max(option.net_usd for option in found.options if option.barred is None)
    assert one.moves
    assert 0.0 < one.migration_usd


def test_every_way_serves_everyone_once_and_names_no_two_groups_alike(
    wasteful: tuple[Inputs, Layout, Regrouping],
) -> None:
    _, running, found = wasteful
    for option in found.options:
        groups = option.judged.layout.groups

        assert sorted(NAMES) == sorted(name for group in groups for name in group.workloads)
        assert len(groups) == len({group.name for group in groups})
        there = {group.name for group in running.groups}
        assert {group.name for group in groups} == (there - set(option.ended)) | set(option.added)


def test_groups_that_no_move_touches_keep_every_value(wasteful: tuple[Inputs, Layout, Regrouping]) -> None:
    _, running, found = wasteful
    former = {group.name: group for group in running.groups}
    for option in found.options:
        for group in option.judged.layout.groups:
            if group.name not in (*option.changed, *option.added):
                assert former[group.name] == group


def test_what_the_solver_planned_itself_is_left_as_it_is() -> None:
    inputs = given()

    found = regroup(inputs, CATALOG, planned(inputs), "cheapest")

    assert found.proposed is None
    assert "pays" in found.reason or "Nothing better" in found.reason


def test_a_horizon_too_short_to_pay_for_the_moves_is_a_reason_to_stay(
    wasteful: tuple[Inputs, Layout, Regrouping],
) -> None:
    inputs, running, _ = wasteful
    dear = Migration(usd_per_move=10_000.0)

    found = regroup(inputs, CATALOG, running, "cheapest", migration=dear)

    assert all(not option.moves for option in found.options if option.kind == "few-moves")
    assert found.proposed is None or not found.options[found.proposed].moves


def test_dearer_moves_are_never_more_moves() -> None:
    inputs = given(mean_rps=8.0, seed=5)
    running = alone(inputs)

    def moves(usd: float) -> int:
        found = regroup(inputs, CATALOG, running, "cheapest", migration=Migration(usd_per_move=usd))
        return sum(len(option.moves) for option in found.options if option.kind == "few-moves")

    counts = [moves(usd) for usd in (0.0, 40.0, 5000.0)]
    assert sorted(counts, reverse=True) == counts
    assert 0 == counts[-1]


def test_a_group_whose_machine_is_gone_is_replaced_whatever_it_costs() -> None:
    inputs = given()
    running = planned(inputs)
    gone = Layout(tuple(replace(g, instance_type="ml.gone") for g in running.groups), "solver", "test")

    found = regroup(inputs, CATALOG, gone, "cheapest")

    assert found.proposed is not None
    machines_taken = {group.instance_type for group in found.options[found.proposed].judged.layout.groups}
    assert "ml.gone" not in machines_taken


def test_missed_objectives_are_repaired_though_it_costs_more() -> None:
    inputs = given(mean_rps=30.0)
    running = planned(inputs)
    small = Layout(tuple(replace(g, max_replicas=1, min_replicas=1) for g in running.groups), "solver", "test")
    before = admit(small, fleets.table(inputs.fleet), inputs.scored)
    assert any(found.rule == "SLO001" for found in before.violations)

    found = regroup(inputs, CATALOG, small, "cheapest")

    assert found.proposed is not None
    assert "objective" in found.reason
    assert found.options[found.proposed].net_usd < 0.0


def test_names_go_to_the_groups_that_share_most_and_stay_in_their_region() -> None:
    inputs = given()
    table = fleets.table(inputs.fleet)

    def group(name: str, members: tuple[str, ...], region: str = "us-east-1") -> Group:
        return Group(name, members, "sagemaker-multi-model", region, "ml.large", 1, 2, 0.5, 8, 160.0)

    former = Layout((group("one", ("a", "b")), group("two", ("c", "d", "e"), "eu-west-1")), "solver", "test")
    running = Running(inputs, table, former, "cheapest")
    machine = table.machine_index["sagemaker-multi-model", "ml.large"]
    here = table.region_index["aws", "us-east-1"]
    sizing = replace(next(s for s in [running.sizing_of(former.groups[0])] if s), machine=machine, region=here)

    names = {g.workloads: g.name for g in named(running, [((0, 1, 2), sizing), ((3, 4), sizing)])}

    assert "one" == names["a", "b", "c"]
    assert names["d", "e"] not in ("one", "two")


def test_a_group_as_it_runs_is_worth_what_it_costs_and_every_other_what_it_takes_to_get_there() -> None:
    inputs = given()
    problem = fleets.problem(inputs.fleet, inputs.planned)
    running = Running(inputs, problem.machines, alone(inputs), "cheapest")
    graph = correlate(inputs.fleet, inputs.planned)
    found = partition(graph, seed=0)
    free, dear = (MovingProblem(graph, found, running, Migration(0.0, 0.0, usd), 100.0) for usd in (0.0, 50.0))

    assert problem.worth((0,)) == dear.worth((0,))
    assert problem.worth((0, 1, 2)) == free.worth((0, 1, 2))
    assert 1.0 == pytest.approx(dear.worth((0, 1, 2)) - free.worth((0, 1, 2)))
    limit = dear.worth((0, 1, 2))
    assert np.inf == dear.worth_below((0, 1, 2), limit * 0.99)
    assert limit == dear.worth_below((0, 1, 2), limit * 1.01)


def test_a_group_is_sized_once_with_and_without_moves() -> None:
    inputs = given()
    problem = fleets.problem(inputs.fleet, inputs.planned)
    running = Running(inputs, problem.machines, alone(inputs), "cheapest")
    graph = correlate(inputs.fleet, inputs.planned)
    moving = MovingProblem(graph, partition(graph, seed=0), running, FREE, 100.0, problem.sizer)

    moving.worth((0, 1, 2))

    assert (0, 1, 2) in problem.sizer.sized


def test_a_migration_is_paid_for_moves_updates_and_handovers() -> None:
    def group(name: str, members: tuple[str, ...]) -> Group:
        return Group(name, members, "sagemaker-multi-model", "us-east-1", "ml.large", 1, 2, 0.5, 8, 160.0)

    before = (group("one", ("a", "b")), group("two", ("c",)), group("three", ("d",)))
    after = (group("one", ("a", "b", "c")), group("three", ("d",)))

    price = migration_usd(before, after, {"one": 3.0, "two": 2.0, "three": 100.0}, Migration(0.5, 10.0, 7.0))

    assert 7.0 + 3.0 * 0.5 + 2.0 * 10.0 == price


def test_what_scores_a_regrouping_decides_nothing_of_it(wasteful: tuple[Inputs, Layout, Regrouping]) -> None:
    inputs, running, found = wasteful
    table = fleets.table(inputs.fleet)
    unseen = replace(inputs.scored, rate_rps=inputs.scored.rate_rps * 100.0)

    other = regroup(inputs, CATALOG, running, "cheapest", unseen=unseen)

    assert (found.proposed, found.reason) == (other.proposed, other.reason)
    assert [option.judged.layout for option in found.options] == [option.judged.layout for option in other.options]
    assert [option.net_usd for option in found.options] == [option.net_usd for option in other.options]
    assert admit(running, table, unseen).cost == other.scored.cost
    for option in other.options:
        assert admit(option.judged.layout, table, unseen).cost == option.scored.cost
        assert option.scored.cost.expected > option.judged.verdict.cost.expected


def test_what_is_held_back_follows_what_is_searched_and_the_scored_window_is_in_neither() -> None:
    inputs = given()
    cut = held_back(inputs)

    assert inputs.planned.window.start == cut.planned.window.start
    assert cut.planned.window.end == cut.scored.window.start
    assert inputs.planned.window.end == cut.scored.window.end == inputs.scored.window.start
    assert (77, 19) == (cut.planned.window.bins, cut.scored.window.bins)
    assert np.array_equal(inputs.planned.rate_rps, np.hstack([cut.planned.rate_rps, cut.scored.rate_rps]))


def test_of_a_long_window_the_last_five_weeks_are_searched_and_the_last_of_them_decides() -> None:
    rates = np.ones((1, 20 * 7))
    inputs = fleets.inputs(fleets.fleet([fleets.workload("a")]), rates, bin_s=86_400.0, planned=0.75)

    cut = held_back(inputs)

    assert (28, 7) == (cut.planned.window.bins, cut.scored.window.bins)
    assert inputs.planned.window.end == cut.scored.window.end


def test_a_planning_window_that_cannot_be_cut_is_refused() -> None:
    inputs = fleets.inputs(fleets.fleet([fleets.workload("a")]), np.ones((1, 6)))

    with pytest.raises(InputError, match="has 3 bins, too few"):
        held_back(inputs)


def burst_before(inputs: Inputs, by: float, every: int) -> Traffic:
    """Return the planning window as it might have been observed before: so much busier in every so many bins."""
    rate = inputs.planned.rate_rps.copy()
    rate[:, ::every] *= by
    return replace(inputs.planned, rate_rps=rate)


def test_groups_may_grow_as_far_as_the_busiest_that_was_ever_observed() -> None:
    inputs = given(mean_rps=30.0)
    running = alone(inputs)

    calm, told = (
        regroup(inputs, CATALOG, running, "cheapest", history=history)
        for history in (inputs.planned, burst_before(inputs, 40.0, BINS))
    )

    def most(found: Regrouping) -> dict[str, dict[str, int]]:
        return {o.kind: {g.name: g.max_replicas for g in o.judged.layout.groups} for o in found.options}

    same = [
        (most(calm)[kind][name], most(told)[kind][name])
        for kind in most(calm).keys() & most(told).keys()
        for name in most(calm)[kind].keys() & most(told)[kind].keys()
    ]
    assert same
    assert all(before <= after for before, after in same)
    assert any(4 * before < after for before, after in same)


def test_a_saving_that_uses_up_what_was_in_time_over_all_that_was_observed_is_barred() -> None:
    inputs = given()
    large = [replace(group, min_replicas=60, max_replicas=60) for group in alone(inputs).groups]
    running = Layout(tuple(large), "solver", "test")
    history = burst_before(inputs, 40.0, 6)
    table = fleets.table(inputs.fleet)

    free, held = (regroup(inputs, CATALOG, running, "cheapest", history=one) for one in (None, history))

    assert free.proposed is not None
    assert held.proposed is None
    assert admit(running, table, history).attainment > 0.999
    for option in held.options:
        assert admit(option.judged.layout, table, history).attainment < 0.99
        assert "over all that was observed" in (option.barred or "")


def bursts_where_it_is_decided(mean_rps: float, by: float) -> tuple[Inputs, Layout]:
    """Return a later window with bursts that none was searched on, and far too large endpoints that bear them."""
    inputs = given(mean_rps)
    rate = inputs.scored.rate_rps.copy()
    rate[:, ::12] *= by
    large = [replace(group, min_replicas=8, max_replicas=60) for group in alone(inputs).groups]
    return replace(inputs, scored=replace(inputs.scored, rate_rps=rate)), Layout(tuple(large), "solver", "test")


def missed_without_headroom(inputs: Inputs, running: Layout, option: RegroupOption) -> int:
    """Count objectives that the same groups miss on the later window as the planning window alone would size them."""
    before = Running(inputs, fleets.table(inputs.fleet), running, "cheapest")
    sized = [
        (members, before.sized(members))
        for g in option.judged.layout.groups
        for members in [before.members(g.workloads)]
    ]
    groups = tuple(before.spelled(members, sizing, f"g{i}") for i, (members, sizing) in enumerate(sized) if sizing)
    return missed(admit(Layout(groups, "solver", "test"), before.machines, inputs.scored))


def missed(verdict: Verdict) -> int:
    return sum(found.rule == "SLO001" for found in verdict.violations)


def test_a_way_that_misses_objectives_where_it_is_decided_gets_the_headroom_that_keeps_them() -> None:
    inputs, running = bursts_where_it_is_decided(mean_rps=8.0, by=1.6)

    found = regroup(inputs, CATALOG, running, "cheapest")

    assert found.proposed is not None
    one = found.options[found.proposed]
    assert one.moves
    assert 0 < missed_without_headroom(inputs, running, one)
    assert 0 == missed(found.before.verdict) == missed(one.judged.verdict)


def test_a_way_that_no_headroom_helps_stays_barred_and_is_shown_without() -> None:
    inputs, running = bursts_where_it_is_decided(mean_rps=1.0, by=6.0)

    found = regroup(inputs, CATALOG, running, "cheapest")

    assert found.proposed is None
    assert found.options
    for option in found.options:
        assert "miss their objective" in (option.barred or "")
        assert missed(option.judged.verdict) == missed_without_headroom(inputs, running, option)


def test_a_way_given_headroom_misses_no_objective_over_all_that_was_observed_that_is_kept_as_the_fleet_runs() -> None:
    inputs, running = bursts_where_it_is_decided(mean_rps=8.0, by=1.6)
    history = burst_before(inputs, 3.0, 24)
    table = fleets.table(inputs.fleet)

    untold, told = (regroup(inputs, CATALOG, running, "cheapest", history=one) for one in (None, history))

    assert untold.proposed is not None
    assert told.proposed is not None
    assert 0 == missed(admit(running, table, history))
    assert 0 < missed(admit(untold.options[untold.proposed].judged.layout, table, history))
    assert 0 == missed(admit(told.options[told.proposed].judged.layout, table, history))
