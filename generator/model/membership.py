"""Who joins, who leaves, and who changes groups."""

from dataclasses import dataclass

from generator.model.proposal import CostInterval, Group, GroupVerdict, Judged, Usage, Verdict, Violation
from generator.model.vocabulary import MembershipKind, RegroupKind, Source


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


@dataclass(frozen=True, slots=True)
class Migration:
    """What changing a running layout is taken to cost; all three are assumptions and are shown as such.

    Parameters
    ----------
    update_h : float, h
        How long a group that changes in place runs twice: the emitted endpoints wait ten minutes before and ten after
        traffic has moved to the new ones.
    handover_h : float, h
        How long a group that ends goes on being served beside its successors, until nothing leads to it.
    usd_per_move : float, US dollars
        A person's look at each model that changes its group.
    """

    update_h: float = 1.0 / 3.0
    handover_h: float = 24.0
    usd_per_move: float = 5.0


@dataclass(frozen=True, slots=True)
class Move:
    """A workload that changes its group."""

    workload: str
    former: str
    group: str


@dataclass(frozen=True, slots=True)
class RegroupOption:
    """One way to change a running layout.

    Parameters
    ----------
    kind : str
        "resized": machines and scaling chosen anew, nobody moves; "few-moves": groups changed only as far as each
        change pays for itself; "anew": planned as if nothing ran.
    judged : Judged
        The whole layout, on the traffic that decides.
    scored : Verdict
        Of the same layout, on traffic that decided nothing.
    moves : tuple of Move
    changed, added, ended : tuple of str
        Names of groups that change in place, that are new, and that end.
    saving_usd_per_h : float
        Expected cost of the running layout less its own, both on the traffic that decides.
    migration_usd : float
    net_usd : float
        What it saves over the horizon, less the migration.
    barred : str or None
        Why it is not proposed whatever it saves, in words.
    """

    kind: RegroupKind
    judged: Judged
    scored: Verdict
    moves: tuple[Move, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    ended: tuple[str, ...]
    saving_usd_per_h: float
    migration_usd: float
    net_usd: float
    barred: str | None


@dataclass(frozen=True, slots=True)
class Regrouping:
    """What regrouping a running layout would bring.

    Parameters
    ----------
    before : Judged
        The running layout, on the traffic that decides.
    scored : Verdict
        Of the running layout, on traffic that decided nothing.
    baseline : CostInterval
        Everyone on an endpoint of their own on that traffic, US dollars an hour.
    options : tuple of RegroupOption
        Those that differ from what runs.
    proposed : int or None
        Place of the one to take; None where it is best to stay.
    reason : str
    """

    before: Judged
    scored: Verdict
    baseline: CostInterval
    options: tuple[RegroupOption, ...]
    proposed: int | None
    reason: str
