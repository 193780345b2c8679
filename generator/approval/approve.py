"""Evidence and previews to an approval."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from generator.approval.approval_document import ApprovalDocument, Note, Person, digest_of
from generator.approval.on_disk import Evidence
from generator.errors import InputError
from generator.model import StackReport


def approve(
    found: Evidence, previews: Sequence[StackReport], *, by: str, at: datetime, days: int, note: str | None
) -> ApprovalDocument:
    """Write down who approves what.

    Parameters
    ----------
    found : Evidence
        The files that lie there, with the configs of all stacks in `previews`.
    previews : sequence of StackReport
        What the engine would do, stack by stack.
    by : str
        Who approves, as `require_words` lets it pass. covey takes their word for it.
    at : datetime
        Now, in UTC; kept to the second.
    days : int
        How long the approval holds.
    note : str or None
        Why.
    """
    at = at.replace(microsecond=0)
    rest = {
        "format": 1,
        "approved_by": by,
        "approved_at": _spelled(at),
        "expires_at": _spelled(at + timedelta(days=days)),
        "note": note,
        "provenance": found.provenance.model_dump(mode="json"),
        "edited": list(found.edited),
        "files": dict(found.files),
        "stacks": {
            preview.stack: {"config": found.configs[preview.stack], "operations": operations(preview)}
            for preview in sorted(previews, key=lambda preview: preview.stack)
        },
    }
    return ApprovalDocument.model_validate_json(json.dumps({**rest, "digest": digest_of(rest)}))


def require_words(by: str, note: str | None) -> None:
    """Refuse a name or a note that cannot be kept, before the long work begins.

    Raises
    ------
    InputError
        Empty, too long, or not printable.
    """
    said = [("--by", TypeAdapter[str](Person), by)]
    if note is not None:
        said.append(("--note", TypeAdapter[str](Note), note))
    for option, kind, text in said:
        try:
            kind.validate_python(text)
        except ValidationError:
            what = "is empty, too long, or holds what cannot be printed."
            raise InputError(option, what, "Say it in plain text.") from None


def operations(preview: StackReport) -> dict[str, list[str]]:
    """List the URNs of what a preview would change, by operation, both in order."""
    changed = [(one.operation, one.urn) for one in preview.resources if one.operation != "same"]
    return {name: sorted(urn for found, urn in changed if found == name) for name in sorted({n for n, _ in changed})}


def _spelled(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
