"""`covey observe` on the paper's fleet as it lies in this repository: what it prints, keeps and refuses."""

import json
import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from generator.capacity.machines import machines
from generator.catalog import read_catalog
from generator.files import read_emission
from generator.journal import Journal
from generator.lessons import load_learned
from generator.load import load
from generator.measurements import contents, remembered
from generator.present.document import running_layout
from generator.present.saved import emitted_recommendation
from tests.amazon_server import SECRET
from tests.commands import covey, published
from tests.observed import START, at, table

PAPER = Path(__file__).parents[2]
PAPER_FLEET = PAPER / "examples" / "paper"
DAY = timedelta(days=1)


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    rows = [
        {"time": at(t), kind: name, "rate_rps": 2 * t, "errors_rps": t, "latency_p95_ms": 90, "replicas": replicas}
        for t in range(3)
        for kind, name, replicas in (("group", "fashion-usa", 2), ("workload", "Fashion USA", ""))
    ]
    return table(tmp_path / "seen.csv", rows)


def test_observations_are_printed_recorded_and_read_back_as_they_were(tmp_path: Path, seen: Path) -> None:
    place, kept = tmp_path / "journal.sqlite", tmp_path / "kept.parquet"

    done = covey("observe", PAPER, "--source", f"files={seen}", "--journal", place, "--save", kept, "--json")

    assert 0 == done.exit_code, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, published("observations"))
    (group,) = [one for one in answer["groups"] if one["name"] == "fashion-usa"]
    assert (2.0, 0.5, 90.0, 2.0, None) == tuple(
        group[name] for name in ("rate_rps", "error_share", "latency_p95_ms", "replicas", "cost_usd_per_h")
    )
    journal = Journal(place)
    assert ["series", "observations"] == [entry.kind for entry in journal.entries()]
    assert journal.content(answer["series"]) == kept.read_bytes()
    (found,) = remembered(journal, answer["fleet"], newest=9)
    np.testing.assert_array_equal([0, 2, 4], found.groups.rate_rps[found.groups.names.index("fashion-usa")])
    assert answer["notes"] == list(found.notes)
    assert "ml.c5.large" in {group.instance_type for group in found.served}
    assert contents(found, fleet=answer["fleet"], source=str(seen))["series"] == kept.read_bytes()
    assert () == remembered(journal, "another fleet", newest=9)


def test_what_was_saved_is_a_file_to_observe(tmp_path: Path, seen: Path) -> None:
    kept = tmp_path / "kept.csv"
    first = covey("observe", PAPER, "--source", f"files={seen}", "--save", kept)
    assert 0 == first.exit_code, first.stderr

    again = covey("observe", PAPER, "--source", f"files={kept}")

    assert (0, first.stdout) == (again.exit_code, again.stdout)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--source", "files"], "lacks its place"),
        (["--source", "cloudwatch=x"], "'cloudwatch' is no source"),
        (["--source", "files=SEEN", "--until", "soon"], "'soon' is no time"),
        (["--source", "files=SEEN", "--until", "2999-01-01"], "is in the future"),
        (["--source", "files=SEEN", "--until", "1999-01-01"], "leaves no whole bin"),
        (["--source", "files=SEEN", "--bin", "90"], "no whole number of minutes"),
        (["--source", "files=SEEN", "--save", "kept.txt"], "neither CSV nor parquet"),
        (["--source", "files=nowhere.csv"], "there is no such file"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words_and_nothing_is_recorded(
    tmp_path: Path, seen: Path, options: list[str], what: str
) -> None:
    place = tmp_path / "journal.sqlite"

    done = covey("observe", PAPER, "--journal", place, *[one.replace("SEEN", str(seen)) for one in options])

    assert 2 == done.exit_code
    assert what in done.stderr
    assert not place.exists() or not Journal(place).entries()


def test_a_folder_without_a_program_is_not_observed(tmp_path: Path, seen: Path) -> None:
    done = covey("observe", tmp_path, "--source", f"files={seen}")

    assert 2 == done.exit_code
    assert "holds no program" in done.stderr


def test_bins_lie_on_the_days_grid_and_only_whole_ones_are_asked_for(seen: Path) -> None:
    done = covey("observe", PAPER, "--source", f"files={seen}", "--since", "2026-03-02T00:07Z", "--json")

    answer = json.loads(done.stdout)
    assert "2026-03-02T00:05:00Z" == answer["since"]
    length = datetime.fromisoformat(answer["until"]) - datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
    assert math.isclose(600.0, length / timedelta(seconds=1))


@pytest.mark.usefixtures("silent_amazon")
def test_where_a_region_gives_no_answer_the_others_are_kept_and_the_exit_says_so(tmp_path: Path, seen: Path) -> None:
    place = tmp_path / "journal.sqlite"
    asked = ["--since", at(0), "--until", at(3), "--source", f"files={seen}", "--source", "cloudwatch"]

    done = covey("observe", PAPER, *asked, "--journal", place, "--json")

    assert 6 == done.exit_code
    assert "ap-southeast-1: AWS cannot be asked" in done.stderr
    assert "us-east-2: AWS cannot be asked" in done.stderr
    assert SECRET not in done.stderr
    answer = json.loads(done.stdout)
    assert 2 == len(answer["unanswered"])
    assert 2.0 == next(one for one in answer["groups"] if one["name"] == "fashion-usa")["rate_rps"]
    (found,) = remembered(Journal(place), answer["fleet"], newest=9)
    assert answer["unanswered"] == list(found.unanswered)


def test_a_bill_beside_another_source_gives_the_costs_and_is_on_record_as_one(tmp_path: Path, seen: Path) -> None:
    times = [f"{at(position)[:19]}Z" for position in (0, 3)]
    columns = ("UsageStartDate", "UsageEndDate", "UnblendedCost", "CurrencyCode")
    header = ",".join([*(f"lineItem/{column}" for column in columns), "resourceTags/user:group"])
    bill = tmp_path / "bill.csv"
    bill.write_text(f"{header}\n{times[0]},{times[1]},0.5,USD,fashion-usa\n")
    place = tmp_path / "journal.sqlite"

    done = covey("observe", PAPER, "--source", f"files={seen}", "--cost", bill, "--journal", place, "--json")

    assert 0 == done.exit_code, done.stderr
    answer = json.loads(done.stdout)
    (group,) = [one for one in answer["groups"] if one["name"] == "fashion-usa"]
    assert (2.0, 2.0) == (group["cost_usd_per_h"], group["replicas"])
    assert f"{seen}, {bill} (billed)" == answer["source"]
    (found,) = remembered(Journal(place), answer["fleet"], newest=9)
    np.testing.assert_allclose([2.0, 2.0, 2.0], found.cost_usd_per_h[found.groups.names.index("fashion-usa")])
    assert any("costs are billed ones" in note for note in found.notes)


def test_a_bill_that_is_not_there_is_refused(seen: Path) -> None:
    done = covey("observe", PAPER, "--source", f"files={seen}", "--cost", seen.parent / "none.csv")

    assert (2, True) == (done.exit_code, "there is no such file" in done.stderr)


def test_billed_costs_reach_what_is_learned_of_a_machines_price(tmp_path: Path) -> None:
    days, replicas, dearer = 12, 2.0, 1.25
    catalog = read_catalog()
    runs = running_layout(emitted_recommendation(PAPER, read_emission(PAPER)))
    (group,) = [one for one in runs.groups if one.name == "fashion-usa"]
    table_of = machines(load(PAPER_FLEET, catalog).fleet, catalog)
    row = table_of.machine_index[group.hosting, group.instance_type]
    listed = float(table_of.price_usd_per_h[row, table_of.region_index[group.cloud, group.region]])
    hours = [f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}" for hour in range(24 * days)]
    rows = [{"time": hour, "group": group.name, "rate_rps": 2, "replicas": replicas} for hour in hours]
    seen, bill, place = table(tmp_path / "seen.csv", rows), tmp_path / "bill.csv", tmp_path / "journal.sqlite"
    columns = ("UsageStartDate", "UsageEndDate", "UnblendedCost", "CurrencyCode")
    header = ",".join([*(f"lineItem/{column}" for column in columns), "resourceTags/user:group"])
    charged = 24.0 * replicas * listed * dearer
    dates = [f"{START + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}" for day in range(days + 1)]
    lines = [f"{first},{last},{charged},USD,{group.name}" for first, last in pairwise(dates)]
    bill.write_text("\n".join([header, *lines]) + "\n")
    asked = ["--source", f"files={seen}", "--cost", bill, "--bin", "3600", "--journal", place]

    done = covey("observe", PAPER, *asked)
    assert 0 == done.exit_code, done.stderr
    learned = covey("learn", PAPER_FLEET, "--journal", place, "--json")

    assert 0 == learned.exit_code, learned.stderr
    (cost,) = [
        one
        for one in json.loads(learned.stdout)["factors"]
        if (one["instance_type"], one["quantity"]) == (group.instance_type, "cost")
    ]
    assert (True, days) == (cost["used"], cost["days"])
    assert cost["error_after"] < cost["error_before"]
    # What twelve days say is drawn a little towards the catalogue.
    assert dearer == pytest.approx(cost["estimate"], rel=0.05)
    (factor,) = [
        one
        for one in load_learned(PAPER_FLEET, catalog, str(place)).fleet.calibration
        if (one.instance_type, one.quantity) == (group.instance_type, "cost")
    ]
    assert cost["estimate"] == pytest.approx(factor.estimate)
