"""A plain `pulumi up` with the pack is held to the approval that `covey up` is held to."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.approval.approval_document import digest_of
from generator.approval.approve import approve
from generator.approval.on_disk import on_disk
from generator.emit import emit
from generator.files import write_tree
from generator.model import Provenance, StackReport
from policies import approval
from policies.rule import STACK, Resource, Settings
from policies.rules import evaluate
from tests.layouts import two_clouds

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAME = "prod-aws-us-east-1"
DATA = "stacks/groups/prod_aws_us_east_1.py"
PROGRAM = emit(*two_clouds(), Provenance("1" * 64, "2" * 64, "{}\n"))
THE_STACK = Resource(STACK, f"two-clouds-{NAME}", f"urn:pulumi:{NAME}::two-clouds::{STACK}::two-clouds-{NAME}", {})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_tree(PROGRAM, tmp_path)
    preview = StackReport(NAME, "played", (), {})
    signed = approve(on_disk(tmp_path, [NAME]), [preview], by="ada", at=AT, days=7, note="ünïcode")
    (tmp_path / "approval.json").write_text(signed.text())
    return tmp_path


def said(project: Path, *, at: datetime | None = AT, stack: Resource = THE_STACK) -> list[str]:
    found = evaluate([stack], Settings({}, {}, project, {}, at))
    return [finding.message for finding in found if finding.rule is approval.IS_APPROVED]


def test_the_pack_and_covey_take_the_same_digests_of_the_same_files(project: Path) -> None:
    (project / "stacks" / "extra" / "deep").mkdir(parents=True)
    for name in (
        "stacks/extra/deep/ä b.txt",
        "stacks/.hidden",
        "stacks/__pycache__/x.pyc",
        "policies/added.py",
        "top.py",
    ):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(name)
    (project / "stacks" / "config" / f"Pulumi.{NAME}.yaml").write_bytes(
        b"encryptionsalt: a\r\nconfig:\n  a: b\n\nlast: c"
    )
    found = on_disk(project, [NAME, "without-config"])
    document = json.loads((project / "approval.json").read_text())
    rest = {key: value for key, value in document.items() if key != "digest"}

    assert dict(found.files) == approval.digests(project)
    assert {"stacks/extra/deep/ä b.txt", "policies/added.py"} <= set(found.files)
    assert not {"stacks/.hidden", "top.py"} & set(found.files)
    assert found.configs == {name: approval.config_digest(project, name) for name in found.configs}
    assert document["digest"] == approval.digest_of(rest) == digest_of(rest)


def test_an_approved_program_passes_and_where_nothing_is_deployed_nobody_asks(project: Path) -> None:
    assert [] == said(project)
    assert [] == said(project, stack=Resource(STACK, "stack", "", {}))
    (project / "approval.json").unlink()
    assert [] == said(project, at=None)


def spoiled(content: str | bytes) -> Callable[[Path], object]:
    written = content if isinstance(content, bytes) else content.encode()
    return lambda project: (project / "approval.json").write_bytes(written)


def by_hand(project: Path, **changes: Any) -> None:
    place = project / "approval.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | changes))


def linked(project: Path) -> None:
    (project / "approval.json").rename(project / "elsewhere.json")
    (project / "approval.json").symlink_to("elsewhere.json")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda project: (project / "approval.json").unlink(), "Nobody has approved this program"),
        (lambda project: by_hand(project, expires_at="2036-01-01T00:00:00Z"), "was changed after it was given"),
        (lambda project: by_hand(project, digest=None), "was changed after it was given"),
        (spoiled("[]"), "is no approval"),
        (spoiled("{}"), "is no approval"),
        (spoiled(b"\xff"), "is no approval"),
        (spoiled("[" * 200_000), "is no approval"),
        (linked, "is a link or no file"),
        (lambda project: (project / DATA).write_text("STACK = None"), f"Files differ from the approved ones: {DATA}."),
        (lambda project: (project / "stacks/typing.py").write_text(""), "ones: stacks/typing.py."),
        (lambda project: (project / "policies/cost.py").unlink(), "ones: policies/cost.py."),
        (
            lambda project: (project / f"stacks/config/Pulumi.{NAME}.yaml").write_text(""),
            f"The config of {NAME} differs",
        ),
    ],
)
def test_what_was_not_approved_is_found(spoil: Callable[[Path], object], says: str, project: Path) -> None:
    spoil(project)
    (message,) = said(project)

    assert says in message


def test_an_approval_ends_and_does_not_begin_before_it_was_given(project: Path) -> None:
    assert ["The approval expired on 2026-11-28 12:00 UTC."] == said(project, at=AT + timedelta(days=7))
    assert ["It was approved in the future, on 2026-11-21 12:00 UTC."] == said(project, at=AT - timedelta(hours=1))


def test_another_stack_is_not_approved_with_it(project: Path) -> None:
    other = replace(THE_STACK, urn=THE_STACK.urn.replace(NAME, "prod-gcp-edge"))

    assert ["Stack prod-gcp-edge was not approved."] == said(project, stack=other)
