from pathlib import Path

import yaml

from generator.catalog import read_catalog
from generator.inventory.fleet_document import FleetEntry
from generator.load import load
from generator.starter import starter


def test_the_starting_inventory_loads_as_it_is(tmp_path: Path) -> None:
    for name, text in starter().items():
        (tmp_path / name).write_text(text)

    inputs = load(tmp_path, read_catalog())

    assert [w.name for w in inputs.fleet.workloads] == ["churn", "prices Europe", "search ranking"]
    assert inputs.planned.window.bins == inputs.scored.window.bins == 48


def test_the_starting_inventory_shows_every_block() -> None:
    shown = set(yaml.safe_load(starter()["fleet.yaml"]))

    assert set(FleetEntry.model_fields) - shown == {"cost_centre", "goals", "prices"}
    assert "# cost_centre:" in starter()["fleet.yaml"]
    assert "# goals:" in starter()["fleet.yaml"]
    assert "# prices:" in starter()["fleet.yaml"]
