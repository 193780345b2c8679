"""What the dashboard plans by itself is recorded, and what was observed stands beside what was predicted."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests

from generator.catalog import read_catalog
from generator.dashboard.book import Book
from generator.dashboard.desk import Desk
from generator.dashboard.observed import observed
from generator.dashboard.planning import Planning, Terms
from generator.history import history_of_decisions
from generator.lessons import load_learned
from generator.load import load
from generator.measurements import contents
from generator.model import Measured, Observations, Window
from generator.present.document import layout_of
from generator.present.figures import dollars
from generator.provenance import provenance
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


def test_what_a_group_did_stands_beside_what_was_predicted_and_where_nobody_looked_that_is_said(fleet: Path) -> None:
    one = site(desk(None, fleet))
    one.enter()
    inputs, plan = planned()
    group = plan.chosen.groups[0]
    path = f"/groups/{group.name}?profile={plan.chosen.profile}"
    unseen = "Nobody has observed a group of this name yet"
    assert unseen in one.client.get(path).text
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
    assert unseen not in page
    assert SCRIPT not in page
    assert "the plan expected" not in page
    # A plan that was made before something was learned expected another cost than the judge finds now.
    cost = group.cost_usd_per_h
    assert cost is not None
    earlier = group.model_copy(update={"cost_usd_per_h": cost.model_copy(update={"expected": 1.01 * cost.expected})})
    judged = next(
        seen for seen in desk(None, fleet).verdict(plan, plan.chosen.profile).groups if seen.name == group.name
    )
    beside = observed(Book(fleet, None), inputs, earlier, judged)
    assert beside is not None
    assert dollars(1.01 * cost.expected) == beside["then"]
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


@pytest.mark.engine
def test_planned_again_after_a_rejection_the_plan_is_another_and_the_old_page_is_stale(fleet: Path) -> None:
    for name, text in starter().items():
        (fleet / name).write_text(text)
    catalog = read_catalog()
    planning = Planning(fleet, Terms(), None)
    assert wait_until(lambda: planning.document is not None)
    book = Book(fleet, None)
    one = site(Desk(fleet, load(fleet, catalog), catalog, planning, fleet.parent / "infra", offline=True, book=book))
    one.enter()

    def digest() -> str:
        return one.client.get("/plan").text.partition('name="plan" value="')[2].partition('"')[0]

    again, before = "Plan again with that in mind", digest()
    assert again not in one.client.get("/plan").text
    assert "groups/prod_aws_eu_west_1.py" in one.client.get("/program?profile=balanced").text
    form = {"plan": before, "profile": "balanced", "by": "ada", "reason": "region", "note": ""}
    assert one.client.post("/plan/reject", data=one.form(**form)).status_code == 303
    assert again in one.client.get("/plan").text

    # Somebody joins meanwhile: the lines are in fleet.yaml before it is planned again.
    grow(fleet)
    assert one.client.post("/planning/start", data=one.form(again="yes")).status_code == 303
    assert wait_until(lambda: planning.progress.state != "planning")
    page = one.client.get("/plan?profile=balanced").text

    assert "ready" == planning.progress.state
    assert before != digest()
    assert "ada rejected it on" in page
    assert "REJ001" in page
    assert one.client.post("/plan/reject", data=one.form(**form)).status_code == 412
    # Not the program that was worked out of the plan before.
    assert "groups/prod_aws_eu_west_1.py" not in one.client.get("/program?profile=balanced").text
    assert planning.document is not None
    (new,) = (group.name for group in planning.document.chosen.groups if "grown" in group.workloads)
    for path in ("/", f"/groups/{new}"):
        assert "grown" in one.client.get(path).text
    assert "grown" in one.client.get("/graph.json").json()["names"]
    # The program names the inventory that the plan was made from, what was rejected included.
    origin = provenance(load_learned(fleet, catalog), catalog, "").inventory
    assert origin in one.client.get("/program?profile=balanced").text
    assert [] == journal(fleet).verify()


@pytest.mark.engine
@pytest.mark.parametrize(("ending", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_dashboard_that_is_ended_while_it_plans_leaves_nothing_behind_and_no_traceback(
    fleet: Path, ending: signal.Signals, code: int
) -> None:
    for name, text in starter().items():
        (fleet / name).write_text(text)
    command = [sys.executable, "-c", "from generator.cli import main; main()", "dashboard", str(fleet)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        # Once it answers, the server has taken over what ends it.
        assert 200 == requests.get(served.stdout.readline().strip(), timeout=60).status_code
        served.send_signal(ending)
        # Until whoever plans has closed them, too.
        _, said = served.communicate(timeout=120)

    assert code == served.returncode
    assert "Traceback" not in said
    assert journal(fleet).is_absent() or [] == journal(fleet).entries(kind="plan")


def grow(fleet: Path) -> None:
    """Add a workload that is asked as another one is."""
    entry = "  - name: grown\n    artifact: grown/1.tar.gz\n    users: {Paris: 1.0}\n"
    (fleet / "fleet.yaml").write_text((fleet / "fleet.yaml").read_text() + entry)
    rows = (fleet / "traffic.csv").read_text()
    asked = [f"grown,{row.split(',', 1)[1]}\n" for row in rows.splitlines() if row.startswith("churn,")]
    (fleet / "traffic.csv").write_text(rows + "".join(asked))


def wait_until(claim: Callable[[], bool]) -> bool:
    for _ in range(1200):
        if claim():
            return True
        time.sleep(0.1)
    return False
