"""Digests say which values a program was decided by: spelling does not matter, any figure does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from generator.catalog import read_catalog
from generator.emit import emit
from generator.load import load
from generator.model import Fleet, Inputs, Limits, OwnPrices
from generator.provenance import provenance
from generator.starter import starter
from tests.layouts import two_clouds
from tests.plans import plan

INPUTS = plan().inputs
LAYOUT, FLEET, CATALOG = two_clouds()
ORIGIN = provenance(INPUTS, CATALOG, "{}\n")


def with_fleet(**changes: object) -> Inputs:
    return replace(INPUTS, fleet=replace(INPUTS.fleet, **changes))  # pyright: ignore[reportArgumentType]


def with_rate(change: Callable[[np.ndarray], np.ndarray]) -> Inputs:
    return replace(INPUTS, scored=replace(INPUTS.scored, rate_rps=change(INPUTS.scored.rate_rps)))


def with_workload(**changes: object) -> Inputs:
    first, *others = INPUTS.fleet.workloads
    return with_fleet(workloads=(replace(first, **changes), *others))  # pyright: ignore[reportArgumentType]


def test_spaces_comments_and_order_in_the_inventory_do_not_matter(tmp_path: Path) -> None:
    catalog = read_catalog()
    for name, text in starter().items():
        (tmp_path / name).write_text(text)
    before = provenance(load(tmp_path, catalog), catalog, "")
    lines = (tmp_path / "fleet.yaml").read_text().splitlines()
    (tmp_path / "fleet.yaml").write_text("# A remark.\n\n" + "".join(f"{line}  \n" for line in lines))

    assert before == provenance(load(tmp_path, catalog), catalog, "")


@pytest.mark.parametrize(
    "changed",
    [
        with_fleet(name="other"),
        with_fleet(cost_centre="c"),
        with_fleet(limits=Limits(models_per_group=199)),
        with_fleet(prices=OwnPrices(instances={("ml.m5.large", None): 0.1})),
        with_fleet(workloads=INPUTS.fleet.workloads[1:]),
        with_workload(memory_gib=0.51),
        with_workload(tags=(("a", "b"),)),
        with_rate(lambda rate: rate * 1.001),
        with_rate(lambda rate: np.roll(rate, 1, axis=1)),
        replace(INPUTS, planned=INPUTS.scored, scored=INPUTS.planned),
        replace(
            INPUTS,
            scored=replace(
                INPUTS.scored, window=replace(INPUTS.scored.window, end=INPUTS.scored.window.end + timedelta(days=1))
            ),
        ),
    ],
)
def test_any_figure_name_or_bin_matters(changed: Inputs) -> None:
    found = provenance(changed, CATALOG, "{}\n")

    assert ORIGIN.inventory != found.inventory
    assert ORIGIN.catalogue == found.catalogue


def test_a_changed_price_is_another_catalogue() -> None:
    first, *others = CATALOG.offerings
    dearer = replace(CATALOG, offerings=(replace(first, price=replace(first.price, usd_per_h=9.0)), *others))

    assert ORIGIN.catalogue != provenance(INPUTS, dearer, "").catalogue
    assert ORIGIN.inventory == provenance(INPUTS, dearer, "").inventory


def test_the_last_bits_of_a_sum_do_not_matter() -> None:
    nudged = with_rate(lambda rate: rate * (1 + 2**-50))

    assert ORIGIN == provenance(nudged, CATALOG, "{}\n")


def test_the_order_in_a_mapping_does_not_matter() -> None:
    prices = {("ml.m5.large", None): 0.1, ("ml.m5.large", "us-east-1"): 0.2}
    forth, back = (with_fleet(prices=OwnPrices(instances=dict(i))) for i in (prices.items(), [*prices.items()][::-1]))

    assert provenance(forth, CATALOG, "") == provenance(back, CATALOG, "")


def test_another_process_finds_the_same_digests() -> None:
    code = (
        "from generator.provenance import provenance; from tests.layouts import two_clouds;"
        "from tests.plans import plan; print(provenance(plan().inputs, two_clouds()[2], '').inventory)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )

    assert ORIGIN.inventory == ran.stdout.strip()


def test_what_has_no_canonical_spelling_is_refused() -> None:
    odd: Fleet = replace(INPUTS.fleet, places={"here": object()})  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="object has no canonical spelling"):
        provenance(replace(INPUTS, fleet=odd), CATALOG, "")


def test_the_emission_carries_its_origin_and_the_same_bytes_twice() -> None:
    origin = replace(ORIGIN, recommendation='{"version": 1}\n')
    once, again = (emit(LAYOUT, FLEET, CATALOG, origin) for _ in range(2))
    manifest = json.loads(once.files[".covey.json"])

    assert once == again
    assert '{"version": 1}\n' == once.files["recommendation.json"]
    assert {"inventory", "catalogue", "recommendation"} == set(manifest["provenance"])
    assert manifest["sha256"]["recommendation.json"] == manifest["provenance"]["recommendation"]
    assert set(once.files) - {".covey.json", "recommendation.json"} == set(emit(LAYOUT, FLEET, CATALOG).files) - {
        ".covey.json"
    }
