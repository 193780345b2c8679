"""A catalogue that cannot be trusted is refused, with file and line."""

from pathlib import Path

import pytest

from generator.catalog import check_catalog, read_catalog
from generator.errors import CatalogError
from tests.catalog.conftest import table, write_table


def spoil(folder: Path, name: str, line: int, **fields: str) -> None:
    """Overwrite fields of one line; the header is line 1."""
    rows = table(folder, name)
    rows[line - 2] |= fields
    write_table(folder, name, rows)


def line_of(folder: Path, name: str, **fields: str) -> int:
    """Line of the first row that has these fields."""
    return next(n for n, row in enumerate(table(folder, name), 2) if fields.items() <= row.items())


def test_an_untouched_copy_reads_as_the_catalogue_that_came_with_covey(folder: Path) -> None:
    assert read_catalog() == read_catalog(folder)


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("prices.csv", {"usd": "0"}, "usd"),
        ("prices.csv", {"usd": "-1"}, "usd"),
        ("prices.csv", {"usd": "nan"}, "usd"),
        ("prices.csv", {"usd": "1e999"}, "usd"),
        ("prices.csv", {"usd": ""}, "usd"),
        ("prices.csv", {"usd": "1,5"}, "usd"),
        ("prices.csv", {"as_of": ""}, "as_of"),
        ("prices.csv", {"as_of": "undated"}, "as_of"),
        ("prices.csv", {"as_of": "2025-13"}, "as_of"),
        ("prices.csv", {"unit": "month"}, "unit"),
        ("prices.csv", {"key": "ml.c5.large\n"}, "key"),
        ("prices.csv", {"key": "x" * 81}, "key"),
        ("instance_types.csv", {"vcpus": "0"}, "vcpus"),
        ("instance_types.csv", {"vcpus": "many"}, "vcpus"),
        ("instance_types.csv", {"memory_gib": "inf"}, "memory_gib"),
        ("instance_types.csv", {"cloud": "azure"}, "cloud"),
        ("instance_types.csv", {"hosting": "sagemaker-batch"}, "hosting.0"),
        ("instance_types.csv", {"hosting": ""}, "hosting"),
        ("regions.csv", {"latitude": "91"}, "latitude"),
        ("regions.csv", {"country": ""}, "country"),
        ("gpu.csv", {"fp16_tflops": "0"}, "fp16_tflops"),
        ("kinds.csv", {"estimated": "perhaps"}, "estimated"),
        ("latency_fit.csv", {"slope_ms_per_km": "0"}, "slope_ms_per_km"),
    ],
)
def test_an_unreadable_field_is_refused_with_file_line_and_field(
    folder: Path, name: str, fields: dict[str, str], field: str
) -> None:
    spoil(folder, name, 2, **fields)
    with pytest.raises(CatalogError) as refusal:
        read_catalog(folder)
    # A line break inside a field makes the row end one line further down.
    line = 3 if "\n" in "".join(fields.values()) else 2
    assert f"{name}, line {line}, {field}" == refusal.value.where
    assert refusal.value.what
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("prices.csv", {"kind": "guessed"}, "has the kind 'guessed', which kinds.csv does not explain."),
        ("prices.csv", {"source": "hearsay"}, "names the source 'hearsay', which sources.csv does not have."),
        ("prices.csv", {"source": ""}, "names no source."),
        ("prices.csv", {"region": "moon-1"}, "names aws:moon-1, which regions.csv does not have."),
        (
            "prices.csv",
            {"key": "ml.c99.large"},
            "prices 'ml.c99.large', which is neither an instance type nor a component.",
        ),
        ("prices.csv", {"unit": "GiB-s"}, "prices ml.c5.18xlarge by GiB-s, not by h."),
        ("prices.csv", {"base_usd": "1"}, "has base_usd without factor, or factor without base_usd."),
        ("prices.csv", {"base_usd": "4", "factor": "1.2"}, "says 4.925, but base_usd times factor is 4.8."),
        ("instance_types.csv", {"gpus": "1"}, "has 1 GPUs of the model None."),
        ("instance_types.csv", {"gpus": "1", "gpu_model": "z9"}, "has the GPU 'z9', which gpu.csv does not have."),
        ("instance_types.csv", {"cloud": "gcp"}, "is a machine of gcp with hosting sagemaker-multi-model."),
        ("regions.csv", {"latitude": "1"}, "has one coordinate of two."),
        ("regions.csv", {"carbon_as_of": ""}, "has carbon without a date, or a date without carbon."),
        ("regions.csv", {"hosting": "cloud-run-cpu"}, "is a region of aws with hosting cloud-run-cpu."),
        ("network.csv", {"from": "moon-1"}, "names aws:moon-1, which regions.csv does not have."),
    ],
)
def test_a_contradiction_is_refused_with_file_and_line(
    folder: Path, name: str, fields: dict[str, str], message: str
) -> None:
    spoil(folder, name, 2, **fields)
    with pytest.raises(CatalogError):
        read_catalog(folder)
    assert f"{name}, line 2: {message}" in check_catalog(folder)


def test_an_estimate_that_says_it_is_none_is_a_finding(folder: Path) -> None:
    line = line_of(folder, "prices.csv", kind="ec2-markup")
    spoil(folder, "prices.csv", line, kind="hosting")
    expected = f"prices.csv, line {line}: is computed, but its kind 'hosting' is not that of an estimate."
    assert (expected,) == check_catalog(folder)


def test_a_price_for_what_is_never_proposed_is_a_finding(folder: Path) -> None:
    spoil(folder, "prices.csv", 2, key="ml.t2.large")
    (finding,) = check_catalog(folder)
    assert finding.startswith("prices.csv, line 2: prices ml.t2.large, which is not to be proposed: burstable")


def test_a_row_said_twice_is_a_finding_that_names_both_lines(folder: Path) -> None:
    rows = table(folder, "prices.csv")
    write_table(folder, "prices.csv", [*rows, rows[0]])
    expected = f"prices.csv, line {len(rows) + 2}: says again what line 2 says: ('ml.c5.18xlarge', 'af-south-1')."
    assert (expected,) == check_catalog(folder)


def test_cloud_run_without_a_memory_price_is_a_finding_for_each_component_there(folder: Path) -> None:
    rows = table(folder, "prices.csv")
    write_table(
        folder,
        "prices.csv",
        [row for row in rows if (row["key"], row["region"]) != ("cloud-run-memory", "us-east4")],
    )
    findings = check_catalog(folder)
    assert [True, True] == ["in us-east4, where cloud-run-memory has no price" in finding for finding in findings]


def test_every_bad_line_is_found_not_only_the_first(folder: Path) -> None:
    spoil(folder, "prices.csv", 2, usd="0")
    spoil(folder, "prices.csv", 9, usd="x", as_of="y")
    spoil(folder, "regions.csv", 3, latitude="x")
    wheres = [finding.split(":")[0] for finding in check_catalog(folder)]
    assert [
        "regions.csv, line 3, latitude",
        "prices.csv, line 2, usd",
        "prices.csv, line 9, usd",
        "prices.csv, line 9, as_of",
    ] == wheres


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "prices.csv, line 1: has other columns than key,region"),
        (b"key,region\n", "prices.csv, line 1: has other columns than key,region"),
        (b"\xff\xfe", "prices.csv: is not UTF-8 at byte 0."),
        (
            b"key,region,usd,unit,kind,as_of,source,base_usd,factor\nml.c5.large\n",
            "prices.csv, line 2: has 1 fields, not 9.",
        ),
        (b'key,region,usd,unit,kind,as_of,source,base_usd,factor\n"ml.c5', "prices.csv: is not CSV: "),
        (b"key,region,usd,unit,kind,as_of,source,base_usd,factor\n" + b"x" * 200_000, "prices.csv: is not CSV: "),
        (b"key,region,usd,unit,kind,as_of,source,base_usd,factor\n", "prices.csv: has no rows."),
    ],
    ids=["empty", "columns missing", "not UTF-8", "short row", "open quote", "endless field", "no rows"],
)
def test_a_file_that_is_no_table_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "prices.csv").write_bytes(content)
    with pytest.raises(CatalogError):
        read_catalog(folder)
    assert check_catalog(folder)[0].startswith(message)


def test_a_missing_folder_is_refused_table_by_table(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as refusal:
        read_catalog(tmp_path / "nowhere")
    assert "cannot be opened: No such file or directory." == refusal.value.what
    assert 8 == len(check_catalog(tmp_path / "nowhere"))
