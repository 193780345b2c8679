"""The examples are real traces with their terms: they load, and they are what their READMEs say."""

from pathlib import Path

import pytest

from generator.catalog import read_catalog
from generator.load import load
from generator.model import Inputs

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def inputs() -> dict[str, Inputs]:
    catalog = read_catalog()
    return {path.parent.name: load(path.parent, catalog) for path in sorted(EXAMPLES.glob("*/fleet.yaml"))}


def test_there_are_four_examples_of_the_traces_sizes(inputs: dict[str, Inputs]) -> None:
    sizes = {name: (len(i.fleet.workloads), i.planned.window.bins, i.scored.window.bins) for name, i in inputs.items()}

    assert {
        "functions": (50, 720, 720),
        "hosted-llms": (93, 1008, 1008),
        "paper": (6, 9984, 10080),
        "shop": (67, 30240, 30758),
    } == sizes


def test_every_workload_asks_for_something_in_the_trace(inputs: dict[str, Inputs]) -> None:
    silent = {
        name: [
            w
            for w, p, s in zip(i.planned.workloads, i.planned.rate_rps, i.scored.rate_rps, strict=True)
            if not p.any() and not s.any()
        ]
        for name, i in inputs.items()
    }

    assert {"functions": [], "hosted-llms": [], "paper": [], "shop": []} == silent


def test_the_shop_counts_as_many_requests_as_the_trace_has_order_lines(inputs: dict[str, Inputs]) -> None:
    planned, scored = (t.rate_rps.sum() * t.window.bin_s / 30 for t in (inputs["shop"].planned, inputs["shop"].scored))

    assert (115_934, 119_674) == (round(planned), round(scored))


def test_the_clients_of_one_language_model_share_its_weights(inputs: dict[str, Inputs]) -> None:
    artifacts = {w.artifact for w in inputs["hosted-llms"].fleet.workloads}

    assert {"m-small/1.tar.gz", "m-mid/1.tar.gz", "m-large/1.tar.gz"} == artifacts


def test_the_papers_two_paths_stand_under_each_of_three_regions(inputs: dict[str, Inputs]) -> None:
    table = {(w.path, w.cohort, w.residency) for w in inputs["paper"].fleet.workloads}

    assert table == {
        (path, cohort, (continent,))
        for path, cohort in [("/model1", "electronics"), ("/model2", "fashion")]
        for continent in ["North America", "Europe", "Asia"]
    }


def test_between_them_the_examples_need_cpu_and_gpu_on_both_clouds(inputs: dict[str, Inputs]) -> None:
    hosting = {
        (w.accelerator, cloud)
        for i in inputs.values()
        for w in i.fleet.workloads
        for cloud in i.fleet.runtimes[w.runtime].images
    }

    assert {("none", "aws"), ("none", "gcp"), ("gpu", "aws"), ("gpu", "gcp")} == hosting
