"""Looks at Cloud Run services: one GET each of the Admin API v2, through google-auth, ``pip install covey[gcp]``.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service
"""

import os
from collections.abc import Callable
from typing import Literal

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.errors import DeployError
from generator.model import Served
from generator.verify.wanted import WantedService

# As gcloud takes it, for private endpoints: https://cloud.google.com/sdk/gcloud/reference/config/set
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN"
SCOPE = "https://www.googleapis.com/auth/cloud-platform.read-only"


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Container(_Reply):
    image: str = ""


class _Template(_Reply):
    containers: tuple[_Container, ...] = ()


class _Condition(_Reply):
    state: str = ""
    message: str = ""


class _Share(_Reply):
    revision: str = ""
    percent: int = 0


class _Service(_Reply):
    template: _Template = _Template()
    reconciling: bool = False
    terminal: _Condition = Field(_Condition(), alias="terminalCondition")
    ready: str = Field("", alias="latestReadyRevision")
    created: str = Field("", alias="latestCreatedRevision")
    shares: tuple[_Share, ...] = Field((), alias="trafficStatuses")


def service_reader() -> Callable[[WantedService], Served]:
    """Return a function that looks at one service.

    Raises
    ------
    DeployError
        Nobody is logged in; from the function: no permission, no answer, a strange one.
    """
    login = "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS."
    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError:
        raise DeployError("Google Cloud", "There are no credentials.", login) from None
    session = AuthorizedSession(credentials)
    base = os.environ.get(OVERRIDE, "https://run.googleapis.com/").rstrip("/")

    def read(one: WantedService) -> Served:
        where = f"service {one.name}"
        try:
            reply = session.get(f"{base}/v2/{one.name}", timeout=30, allow_redirects=False)
        except (GoogleAuthError, requests.RequestException) as error:
            what = f"Google Cloud cannot be asked: {type(error).__name__}."
            raise DeployError(where, what, f"{login} Then try again.") from None
        if reply.status_code == 404:
            return Served("cloud-run", one.name, "missing", "there is no such service")
        if reply.status_code in (401, 403):
            what = f"Google Cloud refuses to describe it: {reply.status_code}."
            raise DeployError(where, what, "Allow run.services.get (roles/run.viewer), or log in as someone who may.")
        try:
            found = _Service.model_validate_json(reply.content if reply.status_code == 200 else b"")
        except ValidationError:
            what = f"Google Cloud gives no usable answer: {reply.status_code}."
            raise DeployError(where, what, "Try again; if it stays, report this.") from None
        return Served("cloud-run", one.name, *_state(found, one))

    return read


def _state(found: _Service, one: WantedService) -> tuple[Literal["serves", "differs", "undecided"], str]:
    ready, created = (name.rpartition("/")[2] for name in (found.ready, found.created))
    if found.reconciling:
        return "undecided", f"is reconciling; {ready or 'no revision'} is ready"
    if ready != created or found.terminal.state == "CONDITION_FAILED":
        reason = f": {found.terminal.message}" if found.terminal.message else ""
        return "differs", f"newest revision {created} is not ready, {ready or 'none'} is{reason}"
    images = [container.image for container in found.template.containers]
    if one.image is not None and one.image not in images:
        return "differs", f"serves image {', '.join(images) or 'none'} instead of {one.image}"
    meant = one.held or ready
    other = [share for share in found.shares if share.percent and (share.revision or ready) != meant]
    if other:
        return "differs", f"{other[0].percent} % of requests go to {other[0].revision} instead of {meant}"
    return "serves", f"revision {meant}"
