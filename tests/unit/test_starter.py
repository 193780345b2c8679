import re
from pathlib import Path

import pytest
import yaml

from generator.catalog import read_catalog
from generator.emit import emit
from generator.inventory.fleet_document import FleetEntry
from generator.load import load
from generator.pipeline import plan
from generator.present.document import document, layout_of
from generator.starter import starter


def test_the_starting_inventory_loads_as_it_is(tmp_path: Path) -> None:
    for name, text in starter().items():
        (tmp_path / name).write_text(text)

    inputs = load(tmp_path, read_catalog())

    assert ["churn", "prices Europe", "search ranking"] == [w.name for w in inputs.fleet.workloads]
    assert inputs.planned.window.bins == inputs.scored.window.bins == 48


def test_the_starting_inventory_shows_every_block() -> None:
    shown = set(yaml.safe_load(starter()["fleet.yaml"]))

    assert {"cost_centre", "goals", "prices"} == set(FleetEntry.model_fields) - shown
    assert "# cost_centre:" in starter()["fleet.yaml"]
    assert "# goals:" in starter()["fleet.yaml"]
    assert "# prices:" in starter()["fleet.yaml"]


@pytest.mark.parametrize(("region", "ceiling"), [("us-east-1", r"\d+"), ("eu-west-1", "None")])
def test_a_workload_pinned_to_serverless_is_planned_and_emitted_also_where_it_has_no_price(
    tmp_path: Path, region: str, ceiling: str
) -> None:
    content = yaml.safe_load(starter()["fleet.yaml"])
    pin = {"hosting": "sagemaker-serverless", "instance_type": "serverless-2gib", "region": region}
    content["workloads"][0]["pin"] = pin
    (tmp_path / "traffic.csv").write_text(starter()["traffic.csv"])
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    catalog = read_catalog()
    inputs = load(tmp_path, catalog)

    published = document(plan(inputs, catalog, seed=0))
    program = emit(layout_of(published, published.chosen.profile), inputs.fleet, catalog)

    data = program.files[f"stacks/groups/prod_aws_{region.replace('-', '_')}.py"]
    assert 'hosting="sagemaker-serverless"' in data
    assert re.search(rf"memory_mb=2048,.*?monthly_ceiling_usd={ceiling},", data, re.DOTALL)
