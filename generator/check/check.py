"""Runs every stack's program and holds what it registers to the clouds' limits and to the project's policy pack.

No account, no network, no engine: programs run against mocks.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, cast

from generator.check.findings import SEVERITIES, CheckedRule, Finding, Inspection, Place
from generator.check.places import Places, places
from generator.errors import DeployError
from generator.offline.child import child

RUNS = CheckedRule(
    "program-runs",
    "program",
    "critical",
    "The program of every stack runs to its end, and looks nothing up in the cloud.",
    "A program that fails half way leaves a deployment half done.",
    "Correct the line; what covey emitted comes back by emitting again.",
    "",
)
ACCEPTED = CheckedRule(
    "provider-accepts",
    "program",
    "high",
    "Every input is one that the provider's schema and the cloud's published limits accept.",
    "A preview does not ask the cloud; the update is then refused half way, with resources made and others missing.",
    "Correct the value where the stack's data or configuration gives it.",
    "",
)
JUDGED = CheckedRule(
    "pack-runs",
    "program",
    "critical",
    "The project's policy pack is there and runs.",
    "A pack that is missing or fails to start lets everything pass.",
    "Restore policies/, for example by emitting again.",
    "",
)
OWN = (ACCEPTED, JUDGED, RUNS)
# The longest message a report carries; a refused policy document would otherwise stand there whole.
MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class _Checked:
    rules: tuple[CheckedRule, ...]
    findings: tuple[Finding, ...]


def check(project: Path, stacks: Sequence[str], *, config: Mapping[str, Mapping[str, Any]] | None = None) -> Inspection:
    """Check a project's stacks, several at a time.

    Parameters
    ----------
    project : Path
        Folder with Pulumi.yaml; the pack lies in ``policies/`` in it.
    stacks : sequence of str
        Which of its stacks.
    config : mapping of str to mapping, optional
        Of rules of the pack, by id, their parameters.

    Returns
    -------
    Inspection
        The pack's rules about approval are left out: an approval is given after the check, of what was checked.
    """
    project = project.resolve()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as several:
        checked = list(several.map(lambda stack: _stack(project, stack, config or {}), stacks))
    rules = {rule.id: rule for rule in (*OWN, *(rule for one in checked for rule in one.rules))}
    found = [finding for one in checked for finding in one.findings]
    return Inspection(
        tuple(stacks),
        tuple(rules[key] for key in sorted(rules)),
        tuple(sorted(found, key=_worst_first)),
    )


def _worst_first(one: Finding) -> tuple[object, ...]:
    return -SEVERITIES.index(one.rule.severity), one.place.file, one.place.line, one.rule.id, one.resource, one.message


def _stack(project: Path, stack: str, config: Mapping[str, Mapping[str, Any]]) -> _Checked:
    where = places(project, stack)
    try:
        recorded = child("in_process", str(project), stack)
    except DeployError as error:
        return _Checked((), (_finding(RUNS, stack, "", error.what, where.of("")),))
    if recorded["error"] is not None:
        return _Checked((), (_failed(project, stack, recorded["error"], where),))
    refused = [
        _finding(
            ACCEPTED,
            stack,
            f"{one['type']} {one['name']}",
            f"{one['name']}: {refusal['path'] and refusal['path'] + ': '}{refusal['reason']}.",
            where.of(one["name"], _value(one["inputs"], refusal["path"]), refusal["reason"]),
        )
        for one in recorded["resources"]
        for refusal in one["refusals"]
    ]
    if not (project / "policies").is_dir():
        message = "There is no pack in policies/."
        return _Checked((), (*refused, _finding(JUDGED, stack, "", message, Place("Pulumi.yaml", 1))))
    try:
        judged = child("judge", str(project), given={"resources": recorded["resources"], "config": config})
    except DeployError as error:
        return _Checked((), (*refused, _finding(JUDGED, stack, "", error.what, Place("policies/rules.py", 1))))
    rules = {one["id"]: _rule(one) for one in judged["rules"]}
    named = {one["urn"]: one for one in recorded["resources"]}
    return _Checked(tuple(rules.values()), (*refused, *_broken(judged["findings"], rules, named, stack, where)))


def _broken(
    found: Sequence[Mapping[str, str]],
    rules: Mapping[str, CheckedRule],
    named: Mapping[str, Mapping[str, Any]],
    stack: str,
    where: Places,
) -> Iterator[Finding]:
    for one in found:
        resource = named.get(one["urn"])
        about = "" if resource is None else f"{resource['type']} {resource['name']}"
        place = where.of("" if resource is None else resource["name"], one["message"])
        yield _finding(rules[one["rule"]], stack, about, one["message"], place)


def _failed(project: Path, stack: str, error: Mapping[str, Any], where: Places) -> Finding:
    message = error["message"]
    if error["file"] is None or "configuration variable" in message:
        return _finding(RUNS, stack, "", message, where.of_config() if "configuration" in message else where.of(""))
    try:
        file = PurePosixPath(Path(error["file"]).resolve().relative_to(project).as_posix())
    except ValueError:
        return _finding(RUNS, stack, "", message, where.of(""))
    return _finding(RUNS, stack, "", message, Place(str(file), max(1, int(error["line"] or 1))))


def _rule(one: Mapping[str, str]) -> CheckedRule:
    # The pack is the user's own: a severity that nobody knows counts as the worst.
    severity = one["severity"] if one["severity"] in SEVERITIES else "critical"
    return CheckedRule(one["id"], one["domain"], severity, one["title"], one["incident"], one["remedy"], one["link"])


def _finding(rule: CheckedRule, stack: str, resource: str, message: str, place: Place) -> Finding:
    said = message if len(message) <= MOST_CHARACTERS else f"{message[:MOST_CHARACTERS]}…"
    identity = "\0".join((rule.id, stack, resource, re.sub(r"\d+", "0", said)))
    digest = sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Finding(rule, stack, resource, said, place, digest)


def _value(inputs: object, path: str) -> str:
    """Follow a path such as ``productionVariants[0].instanceType`` to the value there, as text."""
    inside = inputs
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(inside, dict):
            inside = cast("dict[str, object]", inside).get(step)
        elif isinstance(inside, list) and step.isdecimal() and int(step) < len(cast("list[object]", inside)):
            inside = cast("list[object]", inside)[int(step)]
        else:
            return ""
    return str(inside) if isinstance(inside, str | int | float) else ""
