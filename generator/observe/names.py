"""Series under whatever names they come, kept under those of today."""

import unicodedata
from collections.abc import Sequence

import numpy as np

from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Watched
from generator.observe.source import Measure, Reading, Subject

MOST_NAMED = 5


class Gathered:
    """Collects what a source has, by the names that groups and workloads have or had.

    Parameters
    ----------
    watched : sequence of Watched
    """

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._groups: dict[str, tuple[str, int]] = {}
        for one in watched:
            for age, former in enumerate(one.formerly, start=1):
                self._groups.setdefault(former, (one.group.name, age))
        # An endpoint's name in the cloud stays when its group is renamed.
        self._groups.update({one.endpoint: (one.group.name, 0) for one in watched})
        self._groups.update({one.group.name: (one.group.name, 0) for one in watched})
        self._workloads = {_normal(name): (name, 0) for one in watched for name in one.group.workloads}
        self._rows: dict[tuple[Subject, str, Measure], list[tuple[int, FloatArray]]] = {}
        self._unknown: set[str] = set()
        self.notes: list[str] = []

    @property
    def unknown(self) -> str:
        """Some of the names nobody has or had, for a message; empty where there were none."""
        listed = ", ".join(shown(name) for name in sorted(self._unknown)[:MOST_NAMED])
        return listed + (f" and {len(self._unknown) - MOST_NAMED} more" if len(self._unknown) > MOST_NAMED else "")

    def find(self, kind: Subject, name: str) -> tuple[str, int] | None:
        """Return what is called so today and how old that name is, 0 for one of today; None where nothing is."""
        found = (self._groups if kind == "group" else self._workloads).get(_normal(name))
        if found is None:
            self._unknown.add(name)
        return found

    def add(self, kind: Subject, name: str, measure: Measure, row: FloatArray) -> None:
        """Add a series under any name, shape (T,)."""
        found = self.find(kind, name)
        if found is not None:
            self._rows.setdefault((kind, found[0], measure), []).append((found[1], row))

    def row(self, kind: Subject, name: str, measure: Measure) -> FloatArray | None:
        """Return a series by the name of today; what came under that name goes before what came under older ones."""
        rows = sorted(self._rows.get((kind, name, measure), ()), key=lambda row: row[0])
        if not rows:
            return None
        merged = rows[0][1]
        for _, older in rows[1:]:
            merged = np.where(np.isnan(merged), older, merged)
        return merged

    def reading(self) -> Reading:
        """Return everything under the names of today."""
        notes = list(self.notes)
        if self._unknown:
            notes.append(f"left out, for no group or workload is or was called so: {self.unknown}.")
        for (kind, name, measure), rows in self._rows.items():
            both = (np.sum([~np.isnan(row) for _, row in rows], axis=0) > 1).sum()
            if both:
                notes.append(
                    f"{kind} {shown(name)}: {int(both)} bins have {measure} under a former name, too; that one was "
                    "left out."
                )
        series = {key: row for key in self._rows if (row := self.row(*key)) is not None}
        return Reading(series, tuple(notes))


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
