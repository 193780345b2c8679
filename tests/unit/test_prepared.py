"""A window is prepared once for all who size on it, and kept no longer than they are."""

import gc
from threading import Barrier, Thread
from weakref import ref

import numpy as np
import pytest

from generator.capacity.prepared import Prepared, prepared
from generator.capacity.sizing import Sizer, Terms
from generator.model import FloatArray
from tests.fleets import days, fleet, table, traffic, workload


def with_one_silent(bins: int) -> FloatArray:
    rates = days(3, bins, seed=1)
    rates[1] = 0.0
    return rates


@pytest.mark.parametrize("bins", [96, 4096])
def test_as_long_as_somebody_sizes_on_a_window_it_is_not_prepared_again(bins: int) -> None:
    one = fleet([workload(f"w{i}") for i in range(3)])
    seen = traffic(one, with_one_silent(bins))
    first, second = (Sizer(table(one), seen, Terms(headroom=headroom)) for headroom in (1.0, 1.6))

    assert np.shares_memory(first.traffic.rate_rps, second.traffic.rate_rps)
    assert prepared(seen) is prepared(seen)
    assert prepared(seen).traffic is first.traffic


def test_requests_over_time_are_summed_up_once_for_each_number_of_steps() -> None:
    one = fleet([workload(f"w{i}") for i in range(3)])
    seen = prepared(traffic(one, with_one_silent(96)))

    assert seen.history(8) is seen.history(8)
    assert seen.history(8) is not seen.history(0)


def test_what_was_prepared_goes_with_the_last_who_sizes_on_it() -> None:
    one = fleet([workload(f"w{i}") for i in range(3)])
    seen = traffic(one, with_one_silent(96))
    sizer = Sizer(table(one), seen, Terms())
    held = ref(prepared(seen))

    assert held() is not None
    del sizer
    gc.collect()
    assert held() is None


def test_threads_that_come_at_once_are_given_the_same() -> None:
    one = fleet([workload(f"w{i}") for i in range(3)])
    seen = traffic(one, with_one_silent(4096))
    found: list[Prepared] = []
    together = Barrier(4)

    def come() -> None:
        together.wait()
        found.append(prepared(seen))

    threads = [Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(one is found[0] for one in found)


def test_windows_alike_are_prepared_apart() -> None:
    one = fleet([workload(f"w{i}") for i in range(3)])
    rates = with_one_silent(96)
    some, others = prepared(traffic(one, rates)), prepared(traffic(one, 2.0 * rates))

    assert some is not others
    assert (others.rate_rps[0] == 2.0 * some.rate_rps[0]).all()
