"""Whether regrouping pays, as others read it and on a terminal."""

from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.text import Text

from generator.model import (
    HOURS_PER_MONTH,
    CostInterval,
    Migration,
    Profile,
    Regrouping,
    RegroupKind,
    RegroupOption,
    Verdict,
    Window,
)
from generator.present.answers import Answer, MonthlyCost
from generator.present.figures import attained, count, dollars, plain, signed, some
from generator.present.judged_fields import window_document
from generator.present.membership import ProgramChange
from generator.present.plan_document import WindowDocument
from generator.present.tables import table as opened

WORDS: dict[RegroupKind, str] = {"resized": "resized", "few-moves": "few moves", "anew": "planned anew"}
SHOWN_MOVES = 20


class MoveAnswer(Answer):
    """A workload that changes its group."""

    workload: str
    former: str
    group: str


class RegroupChoice(Answer):
    """One way; `barred` says why it is not proposed, else null.

    `saving_usd` and `net_usd` are what decides, on traffic held back; cost, attainment, objectives missed, risk and
    `scored_saving_usd` are of the scored window, which decided nothing.
    """

    number: int
    kind: RegroupKind
    groups: int
    moves: tuple[MoveAnswer, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    ended: tuple[str, ...]
    cost_usd_per_month: MonthlyCost
    attainment: float
    objectives_missed: int
    risk: int
    saving_usd: float
    migration_usd: float
    net_usd: float
    scored_saving_usd: float
    barred: str | None
    program: ProgramChange


class RegroupAnswer(Answer):
    """What `covey regroup` found. `proposed` is null where it is best to stay, `chosen` where nothing was written.

    Ways are found on the time before `decided_window`, and decided on it; figures of the fleet are of `scored_window`.
    Dollars are over the horizon; the migration's three figures are assumptions.
    """

    version: Literal[1] = 1
    fleet: str
    profile: Profile
    decided_window: WindowDocument
    scored_window: WindowDocument
    horizon_days: float
    update_h: float
    handover_h: float
    usd_per_move: float
    cost_usd_per_month: MonthlyCost
    attainment: float
    objectives_missed: int
    choices: tuple[RegroupChoice, ...]
    proposed: int | None
    reason: str
    chosen: int | None


def regroup_answer(
    fleet: str,
    profile: Profile,
    found: Regrouping,
    programs: Sequence[ProgramChange],
    *,
    decided: Window,
    scored: Window,
    horizon_h: float,
    migration: Migration,
) -> RegroupAnswer:
    """Publish the ways a fleet may be regrouped, with what each would change in the program."""
    verdict = found.scored
    return RegroupAnswer(
        fleet=fleet,
        profile=profile,
        decided_window=window_document(decided),
        scored_window=window_document(scored),
        horizon_days=horizon_h / 24.0,
        update_h=migration.update_h,
        handover_h=migration.handover_h,
        usd_per_move=migration.usd_per_move,
        cost_usd_per_month=_monthly(verdict.cost),
        attainment=verdict.attainment,
        objectives_missed=sum(one.rule == "SLO001" for one in verdict.violations),
        choices=tuple(
            _choice(number, option, program, found.scored, horizon_h)
            for number, (option, program) in enumerate(zip(found.options, programs, strict=True), start=1)
        ),
        proposed=None if found.proposed is None else found.proposed + 1,
        reason=found.reason,
        chosen=None,
    )


def _choice(
    number: int, option: RegroupOption, program: ProgramChange, before: Verdict, horizon_h: float
) -> RegroupChoice:
    verdict = option.scored
    return RegroupChoice(
        number=number,
        kind=option.kind,
        groups=len(option.judged.layout.groups),
        moves=tuple(MoveAnswer(workload=one.workload, former=one.former, group=one.group) for one in option.moves),
        changed=option.changed,
        added=option.added,
        ended=option.ended,
        cost_usd_per_month=_monthly(verdict.cost),
        attainment=verdict.attainment,
        objectives_missed=sum(one.rule == "SLO001" for one in verdict.violations),
        risk=verdict.risk,
        saving_usd=round(option.saving_usd_per_h * horizon_h, 4),
        migration_usd=round(option.migration_usd, 4),
        net_usd=round(option.net_usd, 4),
        scored_saving_usd=round((before.cost.expected - verdict.cost.expected) * horizon_h, 4),
        barred=option.barred,
        program=program,
    )


def _monthly(cost: CostInterval) -> MonthlyCost:
    return MonthlyCost(
        floor=round(cost.floor * HOURS_PER_MONTH, 4),
        expected=round(cost.expected * HOURS_PER_MONTH, 4),
        ceiling=round(cost.ceiling * HOURS_PER_MONTH, 4),
    )


def show_regroup(answer: RegroupAnswer, console: Console) -> None:
    """Print the ways side by side, which one is proposed and why, or why to stay."""
    running = dollars(answer.cost_usd_per_month.expected)
    head = f", {answer.profile}, {running} a month as it runs, {count(answer.objectives_missed, 'objective')} missed."
    console.print(Text.assemble((plain(answer.fleet), "bold"), head))
    if answer.choices:
        table = opened("", *(f">{one.number} {WORDS[one.kind]}" for one in answer.choices))
        days = f"over {answer.horizon_days:g} days"
        rows = (
            ("groups", lambda one: str(one.groups)),
            ("models that move", lambda one: str(len(one.moves))),
            ("groups changed, new, ending", lambda one: f"{len(one.changed)}, {len(one.added)}, {len(one.ended)}"),
            ("a month, expected", lambda one: dollars(one.cost_usd_per_month.expected)),
            ("in time", lambda one: attained(one.attainment)),
            ("objectives missed", lambda one: str(one.objectives_missed)),
            ("risk, of 4", lambda one: str(one.risk)),
            (f"decides: saved {days}", lambda one: signed(one.saving_usd)),
            ("the way there", lambda one: dollars(one.migration_usd)),
            (f"left {days}", lambda one: signed(one.net_usd)),
            (f"scored: saved {days}", lambda one: signed(one.scored_saving_usd)),
            ("stacks that change", lambda one: some((*one.program.stacks, *one.program.stacks_removed), 3) or "none"),
            ("lines of data", lambda one: f"+{one.program.lines_added} -{one.program.lines_removed}"),
        )
        for name, cell in rows:
            table.add_row(name, *(cell(one) for one in answer.choices))
        console.print(table)
        assumed = (
            f"Assumed of the way there: {dollars(answer.usd_per_move)} for each model that moves; a group that changes "
            f"runs twice for {answer.update_h * 60:.0f} minutes, one that ends serves on for {answer.handover_h:g} h."
        )
        console.print(Text(assumed, "dim"))
        decided, scored = _span(answer.decided_window), _span(answer.scored_window)
        console.print(Text(f"Decided on {decided}; what decided nothing and scores is {scored}.", "dim"))
    for one in answer.choices:
        if one.barred is not None:
            console.print(Text(f"{one.number} is barred: {plain(one.barred)}"))
    if answer.proposed is None:
        console.print(Text.assemble(("Stay. ", "bold"), plain(answer.reason)))
    else:
        console.print(Text.assemble((f"Take {answer.proposed}. ", "bold"), plain(answer.reason)))
        moves = answer.choices[answer.proposed - 1].moves
        for move in moves[:SHOWN_MOVES]:
            console.print(Text(f"  {plain(move.workload)}: {plain(move.former)} -> {plain(move.group)}"))
        if len(moves) > SHOWN_MOVES:
            console.print(Text(f"  and {count(len(moves) - SHOWN_MOVES, 'move')} more, with --json"))
    if answer.chosen is None and answer.choices:
        barred = ", a barred one too" if any(one.barred is not None for one in answer.choices) else ""
        said = f"Nothing was written. --choose N writes one of {count(len(answer.choices), 'choice')}{barred}."
        console.print(Text(said))


def _span(window: WindowDocument) -> str:
    return f"{window.start:%Y-%m-%d} to {window.end:%Y-%m-%d} UTC"
