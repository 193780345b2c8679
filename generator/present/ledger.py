"""What the language model's seat came to: of one plan for its reader, over many for the report."""

from collections.abc import Sequence
from statistics import median
from typing import Literal

from rich.console import Console
from rich.text import Text

from generator.present.answers import Answer
from generator.present.figures import count, plain
from generator.present.plan_document import LedgerDocument, PlanDocument, UsageDocument
from generator.present.tables import table as opened

OUTCOMES = ("won", "tied", "lost", "none")


class SeatRecord(Answer):
    """What one seat's proposals came to. Regret is of proposals that were made; null where there was none."""

    seat: str
    source: Literal["model", "offline", "solver"]
    plans: int
    proposals: dict[Literal["won", "tied", "lost", "none"], int]
    median_regret: float | None
    worst_regret: float | None
    calls: int
    cached: int
    input_tokens: int
    output_tokens: int


class LedgerReport(Answer):
    """Solver alone against solver with whoever sat in the language model's seat, over some plans."""

    version: Literal[1] = 1
    seats: tuple[SeatRecord, ...]


def ledger_report(plans: Sequence[tuple[str, PlanDocument]]) -> LedgerReport:
    """Sum up the ledgers of plans by seat.

    Parameters
    ----------
    plans : sequence of (str, PlanDocument)
        File and plan.
    """
    seats: dict[str, list[LedgerDocument]] = {}
    for _, plan in plans:
        seats.setdefault(plan.ledger.seat, []).append(plan.ledger)
    return LedgerReport(seats=tuple(_record(seat, ledgers) for seat, ledgers in sorted(seats.items())))


def _record(seat: str, ledgers: Sequence[LedgerDocument]) -> SeatRecord:
    entries = [entry for ledger in ledgers for entry in ledger.entries]
    regrets = [entry.regret for entry in entries if entry.regret is not None]
    usages: list[UsageDocument] = [one.usage for one in (*entries, *(ledger.advice for ledger in ledgers))]
    return SeatRecord(
        seat=seat,
        source=ledgers[0].source,
        plans=len(ledgers),
        proposals={outcome: sum(entry.outcome == outcome for entry in entries) for outcome in OUTCOMES},
        median_regret=median(regrets) if regrets else None,
        worst_regret=max(regrets) if regrets else None,
        calls=sum(usage.calls for usage in usages),
        cached=sum(usage.cached for usage in usages),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
    )


def show_ledger_report(report: LedgerReport, console: Console) -> None:
    """Print what every seat came to."""
    for seat in report.seats:
        console.print(Text.assemble((plain(seat.seat), "bold"), f"  {count(seat.plans, 'plan')}"))
        table = opened(*(f">{outcome}" for outcome in OUTCOMES), ">median regret", ">worst regret", ">calls", ">tokens")
        table.add_row(
            *(str(seat.proposals[outcome]) for outcome in OUTCOMES),
            _percent(seat.median_regret),
            _percent(seat.worst_regret),
            f"{seat.calls:,} and {seat.cached:,} cached",
            f"{seat.input_tokens:,} in, {seat.output_tokens:,} out",
        )
        console.print(table)
    if not any(seat.source == "model" for seat in report.seats):
        console.print("No plan here had a language model in its seat: its worth is not measured.", markup=False)


def show_ledger(ledger: LedgerDocument, console: Console) -> None:
    """Print what the seat of one plan came to."""
    console.print(Text(f"Seat of the language model: {plain(ledger.seat)}.", "dim" if ledger.source != "model" else ""))
    for entry in ledger.entries:
        if ledger.source == "model" or entry.outcome != "tied":
            console.print(Text(f"  {entry.profile}: {entry.outcome}; {plain(entry.reason)}."))
    if ledger.advice.failure is not None:
        console.print(Text(f"  No advice: {plain(ledger.advice.failure)}."))
    for profile, said in ledger.advice.explanations.items():
        mark = ", advised" if profile == ledger.advice.preferred else ""
        console.print(Text.assemble((f"  {profile}{mark}", "bold"), f": {plain(said)}"))


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:+.2f}%"
