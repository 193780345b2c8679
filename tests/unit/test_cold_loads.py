"""Models that take turns in memory: Che's approximation beside a simulated cache, and what is made of it."""

import io
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from rich.console import Console

from generator.admit import admit
from generator.capacity.cold_loads import SIZED_STEPS, history, mean_hit_rate, not_loaded, waits_for_load
from generator.capacity.events import latencies
from generator.capacity.sizing import Sizer, Terms
from generator.emit import emit
from generator.files import write_tree
from generator.inventory.fleet_document import LimitsEntry
from generator.model import Fleet, FloatArray, Group, Layout, Limits, Objective, Plan
from generator.pipeline import plan
from generator.present.document import document, layout_of, saved_document
from generator.present.show import show
from generator.replay import Served, replay
from generator.simulate import simulate
from tests.fleets import catalog, days, fleet, gpu_workload, inputs, table, traffic, workload
from tests.layouts import two_clouds
from tests.recorded import of_type, recorded

SMALL = ("sagemaker-multi-model", "ml.small")
PATIENT = Objective(0.95, 25.0)
HOUR_S = 3600.0
PLAIN = Terms()


def turning(count: int, times: float = 20.0, gib: float | None = None, **changes: object) -> Fleet:
    """Return models of 1 GiB, or of mixed sizes, on machines where a few have room; loads take seconds."""
    sizes = np.linspace(0.4, 1.6, count) if gib is None else np.full(count, gib)
    workloads = [
        workload(f"w{i:02d}", memory_gib=float(size), size_gib=float(size), objective=PATIENT, **changes)
        for i, size in enumerate(sizes)
    ]
    return fleet(workloads, limits=Limits(memory_overcommit=times))


def seldom(count: int, bins: int, *, seed: int, mean_s: float) -> FloatArray:
    """Return rates of models asked about once in so many seconds, some far more often than others."""
    rng = np.random.default_rng(seed)
    popularity = 1.0 / (1.0 + np.arange(count)) ** 0.8
    return days(count, bins, seed=seed, mean_rps=1.0) * 0.0 + rng.permutation(popularity)[:, None] / mean_s


def simulated_waits(
    rates: FloatArray, gib: FloatArray, room_gib: float, load_s: FloatArray, *, replicas: int = 1, seed: int = 0
) -> tuple[float, float]:
    """Return the share of requests that wait for a load in a simulated cache, and four standard errors."""
    rng = np.random.default_rng(seed)
    bin_s = 300.0
    counts = rng.poisson(rates * bin_s)
    who = np.concatenate([np.repeat(np.arange(len(rates)), counts[:, t]) for t in range(rates.shape[1])])
    begins = np.repeat(np.arange(rates.shape[1]) * bin_s, counts.sum(axis=0))
    come = begins + rng.uniform(0.0, bin_s, len(begins))
    order = np.argsort(come, kind="stable")
    zero = np.zeros(len(come))
    _, waited = latencies(
        come[order], who[order].astype(np.intp), zero + 1e-3, zero + 1.0, zero, np.zeros(1), np.array([replicas]), 50,
        0.0, np.inf, 0.0, room_gib, gib, load_s, np.zeros(0, dtype=np.intp),
    )  # fmt: skip
    settled = waited[len(waited) // 4 :].astype(float)
    means = settled[: len(settled) // 20 * 20].reshape(20, -1).mean(axis=1)
    return float(settled.mean()), 4.0 * float(means.std(ddof=1)) / math.sqrt(20)


def expected_waits(
    rates: FloatArray, gib: FloatArray, room_gib: float, load_s: FloatArray, *, steps: int = SIZED_STEPS
) -> float:
    one = fleet([workload(f"w{i:02d}") for i in range(len(rates))])
    before = history(traffic(one, rates), np.arange(rates.shape[1]), most_steps=steps)
    waits = not_loaded(before.at_s, before.asked, gib, load_s, room_gib)[:, before.step]
    late = np.arange(rates.shape[1]) >= rates.shape[1] // 4
    return float((rates * waits)[:, late].sum() / rates[:, late].sum())


LOADS = {
    "one size, seldom": (40, 1.0, 10.0, 600.0),
    "one size, often": (40, 1.0, 25.0, 60.0),
    "one size, nearly all fit": (20, 1.0, 18.0, 120.0),
    "one size, few fit": (12, 1.0, 3.6, 300.0),
    "sizes of all kinds": (40, None, 10.0, 300.0),
    "sizes of all kinds, half fit": (30, None, 15.0, 120.0),
}


@pytest.mark.parametrize("case", LOADS)
@pytest.mark.parametrize("rhythm", [False, True], ids=["steady", "by the day"])
def test_ches_approximation_agrees_with_a_simulated_cache(case: str, rhythm: bool) -> None:
    count, size, room_gib, mean_s = LOADS[case]
    gib = np.linspace(0.4, 1.6, count) if size is None else np.full(count, size)
    rates = seldom(count, 2016, seed=1, mean_s=mean_s)
    if rhythm:
        clock = np.arange(2016) / 288 * 2 * np.pi
        phase = np.random.default_rng(2).uniform(0.0, 2 * np.pi, (count, 1))
        rates = rates * np.clip(1.0 + 1.5 * np.sin(clock + phase), 0.0, None)
    load_s = 5.0 * gib
    seen, error = simulated_waits(rates, gib, room_gib, load_s)

    assert seen == pytest.approx(expected_waits(rates, gib, room_gib, load_s), abs=error + 0.01)


def test_bursts_of_one_model_at_a_time_are_followed_as_in_a_simulated_cache() -> None:
    rng, bins = np.random.default_rng(7), 8000
    rates = np.zeros((15, bins))
    for row in rates:
        row[rng.choice(bins, 80, replace=False)] = 0.05
    gib, load_s = np.ones(15), np.full(15, 5.0)
    seen, error = simulated_waits(rates, gib, 5.0, load_s)

    for steps in (SIZED_STEPS, bins):
        assert seen == pytest.approx(expected_waits(rates, gib, 5.0, load_s, steps=steps), abs=error + 0.01)


def test_every_replica_has_the_hit_rate_of_one() -> None:
    rates, gib = seldom(30, 2016, seed=3, mean_s=2.0), np.ones(30)
    one, error = simulated_waits(rates, gib, 12.0, np.full(30, 0.01))
    three, within = simulated_waits(rates, gib, 12.0, np.full(30, 0.01), replicas=3)

    assert one == pytest.approx(three, abs=error + within + 0.02)
    assert one == pytest.approx(expected_waits(rates, gib, 12.0, np.full(30, 0.01)), abs=error + 0.01)


def test_more_room_never_lets_more_requests_wait() -> None:
    rates, gib = days(12, 400, seed=4, mean_rps=0.01), np.linspace(0.4, 1.6, 12)
    waits = [expected_waits(rates, gib, room, np.ones(12)) for room in np.linspace(1.6, 13.0, 30)]

    assert sorted(waits, reverse=True) == waits
    assert 0.0 == waits[-1] < waits[0]


def test_who_was_asked_long_ago_waits_though_nobody_else_asks_now() -> None:
    """Bin by bin everything asked in it would have room; here whoever is first in a bin was pushed out before."""
    rates = np.zeros((10, 480))
    for model in range(10):
        rates[model, model::10] = 1 / 300
    waits = expected_waits(rates, np.ones(10), 3.0, np.zeros(10))

    assert 1.0 - math.exp(-1.0) == pytest.approx(waits)


def test_who_comes_while_a_model_loads_waits_too() -> None:
    rates, gib = seldom(10, 500, seed=5, mean_s=20.0), np.ones(10)
    slow, fast = (expected_waits(rates, gib, 5.0, np.full(10, load_s)) for load_s in (15.0, 0.0))
    seen, error = simulated_waits(rates, gib, 5.0, np.full(10, 15.0))

    assert fast + 0.05 < slow
    assert seen == pytest.approx(slow, abs=error + 0.05)


def judged(one: Fleet, rates: FloatArray, where: tuple[str, str] = SMALL):
    """Return replay and simulation of everybody on one machine."""
    known, seen = table(one), traffic(one, rates)
    served = Served(known.machine_index[where], known.region_index["aws", "us-east-1"], 0.7, 1, 2)  # pyright: ignore
    members = np.arange(len(rates))
    model = replay(known, members, served, seen)
    return model, simulate(known, members, served, seen, model, requests=400_000, seed=0)


@pytest.mark.parametrize("gib", [None, 1.0], ids=["sizes of all kinds", "one size"])
@pytest.mark.parametrize("mean_s", [200.0, 1000.0])
def test_the_judge_s_model_and_the_simulation_agree_where_models_take_turns(gib: float | None, mean_s: float) -> None:
    one = turning(12, gib=gib)
    model, simulated = judged(one, seldom(12, 2016, seed=6, mean_s=mean_s))
    attained = float(model.attainment @ model.requests / model.requests.sum())
    assert model.waits_for_load is not None
    assert simulated.hit_rate is not None
    hit_rate = 1.0 - float(model.waits_for_load.sum() / model.requests.sum())

    assert 0.2 < hit_rate < 0.95
    assert hit_rate == pytest.approx(simulated.hit_rate, abs=0.04)
    assert simulated.low - 0.03 <= attained <= simulated.high + 0.03


def test_a_load_that_outlasts_the_objective_is_late_and_one_that_does_not_is_in_time() -> None:
    rates = seldom(12, 500, seed=7, mean_s=2000.0)
    patient, _ = judged(turning(12, gib=1.0), rates)
    hasty = turning(12, gib=1.0)
    hasty = replace(hasty, workloads=tuple(replace(w, objective=Objective(0.95, 2.0)) for w in hasty.workloads))
    late, simulated = judged(hasty, rates)
    assert late.waits_for_load is not None
    waits = late.waits_for_load / late.requests

    assert (patient.attainment > 0.99).all()
    assert 1.0 - late.attainment == pytest.approx(waits, abs=0.02)
    assert simulated.attainment < 0.9


def test_nobody_is_answered_after_the_edge_gives_up() -> None:
    one = turning(8, gib=1.0)
    large = tuple(replace(w, size_gib=8.0, objective=Objective(0.95, 60.0)) for w in one.workloads)
    late, _ = judged(replace(one, workloads=large), seldom(8, 500, seed=8, mean_s=2000.0))
    assert late.waits_for_load is not None

    assert 1.0 - late.attainment == pytest.approx(late.waits_for_load / late.requests, abs=0.02)


# Leave to take turns ------------------------------------------------------------------------------------------------


def test_models_take_turns_on_multi_model_endpoints_only_and_only_with_leave() -> None:
    members = np.arange(8)
    without, with_leave = table(turning(8, times=1.0, gib=1.0)), table(turning(8, times=4.0, gib=1.0))
    gained = with_leave.fits(members) & ~without.fits(members)

    assert {with_leave.hosting[k] for k in np.flatnonzero(gained)} == {"sagemaker-multi-model"}
    assert (with_leave.fits(members, resident=True) == without.fits(members)).all()


def test_leave_ends_at_its_multiple_and_at_a_model_that_fits_nowhere_alone() -> None:
    room_gib = 0.9 * 4.0 - 0.5
    machine = table(turning(2)).machine_index[SMALL]  # pyright: ignore[reportArgumentType]
    beyond = [table(turning(8, times=times, gib=1.0)) for times in (8 / room_gib - 0.01, 8 / room_gib + 0.01)]
    large = turning(8, gib=1.0)
    large = replace(large, workloads=(replace(large.workloads[0], memory_gib=room_gib + 0.1), *large.workloads[1:]))

    assert [False, True] == [bool(one.fits(np.arange(8))[machine]) for one in beyond]
    assert not table(large).fits(np.arange(8))[machine]


def test_models_take_turns_on_a_gpu_by_its_own_memory() -> None:
    workloads = [gpu_workload(f"g{i}", memory_gib=10.0, objective=PATIENT) for i in range(4)]
    one = table(fleet(workloads, limits=Limits(memory_overcommit=3.0)))
    machine = one.machine_index["sagemaker-multi-model", "ml.a10g"]

    assert one.fits(np.arange(4))[machine]
    assert not one.fits(np.arange(4), resident=True)[machine]
    assert waits_for_load(one, traffic(one.fleet, np.full((4, 48), 0.001)), np.arange(4), machine) is not None


def test_a_patient_idle_group_costs_less_by_turns_and_a_hasty_one_keeps_its_models_loaded() -> None:
    rates = seldom(12, 500, seed=9, mean_s=5000.0)

    def cost(times: float, objective: Objective, terms: Terms = PLAIN) -> tuple[float, bool]:
        one = turning(12, times=times)
        one = replace(one, workloads=tuple(replace(w, objective=objective) for w in one.workloads))
        known = table(one)
        sizing = Sizer(known, traffic(one, rates), terms).size(range(12))
        assert sizing is not None
        return sizing.usd_per_h, bool(known.fits(np.arange(12), resident=True)[sizing.machine])

    hasty = Objective(0.99, 0.5)
    assert (0.1, False) == cost(20.0, PATIENT, Terms(least_replicas=1))
    assert cost(1.0, PATIENT, Terms(least_replicas=1)) == cost(20.0, PATIENT, Terms(least_replicas=1, resident=True))
    assert cost(1.0, PATIENT, Terms(least_replicas=1))[0] > 0.1
    assert cost(1.0, hasty) == cost(20.0, hasty)


def test_the_verdict_tells_hits_waits_and_the_longest_load() -> None:
    one = turning(12)
    names = tuple(w.name for w in one.workloads)
    group = Group("all", names, "sagemaker-multi-model", "us-east-1", "ml.small", 1, 2, 0.7, 2, 40.0)
    seen = traffic(one, seldom(12, 500, seed=10, mean_s=1000.0))
    verdict = admit(Layout((group,), "solver", "hand-made"), table(one), seen, seed=0)
    (found,) = verdict.groups

    assert verdict.violations == ()
    assert found.model_cache is not None
    assert 1.6 / 0.2 == pytest.approx(found.model_cache.longest_load_s)
    requests_per_h = float(seen.rate_rps.sum(axis=0).mean()) * HOUR_S
    assert (1.0 - found.model_cache.hit_rate) * requests_per_h == pytest.approx(found.model_cache.waits_per_h)
    assert found.risk == 4
    assert any("wait for their model to load" in reason for reason in found.risk_reasons)


def test_the_mean_mix_hits_no_more_often_than_traffic_with_a_rhythm() -> None:
    one, known = turning(12, gib=1.0), table(turning(12, gib=1.0))
    machine = known.machine_index[SMALL]  # pyright: ignore[reportArgumentType]
    rates = np.zeros((12, 2016))
    for model in range(12):
        rates[model, model * 168 : (model + 1) * 168] = 0.01
    waits = waits_for_load(known, traffic(one, rates), np.arange(12), machine)
    planned = mean_hit_rate(known, rates.mean(axis=1), np.arange(12), machine)
    assert waits is not None
    assert planned is not None

    assert planned < 1.0 - float((rates * waits).sum() / rates.sum())


# In a plan ----------------------------------------------------------------------------------------------------------


@cache
def planned(times: float) -> Plan:
    """Return the plan of ten models of a GiB or so that only multi-model endpoints can serve, now and then."""
    one = turning(10, times=times, runtime="amazon-only")
    return plan(inputs(one, seldom(10, 576, seed=11, mean_s=3000.0)), catalog())


def told(one: Plan) -> str:
    drawn = io.StringIO()
    show(document(one), Console(file=drawn, width=200))
    return " ".join(drawn.getvalue().split())


def test_a_plan_takes_turns_where_it_may_and_keeps_all_loaded_where_it_may_not_or_is_resilient() -> None:
    cheapest, *_, resilient = planned(20.0).recommendations
    without = planned(1.0).recommendations[0]

    assert all(group.model_cache is None for found in planned(1.0).recommendations for group in found.verdict.groups)
    assert any(group.model_cache is not None for group in cheapest.verdict.groups)
    assert all(group.model_cache is None for group in resilient.verdict.groups)
    assert cheapest.verdict.cost.expected < without.verdict.cost.expected
    assert cheapest.verdict.violations == ()


def test_a_plan_says_how_many_requests_find_their_model_loaded_and_why_not_all() -> None:
    one = planned(20.0)
    (turning_,) = [group for group in one.recommendations[0].verdict.groups if group.model_cache is not None]
    assert turning_.simulated is not None
    why = [row for row in one.why_not if (row.recommendation, row.group) == ("cheapest", turning_.name)]

    assert turning_.simulated.hit_rate is not None
    assert "models take turns in memory" in told(one)
    assert "take turns" not in told(planned(1.0))
    assert ("all models loaded", "CST001") in {(row.subject, row.rule) for row in why}


def test_a_saved_plan_keeps_the_planned_hit_rate_and_one_without_turns_does_not_speak_of_it() -> None:
    saved = saved_document(document(planned(20.0)).text().encode(), "plan.json")
    rates = [group.planned_hit_rate for group in layout_of(saved, "cheapest").groups]

    assert [1] == [sum(rate is not None and 0.0 < rate < 1.0 for rate in rates)]
    assert not {"hit_rate", "model_cache"} & set(document(planned(1.0)).text().replace('"', " ").split())


def test_the_cache_alarm_of_an_emitted_endpoint_fires_below_the_planned_hit_rate(tmp_path: Path) -> None:
    layout, fleet_, catalog_ = two_clouds()
    groups = tuple(replace(g, planned_hit_rate=0.7) if g.name == "images" else g for g in layout.groups)
    program = emit(replace(layout, groups=groups), fleet_, catalog_)
    write_tree(program, tmp_path)
    alarms = of_type(recorded(tmp_path, "prod-aws-us-east-1", "update"), "aws:cloudwatch/metricAlarm:MetricAlarm")
    found = {alarm["name"]: alarm["inputs"] for alarm in alarms}
    misses = found["images-cache-misses"]

    assert (0.56, 3600) == (misses["threshold"], misses["period"])
    assert "More than 44 %" in misses["alarmDescription"]
    assert 98 == found["images-memory"]["threshold"] == found["images-gpu-memory"]["threshold"]
    others = found["retail-usa-cache-misses"], found["retail-usa-memory"]
    assert [0.9, 90] == [alarm["threshold"] for alarm in others]


def test_leave_below_one_or_beyond_reason_is_refused_by_its_field() -> None:
    for wrong in (0.9, 1001.0, float("nan"), "much"):
        with pytest.raises(ValidationError, match="memory_overcommit"):
            LimitsEntry.model_validate({"memory_overcommit": wrong})
    assert 4.0 == LimitsEntry.model_validate({"memory_overcommit": 4.0}).memory_overcommit
