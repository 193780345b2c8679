"""Approving on the dashboard's pages: it binds what was shown, and of two people one wins."""

from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import pytest
from starlette.testclient import TestClient

from generator.approval.on_disk import approval_of
from generator.history import journal_at
from tests.dashboards import Site, desk, pretended, site


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "infra"


@pytest.fixture
def one(project: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr("generator.ship.preview", pretended)
    return site(desk(project))


def digest_on(client: TestClient, profile: str = "balanced") -> str:
    return client.get(f"/program?profile={profile}").headers["etag"].strip('"')


def approval(one: Site, shown: str, **changed: str) -> dict[str, str]:
    return one.form(**{"profile": "balanced", "shown": shown, "by": "ada", "days": "7", "note": "", **changed})


def test_an_approval_writes_what_was_shown_and_names_who(one: Site, project: Path) -> None:
    client = one.enter()
    assert not project.exists()
    answer = client.post("/program/approve", data=approval(one, digest_on(client), note="looks right"))

    assert (303, "/program?profile=balanced") == (answer.status_code, answer.headers["location"])
    written = approval_of(project)
    assert ("ada", "looks right") == (written.approved_by, written.note)
    assert (project / "recommendation.json").is_file()
    page = client.get("/program?profile=balanced").text
    assert "Nothing would change" in page
    assert "<strong>Approved</strong> by ada" in page


def test_an_approval_is_in_the_journal_with_the_plan_it_is_of(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.ship.preview", pretended)
    monkeypatch.delenv("COVEY_JOURNAL", raising=False)
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    recorded = site(desk(project, fleet))
    client = recorded.enter()
    assert client.post("/program/approve", data=approval(recorded, digest_on(client))).status_code == 303
    journal = journal_at(None, project)

    assert journal is not None
    kinds = {entry.kind: entry.actor for entry in journal.entries()}
    assert "ada" == kinds["approval"]
    assert "plan" in kinds
    assert [] == journal.verify()


def change_config(project: Path) -> None:
    config = next((project / "stacks" / "config").glob("*.yaml"))
    config.write_text(f"{config.read_text()}# a line\n")


def remove_file(project: Path) -> None:
    (project / "CUTOVER.md").unlink()


def remove_approval(project: Path) -> None:
    (project / "approval.json").unlink()


@pytest.mark.parametrize("meddle", [change_config, remove_file, remove_approval])
def test_what_changed_since_it_was_shown_is_not_approved(
    one: Site, project: Path, meddle: Callable[[Path], None]
) -> None:
    client = one.enter()
    assert client.post("/program/approve", data=approval(one, digest_on(client))).status_code == 303
    shown = digest_on(client)
    meddle(project)
    refused = client.post("/program/approve", data=approval(one, shown, by="grace"))

    assert refused.status_code == 412
    assert not (project / "approval.json").exists() or approval_of(project).approved_by == "ada"


@pytest.mark.parametrize("shown", ["", "0" * 64, "x" * 5000, '"', "*"])
def test_a_made_up_digest_approves_nothing(one: Site, project: Path, shown: str) -> None:
    assert one.enter().post("/program/approve", data=approval(one, shown)).status_code == 412
    assert not (project / "approval.json").exists()


def test_a_digest_of_one_recommendation_does_not_approve_another(one: Site, project: Path) -> None:
    client = one.enter()
    other = next(name for name in ("resilient", "cheapest") if name in client.get("/plan").text)

    answer = client.post("/program/approve", data=approval(one, digest_on(client), profile=other))
    assert answer.status_code == 412
    assert not (project / "approval.json").exists()


def test_of_two_people_with_the_same_page_one_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.ship.preview", pretended)
    # Two dashboards, as two people have them; they share nothing but the folder.
    people = {"ada": site(desk(project)), "grace": site(desk(project))}
    shown = {name: digest_on(found.enter()) for name, found in people.items()}
    together, statuses = Barrier(len(people)), dict[str, int]()

    def approve(name: str) -> None:
        form = approval(people[name], shown[name], by=name)
        together.wait(timeout=60)
        statuses[name] = people[name].client.post("/program/approve", data=form).status_code

    threads = [Thread(target=approve, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert shown["ada"] == shown["grace"]
    (winner,) = (name for name, status in statuses.items() if status == 303)
    assert {412, 409} & set(statuses.values())
    assert winner == approval_of(project).approved_by


def test_if_match_is_taken_before_the_form_s_digest(one: Site, project: Path) -> None:
    client = one.enter()
    shown = digest_on(client)
    stale = client.post("/program/approve", data=approval(one, shown), headers={"if-match": f'"{"0" * 64}"'})
    fresh = client.post("/program/approve", data=approval(one, ""), headers={"if-match": f'"{shown}"'})

    assert [412, 303] == [stale.status_code, fresh.status_code]
    assert approval_of(project).approved_by == "ada"


@pytest.mark.parametrize(
    "changed",
    [{"by": ""}, {"by": "a\x07b"}, {"by": "x" * 300}, {"days": "0"}, {"days": "91"}, {"days": "-1"}, {"days": "1e1"},
     {"days": "9" * 40}, {"days": "٣"}, {"profile": "boldest"}, {"note": "a\x00b"}],
)  # fmt: skip
def test_a_form_that_says_nothing_usable_changes_nothing(one: Site, project: Path, changed: dict[str, str]) -> None:
    client = one.enter()

    assert client.post("/program/approve", data=approval(one, digest_on(client), **changed)).status_code == 422
    assert not project.exists()


def test_files_somebody_edited_are_named_and_not_written_over(one: Site, project: Path) -> None:
    client = one.enter()
    assert client.post("/program/approve", data=approval(one, digest_on(client))).status_code == 303
    (project / "CUTOVER.md").write_text("mine\n")
    page = client.get("/program?profile=balanced").text
    refused = client.post("/program/approve", data=approval(one, digest_on(client), by="grace"))

    assert "Somebody edited CUTOVER.md" in page
    assert refused.status_code == 409
    assert (project / "CUTOVER.md").read_text() == "mine\n"


def test_without_a_project_the_program_is_shown_and_nothing_can_be_approved() -> None:
    alone = site(desk(None))
    client = alone.enter()
    page = client.get("/program")

    assert "--project" in page.text
    assert "Approve balanced" not in page.text
    assert client.post("/program/approve", data=approval(alone, digest_on(client))).status_code == 422
