"""A window as groups are sized on it: nobody silent, a long one by its sample; one for all who size on it."""

from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from generator.capacity.cold_loads import History, history
from generator.capacity.offers import fixed
from generator.capacity.sampling import sample_bins
from generator.capacity.silence import never_silent
from generator.model import FloatArray, Traffic


@dataclass(frozen=True, eq=False)
class Prepared:
    """A window of traffic as groups are sized on it.

    Parameters
    ----------
    observed : Traffic
        As it came; while it is held here, no other traffic has its identity.
    traffic : Traffic
        Who was asked nothing has the rate of `never_silent`.
    rate_rps : ndarray, shape (W, S), requests/s
    weights : ndarray, shape (S,)
    sampled : ndarray of int, shape (S,)
        Bins that stand for the window, as `sample_bins` chooses them.
    """

    observed: Traffic
    traffic: Traffic
    rate_rps: FloatArray
    weights: FloatArray
    sampled: NDArray[np.intp]
    _histories: dict[int, History] = field(default_factory=dict[int, History])

    def history(self, most_steps: int) -> History:
        """Sum up the window's requests over time, once for each number of steps."""
        if most_steps not in self._histories:
            # Threads that come at once may both sum up; they keep the same.
            self._histories.setdefault(most_steps, history(self.traffic, self.sampled, most_steps=most_steps))
        return self._histories[most_steps]


# By the identity of what was observed, as long as somebody sizes on it: each may be as large as the traffic.
_in_use: WeakValueDictionary[int, Prepared] = WeakValueDictionary()
_one_at_a_time = Lock()


def prepared(traffic: Traffic) -> Prepared:
    """Prepare a window to size on, once for all who do: the same is returned while anybody still holds it."""
    with _one_at_a_time:
        found = _in_use.get(id(traffic))
        if found is None:
            heard = never_silent(traffic)
            rate_rps, weights, sampled = sample_bins(heard)
            found = _in_use[id(traffic)] = Prepared(traffic, heard, fixed(rate_rps), weights, sampled)
        return found
