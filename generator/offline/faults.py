"""What a test tells the pretend cloud to do wrong: refuse, stall or break off an operation, lose or change a resource.

The faults lie as ``faults.json`` in the cloud's folder and are read once by each provider that starts, so a run meets
them from its beginning; `arm` writes them, an empty list takes them away.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from generator.offline.values import Value

Operation = Literal["configure", "create", "update", "delete", "read"]


class Refused(Exception):  # noqa: N818 (what a cloud does to an operation)
    """The pretend cloud refuses an operation."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong in a run.

    Parameters
    ----------
    does : str
        ``refuse`` the operation; ``stall`` it; ``die``, the provider's process with it.
    operation : str or None
        Which kind; None for any that changes a resource.
    resource_type, label : str
        Patterns of the resource's type and of its name in the program.
    nth : int
        The n-th operation that fits, counted from 1 over one provider's life, and no other; 0 for every one.
    seconds : float
        How long a stall lasts.
    after : bool
        Whether the cloud has done what it was asked before this happens, so that only the answer is lost.
    says : str
        Words of a refusal.
    """

    does: Literal["refuse", "stall", "die"]
    operation: Operation | None = None
    resource_type: str = "*"
    label: str = "*"
    nth: int = 0
    seconds: float = 0.0
    after: bool = False
    says: str = "the pretend cloud was told to refuse this"


def arm(folder: Path, faults: Sequence[Fault]) -> None:
    """Have every later run over a cloud's folder meet these faults."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "faults.json").write_text(json.dumps([asdict(fault) for fault in faults]), encoding="utf-8")


def lose(folder: Path, label: str) -> None:
    """Delete a resource behind the engine's back, named as in the program."""
    for path in found(folder, label):
        path.unlink()


def drift(folder: Path, label: str, name: str, value: Value) -> None:
    """Change one property of a resource behind the engine's back."""
    for path in found(folder, label):
        record = json.loads(path.read_text(encoding="utf-8"))
        record["inputs"][name] = record["outputs"][name] = value
        path.write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")


def found(folder: Path, label: str) -> list[Path]:
    """Files of the resources of one name.

    Raises
    ------
    LookupError
        Where the cloud has none.
    """
    paths = sorted((folder / "resources").glob("*.json"))
    named = [path for path in paths if json.loads(path.read_text(encoding="utf-8"))["urn"].endswith(f"::{label}")]
    if not named:
        raise LookupError(f"the pretend cloud has no {label}")
    return named


class Faults:
    """The faults of one provider's life, and how often each has been met.

    Parameters
    ----------
    folder : Path
        The cloud's.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "faults.json"
        written = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        self.faults = [Fault(**one) for one in written]
        self.met = [0] * len(self.faults)
        self.counting = threading.Lock()

    def around(self, operation: Operation, token: str, label: str, act: Callable[[], None]) -> None:
        """Do what the cloud was asked, and what goes wrong before and after it.

        Raises
        ------
        Refused
            Where a fault says so.
        """
        due = [fault for at, fault in enumerate(self.faults) if self.is_due(at, operation, token, label)]
        strike([fault for fault in due if not fault.after])
        act()
        strike([fault for fault in due if fault.after])

    def is_due(self, at: int, operation: Operation, token: str, label: str) -> bool:
        """Count an operation against a fault, and say whether it strikes."""
        fault = self.faults[at]
        asked = fault.operation == operation or (fault.operation is None and operation not in ("configure", "read"))
        if not (asked and fnmatchcase(token, fault.resource_type) and fnmatchcase(label, fault.label)):
            return False
        with self.counting:
            self.met[at] += 1
            return fault.nth in (0, self.met[at])


def strike(faults: Sequence[Fault]) -> None:
    """Let faults happen."""
    for fault in faults:
        if fault.does == "stall":
            time.sleep(fault.seconds)
        elif fault.does == "die":
            os._exit(1)
        else:
            raise Refused(fault.says)
