"""Every rule passes what covey emits, and finds the one fault planted for it; no other rule cries."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from policies.rule import Resource, Settings
from policies.rules import RULES, evaluate
from tests.policies.conftest import STACKS, Stacks


@dataclass(frozen=True)
class Planted:
    """One fault: in which stack, in the first resource of which type, what is changed, and what is said of it."""

    stack: str
    type: str
    change: Callable[[dict[str, Any]], None] | None
    message: str


def set_to(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda props: props.update({name: value})


FAULTS: dict[str, Planted] = {
    "endpoint-scales": Planted(
        "prod-aws-us-east-2",
        "aws:appautoscaling/target:Target",
        None,
        "Endpoint prod-electronics-usa has no scalable target.",
    ),
    "iam-names-its-actions": Planted(
        "prod-aws-us-east-2",
        "aws:iam/policy:Policy",
        set_to("policy", '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/a"}}'),
        "edge-electronics-usa-models-1 allows s3:*.",
    ),
    "immutable-is-autonamed": Planted(
        "prod-aws-us-east-2",
        "aws:sagemaker/model:Model",
        set_to("name", "model"),
        "electronics-usa-model has the fixed name 'model', but can only change by being replaced.",
    ),
}


def planted(resources: tuple[Resource, ...], fault: Planted) -> tuple[Resource, ...]:
    at, broken = next((at, one) for at, one in enumerate(resources) if one.type == fault.type)
    if fault.change is None:
        return resources[:at] + resources[at + 1 :]
    props = dict(broken.props)
    fault.change(props)
    return (*resources[:at], replace(broken, props=props), *resources[at + 1 :])


@pytest.mark.parametrize("stack", STACKS)
def test_what_covey_emits_breaks_no_rule(stack: str, stacks: Stacks, settings: Settings) -> None:
    assert [] == [(found.rule.id, found.message) for found in evaluate(stacks[stack], settings)]


# What is on disk and not in a resource has tests of its own, in test_approval.py.
ABOUT_RESOURCES = [rule.id for rule in RULES if rule.domain != "approval"]


@pytest.mark.parametrize("rule", ABOUT_RESOURCES)
def test_a_planted_fault_is_found_by_its_rule_and_no_other_rule_cries(
    rule: str, stacks: Stacks, settings: Settings
) -> None:
    fault = FAULTS[rule]
    found = evaluate(planted(stacks[fault.stack], fault), settings)
    assert [(rule, fault.message)] == [(finding.rule.id, finding.message) for finding in found]


def test_every_rule_has_its_planted_fault() -> None:
    assert set(ABOUT_RESOURCES) == set(FAULTS)
