"""What the dashboard plans by itself is recorded, and what was observed stands beside what was predicted."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from generator.dashboard.planning import Planning, Terms
from generator.history import history_of_decisions
from generator.measurements import contents
from generator.model import Measured, Observations, Window
from generator.present.document import layout_of
from generator.starter import starter
from tests.dashboards import NAMES, desk, journal, planned, site, tamper
from tests.gemini_server import gemini_server

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fleet's folder with a journal of its own."""
    monkeypatch.delenv("COVEY_JOURNAL", raising=False)
    (tmp_path / "fleet").mkdir()
    return tmp_path / "fleet"


def test_what_a_group_did_stands_beside_what_was_predicted_and_nothing_where_nobody_looked(fleet: Path) -> None:
    one = site(desk(None, fleet))
    one.enter()
    inputs, plan = planned()
    group = plan.chosen.groups[0]
    path = f"/groups/{group.name}?profile={plan.chosen.profile}"
    assert "Predicted against observed" not in one.client.get(path).text
    served = tuple(sorted(layout_of(plan, plan.chosen.profile).groups, key=lambda other: other.name))
    shape = (len(served), 24)
    nothing = np.full(shape, np.nan)
    groups = Measured(
        tuple(other.name for other in served), np.full(shape, 7.0), np.full(shape, 0.7), nothing, nothing,
        np.full(shape, 321.0),
    )  # fmt: skip
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    found = Observations(
        window=Window(begin, begin + timedelta(days=1), 3600.0),
        served=served,
        groups=groups,
        workloads=Measured(tuple(sorted(NAMES)), *(np.full((len(NAMES), 24), np.nan) for _ in range(5))),
        replicas=np.full(shape, 1.5),
        utilization=nothing,
        cost_usd_per_h=nothing,
        notes=(f"{SCRIPT} was mended",),
    )
    history = history_of_decisions(fleet)
    for kind, content in contents(found, fleet=inputs.fleet.name, source="files").items():
        history.add(kind, content)
    page = one.client.get(path).text

    for said in (
        "Predicted against observed",
        "2026-01-01 00:00",
        ">7<",
        ">1.50<",
        ">321 ms<",
        ">10.00%<",
        "not measured",
    ):
        assert said in page
    assert SCRIPT not in page
    tamper(fleet, "UPDATE content SET body = x'00'")
    assert "is not what was written" in one.client.get(path).text


@pytest.mark.engine
def test_planning_on_the_page_asks_whom_covey_plan_asks_and_remembers_as_it_does(
    fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in starter().items():
        (fleet / name).write_text(text)

    def choose(_instruction: str, prompt: str, _schema: object) -> str:
        return json.dumps({"choices": {one["id"]: one["options"][0]["id"] for one in json.loads(prompt)["questions"]}})

    with gemini_server(choose) as gemini:
        monkeypatch.setenv("GEMINI_API_KEY", "not-a-key")
        monkeypatch.setenv("COVEY_GEMINI_ENDPOINT", gemini.url)
        planning = Planning(fleet, Terms(llm="gemini", llm_record=tmp_path / "record"), None)
        ended = wait_until(lambda: planning.progress.state != "planning")
        planning.stop()

    assert (True, "ready") == (ended, planning.progress.state)
    assert planning.document is not None
    assert planning.document.ledger.seat.startswith("gemini")
    assert len(gemini.bodies) == len(journal(fleet).entries(kind="prompt")) > 0
    (entry,) = journal(fleet).entries(kind="plan")
    assert planning.document.text().encode() == journal(fleet).content(entry.content)


def wait_until(claim: Callable[[], bool]) -> bool:
    for _ in range(1200):
        if claim():
            return True
        time.sleep(0.1)
    return False
