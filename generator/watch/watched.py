"""Which alarms a stack has, as its Pulumi state knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model import Cloud

METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ALERT_POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
# That nobody has called for a day tells nothing of a version that came a minute ago.
SLOW = "-idle"


@dataclass(frozen=True, slots=True)
class WatchedAlarm:
    """An alarm.

    Parameters
    ----------
    place : str
        Region on AWS, project on GCP.
    name : str
        What the cloud calls it: on GCP its policy's whole resource name.
    label : str
        Its name in the program, by which people know it.
    """

    cloud: Cloud
    place: str
    name: str
    label: str


def watched(state: Mapping[str, Any]) -> tuple[WatchedAlarm, ...]:
    """Read the alarms off what `pulumi stack export` gives; those that take a day to fire are left out.

    Returns
    -------
    tuple of WatchedAlarm
        Sorted by label; without resources that only wait for their deletion.
    """
    resources = (state.get("deployment") or {}).get("resources") or []
    found = [_alarm(one) for one in resources if not one.get("delete") and one["type"] in (METRIC_ALARM, ALERT_POLICY)]
    return tuple(sorted((one for one in found if not one.label.endswith(SLOW)), key=lambda one: one.label))


def _alarm(resource: Mapping[str, Any]) -> WatchedAlarm:
    label, outputs = resource["urn"].rsplit("::", 1)[1], resource["outputs"]
    if resource["type"] == METRIC_ALARM:
        # arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME
        return WatchedAlarm("aws", outputs["arn"].split(":")[3], outputs["name"], label)
    # projects/PROJECT/alertPolicies/NUMBER
    return WatchedAlarm("gcp", resource["id"].split("/")[1], resource["id"], label)
