"""Under what conditions a plan is made: cut short by time, interrupted and taken up again, correlated elsewhere."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from generator.errors import InfeasibleError, InputError
from generator.model import Inputs, Objective, Plan
from generator.pipeline import plan
from generator.present.document import document
from generator.resume import resume
from generator.stages import HERE, Deadline, Work
from tests.fleets import catalog, days, fleet, inputs, workload
from tests.inventories import changed, wide_csv, write_fleet

ROOT = Path(__file__).parents[2]
COVEY = ROOT / ".venv" / "bin" / "covey"
STAGES = [f"{what}, {profile}" for profile in ("cheapest", "balanced", "resilient") for what in ("backtest", "groups")]


def given(seed: int = 1, count: int = 5) -> Inputs:
    return inputs(fleet([workload(f"w{i}") for i in range(count)]), days(count, 96, seed=seed))


@cache
def whole() -> str:
    """Return the document of the plan that nothing interrupts."""
    return document(plan(given(), catalog())).text()


def kept_in(file: Path) -> Work:
    return replace(HERE, recall=resume(file, given(), catalog(), 0, "1"))


def holds_everyone(one: Plan, count: int = 5) -> bool:
    names = sorted(f"w{i}" for i in range(count))
    return all(
        sorted(name for group in r.layout.groups for name in group.workloads) == names for r in one.recommendations
    )


def counted(asked_before: int) -> Callable[[], float]:
    """Return a clock that is at its limit once it has been asked so often."""
    asked = 0

    def used() -> float:
        nonlocal asked
        asked += 1
        return 1.0 if asked > asked_before else 0.0

    return used


# A limit of time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 12])
@pytest.mark.parametrize("asked_before", [0, 30, 200])
def test_a_plan_cut_short_at_any_point_is_whole_shares_endpoints_and_says_so(count: int, asked_before: int) -> None:
    one = plan(given(count=count), catalog(), work=replace(HERE, used=counted(asked_before)))
    told = document(one)

    assert holds_everyone(one, count)
    assert {v.rule for r in one.recommendations for v in r.verdict.violations} <= {"SLO001"}
    assert one.recommendations[0].saving_vs_baseline > 0
    assert all(len(r.layout.groups) < count for r in one.recommendations)
    assert told.limited_by == "time"
    assert json.loads(told.text())["limited_by"] == "time"


def test_a_limit_that_is_not_reached_leaves_every_byte_alone() -> None:
    one = plan(given(), catalog(), work=replace(HERE, used=lambda: 0.39))

    assert one.limited_by is None
    assert document(one).text() == whole()


def test_a_plan_cut_short_tells_its_gap() -> None:
    one = plan(given(), catalog(), work=replace(HERE, used=counted(30)))

    assert one.gap is not None


def test_an_infeasible_fleet_is_refused_however_little_time_there_is() -> None:
    one = fleet([workload("a", objective=Objective(0.99, 0.001))])
    with pytest.raises(InfeasibleError):
        plan(inputs(one, days(1, 96, seed=1)), catalog(), work=replace(HERE, used=lambda: 1.0))


def test_a_deadline_remembers_that_it_cut_something_short() -> None:
    deadline = Deadline(lambda: 0.5)

    assert (deadline.by(0.6)(), deadline.cut_short) == (False, False)
    assert (deadline.by(0.5)(), deadline.cut_short) == (True, True)
    assert (deadline.by(0.6)(), deadline.cut_short) == (False, True)


# Taken up again ----------------------------------------------------------------------------------------------------


class InterruptionError(Exception):
    """Stands for a key, a signal, a power cut."""


def interrupted_at(stage: str, times: int) -> Callable[[str, float], None]:
    """Return a progress that fails when a stage is told of so often."""
    seen: list[str] = []

    def progress(name: str, _share: float) -> None:
        seen.append(name)
        if sum(one.startswith(stage) for one in seen) == times:
            raise InterruptionError

    return progress


@pytest.mark.parametrize(("stage", "times", "least"), [("backtesting", 1, 0), ("asking", 1, 2), ("asking", 3, 4)])
def test_an_interrupted_plan_goes_on_after_its_last_finished_stage(
    stage: str, times: int, least: int, tmp_path: Path
) -> None:
    file = tmp_path / "stages.json"
    with pytest.raises(InterruptionError):
        plan(given(), catalog(), work=kept_in(file), progress=interrupted_at(stage, times))
    finished = set(json.loads(file.read_text())["stages"]) if file.exists() else set()
    seen: list[str] = []
    again = plan(given(), catalog(), work=kept_in(file), progress=lambda name, _share: seen.append(name))

    assert document(again).text() == whole()
    assert len(finished) >= least
    assert finished <= set(STAGES)
    assert not {told for told in seen if told.replace("backtesting ", "backtest, ") in finished}
    assert not {told for told in seen if told.replace("solving for ", "groups, ") in finished}


@pytest.mark.engine
def test_a_killed_process_is_taken_up_by_another(tmp_path: Path) -> None:
    names = [f"w{i:02d}" for i in range(8)]
    series = dict(zip(names, days(8, 100, seed=4).round(6).tolist(), strict=True))
    entries = [{"name": name, "artifact": f"{name}.tar.gz"} for name in names]
    write_fleet(tmp_path, changed((["workloads"], entries)), wide_csv(series))
    file = tmp_path / "stages.json"
    command = [COVEY, "plan", tmp_path, "--no-llm", "--json", "--resume", file]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 100
    try:
        while not file.exists() and running.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        running.send_signal(signal.SIGKILL)
        running.communicate()
    assert file.exists()

    resumed, fresh = (
        subprocess.run(asked, capture_output=True, text=True, check=True, timeout=120)
        for asked in (command, command[:-2])
    )
    assert resumed.stdout == fresh.stdout
    assert "Goes on after" in resumed.stderr
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".stages")] == []


def test_stages_of_other_inputs_are_begun_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "stages.json"
    plan(given(seed=2), catalog(), work=replace(HERE, recall=resume(file, given(seed=2), catalog(), 0, "1")))

    for other in ((given(), 0, "1"), (given(seed=2), 1, "1"), (given(seed=2), 0, "2")):
        resume(file, other[0], catalog(), other[1], other[2])
        assert "begins anew" in capsys.readouterr().err
    assert document(plan(given(), catalog(), work=kept_in(file))).text() == whole()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff\x00", b"fleet: mine\n", b'{"kind":"covey plan stages","of":"no","stages":{}}']
)
def test_a_file_of_something_else_is_refused_and_left_alone(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match="left alone"):
        resume(file, given(), catalog(), 0, "1")

    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("stage", "value"),
    [
        ("backtest, cheapest", {"headroom": "much"}),
        ("backtest, cheapest", 7),
        ("groups, cheapest", {"headroom": 1.0, "groups": [[0, 1]], "gap": None, "method": ""}),
        ("groups, cheapest", {"headroom": 1.0, "groups": [[0, 0], [1]], "gap": None, "method": ""}),
        ("groups, cheapest", {"headroom": 1.0, "groups": [[10**6]], "gap": None, "method": ""}),
        ("groups, cheapest", {"headroom": 1.0, "groups": [[-1]], "gap": None, "method": ""}),
    ],
)
def test_a_damaged_stage_is_refused_with_a_remedy(stage: str, value: object, tmp_path: Path) -> None:
    file = tmp_path / "stages.json"
    plan(given(), catalog(), work=kept_in(file))
    kept = json.loads(file.read_text())
    kept["stages"][stage] = value
    file.write_text(json.dumps(kept))
    with pytest.raises(InputError) as raised:
        plan(given(), catalog(), work=kept_in(file))

    assert "Remove" in raised.value.remedy


def test_a_file_too_large_to_be_one_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "stages.json"
    with file.open("wb") as opened:
        os.truncate(opened.fileno(), 2**30)
    with pytest.raises(InputError, match="too large"):
        resume(file, given(), catalog(), 0, "1")
