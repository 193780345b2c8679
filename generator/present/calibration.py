"""What was learned of machine types, as others read it and on a terminal."""

from typing import Literal

from pydantic import AwareDatetime
from rich.console import Console
from rich.text import Text

from generator.model import Calibration, Quantity
from generator.present.answers import Answer
from generator.present.figures import count, plain
from generator.present.tables import table as opened

WORDS = {"service": "service time", "work": "work a request", "cost": "cost"}


class FactorAnswer(Answer):
    """By what a quantity of a machine type is multiplied, and the 90 % interval of that.

    `days` counts days on which the type itself ran; 0 is borrowed from its family. The errors are mean shares on days
    held back, without and with it; null where there were none.
    """

    instance_type: str
    quantity: Quantity
    estimate: float
    low: float
    high: float
    days: int
    error_before: float | None
    error_after: float | None
    used: bool
    reason: str


class CalibrationAnswer(Answer):
    """What was learned from a time, and tried on what was observed from `held_back_from` on."""

    version: Literal[1] = 1
    fleet: str
    since: AwareDatetime
    until: AwareDatetime
    held_back_from: AwareDatetime
    factors: tuple[FactorAnswer, ...]


def calibration(fleet: str, found: Calibration) -> CalibrationAnswer:
    """Publish a calibration."""
    fields = FactorAnswer.model_fields
    return CalibrationAnswer(
        fleet=fleet,
        since=found.since,
        until=found.until,
        held_back_from=found.held_back_from,
        factors=tuple(FactorAnswer(**{name: getattr(one, name) for name in fields}) for one in found.factors),
    )


def show_calibration(answer: CalibrationAnswer, console: Console, *, report: bool) -> None:
    """Print what plans use from now on; as a report all that was tried, with its errors before and after."""
    used = [factor for factor in answer.factors if factor.used]
    days = f"{answer.since:%Y-%m-%d} to {answer.until:%Y-%m-%d}"
    console.print(
        Text(
            f"{plain(answer.fleet)}, {days}, tried on what was observed from {answer.held_back_from:%Y-%m-%d} on: "
            f"plans use {count(len(used), 'factor')} of {len(answer.factors)}."
        )
    )
    tried = [factor for factor in answer.factors if factor.days or factor.error_before is not None]
    if shown := tried if report else used:
        table = opened("Machine", "What", ">Factor", ">90 % interval", ">Days", ">Error before", ">after", "Used")
        for one in shown:
            table.add_row(
                Text(plain(one.instance_type)),
                WORDS[one.quantity],
                f"{one.estimate:.3f}",
                f"{one.low:.3f} to {one.high:.3f}",
                str(one.days) if one.days else "family's",
                _share(one.error_before),
                _share(one.error_after),
                "yes" if one.used else "no",
            )
        console.print(table)
    if report and len(tried) < len(answer.factors):
        rest = count(len(answer.factors) - len(tried), "factor")
        console.print(Text(f"Borrowed from a family in which nobody could try that, and not used: {rest}."))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
