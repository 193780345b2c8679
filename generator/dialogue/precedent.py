"""What people decided before about groups like one: which of it is worth telling, and what it says of an option."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from generator.dialogue.questions import Example, Question
from generator.model import RejectionReason

MOST_TOLD = 20
# Groups are alike up to this sum of relative differences: with five figures, each of them a fifth off.
ALIKE = 1.0
# What is served as people approved may cost this much more than what they were never asked about. A choice of ours, as
# a share of a group's cost.
APPROVED_MARGIN = 0.10

# What a rejection speaks against besides exactly what was rejected: whatever shares these words with it. None where
# other words would not mend it: costs are minimised anyway, who is grouped and when it is done is no matter of words.
SHARED: Mapping[RejectionReason, tuple[str, ...] | None] = {
    "region": ("cloud", "region"),
    "machine": ("hosting", "instance_type"),
    "cost": None,
    "grouping": None,
    "timing": None,
}


@dataclass(frozen=True, slots=True)
class Precedent:
    """The decision about the most alike group that speaks of an option, and how unlike that group is."""

    outcome: Literal["approved", "rejected"]
    difference: float


def nearest(examples: Sequence[Example], questions: Sequence[Question]) -> tuple[Example, ...]:
    """Choose at most `MOST_TOLD` examples of groups like those in question, the most alike first.

    Parameters
    ----------
    examples : sequence of Example
        Newest first; of equally alike ones the newer are kept.
    questions : sequence of Question
    """
    near = [(min(_difference(q.figures, e.figures) for q in questions), e) for e in examples] if questions else []
    return tuple(example for _, example in sorted(near, key=lambda found: found[0])[:MOST_TOLD])


def precedent(figures: Mapping[str, float], words: Mapping[str, str], examples: Sequence[Example]) -> Precedent | None:
    """Find what was decided about serving a group like this so.

    Parameters
    ----------
    figures : mapping of str to float
        Of the group.
    words : mapping of str to str
        Of what would serve it.
    examples : sequence of Example
        Newest first; of equally alike ones the newer holds.
    """
    speaking = [
        Precedent(example.outcome, difference)
        for example in examples
        if _speaks(example, words) and (difference := _difference(figures, example.figures)) <= ALIKE
    ]
    return min(speaking, key=lambda found: found.difference, default=None)


def _speaks(example: Example, words: Mapping[str, str]) -> bool:
    shared: tuple[str, ...] | None = tuple(example.words)
    if example.reason is not None:
        shared = SHARED.get(example.reason, shared)
    if shared is None:
        return False
    return all(words.get(name) == example.words[name] for name in shared if name in example.words)


def _difference(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Sum of relative differences over the figures both have; 1 for each that one lacks."""
    names = one.keys() | other.keys()
    return sum(
        abs(one[n] - other[n]) / max(abs(one[n]), abs(other[n]), 1e-9) if n in one and n in other else 1.0
        for n in names
    )
