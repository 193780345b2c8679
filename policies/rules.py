"""The rules, in one explicit list, and the pure door through which anybody may ask them."""

from collections.abc import Iterable

from . import access, approval, changing, cost, limits, naming, reliability, residency, security, watching
from .evaluate import judge
from .rule import Finding, Resource, Rule, Settings

RULES: tuple[Rule, ...] = (
    *access.RULES,
    *approval.RULES,
    *changing.RULES,
    *cost.RULES,
    *limits.RULES,
    *naming.RULES,
    *reliability.RULES,
    *residency.RULES,
    *security.RULES,
    *watching.RULES,
)


def evaluate(resources: Iterable[Resource], settings: Settings) -> list[Finding]:
    """Hold a stack's resources to every rule.

    Returns
    -------
    list of Finding
        In the order of the rules, then of the resources. What is unknown in a preview is in `undecided` instead.
    """
    held = tuple(resources)
    return [finding for rule in RULES for finding in judge(rule, held, settings).violations]


def undecided(resources: Iterable[Resource], settings: Settings) -> list[Finding]:
    """Return what no rule could decide, because a preview does not know it yet."""
    held = tuple(resources)
    return [finding for rule in RULES for finding in judge(rule, held, settings).undecided]
