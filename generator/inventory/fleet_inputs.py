"""A fleet's document and its traffic as the nouns every step works on."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from generator.errors import InventoryError, TrafficError
from generator.inventory.assumptions import Terms
from generator.inventory.build_fleet import build_fleet
from generator.inventory.fields import as_utc
from generator.inventory.fleet_document import FleetEntry
from generator.inventory.traffic import Reading, read_traffic
from generator.inventory.traffic_document import InterarrivalEntry, TrafficEntry, WindowEntry
from generator.inventory.yaml_source import Document, sentence
from generator.model import Catalog, Fleet, Inputs, Traffic, Window, Workload

FLEET_FILE = "fleet.yaml"
MOST_SHOWN = 10
FEWEST_BINS = 24
PLANNED_SHARE = 0.6


def fleet_inputs(document: Document, catalog: Catalog, elsewhere: tuple[str, Path] | None = None) -> Inputs:
    """Build a fleet and read its traffic, refusing what no plan could be trusted on.

    Parameters
    ----------
    document : Document
        Of ``fleet.yaml``; the traffic file lies beside it.
    catalog : Catalog
    elsewhere : (str, Path), optional
        A workload whose series stands in another file, of the same shape and unit, and that file.

    Raises
    ------
    InventoryError
        The inventory: file, line and field.
    TrafficError
        A traffic file: file, line and column.
    """
    entry = checked_entry(document)
    fleet, terms = build_fleet(document, entry, catalog)
    readings = [_reading(workload, held) for workload, held in zip(fleet.workloads, terms, strict=True)]
    here = [reading for reading in readings if elsewhere is None or reading.workload != elsewhere[0]]
    traffic = read_traffic(document.path.parent, entry.traffic, here)
    planned, scored = _windows(document, entry, traffic.window)
    inputs = Inputs(fleet, _cut(traffic, planned), _cut(traffic, scored))
    if elsewhere is None:
        return inputs
    name, path = elsewhere
    reading = next(reading for reading in readings if reading.workload == name)
    other = read_traffic(path.parent, _of_one(entry.traffic, path), [reading])
    silent = entry.traffic.missing == "zero" or entry.traffic.shape == "trace"
    return Inputs(
        fleet,
        _with(inputs.planned, _covering(other, planned, path, silent=silent), fleet),
        _with(inputs.scored, _covering(other, scored, path, silent=silent), fleet),
    )


def checked_entry(document: Document) -> FleetEntry:
    """Check what a fleet's document holds.

    Raises
    ------
    InventoryError
        File, line and field of what is wrong.
    """
    try:
        return FleetEntry.model_validate(document.content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    messages = [(document.place(e["loc"]), sentence(e["type"], e["msg"])) for e in found]
    where, first = messages[0]
    rest = [f"{place}: {sentence}" for place, sentence in messages[1:MOST_SHOWN]]
    if len(messages) > MOST_SHOWN:
        rest.append(f"and {len(messages) - MOST_SHOWN} more.")
    remedy = "Correct the fields; schemas/fleet.schema.json says what each may hold."
    raise InventoryError(where, "\n".join([first, *rest]), remedy)


def _reading(workload: Workload, terms: Terms) -> Reading:
    return Reading(workload.name, terms.series, terms.traffic_scale, terms.traffic_shift_h, workload.service.mean_s)


def _of_one(entry: TrafficEntry, path: Path) -> TrafficEntry:
    """Say how a file of one series is read: as the fleet's, arrivals Poisson where the fleet has a file for them."""
    own = entry.interarrival_variation
    variation = 1.0 if isinstance(own, InterarrivalEntry) else own
    return entry.model_copy(update={"file": path.name, "interarrival_variation": variation})


def _covering(traffic: Traffic, window: Window, path: Path, *, silent: bool) -> Traffic:
    """Cut a window out of a file of its own; after its last row there is no traffic where the fleet says so."""
    begins = round((window.start - traffic.window.start) / timedelta(seconds=window.bin_s))
    short = begins + window.bins - traffic.window.bins
    if begins < 0 or (short > 0 and not silent):
        raise TrafficError(
            str(path),
            f"It has traffic from {traffic.window.start.isoformat()} to {traffic.window.end.isoformat()}, "
            f"and the fleet's windows want {window.start.isoformat()} to {window.end.isoformat()}.",
            "Give the missing bins, or an estimate: `like` and `mean_rps`.",
        )
    if short > 0:
        padded = np.pad(traffic.rate_rps, ((0, 0), (0, short)))
        end = traffic.window.end + short * timedelta(seconds=window.bin_s)
        traffic = replace(traffic, rate_rps=padded, window=replace(traffic.window, end=end))
    return _cut(traffic, window)


def _with(traffic: Traffic, one: Traffic, fleet: Fleet) -> Traffic:
    """Put one workload's traffic among the others', in the fleet's order."""
    names = tuple(workload.name for workload in fleet.workloads)
    place = names.index(one.workloads[0])
    rate_rps = np.insert(traffic.rate_rps, place, one.rate_rps[0], axis=0)
    variation = np.insert(traffic.interarrival_variation, place, one.interarrival_variation[0])
    rate_rps.setflags(write=False)
    variation.setflags(write=False)
    return replace(traffic, workloads=names, rate_rps=rate_rps, interarrival_variation=variation)


def _windows(document: Document, entry: FleetEntry, whole: Window) -> tuple[Window, Window]:
    if entry.windows is None:
        boundary = whole.start + int(whole.bins * PLANNED_SHARE) * timedelta(seconds=whole.bin_s)
        planned, scored = Window(whole.start, boundary, whole.bin_s), Window(boundary, whole.end, whole.bin_s)
    else:
        planned = _window(document, entry, entry.windows.plan, whole, "plan")
        scored = _window(document, entry, entry.windows.score, whole, "score")
        if scored.start < planned.end:
            raise InventoryError(
                document.place(("windows", "score", "start")),
                f"The scored window begins at {scored.start.isoformat()}, before the planned one ends.",
                "Score on later traffic that was never planned on.",
            )
    for window, name in ((planned, "plan"), (scored, "score")):
        if window.bins < FEWEST_BINS:
            raise InventoryError(
                document.place(("windows", name)),
                f"The window `{name}` has {window.bins} bins.",
                f"Give at least {FEWEST_BINS} bins, or more traffic.",
            )
    return planned, scored


def _window(document: Document, entry: FleetEntry, written: WindowEntry, whole: Window, name: str) -> Window:
    instants: list[datetime] = []
    for field, instant in (("start", written.start), ("end", written.end)):
        where = document.place(("windows", name, field))
        try:
            utc = as_utc(instant, entry.traffic.time_zone)
        except (ValueError, OverflowError) as error:
            raise InventoryError(where, f"{error}.", "Write it with an offset, such as +01:00.") from error
        if not whole.start <= utc <= whole.end:
            raise InventoryError(
                where,
                f"{utc.isoformat()} is outside the traffic, {whole.start.isoformat()} to {whole.end.isoformat()}.",
                "Choose windows within the traffic.",
            )
        position = (utc - whole.start) / timedelta(seconds=whole.bin_s)
        if abs(position - round(position)) > 1e-6:
            raise InventoryError(
                where,
                f"{utc.isoformat()} is not the start of a bin of {whole.bin_s:g} s.",
                f"Bins begin at {whole.start.isoformat()}.",
            )
        instants.append(whole.start + round(position) * timedelta(seconds=whole.bin_s))
    start, end = instants
    if end <= start:
        raise InventoryError(
            document.place(("windows", name)), f"The window `{name}` ends before it begins.", "Exchange start and end."
        )
    return Window(start, end, whole.bin_s)


def _cut(traffic: Traffic, window: Window) -> Traffic:
    first = round((window.start - traffic.window.start) / timedelta(seconds=window.bin_s))
    # A copy, so that the rows lie side by side for the matrix products to come.
    rate_rps = np.ascontiguousarray(traffic.rate_rps[:, first : first + window.bins])
    rate_rps.setflags(write=False)
    return Traffic(traffic.workloads, rate_rps, traffic.interarrival_variation, window)
