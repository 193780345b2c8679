"""What one run adds to a journal: plans and what they rest on, a model's words, decisions."""

import getpass
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from generator.history.journal_at import folder_of, journal_at, without_harm
from generator.present.figures import plain

if TYPE_CHECKING:
    from generator.dialogue import Answer, Brief, Example, LanguageModel
    from generator.journal import Entry, Journal, Kind
    from generator.model import Catalog, Inputs, Source
    from generator.present.plan_document import PlanDocument

Done = TypeVar("Done")


class History:
    """What one run adds to a journal, or, with none, does not.

    Parameters
    ----------
    journal : Journal or None
    """

    def __init__(self, journal: "Journal | None") -> None:
        self._journal = journal

    def add(self, kind: "Kind", content: bytes, *, by: str | None = None, follows: str | None = None) -> "Entry | None":
        """Add an entry, and return it; None where nothing is recorded. `follows` as `Journal.append` takes it.

        Raises
        ------
        OvertakenError
        JournalError
        """
        if self._journal is None:
            return None
        return self._journal.append(kind, content, by=by or actor(), at=datetime.now(UTC), follows=follows)

    def keep_program(self, files: Mapping[str, bytes]) -> None:
        """Keep a program whole, once, so that it can be had back.

        Parameters
        ----------
        files : mapping of str to bytes
            As `tree_on_disk` gives them.

        Raises
        ------
        JournalError
        """
        from generator.journal import packed

        if self._journal is not None:
            self._keep_once("program", packed(files))

    def remembered(self) -> "tuple[Example, ...]":
        """Past decisions, newest first; none where the journal cannot tell."""
        from generator.journal import recall

        journal = self._journal
        if journal is None:
            return ()
        return self._attempted(lambda: recall(journal)) or ()

    def overheard(self, model: "LanguageModel") -> "LanguageModel":
        """Return a model whose prompts and answers are recorded. What code decides by rules needs no such record."""
        return _Overheard(model, self) if model.source == "model" and self._journal is not None else model

    def keep(self, plan: "PlanDocument", inputs: "Inputs", catalog: "Catalog", *, again: bool = True) -> None:
        """Record a plan and what it rests on; the plan last, so that where it stands all of it does.

        Parameters
        ----------
        plan : PlanDocument
        inputs : Inputs
        catalog : Catalog
        again : bool
            Whether a plan that the journal holds already gets another entry.

        Raises
        ------
        JournalError
        """
        journal, content = self._journal, plan.text().encode()
        if journal is None or (not again and journal.holds(sha256(content).hexdigest())):
            return
        rests_on = self.keep_inputs(inputs, catalog)
        self._keep_once("recommendations", _recommendations(plan, inputs, catalog, rests_on))
        self.add("plan", content)

    def keep_inputs(self, inputs: "Inputs", catalog: "Catalog") -> "dict[Kind, str]":
        """Keep what something is decided by, and return the digests of both contents.

        Raises
        ------
        JournalError
        """
        from generator.provenance import canonical

        basis: dict[Kind, bytes] = {"inventory": canonical(inputs), "catalogue": canonical(catalog)}
        return {kind: self._keep_once(kind, content) for kind, content in basis.items()}

    def _keep_once(self, kind: "Kind", content: bytes) -> str:
        digest = sha256(content).hexdigest()
        if self._journal is not None and not self._journal.holds(digest):
            self.add(kind, content)
        return digest

    def try_to_keep(self, plan: "PlanDocument", inputs: "Inputs", catalog: "Catalog") -> None:
        """Record a plan, or say why that cannot be."""
        self._attempted(lambda: self.keep(plan, inputs, catalog))

    def try_to_add(self, kind: "Kind", content: bytes) -> None:
        """Add an entry, or say why that cannot be."""
        self._attempted(lambda: self.add(kind, content))

    def _attempted(self, step: Callable[[], Done]) -> Done | None:
        """Take a step that planning can do without; after the first that fails nothing more is tried."""
        with without_harm("Nothing more is recorded or remembered"):
            return step()
        self._journal = None
        return None


def history_of_plans(fleet: Path, named: str | None = None) -> History:
    """Return the history that planning a fleet reads and continues; where there can be none, say so and go on."""
    with without_harm("Nothing is recorded or remembered"):
        return history_of_decisions(folder_of(fleet), named)
    return History(None)


def history_of_decisions(folder: Path, named: str | None = None) -> History:
    """Return the history that a decision has to go into.

    Raises
    ------
    InputError
        It cannot be written.
    """
    journal = journal_at(named, folder, make=True)
    if journal is not None:
        journal.require_writable()
    return History(journal)


def actor() -> str:
    """Name of who runs covey, as the system knows them."""
    try:
        return plain(getpass.getuser())[:200]
    except (OSError, KeyError):  # a container's number without a name
        return f"user {os.getuid()}"


class _Overheard:
    """Sits in the seat for a model, and records what it is asked and what it chooses."""

    def __init__(self, model: "LanguageModel", history: History) -> None:
        self.name: str = model.name
        self.source: Source = model.source
        self._model = model
        self._history = history

    def answer(self, brief: "Brief") -> "Answer":
        from dataclasses import asdict

        from generator.dialogue import prompt
        from generator.journal import ReplyRecord

        asked = prompt(brief).text().encode()
        # Before it leaves: what was sent stays on record, should no answer come.
        self._history.try_to_add("prompt", asked)
        answer = self._model.answer(brief)
        reply = ReplyRecord(
            model=self.name,
            prompt=sha256(asked).hexdigest(),
            choices=dict(answer.choices),
            reasons=dict(answer.reasons),
            failure=answer.failure,
            usage=asdict(answer.usage),
        )
        self._history.try_to_add("reply", reply.content())
        return answer


def _recommendations(
    plan: "PlanDocument", inputs: "Inputs", catalog: "Catalog", rests_on: "Mapping[Kind, str]"
) -> bytes:
    from generator.capacity.machines import machines
    from generator.journal import RecommendationRecord, RecommendationsRecord, ServedGroup
    from generator.present.document import chosen_of
    from generator.propose import group_figures, served_words

    table = machines(inputs.fleet, catalog)
    mean_rps = inputs.planned.rate_rps.mean(axis=1)
    number = {workload.name: i for i, workload in enumerate(inputs.fleet.workloads)}

    def served(group: Any) -> ServedGroup:
        members = tuple(sorted(number[name] for name in group.workloads))
        words = served_words(group.hosting, group.instance_type, group.region)
        return ServedGroup(figures=group_figures(members, table, mean_rps), words=words)

    return RecommendationsRecord(
        inventory=rests_on["inventory"],
        catalogue=rests_on["catalogue"],
        plan=sha256(plan.text().encode()).hexdigest(),
        recommendations={
            found.profile: RecommendationRecord(
                digest=sha256(chosen_of(plan, found.profile).text().encode()).hexdigest(),
                groups=tuple(served(group) for group in found.groups),
            )
            for found in plan.recommendations
        },
    ).content()
