"""The nouns of a check: rules, findings, and the line of the program each finding belongs to."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, by its path within the project, slashes forward; lines count from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule the project was held to: one of its own pack's, or one of covey's.

    Parameters
    ----------
    id : str
        Stable; what baselines and configuration name.
    title : str
        What holds where it is kept.
    incident : str
        What happened to others where it was not kept.
    remedy, link : str
        What to do about a finding, and where to read on; the link may be empty.
    """

    id: str
    domain: str
    severity: Severity
    title: str
    incident: str
    remedy: str
    link: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in one stack.

    Parameters
    ----------
    resource : str
        Type and name of the resource it is about; empty where it is about the stack.
    place : Place
        Where it is put right: the group's or model's entry in the stack's data, the stack's configuration, or the
        line that failed.
    fingerprint : str
        The same as long as rule, stack, resource and what is said stay the same, figures aside; lines may move.
    """

    rule: CheckedRule
    stack: str
    resource: str
    message: str
    place: Place
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was checked, by which rules, and what was found; sorted by severity, then place.

    Rules are sorted by their id.
    """

    stacks: tuple[str, ...]
    rules: tuple[CheckedRule, ...]
    findings: tuple[Finding, ...]
