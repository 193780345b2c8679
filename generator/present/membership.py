"""A workload's coming or going as an answer: the ways there are, and what each changes."""

from collections.abc import Mapping, Sequence
from typing import Literal

from rich.console import Console
from rich.text import Text

from generator.model import (
    CLOUD_OF_HOSTING,
    HOURS_PER_MONTH,
    Cloud,
    Group,
    GroupVerdict,
    Hosting,
    Membership,
    MembershipKind,
    MembershipOption,
    PlacementAdvice,
    Profile,
)
from generator.present.answers import Answer, BrokenRule, MonthlyCost
from generator.present.figures import attained, count, dollars, plain, signed, some
from generator.present.tables import table as opened

WORDS: Mapping[MembershipKind, str] = {
    "as-is": "as it is",
    "resized": "resized",
    "new": "a group of its own",
    "removed": "goes with it",
}


class GroupState(Answer):
    """The group concerned, before or after; what the judge saw of it on the later window where it was judged."""

    name: str
    cloud: Cloud
    region: str
    hosting: Hosting
    instance_type: str
    min_replicas: int
    max_replicas: int
    target_utilization: float
    models: int
    attainment: float | None
    risk: int | None
    risk_reasons: tuple[str, ...]


class ProgramChange(Answer):
    """What writing it would change: stacks whose data differ, those that come or go, files, lines of the data files."""

    stacks: tuple[str, ...]
    stacks_added: tuple[str, ...]
    stacks_removed: tuple[str, ...]
    files: tuple[str, ...]
    lines_added: int
    lines_removed: int


class MembershipChoice(Answer):
    """One way. Costs are of the whole fleet; `broken` are rules the running layout keeps on the later window.

    `workload_attainment` is null where the workload leaves.
    """

    number: int
    kind: MembershipKind
    before: GroupState | None
    after: GroupState | None
    cost_usd_per_month: MonthlyCost
    change_usd_per_month: MonthlyCost
    attainment: float
    workload_attainment: float | None
    risk: int
    broken: tuple[BrokenRule, ...]
    program: ProgramChange


class BarredChoice(Answer):
    """A way that is not open, and the rule that bars it; COV000 where it is the same as another."""

    kind: MembershipKind
    rule: str
    message: str


class Placement(Answer):
    """Which way whoever sits in the language model's seat would go: advice, never acted upon by itself."""

    seat: str
    source: Literal["solver", "model", "offline"]
    choice: int | None
    failure: str | None


class MembershipAnswer(Answer):
    """What `covey join` and `covey leave` found.

    `fleet_lines` is YAML that fleet.yaml lacks; `traffic` says where a newcomer's traffic comes from; null where
    somebody leaves. `chosen` is null where nothing was written.
    """

    version: Literal[1] = 1
    change: Literal["join", "leave"]
    fleet: str
    workload: str
    profile: Profile
    cost_usd_per_month: MonthlyCost
    choices: tuple[MembershipChoice, ...]
    barred: tuple[BarredChoice, ...]
    placement: Placement
    fleet_lines: str | None
    traffic: str | None
    chosen: int | None


def membership(
    change: Literal["join", "leave"],
    fleet: str,
    profile: Profile,
    found: Membership,
    programs: Sequence[ProgramChange],
    advice: PlacementAdvice,
    *,
    fleet_lines: str | None = None,
    traffic: str | None = None,
) -> MembershipAnswer:
    """Publish the ways a workload may come or go, with what each would change in the program."""
    kinds = [option.kind for option in found.options]
    return MembershipAnswer(
        change=change,
        fleet=fleet,
        workload=found.workload,
        profile=profile,
        cost_usd_per_month=_monthly(found, None),
        choices=tuple(
            _choice(number, option, found, program)
            for number, (option, program) in enumerate(zip(found.options, programs, strict=True), start=1)
        ),
        barred=tuple(BarredChoice(kind=one.kind, rule=one.rule, message=one.message) for one in found.barred),
        placement=Placement(
            seat=advice.seat,
            source=advice.source,
            choice=None if advice.kind is None else kinds.index(advice.kind) + 1,
            failure=advice.failure,
        ),
        fleet_lines=fleet_lines,
        traffic=traffic,
        chosen=None,
    )


def _choice(number: int, option: MembershipOption, found: Membership, program: ProgramChange) -> MembershipChoice:
    verdict = option.judged.verdict
    former = None
    if option.former is not None:
        seen = next((g for g in found.before.verdict.groups if g.name == option.former.name), None)
        former = _state(option.former, seen)
    return MembershipChoice(
        number=number,
        kind=option.kind,
        before=former,
        after=None if option.group is None else _state(option.group, option.group_verdict),
        cost_usd_per_month=_monthly(None, option),
        change_usd_per_month=_monthly(found, option),
        attainment=verdict.attainment,
        workload_attainment=verdict.workload_attainment.get(found.workload),
        risk=verdict.risk,
        broken=tuple(
            BrokenRule(rule=one.rule, subject=one.subject, message=one.message) for one in option.new_violations
        ),
        program=program,
    )


def _monthly(found: Membership | None, option: MembershipOption | None) -> MonthlyCost:
    """Cost of the running layout, of an option, or of the option less the running layout."""
    after = None if option is None else option.judged.verdict.cost
    before = None if found is None else found.before.verdict.cost

    def of(part: Literal["floor", "expected", "ceiling"]) -> float:
        new = getattr(after, part) if after is not None else None
        old = getattr(before, part) if before is not None else None
        amount = new - old if new is not None and old is not None else new if new is not None else old
        return round((amount or 0.0) * HOURS_PER_MONTH, 4)

    return MonthlyCost(floor=of("floor"), expected=of("expected"), ceiling=of("ceiling"))


def _state(group: Group, seen: GroupVerdict | None) -> GroupState:
    return GroupState(
        name=group.name,
        cloud=CLOUD_OF_HOSTING[group.hosting],
        region=group.region,
        hosting=group.hosting,
        instance_type=group.instance_type,
        min_replicas=group.min_replicas,
        max_replicas=group.max_replicas,
        target_utilization=group.target_utilization,
        models=len(group.workloads),
        attainment=None if seen is None else seen.attainment,
        risk=None if seen is None else seen.risk,
        risk_reasons=() if seen is None else seen.risk_reasons,
    )


def compared(answer: MembershipAnswer) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lay the ways side by side: rows of a name and what it comes to for each of them."""
    rows = (
        ("group", lambda one: plain((one.after or one.before).name)),
        ("served by", lambda one: _served(one.before, one.after)),
        ("replicas", lambda one: _replicas(one.before, one.after)),
        ("scaling target", lambda one: _targets(one.before, one.after)),
        ("models in it", lambda one: "none" if one.after is None else str(one.after.models)),
        ("a month, expected", lambda one: signed(one.change_usd_per_month.expected)),
        (
            "fewest to most replicas",
            lambda one: f"{signed(one.change_usd_per_month.floor)} to {signed(one.change_usd_per_month.ceiling)}",
        ),
        ("in time, the group", lambda one: _share(None if one.after is None else one.after.attainment)),
        ("in time, this model", lambda one: _share(one.workload_attainment)),
        ("risk of the group, of 4", lambda one: "none" if one.after is None else str(one.after.risk)),
        ("rules broken anew", lambda one: str(len(one.broken))),
        ("stacks that change", lambda one: some((*one.program.stacks, *one.program.stacks_removed), 3) or "none"),
        ("lines of data", lambda one: f"+{one.program.lines_added} -{one.program.lines_removed}"),
    )
    return tuple((name, tuple(cell(one) for one in answer.choices)) for name, cell in rows)


def show_membership(answer: MembershipAnswer, console: Console) -> None:
    """Print the ways side by side, what bars others, and who advises what."""
    verb = "joins" if answer.change == "join" else "leaves"
    running = dollars(answer.cost_usd_per_month.expected)
    console.print(
        Text.assemble((plain(answer.workload), "bold"), f" {verb} {answer.fleet}, {answer.profile}, {running} a month.")
    )
    if answer.traffic is not None:
        console.print(Text(plain(answer.traffic), "dim"))
    table = opened("", *(f">{one.number} {WORDS[one.kind]}" for one in answer.choices))
    for name, cells in compared(answer):
        table.add_row(name, *cells)
    console.print(table)
    for one in answer.choices:
        reasons = (*(one.after.risk_reasons if one.after else ()), *(f"{b.rule} {b.message}" for b in one.broken))
        if reasons:
            console.print(Text(f"{one.number}: {plain('; '.join(reasons))}"))
    for barred in answer.barred:
        console.print(Text(f"Not {WORDS[barred.kind]}: {plain(barred.message)} ({barred.rule})"))
    placed = answer.placement
    if placed.failure is not None:
        console.print(Text(f"No advice from the {plain(placed.seat)}: {plain(placed.failure)}."))
    else:
        console.print(Text(f"The {plain(placed.seat)} would take {placed.choice}."))
    if answer.chosen is None:
        console.print(Text(f"Nothing was written. --choose N writes one of {count(len(answer.choices), 'choice')}."))


def _served(before: GroupState | None, after: GroupState | None) -> str:
    now = before or after
    if now is None:
        return ""
    if before is None or after is None or before.instance_type == after.instance_type:
        return f"{now.instance_type} {now.region}"
    return f"{before.instance_type} -> {after.instance_type} {after.region}"


def _replicas(before: GroupState | None, after: GroupState | None) -> str:
    spelled = [f"{one.min_replicas} to {one.max_replicas}" for one in (before, after) if one is not None]
    return " -> ".join(dict.fromkeys(spelled))


def _targets(before: GroupState | None, after: GroupState | None) -> str:
    spelled = [f"{one.target_utilization:.0%}" for one in (before, after) if one is not None]
    return " -> ".join(dict.fromkeys(spelled))


def _share(share: float | None) -> str:
    return "none" if share is None else attained(share)
