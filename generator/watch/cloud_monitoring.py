"""Open alerts of Cloud Monitoring through google-auth, ``pip install covey[gcp]``.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alerts/list
"""

import os
from collections.abc import Sequence

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.errors import DeployError
from generator.watch.watched import WatchedAlarm

# As gcloud takes it, for private endpoints: https://cloud.google.com/sdk/gcloud/reference/config/set
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING"
SCOPE = "https://www.googleapis.com/auth/monitoring.read"
LOGIN = "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS."
PAGE = 1000
MOST_PAGES = 100


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Policy(_Reply):
    name: str = ""


class _Alert(_Reply):
    state: str = ""
    policy: _Policy = _Policy()


class _Page(_Reply):
    alerts: tuple[_Alert, ...] = ()
    following: str = Field("", alias="nextPageToken")


def firing_policies(alarms: Sequence[WatchedAlarm]) -> set[str]:
    """Return the labels of policies with an open alert.

    Raises
    ------
    DeployError
        Nobody is logged in; no permission, no answer, a strange one.
    """
    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError:
        raise DeployError("Google Cloud", "There are no credentials.", LOGIN) from None
    session = AuthorizedSession(credentials)
    labels = {one.name: one.label for one in alarms}
    return {
        labels[alert.policy.name]
        for project in sorted({one.place for one in alarms})
        for alert in _open(session, project)
        if alert.policy.name in labels
    }


def _open(session: AuthorizedSession, project: str) -> list[_Alert]:
    where = f"alerts of project {project}"
    base = os.environ.get(OVERRIDE, "https://monitoring.googleapis.com/").rstrip("/")
    found: list[_Alert] = []
    asked: dict[str, str] = {"filter": 'state="OPEN"', "pageSize": str(PAGE)}
    for _ in range(MOST_PAGES):
        try:
            reply = session.get(f"{base}/v3/projects/{project}/alerts", params=asked, timeout=30, allow_redirects=False)
        except (GoogleAuthError, requests.RequestException) as error:
            what = f"Google Cloud cannot be asked: {type(error).__name__}."
            raise DeployError(where, what, f"{LOGIN} Then try again.") from None
        if reply.status_code in (401, 403):
            what = f"Google Cloud refuses to list them: {reply.status_code}."
            raise DeployError(where, what, "Allow monitoring.alerts.list (roles/monitoring.alertViewer).")
        try:
            page = _Page.model_validate_json(reply.content if reply.status_code == 200 else b"")
        except ValidationError:
            what = f"Google Cloud gives no usable answer: {reply.status_code}."
            raise DeployError(where, what, "Try again; if it stays, report this.") from None
        found += [alert for alert in page.alerts if alert.state == "OPEN"]
        if not page.following:
            return found
        asked["pageToken"] = page.following
    raise DeployError(where, f"has more than {PAGE * MOST_PAGES:,} open alerts.", "Close what is not open any more.")
