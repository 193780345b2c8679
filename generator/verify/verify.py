"""Asks the clouds what serves, again while something still moves and there is time."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generator.clouds.extras import extras
from generator.model import Served
from generator.verify.api_routes import WantedApi
from generator.verify.pretended import pretended_reader
from generator.verify.wanted import Wanted, WantedEndpoint, WantedService

PAUSE_S = 15.0


def verify(
    wanted: Sequence[Wanted],
    *,
    wait_s: float,
    pause: Callable[[float], None] = time.sleep,
    offline: Path | None = None,
) -> list[Served]:
    """Hold each endpoint, service, API and load balancer to what was deployed.

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
    with extras():
        readers = {kind: _reader_of(kind) for kind in {type(one) for one in wanted}}
    return lambda one: readers[type(one)](one)


def _reader_of(kind: type[Wanted]) -> Callable[[Any], Served]:
    if kind is WantedEndpoint:
        from generator.verify.sagemaker import endpoint_reader

        return endpoint_reader()
    if kind is WantedApi:
        from generator.verify.api_gateway import routes_reader

        return routes_reader()
    if kind is WantedService:
        from generator.verify.cloud_run import service_reader

        return service_reader()
    from generator.verify.load_balancer import url_map_reader

    return url_map_reader()
