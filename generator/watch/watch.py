"""Asks the clouds which alarms fire, once."""

from collections.abc import Sequence
from pathlib import Path

from generator.clouds.extras import extras
from generator.offline.alarms import ringing
from generator.watch.watched import WatchedAlarm


def watch(alarms: Sequence[WatchedAlarm], *, offline: Path | None = None) -> tuple[WatchedAlarm, ...]:
    """Find the alarms that fire.

    Parameters
    ----------
    alarms : sequence of WatchedAlarm
        The alarms of some stacks.
    offline : Path, optional
        Ask the pretend cloud in this folder instead.

    Returns
    -------
    tuple of WatchedAlarm
        Those of `alarms` that fire, in their order.

    Raises
    ------
    DeployError
        A cloud's client is not installed, the cloud cannot be asked or refuses to answer, or knows no such alarm.
    """
    if offline is not None:
        rung = ringing(offline / "cloud", [one.label for one in alarms])
        return tuple(one for one in alarms if one.label in rung)
    firing: set[str] = set()
    with extras():
        if any(one.cloud == "aws" for one in alarms):
            from generator.watch.cloudwatch import firing_metric_alarms

            firing |= firing_metric_alarms([one for one in alarms if one.cloud == "aws"])
        if any(one.cloud == "gcp" for one in alarms):
            from generator.watch.cloud_monitoring import firing_policies

            firing |= firing_policies([one for one in alarms if one.cloud == "gcp"])
    return tuple(one for one in alarms if one.label in firing)
