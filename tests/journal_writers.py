"""Processes that write to a journal, for tests that kill them or let several write at once.

``python -m tests.journal_writers many URL WHO COUNT`` appends and prints each entry's hash once it is on disk.
``python -m tests.journal_writers faults FOLDER`` forks a writer for every statement and commit that two entries take,
kills it there, and prints for each what it had been told was on disk.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from generator.journal import Journal

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENTRIES = 2
# Events around everything a transaction does; `commit` comes before the database is told, `close` long after.
MOMENTS = ("begin", "before_cursor_execute", "after_cursor_execute", "commit", "close")


def many(url: str, who: str, count: int) -> None:
    journal = Journal(url)
    for number in range(count):
        entry = journal.append("plan", f"{who} {number % 7}".encode(), by=who, at=AT)
        _tell(entry.digest)


def faults(folder: Path) -> None:
    moment, finished = 0, False
    while not finished:
        moment += 1
        file = folder / f"{moment}.sqlite"
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _killed_at(moment)
            journal = Journal(f"sqlite:///{file}")
            for number in range(ENTRIES):
                entry = journal.append("plan", f"content {number}".encode(), by="ada", at=AT)
                os.write(write, f"{entry.digest}\n".encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as told:
            promised = told.read().split()
        _, status = os.waitpid(child, 0)
        finished = status == 0
        _tell(json.dumps({"file": str(file), "promised": promised, "signal": os.WTERMSIG(status)}))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _killed_at(moment: int) -> None:
    left = [moment]

    def passed(*_: Any, **__: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in MOMENTS:
        event.listen(Engine, name, passed)


VERBS: dict[str, Callable[..., None]] = {
    "many": lambda url, who, count: many(url, who, int(count)),
    "faults": lambda folder: faults(Path(folder)),
}

if __name__ == "__main__":
    VERBS[sys.argv[1]](*sys.argv[2:])
