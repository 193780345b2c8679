"""The findings a project has agreed to live with for now, by fingerprint."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.check.findings import Finding
from generator.errors import InputError

MOST_BYTES = 16 * 2**20


class _Known(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    fingerprint: str = Field(pattern=r"^[0-9a-f]{32}$")
    rule: str = Field(max_length=200)
    stack: str = Field(max_length=200)
    resource: str = Field(max_length=1000)


class _Baseline(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    version: Literal[1] = 1
    known: tuple[_Known, ...]


def known_fingerprints(path: Path) -> frozenset[str]:
    """Read a baseline.

    Raises
    ------
    InputError
        No such file, or none that `written_baseline` wrote.
    """
    remedy = "Write it anew: covey check DIR --baseline FILE --write-baseline."
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}.", remedy) from None
    if len(content) > MOST_BYTES:
        raise InputError(str(path), f"is larger than {MOST_BYTES // 2**20} MiB.", remedy)
    try:
        return frozenset(one.fingerprint for one in _Baseline.model_validate_json(content).known)
    except ValidationError as error:
        raise InputError(str(path), f"is no baseline: {error.errors()[0]['msg']}.", remedy) from None


def written_baseline(findings: Iterable[Finding]) -> str:
    """Spell a baseline that knows these findings: one line each, sorted, so that a review shows what is accepted."""
    known = {
        one.fingerprint: _Known(
            fingerprint=one.fingerprint, rule=one.rule.id, stack=one.stack, resource=one.resource[:1000]
        )
        for one in findings
    }
    ordered = sorted(known.values(), key=lambda one: (one.rule, one.stack, one.resource, one.fingerprint))
    lines = ",\n".join(f"  {json.dumps(one.model_dump())}" for one in ordered)
    return f'{{"version": 1, "known": [\n{lines}\n]}}\n' if known else '{"version": 1, "known": []}\n'
