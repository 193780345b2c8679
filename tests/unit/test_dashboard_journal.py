"""What people say on the pages: taking a plan, rejecting it, the log; and a journal that cannot be used."""

import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import pytest
from starlette.testclient import TestClient

from generator.approval.on_disk import approval_of
from generator.history import history_of_decisions, journal_at
from generator.journal import RejectionRecord, RetractionRecord, recall
from generator.objected import WEIGHS
from generator.present.plan_document import GroupDocument
from tests.dashboards import Site, desk, journal, planned, pretended, site, tamper
from tests.plans import HOSTILE

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _recorded(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr("generator.ship.preview", pretended)
    monkeypatch.delenv("COVEY_JOURNAL", raising=False)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    (tmp_path / "fleet").mkdir()
    return tmp_path / "fleet"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "infra"


@pytest.fixture
def one(fleet: Path, project: Path) -> Site:
    found = site(desk(project, fleet))
    found.enter()
    return found


def plan_digest(client: TestClient) -> str:
    return plan_of(client.get("/plan").text)


def plan_of(page: str) -> str:
    return page.partition('name="plan" value="')[2].partition('"')[0]


def claim_of(client: TestClient) -> str:
    return client.get("/plan").headers["etag"].strip('"')


def claim(one: Site, by: str, *, seen: str | None = None, act: str = "take", **headers: str) -> int:
    page = one.client.get("/plan")
    form = one.form(
        plan=plan_of(page.text), shown=page.headers["etag"].strip('"') if seen is None else seen, by=by, act=act,
        profile="balanced",
    )  # fmt: skip
    return one.client.post("/plan/claim", data=form, headers=headers).status_code


def reject(one: Site, *workloads: str, **changed: str) -> int:
    form = {"plan": plan_digest(one.client), "profile": "balanced", "by": "ada", "reason": "region", "note": ""}
    chosen = {"workload": list(workloads)} if workloads else {}
    return one.client.post("/plan/reject", data={**one.form(**{**form, **changed}), **chosen}).status_code


def approve(one: Site, by: str) -> int:
    shown = one.client.get("/program?profile=balanced").headers["etag"].strip('"')
    form = one.form(profile="balanced", shown=shown, by=by, days="7", note="")
    return one.client.post("/program/approve", data=form).status_code


def test_whoever_takes_a_plan_is_seen_by_others_and_after_a_restart(one: Site, fleet: Path) -> None:
    assert claim(one, "ada") == 303
    restarted = site(desk(None, fleet)).enter()

    for client in (one.client, restarted):
        assert "<strong>ada</strong> took this plan to decide" in client.get("/plan").text
    assert claim(one, "ada", act="give back") == 303
    assert "Nobody has taken this plan" in restarted.get("/plan").text
    assert ["claim", "claim"] == [entry.kind for entry in journal(fleet).entries()]


def test_of_two_people_who_take_the_same_plan_one_wins(fleet: Path) -> None:
    people = {name: site(desk(None, fleet)) for name in ("ada", "grace")}
    for found in people.values():
        found.enter()
    seen = {name: claim_of(found.client) for name, found in people.items()}
    together, statuses = Barrier(2), dict[str, int]()

    def take(name: str) -> None:
        together.wait(timeout=60)
        statuses[name] = claim(people[name], name, seen=seen[name])

    threads = [Thread(target=take, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert [303, 412] == sorted(statuses.values())
    (winner,) = (entry.actor for entry in journal(fleet).entries(kind="claim"))
    assert 303 == statuses[winner]


@pytest.mark.parametrize("seen", ["", "0" * 63, "f" * 64, "*", '"', "0" * 64])
def test_a_forged_or_stale_etag_takes_nothing(one: Site, fleet: Path, seen: str) -> None:
    assert claim(one, "ada") == 303

    assert claim(one, "grace", seen=seen) == 412
    assert ["ada"] == [entry.actor for entry in journal(fleet).entries(kind="claim")]


def test_if_match_is_taken_before_the_form_s_etag(one: Site) -> None:
    stale = claim(one, "ada", **{"if-match": f'"{"f" * 64}"'})
    fresh = claim(one, "ada", seen="", **{"if-match": f'"{claim_of(one.client)}"'})

    assert [412, 303] == [stale, fresh]


def test_who_has_not_taken_the_plan_neither_approves_nor_rejects_it_until_they_take_it_over(
    one: Site, project: Path, fleet: Path
) -> None:
    assert claim(one, "ada") == 303
    assert [409, 409] == [approve(one, "grace"), reject(one, by="grace")]
    assert not (project / "approval.json").exists()
    assert claim(one, "grace") == 303
    assert approve(one, "grace") == 303

    assert approval_of(project).approved_by == "grace"
    # Who has decided holds it no longer.
    assert "Nobody has taken this plan" in one.client.get("/plan").text
    assert [] == journal(fleet).verify()


def test_an_approval_of_a_page_from_before_somebody_took_the_plan_is_stale(one: Site, project: Path) -> None:
    shown = one.client.get("/program?profile=balanced").headers["etag"].strip('"')
    assert claim(one, "ada") == 303
    form = one.form(profile="balanced", shown=shown, by="ada", days="7", note="")

    assert one.client.post("/program/approve", data=form).status_code == 412
    assert not (project / "approval.json").exists()


def test_a_rejection_is_kept_as_covey_reject_keeps_it_and_shown(one: Site, fleet: Path) -> None:
    assert reject(one, note="too near the coast") == 303
    (entry,) = journal(fleet).entries(kind="rejection")
    kept = RejectionRecord.model_validate_json(journal(fleet).content(entry.content))
    page = one.client.get("/plan").text

    assert ("ada", "balanced", "region", "too near the coast", None) == (
        entry.actor, kept.profile, kept.reason, kept.note, kept.groups,
    )  # fmt: skip
    assert "<strong>ada</strong> rejected balanced for its region" in page
    assert "too near the coast" in one.client.get("/program?profile=balanced").text
    # What the next plan is told of it.
    assert {("rejected", "region")} == {(one.outcome, one.reason) for one in recall(journal(fleet))}


def test_a_rejection_of_one_group_is_about_that_group(one: Site, fleet: Path) -> None:
    groups = [group.name for group in planned()[1].chosen.groups]
    profile = planned()[1].chosen.profile
    assert reject(one, group=groups[-1], profile=profile) == 303
    (entry,) = journal(fleet).entries(kind="rejection")

    assert (len(groups) - 1,) == RejectionRecord.model_validate_json(journal(fleet).content(entry.content)).groups
    assert "rejected" in one.client.get(f"/groups/{groups[-1]}?profile={profile}").text


def shared() -> GroupDocument:
    """Return the group that most workloads share."""
    return max(planned()[1].chosen.groups, key=lambda group: len(group.workloads))


def test_a_rejection_is_about_the_workloads_that_were_chosen_of_a_group_whatever_they_are_called(
    one: Site, fleet: Path
) -> None:
    group, profile = shared(), planned()[1].chosen.profile
    hostile = next(number for number, name in enumerate(group.workloads) if name in HOSTILE)
    other = next(number for number in range(len(group.workloads)) if number != hostile)
    assert 303 == reject(one, str(other), str(hostile), group=group.name, profile=profile, reason="grouping")
    (entry,) = journal(fleet).entries(kind="rejection")
    kept = RejectionRecord.model_validate_json(journal(fleet).content(entry.content))
    page = one.client.get(f"/groups/{group.name}?profile={profile}").text

    assert tuple(sorted((group.workloads[other], group.workloads[hostile]))) == kept.workloads
    assert "for its grouping, about " in page
    assert f"{profile}, 1 group of it, 2 models: grouping" in one.client.get("/log").text


@pytest.mark.parametrize("numbers", [("0", "999"), ("-1",), ("x",), ("",), ("0",), ("9" * 5000,)])
def test_workloads_that_the_group_has_not_and_one_that_would_be_apart_from_nobody_are_refused(
    one: Site, fleet: Path, numbers: tuple[str, ...]
) -> None:
    group, profile = shared(), planned()[1].chosen.profile

    assert 422 == reject(one, *numbers, group=group.name, profile=profile, reason="grouping")
    assert 422 == reject(one, "0", profile=profile, reason="machine")  # of no group
    assert journal(fleet).is_absent() or [] == journal(fleet).entries(kind="rejection")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"reason": "taste"}, 422),
        ({"reason": ""}, 422),
        ({"by": ""}, 422),
        ({"by": "a\x07b"}, 422),
        ({"note": "x" * 3000}, 422),
        ({"profile": "boldest"}, 422),
        ({"group": "nobody"}, 422),
        ({"plan": "0" * 64}, 412),
        ({"plan": ""}, 412),
    ],
)
def test_a_rejection_that_says_nothing_usable_is_not_kept(
    one: Site, fleet: Path, changed: dict[str, str], status: int
) -> None:
    assert status == reject(one, **changed)
    assert journal(fleet).is_absent() or [] == journal(fleet).entries(kind="rejection")


def etag_of_rejection(client: TestClient) -> str:
    form = client.get("/plan").text.partition('action="/plan/retract"')[2]
    return form.partition('name="shown" value="')[2].partition('"')[0]


def retract(one: Site, seen: str, by: str = "grace", **headers: str) -> int:
    form = one.form(plan=plan_digest(one.client), profile="balanced", shown=seen, by=by)
    return one.client.post("/plan/retract", data=form, headers=headers).status_code


def test_a_rejection_is_taken_back_as_covey_retract_does_and_the_page_says_by_whom(one: Site, fleet: Path) -> None:
    assert 303 == reject(one)
    (said,) = journal(fleet).entries(kind="rejection")
    assert (said.digest, 303) == (etag_of_rejection(one.client), retract(one, said.digest))
    (kept,) = journal(fleet).entries(kind="retraction")
    page = one.client.get("/plan").text

    assert "grace" == kept.actor
    assert RetractionRecord(rejection=said.content) == journal(fleet).record(kept.content, RetractionRecord)
    assert () == recall(journal(fleet))
    assert "<strong>grace</strong> took it back" in page
    assert 'action="/plan/retract"' not in page
    assert [] == journal(fleet).verify()


@pytest.mark.parametrize("seen", ["", "0" * 64, "*", '"', "x" * 5000])
def test_a_forged_etag_takes_nothing_back(one: Site, fleet: Path, seen: str) -> None:
    assert 303 == reject(one)

    assert 412 == retract(one, seen)
    assert [] == journal(fleet).entries(kind="retraction")


def test_what_was_taken_back_or_said_again_since_the_page_was_shown_is_not_taken_back(one: Site, fleet: Path) -> None:
    assert 303 == reject(one)
    first = etag_of_rejection(one.client)
    assert [303, 412] == [retract(one, first), retract(one, first, by="eve")]
    assert 303 == reject(one)
    assert 412 == retract(one, first)
    again = etag_of_rejection(one.client)

    assert first != again
    assert [303] == [retract(one, "", **{"if-match": f'"{again}"'})]
    assert ["grace", "grace"] == [entry.actor for entry in journal(fleet).entries(kind="retraction")]


def test_of_two_people_who_take_a_rejection_back_one_is_kept(fleet: Path) -> None:
    people = {name: site(desk(None, fleet)) for name in ("ada", "grace")}
    for found in people.values():
        found.enter()
    assert 303 == reject(people["ada"])
    seen = etag_of_rejection(people["ada"].client)
    together, statuses = Barrier(2), dict[str, int]()

    def take_back(name: str) -> None:
        together.wait(timeout=60)
        statuses[name] = retract(people[name], seen, by=name)

    threads = [Thread(target=take_back, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert [303, 412] == sorted(statuses.values())
    (winner,) = (entry.actor for entry in journal(fleet).entries(kind="retraction"))
    assert 303 == statuses[winner]


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"by": ""}, 422), ({"by": "a\x07b"}, 422), ({"plan": "0" * 64}, 412), ({"profile": "boldest"}, 422)],
)
def test_a_retraction_that_says_nothing_usable_is_not_kept(
    one: Site, fleet: Path, changed: dict[str, str], status: int
) -> None:
    assert 303 == reject(one)
    seen = etag_of_rejection(one.client)
    form = {"plan": plan_digest(one.client), "profile": "balanced", "shown": seen, "by": "grace", **changed}

    assert status == one.client.post("/plan/retract", data=one.form(**form)).status_code
    assert [] == journal(fleet).entries(kind="retraction")


def test_who_has_not_taken_the_plan_takes_no_rejection_of_it_back(one: Site, fleet: Path) -> None:
    assert [303, 303] == [reject(one), claim(one, "ada")]
    seen = etag_of_rejection(one.client)

    assert [409, 303] == [retract(one, seen), retract(one, seen, by="ada")]
    assert ["ada"] == [entry.actor for entry in journal(fleet).entries(kind="retraction")]


def replanned(fleet: Path, *, called: str | None = None, at: datetime | None = None) -> RejectionRecord:
    """Say in the journal that a group of another plan is not wanted, of a fleet of another name where that is given."""
    _, found = planned()
    other = found.model_copy(update={"seed": 7, "fleet": called or found.fleet})
    content = other.text().encode()
    said = RejectionRecord(
        plan=sha256(content).hexdigest(), recommendation="0" * 64, profile="balanced", reason="machine", note=None,
        groups=(0,),
    )  # fmt: skip
    history = history_of_decisions(fleet)
    history.add("plan", content)
    kept = journal_at(None, fleet)
    assert kept is not None
    kept.append("rejection", said.content(), by="ada", at=at or datetime.now(UTC))
    return said


def test_what_was_said_of_an_earlier_plan_is_shown_while_it_weighs_and_can_be_taken_back(
    one: Site, fleet: Path
) -> None:
    said = replanned(fleet)
    page = one.client.get("/plan").text
    name = next(found for found in planned()[1].recommendations if found.profile == "balanced").groups[0].name

    assert "Said of earlier plans" in page
    assert f"<strong>ada</strong> rejected {name} of balanced for its machine" in page
    assert 303 == retract(one, etag_of_rejection(one.client))
    (kept,) = journal(fleet).entries(kind="retraction")
    assert said.content() == journal(fleet).content(journal(fleet).record(kept.content, RetractionRecord).rejection)
    assert "Said of earlier plans" not in one.client.get("/plan").text


def test_what_another_fleet_s_people_said_and_what_is_too_old_is_not_shown(one: Site, fleet: Path) -> None:
    replanned(fleet, called="another")
    replanned(fleet, at=datetime.now(UTC) - WEIGHS - timedelta(days=1))

    assert "Said of earlier plans" not in one.client.get("/plan").text


@pytest.mark.parametrize("act", ["", "keep", "take\x00"])
def test_a_claim_that_does_nothing_is_refused(one: Site, act: str) -> None:
    assert 422 == claim(one, "ada", act=act)


def test_the_log_tells_who_said_what_and_that_the_chain_holds(one: Site, fleet: Path) -> None:
    assert "Nothing was recorded yet" in one.client.get("/log").text
    for step in (claim(one, "ada"), reject(one, note="why not"), approve(one, "ada")):
        assert 303 == step
    page = one.client.get("/log").text
    entries = journal(fleet).entries()

    assert "The chain holds" in page
    assert entries[-1].digest in page
    for said in ("took a plan to decide", "balanced: region. why not", "gave a plan back", "until 20"):
        assert said in page
    only = one.client.get("/log?kind=claim").text
    assert "took a plan to decide" in only
    assert "why not" not in only
    assert "No such entry" in one.client.get("/log?kind=nothing").text
    assert "No such entry" in one.client.get("/log?page=9").text


def test_hostile_words_are_text_on_every_page_that_repeats_them(one: Site) -> None:
    for name in HOSTILE:
        if name.isprintable() and len(name) < 200 and name.strip() == name:
            assert 303 == claim(one, name)
            assert 303 == reject(one, by=name, note=name)
    for path in ("/plan", "/program?profile=balanced", "/log", "/log?kind=claim", f"/log?kind={SCRIPT}"):
        page = one.client.get(path).text
        assert SCRIPT not in page
        assert not {"\x1b", "\u202e", "\u200b", "\x07"} & set(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in one.client.get("/log").text


@pytest.fixture
def spoken(one: Site) -> Site:
    assert [303, 303] == [claim(one, "ada"), reject(one)]
    return one


def test_a_broken_chain_is_shown_as_such_and_its_entries_still(spoken: Site, fleet: Path) -> None:
    tamper(fleet, "UPDATE log SET actor = 'eve' WHERE sequence = 1")
    answer = spoken.client.get("/log")

    assert answer.status_code == 200
    assert "The journal is not as it was written" in answer.text
    assert "Entry 1: is not what was written" in answer.text
    assert "The chain holds" not in answer.text
    assert "balanced: region" in answer.text


@pytest.mark.parametrize(
    "statement",
    ["UPDATE log SET at = 'never' WHERE sequence = 1", "UPDATE content SET body = x'00'", "DELETE FROM log"],
)
def test_whatever_was_done_to_a_journal_the_pages_are_there_and_say_so(
    spoken: Site, fleet: Path, statement: str
) -> None:
    tamper(fleet, statement)
    assert "not as it was written" in spoken.client.get("/log").text
    assert spoken.client.get("/plan").status_code == 200


def test_a_journal_of_another_version_decides_nothing_says_why_and_stays_as_it_is(
    spoken: Site, fleet: Path, project: Path
) -> None:
    tamper(fleet, "UPDATE covey_journal SET version = 99")
    before = (fleet / ".covey" / "journal.sqlite").read_bytes()
    log, plan = spoken.client.get("/log"), spoken.client.get("/plan")

    assert [503, 200] == [log.status_code, plan.status_code]
    assert "is of version 99; this covey reads 1" in log.text
    assert "Nothing can be decided" in plan.text
    digest = planned_digest()
    acts = {
        "/plan/claim": {"plan": digest, "shown": "0" * 64, "by": "ada", "act": "take", "profile": "balanced"},
        "/plan/reject": {"plan": digest, "by": "ada", "reason": "cost", "profile": "balanced"},
        "/plan/retract": {"plan": digest, "by": "ada", "shown": "0" * 64, "profile": "balanced"},
        "/program/approve": {
            "profile": "balanced", "by": "ada", "days": "7",
            "shown": spoken.client.get("/program?profile=balanced").headers["etag"].strip('"'),
        },
    }  # fmt: skip
    for path, form in acts.items():
        assert (path, 503) == (path, spoken.client.post(path, data=spoken.form(**form)).status_code)
    assert before == (fleet / ".covey" / "journal.sqlite").read_bytes()
    assert not (project / "approval.json").exists()


def planned_digest() -> str:
    return sha256(planned()[1].text().encode()).hexdigest()


def test_a_fleet_s_folder_that_was_deleted_meanwhile_ends_in_a_page_and_nothing_is_written(
    one: Site, fleet: Path, project: Path
) -> None:
    digest, shown = planned_digest(), one.client.get("/program?profile=balanced").headers["etag"].strip('"')
    shutil.rmtree(fleet)
    form = one.form(profile="balanced", shown=shown, by="ada", days="7")

    assert one.client.post("/program/approve", data=form).status_code == 503
    assert (
        one.client.post(
            "/plan/reject", data=one.form(plan=digest, by="ada", reason="cost", profile="balanced")
        ).status_code
        == 503
    )
    assert not (project / "approval.json").exists()
    assert not (project / "stacks").exists()
    assert one.client.get("/plan").status_code == 200


def test_a_project_that_was_deleted_meanwhile_is_not_approved_by_its_old_page(one: Site, project: Path) -> None:
    assert approve(one, "ada") == 303
    shown = one.client.get("/program?profile=balanced").headers["etag"].strip('"')
    shutil.rmtree(project)
    form = one.form(profile="balanced", shown=shown, by="ada", days="7")

    assert one.client.post("/program/approve", data=form).status_code == 412
    assert not (project / "approval.json").exists()
    assert approve(one, "ada") == 303


def test_without_a_journal_nothing_pretends_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVEY_JOURNAL", "none")
    alone = site(desk(None, tmp_path))
    client = alone.enter()
    digest = planned_digest()

    assert "Nothing is recorded" in client.get("/log").text
    assert "nobody can take or reject it here" in client.get("/plan").text
    form = alone.form(plan=digest, by="ada", reason="cost", profile="balanced")
    assert client.post("/plan/reject", data=form).status_code == 422
    form = alone.form(plan=digest, by="ada", act="take", shown="0" * 64, profile="balanced")
    assert client.post("/plan/claim", data=form).status_code == 422
