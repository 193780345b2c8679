"""Saved plans off the disk."""

from hashlib import sha256
from pathlib import Path

from generator.errors import InputError
from generator.model import Emission, Fleet
from generator.present.document import MOST_BYTES, saved_document, saved_recommendation
from generator.present.plan_document import ChosenDocument, PlanDocument
from generator.project import RECOMMENDATION


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


def emitted_recommendation(project: Path, emission: Emission | None) -> ChosenDocument:
    """Read the recommendation that a project was emitted from.

    Parameters
    ----------
    project : Path
    emission : Emission or None
        What lies there.

    Raises
    ------
    InputError
        There is none, or somebody edited it, so that it does not say what runs.
    """
    file = project / RECOMMENDATION
    remedy = "Name a folder that covey emit wrote."
    if emission is None or RECOMMENDATION not in emission.digests:
        raise InputError(str(project), "holds no program with the recommendation it was emitted from.", remedy)
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}.", remedy) from None
    if sha256(content).hexdigest() != emission.digests[RECOMMENDATION]:
        what = "was edited since the program was emitted, so it does not say what runs."
        raise InputError(str(file), what, "Restore it, or plan and emit anew.")
    return saved_recommendation(content, str(file))


def must_match(saved: PlanDocument, fleet: Fleet, file: Path) -> None:
    """Refuse a plan of another fleet.

    Raises
    ------
    InputError
    """
    if saved.fleet != fleet.name or saved.workloads != {workload.name for workload in fleet.workloads}:
        what = "is a plan of another fleet, or of this one before its workloads changed."
        raise InputError(str(file), what, "Plan anew: covey plan FLEET --save FILE.")
