"""One rule over the resources it is about: what it found, and what it could not decide."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .rule import STACK, Finding, Resource, Rule, Settings, Stack, UndecidedError


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known to be wrong, and what only the deployment will tell."""

    violations: tuple[Finding, ...]
    undecided: tuple[Finding, ...]


def judge(rule: Rule, resources: Iterable[Resource], settings: Settings) -> Judgement:
    """Hold resources to one rule.

    Parameters
    ----------
    resources : iterable of Resource
        All of a stack's; where the stack itself is not among them, one stands in for it.

    Returns
    -------
    Judgement
        A value that is not known yet leaves undecided the one resource that needed it, not the others.
    """
    seen = [resource for resource in with_stack(resources) if rule.sees(resource.type)]
    violations: list[Finding] = []
    undecided: list[Finding] = []
    for resource in seen:
        if not rule.is_about(resource.type):
            continue
        stack = Stack(seen if rule.scope == "stack" else (resource,), settings, rule)
        try:
            violations += [Finding(rule, resource.urn, message) for message in rule.check(resource, stack)]
        except UndecidedError as unknown:
            message = f"{resource.name}: undecided, because {unknown.path} is known only after the deployment."
            undecided.append(Finding(rule, resource.urn, message))
    return Judgement(tuple(violations), tuple(undecided))


def with_stack(resources: Iterable[Resource]) -> Iterator[Resource]:
    """Iterate over resources, and over one for the stack where there is none: recordings of mocks lack it."""
    there = False
    for resource in resources:
        there = there or resource.type == STACK
        yield resource
    if not there:
        yield Resource(STACK, "stack", "", {})
