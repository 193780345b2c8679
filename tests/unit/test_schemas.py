from pathlib import Path
from typing import Any

import jsonschema
import pytest

from generator.inventory.fleet_document import fleet_schema
from generator.inventory.yaml_source import read_yaml
from generator.schemas import schemas
from tests.inventories import changed

ROOT = Path(__file__).parents[2]
FLEETS = [*sorted((ROOT / "examples").glob("*/fleet.yaml")), ROOT / "generator" / "templates" / "fleet.yaml"]
PUBLISHED = schemas()


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_schemas_are_those_of_the_code(name: str) -> None:
    assert PUBLISHED[name] == (ROOT / "schemas" / name).read_text(), "run: python -m generator.schemas schemas"


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_every_inventory_here_is_valid_under_the_schema(path: Path) -> None:
    jsonschema.validate(read_yaml(path).content, fleet_schema())


def test_the_schema_refuses_an_unknown_field() -> None:
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(changed((["workloads", 0, "colour"], "red")), fleet_schema())


def test_every_field_of_the_schema_is_described() -> None:
    schema = fleet_schema()
    nouns: dict[str, Any] = {**schema["$defs"], "FleetEntry": schema}

    bare = [
        f"{noun}.{name}"
        for noun, body in nouns.items()
        for name, field in body["properties"].items()
        # Where a field says the same as what it refers to, only the latter is written.
        if "description" not in field
        and "description" not in nouns.get(field.get("$ref", "").removeprefix("#/$defs/"), {})
    ]

    assert [] == bare
