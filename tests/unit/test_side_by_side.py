"""Things worked on at once: in order, parts of parts, and what happens where one of them fails."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from generator.errors import InfeasibleError
from generator.model import Inputs, Limits, Objective
from generator.pipeline import plan
from generator.present.document import document
from generator.side_by_side import side_by_side
from generator.stages import HERE
from tests.fleets import catalog, days, fleet, gpu_workload, inputs, workload

JOBS = [1, 2, 5]


@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_what_comes_of_things_comes_in_their_order(jobs: int, count: int) -> None:
    with side_by_side(jobs) as each:
        assert [n * n for n in range(count)] == list(each(lambda n: n * n, range(count)))


@pytest.mark.parametrize("jobs", JOBS)
def test_parts_of_things_are_worked_on_side_by_side_again(jobs: int) -> None:
    with side_by_side(jobs) as each:

        def summed(depth: int) -> int:
            return 1 if depth == 0 else sum(each(summed, [depth - 1] * 3))

        assert summed(5) == 3**5


def test_two_things_are_worked_on_at_once() -> None:
    # Neither gets past it before the other has come.
    both = threading.Barrier(2, timeout=60)
    with side_by_side(2) as each:
        assert [0, 1] == sorted(each(lambda _: both.wait(), range(2)))


@pytest.mark.parametrize("jobs", JOBS)
def test_linear_algebra_begins_no_threads_of_its_own_meanwhile(jobs: int) -> None:
    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(limits=2):
        with side_by_side(jobs) as each:
            assert [{1}] * 3 == list(each(lambda _: threads(), range(3)))
        assert {2} == threads()


@pytest.mark.parametrize("jobs", JOBS)
def test_of_several_failures_the_first_is_told(jobs: int) -> None:
    def failing(number: int) -> int:
        if number >= 3:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=r"^3$"), side_by_side(jobs) as each:
        list(each(failing, range(200)))


def test_after_a_failure_no_other_thing_is_waited_for_that_nobody_has_begun() -> None:
    begun: list[int] = []
    failed = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("first")
        failed.wait(60)

    def failing() -> None:
        with side_by_side(2) as each:
            try:
                list(each(work, range(6400)))
            finally:
                failed.set()

    with pytest.raises(ValueError, match="first"):
        failing()
    # The first thing, and at most the piece of a hundred that the other thread had begun.
    assert len(begun) <= 101


def mixed() -> Inputs:
    """Return a fleet of three classes, with quotas that bind across groups."""
    one = [workload(f"w{i}", runtime=("sklearn", "amazon-only")[i % 2]) for i in range(6)] + [gpu_workload("g0")]
    return inputs(fleet(one, limits=Limits(quotas={"ml.medium": 2})), days(len(one), 192, seed=3))


def alike() -> Inputs:
    return inputs(fleet([workload(f"w{i:02}") for i in range(12)]), days(12, 192, seed=4))


@pytest.mark.parametrize("given", [mixed, alike])
def test_a_plan_has_the_same_bytes_however_many_things_are_worked_on_at_once(given: Callable[[], Inputs]) -> None:
    texts: set[str] = set()
    for jobs in JOBS:
        with side_by_side(jobs) as each:
            texts.add(document(plan(given(), catalog(), work=replace(HERE, each=each))).text())

    assert 1 == len(texts)


@pytest.mark.parametrize("jobs", JOBS)
def test_an_infeasible_fleet_is_refused_with_the_same_words(jobs: int) -> None:
    one = fleet([workload("a"), *(workload(name, objective=Objective(0.99, 0.001)) for name in "bcd")])
    with pytest.raises(InfeasibleError) as raised, side_by_side(jobs) as each:
        plan(inputs(one, days(4, 96, seed=1)), catalog(), work=replace(HERE, each=each))

    assert "workload b" == raised.value.where
