"""Open alerts of Cloud Monitoring.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alerts/list
"""

from collections.abc import Sequence

from pydantic import Field

from generator.clouds.google import GoogleApi, GoogleReply, Parameters
from generator.errors import DeployError
from generator.watch.watched import WatchedAlarm

PAGE = 1000
MOST_PAGES = 100


class _Policy(GoogleReply):
    name: str = ""


class _Alert(GoogleReply):
    state: str = ""
    policy: _Policy = _Policy()


class _Page(GoogleReply):
    alerts: tuple[_Alert, ...] = ()
    following: str = Field("", alias="nextPageToken")


def firing_policies(alarms: Sequence[WatchedAlarm]) -> set[str]:
    """Return the labels of policies with an open alert.

    Raises
    ------
    DeployError
        Nobody is logged in; no permission, no answer, a strange one.
    """
    monitoring = GoogleApi("monitoring", "monitoring.read")
    labels = {one.name: one.label for one in alarms}
    return {
        labels[alert.policy.name]
        for project in sorted({one.place for one in alarms})
        for alert in _open(monitoring, project)
        if alert.policy.name in labels
    }


def _open(monitoring: GoogleApi, project: str) -> list[_Alert]:
    where = f"alerts of project {project}"
    path, allow = f"/v3/projects/{project}/alerts", "monitoring.alerts.list (roles/monitoring.alertViewer)"
    found: list[_Alert] = []
    asked: Parameters = {"filter": 'state="OPEN"', "pageSize": PAGE}
    for _ in range(MOST_PAGES):
        answer = monitoring.get(where, path, asked, doing="list them", allow=allow)
        page = monitoring.read(where, answer, _Page)
        found += [alert for alert in page.alerts if alert.state == "OPEN"]
        if not page.following:
            return found
        asked["pageToken"] = page.following
    raise DeployError(where, f"has more than {PAGE * MOST_PAGES:,} open alerts.", "Close what is not open any more.")
