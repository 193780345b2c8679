"""What people decide: the routes that change something. `Guard` has seen that they mean it."""

from typing import Annotated, get_args

from fastapi import APIRouter, Header, Request
from fastapi.responses import RedirectResponse, Response

from generator.approval.approve import require_words
from generator.dashboard.asked import TheDesk, ThePlan, shown
from generator.dashboard.joining import MOST_CHARACTERS, adopt, as_lines, consider, join_view
from generator.errors import InfeasibleError, InputError
from generator.model import Profile, RejectionReason
from generator.present.plan_document import PlanDocument
from generator.reject import reject as record

MOST_DAYS = 90
REASONS: dict[str, RejectionReason] = {reason: reason for reason in get_args(RejectionReason)}
IfMatch = Annotated[str | None, Header(max_length=200)]
decisions = APIRouter()


@decisions.post("/planning/stop")
def stop(desk: TheDesk) -> Response:
    """End planning."""
    desk.planning.stop()
    return RedirectResponse("/planning", 303)


@decisions.post("/planning/start")
def start(request: Request, desk: TheDesk) -> Response:
    """Plan again: after it was stopped or failed, or because somebody rejected what came of it."""
    form: dict[str, str] = request.state.form
    desk.planning.start(again=form.get("again") == "yes")
    return RedirectResponse("/planning", 303)


@decisions.post("/plan/claim")
def claim(request: Request, desk: TheDesk, plan: ThePlan, if_match: IfMatch = None) -> Response:
    """Take the plan to decide about it, or give it back; the claim that was shown comes as If-Match, or in the form."""
    form: dict[str, str] = request.state.form
    desk.require_shown(plan, form.get("plan", ""))
    taken = {"take": True, "give back": False}.get(form.get("act", ""))
    if taken is None:
        raise InputError("the form", "neither takes the plan nor gives it back.", "Use the page's own buttons.")
    seen = (if_match or form.get("shown", "")).strip('"')
    desk.book.claim(desk.digest(plan), seen, by=form.get("by", "").strip(), taken=taken)
    return RedirectResponse(f"/plan?profile={_profile(form, plan)}", 303)


@decisions.post("/plan/reject")
def reject(request: Request, desk: TheDesk, plan: ThePlan) -> Response:
    """Record that a recommendation, or one group of it, is not wanted, and why."""
    form: dict[str, str] = request.state.form
    desk.require_shown(plan, form.get("plan", ""))
    profile, reason, group = _profile(form, plan), REASONS.get(form.get("reason", "")), form.get("group", "")
    if reason is None:
        raise InputError("the form", "gives no reason out of those offered.", "Go back and choose one.")
    by = form.get("by", "").strip()
    desk.book.require_open_to(by, desk.digest(plan))
    record(
        desk.book.folder,
        plan,
        desk.inputs,
        desk.catalog,
        profile,
        reason=reason,
        note=form.get("note", "").strip() or None,
        groups=(group,) if group else (),
        by=by,
        journal=desk.book.named,
    )
    return RedirectResponse(f"/plan?profile={profile}#said", 303)


@decisions.post("/program/approve")
def approve(request: Request, desk: TheDesk, plan: ThePlan, if_match: IfMatch = None) -> Response:
    """Write, preview and approve what was shown: its digest comes as If-Match, or from the page's form."""
    form: dict[str, str] = request.state.form
    profile = _profile(form, plan)
    days = form.get("days", "")
    counted = int(days) if days.isascii() and days.isdecimal() and len(days) <= 3 else 0
    if not 1 <= counted <= MOST_DAYS:
        what = f"names no number of days from 1 to {MOST_DAYS}."
        raise InputError("the form", what, "Go back and fill it in.")
    by, note = form.get("by", "").strip(), form.get("note", "").strip() or None
    require_words(by, note)
    desk.approve(plan, profile, (if_match or form.get("shown", "")).strip('"'), by=by, days=counted, note=note)
    return RedirectResponse(f"/program?profile={profile}", 303)


@decisions.post("/join")
def join(request: Request, desk: TheDesk) -> Response:
    """Show where a workload may go; an entry that cannot be used comes back with what is wrong with it."""
    entry = _entry(request)
    try:
        found = consider(desk, entry)
    except (InputError, InfeasibleError) as error:
        view = {"project": str(desk.project), "entry": as_lines(entry), "complaint": error, "answer": None}
        return shown(request, "join", 422, **view, most=MOST_CHARACTERS)
    view = join_view(desk, found, entry)
    return shown(request, "join", complaint=None, chosen=None, most=MOST_CHARACTERS, **view)


@decisions.post("/join/adopt")
def adopted(request: Request, desk: TheDesk, if_match: IfMatch = None) -> Response:
    """Write a choice that was shown: its digest comes as If-Match, or from the page's form."""
    form: dict[str, str] = request.state.form
    entry, number = _entry(request), form.get("choice", "")
    counted = int(number) if number.isascii() and number.isdecimal() and len(number) <= 3 else 0
    found = adopt(desk, entry, (if_match or form.get("shown", "")).strip('"'), counted)
    view = join_view(desk, found, entry)
    return shown(request, "join", complaint=None, chosen=counted, most=MOST_CHARACTERS, **view)


def _entry(request: Request) -> str:
    """Read the entry as it was typed: a browser sends every line's end as two characters."""
    return request.state.form.get("entry", "").replace("\r\n", "\n")


def _profile(form: dict[str, str], plan: PlanDocument) -> Profile:
    for one in plan.recommendations:
        if one.profile == form.get("profile"):
            return one.profile
    raise InputError("the form", "names no recommendation of this plan.", "Go back and fill it in.")
