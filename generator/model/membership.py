"""Who joins and who leaves."""

from dataclasses import dataclass

from generator.model.proposal import CostInterval, Group, GroupVerdict, Judged, Usage, Violation
from generator.model.vocabulary import MembershipKind, Source


@dataclass(frozen=True, slots=True)
class MembershipOption:
    """One way to take a workload in, or to let it go.

    Parameters
    ----------
    kind : str
        "as-is": a group keeps machine, replicas and scaling target; "resized": they are chosen anew, in its region and
        of its hosting kind; "new": a group of its own; "removed": the group goes with its last workload.
    former, group : Group or None
        The group concerned, before and after.
    judged : Judged
        The whole layout that comes of it, on the later window.
    group_verdict : GroupVerdict or None
        Of the group concerned; None where it is removed.
    new_violations : tuple of Violation
        On the later window, those that the running layout does not have.
    """

    kind: MembershipKind
    former: Group | None
    group: Group | None
    judged: Judged
    group_verdict: GroupVerdict | None
    new_violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class BarredOption:
    """A way that is not open, and the rule that bars it; COV000 where it is the same as another."""

    kind: MembershipKind
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class PlacementAdvice:
    """Which way to join or leave whoever sits in the language model's seat would go; None where `failure` says why."""

    seat: str
    source: Source
    kind: MembershipKind | None
    failure: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class Membership:
    """What a workload's coming or going could mean for a running layout.

    Parameters
    ----------
    before : Judged
        The running layout without the one who comes, with the one who goes, on the later window.
    alone : CostInterval
        What the workload costs on an endpoint of its own, as in the baseline.
    """

    workload: str
    before: Judged
    options: tuple[MembershipOption, ...]
    barred: tuple[BarredOption, ...]
    alone: CostInterval
