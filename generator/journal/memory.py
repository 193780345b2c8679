"""Past decisions as the examples that proposers are shown: figures and the catalogue's words, no name, no note."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from generator.dialogue import Example
from generator.journal.records import ServedGroup
from generator.model import RejectionReason

# The newest: the judge looks at each of them for every group.
MOST = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about some groups of a recommendation."""

    groups: tuple[ServedGroup, ...]
    outcome: Literal["approved", "rejected"]
    reason: RejectionReason | None = None


def memory(decisions: Iterable[Decision]) -> tuple[Example, ...]:
    """Tell how groups were served before, and what people decided.

    Parameters
    ----------
    decisions : iterable of Decision
        Oldest first.

    Returns
    -------
    tuple of Example
        At most `MOST`, newest first. Where the same group served in the same way was decided about more than once, the
        last word holds.
    """
    last: dict[tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str], ...]], Example] = {}
    for decision in decisions:
        for group in decision.groups:
            key = (tuple(sorted(group.figures.items())), tuple(sorted(group.words.items())))
            last.pop(key, None)
            last[key] = Example(group.figures, group.words, decision.outcome, decision.reason)
    return tuple(islice(reversed(last.values()), MOST))
