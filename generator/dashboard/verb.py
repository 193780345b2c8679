"""`covey dashboard`: reads what it is about, binds a port of this machine, prints the address, serves until stopped."""

import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from generator.errors import InputError
from generator.history import JournalAt, folder_of
from generator.options import FleetPath, Offline, PlanFile, Seed
from generator.seat import Llm, LlmNotes, LlmRecord, LlmReplay, seated
from generator.shell import put, say

LOOPBACK = "127.0.0.1"


def dashboard(
    fleet: FleetPath,
    *,
    plan_file: PlanFile = None,
    project: Annotated[
        Path | None, typer.Option("--project", metavar="DIR", help="Where the approved program is written.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    seed: Seed = 0,
    offline: Offline = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Pages without forms: nothing can be decided or written from them.")
    ] = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
    journal: JournalAt = None,
) -> None:
    """Serve the plan as pages on this machine: compare, look at the program's changes, decide."""
    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        raise InputError("covey dashboard", f"needs {' and '.join(missing)}.", "pip install 'covey[dashboard]'")
    import uvicorn

    from generator.catalog import read_catalog
    from generator.dashboard.application import application
    from generator.dashboard.book import Book
    from generator.dashboard.desk import Desk
    from generator.dashboard.guard import Guard, Keys
    from generator.dashboard.planning import Planning, Terms
    from generator.lessons import load_learned
    from generator.present.saved import must_match, read_plan

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    terms = Terms(seed, llm, llm_notes, llm_record, llm_replay, journal)
    saved = None if plan_file is None else read_plan(plan_file)
    catalog = read_catalog()
    inputs = load_learned(fleet, catalog, journal)
    if saved is not None and plan_file is not None:
        must_match(saved, inputs.fleet, plan_file)
    with _bound(port) as listening:
        keys = Keys(csrf=None) if read_only else Keys()
        found: int = listening.getsockname()[1]
        planning = Planning(fleet, terms, saved)
        book = Book(folder_of(fleet), journal)
        desk = Desk(fleet, inputs, catalog, planning, project, offline=offline, book=book, seat=seat)
        guarded = Guard(application(desk, keys), keys, found)
        say(f"Serving {inputs.fleet.name} to this machine alone. The address opens once; Ctrl-C ends it.")
        put(f"http://{LOOPBACK}:{found}/enter?token={keys.token}\n")
        # The server raises again what ended it: whatever that was, planning is ended, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            # Neither names nor tokens end up in an access log.
            server = uvicorn.Server(
                uvicorn.Config(guarded, log_level="warning", access_log=False, server_header=False, lifespan="off")
            )
            server.run(sockets=[listening])
        finally:
            planning.stop()


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        # Whoever follows the address before the server runs waits, and is not turned away.
        listening.listen()
    except OSError as error:
        listening.close()
        what = f"cannot be had: {error.strerror}."
        raise InputError(f"--port {port}", what, "Name another port, or 0 for a free one.") from None
    return listening
