"""What a journal keeps as it is, each in a line: inventories, catalogues, plans, prompts, tables, programs.

Only what a line needs is looked at, so that an older covey's contents can still be told.
"""

import io
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel, Json

from generator.errors import JournalError
from generator.files import Manifest
from generator.journal import RecommendationsRecord, unpacked
from generator.model import Profile
from generator.present.figures import count, dollars
from generator.project import GROUPS, MANIFEST


class _Named(BaseModel):
    name: str


class _Inventory(BaseModel):
    """A part of what `generator.provenance` spells of `Inputs`."""

    class Served(_Named):
        workloads: list[_Named]

    class Measured(BaseModel):
        class Span(BaseModel):
            start: datetime
            end: datetime

        window: Span

    fleet: Served
    planned: Measured
    scored: Measured


class _Catalogue(BaseModel):
    """A part of what `generator.provenance` spells of `Catalog`."""

    as_of: str
    offerings: list[Any]
    instance_types: list[Any]
    regions: list[Any]


class _Plan(BaseModel):
    """A part of `PlanDocument`."""

    class Recommended(BaseModel):
        class Cost(BaseModel):
            expected: float

        profile: Profile
        cost_usd_per_h: Cost
        groups: list[Any]

    fleet: str
    recommendations: list[Recommended]


class _Prompt(BaseModel):
    """A part of what `generator.dialogue` sends."""

    class Asked(BaseModel):
        task: str
        questions: list[Any]
        past_decisions: list[Any] = []

    payload: Json[Asked]


def inventory(content: bytes) -> str:
    """``shop: 67 models, planned on 2011-01-01 to 2011-04-16, scored until 2011-07-30``."""
    found = _Inventory.model_validate_json(content)
    planned, scored = found.planned.window, found.scored.window
    return (
        f"{found.fleet.name}: {count(len(found.fleet.workloads), 'model')}, "
        f"planned on {planned.start:%Y-%m-%d} to {planned.end:%Y-%m-%d}, scored until {scored.end:%Y-%m-%d}"
    )


def catalogue(content: bytes) -> str:
    """``1,200 offerings of 90 machine types in 40 regions, prices of 2026-11-01 and before``."""
    found = _Catalogue.model_validate_json(content)
    machines, regions = count(len(found.instance_types), "machine type"), count(len(found.regions), "region")
    offered = count(len(found.offerings), "offering")
    return f"{offered} of {machines} in {regions}, prices of {found.as_of} and before"


def plan(content: bytes) -> str:
    """``shop, an hour: cheapest $0.766 in 3 groups, balanced $0.805 in 3 groups, resilient $2.12 in 6 groups``."""
    found = _Plan.model_validate_json(content)
    each = (
        f"{one.profile} {dollars(one.cost_usd_per_h.expected)} in {count(len(one.groups), 'group')}"
        for one in found.recommendations
    )
    return f"{found.fleet}, an hour: {', '.join(each)}"


def recommendations(content: bytes) -> str:
    """``of plan 0123456789ab, without names: cheapest 3 groups, balanced 3 groups, resilient 6 groups``."""
    found = RecommendationsRecord.model_validate_json(content)
    each = (
        f"{profile} {count(len(found.recommendations[profile].groups), 'group')}"
        for profile in get_args(Profile)
        if profile in found.recommendations
    )
    return f"of plan {found.plan[:12]}, without names: {', '.join(each)}"


def prompt(content: bytes) -> str:
    """``serve: 12 questions, 3 past decisions``."""
    asked = _Prompt.model_validate_json(content).payload
    past = f", {count(len(asked.past_decisions), 'past decision')}" if asked.past_decisions else ""
    return f"{asked.task}: {count(len(asked.questions), 'question')}{past}"


def series(content: bytes) -> str:
    """``4 groups and 67 models, 11,928 rows``."""
    import polars as pl

    try:
        table = pl.read_parquet(io.BytesIO(content), columns=["group", "workload"])
    except pl.exceptions.PolarsError as error:
        raise JournalError("the journal", f"holds a table that cannot be read: {error}.", "Use another copy.") from None
    groups, workloads = (table.get_column(name).drop_nulls().n_unique() for name in ("group", "workload"))
    return f"{count(groups, 'group')} and {count(workloads, 'model')}, {count(table.height, 'row')}"


def program(content: bytes) -> str:
    """``4 groups in 4 stacks, 33 files``."""
    _, files = unpacked(content)
    found = [one for one in Manifest.model_validate_json(files.get(MANIFEST, b"")).groups if not one.retiring]
    stacks = [path for path in files if path.startswith(GROUPS) and not path.endswith("/__init__.py")]
    return f"{count(len(found), 'group')} in {count(len(stacks), 'stack')}, {count(len(files), 'file')}"


ABRIDGED: Mapping[str, Callable[[bytes], str]] = {
    "catalogue": catalogue,
    "inventory": inventory,
    "plan": plan,
    "program": program,
    "prompt": prompt,
    "recommendations": recommendations,
    "series": series,
}
