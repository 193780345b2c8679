"""The one judge: a layout that keeps every rule, then one thing broken at a time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from generator.admit import SIMULATED_GROUPS, SIMULATED_REQUESTS, admit
from generator.capacity.machines import Machines, machines
from generator.model import (
    CostItem,
    Deployed,
    Fleet,
    Group,
    Layout,
    Limits,
    Objective,
    OwnPrices,
    ScheduledMinimum,
    Traffic,
    Verdict,
    Workload,
)
from generator.replay import Replay, Served, remembered
from tests.fleets import UNPRICED, catalog, fleet, gpu_workload, table, traffic, workload

RATES = np.vstack([np.full((4, 48), 2.0), np.full((1, 48), 1.0)])
WORKLOADS = (*(workload(name) for name in "abcd"), gpu_workload("g"))
HAPPY = Layout(
    (
        Group("first", ("a", "b"), "sagemaker-multi-model", "us-east-1", "ml.small", 1, 4, 0.7, 2, 40.0),
        Group("second", ("c", "d"), "cloud-run-cpu", "europe-west1", "run-2cpu-4gib", 1, 4, 0.7, 2, 40.0),
        Group("third", ("g",), "sagemaker-multi-model", "us-east-1", "ml.a10g", 1, 2, 0.7, 8, 20.0),
    ),
    "solver",
    "hand-made",
)


def judge(
    layout: Layout = HAPPY, workloads: tuple[Workload, ...] = WORKLOADS, rates: Any = RATES, **changes: Any
) -> Verdict:
    one = fleet(workloads, **changes)
    return admit(layout, table(one), traffic(one, rates))


def changed(number: int, **changes: Any) -> Layout:
    """Return the happy layout with one group's fields replaced."""
    groups = list(HAPPY.groups)
    groups[number] = replace(groups[number], **changes)
    return replace(HAPPY, groups=tuple(groups))


def relabelled(**labels: Any) -> tuple[Workload, ...]:
    """Return the workloads with fields replaced by name."""
    return tuple(replace(w, **labels.get(w.name, {})) for w in WORKLOADS)


def item(verdict: Verdict, name: str) -> CostItem:
    return next(one for one in verdict.items if one.name == name)


def test_a_layout_that_keeps_every_rule_has_no_violation() -> None:
    verdict = judge()

    assert verdict.violations == ()
    assert verdict.attainment > 0.99
    assert set(verdict.workload_attainment) == set("abcdg")


BROKEN: dict[str, tuple[str, str, Callable[[], Verdict]]] = {
    "an unknown name": ("COV001", "first", lambda: judge(changed(0, workloads=("a", "b", "<script>")))),
    "a workload forgotten": ("COV002", "b", lambda: judge(changed(0, workloads=("a",)))),
    "a workload twice": ("COV002", "c", lambda: judge(changed(0, workloads=("a", "b", "c")))),
    "an unknown machine": ("SKU001", "first", lambda: judge(changed(0, instance_type="ml.imagined"))),
    "an unknown region": ("SKU001", "first", lambda: judge(changed(0, region="mars-1"))),
    "a machine not offered there": ("SKU001", "second", lambda: judge(changed(1, region="us-east-1"))),
    "a machine of another hosting kind": ("SKU001", "first", lambda: judge(changed(0, hosting="cloud-run-cpu"))),
    "a target above one": ("SKU001", "first", lambda: judge(changed(0, target_utilization=1.1))),
    "a target that is no number": ("SKU001", "first", lambda: judge(changed(0, target_utilization=float("nan")))),
    "a minimum above the maximum": ("SKU001", "first", lambda: judge(changed(0, min_replicas=5))),
    "no replica at all": ("SKU001", "first", lambda: judge(changed(0, min_replicas=0, max_replicas=0))),
    "a schedule beyond the maximum": (
        "SKU001", "first", lambda: judge(changed(0, schedule=(ScheduledMinimum("all", 8, 5),)))
    ),
    "a schedule where the clock moves nothing": (
        "SKU001", "second", lambda: judge(changed(1, schedule=(ScheduledMinimum("all", 8, 1),)))
    ),
    "an empty group": (
        "SKU001",
        "fourth",
        lambda: judge(replace(HAPPY, groups=(*HAPPY.groups, replace(HAPPY.groups[0], name="fourth", workloads=())))),
    ),
    "two runtimes": ("GRP001", "first", lambda: judge(workloads=relabelled(b={"runtime": "amazon-only"}))),
    "two tenants": ("GRP001", "first", lambda: judge(workloads=relabelled(a={"tenant": "x"}, b={"tenant": "y"}))),
    "two licences": ("GRP001", "first", lambda: judge(workloads=relabelled(a={"licence": "gpl"}))),
    "a region against residency": ("RES001", "first", lambda: judge(workloads=relabelled(a={"residency": ("EU",)}))),
    "a runtime without an image": ("RUN001", "second", lambda: judge(
        workloads=relabelled(c={"runtime": "amazon-only"}, d={"runtime": "amazon-only"})
    )),
    "another machine than the pinned": ("RUN001", "first", lambda: judge(
        workloads=relabelled(a={"pin": Deployed("sagemaker-multi-model", "ml.medium", "us-east-1")})
    )),
    "more models than memory": ("MEM001", "first", lambda: judge(workloads=relabelled(a={"memory_gib": 3.0}))),
    "neighbours to be kept apart": (
        "APT001", "first", lambda: judge(workloads=relabelled(a={"keep_apart": "x"}, b={"keep_apart": "x"}))
    ),
    "companions to be kept together": (
        "TGT001", "first", lambda: judge(workloads=relabelled(a={"keep_together": "x"}, c={"keep_together": "x"}))
    ),
    "more replicas than the quota": ("QTA001", "first", lambda: judge(limits=Limits(quotas={"ml.small": 3}))),
    "more replicas in a region than the quota": (
        "QTA002", "ml.small in us-east-1", lambda: judge(
            replace(HAPPY, groups=(
                replace(HAPPY.groups[0], workloads=("a",)),
                replace(HAPPY.groups[0], name="fourth", workloads=("b",)),
                *HAPPY.groups[1:],
            )),
            limits=Limits(quotas={"ml.small": 7}),
        )
    ),
    "more models than allowed": ("LIM001", "first", lambda: judge(limits=Limits(models_per_group=1))),
    "more traffic than allowed": ("LIM002", "first", lambda: judge(limits=Limits(traffic_share_per_group=0.4))),
    "an objective out of reach": (
        "SLO001", "a", lambda: judge(workloads=relabelled(a={"objective": Objective(0.99, 0.06)}))
    ),
    "more load than replicas": ("SLO001", "a", lambda: judge(changed(0, max_replicas=1), rates=25 * RATES)),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_one_broken_thing_is_found_under_its_rule(case: str) -> None:
    rule, subject, broken = BROKEN[case]
    found = broken().violations

    assert rule in {violation.rule for violation in found if violation.subject == subject}
    assert all(violation.message.endswith(".") for violation in found)


@pytest.mark.parametrize(
    "case",
    [
        "two tenants",
        "two licences",
        "a region against residency",
        "more models than memory",
        "neighbours to be kept apart",
        "more replicas than the quota",
        "more replicas in a region than the quota",
        "an objective out of reach",
    ],
)
def test_one_broken_thing_breaks_one_rule_only(case: str) -> None:
    rule, _, broken = BROKEN[case]

    assert {violation.rule for violation in broken().violations} == {rule}


def test_tenants_that_may_share_do() -> None:
    shared = judge(workloads=relabelled(a={"tenant": "x"}, b={"tenant": "y"}), limits=Limits(tenants_share=True))

    assert shared.violations == ()


def test_a_broken_group_attains_nothing_and_its_cost_is_unknown() -> None:
    verdict = judge(changed(0, instance_type="ml.imagined"))

    assert verdict.workload_attainment["a"] == 0.0
    assert verdict.attainment == pytest.approx(5 / 9, abs=0.01)
    assert verdict.cost.expected == float("inf")
    assert [group.name for group in verdict.groups] == ["second", "third"]


def test_a_layout_of_nothing_is_judged_not_a_failure() -> None:
    verdict = judge(replace(HAPPY, groups=()))

    assert {violation.rule for violation in verdict.violations} == {"COV002", "SLO001"}
    assert verdict.attainment == 0.0


def test_silence_breaks_no_objective() -> None:
    verdict = judge(rates=np.zeros((5, 48)))

    assert verdict.violations == ()
    assert verdict.attainment == 1.0


def test_a_verdict_is_the_same_where_replays_are_remembered() -> None:
    one = fleet(WORKLOADS)
    known, seen = table(one), traffic(one, RATES)
    asked: list[tuple[tuple[int, ...], Served]] = []
    kept = remembered(known, seen, 100)

    def replayed(members: tuple[int, ...], served: Served) -> Replay:
        asked.append((members, served))
        return kept(members, served)

    anew, again = admit(HAPPY, known, seen, seed=1), admit(HAPPY, known, seen, seed=1, replayed=replayed)

    assert (anew.cost, anew.items, anew.workload_attainment) == (again.cost, again.items, again.workload_attainment)
    assert anew.simulated == again.simulated
    assert kept(*asked[0]) is kept(*asked[0])


# Simulation ------------------------------------------------------------------------------------------------------


def test_the_simulation_stands_beside_the_model_for_the_fleet_and_each_group() -> None:
    one = fleet(WORKLOADS)
    verdict = admit(HAPPY, table(one), traffic(one, RATES), seed=1)

    assert judge().simulated is None
    assert verdict.simulated is not None
    assert verdict.simulated.requests > 100_000
    assert verdict.simulated.low <= verdict.simulated.attainment <= verdict.simulated.high
    assert abs(verdict.simulated.attainment - verdict.attainment) < 0.02
    assert all(group.simulated is not None for group in verdict.groups)
    assert verdict.simulated == admit(HAPPY, table(one), traffic(one, RATES), seed=1).simulated


def test_of_many_groups_a_sample_is_simulated() -> None:
    names = [f"w{i:03d}" for i in range(100)]
    one = fleet([workload(name) for name in names])
    alone = tuple(replace(HAPPY.groups[0], name=name, workloads=(name,)) for name in names)
    rates = np.geomspace(0.01, 10.0, 100)[:, None] * np.ones(48)
    verdict = admit(replace(HAPPY, groups=alone), table(one), traffic(one, rates), seed=1)
    seen = [group.simulated is not None for group in verdict.groups]

    assert verdict.simulated is not None
    assert sum(seen) == SIMULATED_GROUPS
    assert all(seen[-SIMULATED_GROUPS // 2 :])
    assert verdict.simulated.requests <= 1.5 * SIMULATED_REQUESTS
    assert verdict.simulated.low <= verdict.attainment <= verdict.simulated.high + 0.01


# Money -----------------------------------------------------------------------------------------------------------


def test_the_cost_is_machines_and_what_else_has_a_price() -> None:
    verdict = judge()
    priced = sum(one.usd_per_h for one in verdict.items if one.usd_per_h is not None)

    assert item(verdict, "machines").usd_per_h == pytest.approx(0.1 + 0.14 * 1.1 + 1.4)
    assert verdict.cost.expected == pytest.approx(priced)
    assert verdict.cost.floor <= verdict.cost.expected <= verdict.cost.ceiling
    assert verdict.cost.ceiling - verdict.cost.floor == pytest.approx(3 * 0.1 + 3 * 0.14 * 1.1 + 1.4)


def test_what_has_no_price_is_listed_without_one() -> None:
    unpriced = {one.name for one in judge().items if one.usd_per_h is None}

    assert unpriced == {"edge requests on aws", "edge requests on gcp", "alarms on aws", "alarms on gcp"}
    assert all("no price known" in one.note for one in judge().items if one.usd_per_h is None)


def test_own_prices_turn_the_unpriced_into_figures() -> None:
    own = OwnPrices(edge_usd_per_million={"aws": 1.0, "gcp": 2.0}, alarm_usd_per_month={"aws": 0.1, "gcp": 0.73})
    verdict = judge(prices=own)

    assert item(verdict, "edge requests on aws").usd_per_h == pytest.approx(5.0 * 3600 / 1e6)
    assert item(verdict, "edge requests on gcp").usd_per_h == pytest.approx(2 * 4.0 * 3600 / 1e6)
    assert item(verdict, "alarms on gcp").usd_per_h == pytest.approx(0.73 * (7 + 2 * 2) / 730)
    assert all(one.usd_per_h is not None for one in verdict.items)
    assert verdict.cost.expected == pytest.approx(sum(one.usd_per_h or 0.0 for one in verdict.items))


def test_egress_counts_where_it_has_a_price_and_is_listed_where_not() -> None:
    talking = tuple(replace(w, response_kib=1024.0) for w in WORKLOADS)
    europe = judge(changed(0, region="eu-west-1"), workloads=talking)

    assert item(judge(workloads=talking), "egress from aws").usd_per_h == pytest.approx(5.0 * 3600 * 0.09 / 1024)
    assert item(europe, "egress from aws").usd_per_h == pytest.approx(1.0 * 3600 * 0.09 / 1024)
    assert item(europe, "egress from eu-west-1").usd_per_h is None


def pinned_without_price(prices: OwnPrices) -> Verdict:
    pin = Deployed("sagemaker-multi-model", UNPRICED.name, "us-east-1")
    layout = changed(0, instance_type=UNPRICED.name)
    return judge(layout, workloads=relabelled(a={"pin": pin}, b={"pin": pin}), prices=prices)


def test_a_pinned_machine_without_a_price_is_an_item_of_its_own_and_no_bargain() -> None:
    verdict = pinned_without_price(OwnPrices())

    assert item(verdict, "machines of first").usd_per_h is None
    assert item(verdict, "machines of first").note == "nobody publishes one"
    assert item(verdict, "machines").usd_per_h == pytest.approx(0.14 * 1.1 + 1.4)
    assert verdict.violations == ()


@pytest.mark.parametrize("region", ["us-east-1", None])
def test_an_own_price_of_a_pinned_machine_is_counted(region: str | None) -> None:
    verdict = pinned_without_price(OwnPrices(instances={(UNPRICED.name, region): 0.5}))

    assert item(verdict, "machines").usd_per_h == pytest.approx(0.5 + 0.14 * 1.1 + 1.4)
    assert "machines of first" not in {one.name for one in verdict.items}


def test_estimated_prices_are_said_to_be() -> None:
    known = catalog()
    guessed = tuple(
        replace(o, price=replace(o.price, estimated=True)) if o.instance_type.name == "ml.a10g" else o
        for o in known.offerings
    )
    one = fleet(WORKLOADS)
    verdict = admit(HAPPY, machines(one, replace(known, offerings=guessed)), traffic(one, RATES))

    assert item(verdict, "machines").estimated
    assert item(verdict, "machines").note == "85% of it at estimated prices"
    assert not item(judge(), "machines").estimated


# Risk and slack ----------------------------------------------------------------------------------------------------


def reasons(verdict: Verdict, number: int) -> str:
    return " ".join(verdict.groups[number].risk_reasons)


def test_risk_is_the_worst_of_its_five_readings() -> None:
    verdict = judge()

    assert verdict.risk == max(group.risk for group in verdict.groups)
    assert "44% of the fleet's requests depend on it" in reasons(verdict, 0)
    assert verdict.groups[0].risk == 2


def test_full_memory_busy_replicas_and_cold_starts_raise_the_risk() -> None:
    full = judge(workloads=relabelled(a={"memory_gib": 2.6}))
    busy = judge(changed(0, target_utilization=0.9, max_replicas=2), rates=17 * RATES)
    cold = judge(changed(1, min_replicas=0), rates=RATES / 5000)

    assert (full.groups[0].risk, "fill 100%" in reasons(full, 0)) == (3, True)
    assert busy.groups[0].risk == 3
    assert "85% busy" in reasons(busy, 0)
    assert "the peak fills 85%" in reasons(busy, 0)
    assert cold.groups[1].risk == 4
    assert "start cold" in reasons(cold, 1)


def test_slack_is_the_dear_capacity_that_is_not_used() -> None:
    assert 0.0 < judge(rates=3 * RATES).slack < judge().slack < 1.0


def test_the_judge_changes_nothing_it_is_given() -> None:
    one: Fleet = fleet(WORKLOADS)
    known: Machines = table(one)
    seen: Traffic = traffic(one, RATES)
    seen.rate_rps.flags.writeable = False

    assert admit(HAPPY, known, seen).items == admit(HAPPY, known, seen).items


def test_by_the_clock_the_floor_of_the_cost_is_the_week_s_mean_minimum() -> None:
    entries = (ScheduledMinimum("weekdays", 8, 3), ScheduledMinimum("weekdays", 20, 1))
    plain, timed = judge(), judge(changed(0, schedule=entries))
    price = plain.groups[0].cost.floor

    assert timed.violations == ()
    assert timed.groups[0].cost.floor == pytest.approx(price * (3 * 5 * 12 + 108) / 168)
    assert timed.groups[0].cost.floor <= timed.groups[0].cost.expected + 2 * price
