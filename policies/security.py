"""Least privilege, nothing public, nothing unencrypted."""

import json
from collections.abc import Iterator
from typing import Any

from .rule import Resource, Rule, Stack

POLICIES = ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy")


def statements(resource: Resource, *path: str) -> list[dict[str, Any]]:
    """Read the statements of a policy document, which AWS takes as JSON text; one statement may stand alone."""
    document = json.loads(resource.get(*path) or "{}")
    given = document.get("Statement") or []
    return given if isinstance(given, list) else [given]


def listed(value: Any) -> list[str]:
    """Read what AWS takes as one text or as a list of texts."""
    return [value] if isinstance(value, str) else list(value or [])


def _wild_actions(resource: Resource, _: Stack) -> Iterator[str]:
    for statement in statements(resource, "policy"):
        wild = [action for action in listed(statement.get("Action")) if "*" in action]
        if statement.get("Effect") == "Allow" and wild:
            yield f"{resource.name} allows {', '.join(wild)}."


ACTIONS = Rule(
    id="iam-names-its-actions",
    domain="security",
    severity="high",
    title="A policy names each action it allows.",
    incident="Public samples give the role behind an API AmazonSageMakerFullAccess, so that whoever reaches the path "
    "may do anything to every endpoint (cloud-resources.md 1.2).",
    remedy="List the actions that are needed, without a wildcard.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    types=POLICIES,
    check=_wild_actions,
)

RULES: tuple[Rule, ...] = (ACTIONS,)
