"""Read a fleet's folder: inventory and traffic in, the nouns every step works on out."""

from pathlib import Path

from generator.inventory.fleet_inputs import FLEET_FILE, fleet_inputs
from generator.inventory.yaml_source import read_yaml
from generator.model import Catalog, Inputs


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
    return fleet_inputs(read_yaml(path), catalog)
