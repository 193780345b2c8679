"""A copy of the catalogue that a test may damage."""

import csv
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMMITTED = ROOT / "sku-catalog"

Table = list[dict[str, str]]


def table(folder: Path, name: str) -> Table:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(folder: Path, name: str, rows: Table) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "sku-catalog"
    shutil.copytree(COMMITTED, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy
