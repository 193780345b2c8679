"""Whatever people write, a fleet loads or is refused in words."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from generator.errors import InputError
from generator.inventory.traffic import Reading, read_traffic
from generator.inventory.traffic_document import TrafficEntry
from generator.load import load
from generator.model import FloatArray
from tests.inventories import changed, small_catalog, write_fleet

# A folder a test case; hypothesis runs many in one test, so pytest's own folder would be shared.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def _loads_or_is_refused(document: Any, traffic: str | bytes | None = None) -> bool:
    refusal: InputError | None = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            load(write_fleet(Path(folder), document, traffic), small_catalog())
        except InputError as error:
            refusal = error
    assert refusal is None or all([refusal.where, refusal.what, refusal.remedy])
    return refusal is None


@given(st.text(max_size=200))
def test_any_text_as_a_name_loads_or_is_refused(name: str) -> None:
    document = changed(
        (["workloads"], [{"name": name.encode(errors="replace").decode(), "artifact": "a", "series": "s"}])
    )

    _loads_or_is_refused(document, "workload," + ",".join(map(str, range(60))) + "\ns" + ",1" * 60 + "\n")


@given(st.sampled_from(["defaults", "traffic", "workloads", "regions", "limits", "runtimes", "assumptions"]), JSON)
def test_any_value_anywhere_loads_or_is_refused(field: str, value: Any) -> None:
    text = str(changed(([field], "PLACE"))).replace("'PLACE'", _flow(value))

    _loads_or_is_refused(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_an_inventory(content: bytes) -> None:
    assert not _loads_or_is_refused(content)


@given(st.text(alphabet="&*!{}[]:,-?|>'\"%@`#ab \n\t\\uxd8", max_size=200))
def test_any_yaml_is_refused_as_an_inventory(content: str) -> None:
    assert not _loads_or_is_refused(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_traffic(content: bytes) -> None:
    assert not _loads_or_is_refused(changed(), content)
    assert not _loads_or_is_refused(changed((["traffic", "shape"], "long")), content)


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(0, 1e9),
    ),
    st.randoms(use_true_random=False),
)
def test_long_and_wide_forms_of_one_table_are_equal_traffic(rates: FloatArray, random: Any) -> None:
    names = [f"w{i}" for i in range(len(rates))]
    wide = pl.DataFrame(rates, schema=[str(i) for i in range(rates.shape[1])], orient="row").with_columns(
        workload=pl.Series(names)
    )
    long = wide.unpivot(index="workload", variable_name="time")
    order = list(range(long.height))
    random.shuffle(order)
    with tempfile.TemporaryDirectory() as folder:
        wide.write_csv(Path(folder) / "wide.csv")
        long[order].write_parquet(Path(folder) / "long.parquet")
        readings = [Reading(name, name, 1.0, 0.0, 1.0) for name in names]
        given_wide, given_long = (
            read_traffic(Path(folder), _entry(file, shape), readings)
            for file, shape in [("wide.csv", "wide"), ("long.parquet", "long")]
        )

    assert np.array_equal(given_wide.rate_rps, rates)
    assert np.array_equal(given_long.rate_rps, rates)
    assert given_wide.window == given_long.window


def _entry(file: str, shape: str) -> TrafficEntry:
    return TrafficEntry.model_validate(
        {"file": file, "shape": shape, "unit": "rate", "bin_s": 60, "start": "2026-01-01T00:00", "time_zone": "UTC"}
    )


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")
