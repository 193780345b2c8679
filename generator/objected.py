"""What people do not want again, read off the fleet's journal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from generator.errors import InputError, JournalError
from generator.journal import Entry, Journal, RejectionRecord, RetractionRecord
from generator.journal.records import ApprovedPart, RecommendationsRecord
from generator.model import CLOUD_OF_HOSTING, Objection, Profile
from generator.present.document import saved_document
from generator.present.figures import plain
from generator.present.plan_document import GroupDocument, PlanDocument

# How long a rejection weighs: in a quarter, prices and traffic have become others. A choice of ours.
WEIGHS = timedelta(days=90)
# Of the newest: older ones have lapsed, or been said often.
DECISIONS = 200
# Plans that are read for them, each of which holds the whole fleet.
PLANS = 20


def objected(journal: Journal, fleet: str, at: datetime) -> tuple[Objection, ...]:
    """Read the rejections that weigh: not taken back, not older than `WEIGHS`, not overruled by a later approval.

    A rejection is about every group it names, each as it was served in the plan that was rejected. An approval of a
    recommendation that does again what was rejected overrules it. A rejection of a plan that this journal does not
    hold says nothing of groups.

    Parameters
    ----------
    journal : Journal
    fleet : str
        Whose plans count.
    at : datetime
        Now.

    Returns
    -------
    tuple of Objection
        Oldest first.

    Raises
    ------
    JournalError
        The journal, or a content that is needed, cannot be read.
    """
    rejected = [one for one in journal.entries(kind="rejection", newest=DECISIONS) if at - one.at <= WEIGHS]
    if not rejected:
        return ()
    decided = [*rejected, *(one for kind in ("retraction", "approval") for one in journal.entries(kind=kind))]
    plans = _Plans(journal)
    found: list[Objection] = []
    for entry in sorted(decided, key=lambda entry: entry.sequence):
        if entry.kind == "rejection":
            # Said again, it counts once, from then on.
            found = [one for one in found if one.rejection != entry.content]
            found += _objections(journal.record(entry.content, RejectionRecord), entry, fleet, plans)
        elif entry.kind == "retraction":
            taken_back = journal.record(entry.content, RetractionRecord).rejection
            found = [one for one in found if one.rejection != taken_back]
        elif found:
            approval = journal.record(entry.content, ApprovedPart)
            groups = plans.approved(approval.provenance.recommendation)
            found = [one for one in found if not any(_again(one, group) for group in groups)]
    return tuple(found)


class _Plans:
    """The plans of a journal, each read once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._read: dict[str, PlanDocument | None] = {}
        self._known: dict[str, tuple[str, Profile]] | None = None

    def plan(self, digest: str) -> PlanDocument | None:
        """Return a plan, None where the journal does not hold it, or too many have been read."""
        if digest not in self._read:
            if len(self._read) >= PLANS or not self._journal.holds(digest):
                return None
            try:
                self._read[digest] = saved_document(self._journal.content(digest), f"journal {self._journal}")
            except JournalError:
                raise
            except InputError as error:
                raise JournalError(error.where, error.what, "Use the covey that wrote it.") from None
        return self._read[digest]

    def groups(self, digest: str, profile: Profile) -> Sequence[GroupDocument]:
        """Return the groups of a plan's recommendation."""
        plan = self.plan(digest)
        return next((one.groups for one in plan.recommendations if one.profile == profile), ()) if plan else ()

    def approved(self, recommendation: str) -> Sequence[GroupDocument]:
        """Return the groups of a recommendation by its digest; none where the journal does not know it."""
        if self._known is None:
            self._known = {}
            for entry in self._journal.entries(kind="recommendations", newest=DECISIONS):
                held = self._journal.record(entry.content, RecommendationsRecord)
                self._known |= {one.digest: (held.plan, profile) for profile, one in held.recommendations.items()}
        known = self._known.get(recommendation)
        return () if known is None else self.groups(*known)


def _objections(said: RejectionRecord, entry: Entry, fleet: str, plans: _Plans) -> Iterator[Objection]:
    plan = plans.plan(said.plan)
    if plan is None or plan.fleet != fleet:
        return
    groups = plans.groups(said.plan, said.profile)
    numbers = range(len(groups)) if said.groups is None else said.groups
    for number in numbers:
        if 0 <= number < len(groups):
            group = groups[number]
            named = [name for name in group.workloads if said.workloads is None or name in said.workloads]
            if named:
                yield Objection(
                    rejection=entry.content,
                    by=plain(entry.actor),
                    at=entry.at,
                    until=entry.at + WEIGHS,
                    reason=said.reason,
                    workloads=tuple(named),
                    hosting=group.hosting,
                    instance_type=group.instance_type,
                    region=group.region,
                )


def _again(one: Objection, group: GroupDocument) -> bool:
    """Whether a group does to all whom an objection is about what they objected to."""
    here = set(one.workloads) <= set(group.workloads)
    machine = (one.hosting, one.instance_type) == (group.hosting, group.instance_type)
    region = (CLOUD_OF_HOSTING[one.hosting], one.region) == (CLOUD_OF_HOSTING[group.hosting], group.region)
    same = {"grouping": True, "machine": machine, "region": region}.get(one.reason, machine and region)
    return here and same
