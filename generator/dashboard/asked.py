"""What a request asks about, as the routes read it, and the page it is answered with."""

from typing import Annotated, Any, Literal, cast, get_args

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException

from generator.dashboard.desk import Desk
from generator.dashboard.guard import Keys
from generator.dashboard.views import recommendation
from generator.model import Profile, RejectionReason
from generator.present.page import template
from generator.present.plan_document import GroupDocument, PlanDocument

Wanted = Annotated[Literal["cheapest", "balanced", "resilient"] | None, Query()]
Form = ImmutableMultiDict[str, str]


class NoPlanYet(Exception):  # noqa: N818 (a way, not a defect)
    """The page needs a plan, and there is none: planning is shown instead."""


def shown(request: Request, name: str, status: int = 200, **view: Any) -> HTMLResponse:
    """Fill a template; what every page knows besides: the fleet, whether it is or was planned, the forms' key."""
    desk, keys = _desk(request), cast("Keys", request.app.state.keys)
    text = template(f"dashboard/{name}.html.jinja").render(
        **view,
        known=True,
        here=name,
        fleet=desk.inputs.fleet.name,
        ready=desk.planning.document is not None,
        state=desk.planning.progress.state,
        csrf=keys.csrf,
    )
    return HTMLResponse(text, status)


def decided(desk: Desk, plan: PlanDocument) -> dict[str, Any]:
    """Say what a page needs on which somebody decides: who has said what, and the digest of what it is about."""
    return {
        "deliberation": desk.deliberation(plan),
        "plan_digest": desk.digest(plan),
        "reasons": get_args(RejectionReason),
    }


def _desk(request: Request) -> Desk:
    return request.app.state.desk


def _form(request: Request) -> Form:
    return request.state.form


def _plan(desk: Annotated[Desk, Depends(_desk)]) -> PlanDocument:
    if desk.planning.document is None:
        raise NoPlanYet
    return desk.planning.document


def _profile(plan: Annotated[PlanDocument, Depends(_plan)], profile: Wanted = None) -> Profile:
    return recommendation(plan, profile or plan.chosen.profile).profile


def _group(
    plan: Annotated[PlanDocument, Depends(_plan)], profile: Annotated[Profile, Depends(_profile)], name: str
) -> GroupDocument:
    for group in recommendation(plan, profile).groups:
        if group.name == name:
            return group
    raise HTTPException(404)


TheDesk = Annotated[Desk, Depends(_desk)]
TheForm = Annotated[Form, Depends(_form)]
ThePlan = Annotated[PlanDocument, Depends(_plan)]
TheProfile = Annotated[Profile, Depends(_profile)]
TheGroup = Annotated[GroupDocument, Depends(_group)]
