"""Saved plans off the disk."""

from pathlib import Path

from generator.errors import InputError
from generator.model import Fleet
from generator.present.document import MOST_BYTES, saved_document
from generator.present.plan_document import PlanDocument


def read_plan(file: Path) -> PlanDocument:
    """Read a plan that ``covey plan --save`` kept.

    Raises
    ------
    InputError
        There is no such file, or it is no plan.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror}."
        raise InputError(str(file), what, "Name a file that covey plan FLEET --save FILE wrote.") from None
    return saved_document(content, str(file))


def must_match(saved: PlanDocument, fleet: Fleet, file: Path) -> None:
    """Refuse a plan of another fleet.

    Raises
    ------
    InputError
    """
    if saved.fleet != fleet.name or saved.workloads != {workload.name for workload in fleet.workloads}:
        what = "is a plan of another fleet, or of this one before its workloads changed."
        raise InputError(str(file), what, "Plan anew: covey plan FLEET --save FILE.")
