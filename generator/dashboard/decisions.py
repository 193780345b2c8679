"""What people decide: the routes that change something. `Guard` has seen that they mean it."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import RedirectResponse, Response

from generator.approval.approve import require_words
from generator.dashboard.asked import TheDesk, ThePlan
from generator.errors import InputError
from generator.model import Profile

MOST_DAYS = 90
decisions = APIRouter()


@decisions.post("/planning/stop")
def stop(desk: TheDesk) -> Response:
    """End planning."""
    desk.planning.stop()
    return RedirectResponse("/planning", 303)


@decisions.post("/planning/start")
def start(desk: TheDesk) -> Response:
    """Plan again, after it was stopped or failed."""
    desk.planning.start()
    return RedirectResponse("/planning", 303)


@decisions.post("/program/approve")
def approve(
    request: Request, desk: TheDesk, plan: ThePlan, if_match: Annotated[str | None, Header(max_length=200)] = None
) -> Response:
    """Write, preview and approve what was shown: its digest comes as If-Match, or from the page's form."""
    form: dict[str, str] = request.state.form
    offered: dict[str, Profile] = {one.profile: one.profile for one in plan.recommendations}
    profile = offered.get(form.get("profile", ""))
    days = form.get("days", "")
    counted = int(days) if days.isascii() and days.isdecimal() and len(days) <= 3 else 0
    if profile is None or not 1 <= counted <= MOST_DAYS:
        what = f"names no recommendation of this plan, or no number of days from 1 to {MOST_DAYS}."
        raise InputError("the form", what, "Go back and fill it in.")
    by, note = form.get("by", "").strip(), form.get("note", "").strip() or None
    require_words(by, note)
    desk.approve(plan, profile, (if_match or form.get("shown", "")).strip('"'), by=by, days=counted, note=note)
    return RedirectResponse(f"/program?profile={profile}", 303)
