"""Blocks of the correlation on a Dask cluster: the same function on the same blocks, on other machines."""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np

from generator.errors import InputError
from generator.partners import Findings, Over, Pair, Stripe

ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[A-Za-z0-9.\-\[\]:]{1,255}:[0-9]{1,5}")
# Long enough for a scheduler across a network; who does not answer by then is not there.
CONNECT_S = 10
# Blocks under way at a time, for each thread of the cluster: enough that none waits, few enough to hold what they find.
UNDER_WAY = 2


@contextmanager
def cluster(address: str) -> Generator[Over]:
    """Connect to a Dask scheduler, and yield what works through blocks on its workers.

    Every worker needs covey installed, in the same version. Blocks are cut as they are without a cluster, and merged in
    any order to the same result. On other processors, or with another number of threads for a product (Dask gives its
    workers one), sums are added up in another order, and the last bits may differ.

    Parameters
    ----------
    address : str
        Such as ``tcp://scheduler:8786``. Who holds a scheduler runs what is sent to it: name only your own.

    Raises
    ------
    InputError
        It is no address, nobody answers there, or Dask is not installed.
    """
    where = f"--scheduler {address}"
    if not ADDRESS.fullmatch(address):
        raise InputError(where, "is no address of a Dask scheduler.", "Name one as in tcp://scheduler:8786.")
    try:
        from distributed import Client
    except ImportError:
        raise InputError(where, "needs Dask, which is not installed.", "pip install 'covey[scale]'.") from None
    try:
        client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise InputError(where, f"nobody answers: {type(error).__name__}.", "Start it, or name another.") from None
    with client:
        threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
        if threads == 0:
            raise InputError(where, "has no workers.", "Start some: dask worker ADDRESS.")
        yield lambda stripes, pairs, find: _worked_through(client, UNDER_WAY * threads, stripes, pairs, find)


def _worked_through(
    client: Any,
    under_way: int,
    stripes: Sequence[Stripe],
    pairs: Sequence[Pair],
    find: Callable[[Stripe, Stripe, Pair], Findings],
) -> Iterator[tuple[Pair, Findings]]:
    from distributed import as_completed

    there = client.scatter(list(stripes), hash=False)

    def submitted(pair: Pair) -> Any:
        return client.submit(_found, find, there[pair[0]], there[pair[1]], pair, pure=False)

    waiting = iter(pairs)
    running = as_completed([submitted(pair) for pair in islice(waiting, under_way)], loop=client.loop)
    for done in running:
        yield done.result()
        running.update([submitted(pair) for pair in islice(waiting, 1)])


def _found(
    find: Callable[[Stripe, Stripe, Pair], Findings], rows: Stripe, columns: Stripe, pair: Pair
) -> tuple[Pair, Findings]:
    # Frames from the network may begin at any address, and what is not aligned is multiplied in another way.
    return pair, find(np.require(rows, requirements="A"), np.require(columns, requirements="A"), pair)
