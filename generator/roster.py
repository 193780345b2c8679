"""The verbs of a roster: who joins a running fleet, and who leaves it."""

import difflib
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from generator.errors import InputError
from generator.seat import Llm, LlmNotes, LlmRecord, LlmReplay, Seat, seated
from generator.shell import bar, put, put_drawn, say

if TYPE_CHECKING:
    from generator.model import Catalog, CostInterval, Emission, Inputs, Layout, Membership, Profile, Program
    from generator.present.membership import ProgramChange
    from generator.present.plan_document import ChosenDocument

Fleet = Annotated[Path, typer.Argument(metavar="FLEET", help="A folder with fleet.yaml, or that file.")]
Project = Annotated[Path, typer.Option("--project", metavar="DIR", help="The project that serves it: covey emit's.")]
Choose = Annotated[int | None, typer.Option("--choose", metavar="N", min=1, help="Write this choice to the project.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON; its schema is in schemas/.")]


def join(
    fleet: Fleet,
    workload: Annotated[
        Path, typer.Argument(metavar="WORKLOAD.yaml", help="One workload as in fleet.yaml, and its expected traffic.")
    ],
    *,
    project: Project,
    choose: Choose = None,
    json: Json = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
) -> None:
    """Say where a new workload goes: a group as it is, a group resized, or a new one; --choose writes it."""
    from generator.catalog import read_catalog
    from generator.enlist import enlist
    from generator.membership import join as joined

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    catalog = read_catalog()
    enlisted = enlist(fleet, workload, catalog)
    running = _Running(project, enlisted.inputs, {w.name for w in enlisted.inputs.fleet.workloads} - {enlisted.name})
    with bar() as told:
        told("judging the ways to join", 0.0)
        found = joined(enlisted.inputs, catalog, running.layout, enlisted.name, running.profile)
    running.answer(
        "join", found, enlisted.inputs, catalog, seat, choose, json=json, lines=enlisted.lines, traffic=enlisted.traffic
    )
    if choose is not None:
        say(f"Add this to fleet.yaml, or the next plan will not know {enlisted.name}:\n{enlisted.lines}".rstrip())


def leave(
    fleet: Fleet,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The workload that leaves; fleet.yaml still has it.")],
    *,
    project: Project,
    choose: Choose = None,
    json: Json = False,
    llm: Llm = None,
    llm_notes: LlmNotes = None,
    llm_record: LlmRecord = None,
    llm_replay: LlmReplay = False,
) -> None:
    """Say what becomes of a workload's group when it leaves, and what that saves; --choose writes it."""
    from generator.catalog import read_catalog
    from generator.discharge import discharge
    from generator.membership import leave as left

    seat = seated(llm, notes=llm_notes, record=llm_record, replay=llm_replay)
    catalog = read_catalog()
    before, after = discharge(fleet, name, catalog)
    running = _Running(project, before, {workload.name for workload in before.fleet.workloads})
    with bar() as told:
        told("judging the ways to leave", 0.0)
        found = left(before, after, catalog, running.layout, name, running.profile)
    running.answer("leave", found, after, catalog, seat, choose, json=json)
    if choose is not None:
        say(f"Take {name} and its traffic out of the fleet's files, or the next plan will bring it back.")


class _Running:
    """The program that serves a fleet, as it lies in its folder."""

    def __init__(self, project: Path, inputs: "Inputs", served: set[str]) -> None:
        from generator.files import read_emission
        from generator.present.document import running_layout
        from generator.present.saved import emitted_recommendation

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

    def answer(
        self,
        change: Literal["join", "leave"],
        found: "Membership",
        inputs: "Inputs",
        catalog: "Catalog",
        seat: Seat | None,
        choose: int | None,
        *,
        json: bool,
        lines: str | None = None,
        traffic: str | None = None,
    ) -> None:
        """Print the ways, with advice and what each changes in the program, and write the chosen one."""
        from generator.dialogue import OfflineProposer
        from generator.files import write_tree
        from generator.place import place
        from generator.present.membership import membership, show_membership

        if any(one.rule == "SKU001" for one in found.before.verdict.violations):
            what = "serves a group from a machine that is no longer to be had."
            raise InputError(str(self.project), what, "Plan anew: covey plan FLEET --save FILE.")
        if choose is not None and choose > len(found.options):
            raise InputError(
                f"--choose {choose}", f"there are {len(found.options)} choices.", "Look first, then choose."
            )
        sign = 1.0 if change == "join" else -1.0
        programs = [self._program(found, number, inputs, catalog, sign) for number in range(len(found.options))]
        model, notes = seat or (OfflineProposer(), None)
        answer = membership(
            change,
            inputs.fleet.name,
            self.profile,
            found,
            [_changes(program, self.emission, self.project) for program in programs],
            place(found, model, goals=inputs.fleet.goals or ("cost", "resilience"), notes=notes),
            fleet_lines=lines,
            traffic=traffic,
            chosen=choose,
        )
        if choose is not None:
            write_tree(programs[choose - 1], self.project)
        if json:
            put(answer.text())
        else:
            put_drawn(lambda console: show_membership(answer, console))
        if choose is not None:
            say(f"Wrote choice {choose} to {self.project}. Next: covey preview {self.project} --offline")
            if retiring := programs[choose - 1].retiring:
                say(
                    f"Retiring: {', '.join(retiring)}. It serves on until nothing leads to it, and goes with a plan "
                    "emitted with --drop-retiring; CUTOVER.md has the steps."
                )

    def _program(
        self, found: "Membership", number: int, inputs: "Inputs", catalog: "Catalog", sign: float
    ) -> "Program":
        from generator.emit import emit
        from generator.present.document import chosen_after, running_layout
        from generator.provenance import provenance

        baseline = _moved(self.chosen, found.alone, sign)
        after = chosen_after(self.chosen, found.options[number].judged, inputs, catalog.as_of, baseline)
        origin = provenance(inputs, catalog, after.text())
        return emit(running_layout(after), inputs.fleet, catalog, origin, self.emission)


def _moved(chosen: "ChosenDocument", alone: "CostInterval", sign: float) -> "CostInterval":
    """Cost of the baseline with one endpoint more, or less."""
    from generator.model import CostInterval

    was = chosen.baseline_usd_per_h
    return CostInterval(
        max(was.floor + sign * alone.floor, 0.0),
        max(was.expected + sign * alone.expected, 0.0),
        max(was.ceiling + sign * alone.ceiling, 0.0),
    )


def _changes(program: "Program", emission: "Emission", project: Path) -> "ProgramChange":
    """Compare a program with what an emission left in a folder."""
    from generator.emit import GROUPS, MANIFEST, SEEDS
    from generator.present.membership import ProgramChange

    written = {p: t for p, t in program.files.items() if p != MANIFEST and not p.startswith(SEEDS)}
    changed = {p for p, t in written.items() if sha256(t.encode()).hexdigest() != emission.digests.get(p)}
    gone = {path for path in emission.digests if path not in written}
    added = removed = 0
    for path in sorted(changed | gone):
        if path.startswith(GROUPS):
            place = project / path
            old = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
            new = written.get(path, "").splitlines()
            for operation, at, end, now, until in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
                removed += end - at if operation in ("delete", "replace") else 0
                added += until - now if operation in ("insert", "replace") else 0

    def stacks(paths: set[str]) -> tuple[str, ...]:
        names = (path.removeprefix(GROUPS).removesuffix(".py") for path in paths if path.startswith(GROUPS))
        return tuple(sorted(name.replace("_", "-") for name in names))

    return ProgramChange(
        stacks=stacks(changed),
        stacks_added=stacks({path for path in changed if path not in emission.digests}),
        stacks_removed=stacks(gone),
        files=tuple(sorted(changed | gone)),
        lines_added=added,
        lines_removed=removed,
    )
