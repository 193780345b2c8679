"""A workload that is to join: its entry as in fleet.yaml, the traffic it expects, the lines fleet.yaml lacks."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import Field, ValidationError, model_validator

from generator.errors import InventoryError
from generator.inventory.fields import Entry, FileName, Name, Positive
from generator.inventory.fleet_document import WorkloadEntry
from generator.inventory.yaml_source import Document, read_yaml, sentence, shown

LONGEST_LINE = 10**9  # YAML's own folding would cut long names


class ExpectedEntry(Entry):
    """Traffic nobody has measured in the fleet's own file: a file of its own, or an estimate."""

    file: FileName | None = Field(
        default=None, description="CSV or parquet beside this file, in the shape and unit of the fleet's traffic file."
    )
    like: Name | None = Field(default=None, description="A workload of the fleet whose traffic moves as this one's.")
    mean_rps: Positive | None = Field(default=None, description="Mean rate, requests/s.")

    @model_validator(mode="after")
    def _one_way(self) -> "ExpectedEntry":
        estimated = self.like is not None and self.mean_rps is not None
        if (self.like is None) != (self.mean_rps is None) or estimated == (self.file is not None):
            raise ValueError("must be either `file`, or `like` with `mean_rps`")
        return self


class NewcomerEntry(WorkloadEntry):
    """One workload as in `fleet.yaml`, and its expected traffic where the fleet's traffic file does not have it."""

    expected: ExpectedEntry | None = Field(
        default=None, description="Expected traffic; left out, its series stands in the fleet's traffic file."
    )


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A checked entry, and the document it stands in."""

    document: Document
    entry: NewcomerEntry

    @property
    def name(self) -> str:
        """Its name."""
        return self.entry.name


def read_newcomer(path: Path, content: bytes | None = None) -> Newcomer:
    """Read one workload's entry, from its file or as `read_yaml` takes it.

    Raises
    ------
    InventoryError
        The file is not YAML, or not one workload: file, line and field.
    """
    document = read_yaml(path, content)
    try:
        return Newcomer(document, NewcomerEntry.model_validate(document.content))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InventoryError(
            document.place(found["loc"]),
            sentence(found["type"], found["msg"]),
            "Write one workload as in fleet.yaml; schemas/newcomer.schema.json says what it may hold.",
        ) from None


def joined(document: Document, newcomer: Newcomer, assumed: Mapping[str, Any] | None) -> Document:
    """Return the fleet's document with one workload more.

    Parameters
    ----------
    document : Document
        Of the fleet, checked.
    newcomer : Newcomer
    assumed : mapping, optional
        What is assumed of it beside its own entry: `series`, `traffic_scale`, `traffic_shift_h`.

    Raises
    ------
    InventoryError
        The fleet has a workload of this name.
    """
    there = [_name(workload) for workload in document.content["workloads"]]
    if newcomer.name in there:
        raise InventoryError(
            newcomer.document.place(("name",)),
            f"The fleet has a workload {shown(newcomer.name)} already.",
            "Name it otherwise; a changed workload is planned anew: covey plan FLEET.",
        )
    content, guest = _merged(document.content, newcomer, assumed), ("workloads", len(there))
    return replace(document, content=content, guest=(guest, newcomer.document))


def lines(newcomer: Newcomer, assumed: Mapping[str, Any] | None) -> str:
    """Spell what is to be added to fleet.yaml: one entry, and what is assumed of it."""
    nothing = {"workloads": cast("list[Any]", [])}
    return yaml.safe_dump(_merged(nothing, newcomer, assumed), sort_keys=False, allow_unicode=True, width=LONGEST_LINE)


def left(document: Document, name: str) -> Document:
    """Return the fleet's document without a workload, and without what was assumed of it alone.

    Raises
    ------
    InventoryError
        The fleet has no such workload, or no other.
    """
    content = document.content
    staying = [workload for workload in content["workloads"] if _name(workload) != name]
    if len(staying) == len(content["workloads"]):
        raise InventoryError(
            str(document.path), f"The fleet has no workload {shown(name)}.", "Name one of its workloads."
        )
    if not staying:
        raise InventoryError(
            str(document.path), f"{shown(name)} is the fleet's last workload.", "Take all down: covey destroy DIR."
        )
    without = {**content, "workloads": staying}
    assumptions = content.get("assumptions")
    if assumptions:
        usual = (content.get("defaults") or {}).get("cohort")
        cohorts = {workload.get("cohort") or usual for workload in staying}
        kept = dict(assumptions)
        for part, there in (("by_workload", {_name(workload) for workload in staying}), ("by_cohort", cohorts)):
            if kept.get(part):
                kept[part] = {
                    key: value for key, value in kept[part].items() if unicodedata.normalize("NFC", key) in there
                }
        without["assumptions"] = kept
    return replace(document, content=without)


def _name(workload: Mapping[str, Any]) -> str:
    return unicodedata.normalize("NFC", workload["name"])


def _merged(content: Mapping[str, Any], newcomer: Newcomer, assumed: Mapping[str, Any] | None) -> dict[str, Any]:
    entry = {key: value for key, value in newcomer.document.content.items() if key != "expected"}
    merged = {**content}
    if assumed is not None:
        entry["series"] = assumed["series"]
        expected = newcomer.entry.expected
        if expected is None:
            raise AssertionError(assumed)  # only an estimate is assumed
        note = f"The traffic of {newcomer.name} is a guess: as {expected.like}'s, {expected.mean_rps:g} requests/s."
        assumptions = dict(content.get("assumptions") or {})
        own = {key: value for key, value in assumed.items() if key != "series"}
        assumptions["by_workload"] = {**(assumptions.get("by_workload") or {}), newcomer.name: own}
        assumptions["notes"] = [*(assumptions.get("notes") or []), note]
        merged["assumptions"] = assumptions
    merged["workloads"] = [*content["workloads"], entry]
    return merged


def newcomer_schema() -> dict[str, Any]:
    """JSON Schema of the file that `covey join` reads."""
    schema = NewcomerEntry.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "covey newcomer"}
