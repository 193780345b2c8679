"""Read a fleet's folder for a workload that is to leave it: the fleet with it and without."""

from dataclasses import replace
from pathlib import Path

from generator.inventory.build_fleet import build_fleet
from generator.inventory.fleet_inputs import FLEET_FILE, checked_entry, fleet_inputs
from generator.inventory.newcomer import left
from generator.inventory.yaml_source import read_yaml
from generator.model import Catalog, Inputs


def discharge(path: Path, name: str, catalog: Catalog) -> tuple[Inputs, Inputs]:
    """Read a fleet, and give it with a workload and without; what was assumed of that workload alone goes with it.

    Parameters
    ----------
    path : Path
        A folder with ``fleet.yaml``, or that file.
    name : str
    catalog : Catalog

    Raises
    ------
    InventoryError
        The inventory: file, line and field; there is no such workload, or no other.
    TrafficError
        A traffic file: file, line and column.
    """
    document = read_yaml(path / FLEET_FILE if path.is_dir() else path)
    checked_entry(document)
    remaining = left(document, name)
    before = fleet_inputs(document, catalog)
    fleet, _ = build_fleet(remaining, checked_entry(remaining), catalog)
    return before, replace(before.without(name), fleet=fleet)
