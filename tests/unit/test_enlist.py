"""Who is to join, as written, with expected traffic; who is to leave; and the fleet's files afterwards."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from generator.catalog import read_catalog
from generator.discharge import discharge
from generator.enlist import enlist
from generator.errors import InputError, InventoryError, TrafficError
from generator.inventory.newcomer import read_newcomer
from generator.load import load
from generator.provenance import provenance
from generator.starter import starter

CATALOG = read_catalog()
ENTRY: dict[str, Any] = {"name": "newcomer", "artifact": "newcomer/1.tar.gz"}
GUESS = {"expected": {"like": "prices Europe", "mean_rps": 2.5}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in starter().items():
        (tmp_path / name).write_text(text)
    return tmp_path


def written(folder: Path, **fields: Any) -> Path:
    path = folder / "newcomer.yaml"
    path.write_text(yaml.safe_dump({**ENTRY, **fields}))
    return path


def digest(folder: Path) -> str:
    return provenance(load(folder, CATALOG), CATALOG, "").inventory


def changed(folder: Path, change: Any) -> None:
    content = yaml.safe_load((folder / "fleet.yaml").read_text())
    change(content)
    text = yaml.safe_dump(content, sort_keys=False)
    # PyYAML reads what looks like a date as one, and covey as text.
    (folder / "fleet.yaml").write_text(text.replace("start: 2026-", "start: !!str 2026-").replace("!!str ", ""))


def test_a_guess_has_the_mean_rate_and_the_shape_of_whom_it_is_like(folder: Path) -> None:
    found = enlist(folder, written(folder, **GUESS), CATALOG)

    planned = found.inputs.planned
    rate = dict(zip(planned.workloads, planned.rate_rps, strict=True))
    assert rate["newcomer"].mean() == pytest.approx(2.5, rel=1e-5)
    assert np.corrcoef(rate["newcomer"], rate["prices Europe"])[0, 1] == pytest.approx(1.0)
    assert any("newcomer is a guess" in said for said in found.inputs.fleet.assumptions)


def test_the_printed_lines_make_the_fleet_that_was_planned_with(folder: Path) -> None:
    found = enlist(folder, written(folder, **GUESS), CATALOG)
    lines = yaml.safe_load(found.lines)

    def add(content: dict[str, Any]) -> None:
        content["workloads"] += lines["workloads"]
        content["assumptions"]["by_workload"] = lines["assumptions"]["by_workload"]
        content["assumptions"]["notes"] += lines["assumptions"]["notes"]

    changed(folder, add)

    assert provenance(found.inputs, CATALOG, "").inventory == digest(folder)


def test_a_series_that_stands_in_the_fleets_file_already_is_taken_from_there(folder: Path) -> None:
    rows = (folder / "traffic.csv").read_text()
    own = "".join(f"newcomer,{row.split(',', 1)[1]}\n" for row in rows.splitlines() if row.startswith("churn,"))
    (folder / "traffic.csv").write_text(rows.rstrip("\n") + "\n" + own)

    found = enlist(folder, written(folder), CATALOG)

    rate = dict(zip(found.inputs.planned.workloads, found.inputs.planned.rate_rps, strict=True))
    assert rate["churn"].tolist() == rate["newcomer"].tolist()


def test_a_file_of_its_own_is_what_its_rows_would_be_in_the_fleets_file(folder: Path) -> None:
    rows = (folder / "traffic.csv").read_text()
    header = rows.splitlines()[0]
    own = "".join(f"newcomer,{row.split(',', 1)[1]}\n" for row in rows.splitlines() if row.startswith("churn,"))
    (folder / "own.csv").write_text(f"{header}\n{own}")
    found = enlist(folder, written(folder, expected={"file": "own.csv"}), CATALOG)
    (folder / "traffic.csv").write_text(rows.rstrip("\n") + "\n" + own)
    changed(folder, lambda content: content["workloads"].append(ENTRY))

    assert provenance(found.inputs, CATALOG, "").inventory == digest(folder)


def test_a_file_that_ends_too_early_is_refused(folder: Path) -> None:
    rows = (folder / "traffic.csv").read_text().splitlines()
    own = [f"newcomer,{row.split(',', 1)[1]}" for row in rows if row.startswith("churn,")]
    (folder / "own.csv").write_text("\n".join([rows[0], *own[:-3]]) + "\n")

    with pytest.raises(TrafficError, match="the fleet's windows want"):
        enlist(folder, written(folder, expected={"file": "own.csv"}), CATALOG)


@pytest.mark.parametrize(
    ("fields", "where", "what"),
    [
        ({"name": "churn", **GUESS}, "newcomer.yaml:", "has a workload 'churn' already"),
        ({"expected": {"like": "nobody", "mean_rps": 1.0}}, "newcomer.yaml:", "no workload 'nobody'"),
        ({"expected": {"like": "churn"}}, "newcomer.yaml:", "either `file`, or `like` with `mean_rps`"),
        ({"expected": {"like": "churn", "mean_rps": 0}}, "newcomer.yaml:", "greater than 0"),
        ({"colour": "red", **GUESS}, "newcomer.yaml:", "no such field"),
        ({"runtime": "tensorrt", **GUESS}, "newcomer.yaml:", "no runtime 'tensorrt'"),
        ({"path": "/prices", "residency": ["Europe"], **GUESS}, ".yaml", "has the path /prices too"),
        ({}, "traffic.csv", "have no traffic here: 'newcomer'"),
        ({"expected": {"file": "absent.csv"}}, "absent.csv", "does not exist"),
    ],
)
def test_what_cannot_join_is_refused_where_it_is_written(
    folder: Path, fields: dict[str, Any], where: str, what: str
) -> None:
    with pytest.raises(InputError) as refused:
        enlist(folder, written(folder, **fields), CATALOG)

    assert where in refused.value.where
    assert what in refused.value.what


@pytest.mark.parametrize("text", ["- name: a\n", "time,workload\n", "5\n"])
def test_a_file_of_another_kind_is_refused_in_words_of_whoever_wrote_it(folder: Path, text: str) -> None:
    for name in ("newcomer.yaml", "fleet.yaml"):
        (folder / name).write_text(text)
    with pytest.raises(InventoryError) as newcomer:
        read_newcomer(folder / "newcomer.yaml")
    with pytest.raises(InventoryError) as fleet:
        load(folder, CATALOG)

    assert "Should be a mapping: lines of `key: value`." == newcomer.value.what == fleet.value.what


def test_a_discharged_fleet_is_the_one_without_its_lines_and_rows(folder: Path) -> None:
    def assume(content: dict[str, Any]) -> None:
        content["assumptions"]["by_workload"] = {"churn": {"traffic_scale": 2.0}}
        content["assumptions"]["by_cohort"] = {"customers": {"response_kib": 2}}

    def remove(content: dict[str, Any]) -> None:
        content["workloads"] = [one for one in content["workloads"] if one["name"] != "churn"]
        del content["assumptions"]["by_workload"], content["assumptions"]["by_cohort"]

    changed(folder, assume)
    before, after = discharge(folder, "churn", CATALOG)
    rows = (folder / "traffic.csv").read_text().splitlines()
    (folder / "traffic.csv").write_text("\n".join(row for row in rows if not row.startswith("churn,")) + "\n")
    changed(folder, remove)

    assert len(before.fleet.workloads) == len(after.fleet.workloads) + 1
    assert provenance(after, CATALOG, "").inventory == digest(folder)


def test_nobody_leaves_whom_the_fleet_does_not_have(folder: Path) -> None:
    with pytest.raises(InventoryError, match="no workload 'nobody'"):
        discharge(folder, "nobody", CATALOG)


def test_the_last_workload_does_not_leave(folder: Path) -> None:
    changed(folder, lambda content: content.update(workloads=content["workloads"][:1]))

    with pytest.raises(InventoryError, match="is the fleet's last workload"):
        discharge(folder, "churn", CATALOG)
