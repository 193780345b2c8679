"""Work on many things at once, in threads: long compiled code and large arrays do not hold Python's lock."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from threading import Event
from typing import Protocol, TypeVar

from threadpoolctl import threadpool_limits

Thing = TypeVar("Thing")
Made = TypeVar("Made")
# Many small things go to a thread at a time: enough pieces that none waits long for another, few enough to hold.
PIECES_PER_JOB = 32


class Each(Protocol):
    """Who does some work on each of many things, and gives what comes of them in their order."""

    def __call__(self, work: Callable[[Thing], Made], things: Iterable[Thing], /) -> Iterator[Made]:
        """Yield what comes of each thing; what any of them raises, when its turn has come."""
        ...


def one_by_one(work: Callable[[Thing], Made], things: Iterable[Thing], /) -> Iterator[Made]:
    """Work on one thing after another, here."""
    return map(work, things)


@contextmanager
def side_by_side(jobs: int) -> Generator[Each]:
    """Work on as many things at once; what comes of them does not depend on it, as long as they share nothing.

    Threads, not processes: they begin at once and read the same traffic, gigabytes of it, and most of a plan's time is
    spent in compiled code that lets others run. Whoever waits for what comes works, too, so that what is done to a
    thing may be done to its parts side by side again. Who leaves by an exception waits for the things that are being
    worked on; no more are begun.

    Parameters
    ----------
    jobs : int
        1 or more; 1 does without threads. Libraries of linear algebra begin none of their own meanwhile: their sums
        would end on other last digits with another number of cores, and threads of threads take turns.
    """
    with threadpool_limits(limits=1):
        if jobs == 1:
            yield one_by_one
        else:
            with _threads(jobs) as each:
                yield each


@contextmanager
def _threads(jobs: int) -> Generator[Each]:
    given_up = Event()

    def piece(work: Callable[[Thing], Made], things: Sequence[Thing]) -> list[Made]:
        made: list[Made] = []
        for thing in things:
            if given_up.is_set():
                raise CancelledError
            made.append(work(thing))
        return made

    with ThreadPoolExecutor(jobs - 1, thread_name_prefix="covey") as pool:

        def each(work: Callable[[Thing], Made], things: Iterable[Thing], /) -> Iterator[Made]:
            listed = list(things)
            size = max(1, -(-len(listed) // (PIECES_PER_JOB * jobs)))
            pieces = [listed[at : at + size] for at in range(0, len(listed), size)]
            begun = (pool.submit(piece, work, one) for one in pieces)
            return chain.from_iterable(_in_order(dict(enumerate(begun)), lambda number: piece(work, pieces[number])))

        try:
            yield each
        except BaseException:
            given_up.set()
            raise


def _in_order(waiting: dict[int, Future[list[Made]]], here: Callable[[int], list[Made]]) -> Iterator[list[Made]]:
    """Yield what comes of each piece, and meanwhile do those here that no other thread has begun."""
    done: dict[int, Future[list[Made]]] = {}
    try:
        for number in range(len(waiting)):
            while number in waiting and not waiting[number].done():
                mine = next((i for i, one in waiting.items() if one.cancel()), None)
                if mine is None:
                    break
                del waiting[mine]
                done[mine] = _future(here, mine)
            # Nothing of what came is kept here.
            yield (done.pop(number) if number in done else waiting.pop(number)).result()
    finally:
        for one in waiting.values():
            one.cancel()


def _future(here: Callable[[int], list[Made]], number: int) -> Future[list[Made]]:
    # What fails waits for its turn, so that the first of several failures is the one that is told.
    done: Future[list[Made]] = Future()
    try:
        done.set_result(here(number))
    except Exception as failure:  # noqa: BLE001 (whatever it is, it is raised again)
        done.set_exception(failure)
    return done
