"""What people do not want again."""

from dataclasses import dataclass
from datetime import datetime

from generator.model.vocabulary import Hosting, RejectionReason

# What somebody rejected has to be this much cheaper than what nobody did. A choice of ours, as a share of a group's
# cost.
REJECTED_MARGIN = 0.25


@dataclass(frozen=True, slots=True)
class Objection:
    """How some workloads were served in a recommendation that somebody rejected, and what spoke against it.

    Parameters
    ----------
    rejection : str
        Digest of the rejection: what takes it back.
    by : str
        Who rejected it.
    at, until : datetime
        When, and how long that weighs.
    workloads : tuple of str
        Those it is about; with the reason "grouping" they shared one group.
    hosting, instance_type, region : str
        What served them.
    """

    rejection: str
    by: str
    at: datetime
    until: datetime
    reason: RejectionReason
    workloads: tuple[str, ...]
    hosting: Hosting
    instance_type: str
    region: str
