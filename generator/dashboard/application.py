"""The dashboard as an application: its routes, and which page a failure ends on."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from generator.dashboard.asked import NoPlanYet, shown
from generator.dashboard.book import HeldError
from generator.dashboard.decisions import decisions
from generator.dashboard.desk import Desk
from generator.dashboard.guard import Keys
from generator.dashboard.pages import pages
from generator.errors import (
    ApprovalError,
    BusyError,
    CoveyError,
    DeployError,
    EmitError,
    InfeasibleError,
    InputError,
    JournalError,
    OvertakenError,
)
from generator.shell import say

# The first that fits.
STATUS: tuple[tuple[type[CoveyError], int], ...] = (
    (OvertakenError, 412),
    (HeldError, 409),
    (BusyError, 409),
    (JournalError, 503),
    (InputError, 422),
    (InfeasibleError, 422),
    (ApprovalError, 409),
    (EmitError, 409),
    (DeployError, 502),
    (CoveyError, 500),
)
UNSUCCESSFUL = "That did not work"
TITLES = {
    404: "There is no such page",
    405: "That cannot be done here",
    409: "Not now",
    412: "It has changed since you looked",
    422: "That cannot be done so",
    503: "The journal cannot be used",
}


def application(desk: Desk, keys: Keys) -> FastAPI:
    """Make the dashboard; `Guard` stands before it.

    Parameters
    ----------
    desk : Desk
        What is decided on.
    keys : Keys
        Its `csrf` stands in every form.
    """
    app = FastAPI(title="covey", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk, app.state.keys = desk, keys
    app.include_router(pages)
    app.include_router(decisions)
    app.add_exception_handler(NoPlanYet, _wait)
    app.add_exception_handler(CoveyError, _failed)
    app.add_exception_handler(HTTPException, _missed)
    app.add_exception_handler(RequestValidationError, _missed)
    app.add_exception_handler(Exception, _broken)
    return app


def _wait(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/planning", 303)


def _failed(request: Request, error: Exception) -> Response:
    if not isinstance(error, CoveyError):
        raise error
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    title = TITLES.get(status, UNSUCCESSFUL)
    return shown(request, "message", status, title=title, where=error.where, what=error.what, remedy=error.remedy)


def _missed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 422
    title = TITLES.get(status, UNSUCCESSFUL)
    remedy = "Start from the fleet or the plan."
    return shown(request, "message", status, title=title, where=None, what="Nothing was changed.", remedy=remedy)


def _broken(request: Request, error: Exception) -> Response:
    say(f"{request.url.path}: {type(error).__name__}: {error}")
    what, remedy = "This is a defect of covey.", "The terminal says what went wrong; report it."
    return shown(request, "message", 500, title=UNSUCCESSFUL, where=None, what=what, remedy=remedy)
