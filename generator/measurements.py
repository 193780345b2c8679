"""Observations into a journal, and out of it again."""

import io
from hashlib import sha256
from typing import TYPE_CHECKING

from generator.journal import ObservationsRecord
from generator.model import Observations, Window
from generator.observe import of_table, series_frame

if TYPE_CHECKING:
    from generator.journal import Journal, Kind


def contents(observations: Observations, *, fleet: str, source: str) -> "dict[Kind, bytes]":
    """Spell observations as what a journal keeps, in the order in which it is to be added.

    Parameters
    ----------
    observations : Observations
    fleet, source : str
        Names.
    """
    table = io.BytesIO()
    series_frame(observations).write_parquet(table)
    window = observations.window
    record = ObservationsRecord(
        fleet=fleet,
        source=source,
        since=window.start,
        until=window.end,
        bin_s=window.bin_s,
        served=observations.served,
        notes=observations.notes,
        unanswered=observations.unanswered,
        series=sha256(table.getvalue()).hexdigest(),
    )
    return {"series": table.getvalue(), "observations": record.content()}


def remembered(journal: "Journal", fleet: str, *, newest: int) -> tuple[Observations, ...]:
    """Read what was observed of a fleet, oldest first.

    Parameters
    ----------
    journal : Journal
    fleet : str
    newest : int
        How many of the newest observations, of any fleet, are looked at. Of the same content each counts once.

    Raises
    ------
    JournalError
        The journal, or a content of it, cannot be read.
    """
    entries = journal.entries(kind="observations", newest=newest)
    found: list[tuple[ObservationsRecord, Observations]] = []
    for digest in dict.fromkeys(entry.content for entry in entries):
        record = journal.record(digest, ObservationsRecord)
        if record.fleet == fleet:
            window = Window(record.since, record.until, record.bin_s)
            table = journal.content(record.series)
            found.append(
                (record, of_table(table, record.served, window, notes=record.notes, unanswered=record.unanswered))
            )
    return tuple(observations for _, observations in sorted(found, key=lambda one: one[0].since))
