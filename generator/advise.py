"""Which of the recommendations suits the goals, and what speaks for and against each."""

from collections.abc import Mapping, Sequence

from generator.dialogue import Brief, LanguageModel, Option, Question, checked
from generator.model import HOURS_PER_MONTH, Advice, Goal, Profile, Recommendation

# Where the fleet states no goal.
USUAL_GOALS: tuple[Goal, ...] = ("cost", "resilience")


def advise(
    recommendations: Sequence[Recommendation],
    goals: tuple[Goal, ...],
    model: LanguageModel,
    *,
    notes: str | None = None,
) -> Advice:
    """Ask a model which recommendation suits the goals.

    Parameters
    ----------
    recommendations : sequence of Recommendation
    goals : tuple of str
        In order of importance; `USUAL_GOALS` where empty.
    model : LanguageModel
    notes : str, optional
        See `generator.dialogue.Brief`.

    Returns
    -------
    Advice
        An explanation holds only sentences whose figures are the verdict's; where the model gives none that does, the
        explanation is spelled from the figures themselves.
    """
    figures: dict[str, dict[str, float]] = {found.profile: _figures(found) for found in recommendations}
    options = tuple(Option(profile, seen) for profile, seen in figures.items())
    brief = Brief("prefer", (Question("plan", {}, options),), goals=goals or USUAL_GOALS, notes=notes)
    answer = model.answer(brief)
    preferred = None if answer.failure is not None else answer.choices.get("plan")
    explanations: dict[Profile, str] = {}
    for found in recommendations:
        seen = figures[found.profile]
        explanations[found.profile] = checked(answer.reasons.get(found.profile, ""), seen.values()) or _plainly(seen)
    return Advice(
        preferred=next((found.profile for found in recommendations if found.profile == preferred), None),
        explanations=explanations,
        failure=answer.failure,
        usage=answer.usage,
    )


def _figures(found: Recommendation) -> dict[str, float]:
    verdict = found.verdict
    return {
        "usd_per_month": round(verdict.cost.expected * HOURS_PER_MONTH, 2),
        "usd_per_month_at_fewest_replicas": round(verdict.cost.floor * HOURS_PER_MONTH, 2),
        "usd_per_month_at_most_replicas": round(verdict.cost.ceiling * HOURS_PER_MONTH, 2),
        "saving_vs_one_endpoint_each": round(found.saving_vs_baseline, 4),
        "attainment": round(verdict.attainment, 6),
        "idle_share_of_paid_capacity": round(verdict.slack, 4),
        "risk": verdict.risk,
        "groups": len(found.layout.groups),
        "violations": len(verdict.violations),
    }


def _plainly(figures: Mapping[str, float]) -> str:
    missed = int(figures["violations"])
    rules = "breaks no rule" if missed == 0 else f"breaks {missed} rule{'s' * (missed > 1)}"
    groups, saving = int(figures["groups"]), figures["saving_vs_one_endpoint_each"]
    return (
        f"{groups} group{'s' * (groups != 1)} at {figures['usd_per_month']:,.2f} USD a month, "
        f"{abs(saving):.1%} {'less' if saving >= 0 else 'more'} than one endpoint each; "
        f"risk {figures['risk']:.0f} of 4; it {rules} on the scored window."
    )
