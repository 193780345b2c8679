"""A believable plan made by hand: six models, both clouds, three recommendations, and names that mean harm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from generator.model import (
    Advice,
    Communities,
    CorrelationGraph,
    CostInterval,
    CostItem,
    Environment,
    Fleet,
    Group,
    GroupVerdict,
    Hosting,
    Image,
    Inputs,
    Judged,
    Layout,
    Ledger,
    LedgerEntry,
    Limits,
    Objective,
    OwnPrices,
    Plan,
    Profile,
    Recommendation,
    Runtime,
    ServiceTime,
    Traffic,
    Usage,
    Verdict,
    Violation,
    WhyNot,
    Window,
    Workload,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
BINS = 96
NAMES = ("ads", "checkout", "fraud", "search", "similar", "trends")
# One for each place a name ends up in: markup, script, attribute, template, formula, terminal, direction, mathematics.
HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "[bold red]x[/bold red] [link=evil]y[/link]",
    "{{ 7*7 }}{% raw %}",
    "a\x1b[31m\x07\u202eb\u200b",
    "$\\frac{1}{0}$ & co",
)


def plan(names: tuple[str, ...] = NAMES) -> Plan:
    """Return a plan of six models under these names, in their sorted order."""
    names = tuple(sorted(names))
    workloads = tuple(_workload(name) for name in names)
    clouds = {
        "aws": Environment("prod", "aws", "123456789012", "artifacts-{region}", "Z1", "models.example.com", "cert"),
        "gcp": Environment("prod", "gcp", "a-project", "artifacts-{region}", "zone", "models.example.com", "map"),
    }
    image = Image("registry/{region}/sklearn:1", 8080, "/ping", "/invocations", ("sagemaker-multi-model",))
    fleet = Fleet(
        name="demo",
        workloads=workloads,
        runtimes={"sklearn": Runtime("sklearn", {"aws": image})},
        environment="prod",
        environments={"aws": clouds["aws"], "gcp": clouds["gcp"]},
        regions=(("aws", "us-east-1"), ("gcp", "europe-west1")),
        places={},
        limits=Limits(),
        prices=OwnPrices(),
        assumptions=("Assumed of every workload: a request takes 0.05 s on ml.c6i.xlarge.",),
    )
    planned, scored = _traffic(names, START), _traffic(names, START + timedelta(days=1))
    cheapest = _judged(names, "cheapest", scored)
    baseline = _alone(names, scored)
    found: list[Recommendation] = []
    for profile in ("cheapest", "balanced", "resilient"):
        judged = cheapest if profile == "cheapest" else _judged(names, profile, scored)
        saving = 1 - judged.verdict.cost.expected / baseline.verdict.cost.expected
        found.append(Recommendation(profile, judged.layout, judged.verdict, saving, None))
    return Plan(
        inputs=Inputs(fleet, planned, scored),
        seed=7,
        catalog_as_of="2026-02",
        correlation=_correlation(names),
        communities=Communities(((0, 1, 2), (3, 4), (5,)), 0.41, 1.0),
        baseline=baseline,
        current=None,
        recommendations=tuple(found),
        why_not=(
            WhyNot("balanced", "shop-b", "us-west-2", "RES001", f"{names[0]} may not be processed there."),
            WhyNot(
                "balanced", "shop-a", "ml.c6i.large", "MEM001", "the models need 5.1 GiB; it leaves 3.6 GiB for them."
            ),
            WhyNot("cheapest", "shop-a", "gcp", "RES001", "no allowed gcp region satisfies every member's residency."),
        ),
        gap=0.013,
        fluid_bound_usd_per_h=0.021,
        note=None,
        ledger=LEDGER,
    )


LEDGER = Ledger(
    seat="offline proposer (rules, no language model)",
    source="offline",
    entries=(
        LedgerEntry("cheapest", "tied", 0.0661, 0.0661, 0.0, "it is the solver's own layout", Usage()),
        LedgerEntry("balanced", "won", 0.0902, 0.0884, -0.02, "it is worth 2.00% less USD/h", Usage(2, 0, 900, 80)),
        LedgerEntry("resilient", "lost", 0.14, 0.161, 0.15, "it is worth 15.00% more USD/h", Usage(2, 0, 900, 80)),
    ),
    advice=Advice("balanced", {"balanced": "2 groups at 64.53 USD a month; risk 2 of 4."}, None, Usage()),
)


def with_today(one: Plan) -> Plan:
    """Return the plan of a fleet that says what runs today, a part of it on a machine the catalogue does not know."""
    names = tuple(workload.name for workload in one.inputs.fleet.workloads)
    today = _alone(names, one.inputs.scored)
    verdict = replace(
        today.verdict,
        cost=CostInterval(float("inf"), float("inf"), float("inf")),
        groups=today.verdict.groups[1:],
        violations=(Violation("SKU001", "alone-0", f"{names[0]} runs on what the catalogue does not have."),),
    )
    found = tuple(replace(r, saving_vs_current=0.9) for r in one.recommendations)
    return replace(one, current=Judged(today.layout, verdict), recommendations=found)


def _workload(name: str) -> Workload:
    return Workload(
        name=name,
        version="1",
        artifact="models/one/1.tar.gz",
        runtime="sklearn",
        size_gib=0.2,
        memory_gib=0.5,
        accelerator="none",
        service=ServiceTime("ml.c6i.xlarge", 0.05),
        objective=Objective(0.99, 0.3),
        path="/model",
    )


def _traffic(names: tuple[str, ...], start: datetime) -> Traffic:
    hours = np.arange(BINS) / 4
    rate = np.array([5 + 4 * (i + 1) * (1 + np.sin((hours + 4 * i) * np.pi / 12)) for i in range(len(names))])
    return Traffic(names, rate, np.ones(len(names)), Window(start, start + timedelta(minutes=15 * BINS), 900.0))


def _correlation(names: tuple[str, ...]) -> CorrelationGraph:
    first, second, correlation = zip(
        *((0, 1, 0.8), (0, 5, -0.4), (1, 2, 0.6), (2, 3, 0.1), (3, 4, 0.7)),
        strict=True,
    )
    return CorrelationGraph(
        names=names,
        first=np.array(first),
        second=np.array(second),
        correlation=np.array(correlation),
        affinity=np.full(5, 0.5),
        weight=np.maximum(correlation, 0.0) * 0.75,
        classes=((0, 1, 2, 3, 4, 5),),
    )


def _judged(names: tuple[str, ...], profile: Profile, scored: Traffic) -> Judged:
    least = {"cheapest": 0, "balanced": 1, "resilient": 2}[profile]
    price = 0.25
    groups = (
        _group("shop-a", names[:3], "sagemaker-multi-model", max(1, least)),
        _group("shop-b", names[3:], "cloud-run-cpu", least),
    )
    return _verdict(Layout(groups, "solver", "search from communities"), names, scored, price, 0.99 + 0.003 * least)


def _alone(names: tuple[str, ...], scored: Traffic) -> Judged:
    groups = tuple(_group(f"alone-{i}", (name,), "sagemaker-single-model", 1) for i, name in enumerate(names))
    return _verdict(Layout(groups, "solver", "one endpoint each"), names, scored, 0.25, 0.9987)


def _group(name: str, members: tuple[str, ...], hosting: Hosting, least: int) -> Group:
    where = ("europe-west1", "run-2cpu-4gib") if hosting == "cloud-run-cpu" else ("us-east-1", "ml.c6i.xlarge")
    return Group(name, members, hosting, *where, least, 6, 0.7, 4, 60.0)


def _verdict(layout: Layout, names: tuple[str, ...], scored: Traffic, price: float, attainment: float) -> Judged:
    seen: list[GroupVerdict] = []
    for group in layout.groups:
        load = scored.rate_rps[[names.index(name) for name in group.workloads]].sum(axis=0) / group.replica_rps
        running = np.maximum(np.ceil(load / 0.7), group.min_replicas)
        cost = CostInterval(price * group.min_replicas, price * float(running.mean()), price * group.max_replicas)
        seen.append(
            GroupVerdict(group.name, cost, attainment, 2, ("half of the requests depend on it",), load, running)
        )
    machines = sum(one.cost.expected for one in seen)
    items = (
        CostItem("machines", machines, estimated=True, note="40% of it at estimated prices"),
        CostItem("egress from aws", 0.0112, estimated=False, note="first price tier"),
        CostItem("alarms on aws", None, estimated=False, note="16 alarms; no price known"),
    )
    whole = CostInterval(
        sum(one.cost.floor for one in seen) + 0.0112, machines + 0.0112, sum(one.cost.ceiling for one in seen) + 0.0112
    )
    attained = {name: min(1.0, attainment + 0.0001 * i) for i, name in enumerate(names)}
    return Judged(layout, Verdict(whole, items, attainment, attained, 2, 0.4, (), tuple(seen)))
