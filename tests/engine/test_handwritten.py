"""The twins of the benchmark are what they claim to be: the same resources as the emitted stack, without components."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.preview import HERE, PLACES, project
from generator import deploy
from generator.model import Cloud
from generator.offline.child import child

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=sorted(PLACES))
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Folders of the emitted project and of its twin, and the stack."""
    cloud: Cloud = request.param
    folder = tmp_path_factory.mktemp(cloud)
    return folder, HERE / "handwritten" / cloud, project(cloud, 2, 2, folder)


def registered(folder: Path, stack: str) -> dict[tuple[str, str], Any]:
    found = child("in_process", str(folder), stack)
    assert found["error"] is None
    cloud = [one for one in found["resources"] if not one["type"].startswith("covey:")]
    return {
        (one["type"], one["name"]): (one["inputs"], one["delete_before_replace"], one["ignore_changes"])
        for one in cloud
    }


def test_a_twin_registers_the_same_resources_with_the_same_inputs(pair: tuple[Path, Path, str]) -> None:
    emitted, twin, stack = pair

    assert registered(emitted, stack) == registered(twin, stack), (
        "run `make handwritten`: the emitted program has changed"
    )


def test_the_engine_previews_the_same_resources_for_both(pair: tuple[Path, Path, str], tmp_path: Path) -> None:
    emitted, twin, stack = pair
    found = [deploy.preview(folder, stack, offline=tmp_path / folder.name) for folder in (emitted, twin)]
    resources = [{one for one in report.resources if not one.type.startswith("covey:")} for report in found]

    assert resources[0] == resources[1]
    assert len(found[1].resources) == len(resources[1])


def test_a_twin_has_no_component_and_no_loop(pair: tuple[Path, Path, str]) -> None:
    source = (pair[1] / "__main__.py").read_text()

    assert not any(word in source for word in ("ComponentResource", "\nfor ", "\ndef ", "lambda"))
