"""Give what `covey init` writes: a small commented inventory that can be planned as it is."""

from collections.abc import Mapping
from importlib.resources import files

NAMES = ("fleet.yaml", "traffic.csv")


def starter() -> Mapping[str, str]:
    """Give the starting files as text, by name."""
    folder = files("generator") / "templates"
    return {name: (folder / name).read_text(encoding="utf-8") for name in NAMES}
