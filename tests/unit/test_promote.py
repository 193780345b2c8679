"""Workloads come to a version, each with the artifact of that version or the one that is given."""

from dataclasses import replace

import pytest

from generator.errors import InputError
from generator.model import Fleet
from generator.promote import promote
from tests import layouts


@pytest.fixture
def fleet() -> Fleet:
    return layouts.two_clouds()[1]


def moved(fleet: Fleet, after: Fleet) -> dict[str, tuple[str, str]]:
    return {
        new.name: (new.version, new.artifact)
        for old, new in zip(fleet.workloads, after.workloads, strict=True)
        if old != new
    }


def test_a_cohort_comes_to_a_version_and_its_artifacts_follow_and_nothing_else_changes(fleet: Fleet) -> None:
    workloads = tuple(replace(w, cohort="fashion" if w.name.startswith("fashion") else None) for w in fleet.workloads)
    fleet = replace(fleet, workloads=workloads)

    found = promote(fleet, "4", cohort="fashion", names=(), artifacts={})

    expected = {f"fashion-{place}": ("4", f"fashion/{place}/4.tar.gz") for place in ("europe", "usa")}
    assert expected == moved(fleet, found)
    assert fleet == replace(found, workloads=fleet.workloads)


def test_a_key_that_does_not_follow_is_given(fleet: Fleet) -> None:
    given = {"fraud-europe": "fraud/date=2026-11-21/model.tar.gz"}

    found = promote(fleet, "2026.11", cohort=None, names=["fraud-europe"], artifacts=given)

    assert {"fraud-europe": ("2026.11", given["fraud-europe"])} == moved(fleet, found)


def test_who_is_at_the_version_stays_as_it_is(fleet: Fleet) -> None:
    assert fleet == promote(fleet, "3", cohort=None, names=["electronics-usa"], artifacts={})


@pytest.mark.parametrize("key", ["shop/3/3.tar.gz", "shop/v3.tar.gz", "shop/33.tar.gz", "shop/model.tar.gz"])
def test_a_key_is_never_guessed(key: str, fleet: Fleet) -> None:
    workloads = tuple(replace(w, artifact=key) if w.name == "fraud-europe" else w for w in fleet.workloads)

    with pytest.raises(InputError, match="has to be given: version 3 stands"):
        promote(replace(fleet, workloads=workloads), "4", cohort=None, names=["fraud-europe"], artifacts={})


@pytest.mark.parametrize(
    ("version", "cohort", "names", "artifacts", "said"),
    [
        ("4", "toys", [], {}, "--cohort toys: has no workload. There are electronics"),
        ("4", None, [], {}, "nor any --workload"),
        ("4", None, ["nobody"], {}, "--workload nobody: is no workload"),
        ("4", None, ["fraud-europe"], {"nobody": "a.tar.gz"}, "--artifact nobody: is no workload"),
        ("4", None, ["fraud-europe"], {"video-usa": "a"}, "is of a workload that is not rolled out"),
        ("4", None, ["fraud-europe"], {"fraud-europe": "../../etc/passwd"}, "is not what one can be called"),
        ("4", None, ["fraud-europe"], {"fraud-europe": "fraud/9.tar.gz"}, "keys are immutable"),
        ("", None, ["fraud-europe"], {}, "VERSION: is not what one can be called"),
        ("4\n[bold]", None, ["fraud-europe"], {}, "VERSION: is not what one can be called"),
    ],
)
def test_what_cannot_be_rolled_out_is_refused(
    version: str, cohort: str | None, names: list[str], artifacts: dict[str, str], said: str, fleet: Fleet
) -> None:
    with pytest.raises(InputError) as refused:
        promote(fleet, version, cohort=cohort, names=names, artifacts=artifacts)
    assert said in str(refused.value)
