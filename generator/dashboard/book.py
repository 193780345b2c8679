"""What the fleet's journal says about the plan on the page, and what people write there: claims and rejections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from generator.claim import Claim, claim, claimed
from generator.errors import InputError, JournalError, OvertakenError
from generator.history import journal_at
from generator.journal import GENESIS, Entry, Journal, RejectionRecord, taken_back
from generator.model import Profile, RejectionReason
from generator.objected import PLANS, WEIGHS
from generator.present.plan_document import PlanDocument
from generator.retract import retract

# Of the newest: what was said about this plan is among them, or long forgotten.
REJECTIONS = 200
# What a plan's groups are called, by recommendation.
Names = Mapping[Profile, Sequence[str]]


class HeldError(InputError):
    """Somebody else has taken the plan to decide about it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejection.

    Parameters
    ----------
    groups, workloads : tuple of str
        Names; none where all of them are meant.
    content : str
        Digest of what was said.
    etag : str
        Hash of the entry that says it: another one where the same is said again.
    taken_back : Entry or None
        The retraction, where there is one.
    """

    by: str
    at: datetime
    profile: Profile
    reason: RejectionReason
    note: str | None
    groups: tuple[str, ...]
    workloads: tuple[str, ...]
    content: str
    etag: str
    taken_back: Entry | None


@dataclass(frozen=True, slots=True)
class Deliberation:
    """What has been said about a plan.

    Parameters
    ----------
    recorded : bool
        Whether there is a journal to say anything in.
    claim : Claim
    rejections : tuple of Rejected
        Of this plan, newest first.
    earlier : tuple of Rejected
        Of other plans of the fleet, newest first: those not taken back, and not too old to weigh.
    trouble : JournalError or None
        Why the journal cannot tell. Nothing can be decided then.
    """

    recorded: bool
    claim: Claim
    rejections: tuple[Rejected, ...] = ()
    earlier: tuple[Rejected, ...] = ()
    trouble: JournalError | None = None


class Book:
    """A fleet's journal as the dashboard uses it. Nothing of it is kept between two requests.

    Parameters
    ----------
    folder : Path
        The fleet's; its journal lies there.
    named : str, optional
        Another journal, as `JournalAt` says.
    """

    def __init__(self, folder: Path, named: str | None) -> None:
        self.named = named
        self.folder = folder

    def deliberation(self, plan: PlanDocument, digest: str) -> Deliberation:
        """Read what has been said about a plan, by its digest."""
        nobody = Claim(None, None, GENESIS)
        try:
            journal = self.journal()
            if journal is None:
                return Deliberation(recorded=False, claim=nobody)
            ours, earlier = _rejections(journal, plan, digest)
            return Deliberation(recorded=True, claim=claimed(journal, digest), rejections=ours, earlier=earlier)
        except JournalError as error:
            return Deliberation(recorded=True, claim=nobody, trouble=error)

    def require_open_to(self, by: str, digest: str) -> None:
        """Refuse whoever decides about a plan that somebody else has taken.

        Raises
        ------
        HeldError
        JournalError
        """
        holder = claimed(self.journal(), digest).by
        if holder not in (None, by):
            what = f"{holder} has taken this plan to decide about it."
            raise HeldError("the plan on this page", what, "Ask them, or take it over on the plan's page.")

    def claim(self, digest: str, seen: str, *, by: str, taken: bool) -> None:
        """Take a plan, or give it back; see `generator.claim`."""
        claim(self.folder, digest, seen, by=by, taken=taken, journal=self.named)

    def retract(self, plan: PlanDocument, digest: str, seen: str, *, by: str) -> None:
        """Take back a rejection that the plan's page shows, by its `Rejected.etag`; see `generator.retract`.

        Raises
        ------
        OvertakenError
            The page shows none of that hash, or it does not stand any more.
        HeldError
            Somebody else has taken the plan to decide about it.
        InputError
            `by` cannot be kept.
        JournalError
        """
        there = self.deliberation(plan, digest)
        if there.trouble is not None:
            raise there.trouble
        found = next((one for one in (*there.rejections, *there.earlier) if one.etag == seen), None)
        if found is None:
            raise OvertakenError("the rejection", "does not stand on this page.", "Look again, then decide.")
        self.require_open_to(by, digest)
        retract(self.folder, found.content, by=by, journal=self.named, shown=seen)

    def journal(self) -> Journal | None:
        """Find the journal; None where nothing is recorded."""
        return journal_at(self.named, self.folder)


def _rejections(journal: Journal, plan: PlanDocument, digest: str) -> tuple[tuple[Rejected, ...], tuple[Rejected, ...]]:
    """Read what was said about the plan, and, as long as it weighs, about others of its fleet."""
    if journal.is_absent():
        return (), ()
    ended, now = taken_back(journal), datetime.now(UTC)
    ours: list[Rejected] = []
    earlier: list[Rejected] = []
    known: dict[str, Names] = {digest: {one.profile: [its.name for its in one.groups] for one in plan.recommendations}}
    newest = {entry.content: entry for entry in journal.entries(kind="rejection", newest=REJECTIONS)}
    for entry in sorted(newest.values(), key=lambda entry: -entry.sequence):
        said = journal.record(entry.content, RejectionRecord)
        end = ended.get(entry.content)
        if end is not None and end.sequence < entry.sequence:
            end = None  # said again since
        if said.plan == digest:
            ours += _rejected(entry, said, known[digest], end)
        elif end is None and now - entry.at <= WEIGHS:
            if said.plan not in known and len(known) <= PLANS:
                known[said.plan] = _groups(journal, said.plan, plan.fleet)
            earlier += _rejected(entry, said, known.get(said.plan, {}), end)
    return tuple(ours), tuple(earlier)


def _rejected(entry: Entry, said: RejectionRecord, names: Names, end: Entry | None) -> Iterator[Rejected]:
    """Name what a rejection numbers; nothing where the plan has no such recommendation."""
    if said.profile in names:
        there = names[said.profile]
        yield Rejected(
            by=entry.actor,
            at=entry.at,
            profile=said.profile,
            reason=said.reason,
            note=said.note,
            groups=tuple(there[number] for number in said.groups or () if 0 <= number < len(there)),
            workloads=said.workloads or (),
            content=entry.content,
            etag=entry.digest,
            taken_back=end,
        )


def _groups(journal: Journal, digest: str, fleet: str) -> Names:
    """Name another plan's groups; none where the journal does not hold it, or it is of another fleet."""
    if not journal.holds(digest):
        return {}
    found = journal.record(digest, _Plan)
    return {one.profile: [its.name for its in one.groups] for one in found.recommendations if found.fleet == fleet}


class _Named(BaseModel):
    """A part of a group's document."""

    name: str


class _Recommended(BaseModel):
    """A part of a recommendation's document."""

    profile: Profile
    groups: tuple[_Named, ...]


class _Plan(BaseModel):
    """What of a plan says which groups a rejection numbers: little, for it is read whenever a page is."""

    fleet: str
    recommendations: tuple[_Recommended, ...]
