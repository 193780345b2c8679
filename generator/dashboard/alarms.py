"""A program to the alarms it makes: read off the program itself, which runs against mocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.deploy import require_sdks
from generator.errors import DeployError
from generator.offline.child import child

METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ALERT_POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is watched. `within` names the resources it is a part of, the nearest first."""

    name: str
    what: str
    condition: str
    within: tuple[str, ...]


def alarms(project: Path, stack: str) -> tuple[Alarm, ...]:
    """Run a stack's program against mocks and list the alarms it registers, in the order of their names.

    Raises
    ------
    DeployError
        The program fails, or Pulumi's SDKs are not installed.
    """
    require_sdks()
    found = child("in_process", str(project.resolve()), stack)
    if found["error"] is not None:
        raise DeployError(f"stack {stack}", found["error"]["message"], "Run covey check on the emitted project.")
    parents = {one["urn"]: one.get("parent") or "" for one in found["resources"]}
    return tuple(
        _alarm(one, tuple(_names(one["urn"], parents)))
        for one in sorted(found["resources"], key=lambda one: one["name"])
        if one["type"] in (METRIC_ALARM, ALERT_POLICY)
    )


def _alarm(resource: Mapping[str, Any], within: tuple[str, ...]) -> Alarm:
    inputs = resource["inputs"]
    if resource["type"] == METRIC_ALARM:
        measured = inputs.get("metricName") or "expression"
        sign = SIGNS.get(inputs.get("comparisonOperator", ""), inputs.get("comparisonOperator", ""))
        condition = f"{measured} {sign} {inputs.get('threshold', '')}".strip()
        return Alarm(resource["name"], inputs.get("alarmDescription") or "", condition, within)
    conditions = inputs.get("conditions") or [{}]
    told = "; ".join(str(one.get("displayName") or "") for one in conditions)
    thresholds = [one["conditionThreshold"] for one in conditions if "conditionThreshold" in one]
    condition = "; ".join(f"> {one.get('thresholdValue', '')}" for one in thresholds) or "absent"
    return Alarm(resource["name"], told, condition, within)


def _names(urn: str, parents: Mapping[str, str]) -> Iterator[str]:
    while urn:
        yield urn.rsplit("::", 1)[-1]
        urn = parents.get(urn, "")
