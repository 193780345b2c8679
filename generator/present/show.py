"""The plan on a terminal: tables where they fit, lists where they don't."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from generator.model import HOURS_PER_MONTH
from generator.present.figures import (
    attained,
    bin_length,
    bounds,
    by_the_clock,
    by_turns,
    cost_an_hour,
    count,
    dollars,
    plain,
    replicas,
    risk_reasons,
    saving,
    some,
    span,
    worst_of,
)
from generator.present.ledger import show_ledger
from generator.present.plan_document import (
    CostDocument,
    CurrentDocument,
    GroupDocument,
    JudgedDocument,
    PlanDocument,
    RecommendationDocument,
)
from generator.present.tables import table as opened

Answer = JudgedDocument | CurrentDocument

# Below this many columns a table of five answers turns into mush.
TABLE_COLUMNS = 90
MOST_GROUPS = 30
MOST_LINES = 16
MARK = "✔"


def show(plan: PlanDocument, console: Console) -> None:
    """Print a plan, its conclusion last: that is what remains in sight.

    Parameters
    ----------
    plan : PlanDocument
    console : Console
        Its width decides between tables and lists. Names are printed as they are, never as markup, and what could steer
        the terminal is printed as its escape.
    """
    _header(plan, console)
    for recommendation in plan.recommendations:
        _groups(recommendation, plan, console)
    _bill(plan, console)
    _why_not(plan, console)
    _violations(plan, console)
    _comparison(plan, console)


def _header(plan: PlanDocument, console: Console) -> None:
    chosen = plan.chosen
    console.print(Text.assemble((plain(plan.fleet), "bold"), f"  {_models(plan.baseline)}, seed {plan.seed}"))
    console.print(
        f"Planned on {span(plan.planned_window)}, in bins of {bin_length(plan.planned_window)}.", markup=False
    )
    console.print(f"Scored on  {span(plan.scored_window)}, a window it was not planned on.", markup=False)
    estimated = [item for item in chosen.items if item.estimated]
    told = "; ".join(f"{plain(item.name)}: {plain(item.note)}" for item in estimated) or "none of them estimated"
    console.print(Text(f"Prices of {plain(plan.catalog_as_of)}; {told}."))
    if plan.assumptions:
        _title(console, "Assumed, not measured")
        _listed(console, plan.assumptions, "assumption")
    _title(console, "Traffic that moves together")
    found = plan.communities
    _listed(console, [some(part.workloads, 4) for part in found.communities], "community", "communities")
    console.print(Text(f"Modularity {found.modularity:.2f} at resolution {found.resolution:g}.", "dim"))


def _groups(recommendation: RecommendationDocument, plan: PlanDocument, console: Console) -> None:
    mark = f"{MARK} " if recommendation is plan.chosen else ""
    _title(console, f"{mark}{recommendation.profile}: {count(len(recommendation.groups), 'group')}")
    dearest = sorted(recommendation.groups, key=lambda group: (-_expected(group.cost_usd_per_h), group.name))
    if console.width < TABLE_COLUMNS:
        for group in dearest[:MOST_GROUPS]:
            console.print(
                Text.assemble((group.name, "bold"), f"  {count(len(group.workloads), 'model')}: ", _few(group))
            )
            for line in (
                f"{group.instance_type} on {group.cloud} {group.region}",
                f"{group.hosting}, {group.min_replicas} to {group.max_replicas} replicas",
                f"{cost_an_hour(group.cost_usd_per_h)}/h, {attained(group.attainment)} in time, risk {group.risk}",
            ):
                console.print(Padding(Text(line), (0, 0, 0, 2)))
    else:
        table = opened("Group and its models", "Machine", "Where", ">Replicas", ">Per hour", ">In time", ">Risk")
        table.columns[1].no_wrap = table.columns[2].no_wrap = True
        for group in dearest[:MOST_GROUPS]:
            table.add_row(
                Text.assemble((group.name, "bold"), "\n", _few(group)),
                Text.assemble(group.instance_type, "\n", (group.hosting, "dim")),
                Text.assemble(group.cloud, "\n", (group.region, "dim")),
                f"{group.min_replicas} to {group.max_replicas}",
                cost_an_hour(group.cost_usd_per_h),
                attained(group.attainment),
                Text(str(group.risk), _risk_style(group.risk)),
            )
        console.print(table)
    for group in dearest[:MOST_GROUPS]:
        if group.schedule:
            console.print(Text.assemble((group.name, "bold"), f" by the clock: {by_the_clock(group.schedule)}"))
        if group.model_cache:
            console.print(Text.assemble((group.name, "bold"), f": {by_turns(group.model_cache)}"))
    if len(dearest) > MOST_GROUPS:
        console.print(Text(f"and {len(dearest) - MOST_GROUPS} cheaper groups; --json lists them all.", "dim"))


def _bill(plan: PlanDocument, console: Console) -> None:
    answers = plan.answers
    chosen = plan.chosen
    _title(console, "What it costs an hour, as replayed")
    if console.width < TABLE_COLUMNS:
        table = opened("Item", f">{chosen.profile}")
        shown: Sequence[tuple[str, Answer]] = [(chosen.profile, chosen)]
    else:
        table = opened("Item", *(f">{name}" for name, _ in answers))
        shown = answers
    names = dict.fromkeys(item.name for _, answer in shown for item in answer.items)
    for name in names:
        table.add_row(Text(plain(name)), *(_item(answer, name) for _, answer in shown))
    table.add_section()
    table.add_row(Text("total", "bold"), *(Text(cost_an_hour(answer.cost_usd_per_h), "bold") for _, answer in shown))
    console.print(table)
    console.print(Text("~ rests on estimated prices; lines without a price are missing from the total.", "dim"))
    unpriced = [f"{item.name}: {item.note}" for item in chosen.items if item.usd_per_h is None]
    if unpriced:
        console.print(Text(f"Without a price for {chosen.profile}:"))
        _listed(console, unpriced, "line")


def _item(answer: Answer, name: str) -> Text:
    for item in answer.items:
        if item.name == name:
            if item.usd_per_h is None:
                return Text("no price", "yellow")
            return Text(("~" if item.estimated else "") + dollars(item.usd_per_h))
    return Text("")


def _why_not(plan: PlanDocument, console: Console) -> None:
    chosen = plan.chosen
    found = [why for why in plan.why_not if why.recommendation == chosen.profile]
    if not found:
        return
    _title(console, f"Why not something else, for {chosen.profile}")
    if console.width < TABLE_COLUMNS:
        _listed(console, [f"{why.group}: {why.subject}: {why.message} [{why.rule}]" for why in found], "reason")
        return
    table = opened("Group", "Why not", "Because", "Rule")
    before = None
    for why in found[:MOST_LINES]:
        group = "" if why.group == before else plain(why.group)
        table.add_row(Text(group, "bold"), *(Text(plain(part)) for part in (why.subject, why.message, why.rule)))
        before = why.group
    console.print(table)
    if len(found) > MOST_LINES:
        console.print(Text(f"and {len(found) - MOST_LINES} more reasons; --json lists them all.", "dim"))


def _violations(plan: PlanDocument, console: Console) -> None:
    for name, answer in plan.answers:
        if answer.violations:
            _title(console, f"Rules that {name} breaks", "bold red")
            _listed(console, [f"{found.rule} {found.subject}: {found.message}" for found in answer.violations], "rule")


def _comparison(plan: PlanDocument, console: Console) -> None:
    answers = plan.answers
    _title(console, "The recommendations beside what they would replace")
    if console.width < TABLE_COLUMNS:
        for name, answer in answers:
            mark = f"{MARK} " if answer is plan.chosen else ""
            console.print(Text(f"{mark}{name}", "bold"))
            table = Table.grid(padding=(0, 2))
            for label, cell in _facts(answer):
                table.add_row(Text(label, "dim"), cell)
            console.print(Padding(table, (0, 0, 0, 2)))
    else:
        table = opened("", *(f">{MARK} {name}" if answer is plan.chosen else f">{name}" for name, answer in answers))
        table.columns[0].no_wrap = True
        facts = [dict(_facts(answer)) for _, answer in answers]
        for label in dict.fromkeys(label for one in facts for label in one):
            table.add_row(Text(label), *(one.get(label, Text("")) for one in facts))
        console.print(table)
    for name, answer in answers:
        worst, share = worst_of(answer.workload_attainment)
        reasons = "; ".join(risk_reasons(answer.groups)[:2]) or "nothing stands out"
        console.print(
            Text.assemble((name, "bold"), f": risk {answer.risk} of 4, {reasons}. Worst model: "),
            Text(f"{plain(worst)}, {attained(share)}.") if share < 1 else Text("none, all requests were in time."),
            sep="",
        )
    show_ledger(plan.ledger, console)
    for line in filter(None, (plan.note, bounds(plan.gap, plan.fluid_bound_usd_per_h, plan.limited_by))):
        console.print(Text(plain(line)))
    console.print()
    console.print(
        Text.assemble(
            (f"{MARK} {plan.chosen.profile}", "bold green"),
            " is what covey emit writes, unless --profile says otherwise.",
        )
    )


def _facts(answer: Answer) -> Iterator[tuple[str, Text]]:
    cost = answer.cost_usd_per_h
    yield "expected per hour", Text(cost_an_hour(cost), "bold")
    if cost is not None:
        yield "floor", Text(dollars(cost.floor))
        yield "ceiling", Text(dollars(cost.ceiling))
        yield "expected per month", Text(dollars(cost.expected * HOURS_PER_MONTH))
    if isinstance(answer, RecommendationDocument):
        yield "saves of baseline", _saving(answer.saving_vs_baseline)
        if answer.saving_vs_current is not None:
            yield "saves of current", _saving(answer.saving_vs_current)
    yield "in time, all models", Text(attained(answer.attainment))
    if answer.simulated is not None:
        yield "in time, simulated", Text(f"{attained(answer.simulated.low)} to {attained(answer.simulated.high)}")
    yield "in time, worst model", Text(attained(worst_of(answer.workload_attainment)[1]))
    sizes = [len(group.workloads) for group in answer.groups]
    yield "groups", Text(f"{len(sizes):,}")
    yield "models a group", Text(f"{sum(sizes) / len(sizes):.1f}")
    yield "largest group", Text(f"{max(sizes):,}")
    yield "replicas", Text(replicas(answer.groups))
    yield "capacity idle", Text(f"{answer.slack:.0%}")
    yield "risk, of 4", Text(str(answer.risk), _risk_style(answer.risk))
    broken = len(answer.violations)
    yield "rules broken", Text(str(broken), "bold red" if broken else "")
    if isinstance(answer, RecommendationDocument):
        yield "found by", Text(answer.source)


def _title(console: Console, text: str, style: str = "bold cyan") -> None:
    console.print()
    console.print(Text(text, style))


def _listed(console: Console, lines: Sequence[str], noun: str, plural: str | None = None) -> None:
    for line in lines[:MOST_LINES]:
        row = Table.grid(padding=(0, 1))
        row.add_row("·", Text(plain(line)))
        console.print(row)
    if len(lines) > MOST_LINES:
        rest = (
            count(len(lines) - MOST_LINES, "more " + noun)
            if plural is None
            else f"{len(lines) - MOST_LINES} more {plural}"
        )
        console.print(Text(f"and {rest}; --json lists them all.", "dim"))


def _few(group: GroupDocument) -> Text:
    return Text(some(group.workloads, 3), "dim")


def _models(answer: JudgedDocument) -> str:
    return count(len(answer.workload_attainment), "model")


def _expected(cost: CostDocument | None) -> float:
    return 0.0 if cost is None else cost.expected


def _saving(fraction: float) -> Text:
    return Text(saving(fraction), "green" if fraction > 0 else "red")


def _risk_style(risk: int) -> str:
    return ("green", "green", "yellow", "red", "bold red")[risk]
