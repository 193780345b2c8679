"""Approving and the gate: what was approved passes, anything else is refused and named. The engine is played here."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from generator import ship
from generator.approval.approval_document import MOST_BYTES, ApprovalDocument, approval_schema, digest_of
from generator.approval.gate import departures
from generator.approval.on_disk import approval_of
from generator.emit import emit
from generator.errors import ApprovalError, InputError
from generator.files import write_tree
from generator.model import Provenance, ResourceOperation, StackReport
from generator.ship import require_approval, sign_off
from tests.commands import covey, three_lines
from tests.layouts import two_clouds

LAYOUT, FLEET, CATALOG = two_clouds()
ORIGIN = Provenance("1" * 64, "2" * 64, '{"version": 1}\n')
PROGRAM = emit(LAYOUT, FLEET, CATALOG, ORIGIN)
STACKS = ("prod-aws-eu-west-1", "prod-aws-us-east-1")
DATA = "stacks/groups/prod_aws_us_east_1.py"
AT = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
TOPIC, QUEUE = ("urn:pulumi:s::p::covey:aws:Group$aws:sns/topic:Topic::a", "urn:pulumi:s::p::aws:sqs/queue:Queue::b")

# What the played engine finds: operation by URN.
engine: dict[str, str] = {}


def report(stack: str, operations: Mapping[str, str]) -> StackReport:
    found = [ResourceOperation(operation, "t", "n", urn) for urn, operation in operations.items()]
    return StackReport(stack, "played", tuple(found), {})


@pytest.fixture(autouse=True)
def _play_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def preview(_: Path, stack: str, **__: object) -> StackReport:
        return report(stack, engine)

    engine.clear()
    engine.update({TOPIC: "create", QUEUE: "create"})
    monkeypatch.setattr(ship, "preview", preview)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "infra"
    write_tree(PROGRAM, folder)
    return folder


def approved(
    project: Path, *, stacks: Sequence[str] = STACKS, include_edits: bool = False, **changes: Any
) -> ApprovalDocument:
    said: dict[str, Any] = {"by": "ada@example.com", "at": AT, "days": 7, "note": None, **changes}
    signed, _ = sign_off(
        project, stacks, offline=None, include_edits=include_edits, progress=lambda _, __: None, **said
    )
    (project / "approval.json").write_text(signed.text())
    return signed


def refusal(project: Path, *, stacks: Sequence[str] = STACKS, at: datetime = AT) -> str:
    """What the gate says; empty where it opens."""
    try:
        require_approval(project, stacks, offline=None, at=at, progress=lambda _, __: None)
    except ApprovalError as error:
        return f"{error.where} {error.what}"
    return ""


def edit(place: Path, text: str = "\n# Edited.\n") -> None:
    place.write_text(place.read_text() + text)


# What passes ----------------------------------------------------------------------------------------------------


def test_what_was_approved_passes_until_it_expires(project: Path) -> None:
    signed = approved(project)

    assert "" == refusal(project)
    assert "" == refusal(project, at=AT + timedelta(days=7, seconds=-2))
    assert "" == refusal(project, stacks=STACKS[:1])
    assert AT.replace(microsecond=0) + timedelta(days=7) == signed.expires_at


def test_the_record_is_published_readable_and_the_same_twice(project: Path) -> None:
    first, again = approved(project, note="after the game day"), approved(project, note="after the game day")
    document = json.loads(first.text())

    jsonschema.validate(document, approval_schema())
    assert first.text() == again.text()
    assert approval_of(project) == first
    assert ("ada@example.com", "2026-11-21T12:00:00Z", "2026-11-28T12:00:00Z", "after the game day") == tuple(
        document[name] for name in ("approved_by", "approved_at", "expires_at", "note")
    )
    assert {"inventory": "1" * 64, "catalogue": "2" * 64} == {
        name: document["provenance"][name] for name in ("inventory", "catalogue")
    }
    assert {"create": [QUEUE, TOPIC]} == document["stacks"][STACKS[0]]["operations"]
    assert list(STACKS) == list(document["stacks"])


def test_what_pulumi_and_python_write_by_themselves_needs_no_new_approval(project: Path) -> None:
    approved(project)
    place = project / "stacks" / "config" / f"Pulumi.{STACKS[0]}.yaml"
    place.write_text("encryptionsalt: v1:abc\n" + place.read_text())
    (project / "stacks" / "__pycache__").mkdir()
    (project / "stacks" / "__pycache__" / "__main__.pyc").write_bytes(b"\0")
    (project / "stacks" / ".venv").symlink_to(project)

    assert "" == refusal(project)


def test_edits_are_approved_only_when_that_is_said(project: Path) -> None:
    edit(project / DATA)
    with pytest.raises(ApprovalError, match=f"not as it was emitted: {DATA}") as raised:
        approved(project)
    signed = approved(project, include_edits=True)

    assert "--include-edits" in raised.value.remedy
    assert (DATA,) == signed.edited
    assert "" == refusal(project)
    edit(project / DATA)
    assert DATA in refusal(project)


# What does not ---------------------------------------------------------------------------------------------------


def changed_manifest(part: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        place = project / ".covey.json"
        manifest = json.loads(place.read_text())
        manifest["provenance"][part] = "f" * 64
        place.write_text(json.dumps(manifest))

    return change


def added(project: Path) -> None:
    (project / "stacks" / "components" / "typing.py").write_text("print('first on the path')\n")


def removed(project: Path) -> None:
    (project / "CUTOVER.md").unlink()


def reconfigured(project: Path) -> None:
    edit(project / "stacks" / "config" / f"Pulumi.{STACKS[0]}.yaml", "  paper:protect: false\n")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (changed_manifest("inventory"), "another inventory was approved"),
        (changed_manifest("catalogue"), "another catalogue was approved"),
        (changed_manifest("recommendation"), "another recommendation was approved"),
        (lambda project: edit(project / DATA), f"files differ from the approved ones: {DATA}."),
        (lambda project: edit(project / "Pulumi.yaml"), "files differ from the approved ones: Pulumi.yaml."),
        (added, "files differ from the approved ones: stacks/components/typing.py."),
        (removed, "files differ from the approved ones: CUTOVER.md."),
        (reconfigured, f"the config differs from the approved one: stack {STACKS[0]}."),
        (lambda project: (project / "approval.json").unlink(), "nobody has approved"),
        (lambda project: (project / ".covey.json").unlink(), "covey did not write this program"),
        (lambda project: (project / ".covey.json").write_text("[]"), "is not what covey wrote"),
        (lambda project: (project / DATA).rename(project / "x") and (project / DATA).symlink_to(project / "x"), "link"),
        (
            lambda project: (project / "stacks/groups/pipe").touch() or swapped(project / "stacks/groups/pipe"),
            "no file",
        ),
    ],
)
def test_anything_else_is_refused_and_named(change: Callable[[Path], object], says: str, project: Path) -> None:
    approved(project)
    change(project)

    assert says in refusal(project)


def swapped(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


@pytest.mark.parametrize(("offline", "remedy"), [(None, "--by WHO."), (Path("state"), "--by WHO --offline.")])
def test_who_is_refused_offline_is_told_to_approve_offline(offline: Path | None, remedy: str, project: Path) -> None:
    approved(project)
    edit(project / "CUTOVER.md")
    with pytest.raises(ApprovalError) as refused:
        require_approval(project, STACKS, offline=offline, at=AT, progress=lambda _, __: None)

    assert refused.value.remedy.endswith(remedy)


def test_an_approval_ends_and_does_not_begin_before_it_was_given(project: Path) -> None:
    approved(project)

    assert "expired on 2026-11-28 12:00 UTC" in refusal(project, at=AT + timedelta(days=7))
    assert "in the future" in refusal(project, at=AT - timedelta(hours=1))
    assert "" == refusal(project, at=AT - timedelta(minutes=4))


def test_a_stack_that_was_not_approved_is_named(project: Path) -> None:
    approved(project, stacks=STACKS[:1])

    assert f"not approved: stack {STACKS[1]}" in refusal(project)


def test_every_part_that_differs_is_named_at_once(project: Path) -> None:
    approved(project)
    changed_manifest("catalogue")(project)
    reconfigured(project)
    said = refusal(project, at=AT + timedelta(days=8))

    assert [part in said for part in ("expired", "another catalogue", ".covey.json", "config differs")] == [True] * 4


def test_a_program_without_its_origin_cannot_be_approved(tmp_path: Path) -> None:
    write_tree(emit(LAYOUT, FLEET, CATALOG), tmp_path)
    with pytest.raises(ApprovalError, match="does not say which inventory"):
        approved(tmp_path)
    assert not (tmp_path / "approval.json").exists()


def test_a_program_that_changes_while_it_is_previewed_is_not_approved(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def preview(_: Path, stack: str, **__: object) -> StackReport:
        edit(project / DATA)
        return report(stack, {})

    monkeypatch.setattr(ship, "preview", preview)
    with pytest.raises(ApprovalError, match="changed while"):
        approved(project)


@pytest.mark.parametrize(("option", "text"), [("by", ""), ("by", "a\nb"), ("by", "x" * 201), ("note", "\x1b[31m")])
def test_who_and_why_are_plain_text(option: str, text: str, project: Path) -> None:
    with pytest.raises(InputError) as raised:
        sign_off(
            project,
            STACKS,
            offline=None,
            include_edits=False,
            by=text if option == "by" else "ada",
            at=AT,
            days=7,
            note=text if option == "note" else None,
            progress=lambda _, __: None,
        )
    assert f"--{option}" == raised.value.where


# An approval nobody vouches for ----------------------------------------------------------------------------------


def by_hand(**changes: object) -> Callable[[Path], object]:
    return lambda place: place.write_text(json.dumps(json.loads(place.read_text()) | changes))


def forged(**changes: object) -> Callable[[Path], object]:
    def forge(place: Path) -> None:
        document = json.loads(place.read_text()) | changes
        del document["digest"]
        place.write_text(json.dumps({**document, "digest": digest_of(document)}))

    return forge


def linked(place: Path) -> None:
    place.rename(place.with_name("elsewhere.json"))
    place.symlink_to("elsewhere.json")


def huge(place: Path) -> None:
    with place.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)


def folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda place: place.write_bytes(b""), "Invalid JSON"),
        (lambda place: place.write_bytes(b"\x00\xff\x1b[31m"), "Invalid JSON"),
        (lambda place: place.write_text("[" * 100_000), "Invalid JSON"),
        (lambda place: place.write_text("[]"), "should be an object"),
        (lambda place: place.write_text("{}"), "Field required"),
        (by_hand(format=2), "Input should be 1"),
        (by_hand(expires_at="2036-01-01T00:00:00Z"), "was changed after it was approved"),
        (by_hand(approved_by="grace@example.com"), "was changed after it was approved"),
        (by_hand(digest="0" * 64), "was changed after it was approved"),
        (by_hand(extra=1), "Extra inputs"),
        (forged(expires_at="2026-11-20T12:00:00Z"), "expires before it was approved"),
        (forged(stacks={}), "at least 1"),
        (forged(files={"a": "no digest"}), "should match pattern"),
        (linked, "is a link"),
        (huge, "is larger than 32 MiB"),
        (swapped, "is no file"),
        (folder, "is no file"),
    ],
)
def test_a_spoiled_approval_is_refused_without_a_trace(
    spoil: Callable[[Path], object], says: str, project: Path
) -> None:
    approved(project)
    spoil(project / "approval.json")
    said = refusal(project)

    assert says in said
    assert "approval.json" in said
    assert said.isprintable()


# What the preview may still do -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now", "departs"),
    [
        ({TOPIC: "create"}, {TOPIC: "create"}, ()),
        ({TOPIC: "create", QUEUE: "create"}, {TOPIC: "same", QUEUE: "create"}, ()),
        ({TOPIC: "create", QUEUE: "create"}, {TOPIC: "same", QUEUE: "same"}, ()),
        ({TOPIC: "create"}, {TOPIC: "update"}, ()),
        ({TOPIC: "replace"}, {TOPIC: "create"}, ()),
        ({TOPIC: "replace"}, {TOPIC: "update"}, ()),
        ({TOPIC: "create"}, {TOPIC: "create", QUEUE: "create"}, ("create aws:sqs/queue:Queue b",)),
        ({TOPIC: "create"}, {TOPIC: "delete"}, ("delete aws:sns/topic:Topic a",)),
        ({TOPIC: "create"}, {TOPIC: "replace"}, ("replace aws:sns/topic:Topic a",)),
        ({TOPIC: "update"}, {TOPIC: "replace"}, ("replace aws:sns/topic:Topic a",)),
        ({TOPIC: "same"}, {TOPIC: "update"}, ("update aws:sns/topic:Topic a",)),
        ({TOPIC: "delete"}, {TOPIC: "create"}, ("create aws:sns/topic:Topic a",)),
    ],
)
def test_only_what_is_left_of_the_approved_plan_may_be_done(
    was: dict[str, str], now: dict[str, str], departs: tuple[str, ...], project: Path
) -> None:
    engine.clear()
    engine.update(was)
    signed = approved(project)

    assert departs == departures(signed, report(STACKS[0], now))


def test_the_first_stack_that_departs_is_named_with_its_operations(project: Path) -> None:
    approved(project)
    engine[f"{QUEUE}2"] = "delete"

    assert f"stack {STACKS[0]} would do what was not approved: delete aws:sqs/queue:Queue b2." == refusal(project)


# The verbs ---------------------------------------------------------------------------------------------------------


def test_up_without_an_approval_ends_in_three_lines_and_5(project: Path) -> None:
    for arguments in (["up", project], ["up", project, "--offline"]):
        result = covey(*arguments)

        assert 5 == result.exit_code
        assert "approval.json" in three_lines(result)[0]


def test_without_approval_only_a_pretend_cloud_is_touched(project: Path) -> None:
    result = covey("up", project, "--unapproved")

    assert 2 == result.exit_code
    assert "--offline only" in three_lines(result)[1]


def test_approve_writes_the_record_and_says_what_it_holds_for(project: Path) -> None:
    edit(project / DATA)
    result = covey("approve", project, "--by", "ada [red]", "--expires", "3", "--include-edits", "--offline")
    written = approval_of(project)

    assert 0 == result.exit_code
    assert f"Approved with edits: {DATA}" in result.stderr
    assert "ada [red]" in result.stderr
    assert timedelta(days=3) == written.expires_at - written.approved_at
    assert {"prod-gcp-edge", *STACKS} <= set(written.stacks)


def test_approve_refuses_before_the_previews_what_it_could_not_write(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unexpected(*_: object, **__: object) -> StackReport:
        pytest.fail("the previews began")

    monkeypatch.setattr(ship, "preview", unexpected)
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)
    read_only = covey("approve", project, "--by", "ada")
    monkeypatch.undo()
    (project / "approval.json").symlink_to("elsewhere.json")
    link = covey("approve", project, "--by", "ada")

    assert (2, 2) == (read_only.exit_code, link.exit_code)
    assert "may not be written" in three_lines(read_only)[1]
    assert "is a link" in three_lines(link)[1]
    assert not (project / "elsewhere.json").exists()


@pytest.mark.parametrize("arguments", [["--expires", "0"], ["--expires", "91"], ["--by", ""]])
def test_approve_refuses_what_makes_no_approval(arguments: list[str], project: Path) -> None:
    result = covey("approve", project, "--by", "ada", *arguments)

    assert 2 == result.exit_code
    assert not (project / "approval.json").exists()


def test_a_changed_recommendation_is_refused_after_it_is_emitted_anew(project: Path) -> None:
    approved(project)
    other = replace(ORIGIN, inventory="3" * 64, recommendation='{"version": 1, "seed": 2}\n')
    write_tree(emit(LAYOUT, FLEET, CATALOG, other), project)
    said = refusal(project)

    assert "another inventory was approved; another recommendation was approved" in said
    assert "recommendation.json" in said
