"""What an entry of the journal comes to, in a line."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from generator.approval.approval_document import ApprovalDocument
from generator.errors import JournalError
from generator.journal import (
    CalibrationRecord,
    ClaimRecord,
    DeploymentRecord,
    MembershipRecord,
    ObservationsRecord,
    RejectionRecord,
    ReplyRecord,
    RetractionRecord,
    RolloutRecord,
    RolloutStepRecord,
)
from generator.present.abridged import ABRIDGED
from generator.present.figures import count

if TYPE_CHECKING:
    from generator.journal import Entry, Journal


def said(journal: "Journal", entry: "Entry") -> str:
    """Say what an entry's content comes to; empty where its kind is another covey's.

    Parameters
    ----------
    journal : Journal
        That holds it.
    entry : Entry
    """
    say = SAYS.get(entry.kind)
    if say is None:
        return ""
    try:
        return say(journal.content(entry.content))
    except (JournalError, ValidationError):
        return "cannot be read"


def _rejection(content: bytes) -> str:
    found = RejectionRecord.model_validate_json(content)
    part = f", {count(len(found.groups), 'group')} of it" if found.groups else ""
    about = f", {count(len(found.workloads), 'model')}" if found.workloads else ""
    return _noted(f"{found.profile}{part}{about}: {found.reason}", found.note)


def _retraction(content: bytes) -> str:
    return f"took back {RetractionRecord.model_validate_json(content).rejection[:12]}"


def _claim(content: bytes) -> str:
    return "took a plan to decide" if ClaimRecord.model_validate_json(content).taken else "gave a plan back"


def _approval(content: bytes) -> str:
    found = ApprovalDocument.model_validate_json(content)
    return _noted(f"{', '.join(found.stacks)}, until {found.expires_at:%Y-%m-%d %H:%M} UTC", found.note)


def _deployment(content: bytes) -> str:
    found = DeploymentRecord.model_validate_json(content)
    return _noted(f"{found.command} {found.phase}: {', '.join(found.stacks)}", found.failure)


def _membership(content: bytes) -> str:
    found = MembershipRecord.model_validate_json(content)
    answer = found.answer or {}
    who = f" of {answer['workload']}" if "workload" in answer else ""
    choice = f", choice {answer['chosen']}" if "chosen" in answer else ""
    return _noted(f"{found.command}{who} {found.phase}: {found.fleet}{choice}", found.failure)


def _observations(content: bytes) -> str:
    found = ObservationsRecord.model_validate_json(content)
    return f"{found.source}, {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC"


def _calibration(content: bytes) -> str:
    found = CalibrationRecord.model_validate_json(content)
    used = sum(factor.used for factor in found.factors)
    return f"{found.fleet}: {count(used, 'factor')} of {len(found.factors)} in use"


def _reply(content: bytes) -> str:
    found = ReplyRecord.model_validate_json(content)
    return _noted(f"{found.model}: {count(len(found.choices), 'choice')}", found.failure)


def _rollout(content: bytes) -> str:
    found = RolloutRecord.model_validate_json(content)
    to = "" if found.to is None else f" to version {found.to}"
    return f"{found.command}{to} in {count(len(found.waves), 'wave')}: {found.project}"


def _rollout_step(content: bytes) -> str:
    found = RolloutStepRecord.model_validate_json(content)
    return _noted(found.step + ("" if found.wave is None else f", wave {found.wave + 1}"), found.why)


def _noted(words: str, note: str | None) -> str:
    return f"{words}. {note}" if note else words


SAYS: Mapping[str, Callable[[bytes], str]] = {
    **ABRIDGED,
    "approval": _approval,
    "calibration": _calibration,
    "claim": _claim,
    "deployment": _deployment,
    "membership": _membership,
    "observations": _observations,
    "rejection": _rejection,
    "reply": _reply,
    "retraction": _retraction,
    "rollout": _rollout,
    "rollout-step": _rollout_step,
}
