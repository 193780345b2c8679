"""Who sits in the language model's seat where there is none: rules, the same answer to the same brief."""

from collections.abc import Callable, Mapping

from generator.dialogue.questions import Answer, Brief, Example, Option, Question
from generator.model import Source

# What a decision of the past may cost more than the cheapest option before it is no longer followed.
FOLLOWED_MARGIN = 0.10
# What a nearer region may cost more.
NEARER_MARGIN = 0.05

# What each goal looks at; less is better.
GOALS: Mapping[str, Callable[[Mapping[str, float]], float]] = {
    "cost": lambda figures: figures["usd_per_month"],
    "latency": lambda figures: -figures["attainment"],
    "resilience": lambda figures: figures["risk"],
}


class OfflineProposer:
    """Chooses by rules, deterministically.

    A group is served as the most alike group that people approved, where that is offered and costs little more; else
    by the nearest option that costs little more than the cheapest. Workloads stay where they are. Of the three plans,
    and of the ways to join or leave, the one that breaks fewest rules and comes out best by the goals in their order.
    """

    name: str = "offline proposer (rules, no language model)"
    source: Source = "offline"

    def answer(self, brief: Brief) -> Answer:
        """Choose an option for every question."""
        if brief.task == "move":
            return Answer({question.id: question.options[0].id for question in brief.questions})
        if brief.task in ("prefer", "place"):
            return Answer({question.id: _preferred(question, brief.goals).id for question in brief.questions})
        return Answer({question.id: _served(question, brief.examples).id for question in brief.questions})


def _served(question: Question, examples: tuple[Example, ...]) -> Option:
    cheapest = min(option.figures["usd_per_h"] for option in question.options)
    rejected = {_spelled(e.words) for e in examples if e.outcome == "rejected"}
    approved = sorted(
        (_difference(question.figures, e.figures), _spelled(e.words)) for e in examples if e.outcome == "approved"
    )
    followed = {_spelled(o.words): o for o in question.options if _affordable(o, cheapest, FOLLOWED_MARGIN)}
    for _, words in approved:
        if words in followed and words not in rejected:
            return followed[words]
    near = [option for option in question.options if _affordable(option, cheapest, NEARER_MARGIN)]
    return min(near, key=lambda o: (o.figures["round_trip_ms"], o.figures["usd_per_h"], o.id))


def _affordable(option: Option, cheapest: float, margin: float) -> bool:
    return option.figures["usd_per_h"] <= cheapest * (1.0 + margin)


def _spelled(words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(words.items()))


def _difference(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Sum of relative differences over the figures both have; 1 for each that one lacks."""
    names = one.keys() | other.keys()
    return sum(
        abs(one[n] - other[n]) / max(abs(one[n]), abs(other[n]), 1e-9) if n in one and n in other else 1.0
        for n in names
    )


def _preferred(question: Question, goals: tuple[str, ...]) -> Option:
    def rank(option: Option) -> tuple[float, ...]:
        looked_at = tuple(GOALS[goal](option.figures) for goal in goals)
        return (option.figures["violations"], *looked_at, option.figures["usd_per_month"])

    return min(question.options, key=lambda option: (rank(option), option.id))
