"""Who sits in the language model's seat where there is none: rules, the same answer to the same brief."""

from collections.abc import Callable, Mapping

from generator.dialogue.precedent import APPROVED_MARGIN, precedent
from generator.dialogue.questions import Answer, Brief, Example, Option, Question
from generator.model import Source

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
    by the nearest option that costs little more than the cheapest; and as was rejected only if all options were.
    Workloads stay where they are. Of the three plans, the one that comes out best by the goals in their order.
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
    said = {option.id: precedent(question.figures, option.words, examples) for option in question.options}
    rejected = {name for name, found in said.items() if found is not None and found.outcome == "rejected"}
    # Where all of them were rejected, that says nothing about which to choose.
    options = [option for option in question.options if option.id not in rejected] or list(question.options)
    cheapest = min(option.figures["usd_per_h"] for option in options)
    followed = [
        (found.difference, place, option)
        for place, option in enumerate(options)
        if (found := said[option.id]) is not None
        and found.outcome == "approved"
        and _affordable(option, cheapest, APPROVED_MARGIN)
    ]
    if followed:
        return min(followed, key=lambda found: found[:2])[2]
    near = [option for option in options if _affordable(option, cheapest, NEARER_MARGIN)]
    return min(near, key=lambda o: (o.figures["round_trip_ms"], o.figures["usd_per_h"], o.id))


def _affordable(option: Option, cheapest: float, margin: float) -> bool:
    return option.figures["usd_per_h"] <= cheapest * (1.0 + margin)


def _preferred(question: Question, goals: tuple[str, ...]) -> Option:
    def rank(option: Option) -> tuple[float, ...]:
        looked_at = tuple(GOALS[goal](option.figures) for goal in goals)
        return (option.figures["violations"], *looked_at, option.figures["usd_per_month"])

    return min(question.options, key=lambda option: (rank(option), option.id))
