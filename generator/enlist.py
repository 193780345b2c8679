"""Read a fleet's folder and a workload that is to join it: the fleet with it, and the lines fleet.yaml lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import InventoryError
from generator.inventory.assumptions import settle
from generator.inventory.fleet_inputs import FLEET_FILE, checked_entry, fleet_inputs
from generator.inventory.newcomer import Newcomer, joined, lines, read_newcomer
from generator.inventory.yaml_source import Document, read_yaml, shown
from generator.model import Catalog, Inputs

# Digits of a guessed scale: what is printed for fleet.yaml is what was planned with.
DIGITS = 6


@dataclass(frozen=True, eq=False)
class Enlisted:
    """A fleet with its newcomer.

    Parameters
    ----------
    lines : str
        YAML: what fleet.yaml lacks, under the keys where it belongs.
    traffic : str
        Where the newcomer's traffic comes from, in a sentence.
    """

    inputs: Inputs
    name: str
    lines: str
    traffic: str


def enlist(path: Path, newcomer: Path, catalog: Catalog, content: bytes | None = None) -> Enlisted:
    """Read a fleet and one workload that is not in it yet.

    Its traffic is a series of the fleet's traffic file, a file of its own beside its entry, or a guess: another
    workload's traffic at a mean rate of its own, which is then an assumption of the fleet like any other.

    Parameters
    ----------
    path : Path
        A folder with ``fleet.yaml``, or that file.
    newcomer : Path
        YAML with one entry as under ``workloads:``, and ``expected:`` where its traffic is not in the fleet's file.
    catalog : Catalog
    content : bytes, optional
        The newcomer's YAML, where it does not lie in a file: nothing lies beside it then.

    Raises
    ------
    InventoryError
        Either document: file, line and field; the fleet has the workload already, or not the one it is like.
    TrafficError
        A traffic file: file, line and column.
    """
    document = read_yaml(path / FLEET_FILE if path.is_dir() else path)
    checked_entry(document)
    one = read_newcomer(newcomer, content)
    expected = one.entry.expected
    if expected is None:
        inputs = fleet_inputs(joined(document, one, None), catalog)
        said = "Its traffic is its series in the fleet's traffic file."
        return Enlisted(inputs, one.name, lines(one, None), said)
    if expected.file is not None and content is not None:
        what = "Only the name of the traffic file came with the entry."
        remedy = "Say `like` and `mean_rps` instead, or join from the command line, where the file is."
        raise InventoryError(one.document.place(("expected", "file")), what, remedy)
    if expected.file is not None:
        elsewhere = (one.name, newcomer.parent / expected.file)
        inputs = fleet_inputs(joined(document, one, None), catalog, elsewhere)
        said = f"Its traffic is that of {expected.file}: add these rows to the fleet's traffic file."
        return Enlisted(inputs, one.name, lines(one, None), said)
    assumed = _guessed(document, one, catalog)
    inputs = fleet_inputs(joined(document, one, assumed), catalog)
    said = f"Its traffic is a guess: as {expected.like}'s, {expected.mean_rps:g} requests/s on average."
    return Enlisted(inputs, one.name, lines(one, assumed), said)


def _guessed(document: Document, one: Newcomer, catalog: Catalog) -> Mapping[str, Any]:
    """Scale the series of the workload it is like to its mean rate on the planning window."""
    entry, expected = checked_entry(document), one.entry.expected
    if expected is None or expected.mean_rps is None:
        raise AssertionError(one)  # asked for a guess only
    terms = {w.name: held for w, held in zip(entry.workloads, settle(entry), strict=True)}
    if expected.like not in terms:
        raise InventoryError(
            one.document.place(("expected", "like")),
            f"The fleet has no workload {shown(expected.like or '')}.",
            "Name one of its workloads.",
        )
    like = terms[expected.like]
    unscaled: dict[str, Any] = {"series": like.series, "traffic_scale": 1.0}
    if like.traffic_shift_h:
        unscaled["traffic_shift_h"] = like.traffic_shift_h
    inputs = fleet_inputs(joined(document, one, unscaled), catalog)
    rate = inputs.planned.rate_rps[inputs.planned.workloads.index(one.name)].mean()
    if rate <= 0:
        raise InventoryError(
            one.document.place(("expected", "like")),
            f"{shown(expected.like)} has no traffic in the planning window, so nothing can be like it.",
            "Name a workload with traffic.",
        )
    return {**unscaled, "traffic_scale": float(f"{expected.mean_rps / rate:.{DIGITS}g}")}
