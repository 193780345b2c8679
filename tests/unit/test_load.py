from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from generator.load import load
from generator.model import Deployed
from tests.inventories import changed, small_catalog, wide_csv, write_fleet


def test_workloads_and_their_traffic_are_in_the_order_of_names(tmp_path: Path) -> None:
    inputs = load(write_fleet(tmp_path, changed()), small_catalog())

    assert ["a", "b"] == [w.name for w in inputs.fleet.workloads]
    assert ("a", "b") == inputs.planned.workloads
    assert [0.0, 1.0, 2.0] == inputs.planned.rate_rps[0, :3].tolist()
    assert [1.0, 1.0, 1.0] == inputs.planned.rate_rps[1, :3].tolist()


def test_the_file_and_its_folder_load_alike(tmp_path: Path) -> None:
    write_fleet(tmp_path, changed())

    assert load(tmp_path / "fleet.yaml", small_catalog()).fleet == load(tmp_path, small_catalog()).fleet


def test_the_first_sixty_percent_plan_and_the_rest_scores(tmp_path: Path) -> None:
    inputs = load(write_fleet(tmp_path, changed()), small_catalog())

    assert 60 == inputs.planned.window.bins
    assert 40 == inputs.scored.window.bins
    assert inputs.planned.window.end == inputs.scored.window.start == datetime(2026, 1, 7, 12, tzinfo=UTC)
    assert 60.0 == inputs.scored.rate_rps[0, 0]


def test_named_windows_cut_the_traffic_where_they_say(tmp_path: Path) -> None:
    windows = {
        "plan": {"start": "2026-01-05T01:00:00+01:00", "end": "2026-01-06T00:00:00"},
        "score": {"start": "2026-01-07T00:00:00", "end": "2026-01-08T06:00:00"},
    }

    inputs = load(write_fleet(tmp_path, changed((["windows"], windows))), small_catalog())

    assert inputs.planned.rate_rps[0].tolist() == list(range(24))
    assert inputs.scored.rate_rps[0].tolist() == list(range(48, 78))


def test_traffic_cannot_be_written_to(tmp_path: Path) -> None:
    inputs = load(write_fleet(tmp_path, changed()), small_catalog())

    for array in (inputs.planned.rate_rps, inputs.scored.rate_rps, inputs.planned.interarrival_variation):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_a_workload_s_own_word_holds_before_defaults_and_assumptions(tmp_path: Path) -> None:
    document = changed(
        (["defaults", "memory_gib"], None),
        (["workloads", 0, "cohort"], "c"),
        (["workloads", 1, "size_gib"], 9.0),
        (["assumptions", "every_workload"], {"memory_gib": 1.0, "size_gib": 5.0}),
        (["assumptions", "by_cohort"], {"c": {"memory_gib": 2.0}}),
        (["assumptions", "by_workload"], {"a": {"memory_gib": 3.0}}),
    )

    a, b = load(write_fleet(tmp_path, document), small_catalog()).fleet.workloads

    assert (3.0, 9.0) == (a.memory_gib, a.size_gib)
    assert (2.0, 0.1) == (b.memory_gib, b.size_gib)


def test_every_assumption_is_said_in_words(tmp_path: Path) -> None:
    assumptions = {
        "every_workload": {"traffic_scale": 30, "response_kib": 4},
        "by_workload": {
            "a": {
                "traffic_shift_h": -9,
                "memory_gib": 1.5,
                "size_gib": 0.5,
                "service": {"reference": "ml.m5.large", "mean_s": 0.04, "max_batch": 8},
                "current": {"hosting": "sagemaker-multi-model", "instance_type": "ml.m5.large", "region": "us-east-1"},
            }
        },
        "notes": ["The shop is British."],
    }

    fleet = load(write_fleet(tmp_path, changed((["assumptions"], assumptions))), small_catalog()).fleet

    assert (
        "Assumed of every workload: one unit of traffic.csv stands for 30 requests/s; 4 KiB an answer.",
        "Assumed of workload a: its traffic comes 9 h earlier than traffic.csv says; a request takes 0.04 s on "
        "ml.m5.large (variation 1, 100% of it arithmetic, in batches of up to 8); 1.5 GiB of memory when loaded; "
        "0.5 GiB in storage; today on ml.m5.large in us-east-1 (sagemaker-multi-model).",
        "The shop is British.",
    ) == fleet.assumptions
    assert fleet.workloads[0].current == Deployed("sagemaker-multi-model", "ml.m5.large", "us-east-1")


def test_shifted_traffic_keeps_only_the_bins_all_workloads_have(tmp_path: Path) -> None:
    assumptions = {"by_workload": {"a": {"traffic_shift_h": 5}, "b": {"traffic_shift_h": -9}}}
    document = changed((["assumptions"], assumptions))
    traffic = wide_csv({"a": range(100), "b": range(100)})

    inputs = load(write_fleet(tmp_path, document, traffic), small_catalog())

    assert inputs.planned.window.start == datetime(2026, 1, 5, 5, tzinfo=UTC)
    assert 86 == inputs.planned.window.bins + inputs.scored.window.bins
    assert [0.0, 14.0] == inputs.planned.rate_rps[:, 0].tolist()
    assert [85.0, 99.0] == inputs.scored.rate_rps[:, -1].tolist()


def test_one_series_may_stand_for_several_workloads(tmp_path: Path) -> None:
    document = changed((["workloads", 0, "series"], "s"), (["workloads", 1, "series"], "s"))

    inputs = load(write_fleet(tmp_path, document, wide_csv({"s": range(100)})), small_catalog())

    assert np.array_equal(inputs.planned.rate_rps[0], inputs.planned.rate_rps[1])


def test_a_path_is_the_name_s_slug_unless_given(tmp_path: Path) -> None:
    document = changed(
        (
            ["workloads"],
            [
                {"name": "Crème Brûlée / v2", "artifact": "a"},
                {"name": "b", "artifact": "b", "path": "/model1"},
                {"name": "推薦", "artifact": "c"},
            ],
        )
    )
    traffic = wide_csv({"Crème Brûlée / v2": [1] * 100, "b": [1] * 100, "推薦": [1] * 100})

    creme, b, recommendation = load(write_fleet(tmp_path, document, traffic), small_catalog()).fleet.workloads

    assert "/creme-brulee-v2" == creme.path
    assert "/model1" == b.path
    assert recommendation.path == "/model-" + recommendation.path[-8:]


def test_one_path_may_serve_two_workloads_whose_regions_never_meet(tmp_path: Path) -> None:
    document = changed(
        (["workloads", 0, "path"], "/model1"),
        (["workloads", 1, "path"], "/model1"),
        (["workloads", 0, "residency"], ["Europe"]),
        (["workloads", 1, "residency"], ["us-east-1"]),
    )

    fleet = load(write_fleet(tmp_path, document), small_catalog()).fleet

    assert ["/model1", "/model1"] == [w.path for w in fleet.workloads]


def test_all_regions_of_the_clouds_with_an_environment_are_allowed_by_default(tmp_path: Path) -> None:
    assert (
        ("aws", "eu-west-1"),
        ("aws", "us-east-1"),
    ) == load(write_fleet(tmp_path, changed()), small_catalog()).fleet.regions


def test_names_are_the_same_however_their_accents_are_encoded(tmp_path: Path) -> None:
    document = changed((["workloads"], [{"name": "caf\u00e9", "artifact": "a"}]))

    inputs = load(write_fleet(tmp_path, document, wide_csv({"cafe\u0301": [1] * 100})), small_catalog())

    assert ("caf\u00e9",) == inputs.planned.workloads
