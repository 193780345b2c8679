"""``approval.json`` as others read it: who approved which bytes and which operations, until when."""

import json
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from generator.errors import ApprovalError

# 5,000 new resources in each of 20 stacks take some 15 MB.
MOST_BYTES = 32 * 2**20
REMEDY = "Approve it anew: covey approve DIR --by WHO."

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Person = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,200}$")]
Note = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,2000}$")]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
StackName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
Operation = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
Urn = Annotated[str, StringConstraints(pattern=r"^urn:pulumi:[^\x00-\x1f\x7f-\x9f]{1,4000}$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class OriginDocument(_Part):
    """What the program was decided by, as its emission recorded it: SHA-256 of each part."""

    inventory: Digest
    catalogue: Digest
    recommendation: Digest


class ApprovedStack(_Part):
    """One stack: SHA-256 of its config without Pulumi's own keys, and what the preview would do, nothing of its state.

    `operations` maps create, update, replace, delete … to URNs, which hold type and name; what stays the same is left
    out. After a first `up` these lists are as short as the change.
    """

    config: Digest
    operations: dict[Operation, tuple[Urn, ...]]


class ApprovalDocument(_Part):
    """An approval. `digest` is the SHA-256 of the rest, so that a change by hand shows; it is no signature.

    `files` maps every file of the program to its SHA-256, `edited` names those that are not as they were emitted and
    were approved all the same.
    """

    format: Literal[1] = 1
    approved_by: Person
    approved_at: AwareDatetime
    expires_at: AwareDatetime
    note: Note | None
    provenance: OriginDocument
    edited: tuple[FilePath, ...]
    files: dict[FilePath, Digest]
    stacks: Annotated[dict[StackName, ApprovedStack], Field(min_length=1)]
    digest: Digest

    @model_validator(mode="after")
    def _is_as_it_was_signed_off(self) -> Self:
        if self.digest != digest_of(self.model_dump(mode="json", exclude={"digest"})):
            raise ValueError("was changed after it was approved")
        if self.expires_at <= self.approved_at:
            raise ValueError("expires before it was approved")
        return self

    def text(self) -> str:
        """Spell the document as JSON: same approval, same bytes, all of them ASCII."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=True) + "\n"


def digest_of(rest: dict[str, Any]) -> str:
    """Take the digest of an approval without its digest: JSON in ASCII, keys sorted, no spaces."""
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def read_approval(content: bytes, where: str) -> ApprovalDocument:
    """Read an approval that nobody vouches for.

    Raises
    ------
    ApprovalError
        Not an approval, or one that was changed by hand.
    """
    if len(content) > MOST_BYTES:
        raise ApprovalError(where, f"is larger than {MOST_BYTES // 2**20} MiB.", REMEDY)
    try:
        return ApprovalDocument.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # Places are our own field names, or a stranger's key: only what is plain is repeated.
        field = ".".join(str(part) if str(part).isidentifier() else "?" for part in first["loc"])
        raise ApprovalError(
            f"{where}, field {field}" if field else where, f"{first['msg'].removeprefix('Value error, ')}.", REMEDY
        ) from None


def approval_schema() -> dict[str, Any]:
    """JSON Schema of an approval, as published in ``schemas/approval.schema.json``."""
    schema = ApprovalDocument.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "covey approval"}
