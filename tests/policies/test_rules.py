"""Every rule passes what covey emits, and finds the one fault planted for it; no other rule cries."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from policies import rules, tokens
from policies.rule import Resource, Rule, Settings, Unknown
from policies.rules import RULES, evaluate, undecided
from policies.settings import read_settings
from policies.table import table
from tests.policies.conftest import ROOT, STACKS, Stacks, resources
from tests.policies.faults import AWS, FAULTS

GOLDEN = ROOT / "tests" / "golden"


def told(resources: tuple[Resource, ...] | list[Resource], settings: Settings) -> list[tuple[str, str]]:
    return [(finding.rule.id, finding.message) for finding in evaluate(resources, settings)]


@pytest.mark.parametrize("stack", STACKS)
def test_what_covey_emits_breaks_no_rule(stack: str, stacks: Stacks, settings: Settings) -> None:
    assert [] == told(stacks[stack], settings)


@pytest.mark.parametrize("stack", ["prod-aws-eu-west-1", "prod-gcp-us-central1"])
def test_every_kind_of_hosting_breaks_no_rule(stack: str) -> None:
    project = GOLDEN / "hostile-names" / "expected"
    assert [] == told(resources(project, stack), read_settings(project / "policies"))


# What is on disk and not in a resource has tests of its own, in test_approval.py.
ABOUT_RESOURCES = [rule.id for rule in RULES if rule.domain != "approval"]


@pytest.mark.parametrize("rule", ABOUT_RESOURCES)
def test_a_planted_fault_is_found_by_its_rule_and_no_other_rule_cries(
    rule: str, stacks: Stacks, settings: Settings
) -> None:
    fault = FAULTS[rule]
    assert [(rule, fault.message)] == told(*fault.plant(list(stacks[fault.stack]), settings))


def test_every_rule_has_its_planted_fault() -> None:
    assert set(ABOUT_RESOURCES) == set(FAULTS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_prevents_and_where_that_is_written(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)
    assert all(text.endswith((".", ")")) or ": " in text for text in (rule.title, rule.incident, rule.remedy))
    assert rule.link.startswith("https://")
    assert rule.scope == "stack" or not rule.reads


@pytest.mark.parametrize("stack", STACKS)
def test_where_nothing_is_known_nothing_is_found_and_much_is_undecided(
    stack: str, stacks: Stacks, settings: Settings
) -> None:
    unknown = [replace(one, props={name: Unknown(name) for name in one.props}) for one in stacks[stack]]
    assert [] == told(unknown, settings)
    assert len({finding.rule.id for finding in undecided(unknown, settings)}) > 5


def test_no_rule_of_the_pack_knows_the_generator_or_the_engine() -> None:
    pack = Path(rules.__file__).parent
    importing = {
        path.name
        for path in pack.glob("*.py")
        if re.search(r"^\s*(from|import) (generator|pulumi)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"__main__.py", "engine.py"} == importing


def test_an_unknown_document_is_undecided_and_decided_once_it_is_known(stacks: Stacks, settings: Settings) -> None:
    inline = next(one for one in stacks[AWS] if one.type == "aws:iam/rolePolicy:RolePolicy")
    preview = replace(inline, props={**inline.props, "policy": Unknown("policy")})

    assert [] == told([preview], settings)
    assert {
        ("iam-names-its-actions", f"{inline.name}: undecided, because policy is known only after the deployment."),
        ("iam-names-its-resources", f"{inline.name}: undecided, because policy is known only after the deployment."),
        ("policies-fit", f"{inline.name}: undecided, because policy is known only after the deployment."),
    } == {(finding.rule.id, finding.message) for finding in undecided([preview], settings)}
    assert [] == undecided([inline], settings)


def test_what_is_literal_is_judged_though_something_beside_it_is_unknown(stacks: Stacks, settings: Settings) -> None:
    alarm = next(one for one in stacks[AWS] if one.name == "electronics-usa-latency")
    mistaken = replace(alarm, props={**alarm.props, "threshold": 300.0, "alarmActions": [Unknown("alarmActions[0]")]})
    assert ["latency-is-in-microseconds"] == [rule for rule, _ in told([mistaken], settings)]


def test_a_threshold_follows_its_configuration(stacks: Stacks, settings: Settings) -> None:
    resources, _ = FAULTS["paths-wait-no-longer-than-granted"].plant(list(stacks[AWS]), settings)
    raised = replace(settings, config={"paths-wait-no-longer-than-granted": {"most_ms": 60000}})
    assert [] == told(resources, raised)


def test_a_minimum_is_ignored_only_where_a_schedule_moves_it(stacks: Stacks, settings: Settings) -> None:
    without = [one for one in stacks[AWS] if one.type != tokens.SCHEDULED_ACTION]

    assert len(without) < len(stacks[AWS])
    assert [("changes-are-noticed", "fashion-usa-scaling ignores changes of minCapacity.")] == told(without, settings)


def test_the_readme_shows_every_rule_as_it_is() -> None:
    readme = (Path(rules.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert table() == readme.partition("|---|---|---|---|---|---|---|\n")[2]
