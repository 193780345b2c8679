"""The state of CloudWatch alarms."""

from collections.abc import Iterator, Sequence
from typing import Any

from generator.clouds.amazon import amazon_clients, asking_amazon
from generator.errors import DeployError
from generator.watch.watched import WatchedAlarm

# API reference, DescribeAlarms: names in one call.
AT_ONCE = 100


def firing_metric_alarms(alarms: Sequence[WatchedAlarm]) -> set[str]:
    """Return the labels of those in state ``ALARM``.

    Raises
    ------
    DeployError
        No credentials, no permission, no answer; or an alarm is gone, so that nothing would warn.
    """
    clients = amazon_clients("cloudwatch")
    firing: set[str] = set()
    for region in sorted({one.place for one in alarms}):
        labels = {one.name: one.label for one in alarms if one.place == region}
        where = f"alarms in {region}"
        with asking_amazon(where, doing="tell", allow="cloudwatch:DescribeAlarms"):
            states = dict(_states(clients(region), sorted(labels)))
        if missing := sorted(labels[name] for name in labels if name not in states):
            what = f"are gone: {', '.join(missing[:5])}, so nothing would warn."
            raise DeployError(where, what, "Bring the stack up again: covey up DIR.")
        firing |= {labels[name] for name, state in states.items() if state == "ALARM"}
    return firing


def _states(client: Any, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for first in range(0, len(names), AT_ONCE):
        pages = client.get_paginator("describe_alarms").paginate(
            AlarmNames=list(names[first : first + AT_ONCE]), AlarmTypes=["MetricAlarm"]
        )
        for page in pages:
            yield from ((alarm["AlarmName"], alarm["StateValue"]) for alarm in page["MetricAlarms"])
