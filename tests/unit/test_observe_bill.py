"""Bills of AWS and Google Cloud: whose they are, when they were for, and what of them is no cost of a machine."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import polars as pl
import pytest
from botocore.stub import Stubber

from generator.errors import ObserveError, SeriesError
from generator.model import Observations, Window
from generator.observe import BillFile, observe
from generator.observe.cost_explorer import CostExplorer
from tests.amazon_server import SECRET
from tests.observed import START, watched

HOURS = 4
NAN = float("nan")
WINDOW = Window(START, START + timedelta(hours=HOURS), 1800.0)
Rows = Sequence[Mapping[str, Any]]


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def legacy(begin: float, end: float, usd: float | str, group: str, **more: str) -> dict[str, Any]:
    return {
        "lineItem/UsageStartDate": f"{hour(begin):%Y-%m-%dT%H:%M:%SZ}",
        "lineItem/UsageEndDate": f"{hour(end):%Y-%m-%dT%H:%M:%SZ}",
        "lineItem/UnblendedCost": usd,
        "lineItem/CurrencyCode": more.get("currency", "USD"),
        "lineItem/UsageAccountId": more.get("account", "123456789012"),
        "resourceTags/user:group": group,
    }


def written(folder: Path, rows: Rows) -> Path:
    place = folder / "bill.csv"
    pl.DataFrame(rows).write_csv(place)
    return place


def seen(path: Path, window: Window = WINDOW) -> Observations:
    return observe(watched(), [BillFile(path)], window)


def cost(found: Observations, group: str) -> list[float]:
    return found.cost_usd_per_h[found.groups.names.index(group)].tolist()


# Spreading -----------------------------------------------------------------------------------------------------------


def test_charges_are_spread_evenly_over_the_time_they_are_for(tmp_path: Path) -> None:
    rows = [legacy(0, 4, 8.0, "books"), legacy(1, 2, 3.0, "books"), legacy(0, 1, 5.0, "prod-toys")]

    found = seen(written(tmp_path, rows))

    assert [2, 2, 5, 5, 2, 2, 2, 2] == cost(found, "books")
    # By its endpoint's name, and nothing in hours for which others were charged.
    assert [5, 5, 0, 0, 0, 0, 0, 0] == cost(found, "toys")
    assert any("costs are billed ones, spread evenly over up to 4 h" in note for note in found.notes)


def test_what_a_window_holds_of_charges_adds_up_to_its_part_of_them(tmp_path: Path) -> None:
    found = seen(written(tmp_path, [legacy(-20, 4, 24.0, "books"), legacy(3, 7, 4.0, "books")]))

    assert [1.0] * 6 + [2.0] * 2 == cost(found, "books")


def test_a_charge_under_a_former_name_is_that_of_its_group(tmp_path: Path) -> None:
    found = seen(written(tmp_path, [legacy(0, 4, 4.0, "old-books")]))

    assert [1.0] * 8 == cost(found, "books")


# What is no cost -----------------------------------------------------------------------------------------------------


def test_hours_for_which_nobody_was_charged_are_not_known(tmp_path: Path) -> None:
    found = seen(written(tmp_path, [legacy(0, 1, 1.0, "books"), legacy(3, 4, 1.0, "books")]))

    np.testing.assert_array_equal([1, 1, NAN, NAN, NAN, NAN, 1, 1], cost(found, "books"))
    assert any("says nothing of 4 of 8 bins" in note for note in found.notes)


def test_credits_are_left_out_and_said(tmp_path: Path) -> None:
    found = seen(written(tmp_path, [legacy(0, 4, 4.0, "books"), legacy(0, 4, -3.5, "books")]))

    assert [1.0] * 8 == cost(found, "books")
    assert any("credits and corrections of -3.50 USD are left out" in note for note in found.notes)


def test_what_carries_no_tag_is_nobody_s_and_a_group_without_any_is_named(tmp_path: Path) -> None:
    found = seen(written(tmp_path, [legacy(0, 4, 4.0, ""), legacy(0, 4, 1.0, "books")]))

    assert [0.25] * 8 == cost(found, "books")
    assert np.isnan(cost(found, "toys")).all()
    assert any("4.00 USD carry no group" in note for note in found.notes)
    (absent,) = [note for note in found.notes if "activated as a cost allocation tag" in note]
    assert "'tools'" in absent
    assert "'toys'" in absent
    assert "'books'" not in absent


def test_another_account_s_charges_are_left_out(tmp_path: Path) -> None:
    rows = [legacy(0, 4, 4.0, "books"), legacy(0, 4, 400.0, "books", account="999999999999")]

    assert [1.0] * 8 == cost(seen(written(tmp_path, rows)), "books")


# Formats -------------------------------------------------------------------------------------------------------------


def newer(tags: Any, column: str = "resource_tags") -> dict[str, Any]:
    return {
        "line_item_usage_start_date": hour(0).replace(tzinfo=None),
        "line_item_usage_end_date": hour(4).replace(tzinfo=None),
        "line_item_unblended_cost": 4.0,
        "line_item_currency_code": "USD",
        "line_item_usage_account_id": "123456789012",
        column: tags,
    }


@pytest.mark.parametrize(
    ("tags", "column"),
    [
        ("books", "resource_tags_user_group"),
        ([{"key": "user_group", "value": "books"}, {"key": "user_stack", "value": "x"}], "resource_tags"),
        ('{"user_group": "books"}', "resource_tags"),
    ],
)
def test_parquet_of_aws_is_read_with_its_tags_as_column_map_or_text(tags: Any, column: str, tmp_path: Path) -> None:
    pl.DataFrame([newer(tags, column)]).write_parquet(tmp_path / "bill.parquet")

    assert [1.0] * 8 == cost(seen(tmp_path / "bill.parquet"), "books")


def google(usd: Any = 4.0, **more: Any) -> dict[str, Any]:
    row = {
        "usage_start_time": f"{hour(0):%Y-%m-%d %H:%M:%S} UTC",
        "usage_end_time": f"{hour(4):%Y-%m-%d %H:%M:%S} UTC",
        "cost": usd,
        "currency": "USD",
        "project": {"id": "shop-models-prod"},
        "labels": [{"key": "stack", "value": "x"}, {"key": "group", "value": "tools"}],
    }
    return row | more


@pytest.mark.parametrize("spelled", [json.dumps, lambda rows: "\n".join(map(json.dumps, rows))])
def test_rows_of_google_are_read_as_list_or_line_by_line(spelled: Callable[[Rows], str], tmp_path: Path) -> None:
    rows = [google(), google("4.0", labels=[]), google(project={"id": "another"}), google(-1.0, project=None)]
    (tmp_path / "bill.json").write_text(spelled(rows))

    found = seen(tmp_path / "bill.json")

    assert [1.0] * 8 == cost(found, "tools")
    assert any("-1.00 USD are left out" in note for note in found.notes)


def test_a_flat_table_of_google_has_the_label_as_a_column(tmp_path: Path) -> None:
    row = {name: value for name, value in google().items() if name not in ("labels", "project")}
    flat = written(tmp_path, [row | {"group": "tools"}])

    assert [1.0] * 8 == cost(seen(flat), "tools")


# What cannot be used -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (legacy(0, 1, 1.0, "books", currency="EUR"), "costs are in 'EUR', and covey counts in USD"),
        (legacy(0, 1, "a lot\x1b[31m", "books"), "is no cost"),
        (legacy(0, 1, "nan", "books"), "is no cost"),
        (legacy(0, 1, "1e300", "books"), "is no cost"),
        (legacy(2, 1, 1.0, "books"), "It has to end after it begins"),
        (legacy(0, 24 * 400, 1.0, "books"), "within a month"),
        (legacy(0, 1, 1.0, "books") | {"lineItem/UsageStartDate": "soon"}, "'soon' is no time"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_by_its_place(row: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(SeriesError) as refused:
        seen(written(tmp_path, [legacy(0, 1, 1, "books"), row]))

    assert said in f"{refused.value.what} {refused.value.remedy}"
    assert refused.value.where.endswith("bill.csv:3")
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("resourceTags/user:group", "no column with the tag or label group"),
        ("lineItem/UnblendedCost", "no column with costs"),
        ("lineItem/CurrencyCode", "lineItem/CurrencyCode is missing"),
    ],
)
def test_a_bill_without_a_column_is_refused(gone: str, said: str, tmp_path: Path) -> None:
    row = {name: value for name, value in legacy(0, 1, 1.0, "books").items() if name != gone}

    with pytest.raises(SeriesError, match=said):
        BillFile(written(tmp_path, [row]))


@pytest.mark.parametrize("text", ["", "[]", "[1]", "{", "[" * 100_000])
def test_json_that_is_no_bill_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "bill.json").write_text(text)

    with pytest.raises(SeriesError):
        BillFile(tmp_path / "bill.json")


def test_tags_that_are_no_json_are_no_tags(tmp_path: Path) -> None:
    pl.DataFrame([newer("{group: books"), newer('{"user_group": "books"}')]).write_parquet(tmp_path / "bill.parquet")

    assert [1.0] * 8 == cost(seen(tmp_path / "bill.parquet"), "books")


def test_a_bill_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="no such file"):
        BillFile(tmp_path / "bill.csv")


# Cost Explorer -------------------------------------------------------------------------------------------------------


@pytest.fixture
def explorer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Cost Explorer as botocore knows its requests and answers; what is not expected fails."""
    client = boto3.client("ce", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key=SECRET)
    monkeypatch.setattr("generator.observe.cost_explorer.amazon_clients", lambda _: lambda _: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def day(first: str, last: str, groups: Mapping[str, str], *, unit: str = "USD", estimated: bool = False) -> Any:
    return {
        "TimePeriod": {"Start": first, "End": last},
        "Estimated": estimated,
        "Total": {},
        "Groups": [
            {"Keys": [f"group${name}"], "Metrics": {"UnblendedCost": {"Amount": usd, "Unit": unit}}}
            for name, usd in groups.items()
        ],
    }


def asked(**more: str) -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": "2026-03-02", "End": "2026-03-04"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "TAG", "Key": "group"}],
        "Filter": {
            "And": [
                {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["123456789012"]}},
                {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}},
            ]
        },
        **more,
    }


TWO_DAYS = Window(START, START + timedelta(hours=36), 3600.0)


def test_cost_explorer_is_asked_for_whole_days_page_by_page(explorer: Stubber) -> None:
    first = day("2026-03-02", "2026-03-03", {"books": "24", "": "240"})
    second = day("2026-03-03", "2026-03-04", {"books": "48"}, estimated=True)
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": [first], "NextPageToken": "more"}, asked())
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": [second]}, asked(NextPageToken="more"))

    found = observe(watched(), [CostExplorer()], TWO_DAYS)

    assert [1.0] * 24 + [2.0] * 12 == pytest.approx(cost(found, "books"))
    assert np.isnan(cost(found, "toys")).all()
    assert any("costs from 2026-03-03 on are AWS's own estimates" in note for note in found.notes)
    assert any("240.00 USD carry no group" in note for note in found.notes)


def test_cost_explorer_in_another_currency_or_refusing_is_no_answer(explorer: Stubber) -> None:
    yuan = day("2026-03-02", "2026-03-03", {"books": "24"}, unit="CNY")
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": [yuan]}, asked())
    with pytest.raises(ObserveError, match="answers in CNY"):
        observe(watched(), [CostExplorer()], TWO_DAYS)
    explorer.add_client_error("get_cost_and_usage", "AccessDeniedException")
    with pytest.raises(ObserveError, match="AccessDeniedException"):
        observe(watched(), [CostExplorer()], TWO_DAYS)
