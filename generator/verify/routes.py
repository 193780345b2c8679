"""Public routes, and whether they are those that were deployed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from generator.model import Served

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Route:
    """A path, where it leads, and what it asks for there.

    Parameters
    ----------
    path : str
        On Google Cloud with the host before it.
    leads_to : str
        An endpoint of SageMaker; services of Cloud Run by region, the nearest of which is asked.
    asks_for : str or None
        An artifact of the endpoint, or the path that the service is asked; None where the route says nothing of that.
    """

    path: str
    leads_to: str
    asks_for: str | None


def compared(
    kind: Literal["api-gateway", "url-map"],
    name: str,
    place: str,
    meant: Sequence[Route],
    found: Sequence[Route] | None,
) -> Served:
    """Hold routes to those that were deployed.

    Parameters
    ----------
    kind, name : str
        As `Served` has them.
    place : str
        What holds the routes, after "on" and "there is no".
    meant : sequence of Route
    found : sequence of Route or None
        None where there is no such place.
    """
    if found is None:
        return Served(kind, name, "missing", f"there is no {place}")
    there = {route.path: route for route in found}
    faults = [fault for route in meant for fault in _faults(route, there.get(route.path))]
    faults += [f"{path} is a route that nobody deployed" for path in sorted(there.keys() - {r.path for r in meant})]
    if not faults:
        return Served(kind, name, "serves", f"{len(meant)} routes on {place}")
    more = f" and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
    return Served(kind, name, "differs", "; ".join(faults[:MOST_NAMED]) + more)


def _faults(meant: Route, found: Route | None) -> list[str]:
    if found is None:
        return [f"{meant.path} leads nowhere"]
    pairs = (("leads to", meant.leads_to, found.leads_to), ("asks for", meant.asks_for, found.asks_for))
    return [
        f"{meant.path} {what} {is_ or 'nothing'} instead of {wanted or 'nothing'}"
        for what, wanted, is_ in pairs
        if wanted != is_
    ]
