"""A recommendation, or groups of it, that nobody wants: who says so, for which reason, kept in the fleet's journal."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from generator.approval.approve import require_words
from generator.errors import InputError
from generator.history import history_of_decisions, journal_at
from generator.journal import RejectionRecord
from generator.model import Catalog, Inputs, Profile, RejectionReason
from generator.present.document import chosen_of
from generator.present.plan_document import GroupDocument, PlanDocument


def reject(
    folder: Path,
    plan: PlanDocument,
    inputs: Inputs,
    catalog: Catalog,
    profile: Profile,
    *,
    reason: RejectionReason,
    note: str | None,
    groups: Sequence[str],
    workloads: Sequence[str] = (),
    by: str,
    journal: str | None,
) -> RejectionRecord:
    """Record a rejection, and the plan it is about where the journal does not hold it yet.

    Parameters
    ----------
    folder : Path
        The fleet's; its journal lies there.
    plan : PlanDocument
    inputs : Inputs
    catalog : Catalog
    profile : str
        Which recommendation.
    reason : str
        All that a language model is told.
    note : str, optional
        Stays in the journal.
    groups : sequence of str
        Only these groups; none for the whole recommendation.
    workloads : sequence of str
        Only these workloads of them; none for all. With the reason "grouping": these shall not share a group.
    by : str
        Who rejects it. covey takes their word for it.
    journal : str, optional
        As `JournalAt` says.

    Raises
    ------
    InputError
        `by` or `note` cannot be kept, there is no such group or workload in it, or nothing is recorded.
    JournalError
        The journal cannot be written; it is as it was.
    """
    require_words(by, note)
    chosen = chosen_of(plan, profile)
    names = [one.name for one in chosen.recommendation.groups]
    for name in groups:
        if name not in names:
            what = f"is not in the {profile} recommendation."
            raise InputError(f"--group {name}", what, f"It has {', '.join(names)}.")
    _require_members(chosen.recommendation.groups, groups, workloads, reason)
    if journal_at(journal, folder) is None:
        raise InputError("--journal", "keeps nothing, and a rejection is nothing but kept.", "Name a journal.")
    history = history_of_decisions(folder, journal)
    history.keep(plan, inputs, catalog, again=False)
    rejection = RejectionRecord(
        plan=sha256(plan.text().encode()).hexdigest(),
        recommendation=sha256(chosen.text().encode()).hexdigest(),
        profile=profile,
        reason=reason,
        note=note,
        groups=tuple(names.index(name) for name in groups) or None,
        workloads=tuple(sorted(set(workloads))) or None,
    )
    history.add("rejection", rejection.content(), by=by)
    return rejection


def _require_members(
    there: Sequence[GroupDocument], groups: Sequence[str], workloads: Sequence[str], reason: RejectionReason
) -> None:
    """Refuse workloads that the groups in question do not hold, and a grouping of workloads that share no group."""
    meant = [set(group.workloads) for group in there if not groups or group.name in groups]
    for name in workloads:
        if not any(name in members for members in meant):
            what = "is in none of the groups that are rejected."
            raise InputError(f"--workload {name}", what, "Name workloads of these groups.")
    if reason == "grouping" and workloads and not any(len(members.intersection(workloads)) > 1 for members in meant):
        raise InputError("--workload", "names no two that share a group.", "Name those that are not to be together.")
