"""What the journal's own contents hold. Plans, approvals, prompts, inventories and catalogues are kept as they are."""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from generator.model import Group, Profile, Quantity, RejectionReason

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# The words of the catalogue and the names of figures; none comes from an inventory.
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
Figure = Annotated[float, Field(ge=0, le=1e15)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def content(self) -> bytes:
        """Spell the record as JSON: same record, same bytes, all of them ASCII."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


class ServedGroup(_Record):
    """A group of a plan, no name of it or in it: its figures, and in the catalogue's words what serves it."""

    figures: dict[Word, Figure]
    words: dict[Word, Word]


class RecommendationRecord(_Record):
    """SHA-256 of a recommendation as it lies beside its program, and its groups in the plan's order."""

    digest: Digest
    groups: tuple[ServedGroup, ...]


class RecommendationsRecord(_Record):
    """What a plan was made from and came to. The digests are those of contents: inventory, catalogue and plan."""

    version: Literal[1] = 1
    inventory: Digest
    catalogue: Digest
    plan: Digest
    recommendations: dict[Profile, RecommendationRecord]


class RejectionRecord(_Record):
    """A recommendation somebody does not want; `groups` numbers those it is about, all of them where null.

    `workloads` are those of these groups that it is about, all of them where null. `note` never leaves the journal:
    what a language model is told is the reason.
    """

    version: Literal[1] = 1
    plan: Digest
    recommendation: Digest
    profile: Profile
    reason: RejectionReason
    note: str | None
    groups: tuple[int, ...] | None
    workloads: tuple[str, ...] | None = None


class RetractionRecord(_Record):
    """A rejection, by the digest of its content, is taken back."""

    version: Literal[1] = 1
    rejection: Digest


class ClaimRecord(_Record):
    """Somebody takes a plan to decide about it, or, where `taken` is false, gives it back. Who: the entry's actor."""

    version: Literal[1] = 1
    plan: Digest
    taken: bool


class ReplyRecord(_Record):
    """What a language model chose when asked a prompt, by the prompt's digest; `failure` says why it chose nothing."""

    version: Literal[1] = 1
    model: str
    prompt: Digest
    choices: dict[str, str]
    reasons: dict[str, str]
    failure: str | None
    usage: dict[str, int]


class DeploymentRecord(_Record):
    """An operation on a project's stacks: that it begins, and what came of it.

    `recommendation` is the digest of the file beside the program, null where there is none; `report` is what the verb
    prints with ``--json``.
    """

    version: Literal[1] = 1
    command: Literal["up", "refresh", "destroy"]
    phase: Literal["began", "done", "failed"]
    offline: bool
    stacks: tuple[str, ...]
    recommendation: Digest | None
    report: dict[str, Any] | None = None
    failure: str | None = None


class MembershipRecord(_Record):
    """Another layout is written to a project, because somebody joins, leaves or changes groups; and what came of it.

    The digests are those of contents, and of the recommendation that is written beside the program; `answer` is what
    the verb prints with ``--json``, the choice that was made included, and stands where it begins.
    """

    version: Literal[1] = 1
    command: Literal["join", "leave", "regroup"]
    phase: Literal["began", "done", "failed"]
    fleet: str
    inventory: Digest
    catalogue: Digest
    recommendation: Digest
    answer: dict[str, Any] | None = None
    failure: str | None = None


class ObservationsRecord(_Record):
    """What a fleet did over a time: what served it, and the digest of the table of what was measured, as parquet."""

    version: Literal[1] = 1
    fleet: str
    source: str
    since: AwareDatetime
    until: AwareDatetime
    bin_s: Annotated[float, Field(gt=0, le=1e9)]
    served: tuple[Group, ...]
    notes: tuple[str, ...]
    unanswered: tuple[str, ...]
    series: Digest


class ProgramRecord(_Record):
    """A project's program, whole, so that it can be had back without any other store.

    `tree` is the SHA-256 over its files' digests, as `journal.programs.tree_digest` takes it; `files` maps paths to
    texts as JSON, deflated (RFC 1950), in base64.
    """

    version: Literal[1] = 1
    tree: Digest
    files: str


class VersionRecord(_Record):
    """One workload's way from a version to another, each with its artifact's key."""

    workload: str
    stack: str
    before: str
    after: str
    artifact_before: str
    artifact_after: str


class WaveRecord(_Record):
    """Stacks that are updated together: to the program `onto`, and back to the program `back`, by their contents.

    `rate_rps` is what the workloads concerned are asked for on average on the planning window.
    """

    stacks: tuple[str, ...]
    onto: Digest
    back: Digest
    rate_rps: float


class RolloutRecord(_Record):
    """What is to be rolled out, or back, wave after wave; its own digest is what its steps name it by.

    `before` and `after` are contents: the program that serves when it begins, and the one that does at its end.
    `despite` are alarms that are known to fire. Where `command` is "rollback" every wave only goes back.
    """

    version: Literal[1] = 1
    command: Literal["rollout", "rollback"]
    project: str
    offline: bool
    prepared_at: AwareDatetime
    to: str | None
    bake_s: Annotated[float, Field(ge=0)]
    despite: tuple[str, ...]
    changes: tuple[VersionRecord, ...]
    waves: tuple[WaveRecord, ...]
    before: Digest
    after: Digest


RolloutStep = Literal[
    "began",  # under an approval, or, offline, none
    "updating",  # a wave's stacks
    "updated",  # and now its alarms are watched
    "passed",  # they stayed quiet, and what was approved serves
    "stopped",
    "restoring",  # a wave's stacks
    "restored",
    "unrestored",  # a wave could not be taken back
    "done",
    "rolled-back",
    "withdrawn",  # before it began
]


class RolloutStepRecord(_Record):
    """One step of a rollout, written before what it says is done, or after.

    `artifacts` are the buckets' own digests of the new versions, by workload; none are known offline.
    """

    version: Literal[1] = 1
    rollout: Digest
    step: RolloutStep
    wave: int | None = None
    why: str | None = None
    approval: Digest | None = None
    artifacts: dict[str, str] = {}


class FactorRecord(_Record):
    """A factor of a machine type; see `generator.model.MachineFactor`."""

    instance_type: Annotated[str, Field(max_length=100)]
    quantity: Quantity
    estimate: Annotated[float, Field(gt=0, le=1e6)]
    low: Annotated[float, Field(gt=0, le=1e6)]
    high: Annotated[float, Field(gt=0, le=1e6)]
    days: Annotated[int, Field(ge=0)]
    error_before: float | None
    error_after: float | None
    used: bool
    reason: str


class CalibrationRecord(_Record):
    """What was learned of machine types from what was observed of a fleet."""

    version: Literal[1] = 1
    fleet: str
    since: AwareDatetime
    until: AwareDatetime
    held_back_from: AwareDatetime
    factors: tuple[FactorRecord, ...]


class ApprovedPart(BaseModel):
    """What of an approval says which recommendation it is for."""

    class Origin(BaseModel):
        """Digests of what the program was decided by."""

        recommendation: Digest

    provenance: Origin
