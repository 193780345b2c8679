"""What cannot be loaded is refused with file, line, field and a way out; every case breaks one thing."""

from pathlib import Path
from typing import Any

import pytest

from generator.errors import InputError, InventoryError, TrafficError
from generator.load import load
from tests.inventories import changed, small_catalog, wide_csv, write_fleet

AWS = ["environments", "aws"]
FIELDS: dict[str, tuple[list[str | int], Any, str, str]] = {
    # case: (field, value, where the error says it is, what it says)
    "a field nobody knows": (["workloads", 0, "colour"], "red", "workloads[0].colour", "There is no such field"),
    "a number as text": (["traffic", "bin_s"], "an hour", "traffic.bin_s", "Should be a valid number"),
    "a text as number": ([*AWS, "account"], 123456789012, "environments.aws.account", "Put it in quotes"),
    "a negative memory": (["defaults", "memory_gib"], -1, "defaults.memory_gib", "greater than 0"),
    "an infinite time": (["defaults", "service", "mean_s"], float("inf"), "defaults.service.mean_s", "finite number"),
    "a percentile of one": (["defaults", "objective", "percentile"], 1, "defaults.objective.percentile", "less than 1"),
    "an empty fleet": (["workloads"], [], "workloads", "at least 1 item"),
    "no cloud": (["environments"], {}, "environments", "Name at least one of aws and gcp"),
    "a name with a control mark": (["workloads", 0, "name"], "a\u202eb", "workloads[0].name", "printable"),
    "a note with an escape sequence": (["assumptions", "notes"], ["\x1b[2J"], "assumptions.notes[0]", "on one line"),
    "a name of spaces": (["workloads", 0, "name"], " a", "workloads[0].name", "begin or end with a space"),
    "a path that leaves its domain": (["workloads", 0, "path"], "/../admin", "workloads[0].path", "match pattern"),
    "an artifact outside its bucket": (["workloads", 0, "artifact"], "../other/a", "workloads[0].artifact", "pattern"),
    "an artifact that climbs": (["workloads", 0, "artifact"], "a/../b", "workloads[0].artifact", "'.' or '..'"),
    "a traffic file elsewhere": (["traffic", "file"], "/etc/traffic.csv", "traffic.file", "match pattern"),
    "a traffic file above": (["traffic", "file"], "a/../../t.csv", "traffic.file", "'.' or '..'"),
    "an unknown placeholder": ([*AWS, "artifact_bucket"], "m-{zone}", "environments.aws.artifact_bucket", "{region}"),
    "a domain with a script": ([*AWS, "domain"], "a.com<script>", "environments.aws.domain", "match pattern"),
    "a time zone of no place": (["traffic", "time_zone"], "Mars/Base", "traffic.time_zone", "time zone such as"),
    "a start that is no time": (["traffic", "start"], "Monday", "traffic.start", "date and time such as"),
    "a start that is a number": (["traffic", "start"], 5, "traffic.start", "date and time in quotes"),
    "users that are not all there": (["workloads", 0, "users"], {"Paris": 0.5}, "workloads[0]", "add up to 1"),
    "hosting on the wrong cloud": (
        ["runtimes", "sklearn", "images", "aws", "hosting"], ["cloud-run-cpu"],
        "runtimes.sklearn", "Cloud-run-cpu is not a kind of hosting on aws",
    ),
    "an unknown region": (["regions"], {"aws": ["eu-west-9"]}, "regions.aws[0]", "no region of aws 'eu-west-9'"),
    "a region without environment": (["regions"], {"gcp": ["europe-west1"]}, "regions.gcp", "no environment on it"),
    "an unknown reference machine": (
        ["workloads", 1, "service"], {"reference": "ml.m5.lrge", "mean_s": 1},
        "workloads[1].service.reference", "no instance type 'ml.m5.lrge'",
    ),
    "a GPU workload never run on one": (["workloads", 1, "accelerator"], "gpu", "workloads[1]", "which has none"),
    "an unknown machine pinned": (
        ["workloads", 1, "pin"], {"hosting": "cloud-run-cpu", "instance_type": "run-9cpu", "region": "europe-west1"},
        "workloads[1].pin.instance_type", "no instance type 'run-9cpu'",
    ),
    "an unknown region in use": (
        ["workloads", 1, "current"],
        {"hosting": "cloud-run-cpu", "instance_type": "run-2cpu-4gib", "region": "us-east-1"},
        "workloads[1].current.region", "no region of gcp 'us-east-1'",
    ),
    "a machine that is not offered so": (
        ["defaults", "pin"],
        {"hosting": "sagemaker-single-model", "instance_type": "ml.m5.large", "region": "us-east-1"},
        "defaults.pin", "does not offer",
    ),
    "an unknown runtime": (["workloads", 0, "runtime"], "sklern", "workloads[0].runtime", "no runtime 'sklern'"),
    "an unknown place": (["workloads", 0, "users"], {"Rome": 1.0}, "workloads[0].users.Rome", "no place 'Rome'"),
    "a residency nowhere": (["workloads", 0, "residency"], ["Atlantis"], "workloads[0].residency[0]", "'Atlantis'"),
    "a quota of an unknown machine": (
        ["limits", "quotas"], {"ml.x1": 1}, "limits.quotas.'ml.x1'", "no instance type 'ml.x1'"
    ),
    "a price of an unknown machine": (
        ["prices", "instances"], [{"instance_type": "ml.x1", "usd_per_h": 1}],
        "prices.instances[0].instance_type", "no instance type 'ml.x1'",
    ),
    "a price in an unknown region": (
        ["prices", "instances"], [{"instance_type": "ml.m5.large", "region": "mars-1", "usd_per_h": 1}],
        "prices.instances[0].region", "no region of aws 'mars-1'",
    ),
    "assumptions of nobody": (
        ["assumptions", "by_workload"], {"z": {}}, "assumptions.by_workload.z", "no workload 'z'"
    ),
    "assumptions of no cohort": (["assumptions", "by_cohort"], {"z": {}}, "assumptions.by_cohort.z", "no cohort 'z'"),
    "a workload nobody measured": (["defaults", "service"], None, "workloads[0]", "'b' has no `service`"),
}  # fmt: skip


@pytest.mark.parametrize("case", FIELDS)
def test_a_wrong_field_is_refused_where_it_stands(tmp_path: Path, case: str) -> None:
    field, value, where, what = FIELDS[case]
    folder = write_fleet(tmp_path, changed((field, value)))

    with pytest.raises(InventoryError) as raised:
        load(folder, small_catalog())

    assert _line(raised.value.where)[1] == where
    assert raised.value.where.startswith(f"{folder}/fleet.yaml:")
    assert what in raised.value.what
    assert raised.value.remedy


def _line(where: str) -> tuple[int, str]:
    place, _, words = where.partition(" ")
    return int(place.rsplit(":", 1)[1]), words


def test_all_wrong_fields_are_shown_at_once_up_to_ten(tmp_path: Path) -> None:
    changes = [(["workloads", 0, f"wrong{i}"], 1) for i in range(12)]

    with pytest.raises(InventoryError) as raised:
        load(write_fleet(tmp_path, changed(*changes)), small_catalog())

    lines = raised.value.what.splitlines()
    assert 11 == len(lines)
    assert (
        lines[1]
        == f"{tmp_path}/fleet.yaml:{_line(raised.value.where)[0] + 1} workloads[0].wrong1: There is no such field."
    )
    assert "and 2 more." == lines[-1]


def test_a_field_s_hostile_name_is_shown_without_its_escape_sequences(tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as raised:
        load(write_fleet(tmp_path, changed((["workloads", 0, "\x1b[31m"], 1))), small_catalog())

    assert "workloads[0].'\\x1b[31m'" in raised.value.where


def test_a_workload_named_twice_is_refused(tmp_path: Path) -> None:
    folder = write_fleet(tmp_path, changed((["workloads", 1, "name"], "b")))

    with pytest.raises(
        InventoryError, match=r"workloads\[1\].name: The workload 'b' stands twice \(before as workloads\[0\]"
    ):
        load(folder, small_catalog())


def test_a_name_of_ten_megabytes_is_refused(tmp_path: Path) -> None:
    folder = write_fleet(tmp_path, changed((["workloads", 1, "name"], "x" * 10_000_000)))

    with pytest.raises(InventoryError) as raised:
        load(folder, small_catalog())

    assert raised.value.where.endswith("workloads[1].name")
    assert len(str(raised.value)) < 1000


def test_two_workloads_that_could_meet_on_one_path_are_refused(tmp_path: Path) -> None:
    folder = write_fleet(tmp_path, changed((["workloads", 0, "path"], "/m"), (["workloads", 1, "path"], "/m")))

    with pytest.raises(InventoryError, match=r"'a' has the path /m too, and may share a region"):
        load(folder, small_catalog())


def _windows(plan_start: str, plan_end: str, score_start: str, score_end: str) -> dict[str, Any]:
    return {"plan": {"start": plan_start, "end": plan_end}, "score": {"start": score_start, "end": score_end}}


NAMED_WINDOWS = {
    "overlapping": (
        _windows("2026-01-05T00:00", "2026-01-07T00:00", "2026-01-06T00:00", "2026-01-08T00:00"),
        "windows.score.start", "before the planned one ends",
    ),
    "scored before planned": (
        _windows("2026-01-07T00:00", "2026-01-08T00:00", "2026-01-05T00:00", "2026-01-06T00:00"),
        "windows.score.start", "before the planned one ends",
    ),
    "reversed": (
        _windows("2026-01-06T00:00", "2026-01-05T00:00", "2026-01-07T00:00", "2026-01-08T00:00"),
        "windows.plan", "ends before it begins",
    ),
    "off the grid": (
        _windows("2026-01-05T00:30", "2026-01-06T00:00", "2026-01-07T00:00", "2026-01-08T00:00"),
        "windows.plan.start", "not the start of a bin of 3600 s",
    ),
    "outside the traffic": (
        _windows("2026-01-05T00:00", "2026-01-06T00:00", "2026-01-07T00:00", "2026-02-08T00:00"),
        "windows.score.end", "outside the traffic",
    ),
    "too short": (
        _windows("2026-01-05T00:00", "2026-01-05T23:00", "2026-01-07T00:00", "2026-01-08T00:00"),
        "windows.plan", "has 23 bins",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED_WINDOWS)
def test_windows_no_score_could_be_trusted_on_are_refused(tmp_path: Path, case: str) -> None:
    windows, where, what = NAMED_WINDOWS[case]

    with pytest.raises(InventoryError) as raised:
        load(write_fleet(tmp_path, changed((["windows"], windows))), small_catalog())

    assert _line(raised.value.where)[1] == where
    assert what in raised.value.what


def test_traffic_too_short_for_two_windows_is_refused(tmp_path: Path) -> None:
    folder = write_fleet(tmp_path, changed(), wide_csv({"a": [1] * 50, "b": [1] * 50}))

    with pytest.raises(InventoryError, match=r"The window `score` has 20 bins"):
        load(folder, small_catalog())


def test_a_window_at_an_hour_that_comes_twice_is_refused(tmp_path: Path) -> None:
    windows = _windows("2026-10-24T00:00", "2026-10-25T01:30", "2026-10-26T00:00", "2026-10-27T00:00")
    document = changed(
        (["windows"], windows),
        (["traffic", "time_zone"], "Europe/London"),
        (["traffic", "start"], "2026-10-24T00:00"),
    )

    with pytest.raises(InventoryError, match=r"no single instant in Europe/London"):
        load(write_fleet(tmp_path, document), small_catalog())


def test_a_workload_without_traffic_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_fleet(tmp_path, changed(), wide_csv({"a": [1] * 100}))

    with pytest.raises(TrafficError, match=r"1 workloads have no traffic here: 'b'\. Add their rows"):
        load(folder, small_catalog())


def test_traffic_without_a_workload_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_fleet(tmp_path, changed(), wide_csv({name: [1] * 100 for name in "abcdefghi"}))

    with pytest.raises(
        TrafficError, match=r"7 series belong to no workload: 'c', 'd', 'e', 'f', 'g', …\. Add the workloads"
    ):
        load(folder, small_catalog())


def test_shifts_that_leave_no_common_bin_are_refused(tmp_path: Path) -> None:
    assumed = {"by_workload": {"a": {"traffic_shift_h": 60}, "b": {"traffic_shift_h": -60}}}

    with pytest.raises(TrafficError, match=r"leave no bin"):
        load(write_fleet(tmp_path, changed((["assumptions"], assumed))), small_catalog())


def test_a_shift_between_bins_is_refused(tmp_path: Path) -> None:
    assumed = {"every_workload": {"traffic_shift_h": 0.5}}

    with pytest.raises(TrafficError, match=r"0\.5 h for 'a' is not a whole number of bins"):
        load(write_fleet(tmp_path, changed((["assumptions"], assumed))), small_catalog())


def test_a_folder_without_an_inventory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"fleet\.yaml: The file cannot be read: No such file"):
        load(tmp_path, small_catalog())


def test_a_traffic_file_reached_by_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fleet").mkdir()
    folder = write_fleet(tmp_path / "fleet", changed())
    (folder / "traffic.csv").rename(tmp_path / "traffic.csv")
    (folder / "traffic.csv").symlink_to(tmp_path / "traffic.csv")

    with pytest.raises(TrafficError, match=r"lies outside the fleet's folder"):
        load(folder, small_catalog())
