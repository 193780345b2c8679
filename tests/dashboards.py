"""A dashboard over a small fleet half of whose names mean harm; nothing of it needs the Pulumi CLI."""

import contextlib
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Thread

import numpy as np
import uvicorn
from playwright.sync_api import Browser, sync_playwright
from starlette.testclient import TestClient

from generator.dashboard.application import application
from generator.dashboard.book import Book
from generator.dashboard.desk import Desk
from generator.dashboard.guard import Guard, Keys
from generator.dashboard.planning import Planning, Terms
from generator.history import journal_at
from generator.journal import Journal
from generator.model import Inputs, ResourceOperation, StackReport
from generator.pipeline import plan
from generator.present.document import document
from generator.present.plan_document import CommunityDocument, PlanDocument
from tests import fleets, layouts, plans
from tests.plans import HOSTILE

PORT = 8123
HERE = f"http://127.0.0.1:{PORT}"
# As root there is no sandbox to be had; the rest keeps it from calling home.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("checkout", "search", *HOSTILE)


@cache
def planned() -> tuple[Inputs, PlanDocument]:
    """Return the fleet and its plan."""
    workloads = [
        fleets.workload(name, path=f"/model{i}", artifact=f"models/{i}.tar.gz") for i, name in enumerate(NAMES)
    ]
    # Images and accounts that a program may name.
    fleet = fleets.fleet(workloads, runtimes=layouts.runtimes(), environments=layouts.environments())
    inputs = fleets.inputs(fleet, fleets.days(len(NAMES), 576, seed=1))
    return inputs, document(plan(inputs, fleets.catalog()))


def desk(project: Path | None, fleet: Path = Path("nowhere")) -> Desk:
    """Return a desk whose plan is there."""
    inputs, found = planned()
    planning, book = Planning(fleet, Terms(), found), Book(fleet, None)
    return Desk(fleet, inputs, fleets.catalog(), planning, project, offline=True, book=book)


@dataclass(frozen=True, slots=True)
class Site:
    """A dashboard, and a browser that has not been let in."""

    keys: Keys
    client: TestClient

    def enter(self) -> TestClient:
        """Open the printed address."""
        assert 200 == self.client.get(f"/enter?token={self.keys.token}").status_code
        return self.client

    def form(self, **fields: str) -> dict[str, str]:
        """Return a form as one of the pages sends it; a reader's pages have none to take the key from."""
        return {"csrf": self.keys.csrf or "guessed", **fields}


def site(one: Desk, *, read_only: bool = False, now: Callable[[], float] = time.monotonic) -> Site:
    """Return a dashboard as it is served."""
    keys = Keys(csrf=None) if read_only else Keys()
    guarded = Guard(application(one, keys), keys, PORT, now)
    # Browsers send the origin with every form.
    client = TestClient(guarded, HERE, raise_server_exceptions=False, follow_redirects=False, headers={"origin": HERE})
    return Site(keys, client)


def pretended(project: Path, stack: str, *, offline: Path | None) -> StackReport:
    """Preview without an engine: one resource would be created."""
    del project, offline
    urn = f"urn:pulumi:{stack}::synthetic::aws:sns/topic:Topic::alarms"
    return StackReport(stack, "pretended", (ResourceOperation("create", "aws:sns/topic:Topic", "alarms", urn),), {})


def journal(fleet: Path) -> Journal:
    """Return the journal that lies beside a fleet."""
    found = journal_at(None, fleet)
    assert found is not None
    return found


def tamper(fleet: Path, statement: str) -> None:
    """Do to a fleet's journal what somebody with access to the file can."""
    with sqlite3.connect(fleet / ".covey" / "journal.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def large(workloads: int) -> Desk:
    """Return a desk over many workloads in communities of fifty; the plan is made up, its correlations are real."""
    names = tuple(f"model-{i:04d}" for i in range(workloads))
    made_up = plans.plan(names)
    rng = np.random.default_rng(0)
    shared = np.repeat(rng.gamma(2.0, 1.0, (-(-workloads // 50), plans.BINS)), 50, axis=0)[:workloads]
    rate = shared * rng.lognormal(1.0, 1.0, (workloads, 1)) + 0.3 * rng.gamma(2.0, 1.0, (workloads, plans.BINS))
    inputs = replace(made_up.inputs, planned=replace(made_up.inputs.planned, rate_rps=rate))
    found = document(made_up)
    parts = [names[at : at + 50] for at in range(0, workloads, 50)]
    communities = tuple(CommunityDocument(workloads=part) for part in parts)
    recommendations = tuple(
        one.model_copy(
            update={
                "groups": tuple(
                    one.groups[0].model_copy(update={"name": f"group-{number:03d}", "workloads": names[at : at + 20]})
                    for number, at in enumerate(range(0, workloads, 20))
                )
            }
        )
        for one in found.recommendations
    )
    saved = found.model_copy(
        update={
            "communities": found.communities.model_copy(update={"communities": communities}),
            "recommendations": recommendations,
        }
    )
    nowhere = Path("nowhere")
    planning, book = Planning(nowhere, Terms(), saved), Book(nowhere, None)
    return Desk(nowhere, inputs, fleets.catalog(), planning, None, offline=True, book=book)


@contextlib.contextmanager
def served(one: Desk) -> Generator[str]:
    """Serve a desk on a free port of this machine and yield the address that covey prints."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port: int = listening.getsockname()[1]
        keys = Keys()
        guarded = Guard(application(one, keys), keys, port)
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", access_log=False, lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/enter?token={keys.token}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


@contextlib.contextmanager
def browser() -> Generator[Browser]:
    """Start the machine's Chromium, which asks nobody for anything."""
    found = shutil.which("chromium")
    if found is None:
        raise FileNotFoundError("no chromium on the PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(QUIET), timeout=60_000)
        try:
            yield started
        finally:
            started.close()
