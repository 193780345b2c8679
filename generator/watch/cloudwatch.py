"""The state of CloudWatch alarms through boto3, an extra: ``pip install covey[aws]``."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from generator.errors import DeployError
from generator.watch.watched import WatchedAlarm

# API reference, DescribeAlarms: names in one call.
AT_ONCE = 100
ATTEMPTS = 4


def firing_metric_alarms(alarms: Sequence[WatchedAlarm]) -> set[str]:
    """Return the labels of those in state ``ALARM``.

    Raises
    ------
    DeployError
        No credentials, no permission, no answer; or an alarm is gone, so that nothing would warn.
    """
    config = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "max_attempts": ATTEMPTS})
    session = boto3.Session()
    firing: set[str] = set()
    for region in sorted({one.place for one in alarms}):
        labels = {one.name: one.label for one in alarms if one.place == region}
        where = f"alarms in {region}"
        try:
            client = session.client("cloudwatch", region_name=region, config=config)
            states = dict(_states(client, sorted(labels)))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise DeployError(where, f"AWS refuses to tell: {code}.", "Allow cloudwatch:DescribeAlarms.") from None
        except BotoCoreError as error:
            what = f"AWS cannot be asked: {str(error).rstrip('.')}."
            raise DeployError(where, what, "Log in to the account, or mend the connection, and try again.") from None
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
