"""Which way to take a workload in, or to let it go, the language model's seat would choose. Nobody acts on it alone."""

from generator.dialogue import Brief, LanguageModel, Option, Question
from generator.model import HOURS_PER_MONTH, Goal, Membership, MembershipOption, PlacementAdvice


def place(
    found: Membership,
    model: LanguageModel,
    *,
    goals: tuple[Goal, ...] = ("cost", "resilience"),
    notes: str | None = None,
) -> PlacementAdvice:
    """Ask a model where a workload goes, or what becomes of its group.

    It sees opaque ids, words of the catalogue and figures; no name of the inventory.

    Parameters
    ----------
    found : Membership
    model : LanguageModel
    goals : tuple of str
        In order of importance.
    notes : str, optional
        See `generator.dialogue.Brief`.
    """
    ways = {f"o{number}": option for number, option in enumerate(found.options)}
    options = tuple(Option(name, _figures(found, way), _words(way)) for name, way in ways.items())
    answer = model.answer(Brief("place", (Question("w0", {}, options),), goals=goals, notes=notes))
    kind = None if answer.failure is not None else ways[answer.choices["w0"]].kind
    return PlacementAdvice(model.name, model.source, kind, answer.failure, answer.usage)


def _figures(found: Membership, option: MembershipOption) -> dict[str, float]:
    before, after, group = found.before.verdict, option.judged.verdict, option.group_verdict
    figures = {
        "usd_per_month": round(after.cost.expected * HOURS_PER_MONTH, 2),
        "usd_per_month_change": round((after.cost.expected - before.cost.expected) * HOURS_PER_MONTH, 2),
        "usd_per_month_at_most_replicas": round(after.cost.ceiling * HOURS_PER_MONTH, 2),
        "attainment": round(after.attainment, 6),
        "risk": float(after.risk),
        "violations": float(len(option.new_violations)),
        "groups": float(len(option.judged.layout.groups)),
    }
    if option.group is not None and group is not None:
        figures |= {
            "models_of_the_group": float(len(option.group.workloads)),
            "attainment_of_the_group": round(group.attainment, 6),
            "risk_of_the_group": float(group.risk),
        }
    return figures


def _words(option: MembershipOption) -> dict[str, str]:
    words: dict[str, str] = {"way": option.kind}
    if option.group is not None:
        words |= {
            "cloud": option.group.cloud,
            "hosting": option.group.hosting,
            "instance_type": option.group.instance_type,
            "region": option.group.region,
        }
    return words
