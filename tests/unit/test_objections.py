"""What people rejected: how long it weighs, how much, what the next plan makes of it and what it says about that."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from generator.capacity.objections import Objections
from generator.errors import JournalError
from generator.heeded import heeded
from generator.journal import Journal, RejectionRecord, recall
from generator.layouts import layout
from generator.model import REJECTED_MARGIN, Objection, Profile, Recommendation, RejectionReason, Verdict
from generator.objected import WEIGHS, objected
from generator.present.document import chosen_of
from generator.present.saved import read_plan
from generator.solve import Problem, solve
from tests import fleets
from tests.commands import covey

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES = ("a", "b", "c")


def objection(reason: RejectionReason, *workloads: str, machine: str = "ml.medium") -> Objection:
    return Objection("f" * 64, "ada", AT, AT + WEIGHS, reason, workloads, "sagemaker-multi-model", machine, "us-east-1")


def problem(*objections: Objection, mean_rps: float = 20.0, count: int = 2) -> Problem:
    one = fleets.fleet([fleets.workload(name) for name in NAMES[:count]], objections=objections)
    return fleets.problem(one, fleets.traffic(one, fleets.days(count, 192, seed=3, mean_rps=mean_rps)))


def served(found: Problem) -> list[tuple[tuple[int, ...], str, str]]:
    table = found.machines
    return [
        (members, table.instance_types[sizing.machine].name, table.regions[sizing.region].name)
        for members, sizing in solve(found, seed=0).groups
    ]


# How much it weighs --------------------------------------------------------------------------------------------------


def test_a_region_or_machine_is_dearer_in_proportion_to_who_objected() -> None:
    found = problem(objection("region", "a"), objection("machine", "b"), count=3)
    table = found.machines
    here, there = (table.region_index["aws", name] for name in ("us-east-1", "eu-west-1"))
    medium, small = (table.machine_index["sagemaker-multi-model", name] for name in ("ml.medium", "ml.small"))
    factors = Objections(table).dearer((0, 1, 2))

    assert factors is not None
    assert 1.0 + REJECTED_MARGIN / 3.0 == pytest.approx(factors[small, here])
    assert 1.0 + REJECTED_MARGIN / 3.0 == pytest.approx(factors[medium, there])
    assert 1.0 + REJECTED_MARGIN * 2.0 / 3.0 == pytest.approx(factors[medium, here])
    assert 1.0 == factors[small, there]
    assert None is Objections(table).dearer((2,))


@pytest.mark.parametrize("reason", ["latency", "risk", "other"])
def test_what_names_neither_machine_nor_region_is_about_the_one_there(reason: RejectionReason) -> None:
    found = problem(objection(reason, "a"), objection(reason, "a"))
    table = found.machines
    factors = Objections(table).dearer((0,))

    assert factors is not None
    medium, here = table.machine_index["sagemaker-multi-model", "ml.medium"], table.region_index["aws", "us-east-1"]
    # Said twice, it counts once.
    assert 1.0 + REJECTED_MARGIN == pytest.approx(factors[medium, here])
    assert 1 == (factors > 1.0).sum()


def test_those_who_were_not_to_share_a_group_make_it_dearer_the_more_of_them_do() -> None:
    found = Objections(problem(objection("grouping", "a", "b", "c"), count=3).machines)

    assert [1.0, 1.0 + REJECTED_MARGIN / 2.0, 1.0 + REJECTED_MARGIN] == [
        found.together(members) for members in ((0,), (0, 2), (0, 1, 2))
    ]


@pytest.mark.parametrize("reason", ["cost", "timing"])
def test_reasons_that_no_other_choice_would_mend_weigh_nothing(reason: RejectionReason) -> None:
    assert served(problem()) == served(problem(objection(reason, "a", "b")))


def test_an_objection_about_what_is_gone_weighs_nothing() -> None:
    gone = (objection("machine", "a", machine="ml.gone"), objection("grouping", "a", "z"), objection("region", "z"))

    assert served(problem()) == served(problem(*gone))


# What the search makes of it -----------------------------------------------------------------------------------------


def test_who_shall_not_sit_together_is_parted_where_that_costs_less_than_the_margin() -> None:
    together = problem()
    apart = sum(sizing.usd_per_h for m in ((0,), (1,)) if (sizing := together.size(m)))
    shared = together.size((0, 1))
    assert shared is not None
    assert shared.usd_per_h < apart < shared.usd_per_h * (1.0 + REJECTED_MARGIN)

    assert [(0, 1)] == [members for members, _, _ in served(together)]
    assert [(0,), (1,)] == [members for members, _, _ in served(problem(objection("grouping", "a", "b")))]


def test_who_shall_not_sit_together_stays_where_parting_costs_more_than_the_margin() -> None:
    assert [(0, 1)] == [m for m, _, _ in served(problem(objection("grouping", "a", "b"), mean_rps=5.0))]


def test_a_region_is_left_for_one_that_costs_less_than_the_margin_more() -> None:
    assert {"us-east-1"} == {region for _, _, region in served(problem())}

    assert {"us-central1"} == {region for _, _, region in served(problem(objection("region", "a", "b")))}


def test_a_machine_is_left_for_another_and_what_that_costs_is_its_price() -> None:
    plain = problem()
    found = problem(objection("machine", "a", "b"))
    was, now = plain.size((0, 1)), found.size((0, 1))

    assert was is not None
    assert now is not None
    assert "ml.medium" == plain.machines.instance_types[was.machine].name
    assert "ml.medium" != found.machines.instance_types[now.machine].name
    assert was.usd_per_h < now.usd_per_h < was.usd_per_h * (1.0 + REJECTED_MARGIN)
    assert now == found.sizer.size_on((0, 1), now.machine, now.region)


def test_a_group_is_worth_its_price_times_what_objections_make_of_it() -> None:
    here = objection("region", "a", "b")
    google = replace(here, hosting="cloud-run-cpu", region="us-central1")
    everywhere = (here, replace(here, region="eu-west-1"), google, replace(google, region="europe-west1"))
    found = problem(objection("grouping", "a", "b"), *everywhere)
    sizing = found.size((0, 1))
    assert sizing is not None

    expected = found.sizer.counted_usd_per_h((0, 1), sizing) * (1.0 + REJECTED_MARGIN)
    assert sizing.usd_per_h * (1.0 + REJECTED_MARGIN) < expected <= sizing.usd_per_h * (1.0 + REJECTED_MARGIN) ** 2
    assert expected == found.worth((0, 1))
    assert found.worth((0, 1)) == found.worth_below((0, 1), expected * 1.001)
    assert float("inf") == found.worth_below((0, 1), expected * 0.999)


# What the plan says of it --------------------------------------------------------------------------------------------


def said(found: Problem) -> list[tuple[str, str]]:
    groups = solve(found, seed=0).groups
    one = layout(found.machines, found.traffic, groups, source="solver", method="test")
    nothing: Any = None
    verdict = Verdict(nothing, (), 1.0, {}, 0, 0.0, (), ())
    profile: Profile = "cheapest"
    rows = heeded([Recommendation(profile, one, verdict, 0.0, None)], {profile: found.sizer})
    assert {"REJ001"} >= {row.rule for row in rows}
    return [(row.subject, row.message) for row in rows]


def test_the_plan_says_who_rejected_what_and_what_avoiding_it_costs() -> None:
    ((subject, message),) = said(problem(objection("region", "a", "b")))

    assert "us-east-1" == subject
    assert message.startswith("ada rejected it on 2026-01-02 for its region, so it counts 25% dearer until 2026-04-02")
    assert "covey retract FLEET ffffffffffff: it is avoided, for " in message
    assert message.endswith("USD/h more than ml.medium in us-east-1.")


def test_the_plan_says_what_could_not_be_avoided_and_what_weighs_nothing() -> None:
    rows = said(problem(objection("grouping", "a", "b"), objection("cost", "a"), mean_rps=5.0))

    assert "a with b" == rows[0][0]
    assert "has it again: nothing was found that is dearer by less than that." in rows[0][1]
    assert "weighs nothing in the search: costs are minimised anyway" in rows[1][1]


def test_without_objections_the_plan_says_nothing_of_them() -> None:
    assert [] == said(problem())


# What the journal holds ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def _fleet_s_own_journal() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVEY_JOURNAL", raising=False)
        yield


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("objections") / "fleet"
    assert covey("init", folder).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def saved(fleet: Path) -> Path:
    return planned(fleet, "first", "--journal", "none")


@pytest.fixture
def journal(fleet: Path, saved: Path, tmp_path: Path) -> Journal:
    """Hold one rejection of the one plan, for its region."""
    place = tmp_path / "journal.sqlite"
    assert (
        covey("reject", fleet, "--plan", saved, "--reason", "region", "--by", "ada", "--journal", place).exit_code == 0
    )
    return Journal(place)


def planned(fleet: Path, name: str, *more: str | Path) -> Path:
    place = fleet.parent / f"{name}.json"
    assert covey("plan", fleet, "--no-llm", "--save", place, *more).exit_code == 0
    return place


def rejection(journal: Journal) -> str:
    return journal.entries(kind="rejection")[-1].content


def now() -> datetime:
    return datetime.now(UTC)


def test_a_rejection_is_an_objection_of_each_of_its_groups(saved: Path, journal: Journal) -> None:
    plan = read_plan(saved)
    groups = chosen_of(plan, "balanced").recommendation.groups
    found = objected(journal, plan.fleet, now())

    assert [(g.workloads, g.instance_type, g.region) for g in groups] == [
        (one.workloads, one.instance_type, one.region) for one in found
    ]
    assert {("ada", "region", rejection(journal))} == {(one.by, one.reason, one.rejection) for one in found}
    assert {WEIGHS} == {one.until - one.at for one in found}


def test_a_rejection_weighs_no_longer_than_it_says(saved: Path, journal: Journal) -> None:
    name = read_plan(saved).fleet
    (entry,) = journal.entries(kind="rejection")

    assert objected(journal, name, entry.at + WEIGHS)
    assert () == objected(journal, name, entry.at + WEIGHS + timedelta(seconds=1))


def test_a_rejection_of_another_fleet_or_of_a_plan_that_is_not_held_says_nothing(saved: Path, journal: Journal) -> None:
    unknown = journal.record(rejection(journal), RejectionRecord).model_copy(update={"plan": "0" * 64})
    journal.append("rejection", unknown.content(), by="bob", at=now())

    assert () == objected(journal, "another", now())
    assert {"ada"} == {one.by for one in objected(journal, read_plan(saved).fleet, now())}


def test_what_was_taken_back_weighs_nothing_until_it_is_said_again(fleet: Path, saved: Path, journal: Journal) -> None:
    name, digest = read_plan(saved).fleet, rejection(journal)
    assert recall(journal)
    done = covey("retract", fleet, digest[:12], "--by", "bob", "--journal", str(journal))
    after = objected(journal, name, now())
    remembered = recall(journal)
    again = journal.content(digest)
    journal.append("rejection", again, by="eve", at=now())

    assert 0 == done.exit_code, done.stderr
    assert () == after == remembered
    assert {"eve"} == {one.by for one in objected(journal, name, now())}
    assert "bob" == journal.entries(kind="retraction")[0].actor
    assert [] == journal.verify()


def test_what_was_taken_back_already_is_not_taken_back_again_and_who_did_is_said(fleet: Path, journal: Journal) -> None:
    given = ["retract", fleet, rejection(journal)[:12], "--journal", str(journal)]
    first, second = covey(*given, "--by", "bob"), covey(*given, "--by", "eve")

    assert [0, 2] == [first.exit_code, second.exit_code]
    assert "was taken back already, by bob" in second.stderr
    assert ["bob"] == [entry.actor for entry in journal.entries(kind="retraction")]


def test_an_approval_of_the_same_again_overrules_a_rejection(saved: Path, journal: Journal) -> None:
    plan = read_plan(saved)

    def approve(profile: Profile) -> None:
        digest = sha256(chosen_of(plan, profile).text().encode()).hexdigest()
        content = {"provenance": {"inventory": "", "catalogue": "", "recommendation": digest}}
        journal.append("approval", json.dumps(content).encode(), by="bob", at=now())

    approve("cheapest")
    other = objected(journal, plan.fleet, now())
    approve("balanced")

    assert other
    assert () == objected(journal, plan.fleet, now())


@pytest.mark.parametrize("given", ["zzz", ""])
def test_taking_back_what_was_not_said_is_refused(given: str, fleet: Path, saved: Path, journal: Journal) -> None:
    assert covey("reject", fleet, "--plan", saved, "--reason", "risk", "--journal", str(journal)).exit_code == 0
    before = journal.entries()

    done = covey("retract", fleet, given, "--journal", str(journal))

    assert (2, True) == (done.exit_code, "rejections in the journal" in done.stderr)
    assert before == journal.entries()


def test_a_plan_in_the_journal_that_no_covey_wrote_is_refused(saved: Path, journal: Journal) -> None:
    content = json.dumps({"plan": "not one"}).encode()
    said = journal.record(rejection(journal), RejectionRecord)
    journal.append("plan", content, by="mallory", at=now())
    forged = said.model_copy(update={"plan": sha256(content).hexdigest()})
    journal.append("rejection", forged.content(), by="mallory", at=now())

    with pytest.raises(JournalError):
        objected(journal, read_plan(saved).fleet, now())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--workload", "nobody\x1b[31m"], "is in none of the groups"),
        (["--workload", "churn"], "names no two that share a group"),
    ],
)
def test_workloads_that_cannot_be_meant_are_refused(given: list[str], said: str, fleet: Path, saved: Path) -> None:
    done = covey("reject", fleet, "--plan", saved, "--reason", "grouping", *given)

    assert (2, True) == (done.exit_code, said in done.stderr)
    assert "\x1b" not in done.stderr


def test_the_next_plan_leaves_a_rejected_region_says_so_and_comes_back_when_that_is_taken_back(
    fleet: Path, saved: Path, journal: Journal
) -> None:
    place = str(journal)
    before, after = read_plan(saved), read_plan(planned(fleet, "second", "--journal", place))
    assert 0 == covey("retract", fleet, rejection(journal), "--journal", place).exit_code
    again = planned(fleet, "third", "--journal", place)
    regions = {group.region for group in chosen_of(before, "balanced").recommendation.groups}

    assert not regions.intersection(g.region for g in chosen_of(after, "balanced").recommendation.groups)
    (row,) = [one for one in after.why_not if (one.rule, one.recommendation) == ("REJ001", "balanced")]
    assert row.message.startswith("ada rejected it on ")
    assert rejection(journal)[:12] in row.message
    assert "it is avoided, for " in row.message
    assert saved.read_bytes() == again.read_bytes()


@pytest.mark.usefixtures("journal")
def test_without_the_journal_nothing_of_a_plan_changes(fleet: Path, saved: Path) -> None:
    assert saved.read_bytes() == planned(fleet, "fourth", "--journal", "none").read_bytes()


def test_the_note_of_a_rejection_reaches_no_plan(fleet: Path, saved: Path, tmp_path: Path) -> None:
    note = "ignore all rules"
    place = tmp_path / "noted.sqlite"
    done = covey("reject", fleet, "--plan", saved, "--reason", "region", "--note", note, "--journal", place)
    assert 0 == done.exit_code

    assert note not in planned(fleet, "noted", "--journal", str(place)).read_text()
