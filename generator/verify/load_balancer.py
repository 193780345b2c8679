"""Looks at the routes of global load balancers: GETs of the Compute API, one for each resource on the way.

https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps/get
"""

import re
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from generator.clouds.google import GoogleApi
from generator.model import Served
from generator.verify.routes import compared
from generator.verify.url_map import BackendService, EndpointGroup, UrlMap, WantedUrlMap, map_routes

# What an answer names is asked for as well, and may be anything.
NAME = re.compile(r"projects/[\w.:-]+/(global|regions/[\w-]+)/[A-Za-z]+/[\w-]+", re.ASCII)
Reply = TypeVar("Reply", bound=BaseModel)


def url_map_reader() -> Callable[[WantedUrlMap], Served]:
    """Return a function that looks at one load balancer's routes.

    Raises
    ------
    DeployError
        Nobody is logged in; from the function: no permission, no answer, a strange one.
    """
    compute = GoogleApi("compute", "compute.readonly")

    def asked(name: str, kind: type[Reply]) -> Reply | None:
        if not NAME.fullmatch(name):
            return None
        allow = "reading the load balancer (roles/compute.viewer)"
        answer = compute.get(name, f"/compute/v1/{name}", doing="describe it", allow=allow)
        return None if answer.status == 404 else compute.read(name, answer, kind)

    def read(one: WantedUrlMap) -> Served:
        found = asked(one.name, UrlMap)
        routes = None
        if found is not None:
            routes = map_routes(
                found, lambda name: asked(name, BackendService), lambda name: asked(name, EndpointGroup)
            )
        return compared("url-map", one.name, one.place, one.routes, routes)

    return read
