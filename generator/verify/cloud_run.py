"""Looks at Cloud Run services: one GET each of the Admin API v2.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service
"""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from generator.clouds.google import GoogleApi, GoogleReply
from generator.model import Served
from generator.verify.wanted import WantedService


class _Container(GoogleReply):
    image: str = ""


class _Template(GoogleReply):
    containers: tuple[_Container, ...] = ()


class _Condition(GoogleReply):
    state: str = ""
    message: str = ""


class _Share(GoogleReply):
    revision: str = ""
    percent: int = 0


class _Service(GoogleReply):
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
    run = GoogleApi("run", "cloud-platform.read-only")

    def read(one: WantedService) -> Served:
        where = f"service {one.name}"
        answer = run.get(where, f"/v2/{one.name}", doing="describe it", allow="run.services.get (roles/run.viewer)")
        if answer.status == 404:
            return Served("cloud-run", one.name, "missing", "there is no such service")
        return Served("cloud-run", one.name, *_state(run.read(where, answer, _Service), one))

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
