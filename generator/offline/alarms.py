"""The pretend cloud's alarms: all quiet, until a test has some fire."""

import json
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path


def ring(folder: Path, patterns: Sequence[str]) -> None:
    """Have the alarms fire whose names in the program are like one of `patterns`, and no others.

    Parameters
    ----------
    folder : Path
        The cloud's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alarms.json").write_text(json.dumps(list(patterns)), encoding="utf-8")


def ringing(folder: Path, labels: Collection[str]) -> set[str]:
    """Return which of some alarms fire."""
    path = folder / "alarms.json"
    patterns: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return {label for label in labels if any(fnmatchcase(label, pattern) for pattern in patterns)}
