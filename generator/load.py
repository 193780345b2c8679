"""Read a fleet's folder: inventory and traffic in, the nouns every step works on out."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from generator.errors import InventoryError
from generator.inventory.build_fleet import build_fleet
from generator.inventory.fields import as_utc
from generator.inventory.fleet_document import FleetEntry, WindowEntry
from generator.inventory.traffic import Reading, read_traffic
from generator.inventory.yaml_source import Document, read_yaml
from generator.model import Catalog, Inputs, Traffic, Window

FLEET_FILE = "fleet.yaml"
MOST_SHOWN = 10
FEWEST_BINS = 24
PLANNED_SHARE = 0.6


def load(path: Path, catalog: Catalog) -> Inputs:
    """Read a fleet and its traffic, and refuse what no plan could be trusted on.

    Parameters
    ----------
    path : Path
        A folder with ``fleet.yaml``, or that file.
    catalog : Catalog
        What instance types, regions and offerings there are.

    Returns
    -------
    Inputs
        The fleet with its workloads sorted by name, and its traffic in the planned and in the scored window.

    Raises
    ------
    InventoryError
        The inventory: file, line and field.
    TrafficError
        A traffic file: file, line and column.
    """
    path = path / FLEET_FILE if path.is_dir() else path
    document = read_yaml(path)
    entry = _entry(document)
    fleet, terms = build_fleet(document, entry, catalog)
    readings = [
        Reading(w.name, t.series, t.traffic_scale, t.traffic_shift_h, w.service.mean_s)
        for w, t in zip(fleet.workloads, terms, strict=True)
    ]
    traffic = read_traffic(path.parent, entry.traffic, readings)
    planned, scored = _windows(document, entry, traffic.window)
    return Inputs(fleet, _cut(traffic, planned), _cut(traffic, scored))


def _entry(document: Document) -> FleetEntry:
    try:
        return FleetEntry.model_validate(document.content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    messages = [(document.place(e["loc"]), _sentence(e["type"], e["msg"])) for e in found]
    where, first = messages[0]
    rest = [f"{place}: {sentence}" for place, sentence in messages[1:MOST_SHOWN]]
    if len(messages) > MOST_SHOWN:
        rest.append(f"and {len(messages) - MOST_SHOWN} more.")
    remedy = "Correct the fields; schemas/fleet.schema.json says what each may hold."
    raise InventoryError(where, "\n".join([first, *rest]), remedy)


def _sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "There is no such field."
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    advice = " Put it in quotes." if kind == "string_type" else ""
    return message[0].upper() + message[1:] + "." + advice


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
