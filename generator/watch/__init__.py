"""Reads the clouds' alarms: which of those a stack has are firing."""

from generator.watch.watch import watch
from generator.watch.watched import WatchedAlarm, watched

__all__ = ["WatchedAlarm", "watch", "watched"]
