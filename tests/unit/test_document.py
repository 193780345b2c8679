import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from generator.errors import InputError
from generator.model import PROFILES, Plan, Profile
from generator.present.document import document, layout_of, saved_document
from generator.present.plan_document import plan_schema
from tests.plans import HOSTILE, plan, with_today


def written(one: Plan) -> dict[str, Any]:
    return json.loads(document(one).text())


@pytest.mark.parametrize("one", [plan(), plan(HOSTILE), with_today(plan())], ids=["plain", "hostile", "today"])
def test_every_document_is_valid_under_the_published_schema(one: Plan) -> None:
    jsonschema.validate(written(one), plan_schema())


def test_the_document_holds_what_the_issue_asks_for() -> None:
    found = written(plan())

    assert {
        "fleet", "seed", "planned_window", "scored_window", "catalog_as_of", "baseline", "current", "recommendations",
        "why_not", "note",
    } <= set(found)  # fmt: skip
    assert {"start": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z", "bin_s": 900.0} == found["planned_window"]
    assert ["cheapest", "balanced", "resilient"] == [one["profile"] for one in found["recommendations"]]
    for one in found["recommendations"]:
        assert {
            "profile", "cost_usd_per_h", "attainment", "saving_vs_baseline", "risk", "source", "violations", "groups",
        } <= set(one)  # fmt: skip
        assert {"floor", "expected", "ceiling"} == set(one["cost_usd_per_h"])
        for group in one["groups"]:
            assert {
                "name", "cloud", "region", "instance_type", "hosting", "min_replicas", "max_replicas", "workloads",
            } <= set(group)  # fmt: skip
    assert not {"profile", "saving_vs_baseline"} & set(found["baseline"])
    assert {"recommendation", "group", "subject", "rule", "message"} == set(found["why_not"][0])


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert document(plan()).text() == document(plan()).text()


def test_order_that_says_nothing_does_not_show() -> None:
    one = plan()
    turned = replace(one, recommendations=one.recommendations[::-1], why_not=one.why_not[::-1])

    assert document(turned).text() == document(one).text()


def test_the_text_is_ascii_whatever_the_names() -> None:
    assert document(plan(HOSTILE)).text().isascii()


def test_what_has_no_price_is_listed_and_not_zero() -> None:
    balanced = written(plan())["recommendations"][1]

    assert ["alarms on aws"] == balanced["unpriced"]
    assert [None] == [item["usd_per_h"] for item in balanced["items"] if item["name"] == "alarms on aws"]


def test_a_current_machine_the_catalogue_lacks_leaves_the_cost_open() -> None:
    current = written(with_today(plan()))["current"]

    assert current["cost_usd_per_h"] is None
    assert [None] == [group["cost_usd_per_h"] for group in current["groups"]][:1]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_saved_plan_gives_its_layouts_back(profile: Profile) -> None:
    one = plan(HOSTILE)
    kept = next(found.layout for found in one.recommendations if found.profile == profile)

    assert layout_of(saved_document(document(one).text().encode(), "plan.json"), profile) == kept


def test_balanced_is_chosen_and_the_first_where_it_is_missing() -> None:
    one = plan()
    fewer = replace(one, recommendations=(one.recommendations[0],), note="1 distinct recommendation.")

    assert "balanced" == document(one).chosen.profile
    assert "cheapest" == document(fewer).chosen.profile


def test_a_missing_recommendation_is_refused_with_those_there_are() -> None:
    one = plan()
    fewer = document(replace(one, recommendations=one.recommendations[:2], note="resilient is the same as balanced."))

    with pytest.raises(InputError, match=r"cheapest, balanced\. resilient is the same"):
        layout_of(fewer, "resilient")


def changed(path: tuple[str | int, ...], value: object) -> bytes:
    found = written(plan())
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(found).encode()


FIRST = ("recommendations", 0, "groups", 0)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("version",), 2, "version"),
        (("surprise",), 1, "surprise"),
        (("seed",), "7", "seed"),
        (("gap",), float("nan"), "gap"),
        ((*FIRST, "name"), "../../etc/passwd", "name"),
        ((*FIRST, "name"), "shop-b", "same name"),
        ((*FIRST, "instance_type"), 'x"); import os', "instance_type"),
        ((*FIRST, "hosting"), "basement", "hosting"),
        ((*FIRST, "cloud"), "gcp", "not hosted on gcp"),
        ((*FIRST, "min_replicas"), 9, "min_replicas"),
        ((*FIRST, "max_replicas"), 10**12, "max_replicas"),
        ((*FIRST, "workloads"), [], "workloads"),
        ((*FIRST, "workloads"), ["ads", "ads"], "two groups"),
        ((*FIRST, "workloads"), ["ads"], "other workloads"),
        ((*FIRST, "target_utilization"), 0, "target_utilization"),
        ((*FIRST, "attainment"), 1.5, "attainment"),
        (("recommendations", 1, "profile"), "cheapest", "same profile"),
        (("recommendations",), [], "recommendations"),
    ],
)
def test_a_spoilt_plan_is_refused_by_field(path: tuple[str | int, ...], value: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        saved_document(changed(path, value), "plan.json")

    assert refused.value.where.startswith("plan.json")
    assert "covey plan" in refused.value.remedy


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5_000, b'{"fleet": "\\ud800"}']
)
def test_what_is_no_plan_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        saved_document(content, "plan.json")


def test_a_strangers_key_is_not_repeated() -> None:
    with pytest.raises(InputError) as refused:
        saved_document(changed(("\x1b[31m evil",), 1), "plan.json")

    assert "evil" not in str(refused.value)
