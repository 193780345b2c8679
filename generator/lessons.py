"""What was learned of machine types and what people rejected: out of the fleet's journal into what is planned."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from generator.history import folder_of, journal_at, without_harm
from generator.journal import CalibrationRecord, FactorRecord, Journal
from generator.load import load
from generator.model import Calibration, Catalog, Inputs, MachineFactor
from generator.objected import objected
from generator.present.calibration import WORDS

# Of any fleet, among which the newest of this one is looked for.
NEWEST = 50


def load_learned(fleet: Path, catalog: Catalog, journal: str | None = None) -> Inputs:
    """Read a fleet and its traffic, what was learned of the machines it may run on, and what people do not want again.

    Parameters
    ----------
    fleet : Path
    catalog : Catalog
    journal : str, optional
        As `JournalAt` says.

    Raises
    ------
    InventoryError
    TrafficError
    """
    return as_learned(load(fleet, catalog), fleet, journal)


def as_learned(inputs: Inputs, fleet: Path, journal: str | None = None) -> Inputs:
    """Return inputs with the newest calibration of their fleet and the rejections that weigh; without, as they are.

    Parameters
    ----------
    inputs : Inputs
    fleet : Path
        Where they were read; its journal lies beside it.
    journal : str, optional
        As `JournalAt` says.
    """
    with without_harm("Nothing that was learned is used, and no rejection counts"):
        kept = journal_at(journal, folder_of(fleet))
        if kept is None or kept.is_absent():
            return inputs
        used = _newest(kept, inputs.fleet.name)
        objections = objected(kept, inputs.fleet.name, datetime.now(UTC))
        assumptions = (*inputs.fleet.assumptions, *(_said(factor) for factor in used))
        one = replace(inputs.fleet, calibration=used, assumptions=assumptions, objections=objections)
        return replace(inputs, fleet=one)
    return inputs


def calibration_content(fleet: str, calibration: Calibration) -> bytes:
    """Spell a calibration as what a journal keeps."""
    return CalibrationRecord(
        fleet=fleet,
        since=calibration.since,
        until=calibration.until,
        held_back_from=calibration.held_back_from,
        factors=tuple(FactorRecord(**asdict(factor)) for factor in calibration.factors),
    ).content()


def _newest(kept: Journal, fleet: str) -> tuple[MachineFactor, ...]:
    for entry in reversed(kept.entries(kind="calibration", newest=NEWEST)):
        record = kept.record(entry.content, CalibrationRecord)
        if record.fleet == fleet:
            return tuple(MachineFactor(**factor.model_dump()) for factor in record.factors if factor.used)
    return ()


def _said(factor: MachineFactor) -> str:
    rests = f"learned from {factor.days} days" if factor.days else "borrowed from its family"
    return (
        f"{factor.instance_type}: {WORDS[factor.quantity]} is {factor.estimate:.2f} ({factor.low:.2f} to "
        f"{factor.high:.2f}) times what the catalogue says, {rests}"
    )
