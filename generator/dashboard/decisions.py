"""What people decide: the routes that change something. `Guard` has seen that they mean it."""

from typing import Annotated, get_args

from fastapi import APIRouter, Header, Request
from fastapi.responses import RedirectResponse, Response

from generator.approval.approve import require_words
from generator.dashboard.asked import Form, TheDesk, TheForm, ThePlan, shown
from generator.dashboard.joining import MOST_CHARACTERS, adopt, as_lines, consider, join_view
from generator.dashboard.views import recommendation
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
def start(form: TheForm, desk: TheDesk) -> Response:
    """Plan again: after it was stopped or failed, or because somebody rejected what came of it."""
    desk.planning.start(again=form.get("again") == "yes")
    return RedirectResponse("/planning", 303)


@decisions.post("/plan/claim")
def claim(form: TheForm, desk: TheDesk, plan: ThePlan, if_match: IfMatch = None) -> Response:
    """Take the plan to decide about it, or give it back; the claim that was shown comes as If-Match, or in the form."""
    desk.require_shown(plan, form.get("plan", ""))
    taken = {"take": True, "give back": False}.get(form.get("act", ""))
    if taken is None:
        raise InputError("the form", "neither takes the plan nor gives it back.", "Use the page's own buttons.")
    seen = (if_match or form.get("shown", "")).strip('"')
    desk.book.claim(desk.digest(plan), seen, by=form.get("by", "").strip(), taken=taken)
    return RedirectResponse(f"/plan?profile={_profile(form, plan)}", 303)


@decisions.post("/plan/reject")
def reject(form: TheForm, desk: TheDesk, plan: ThePlan) -> Response:
    """Record that a recommendation, one group of it, or some of that group's workloads are not wanted, and why."""
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
        workloads=_workloads(form, plan, profile, group),
        by=by,
        journal=desk.book.named,
    )
    return RedirectResponse(f"/plan?profile={profile}#said", 303)


@decisions.post("/plan/retract")
def retract(form: TheForm, desk: TheDesk, plan: ThePlan, if_match: IfMatch = None) -> Response:
    """Take back a rejection that was shown: its entry's hash comes as If-Match, or from the page's form."""
    desk.require_shown(plan, form.get("plan", ""))
    profile, seen = _profile(form, plan), (if_match or form.get("shown", "")).strip('"')
    desk.book.retract(plan, desk.digest(plan), seen, by=form.get("by", "").strip())
    return RedirectResponse(f"/plan?profile={profile}#said", 303)


@decisions.post("/program/approve")
def approve(form: TheForm, desk: TheDesk, plan: ThePlan, if_match: IfMatch = None) -> Response:
    """Write, preview and approve what was shown: its digest comes as If-Match, or from the page's form."""
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
def join(request: Request, form: TheForm, desk: TheDesk) -> Response:
    """Show where a workload may go; an entry that cannot be used comes back with what is wrong with it."""
    entry = _entry(form)
    try:
        found = consider(desk, entry)
    except (InputError, InfeasibleError) as error:
        view = {"project": str(desk.project), "entry": as_lines(entry), "complaint": error, "answer": None}
        return shown(request, "join", 422, **view, most=MOST_CHARACTERS)
    view = join_view(desk, found, entry)
    return shown(request, "join", complaint=None, chosen=None, most=MOST_CHARACTERS, **view)


@decisions.post("/join/adopt")
def adopted(request: Request, form: TheForm, desk: TheDesk, if_match: IfMatch = None) -> Response:
    """Write a choice that was shown: its digest comes as If-Match, or from the page's form."""
    entry, number = _entry(form), form.get("choice", "")
    counted = int(number) if number.isascii() and number.isdecimal() and len(number) <= 3 else 0
    found = adopt(desk, entry, (if_match or form.get("shown", "")).strip('"'), counted)
    view = join_view(desk, found, entry)
    return shown(request, "join", complaint=None, chosen=counted, most=MOST_CHARACTERS, **view)


def _entry(form: Form) -> str:
    """Read the entry as it was typed: a browser sends every line's end as two characters."""
    return form.get("entry", "").replace("\r\n", "\n")


def _workloads(form: Form, plan: PlanDocument, profile: Profile, group: str) -> tuple[str, ...]:
    """Name the workloads that the form numbers in its group's order: a page may spell a name otherwise than it is."""
    numbers = form.getlist("workload")
    groups = recommendation(plan, profile).groups
    there = next((one.workloads for one in groups if one.name == group), ())
    try:
        return tuple(there[range(len(there)).index(int(number))] for number in numbers)
    except ValueError:
        raise InputError("the form", "numbers a workload that its group has not.", "Go back and choose.") from None


def _profile(form: Form, plan: PlanDocument) -> Profile:
    for one in plan.recommendations:
        if one.profile == form.get("profile"):
            return one.profile
    raise InputError("the form", "names no recommendation of this plan.", "Go back and fill it in.")
