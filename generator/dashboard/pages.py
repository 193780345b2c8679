"""The pages: what GET and HEAD answer, and nothing that changes anything."""

from functools import partial
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from generator.dashboard import views
from generator.dashboard.asked import TheDesk, TheGroup, ThePlan, TheProfile, decided, shown
from generator.dashboard.joining import MOST_CHARACTERS
from generator.dashboard.observed import observed
from generator.dashboard.told import told
from generator.dashboard.unified import unified
from generator.errors import CoveyError
from generator.present.comparison import card

STATIC = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "graph.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
pages = APIRouter()
page: Any = partial(pages.api_route, methods=["GET", "HEAD"], response_class=HTMLResponse)


@page("/")
def fleet(
    request: Request,
    desk: TheDesk,
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Show what runs."""
    return shown(request, "fleet", **views.fleet_view(desk.inputs, desk.planning.document, q, page))


@page("/planning")
def planning(request: Request, desk: TheDesk) -> Response:
    """Show how far planning is, also where it is done again and the plan before is there still."""
    if desk.planning.progress.state == "ready":
        return RedirectResponse("/plan", 303)
    return shown(request, "planning", progress=desk.planning.progress)


@page("/planning.json")
def planning_told(desk: TheDesk) -> Response:
    """Say how far planning is."""
    told = desk.planning.progress
    return JSONResponse({"state": told.state, "stage": told.stage, "share": told.share})


@page("/plan")
def plan(request: Request, desk: TheDesk, plan: ThePlan, profile: TheProfile) -> Response:
    """Compare the recommendations."""
    said = decided(desk, plan)
    response = shown(request, "plan", **views.plan_view(plan, profile), **said)
    response.headers["ETag"] = f'"{said["deliberation"].claim.etag}"'
    return response


@page("/groups/{name}")
def group(request: Request, desk: TheDesk, plan: ThePlan, profile: TheProfile, found: TheGroup) -> Response:
    """Show one group."""
    verdict = desk.verdict(plan, profile)
    judged = next((one for one in verdict.groups if one.name == found.name), None)
    return shown(
        request,
        "group",
        **views.group_view(desk.inputs, plan, profile, found, verdict),
        **decided(desk, plan),
        observed=observed(desk.book, desk.inputs, found, judged),
    )


@page("/groups/{name}/alarms.json")
def alarms(desk: TheDesk, plan: ThePlan, profile: TheProfile, found: TheGroup) -> Response:
    """List a group's alarms, which takes a run of the program."""
    stack = f"{desk.inputs.fleet.environment}-{found.cloud}-{found.region}"
    try:
        made = [one for one in desk.alarms(plan, profile, stack) if found.name in one.within]
    except CoveyError as error:
        return JSONResponse({"failure": f"{error.where}: {error.what} {error.remedy}", "alarms": []})
    told = [[one.name.removeprefix(f"{found.name}-"), one.what, one.condition] for one in made]
    return JSONResponse({"failure": None, "alarms": told})


@page("/graph")
def graph(request: Request, plan: ThePlan, profile: TheProfile) -> Response:
    """Open the correlation graph."""
    profiles = [one.profile for one in plan.recommendations]
    return shown(request, "graph", profile=profile, profiles=profiles, models=len(plan.workloads))


@page("/graph.json")
def drawn(desk: TheDesk, plan: ThePlan, profile: TheProfile) -> Response:
    """Say what the graph's script draws."""
    return JSONResponse(views.graph_view(desk.inputs, plan, profile, desk.graph(plan)))


@page("/program")
def program(request: Request, desk: TheDesk, plan: ThePlan, profile: TheProfile) -> Response:
    """Show what approving a recommendation would write, beside what lies there."""
    found = desk.shown(plan, profile)
    response = shown(
        request,
        "program",
        profile=profile,
        profiles=[one.profile for one in plan.recommendations],
        card=card(views.recommendation(plan, profile), plan.chosen),
        files=unified(found.changes),
        stacks=found.program.stacks,
        gone=found.gone,
        left_out=found.left_out,
        retiring=found.program.retiring,
        project=None if desk.project is None else str(desk.project),
        offline=desk.offline,
        approved=found.approved,
        digest=found.digest,
        **decided(desk, plan),
    )
    response.headers["ETag"] = f'"{found.digest}"'
    return response


@page("/join")
def join(request: Request, desk: TheDesk) -> Response:
    """Ask for a workload's entry."""
    project = None if desk.project is None else str(desk.project)
    return shown(request, "join", project=project, entry="", complaint=None, answer=None, most=MOST_CHARACTERS)


@page("/log")
def log(
    request: Request,
    desk: TheDesk,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Show what the journal holds, and whether it is as it was written."""
    journal = desk.book.journal()
    found = None if journal is None else told(journal, kind or None, page)
    return shown(request, "log", journal=str(journal), found=found, kind=kind or None, page=page)


@page("/static/{name}")
def static(name: str) -> Response:
    """Give a page its style, script and sign."""
    if name not in STATIC:
        raise HTTPException(404)
    folder = files("generator") / "templates"
    own = (folder / "dashboard" / name).read_bytes()
    # The dashboard looks like the report, and adds what pages one acts on need.
    content = (folder / "report.css").read_bytes() + own if name == "dashboard.css" else own
    return Response(content, media_type=STATIC[name])
