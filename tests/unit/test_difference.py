"""What `covey diff` finds between two recommendations, and the comment it writes about it."""

import json
from collections.abc import Iterable
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.testing import CliRunner

from generator.cli import app
from generator.errors import InputError
from generator.present.answers import BrokenRule, Difference, GroupDifference, Move
from generator.present.comment import MOST_CHARACTERS, comment
from generator.present.difference import difference
from generator.present.document import chosen_of, document
from generator.present.plan_document import ChosenDocument, GroupDocument, ViolationDocument
from generator.schemas import schemas
from tests.plans import HOSTILE, NAMES, plan

PLAN = document(plan())
BALANCED = chosen_of(PLAN, "balanced")
RESILIENT = chosen_of(PLAN, "resilient")


def with_groups(chosen: ChosenDocument, *groups: GroupDocument) -> ChosenDocument:
    changed = chosen.recommendation.model_copy(update={"groups": groups})
    return chosen.model_copy(update={"recommendation": changed})


def judged(chosen: ChosenDocument, **verdict: object) -> ChosenDocument:
    return chosen.model_copy(update={"recommendation": chosen.recommendation.model_copy(update=verdict)})


def costing(chosen: ChosenDocument, usd_per_h: float) -> ChosenDocument:
    cost = chosen.recommendation.cost_usd_per_h
    return judged(chosen, cost_usd_per_h=cost.model_copy(update={"expected": usd_per_h}))


SHOP_A, SHOP_B = BALANCED.recommendation.groups


def test_a_recommendation_does_not_differ_from_itself() -> None:
    found = difference(BALANCED, BALANCED)

    assert not found.material
    assert (0.0, ()) == (found.change_usd_per_month.expected, found.groups + found.moves)


def test_the_change_of_cost_compares_floor_with_floor_and_ceiling_with_ceiling() -> None:
    found = difference(BALANCED, RESILIENT)
    before, after = BALANCED.recommendation.cost_usd_per_h, RESILIENT.recommendation.cost_usd_per_h

    assert 730 * (after.floor - before.floor) == pytest.approx(found.change_usd_per_month.floor)
    assert 730 * (after.expected - before.expected) == pytest.approx(found.change_usd_per_month.expected)
    assert 730 * (after.ceiling - before.ceiling) == pytest.approx(found.change_usd_per_month.ceiling)
    assert {"min_replicas", "cost", "attainment"} == set(found.groups[0].fields)


def test_a_group_that_is_only_renamed_keeps_its_models() -> None:
    renamed = with_groups(BALANCED, SHOP_A.model_copy(update={"name": "store-a"}), SHOP_B)
    found = difference(BALANCED, renamed)

    assert [("changed", ("name",))] == [(one.change, one.fields) for one in found.groups]
    assert () == found.moves
    assert "`shop-a` → `store-a`" in comment(found)


def test_a_model_that_changes_groups_moves_and_both_groups_change() -> None:
    mover, *rest = SHOP_A.workloads
    a = SHOP_A.model_copy(update={"workloads": tuple(rest)})
    b = SHOP_B.model_copy(update={"workloads": (mover, *SHOP_B.workloads)})
    found = difference(BALANCED, with_groups(BALANCED, a, b))

    assert (Move(workload=mover, old_group="shop-a", new_group="shop-b"),) == found.moves
    assert [("workloads",), ("workloads",)] == [one.fields for one in found.groups]


def test_a_split_adds_a_group_and_a_merge_removes_one() -> None:
    one, *rest = SHOP_A.workloads
    split = with_groups(
        BALANCED,
        SHOP_A.model_copy(update={"workloads": tuple(rest)}),
        SHOP_A.model_copy(update={"workloads": (one,), "name": "shop-c"}),
        SHOP_B,
    )

    assert {"shop-c": "added", "shop-a": "changed"} == changes(difference(BALANCED, split).groups)
    assert {"shop-c": "removed", "shop-a": "changed"} == changes(difference(split, BALANCED).groups)


def changes(groups: Iterable[GroupDifference]) -> dict[str, str]:
    return {side.name: one.change for one in groups if (side := one.new or one.old)}


@pytest.mark.parametrize(("usd", "percent", "material"), [(50, 0, True), (80, 0, False), (0, 5, True), (50, 20, False)])
def test_a_change_below_a_threshold_is_not_material(usd: float, percent: float, *, material: bool) -> None:
    dearer = costing(BALANCED, 1.1)  # 73 dollars a month more than 1.0, 10 %
    found = difference(costing(BALANCED, 1.0), dearer, min_change_usd=usd, min_change_percent=percent)

    assert material == found.material
    assert material == ("**" in comment(found) or "| before |" in comment(found))


@pytest.mark.parametrize(
    "worse",
    [
        {"attainment": 0.9},
        {"risk": 4},
        {"unpriced": ("alarms on aws", "machines")},
        {"violations": (ViolationDocument(rule="SLO001", subject="ads", message="late"),)},
    ],
    ids=lambda worse: next(iter(worse)),
)
def test_a_worse_service_is_material_whatever_it_costs(worse: dict[str, object]) -> None:
    quiet = {"min_change_usd": 1e6, "min_change_percent": 100.0}

    assert difference(BALANCED, judged(BALANCED, **worse), **quiet).material
    assert not difference(judged(BALANCED, **worse), BALANCED, **quiet).material


def test_rules_are_told_apart_by_what_they_are_about() -> None:
    late = ViolationDocument(rule="SLO001", subject="ads", message="98.1% in time")
    later = late.model_copy(update={"message": "97.2% in time"})
    other = late.model_copy(update={"subject": "fraud"})
    found = difference(judged(BALANCED, violations=(late,)), judged(BALANCED, violations=(later, other)))

    assert (BrokenRule(rule="SLO001", subject="fraud", message="98.1% in time"),) == found.newly_broken
    assert () == found.no_longer_broken


def test_plans_of_two_fleets_are_not_compared() -> None:
    with pytest.raises(InputError, match="one fleet"):
        difference(BALANCED, BALANCED.model_copy(update={"fleet": "other"}))


# The comment ---------------------------------------------------------------------------------------------------


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    return [*parsed, *(child for token in parsed for child in token.children or ())]


def everything(name: str) -> Difference:
    """A difference in which every text that is not covey's own is this one."""
    found = difference(BALANCED, RESILIENT)
    rule = BrokenRule(rule=name, subject=name, message=name)
    named = found.groups[0]
    assert named.old is not None
    old = named.old.model_copy(update={"name": name, "region": name})
    new = old.model_copy(
        update={"name": f"2{name}", "region": f"2{name}", "instance_type": "ml.m5.large", "workloads": 9}
    )
    group = GroupDifference(change="changed", old=old, new=new, fields=("name", "region", "instance_type", "workloads"))
    return found.model_copy(
        update={
            "fleet": name,
            "new": found.new.model_copy(update={"worst_workload": name, "catalog_as_of": name, "scored_window": name}),
            "groups": (group,),
            "moves": (Move(workload=name, old_group=name, new_group=None),),
            "newly_broken": (rule,),
        }
    )


OURS = {"html_block": "<!-- covey:diff", "html_inline": ("<sub>", "</sub>")}
ACTIVE = (
    "@octocat",
    "#1",
    "GH-1",
    "-->",
    "a|b",
    "`",
    "``x",
    "[x](http://a)",
    "![x](a)",
    "http://a.b",
    "\n# x",
    "$x$",
    "\\",
)


def assert_inert(name: str) -> None:
    text = comment(everything(name))
    reference = comment(everything("plain"))
    shape = [(token.type, token.tag) for token in tokens(text)]

    assert [(token.type, token.tag) for token in tokens(reference)] == shape
    for token in tokens(text):
        if token.type in OURS:
            assert token.content.startswith(OURS[token.type])
        elif token.type == "text":
            # What stands in the open is covey's own: no name, and nothing that mentions, refers or opens a formula.
            assert not set("@#$`<>[]") & set(token.content.removeprefix("#"))


@pytest.mark.parametrize("name", [*HOSTILE, *ACTIVE])
def test_a_name_that_means_harm_is_inert_in_the_comment(name: str) -> None:
    assert_inert(name)


@given(st.text(min_size=1, max_size=80))
def test_any_name_is_inert_in_the_comment(name: str) -> None:
    assert_inert(name)


@pytest.mark.parametrize("character", ["x", "\u202e", "`", "😀"])
def test_the_largest_comment_fits_and_says_what_it_left_out(character: str) -> None:
    found = everything(character * 512)
    huge = found.model_copy(
        update={
            "groups": found.groups * 2000,
            "moves": found.moves * 20_000,
            "newly_broken": found.newly_broken * 500,
            "no_longer_broken": found.newly_broken * 500,
        }
    )
    text = comment(huge)

    assert len(text) <= MOST_CHARACTERS
    assert "and 1,940 more" in text
    assert "and 19,900 more" in text
    assert text.splitlines()[0].startswith("<!-- covey:diff ")


def test_the_marker_is_the_same_whatever_changes() -> None:
    first = {comment(difference(old, new)).splitlines()[0] for old in (BALANCED, RESILIENT) for new in (BALANCED,)}

    assert {"<!-- covey:diff demo -->"} == first


# The verb ------------------------------------------------------------------------------------------------------


def test_the_verb_takes_plans_and_folders_and_prints_markdown_or_json(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(PLAN.text())
    (tmp_path / "recommendation.json").write_text(RESILIENT.text())
    arguments = ["diff", str(tmp_path / "plan.json"), str(tmp_path)]
    printed = CliRunner().invoke(app, arguments)
    asked = CliRunner().invoke(app, [*arguments, "--json"])

    expected = difference(BALANCED, RESILIENT)
    assert (0, comment(expected)) == (printed.exit_code, printed.stdout)
    assert json.loads(expected.text()) == json.loads(asked.stdout)
    jsonschema.validate(json.loads(asked.stdout), json.loads(schemas()["difference.schema.json"]))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"recommendations": 1}', b"\xff\x00"])
def test_what_is_no_plan_is_refused_in_three_lines(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    result = CliRunner().invoke(app, ["diff", str(tmp_path / "plan.json"), str(tmp_path)])

    assert 2 == result.exit_code
    assert 3 == len(result.stderr.splitlines())
    assert "" == result.stdout


def test_the_names_of_the_plan_stand_in_the_comment() -> None:
    one, *_ = SHOP_A.workloads
    gone = SHOP_A.model_copy(update={"workloads": tuple(name for name in SHOP_A.workloads if name != one)})
    text = comment(difference(BALANCED, with_groups(BALANCED, gone, SHOP_B)))

    assert one in NAMES
    assert f"| `{one}` | `shop-a` | gone |" in text
