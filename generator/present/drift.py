"""What has drifted, as others read it and on a terminal."""

from typing import Literal

from pydantic import AwareDatetime
from rich.console import Console
from rich.text import Text

from generator.model import Drift, DriftAction, DriftKind, Finding, Window
from generator.present.answers import Answer
from generator.present.figures import count, plain

SHOWN_SHIFTS = 6


class ShiftAnswer(Answer):
    """One figure of the evidence; `planned` is null where nothing was."""

    measure: str
    planned: float | None
    observed: float
    unit: str


class FindingAnswer(Answer):
    """Something about one group that is not as it was planned; `significance` is null where nothing was tested."""

    kind: DriftKind
    group: str
    workloads: tuple[str, ...]
    action: DriftAction
    message: str
    since: AwareDatetime
    significance: float | None
    evidence: tuple[ShiftAnswer, ...]


class DriftAnswer(Answer):
    """What has drifted from the plan, and what could not be judged."""

    version: Literal[1] = 1
    fleet: str
    since: AwareDatetime
    until: AwareDatetime
    findings: tuple[FindingAnswer, ...]
    unjudged: tuple[str, ...]


def drift_answer(found: Drift, *, fleet: str, window: Window) -> DriftAnswer:
    """Publish findings.

    Parameters
    ----------
    found : Drift
    fleet : str
    window : Window
        What was observed.
    """
    return DriftAnswer(
        fleet=fleet,
        since=window.start,
        until=window.end,
        findings=tuple(_finding(one) for one in found.findings),
        unjudged=found.unjudged,
    )


def _finding(one: Finding) -> FindingAnswer:
    return FindingAnswer(
        kind=one.kind,
        group=one.group,
        workloads=one.workloads,
        action=one.action,
        message=one.message,
        since=one.since,
        significance=one.significance,
        evidence=tuple(
            ShiftAnswer(measure=shift.measure, planned=shift.planned, observed=shift.observed, unit=shift.unit)
            for shift in one.shifts
        ),
    )


def show_drift(answer: DriftAnswer, console: Console) -> None:
    """Print what is to be done, group by group, with the evidence."""
    said = f"{plain(answer.fleet)}, {answer.since:%Y-%m-%d %H:%M} to {answer.until:%Y-%m-%d %H:%M} UTC: "
    console.print(Text(f"{said}{count(len(answer.findings), 'finding')}."))
    for one in answer.findings:
        console.print(Text.assemble("\n", (plain(one.group), "bold"), f"  {one.kind}  ", (f"-> {one.action}", "bold")))
        console.print(Text(plain(one.message)))
        for shift in one.evidence[:SHOWN_SHIFTS]:
            planned = "" if shift.planned is None else f"{shift.planned:.4g} -> "
            console.print(Text(f"  {plain(shift.measure)}: {planned}{shift.observed:.4g} {shift.unit}", "dim"))
        if len(one.evidence) > SHOWN_SHIFTS:
            console.print(Text(f"  and {count(len(one.evidence) - SHOWN_SHIFTS, 'figure')} more, with --json", "dim"))
    for words in answer.unjudged:
        console.print(Text(f"Not judged: {plain(words)}", "dim"))
