"""The graph of evidence, against numpy's correlation coefficients times the shrinkage."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from generator.correlate import NEIGHBOURS, correlate
from generator.model import CorrelationGraph, FloatArray, Limits, Objective
from tests.fleets import days, fleet, gpu_workload, traffic, workload


def graph_of(rates: FloatArray) -> CorrelationGraph:
    one = fleet([workload(f"w{i:03d}") for i in range(len(rates))])
    return correlate(one, traffic(one, rates))


def edges(found: CorrelationGraph) -> dict[tuple[int, int], float]:
    return {(int(a[1:]), int(b[1:])): value for a, b, value in found.graph.edges(data="correlation")}


def test_edges_carry_pearson_s_correlation_times_the_shrinkage() -> None:
    rates = days(8, 300, seed=1)
    standard = (rates - rates.mean(axis=1, keepdims=True)) / rates.std(axis=1, keepdims=True)
    _, shrinkage = ledoit_wolf(standard.T, assume_centered=True)
    expected: FloatArray = np.asarray(np.corrcoef(rates)) * (1 - shrinkage)

    found = edges(graph_of(rates))

    assert set(found) == {(i, j) for i in range(8) for j in range(i + 1, 8)}
    assert 0 < shrinkage < 1
    for (i, j), value in found.items():
        assert value == pytest.approx(expected[i, j])


def test_long_windows_are_averaged_before_they_are_correlated() -> None:
    slow = np.repeat(days(4, 1500, seed=2), 4, axis=1)
    noisy = slow * np.tile([1.9, 0.1, 1.9, 0.1], 1500)

    assert edges(graph_of(noisy[:, : 4 * 1500])) == pytest.approx(edges(graph_of(slow[:, ::2])), abs=0.02)


def test_every_workload_keeps_its_strongest_partners_of_both_signs() -> None:
    count = 3 * NEIGHBOURS
    rates = days(count, 200, seed=3)
    expected: FloatArray = np.asarray(np.corrcoef(rates))
    np.fill_diagonal(expected, 0.0)

    found = edges(graph_of(rates))

    for i in range(count):
        for sign in (1, -1):
            strongest = [j for j in np.argsort(-sign * expected[i])[:NEIGHBOURS] if sign * expected[i, j] > 0]
            assert {(min(i, j), max(i, j)) for j in strongest} <= set(found)
    assert len(found) < count * (count - 1) / 2


@pytest.mark.parametrize("constant", [0.0, 3.7, 1e5])
def test_a_constant_series_correlates_with_nothing(constant: float) -> None:
    rates = days(4, 100, seed=4)
    rates[2] = constant

    found = edges(graph_of(rates))

    assert all(2 not in pair for pair in found)
    assert found


@pytest.mark.parametrize("rates", [np.zeros((3, 50)), np.full((3, 50), 2.5)])
def test_a_fleet_of_constant_series_has_no_edges(rates: FloatArray) -> None:
    found = graph_of(rates)

    assert 3 == found.graph.number_of_nodes()
    assert 0 == found.graph.number_of_edges()


def test_one_workload_is_a_graph_of_one_node() -> None:
    found = graph_of(days(1, 50, seed=5))

    assert ["w000"] == list(found.graph.nodes)
    assert ((0,),) == found.classes


def test_twins_and_opposites_are_as_far_apart_as_can_be() -> None:
    base = days(1, 400, seed=6)[0]
    found = edges(graph_of(np.array([base, 3 * base, base.max() - base])))

    assert found[0, 1] > 0.98
    assert found[0, 2] < -0.98


def test_affinity_counts_cohort_size_and_latency_and_weighs_only_what_moves_together() -> None:
    base = days(1, 400, seed=7)[0]
    names = {
        "a": workload("a", cohort="x"),
        "b": workload("b", cohort="x"),
        "c": workload("c", memory_gib=8.0, objective=Objective(0.99, 4.0)),
    }
    one = fleet(list(names.values()))
    graph = correlate(one, traffic(one, [base, 2 * base, base.max() - base])).graph

    assert 1.0 == graph.edges["a", "b"]["affinity"]
    assert graph.edges["a", "b"]["weight"] == graph.edges["a", "b"]["correlation"]
    assert 0.0 == graph.edges["a", "c"]["affinity"]
    assert 0.0 == graph.edges["a", "c"]["weight"]
    assert graph.edges["a", "c"]["correlation"] < 0


@pytest.mark.parametrize(("share", "count"), [(False, 5), (True, 3)])
def test_classes_hold_who_may_share_an_endpoint(share: bool, count: int) -> None:
    workloads = [
        workload("a", tenant="x"),
        workload("b", tenant="y"),
        workload("c"),
        workload("d", licence="gpl"),
        gpu_workload("e"),
    ]
    one = fleet(workloads, limits=Limits(tenants_share=share))
    found = correlate(one, traffic(one, days(5, 60, seed=8)))

    assert sorted(i for members in found.classes for i in members) == list(range(5))
    assert count == len(found.classes)


def test_reading_correlations_changes_no_rate() -> None:
    rates = days(3, 60, seed=9)
    before = rates.copy()

    graph_of(rates)

    assert (rates == before).all()
