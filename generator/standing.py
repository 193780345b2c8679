"""The program that serves a fleet, as it lies in its folder, and what another layout would change in it."""

import difflib
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from generator.emit import SEEDS, emit
from generator.errors import InputError
from generator.files import read_emission
from generator.model import Catalog, CostInterval, Emission, Inputs, Judged, Layout, Profile, Program
from generator.present.document import chosen_after, running_layout
from generator.present.membership import ProgramChange
from generator.present.saved import emitted_recommendation
from generator.project import GROUPS, MANIFEST
from generator.provenance import provenance


class Standing:
    """The program that serves a fleet, as it lies in its folder.

    Parameters
    ----------
    project : Path
        A folder that ``covey emit`` wrote.
    inputs : Inputs
        The fleet it serves.
    served : set of str
        Workloads that it must serve, no more and no fewer.

    Raises
    ------
    InputError
        It holds no program as emitted, or one of another fleet or of other workloads.
    """

    def __init__(self, project: Path, inputs: Inputs, served: set[str]) -> None:
        self.project = project
        emission = read_emission(project)
        self.chosen = emitted_recommendation(project, emission)
        if emission is None:
            raise AssertionError(project)  # it has a recommendation
        self.emission: Emission = emission
        self.layout: Layout = running_layout(self.chosen)
        self.profile: Profile = self.chosen.recommendation.profile
        there = {workload for group in self.layout.groups for workload in group.workloads}
        if self.chosen.fleet != inputs.fleet.name:
            what = f"serves the fleet {self.chosen.fleet}, not {inputs.fleet.name}."
            raise InputError(str(project), what, "Name the project that was emitted from this fleet.")
        if there != served:
            extra, missing = sorted(there - served), sorted(served - there)
            what = "; ".join(
                f"{words} {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}"
                for words, names in (("it serves", extra), ("it does not serve", missing))
                if names
            )
            remedy = "Add to fleet.yaml who joined and take out who left, or plan and emit anew."
            raise InputError(str(project), f"is not of the fleet as fleet.yaml has it: {what}.", remedy)

    def programs(
        self, ways: Iterable[Judged], inputs: Inputs, catalog: Catalog, baseline: CostInterval
    ) -> tuple[Program, ...]:
        """Emit each of other layouts in its place, and carry on what it does not touch.

        Parameters
        ----------
        ways : iterable of Judged
            The other layouts.
        inputs : Inputs
            Fleet and traffic they were judged on.
        catalog : Catalog
        baseline : CostInterval
            Everyone on an endpoint of their own, US dollars an hour.
        """
        chosen = [chosen_after(self.chosen, judged, inputs, catalog.as_of, baseline) for judged in ways]
        # Fleet and catalogue are spelled once for all: that takes longer than a program.
        origin = provenance(inputs, catalog, "")
        origins = [replace(origin, recommendation=after.text()) for after in chosen]
        return tuple(
            emit(running_layout(after), inputs.fleet, catalog, its_origin, self.emission)
            for after, its_origin in zip(chosen, origins, strict=True)
        )

    def changes(self, program: Program) -> ProgramChange:
        """Compare a program with what lies in the folder."""
        written = {p: t for p, t in program.files.items() if p != MANIFEST and not p.startswith(SEEDS)}
        changed = {p for p, t in written.items() if sha256(t.encode()).hexdigest() != self.emission.digests.get(p)}
        gone = {path for path in self.emission.digests if path not in written}
        added = removed = 0
        for path in sorted(changed | gone):
            if path.startswith(GROUPS):
                place = self.project / path
                old = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
                new = written.get(path, "").splitlines()
                for operation, at, end, now, until in difflib.SequenceMatcher(
                    None, old, new, autojunk=False
                ).get_opcodes():
                    removed += end - at if operation in ("delete", "replace") else 0
                    added += until - now if operation in ("insert", "replace") else 0

        def stacks(paths: set[str]) -> tuple[str, ...]:
            names = (path.removeprefix(GROUPS).removesuffix(".py") for path in paths if path.startswith(GROUPS))
            return tuple(sorted(name.replace("_", "-") for name in names))

        return ProgramChange(
            stacks=stacks(changed),
            stacks_added=stacks({path for path in changed if path not in self.emission.digests}),
            stacks_removed=stacks(gone),
            files=tuple(sorted(changed | gone)),
            lines_added=added,
            lines_removed=removed,
        )
