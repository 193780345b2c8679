from dataclasses import replace

import pytest

from generator.capacity.machines import Machines, machines
from generator.catalog import read_catalog
from generator.errors import InputError
from generator.explain import explain
from generator.load import load
from generator.model import Fleet, Inputs, Workload
from generator.starter import starter
from tests.plans import plan


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("fleet")
    for name, text in starter().items():
        (folder / name).write_text(text)
    return load(folder, read_catalog())


def table(inputs: Inputs, *changes: Workload) -> Machines:
    changed = {workload.name: workload for workload in changes}
    workloads = tuple(changed.get(workload.name, workload) for workload in inputs.fleet.workloads)
    fleet: Fleet = replace(inputs.fleet, workloads=workloads)
    return machines(fleet, read_catalog())


def forbidden(inputs: Inputs, *changes: Workload) -> tuple[str, ...]:
    one, other, *_ = (workload.name for workload in inputs.fleet.workloads)
    made = plan((one, other, "a", "b", "c", "d"))
    found = explain(table(inputs, *changes), inputs.planned, made.correlation, made.communities, (one, other))
    return found.forbidden


def test_peaks_that_do_not_meet_show_what_sharing_gains(inputs: Inputs) -> None:
    names = (inputs.fleet.workloads[0].name, inputs.fleet.workloads[1].name)
    made = plan()
    found = explain(table(inputs), inputs.planned, made.correlation, made.communities, names)
    rate = inputs.planned.rate_rps[:2]

    assert found.peak_of_sum_rps == pytest.approx(rate.sum(axis=0).max())
    assert found.sum_of_peaks_rps == pytest.approx(rate.max(axis=1).sum())
    assert found.correlation is None
    assert found.same_community


def test_a_tenant_of_its_own_forbids_sharing(inputs: Inputs) -> None:
    (reason,) = forbidden(inputs, replace(inputs.fleet.workloads[0], tenant="acme"))

    assert "tenant acme" in reason


def test_keep_apart_forbids_sharing(inputs: Inputs) -> None:
    one, other, *_ = inputs.fleet.workloads

    assert "both are marked keep_apart 'twins'" in forbidden(
        inputs, replace(one, keep_apart="twins"), replace(other, keep_apart="twins")
    )


def test_residencies_without_a_region_in_common_forbid_sharing(inputs: Inputs) -> None:
    one, other, *_ = inputs.fleet.workloads

    assert "no allowed region may process the data of both" in forbidden(
        inputs, replace(one, residency=("eu-west-1",)), replace(other, residency=("us-east-1",))
    )


def test_more_memory_than_any_machine_has_forbids_sharing(inputs: Inputs) -> None:
    one, other, *_ = inputs.fleet.workloads
    found = table(inputs)
    most = float(found.memory_gib[found.machine_allowed[:2].all(axis=0)].max())
    large = [replace(w, memory_gib=0.7 * most, artifact=f"models/{i}") for i, w in enumerate((one, other))]

    assert "no machine they may both run on has the memory for both" in forbidden(inputs, *large)


def test_nothing_forbids_what_may_share(inputs: Inputs) -> None:
    one, other, *_ = inputs.fleet.workloads
    twins = [replace(w, residency=(), tenant=None, keep_apart=None, licence=None) for w in (one, other)]

    assert () == forbidden(inputs, *twins)


@pytest.mark.parametrize("names", [("nobody", "churn"), ("churn", "churn")])
def test_unknown_and_equal_names_are_refused(names: tuple[str, str], inputs: Inputs) -> None:
    made = plan()

    with pytest.raises(InputError):
        explain(table(inputs), inputs.planned, made.correlation, made.communities, names)
