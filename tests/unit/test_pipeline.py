"""The method whole, on small synthetic fleets."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from generator.backtest import Lesson
from generator.errors import InfeasibleError
from generator.load import load
from generator.model import Deployed, Fleet, FloatArray, Group, Limits, Objective, Plan, Traffic
from generator.pipeline import plan
from generator.present.document import document
from tests.fleets import catalog, days, fleet, gpu_workload, inputs, workload
from tests.inventories import changed, small_catalog, wide_csv, write_fleet

NAMES = tuple(f"w{i}" for i in range(7))


def planned(one: Fleet, rates: FloatArray, **options: float) -> Plan:
    return plan(inputs(one, rates, **options), catalog())


@cache
def ordinary() -> Plan:
    """Return the plan of seven workloads, three of which carry labels."""
    labels = {"w0": {"keep_together": "x"}, "w1": {"keep_together": "x"}, "w2": {"keep_apart": "y"}}
    labels |= {"w3": {"keep_apart": "y"}, "w4": {"residency": ("Europe",)}}
    workloads = [replace(workload(name), **labels.get(name, {})) for name in NAMES]
    return planned(fleet(workloads), days(7, 144, seed=1))


def group_of(one: Plan, name: str) -> list[Group]:
    """Return the workload's group in each recommendation."""
    return [group for r in one.recommendations for group in r.layout.groups if name in group.workloads]


def layouts(one: Plan) -> list[tuple[Group, ...]]:
    return [r.layout.groups for r in one.recommendations]


def rules(one: Plan) -> set[str]:
    return {violation.rule for r in one.recommendations for violation in r.verdict.violations}


# What every plan holds ---------------------------------------------------------------------------------------------


def test_every_workload_is_in_exactly_one_group_of_every_layout() -> None:
    one = ordinary()
    for groups in [*layouts(one), one.baseline.layout.groups]:
        assert sorted(name for group in groups for name in group.workloads) == list(NAMES)
        assert len({group.name for group in groups}) == len(groups)


def test_only_objectives_can_be_missed_on_the_later_window() -> None:
    assert rules(ordinary()) <= {"SLO001"}


def test_profiles_differ_in_what_they_are_for() -> None:
    found = {r.profile: r for r in ordinary().recommendations}

    assert found["cheapest"].verdict.cost.expected < found["resilient"].verdict.cost.expected
    assert all(group.min_replicas >= 2 for group in found["resilient"].layout.groups)
    assert found["cheapest"].saving_vs_baseline > 0.3


def test_the_baseline_is_one_endpoint_each() -> None:
    one = ordinary()

    assert all(len(group.workloads) == 1 for group in one.baseline.layout.groups)
    for r in one.recommendations:
        assert r.saving_vs_baseline == pytest.approx(1 - r.verdict.cost.expected / one.baseline.verdict.cost.expected)


def test_labels_and_residency_hold_in_every_recommendation() -> None:
    one = ordinary()

    assert group_of(one, "w0") == group_of(one, "w1")
    assert all(a is not b for a, b in zip(group_of(one, "w2"), group_of(one, "w3"), strict=True))
    assert {group.region for group in group_of(one, "w4")} <= {"eu-west-1", "europe-west1"}


def test_why_not_speaks_of_recommended_groups() -> None:
    one = ordinary()
    known = {(r.profile, group.name) for r in one.recommendations for group in r.layout.groups}

    assert one.why_not
    assert {(row.recommendation, row.group) for row in one.why_not} <= known


def test_progress_names_its_stages_and_stays_within_its_shares() -> None:
    seen: list[tuple[str, float]] = []
    plan(inputs(fleet([workload("a")]), days(1, 48, seed=1)), catalog(), progress=lambda *step: seen.append(step))

    assert seen[0] == ("reading the machines", 0.0)
    assert seen[-1] == ("judging", 1.0)
    assert all(0.0 <= share <= 1.0 for _, share in seen)


# The same again ----------------------------------------------------------------------------------------------------


@pytest.mark.engine
def test_another_process_writes_the_same_plan_to_the_byte() -> None:
    program = (
        "from tests.fleets import *\n"
        "from generator.pipeline import plan\n"
        "from generator.present.document import document\n"
        "one = fleet([workload(f'w{i}', cohort='ab'[i % 2]) for i in range(8)])\n"
        "print(document(plan(inputs(one, days(8, 96, seed=3)), catalog())).text())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in "12"
    ]

    assert len(said[0]) > 1000
    assert said[0] == said[1]


def test_the_order_of_the_inventory_does_not_matter(tmp_path: Path) -> None:
    series = dict(zip("abcd", np.round(days(4, 100, seed=2), 6).tolist(), strict=True))

    def text(order: str) -> str:
        folder = tmp_path / order
        folder.mkdir()
        entries = [{"name": name, "artifact": f"{name}.tar.gz"} for name in order]
        write_fleet(folder, changed((["workloads"], entries)), wide_csv({name: series[name] for name in order}))
        return document(plan(load(folder, small_catalog()), small_catalog())).text()

    assert text("abcd") == text("cadb")


@pytest.mark.parametrize(("packed", "searched", "method"), [(3.0, 1.0, "search"), (1.0, 3.0, "packing")])
def test_of_a_packing_and_a_search_that_held_alike_the_one_that_is_cheaper_made_anew_is_taken(
    packed: float, searched: float, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = Lesson(packed, packing="memory first fit", searched=Lesson(searched))
    monkeypatch.setattr("generator.pipeline.backtest", lambda *_about, **_how: lesson)

    one = planned(fleet([workload(name) for name in NAMES]), 40.0 * days(7, 144, seed=1))

    assert {method} == {r.layout.method.split()[0].strip(":") for r in one.recommendations}


def test_the_plan_never_sees_the_window_it_is_scored_on() -> None:
    one = fleet([workload(name) for name in NAMES])
    given = inputs(one, days(7, 96, seed=5))
    crowded: Traffic = replace(given.scored, rate_rps=given.scored.rate_rps * 7)
    first, second = plan(given, catalog()), plan(replace(given, scored=crowded), catalog())

    assert layouts(first) == layouts(second)
    assert first.recommendations[0].verdict.attainment > second.recommendations[0].verdict.attainment


# Terms -------------------------------------------------------------------------------------------------------------


def test_a_pinned_workload_runs_where_and_on_what_it_is_pinned_to() -> None:
    pin = Deployed("cloud-run-cpu", "run-8cpu-16gib", "europe-west1")
    one = planned(fleet([workload("a", pin=pin), workload("b")]), days(2, 48, seed=1))

    assert {(g.hosting, g.instance_type, g.region) for g in group_of(one, "a")} == {
        ("cloud-run-cpu", "run-8cpu-16gib", "europe-west1")
    }
    assert all(group.workloads == ("a",) for group in group_of(one, "a"))


@pytest.mark.parametrize(("share", "together"), [(False, False), (True, True)])
def test_tenants_share_an_endpoint_only_where_the_fleet_says_so(share: bool, together: bool) -> None:
    workloads = [workload("a", tenant="x"), workload("b", tenant="y")]
    one = planned(fleet(workloads, limits=Limits(tenants_share=share)), np.full((2, 48), 0.1))
    cheapest = one.recommendations[0].layout.groups

    assert any(set(group.workloads) == {"a", "b"} for group in cheapest) == together


def test_a_profile_the_quotas_bar_is_left_out_and_said_to_be() -> None:
    quotas = dict.fromkeys(catalog().instance_types, 1)
    one = planned(fleet([workload("a"), workload("b")], limits=Limits(quotas=quotas)), np.full((2, 96), 40.0))

    assert "resilient" not in {r.profile for r in one.recommendations}
    assert one.note is not None
    assert "resilient is not possible: workload a" in one.note


def test_headroom_gives_way_to_a_quota_that_the_load_itself_keeps() -> None:
    quotas = dict.fromkeys(catalog().instance_types, 2)
    one = planned(fleet([workload("a")], limits=Limits(quotas=quotas)), np.full((1, 96), 220.0))

    assert one.recommendations[0].verdict.violations == ()


def test_a_fleet_beyond_every_quota_is_infeasible() -> None:
    quotas = dict.fromkeys(catalog().instance_types, 1)
    with pytest.raises(InfeasibleError) as raised:
        planned(fleet([workload("a")], limits=Limits(quotas=quotas)), np.full((1, 96), 5000.0))

    assert raised.value.exit_code == 3
    assert "raise the quota" in raised.value.remedy


def test_what_must_stay_together_is_no_reason_to_fail() -> None:
    pair = [workload("a", keep_together="x"), workload("b", keep_together="x")]
    one = planned(fleet(pair), days(2, 96, seed=1))

    assert {group.workloads for group in group_of(one, "a")} == {("a", "b")}
    assert "resilient" in {r.profile for r in one.recommendations}


def test_what_runs_today_is_judged_beside_the_rest() -> None:
    today = Deployed("sagemaker-multi-model", "ml.large", "us-east-1", 2)
    one = planned(fleet([workload(name, current=today) for name in "ab"]), days(2, 48, seed=1))

    assert one.current is not None
    assert one.current.verdict.cost.expected == pytest.approx(2 * 2 * 0.42)
    assert one.recommendations[0].saving_vs_current == pytest.approx(
        1 - one.recommendations[0].verdict.cost.expected / (4 * 0.42)
    )
    assert ordinary().current is None


# Odd fleets ----------------------------------------------------------------------------------------------------------

HOSTILE = (
    "",
    "../../etc",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "\x1b[31m\u202e",
    "a b",
    "a-b",
    "日本語",
    "o" * 300,
)


def test_hostile_names_come_out_as_slugs_and_nothing_else_changes() -> None:
    rates = days(len(HOSTILE), 48, seed=6)
    hostile = planned(fleet([workload(name) for name in HOSTILE]), rates)
    for groups in [*layouts(hostile), hostile.baseline.layout.groups]:
        assert sorted(name for group in groups for name in group.workloads) == sorted(HOSTILE)
        assert len({group.name for group in groups}) == len(groups)
        assert all(group.name.replace("-", "").isalnum() and group.name.isascii() for group in groups)


ODD: dict[str, FloatArray] = {
    "constant": np.full((3, 48), 2.0),
    "silent": np.zeros((3, 48)),
    "identical": np.tile(days(1, 48, seed=7), (3, 1)),
    "silent while planned": np.hstack([np.zeros((3, 24)), np.full((3, 24), 2.0)]),
    "silent while scored": np.hstack([np.full((3, 24), 2.0), np.zeros((3, 24))]),
    "one silent workload": days(3, 48, seed=8) * np.array([[1.0], [0.0], [1.0]]),
    "one request ever": np.where(np.arange(48) == 5, 1 / 300, np.zeros((3, 48))),
    "a single workload": days(1, 48, seed=9),
    "enormous": 1e3 * days(3, 48, seed=10),
    "wildly scaled": days(3, 48, seed=14) * np.array([[1e-9], [1.0], [1e3]]),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("bin_s", [60.0, 3600.0])
def test_odd_traffic_is_planned_all_the_same(odd: str, bin_s: float) -> None:
    rates = ODD[odd]
    one = planned(fleet([workload(f"w{i}") for i in range(len(rates))]), rates, bin_s=bin_s)

    assert one.recommendations
    assert rules(one) <= {"SLO001"}
    for r in one.recommendations:
        figures = [r.verdict.cost.floor, r.verdict.cost.expected, r.verdict.cost.ceiling, r.verdict.attainment]
        assert np.isfinite(figures).all()
        assert r.verdict.cost.floor <= r.verdict.cost.expected + 1e-9 <= r.verdict.cost.ceiling + 2e-9


def test_a_fleet_in_which_nobody_may_share_is_planned_one_by_one() -> None:
    one = planned(fleet([workload(f"w{i}", tenant=f"t{i}") for i in range(4)]), days(4, 96, seed=15))

    assert all(len(group.workloads) == 1 for groups in layouts(one) for group in groups)
    assert all(r.saving_vs_baseline == pytest.approx(0.0) for r in one.recommendations[:1])


def test_a_fleet_that_keeps_growing_is_served_on_the_later_window_too() -> None:
    """The later part of the planning window stands to the early one as what comes after it stands to the whole."""
    growth = np.linspace(1.0, 4.0, 480)
    one = planned(fleet([workload(f"w{i}") for i in range(3)]), growth * days(3, 480, seed=17, mean_rps=10.0))

    assert set() == rules(one)
    for r in one.recommendations:
        later = max(float(group.load.max() / group.replicas.max()) for group in r.verdict.groups)
        assert later <= 1.0


def test_a_quarter_of_a_million_bins_are_planned() -> None:
    one = planned(fleet([workload("a"), workload("b")]), np.tile(days(2, 96, seed=16), (1, 2604)), bin_s=60.0)

    assert one.recommendations[0].verdict.groups[0].load.shape == (124_992,)
    assert rules(one) <= {"SLO001"}


def test_fewer_than_three_distinct_recommendations_are_explained() -> None:
    one = planned(fleet([workload(name) for name in "abc"]), np.ones((3, 48)))

    assert len(one.recommendations) < 3
    assert one.note is not None
    assert one.note.startswith(f"{len(one.recommendations)} distinct recommendation")
    assert "balanced is the same layout as cheapest" in one.note


def test_three_distinct_recommendations_need_no_note() -> None:
    one = ordinary()

    assert [r.profile for r in one.recommendations] == ["cheapest", "balanced", "resilient"]
    assert one.note is None


def test_a_gpu_fleet_shares_weights_and_runs_on_gpus() -> None:
    clients = [gpu_workload(f"c{i}", artifact="llm", memory_gib=15.0) for i in range(4)]
    one = planned(fleet([*clients, gpu_workload("large", memory_gib=60.0)]), days(5, 48, seed=11, mean_rps=1.0))

    assert rules(one) <= {"SLO001"}
    assert {g.instance_type for g in group_of(one, "large")} == {"ml.4xa10g"}
    assert max(len(group.workloads) for group in one.recommendations[0].layout.groups) > 1


def test_cpu_and_gpu_workloads_are_planned_side_by_side() -> None:
    one = planned(fleet([workload("cpu"), gpu_workload("gpu")]), days(2, 48, seed=12, mean_rps=1.0))

    assert {len(groups) for groups in layouts(one)} == {2}


@pytest.mark.parametrize("objective", [Objective(0.999, 0.5), Objective(0.99, 0.25), Objective(0.5, 30.0)])
def test_strict_and_lax_objectives_are_planned_for(objective: Objective) -> None:
    one = planned(fleet([workload(name, objective=objective) for name in "abc"]), days(3, 192, seed=13))

    assert one.recommendations[-1].verdict.attainment > objective.percentile - 0.01
