"""Hosting that gives every request a worker of its own: how many find none ready, in closed form and one by one."""

import numpy as np
from scipy.stats import poisson

from generator.capacity.scaling import Behaviour, idle_probability
from generator.compiled import compiled_aside
from generator.model import FloatArray

# So few requests of the busiest bin may find every worker in use.
REFUSED_SHARE = 1e-4
# Workers in use less likely than this are left out of the sum.
NEGLIGIBLE = 1e-9


def cold_share(
    rate_rps: FloatArray, load: FloatArray, behaviour: Behaviour, bin_s: float, start_s: float
) -> FloatArray:
    """Share of each bin's requests that wait for a worker to start.

    Arrivals are Poisson at the bins' rates, so the workers in use are Poisson with the load as their mean
    (M/G/infinity). The n-th worker is asked by those who find n - 1 in use, and is gone once nobody has asked it for
    the hold time.

    Parameters
    ----------
    rate_rps : ndarray, shape (T,)
    load : ndarray, shape (T,), erlangs
    behaviour : Behaviour
    bin_s : float
    start_s : float
        Time a worker takes to start; those who come meanwhile start one, too.

    Returns
    -------
    ndarray, shape (T,)

    Notes
    -----
    That the free worker of least number is asked is an estimate: the clouds do not say which one is.
    """
    most = int(poisson.isf(NEGLIGIBLE, float(load.max(initial=0.0)))) + 1
    cold = np.zeros(len(load))
    for used in range(most):
        found = poisson.pmf(used, load)
        cold += found * idle_probability(rate_rps * found, behaviour.hold_s, bin_s, start_s=start_s)
    return np.minimum(cold, 1.0)


def workers_for(load: float) -> int:
    """Fewest workers of which no more than `REFUSED_SHARE` of requests find all in use, at a load in erlangs."""
    return int(poisson.isf(REFUSED_SHARE, load)) + 1


def refused_share(load: FloatArray, workers: int) -> FloatArray:
    """Share of each bin's requests that find all workers in use, shape (T,)."""
    return poisson.sf(workers - 1, load)


@compiled_aside
def worker_latencies(
    arrival_s: FloatArray, service_s: FloatArray, workers: int, hold_s: float, start_s: float
) -> FloatArray:
    """Serve N requests, each on the free worker of least number, and time each from arrival to answer.

    Parameters
    ----------
    arrival_s : ndarray, shape (N,)
        In ascending order.
    service_s : ndarray, shape (N,)
    workers : int
        As many may run.
    hold_s, start_s : float
        A worker that is asked nothing for so long is gone, and takes so long to be back.

    Returns
    -------
    ndarray, shape (N,)
        Infinite for those who found every worker in use.
    """
    # Before its first request no worker runs.
    free_at = np.full(workers, -np.inf)
    took = np.full(len(arrival_s), np.inf)
    for i in range(len(arrival_s)):
        for n in range(workers):
            if free_at[n] <= arrival_s[i]:
                cold = arrival_s[i] - free_at[n] > hold_s
                took[i] = service_s[i] + (start_s if cold else 0.0)
                free_at[n] = arrival_s[i] + took[i]
                break
    return took
