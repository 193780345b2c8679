"""The solver against every partition there is, and the rules its parts keep."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from generator.errors import InfeasibleError
from generator.model import Deployed, Fleet, FloatArray, Limits, Objective, OwnPrices
from generator.solve import Problem, best_packings, fluid_bound, solve
from generator.solve.cover import cover
from generator.solve.packings import PACKED_BINS, PACKINGS, hosts, units
from generator.solve.problem import WEIGHTINGS, Members
from generator.solve.search import search
from tests.fleets import days, fleet, gpu_workload, problem, traffic, workload

# The package gives its function the module's name.
solving = sys.modules[solve.__module__]
ATOMS = tuple((i,) for i in range(6))


def partitions(items: Sequence[int]) -> Iterator[list[Members]]:
    """Every way to divide items into groups."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for divided in partitions(rest):
        yield [(first,), *divided]
        for i, group in enumerate(divided):
            yield [*divided[:i], (first, *group), *divided[i + 1 :]]


def mixed(count: int, seed: int) -> tuple[Fleet, FloatArray]:
    """Return workloads of every kind: some scale to zero, some fill a machine, some have a region."""
    rng = np.random.default_rng(seed)
    workloads = [
        workload(
            f"w{i}",
            memory_gib=float(rng.choice([0.3, 1.5, 2.8])),
            objective=Objective(0.98, float(rng.choice([0.3, 0.5, 40.0]))),
            residency=[(), (), ("Europe",)][rng.integers(3)],
        )
        for i in range(count)
    ]
    rates = days(count, 48, seed=seed) * rng.choice([1e-4, 0.3, 3.0], (count, 1))
    return fleet(workloads), rates


def posed(seed: int, *, count: int = 6, weighting: str = "cheapest", **changes: object) -> Problem:
    one, rates = mixed(count, seed)
    one = replace(one, **changes)
    return problem(one, traffic(one, rates), next(w for name, w in WEIGHTINGS.items() if name == weighting))


def worth(one: Problem, groups: Sequence[Members]) -> float:
    return sum(map(one.worth, groups))


def held_once(groups: Sequence[Members], count: int) -> bool:
    return sorted(i for group in groups for i in group) == list(range(count))


# Against brute force ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("seed", range(8))
def test_small_fleets_are_solved_to_the_optimum(seed: int, weighting: str) -> None:
    solved = solve(posed(seed, weighting=weighting), seed=0)
    fresh = posed(seed, weighting=weighting)
    best = min(worth(fresh, groups) for groups in partitions(range(6)))

    assert solved.worth == pytest.approx(best, rel=1e-4)
    assert held_once([members for members, _ in solved.groups], 6)


def test_a_group_that_is_dearer_for_losing_a_member_is_kept_whole_where_the_optimum_holds_it() -> None:
    solved, fresh = solve(posed(185, count=7, weighting="balanced"), seed=0), posed(185, count=7, weighting="balanced")

    assert solved.worth == pytest.approx(min(worth(fresh, groups) for groups in partitions(range(7))))


def test_limits_and_labels_are_kept_at_the_optimum() -> None:
    one, rates = mixed(6, 11)
    labels = [{"keep_together": "x"}, {"keep_apart": "y"}, {"keep_together": "x"}, {"keep_apart": "y"}, {}, {}]
    workloads = tuple(replace(w, residency=(), **label) for w, label in zip(one.workloads, labels, strict=True))
    one = replace(one, workloads=workloads, limits=Limits(models_per_group=3))
    solved = solve(problem(one, traffic(one, rates)), seed=0)
    fresh = problem(one, traffic(one, rates))
    allowed = [
        groups
        for groups in partitions(range(6))
        if all(len(g) <= 3 and not {1, 3} <= set(g) and ({0, 2} <= set(g) or not {0, 2} & set(g)) for g in groups)
    ]

    assert solved.worth == pytest.approx(min(worth(fresh, groups) for groups in allowed), rel=1e-6)
    assert tuple(sorted(g for g, _ in solved.groups)) in {tuple(sorted(groups)) for groups in allowed}


# The parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sizings", [0, 5, 400])
@pytest.mark.parametrize("whole_groups_first", [False, True])
def test_search_is_never_worse_than_its_start(seed: int, sizings: int, *, whole_groups_first: bool) -> None:
    one = posed(seed, count=12)
    atoms = tuple((i,) for i in range(12))
    start = [group for group in [(0, 1), (2, 3), *atoms[4:]] if one.worth(group) < np.inf]
    start = start if held_once(start, 12) else list(atoms)
    found = search(one, atoms, start, sizings=sizings, seed=seed, whole_groups_first=whole_groups_first)

    assert held_once(found, 12)
    assert worth(one, found) <= worth(one, start) + 1e-12


def test_with_few_looks_groups_that_no_single_move_makes_cheaper_are_emptied_first() -> None:
    count = 36
    one = fleet([workload(f"w{i:02}") for i in range(count)])
    one = replace(one, limits=Limits(models_per_group=4))
    rates = np.full((count, 48), 0.1)
    # Two of three are more than a group may hold, and a replica that serves three serves two at the same price.
    threes = [(i, i + 1, i + 2) for i in range(0, count, 3)]

    def groups(*, whole_groups_first: bool) -> list[Members]:
        posed = problem(one, traffic(one, rates))
        atoms = tuple((i,) for i in range(count))
        return search(posed, atoms, threes, sizings=2 * count, seed=0, whole_groups_first=whole_groups_first)

    assert len(groups(whole_groups_first=True)) == count // 4
    assert len(groups(whole_groups_first=False)) == len(threes)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_no_seed_misses_what_the_common_paths_find(weighting: str) -> None:
    atoms = tuple((i,) for i in range(14))
    fixed = posed(2, count=14, weighting=weighting)
    paths = [search(fixed, atoms, start, sizings=500, seed=0) for _, start in best_packings(fixed, fixed.classes[0], 1)]

    for seed in range(3):
        assert solve(posed(2, count=14, weighting=weighting), seed=seed).worth <= worth(fixed, paths[0]) + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_cover_is_never_worse_than_the_incumbent_and_its_bound_never_above_it(seed: int) -> None:
    one = posed(seed)
    start = list(ATOMS)
    found = cover(one, ATOMS, start, sizings=50)

    assert held_once(found.groups, 6)
    assert found.relaxed <= found.bound + 1e-9 <= worth(one, found.groups) + 2e-9 <= worth(one, start) + 3e-9


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("seed", range(3))
def test_a_packing_holds_every_workload_once_and_breaks_no_rule(packing: str, seed: int) -> None:
    one = posed(seed, count=14, limits=Limits(models_per_group=4, traffic_share_per_group=0.5))
    for atoms in one.classes:
        for setting in PACKINGS[packing].settings:
            for groups in PACKINGS[packing].pack(units(one, atoms), setting, hosts(one, atoms, 4)):
                assert held_once(groups, 14)
                assert all(one.may_group(group) for group in groups)


@pytest.mark.parametrize("bins", [1025, 2047, 2049, 4099])
@pytest.mark.parametrize("at", [0, -2, -1])
def test_no_packing_misses_a_burst_wherever_in_a_long_window_it_is(bins: int, at: int) -> None:
    rates = np.zeros((2, bins))
    rates[0], rates[1, at] = 1.0, 7.0
    one = fleet([workload("steady"), workload("rare")])
    found = units(problem(one, traffic(one, rates)), ((0,), (1,)))

    assert 7.0 == pytest.approx(found.peak()[1] / found.peak()[0])
    assert found.load.shape[1] < 2 * PACKED_BINS


def test_packings_come_cheapest_first_and_can_be_served() -> None:
    one = posed(3, count=14)
    found = [worth(one, groups) for _, groups in best_packings(one, one.classes[0], 5)]

    assert found == sorted(found)
    assert np.isfinite(found).all()


# The solution ----------------------------------------------------------------------------------------------------


def test_every_workload_is_in_one_group_of_its_own_class() -> None:
    pinned = Deployed("sagemaker-multi-model", "ml.medium", "us-east-1")
    workloads = [
        *(workload(f"a{i}") for i in range(3)),
        *(workload(f"b{i}", tenant="x") for i in range(3)),
        *(gpu_workload(f"c{i}", memory_gib=4.0) for i in range(2)),
        workload("d", pin=pinned),
        workload("e", licence="gpl"),
    ]
    one = fleet(workloads)
    posed_ = problem(one, traffic(one, days(10, 48, seed=1)))
    groups = [members for members, _ in solve(posed_, seed=0).groups]

    assert held_once(groups, 10)
    for group in groups:
        assert any(set(group) <= {i for atom in atoms for i in atom} for atoms in posed_.classes)


def test_the_solution_says_what_its_groups_cost_and_bounds_hold() -> None:
    one = posed(2)
    solved = solve(one, seed=0)
    usd = sum(sizing.usd_per_h for _, sizing in solved.groups)

    assert solved.worth == pytest.approx(usd)
    assert solved.gap is not None
    assert solved.gap >= 0.0
    assert 0.0 < fluid_bound(one) <= usd


def test_the_same_seed_solves_the_same_and_progress_ends_at_one() -> None:
    shares: list[float] = []
    others: list[float] = []
    first = solve(posed(4, count=20), seed=3, progress=shares.append)
    second = solve(posed(4, count=20), seed=3, progress=others.append)

    assert first.groups == second.groups
    assert shares == others == sorted(shares)
    assert shares[-1] == 1.0


def test_balanced_pays_for_company_and_cheapest_does_not() -> None:
    cheap, balanced = posed(5), posed(5, weighting="balanced")
    group = next(g for g in partitions(range(6)) if len(g) == 1)[0]
    apart = np.bincount(balanced.community).max() < 6

    assert apart
    assert np.isfinite(cheap.worth((0,)))
    for members in [group, (0, 1), (2, 4)]:
        sizing = balanced.size(members)
        if sizing is not None:
            assert balanced.worth(members) > sizing.usd_per_h
            assert cheap.size(members) is None or cheap.worth(members) <= balanced.worth(members)


def test_an_objective_out_of_reach_is_refused_by_name() -> None:
    one = fleet([workload("fine"), workload("hopeless", objective=Objective(0.99, 0.01))])
    with pytest.raises(InfeasibleError) as raised:
        solve(problem(one, traffic(one, days(2, 24, seed=1))), seed=0)

    assert raised.value.exit_code == 3
    assert raised.value.where == "workload hopeless"
    assert "10 ms" in raised.value.what
    assert "(SLO001)" in raised.value.what


# What must stay together -------------------------------------------------------------------------------------------


def bound_pair(limits: Limits = Limits(), **changes: object) -> Problem:  # noqa: B008
    pair = [workload("a", keep_together="x"), workload("b", keep_together="x")]
    pair = [replace(w, **{name: pick[i] for name, pick in changes.items()}) for i, w in enumerate(pair)]  # type: ignore[index]
    one = fleet([*pair, workload("c")], limits=limits)
    return problem(one, traffic(one, days(3, 48, seed=1)), WEIGHTINGS["resilient"])


@pytest.mark.parametrize(
    ("rule", "limits", "changes"),
    [
        ("GRP001", Limits(), {"tenant": ("t", "u")}),
        ("LIM001", Limits(models_per_group=1), {}),
        ("LIM002", Limits(traffic_share_per_group=0.01), {}),
        ("APT001", Limits(), {"keep_apart": ("y", "y")}),
        ("RES001", Limits(), {"residency": (("Europe",), ("United States",))}),
        ("MEM001", Limits(), {"memory_gib": (20.0, 20.0)}),
    ],
)
def test_what_must_and_may_not_stay_together_is_refused_by_its_rule(
    rule: str, limits: Limits, changes: dict[str, object]
) -> None:
    with pytest.raises(InfeasibleError) as raised:
        bound_pair(limits, **changes)

    assert f"({rule})" in raised.value.what
    assert "'x'" in raised.value.where


@pytest.mark.parametrize("memory_gib", [0.5, 13.5])
def test_what_must_stay_together_is_bound_by_no_mere_wish(memory_gib: float) -> None:
    one = bound_pair(memory_gib=(memory_gib, memory_gib))
    assert one.share[:2].sum() > one.share_limit

    assert (0, 1) in {members for members, _ in solve(one, seed=0).groups}


def test_a_whole_fleet_in_one_group_is_within_a_limit_of_all_its_traffic() -> None:
    for seed in range(30):
        one = fleet([workload(f"w{i}", memory_gib=0.1) for i in range(7)])
        assert problem(one, traffic(one, days(7, 24, seed=seed))).may_group(tuple(range(7)))


def test_an_own_price_moves_the_groups_to_the_machine_it_is_for() -> None:
    one, rates = mixed(6, 1)
    own = OwnPrices(instances={("run-8cpu-16gib", "europe-west1"): 0.001})
    bought = replace(one, prices=own)
    solved = solve(problem(bought, traffic(bought, rates)), seed=0)
    names = {problem(bought, traffic(bought, rates)).machines.instance_types[s.machine].name for _, s in solved.groups}

    assert names == {"run-8cpu-16gib"}


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_worth_below_a_limit_is_the_worth_or_out_of_reach(weighting: str) -> None:
    one, fresh = posed(5, weighting=weighting), posed(5, weighting=weighting)
    for members in [(0,), (0, 1), (1, 2, 3), (0, 1, 2, 3, 4, 5)]:
        worth_ = fresh.worth(members)
        assert one.worth_below(members, worth_) == np.inf
        assert one.worth_below(members, worth_ * 1.001 if np.isfinite(worth_) else 1e9) == worth_


def test_a_class_larger_than_a_block_is_solved_in_parts_that_hold_every_workload_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solving, "BLOCK_ATOMS", 7)
    monkeypatch.setattr(solving, "MAX_ATOMS", 7)
    one = posed(6, count=24)
    parts = solve(one, seed=0)

    assert held_once([members for members, _ in parts.groups], 24)
    assert all(one.may_group(members) for members, _ in parts.groups)
    assert parts.gap is None
    assert parts.worth < sum(one.worth((i,)) for i in range(24))


@pytest.mark.parametrize("seed", range(4))
def test_a_machine_more_never_makes_the_optimum_dearer(seed: int) -> None:
    everything = solve(posed(seed), seed=0)
    used = sorted({posed(seed).machines.instance_types[sizing.machine].name for _, sizing in everything.groups})
    for name in used:
        without = solve(posed(seed, limits=Limits(quotas={name: 0})), seed=0)
        assert everything.worth <= without.worth * (1 + 1e-9)
