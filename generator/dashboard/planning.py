"""Planning in a process of its own: seen from pages while it runs, and stopped without waiting for it."""

import contextlib
import multiprocessing
import signal
import threading
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

from generator.catalog import read_catalog
from generator.errors import CoveyError
from generator.lessons import load_learned
from generator.make_plan import make_plan
from generator.model import Inputs
from generator.present.document import saved_document
from generator.present.plan_document import PlanDocument
from generator.seat import seated

# Nothing of a server's threads and sockets reaches the child.
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far planning is. `complaint` says where, what and what to do, where it failed."""

    state: Literal["planning", "ready", "stopped", "failed"]
    stage: str = "starting"
    share: float = 0.0
    complaint: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How to plan: what `covey plan` takes as options. Plain values, for they go to another process."""

    seed: int = 0
    llm: str | None = None
    llm_notes: str | None = None
    llm_record: Path | None = None
    llm_replay: bool = False
    journal: str | None = None


class Planning:
    """A plan that is there, or is being made.

    Parameters
    ----------
    fleet : Path
        What to plan.
    terms : Terms
    saved : PlanDocument, optional
        The plan, where there is one already: nothing is planned then.
    """

    def __init__(self, fleet: Path, terms: Terms, saved: PlanDocument | None) -> None:
        self._fleet = fleet
        self._terms = terms
        self._turn = threading.Lock()
        self._document = saved
        self._inputs: Inputs | None = None
        self._progress = Progress("ready" if saved else "stopped")
        self._process: BaseProcess | None = None
        if saved is None:
            self.start()

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return self._progress

    @property
    def document(self) -> PlanDocument | None:
        """The plan, once there is one."""
        return self._document

    @property
    def inputs(self) -> Inputs | None:
        """Fleet and traffic that `document` was made from; None where it was saved before."""
        return self._inputs

    def start(self, *, again: bool = False) -> None:
        """Plan, unless that is under way, or, if not `again`, done. Until there is a new plan, the old one stays."""
        with self._turn:
            if self._progress.state == "planning" or (self._progress.state == "ready" and not again):
                return
            ours, theirs = SPAWN.Pipe(duplex=False)
            process = SPAWN.Process(target=_work, args=(theirs, self._fleet, self._terms), daemon=True)
            process.start()
            theirs.close()
            self._process, self._progress = process, Progress("planning")
            threading.Thread(target=self._listen, args=(ours, process), daemon=True).start()

    def stop(self) -> None:
        """End planning where it is under way; a finished plan stays."""
        with self._turn:
            if self._process is None:
                return
            process, self._process = self._process, None
            self._progress = replace(self._progress, state="stopped")
        process.kill()
        process.join()

    def _listen(self, connection: Connection, process: BaseProcess) -> None:
        finished: Progress | None = None
        found: PlanDocument | None = None
        inputs: Inputs | None = None
        with connection:
            try:
                while finished is None:
                    kind, *said = connection.recv()
                    if kind == "progress":
                        with self._turn:
                            if self._process is process:
                                self._progress = Progress("planning", said[0], said[1])
                    elif kind == "done":
                        found, inputs = saved_document(said[0], "the new plan"), _read_only(said[1])
                        finished = Progress("ready", "done", 1.0)
                    else:
                        finished = Progress("failed", complaint=(said[0], said[1], said[2]))
            except EOFError:
                complaint = (str(self._fleet), "planning ended without a plan.", "Run covey plan to see why.")
                finished = Progress("failed", complaint=complaint)
        process.join()
        with self._turn:
            if self._process is process:
                self._process, self._progress = None, finished
                if found is not None:
                    self._document, self._inputs = found, inputs


def _read_only(inputs: Inputs) -> Inputs:
    """Close the arrays again, which another process's come open."""
    for traffic in (inputs.planned, inputs.scored):
        for array in (traffic.rate_rps, traffic.interarrival_variation):
            array.setflags(write=False)
    return inputs


def _work(connection: Connection, fleet: Path, terms: Terms) -> None:
    # Ctrl-C is for the server, which ends this process itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Where the server was killed nobody waits any more.
    with contextlib.suppress(BrokenPipeError):
        _tell(connection, fleet, terms)


def _tell(connection: Connection, fleet: Path, terms: Terms) -> None:
    try:
        seat = seated(terms.llm, notes=terms.llm_notes, record=terms.llm_record, replay=terms.llm_replay)
        catalog = read_catalog()
        inputs = load_learned(fleet, catalog, terms.journal)
        _, found = make_plan(
            fleet,
            inputs,
            catalog,
            seed=terms.seed,
            seat=seat,
            journal=terms.journal,
            progress=lambda stage, share: connection.send(("progress", stage, share)),
        )
        connection.send(("done", found.text().encode(), inputs))
    except CoveyError as error:
        connection.send(("failed", error.where, error.what, error.remedy))
    except Exception as error:  # noqa: BLE001 (whatever it is, the page says so)
        connection.send(("failed", str(fleet), f"{type(error).__name__}: {error}.", "Run covey plan to see where."))
