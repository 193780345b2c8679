"""What a bill says that groups cost, spread over the bins of a window."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Watched, Window
from generator.observe.names import MOST_NAMED, Gathered
from generator.observe.source import Reading

# The tag and label by which emitted programs mark what belongs to a group.
TAG = "group"
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Charge:
    """What a group was charged for a stretch of time, US dollars; `group` is empty where nothing says whose it is."""

    group: str
    start: datetime
    end: datetime
    usd: float


def billed(charges: Iterable[Charge], watched: Sequence[Watched], window: Window, where: str) -> Reading:
    """Spread charges evenly over the time they are for.

    Negative charges, which are credits, refunds and corrections, say nothing of what machines cost: they are left out,
    and a note says what they come to. Where nobody was charged, nothing is known; where only a group was not, it cost
    nothing; a group that was never charged is not known to the bill.

    Parameters
    ----------
    charges : iterable of Charge
    watched : sequence of Watched
    window : Window
    where : str
        Name of the bill.

    Returns
    -------
    Reading
        ``cost_usd_per_h`` of groups.
    """
    gathered = Gathered(watched)
    nothing: FloatArray = np.zeros(window.bins)
    edges_s = np.arange(window.bins + 1) * window.bin_s
    covered = np.zeros(window.bins, dtype=bool)
    spent: dict[str, FloatArray] = {}
    credited = nameless = longest_s = 0.0
    for one in charges:
        start_s = (one.start - window.start).total_seconds()
        length_s = (one.end - one.start).total_seconds()
        inside = np.diff(np.clip(edges_s - start_s, 0.0, length_s))
        if not inside.any():
            continue
        covered |= inside > 0.0
        share_usd = one.usd / length_s * inside
        if one.usd < 0.0:
            credited += float(share_usd.sum())
        elif not one.group:
            nameless += float(share_usd.sum())
        else:
            longest_s = max(longest_s, length_s)
            spent[one.group] = spent.get(one.group, nothing) + share_usd
    for name, usd in spent.items():
        row = np.where(covered, usd / (window.bin_s / SECONDS_PER_HOUR), np.nan)
        gathered.add("group", name, "cost_usd_per_h", row)
    reading = gathered.reading()
    charged = {name for _, name, _ in reading.series}
    notes = [f"{where}: costs are billed ones, spread evenly over up to {longest_s / SECONDS_PER_HOUR:g} h."]
    absent = sorted(one.group.name for one in watched if one.group.name not in charged)
    if absent:
        rest = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
        some = ", ".join(shown(name) for name in absent[:MOST_NAMED]) + rest
        notes.append(
            f"{where}: nothing carries the tag or label {TAG} of {some}; on AWS it has to be activated as a cost "
            "allocation tag first."
        )
    if not covered.all():
        notes.append(f"{where}: says nothing of {int((~covered).sum())} of {window.bins} bins.")
    if credited:
        notes.append(f"{where}: credits and corrections of {credited:,.2f} USD are left out.")
    if nameless:
        notes.append(f"{where}: {nameless:,.2f} USD carry no {TAG} and are left out.")
    return Reading(reading.series, (*notes, *reading.notes))
