"""What is observed is learned, recorded, and used and said by the next plan; provenance knows it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from generator.catalog import read_catalog
from generator.journal import Journal
from generator.lessons import as_learned, calibration_content, load_learned
from generator.load import load
from generator.measurements import contents
from generator.model import Calibration, Group, MachineFactor
from generator.provenance import provenance
from tests.commands import covey, published
from tests.learned import observed

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lessons") / "fleet"
    assert 0 == covey("init", folder).exit_code
    return folder


@pytest.fixture
def journal(fleet: Path, tmp_path: Path) -> Path:
    """Three weeks of every workload alone on a small machine that is half as fast as the catalogue says."""
    place = tmp_path / "journal.sqlite"
    catalog = read_catalog()
    inputs = load(fleet, catalog)
    region = next(name for cloud, name in sorted(inputs.fleet.regions) if cloud == "aws")
    groups = tuple(
        Group(f"g{i}", (one.name,), "sagemaker-multi-model", region, "ml.c5.large", 1, 4, 0.7, 2, 40.0)
        for i, one in enumerate(inputs.fleet.workloads)
    )
    seen = observed(groups, {("ml.c5.large", "work"): 2.0}, 21, 1)
    kept = Journal(place)
    for kind, body in contents(seen, fleet=inputs.fleet.name, source="tests").items():
        kept.append(kind, body, by="tests", at=NOW)
    return place


def test_what_is_learned_is_recorded_shown_and_used_by_the_next_plan(fleet: Path, journal: Path) -> None:
    done = covey("learn", fleet, "--journal", journal, "--json")

    assert 0 == done.exit_code, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, published("calibration"))
    (work,) = [one for one in answer["factors"] if (one["instance_type"], one["quantity"]) == ("ml.c5.large", "work")]
    assert work["used"]
    assert work["error_after"] < work["error_before"]
    assert ["series", "observations", "calibration"] == [entry.kind for entry in Journal(journal).entries()]

    planned = covey("plan", fleet, "--no-llm", "--journal", journal, "--json")

    assert 0 == planned.exit_code, planned.stderr
    said = [one for one in json.loads(planned.stdout)["assumptions"] if one.startswith("ml.c5.large: work a request")]
    assert [f"{work['estimate']:.2f}"] == [one.split(" is ")[1].split(" ")[0] for one in said]
    assert "learned from 21 days" in said[0]


def test_the_report_shows_what_was_refused_and_the_errors_before_and_after(
    fleet: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    short, whole = covey("learn", fleet, "--journal", journal), covey("learn", fleet, "--journal", journal, "--report")

    assert (0, 0) == (short.exit_code, whole.exit_code)
    said = " ".join(short.stdout.split())
    assert "tried on what was observed from 2026-03-16 on: plans use 3 factors of 18. Machine" in said
    assert "Borrowed from a family in which nobody could try that, and not used: 15 factors." in whole.stdout
    assert "Borrowed" not in short.stdout
    (line,) = [line for line in whole.stdout.splitlines() if line.startswith("ml.c5.large   work a request")]
    before, after = re.findall(r"([\d.]+)%", line)
    assert float(after) < float(before)


FACTOR = MachineFactor("ml.c5.large", "work", 1.5, 1.4, 1.6, 21, 0.5, 0.1, used=True, reason="held")


def kept(place: Path, fleet: str, *factors: MachineFactor) -> None:
    found = Calibration(NOW, NOW, NOW, factors)
    Journal(place).append("calibration", calibration_content(fleet, found), by="tests", at=NOW)


def test_the_newest_calibration_of_the_fleet_counts_and_what_it_refused_does_not(fleet: Path, tmp_path: Path) -> None:
    place, catalog = tmp_path / "journal.sqlite", read_catalog()
    name = load(fleet, catalog).fleet.name
    refused = MachineFactor("ml.c5.large", "cost", 1.5, 1.4, 1.6, 21, 0.1, 0.5, used=False, reason="did not hold")
    kept(place, name, MachineFactor("ml.m5.large", "work", 3.0, 2.0, 4.0, 21, 0.5, 0.1, used=True, reason="held"))
    kept(place, name, FACTOR, refused)
    kept(place, "another fleet")

    inputs = load_learned(fleet, catalog, str(place))

    assert (FACTOR,) == inputs.fleet.calibration
    line = "ml.c5.large: work a request is 1.50 (1.40 to 1.60) times what the catalogue says, learned from 21 days"
    assert line == inputs.fleet.assumptions[-1]


def test_provenance_knows_what_was_learned(fleet: Path, tmp_path: Path) -> None:
    place, catalog = tmp_path / "journal.sqlite", read_catalog()
    plain = load(fleet, catalog)
    kept(place, plain.fleet.name, FACTOR)
    calibrated = as_learned(plain, fleet, str(place))

    assert provenance(plain, catalog, "").inventory != provenance(calibrated, catalog, "").inventory


def test_without_a_journal_or_with_a_broken_one_a_fleet_is_read_as_it_is(
    fleet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = read_catalog()
    plain = load(fleet, catalog)
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"no database")

    for place in ("none", str(tmp_path / "absent.sqlite"), str(broken)):
        assert plain.fleet == load_learned(fleet, catalog, place).fleet
    assert "Nothing that was learned is used" in capsys.readouterr().err
    assert not (tmp_path / "absent.sqlite").exists()


def test_where_nothing_was_observed_there_is_nothing_to_learn(fleet: Path, tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite"

    done = covey("learn", fleet, "--journal", place)

    assert 2 == done.exit_code
    assert "knows nothing of" in done.stderr
    assert not place.exists()


def test_numbers_survive_the_journal(fleet: Path, tmp_path: Path) -> None:
    place, catalog = tmp_path / "journal.sqlite", read_catalog()
    odd = MachineFactor("ml.c5.large", "cost", 1 / 3, np.pi / 10, np.e / 8, 21, None, None, used=True, reason="\u202e")
    kept(place, load(fleet, catalog).fleet.name, odd)

    assert (odd,) == load_learned(fleet, catalog, str(place)).fleet.calibration
