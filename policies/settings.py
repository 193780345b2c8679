"""Reads what the rules are held to: the files beside the pack. Nothing of the generator is needed for it."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from .rule import Settings

PACK = Path(__file__).parent


def read_settings(
    folder: Path = PACK,
    *,
    project: Path | None = None,
    config: Mapping[str, Mapping[str, Any]] | None = None,
    now: datetime | None = None,
) -> Settings:
    """Read the settings.

    Parameters
    ----------
    folder : Path
        Where ``tables.json`` and ``fleet.json`` lie.
    project : Path or None
        The folder with Pulumi.yaml; None takes the one the pack's folder lies in.
    config : mapping of str to mapping
        Of each rule, by id, its parameters.
    now : datetime or None
        As in `Settings`.

    Raises
    ------
    ValueError
        If a file is missing or is not what covey wrote, naming it and what to do.
    """
    tables, fleet = _read(folder / "tables.json"), _read(folder / "fleet.json")
    return Settings(tables, fleet, project or folder.parent, config or {}, now)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}. Restore it, for example by emitting again.") from error
    if not isinstance(content, dict) or content.get("format") != 1:
        raise ValueError(f"{path} is not what covey wrote. Restore it, for example by emitting again.")
    return content
