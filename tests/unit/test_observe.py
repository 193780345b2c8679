"""What a fleet did is read from a table: gaps stay gaps, clocks and counters are not trusted, and no name is lost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from generator.emit import emit
from generator.errors import EmitError, ObserveError, SeriesError
from generator.files import read_emission, write_tree
from generator.model import Observations, Watched, Window
from generator.observe import Reading, SeriesFile, observe, series_frame
from generator.observe import watched as everything_watched
from generator.program.stacks.components import values
from generator.program.stacks.components.aws_api import STAGE, place
from generator.program.written import written
from tests.hostile_texts import HOSTILE_TEXTS
from tests.layouts import two_clouds
from tests.observed import BIN_S, START, at, table, watched, window

NOW = START + timedelta(days=30)
NAN = float("nan")


def read(path: Path, bins: int, of: Sequence[Watched] | None = None) -> Observations:
    return observe(watched() if of is None else of, [SeriesFile(path, NOW)], window(bins))


def of_group(observations: Observations, name: str, measure: str) -> list[float]:
    row = observations.groups.names.index(name)
    held = observations.groups if hasattr(observations.groups, measure) else observations
    return getattr(held, measure)[row].tolist()


def test_a_table_is_read_by_group_and_by_workload_whatever_order_its_rows_have(tmp_path: Path) -> None:
    rows = [
        {"time": at(1), "workload": "novels", "rate_rps": 3},
        {"time": at(0), "group": "books", "rate_rps": 4, "errors_rps": 1, "replicas": 2, "utilization": 0.5},
        {"time": at(0), "workload": "novels", "rate_rps": 1, "latency_p95_ms": 80},
        {"time": at(1), "group": "books", "rate_rps": 6, "cost_usd_per_h": 0.25},
    ]

    found = read(table(tmp_path / "seen.csv", rows), 2)

    assert ("books", "tools", "toys") == found.groups.names
    assert [group.name for group in found.served] == list(found.groups.names)
    assert ("dolls", "kites", "novels", "poems", "saws") == found.workloads.names
    assert [4, 6] == of_group(found, "books", "rate_rps")
    np.testing.assert_equal([1, NAN], of_group(found, "books", "errors_rps"))
    np.testing.assert_equal([2, NAN], of_group(found, "books", "replicas"))
    np.testing.assert_equal([0.5, NAN], of_group(found, "books", "utilization"))
    np.testing.assert_equal([NAN, 0.25], of_group(found, "books", "cost_usd_per_h"))
    np.testing.assert_equal([[1, 3], [NAN, NAN]], found.workloads.rate_rps[2:4])
    np.testing.assert_equal([80, NAN], found.workloads.latency_p95_ms[2])


def test_a_gap_is_not_measured_instead_of_zero_and_named_with_its_series_and_time(tmp_path: Path) -> None:
    rows = [{"time": at(t), "group": "books", "rate_rps": "" if t == 2 else 5} for t in (0, 2, 3)]

    found = read(table(tmp_path / "seen.csv", rows), 4)

    np.testing.assert_equal([5, NAN, NAN, 5], of_group(found, "books", "rate_rps"))
    assert "group 'books': 2 of 4 bins have no rate, first at 2026-03-02 00:05 UTC." in found.notes
    assert "group 'toys': no request was measured in the whole window." in found.notes


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(7)
    rows = [
        {"time": at(t), kind: name, "rate_rps": rng.uniform(5, 9), "latency_p50_ms": 20, "replicas": 3}
        for t in range(3)
        for kind, name in (("group", "books"), ("workload", "poems"))
    ]
    before = read(table(tmp_path / "seen.csv", rows), 3)
    path = tmp_path / f"kept.{suffix}"
    frame = series_frame(before)
    if suffix == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)

    after = read(path, 3)

    for measure in ("rate_rps", "errors_rps", "latency_p50_ms"):
        np.testing.assert_array_equal(getattr(before.groups, measure), getattr(after.groups, measure))
        np.testing.assert_array_equal(getattr(before.workloads, measure), getattr(after.workloads, measure))
    np.testing.assert_array_equal(before.replicas, after.replicas)
    assert before.notes == after.notes


def test_a_renamed_group_is_found_by_its_former_name_and_by_its_endpoints(tmp_path: Path) -> None:
    names = ["old-books", "prod-books", "books"]
    rows = [{"time": at(t), "group": name, "rate_rps": t + 1} for t, name in enumerate(names)]

    assert [1, 2, 3] == of_group(read(table(tmp_path / "seen.csv", rows), 3), "books", "rate_rps")


def test_where_a_former_name_goes_on_it_gives_way_to_the_new_one_and_that_is_said(tmp_path: Path) -> None:
    rows = [
        {"time": at(0), "group": "old-books", "rate_rps": 1},
        {"time": at(1), "group": "old-books", "rate_rps": 2},
        {"time": at(1), "group": "books", "rate_rps": 7},
    ]

    found = read(table(tmp_path / "seen.csv", rows), 2)

    assert [1, 7] == of_group(found, "books", "rate_rps")
    assert "group 'books': 1 bins have rate_rps under a former name, too; that one was left out." in found.notes


def test_a_former_name_that_another_group_has_now_is_that_groups(tmp_path: Path) -> None:
    books, toys, tools = watched()
    rows = [{"time": at(0), "group": "toys", "rate_rps": 5}]

    found = read(table(tmp_path / "seen.csv", rows), 1, (replace(books, formerly=("toys",)), toys, tools))

    assert [5] == of_group(found, "toys", "rate_rps")
    np.testing.assert_equal([NAN], of_group(found, "books", "rate_rps"))


def test_an_unknown_series_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    rows = [{"time": at(0), "group": name, "rate_rps": 5} for name in ("books", "boks")]

    found = read(table(tmp_path / "seen.csv", rows), 1)

    assert [5] == of_group(found, "books", "rate_rps")
    assert "left out, for no group or workload is or was called so: 'boks'." in found.notes


def test_a_table_of_unknown_series_only_is_refused_by_their_names(tmp_path: Path) -> None:
    path = table(tmp_path / "seen.csv", [{"time": at(0), "group": "boks", "rate_rps": 5}])

    with pytest.raises(SeriesError, match="'boks'"):
        read(path, 1)


def test_a_counter_that_is_started_anew_gives_no_rate_there_and_the_right_one_elsewhere(tmp_path: Path) -> None:
    readings = [0, 300, 900, 600, 1200, ""]
    rows = [{"time": at(t), "group": "books", "requests_total": count} for t, count in enumerate(readings)]

    found = read(table(tmp_path / "seen.csv", rows), 5)

    np.testing.assert_equal([1, 2, NAN, 2, NAN], of_group(found, "books", "rate_rps"))
    anew = (
        "group 'books': requests_total was started anew in 1 bins, first at 2026-03-02 00:10 UTC, which have no rate."
    )
    assert anew in found.notes


def test_clocks_a_little_off_are_moved_to_their_bin_and_that_is_said(tmp_path: Path) -> None:
    rows = [{"time": START + timedelta(seconds=BIN_S * t + 40), "group": "books", "rate_rps": t} for t in range(3)]

    found = read(table(tmp_path / "seen.csv", rows), 3)

    assert [0, 1, 2] == of_group(found, "books", "rate_rps")
    words = "clock skew: 3 times lie up to +40 s off their bins of 300 s and were moved to the nearest."
    assert words in found.notes


def test_what_is_of_the_future_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    rows = [{"time": at(t), "group": "books", "rate_rps": 5} for t in range(4)]
    source = SeriesFile(table(tmp_path / "seen.csv", rows), START + timedelta(seconds=2 * BIN_S))

    found = observe(watched(), [source], window(4))

    np.testing.assert_equal([5, 5, 5, NAN], of_group(found, "books", "rate_rps"))
    words = "clock skew: 1 rows are of the future, first at 2026-03-02 00:15 UTC, and were left out."
    assert words in found.notes


ROW = {"time": at(0), "group": "books", "rate_rps": 5}


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([ROW, ROW], "group 'books' has the bin from 2026-03-02 00:00 UTC twice"),
        ([ROW | {"rate_rps": "-1"}], "'-1' is no amount"),
        ([ROW | {"rate_rps": "inf"}], "'inf' is no amount"),
        ([ROW | {"rate_rps": "many"}], "'many' is no amount"),
        ([ROW | {"time": "yesterday"}], "'yesterday' is no date"),
        ([ROW | {"time": ""}], "time is empty"),
        ([ROW | {"colour": "red"}], "nobody knows the column 'colour'"),
        ([ROW | {"requests_total": 1}], "both requests_total and rate_rps"),
        ([{"time": at(0), "rate_rps": 5}], "the column group is missing"),
        ([{"group": "books", "rate_rps": 5}], "the column time is missing"),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused_in_words(
    tmp_path: Path, rows: list[Mapping[str, object]], what: str
) -> None:
    with pytest.raises(SeriesError, match=what) as refused:
        read(table(tmp_path / "seen.csv", rows), 1)

    assert 2 == refused.value.exit_code
    assert str(tmp_path / "seen.csv") in refused.value.where


def test_hostile_names_are_left_out_without_being_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "seen.parquet"
    rows = [{"time": START, "group": name, "rate_rps": 5.0} for name in ("books", *HOSTILE_TEXTS)]
    pl.DataFrame(rows).write_parquet(path)

    found = read(path, 1)

    assert [5] == of_group(found, "books", "rate_rps")
    assert all(note.isprintable() for note in found.notes)


@pytest.mark.parametrize(("every", "said"), [(1, False), (3, True)])
def test_rows_further_apart_than_bins_are_told_by_the_length_they_have(tmp_path: Path, every: int, said: bool) -> None:
    rows = [{"time": at(t), "group": "books", "rate_rps": 2} for t in range(0, 12, every)]
    source = SeriesFile(table(tmp_path / "seen.csv", rows), START + timedelta(days=1))
    found = observe(watched(), [source], window(12))

    assert said == any("its rows are 900 s apart or more" in note and "--bin" in note for note in found.notes)


class Regions:
    """A source by region, in which some do not answer."""

    name = "played"

    def __init__(self, silent: Sequence[str], value: float = 5.0) -> None:
        self.silent = silent
        self.value = value

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        return {one.group.region: [one] for one in watched}

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        (one,) = watched
        if one.group.region in self.silent:
            raise ObserveError(one.group.region, "nobody answers within 30 s.", "Try again.")
        return Reading({("group", one.group.name, "rate_rps"): np.full(window.bins, self.value)})


def test_a_region_that_does_not_answer_is_named_and_the_others_are_kept() -> None:
    found = observe(watched(), [Regions(["us-east-1"])], window(2))

    assert ("us-east-1: nobody answers within 30 s.",) == found.unanswered
    assert [5, 5] == of_group(found, "books", "rate_rps")
    np.testing.assert_equal([NAN, NAN], of_group(found, "toys", "rate_rps"))


def test_where_no_region_answers_there_are_no_observations() -> None:
    with pytest.raises(ObserveError, match=r"eu-west-1: nobody .* us-east-1: nobody") as refused:
        observe(watched(), [Regions(["us-east-1", "eu-west-1", "europe-west1"])], window(2))

    assert 6 == refused.value.exit_code


def test_where_the_only_place_asked_does_not_answer_it_is_named_once() -> None:
    with pytest.raises(ObserveError) as refused:
        observe(watched()[:1], [Regions(["eu-west-1"])], window(2))

    assert ("eu-west-1", "nobody answers within 30 s.") == (refused.value.where, refused.value.what)


@pytest.mark.parametrize("value", [-1.0, float("inf"), 1e300])
def test_numbers_that_are_no_amounts_count_as_not_measured(value: float) -> None:
    found = observe(watched(), [Regions([], value)], window(2))

    assert np.isnan(found.groups.rate_rps).all()
    assert any("were no amounts" in note for note in found.notes)


def test_more_than_memory_should_hold_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ObserveError, match="too many at once"):
        observe(watched(), [Regions([])], window(2 * 10**7))


def test_percentiles_and_errors_that_contradict_one_another_are_made_to_agree(tmp_path: Path) -> None:
    rows = [ROW | {"errors_rps": 9, "latency_p50_ms": 50, "latency_p95_ms": 40, "latency_p99_ms": 45}]

    found = read(table(tmp_path / "seen.csv", rows), 1)

    assert [5] == of_group(found, "books", "errors_rps")
    assert [50] == of_group(found, "books", "latency_p95_ms")
    assert [50] == of_group(found, "books", "latency_p99_ms")
    assert 3 == sum("made equal" in note for note in found.notes)


def test_everything_that_serves_is_watched_by_the_names_its_alarms_have(tmp_path: Path) -> None:
    layout, fleet, catalog = two_clouds()
    write_tree(emit(layout, fleet, catalog), tmp_path)
    emission = read_emission(tmp_path)
    assert emission is not None

    found = {one.group.name: one for one in everything_watched(layout, emission, catalog)}

    assert {group.name: group for group in layout.groups} == {name: one.group for name, one in found.items()}
    retail, images, google = found["retail-usa"], found["images"], found["retail-europe"]
    assert ("prod-retail-usa", "123456789012", 4) == (retail.endpoint, retail.account, retail.processors)
    assert 1 == images.processors  # a GPU, whatever vCPUs stand beside it
    assert ("prod-retail-europe", "shop-models-prod", 2) == (google.endpoint, google.account, google.processors)
    (region,) = [written(path, text) for path, text in emission.data.items() if path.endswith("aws_us_east_1.py")]
    assert isinstance(region, values.AwsRegion)
    for group in region.groups:
        for model in group.models:
            title, _, path = place(region, model)
            expected = {"ApiName": title, "Stage": STAGE, "Method": "POST", "Resource": path}
            assert expected == found[group.name].edge[model.name]
    assert {"/model1", "/model2"} == {labels["matched_url_path_rule"] for labels in google.edge.values()}


def test_a_backend_of_the_load_balancer_is_known_by_its_former_name_and_not_by_a_longer_one(tmp_path: Path) -> None:
    layout, fleet, catalog = two_clouds()
    write_tree(emit(layout, fleet, catalog), tmp_path)
    renamed = replace(
        layout, groups=tuple(replace(g, name="shop") if g.name == "retail-europe" else g for g in layout.groups)
    )
    write_tree(emit(renamed, fleet, catalog, earlier=read_emission(tmp_path)), tmp_path)
    emission = read_emission(tmp_path)
    assert emission is not None

    (shop,) = [one for one in everything_watched(renamed, emission, catalog) if one.group.name == "shop"]

    assert (("retail-europe",), "prod-retail-europe") == (shop.formerly, shop.endpoint)
    pattern = next(iter(shop.edge.values()))["backend_target_name"]
    assert re.fullmatch(pattern, "edge-shop-0a1b2c3")
    assert re.fullmatch(pattern, "edge-retail-europe-0a1b2c3")
    assert not re.fullmatch(pattern, "edge-shop-window-0a1b2c3")


def test_a_program_whose_data_is_gone_is_not_watched(tmp_path: Path) -> None:
    layout, fleet, catalog = two_clouds()
    write_tree(emit(layout, fleet, catalog), tmp_path)
    emission = read_emission(tmp_path)
    assert emission is not None

    with pytest.raises(EmitError, match="is gone"):
        everything_watched(layout, replace(emission, data={}), catalog)
