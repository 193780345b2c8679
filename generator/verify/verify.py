"""Asks the clouds what serves, again while something still moves and there is time."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from generator.clouds.extras import extras
from generator.model import Served
from generator.verify.pretended import pretended_reader
from generator.verify.routes import WantedRoutes
from generator.verify.wanted import Wanted, WantedEndpoint, WantedService

PAUSE_S = 15.0


def verify(
    wanted: Sequence[Wanted],
    *,
    wait_s: float,
    pause: Callable[[float], None] = time.sleep,
    offline: Path | None = None,
) -> list[Served]:
    """Hold each endpoint, service and API to what was deployed.

    Parameters
    ----------
    wanted : sequence of Wanted
        What the last update asked for.
    wait_s : float
        How long to ask again while something is being updated; 0 asks once. What still moves then is undecided.
    pause : callable
        Waits for some seconds.
    offline : Path, optional
        Ask the pretend cloud in this folder instead.

    Returns
    -------
    list of Served
        One for each, in the order of `wanted`.

    Raises
    ------
    DeployError
        A cloud's client is not installed, or the cloud cannot be asked, or refuses to answer.
    """
    read = _reader(wanted) if offline is None else pretended_reader(offline / "cloud")
    found = [read(one) for one in wanted]
    while wait_s > 0 and any(one.state == "undecided" for one in found):
        pause(min(PAUSE_S, wait_s))
        wait_s -= PAUSE_S
        found = [read(one) if old.state == "undecided" else old for one, old in zip(wanted, found, strict=True)]
    return found


def _reader(wanted: Sequence[Wanted]) -> Callable[[Wanted], Served]:
    """Return a function that looks at one; a cloud that nothing runs on is not asked, and its client not needed."""
    endpoint: Callable[[WantedEndpoint], Served] | None = None
    service: Callable[[WantedService], Served] | None = None
    routes: Callable[[WantedRoutes], Served] | None = None
    with extras():
        if any(isinstance(one, WantedEndpoint) for one in wanted):
            from generator.verify.sagemaker import endpoint_reader

            endpoint = endpoint_reader()
        if any(isinstance(one, WantedRoutes) for one in wanted):
            from generator.verify.api_gateway import routes_reader

            routes = routes_reader()
        if any(isinstance(one, WantedService) for one in wanted):
            from generator.verify.cloud_run import service_reader

            service = service_reader()

    def read(one: Wanted) -> Served:
        if isinstance(one, WantedEndpoint) and endpoint is not None:
            return endpoint(one)
        if isinstance(one, WantedService) and service is not None:
            return service(one)
        if isinstance(one, WantedRoutes) and routes is not None:
            return routes(one)
        raise TypeError(type(one).__name__)

    return read
