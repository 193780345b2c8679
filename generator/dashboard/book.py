"""What the fleet's journal says about the plan on the page, and what people write there: claims and rejections."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from generator.claim import Claim, claim, claimed
from generator.errors import InputError, JournalError
from generator.history import journal_at
from generator.journal import GENESIS, Journal, RejectionRecord
from generator.model import Profile, RejectionReason
from generator.present.plan_document import PlanDocument

# Of the newest: what was said about this plan is among them, or long forgotten.
REJECTIONS = 200


class HeldError(InputError):
    """Somebody else has taken the plan to decide about it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejection of the plan on the page. `groups` and `workloads` are names, none where all of them are meant."""

    by: str
    at: datetime
    profile: Profile
    reason: RejectionReason
    note: str | None
    groups: tuple[str, ...]
    workloads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deliberation:
    """What has been said about a plan.

    Parameters
    ----------
    recorded : bool
        Whether there is a journal to say anything in.
    claim : Claim
    rejections : tuple of Rejected
        Newest first.
    trouble : JournalError or None
        Why the journal cannot tell. Nothing can be decided then.
    """

    recorded: bool
    claim: Claim
    rejections: tuple[Rejected, ...] = ()
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
            return Deliberation(
                recorded=True, claim=claimed(journal, digest), rejections=_rejections(journal, plan, digest)
            )
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

    def journal(self) -> Journal | None:
        """Find the journal; None where nothing is recorded."""
        return journal_at(self.named, self.folder)


def _rejections(journal: Journal, plan: PlanDocument, digest: str) -> tuple[Rejected, ...]:
    if journal.is_absent():
        return ()
    found: list[Rejected] = []
    names = {one.profile: [group.name for group in one.groups] for one in plan.recommendations}
    for entry in reversed(journal.entries(kind="rejection", newest=REJECTIONS)):
        said = journal.record(entry.content, RejectionRecord)
        if said.plan == digest and said.profile in names:
            there = names[said.profile]
            groups = tuple(there[number] for number in said.groups or () if 0 <= number < len(there))
            workloads = said.workloads or ()
            found.append(Rejected(entry.actor, entry.at, said.profile, said.reason, said.note, groups, workloads))
    return tuple(found)
