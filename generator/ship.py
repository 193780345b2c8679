"""From an emitted project to an approval, and past the gate: `covey approve`, and what `covey up` asks first."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from generator.approval.approval_document import ApprovalDocument
from generator.approval.approve import approve, require_words
from generator.approval.gate import departures, gate, some
from generator.approval.on_disk import approval_of, on_disk, tree_on_disk
from generator.deploy import preview
from generator.errors import ApprovalError
from generator.model import StackReport

Progress = Callable[[str, float], None]


def sign_off(
    project: Path,
    stacks: Sequence[str],
    *,
    offline: Path | None,
    include_edits: bool,
    by: str,
    at: datetime,
    days: int,
    note: str | None,
    progress: Progress,
) -> tuple[ApprovalDocument, list[StackReport]]:
    """Preview stacks and write down who approves them.

    Parameters
    ----------
    project : Path
        Folder with Pulumi.yaml.
    offline : Path, optional
        As for `deploy.preview`.
    include_edits : bool
        Whether files that are not as they were emitted are approved as they lie there.
    by, at, days, note
        As for `approve`.
    progress : callable
        Called with a stack's name and the share of them that is done.

    Raises
    ------
    InputError
        `by` or `note` cannot be kept.
    ApprovalError
        Files were edited, or changed while the previews ran, or nothing says what the program was decided by.
    DeployError
        A preview fails.
    """
    require_words(by, note)
    found = on_disk(project, stacks)
    if found.edited and not include_edits:
        raise ApprovalError(
            str(project),
            f"is not as it was emitted: {some(found.edited)}.",
            "Emit it again, or approve it as it lies there: --include-edits.",
        )
    previews = _previews(project, stacks, offline, progress)
    if on_disk(project, stacks) != found:
        raise ApprovalError(str(project), "changed while it was previewed.", "Approve it once it is at rest.")
    return approve(found, previews, by=by, at=at, days=days, note=note), previews


def approved_program(project: Path, approval: ApprovalDocument) -> dict[str, bytes]:
    """Return the files that were approved, as they lie there.

    Raises
    ------
    ApprovalError
        They have changed since.
    """
    files = tree_on_disk(project)
    if {path: sha256(content).hexdigest() for path, content in files.items()} != dict(approval.files):
        raise ApprovalError(str(project), "changed while it was approved.", "Approve it once it is at rest.")
    return files


def require_approval(
    project: Path, stacks: Sequence[str], *, offline: Path | None, at: datetime, progress: Progress
) -> None:
    """Refuse to go on unless every stack, as it lies there and as it would change now, is approved.

    Files and configs are compared first, then every stack is previewed again: nothing is touched unless all that was
    asked for passes.

    Raises
    ------
    ApprovalError
        No approval, an expired one, or one of something else: each part that differs is named.
    DeployError
        A preview fails.
    """
    approval = approval_of(project)
    refusals = gate(approval, on_disk(project, stacks), stacks, at)
    again = f"Look at it, then approve it anew: covey approve {project} --by WHO{' --offline' if offline else ''}."
    if refusals:
        raise ApprovalError(str(project), f"{'; '.join(refusals)}.", again)
    for report in _previews(project, stacks, offline, progress):
        found = departures(approval, report)
        if found:
            raise ApprovalError(f"stack {report.stack}", f"would do what was not approved: {some(found)}.", again)


def _previews(project: Path, stacks: Sequence[str], offline: Path | None, progress: Progress) -> list[StackReport]:
    previews: list[StackReport] = []
    for done, stack in enumerate(stacks):
        progress(f"previewing {stack}", done / len(stacks))
        previews.append(preview(project, stack, offline=offline))
    return previews
