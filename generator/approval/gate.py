"""The gate: what may be deployed is what was approved, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from generator.approval.approval_document import ApprovalDocument
from generator.approval.approve import operations
from generator.approval.on_disk import Evidence
from generator.model import StackReport

# Two machines' clocks may disagree by this much.
SKEW = timedelta(minutes=5)
# What an interrupted run may leave to do. A resource that came to be and never became ready is updated, not created.
FINISHES: Mapping[str, frozenset[str]] = {
    "create": frozenset({"create", "update"}),
    "replace": frozenset({"replace", "create", "update"}),
}
NAMED = 5


def gate(approval: ApprovalDocument, found: Evidence, stacks: Sequence[str], at: datetime) -> tuple[str, ...]:
    """Say what speaks against deploying what lies there, before any preview.

    Parameters
    ----------
    approval : ApprovalDocument
    found : Evidence
        What lies there now, with the configs of `stacks`.
    stacks : sequence of str
        What is to be deployed.
    at : datetime
        Now, in UTC.

    Returns
    -------
    tuple of str
        One clause for each part that differs; empty where nothing does.
    """
    refusals: list[str] = []
    if at >= approval.expires_at:
        refusals.append(f"the approval expired on {approval.expires_at:%Y-%m-%d %H:%M} UTC")
    if approval.approved_at > at + SKEW:
        refusals.append(f"it was approved in the future, on {approval.approved_at:%Y-%m-%d %H:%M} UTC: check the clock")
    origin = approval.provenance
    refusals += [
        f"another {part} was approved"
        for part in ("inventory", "catalogue", "recommendation")
        if getattr(origin, part) != getattr(found.provenance, part)
    ]
    approved = approval.files
    other = [path for path in sorted({*approved, *found.files}) if approved.get(path) != found.files.get(path)]
    if other:
        refusals.append(f"files differ from the approved ones: {some(other)}")
    unknown = [stack for stack in stacks if stack not in approval.stacks]
    if unknown:
        refusals.append(f"not approved: stack {some(unknown)}")
    changed = [s for s in stacks if s in approval.stacks and approval.stacks[s].config != found.configs[s]]
    if changed:
        refusals.append(f"the config differs from the approved one: stack {some(changed)}")
    return tuple(refusals)


def departures(approval: ApprovalDocument, preview: StackReport) -> tuple[str, ...]:
    """List what a new preview of an approved stack would do and the approved one did not.

    What is left of an approved preview may be finished: an operation passes if the same URN was approved for it, or for
    the creation or replacement that an interrupted run began. So the same plan keeps its approval, a finished one
    too, and any other operation on any other resource needs a new one. (Pulumi's own plans, still experimental, allow a
    safe subset in the same way: pulumi/pulumi#8448.)

    Returns
    -------
    tuple of str
        ``create aws:sns/topic:Topic name`` and so on; empty where nothing departs.
    """
    allowed = {
        (finishing, urn)
        for operation, urns in approval.stacks[preview.stack].operations.items()
        for finishing in FINISHES.get(operation, frozenset({operation}))
        for urn in urns
    }
    now = [(operation, urn) for operation, urns in operations(preview).items() for urn in urns]
    return tuple(f"{operation} {_named(urn)}" for operation, urn in now if (operation, urn) not in allowed)


def some(names: Sequence[str]) -> str:
    """Name the first few."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _named(urn: str) -> str:
    """Shorten a URN to type and name: ``urn:pulumi:stack::project::parent$type::name``."""
    *_, type_, name = urn.split("::")
    return f"{type_.rsplit('$', 1)[-1]} {name}"
