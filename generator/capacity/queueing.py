"""How long requests wait: a multi-server queue inside each bin, a fluid backlog between bins."""

import math

import numpy as np
from scipy.special import gammaincc, gammaincinv

from generator.compiled import compiled
from generator.model import FloatArray

# Quantiles at which the service time of a request is sampled when waiting and service are added up.
SERVICE_QUANTILES: FloatArray = np.array([0.125, 0.375, 0.625, 0.875])
# A stationary queue is not reached within one bin above this utilisation; the fluid backlog takes over from there.
STATIONARY_UTILIZATION = 0.98
# A gamma distribution this narrow is as good as a constant.
LEAST_VARIATION = 0.01
# Decays of an exponential tail after which nothing is left of it: e^-40 is 4 in 10^18.
NEVER = 40.0

# The emitted API gives up on an endpoint after this: a model may take longer to load, but nobody is answered.
ANSWERED_WITHIN_S = 29.0


def wait_tail(
    utilization: FloatArray, servers: FloatArray, service_s: FloatArray | float, variability: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """Describe the waiting time of a G/G/c queue by the probability of waiting and the rate of its exponential tail.

    ``P(W > x) = probability * exp(-rate * x)`` with Sakasegawa's approximation of the M/M/c delay,
    ``probability = utilization ** (sqrt(2 (c + 1)) - 1)``, and the Allen-Cunneen correction of the mean,
    ``(ca**2 + cs**2) / 2``.

    Parameters
    ----------
    utilization : ndarray
        Offered load over servers; values at or above 1 are held at `STATIONARY_UTILIZATION`.
    servers : ndarray
        Number of servers, c, at least 1.
    service_s : ndarray or float
        Mean service time in seconds.
    variability : ndarray or float
        ``(ca**2 + cs**2) / 2`` of interarrival and service times.

    Returns
    -------
    probability, rate_per_s : ndarray
        Probability of waiting at all; decay of the tail in 1/s.

    References
    ----------
    H. Sakasegawa, "An approximation formula L_q = alpha rho^beta / (1 - rho)", Ann. Inst. Stat. Math. 29 (1977).
    A. O. Allen, "Probability, Statistics and Queueing Theory", 2nd ed., Academic Press (1990), section 5.4.
    """
    held = np.minimum(utilization, STATIONARY_UTILIZATION)
    probability = held ** (np.sqrt(2.0 * (servers + 1.0)) - 1.0)
    rate = servers * (1.0 - held) / (np.maximum(service_s, 1e-9) * np.maximum(variability, 1e-3))
    return probability, rate


def service_miss(
    budget_s: FloatArray | float, service_s: FloatArray | float, variation: FloatArray | float
) -> FloatArray:
    """Share of requests whose service alone takes longer than the budget, service times gamma-distributed.

    Parameters
    ----------
    budget_s, service_s : ndarray or float
        Time left for service; mean service time. Seconds.
    variation : ndarray or float
        Coefficient of variation of the service time; `LEAST_VARIATION` stands for anything steadier.
    """
    shape = np.maximum(variation, LEAST_VARIATION) ** -2.0
    in_means = np.maximum(budget_s, 0.0) / np.maximum(service_s, 1e-12)
    return np.where(np.asarray(budget_s) <= 0, 1.0, gammaincc(shape, in_means * shape))


def load_miss(budget_s: FloatArray, load_s: FloatArray, service_s: FloatArray, variation: FloatArray) -> FloatArray:
    """Share of requests whose service takes longer than the budget after their model was loaded.

    Parameters
    ----------
    budget_s, load_s, service_s, variation : ndarray
        As in `service_miss`; nobody is answered after `ANSWERED_WITHIN_S`, whatever the budget.
    """
    return service_miss(np.minimum(budget_s, ANSWERED_WITHIN_S) - load_s, service_s, variation)


def service_quantiles(service_s: FloatArray | float, variation: FloatArray | float) -> FloatArray:
    """Service times at `SERVICE_QUANTILES`, gamma-distributed with given means and coefficients of variation, last."""
    shape = np.asarray(np.maximum(variation, LEAST_VARIATION) ** -2.0)[..., None]
    return gammaincinv(shape, SERVICE_QUANTILES) * np.asarray(service_s)[..., None] / shape


def backlog(load: FloatArray, replicas: FloatArray, bin_s: float) -> FloatArray:
    """Work that waits at the end of each bin when load exceeds capacity, carried over until it is worked off.

    The fluid form of Lindley's recursion, ``b[t] = max(0, b[t-1] + (load[t] - replicas[t]) * bin_s)``, by
    ``b = s - min(0, running minimum of s)`` over the partial sums s. Nobody gives up waiting.

    Parameters
    ----------
    load, replicas : ndarray, shape (..., T)
        Replicas' worth of work offered, and replicas running.

    Returns
    -------
    ndarray, shape (..., T), replica-seconds
    """
    sums = np.cumsum((load - replicas) * bin_s, axis=-1)
    return sums - np.minimum(np.minimum.accumulate(sums, axis=-1), 0.0)


@compiled
def overdue(backlog_s: FloatArray, replicas: FloatArray, budget_s: float) -> FloatArray:
    """Share of a bin's requests that a carried-over backlog delays by more than the budget.

    Within a bin the delay moves linearly from the previous bin's end to this one's.

    Parameters
    ----------
    backlog_s : ndarray, shape (T,), replica-seconds
    replicas : ndarray, shape (T,)
    budget_s : float
        Waiting time that still keeps the objective.
    """
    late = np.zeros(len(backlog_s))
    for t in range(len(backlog_s)):
        end = backlog_s[t] / max(replicas[t], 1e-9)
        start = (backlog_s[t - 1] if t > 0 else 0.0) / max(replicas[t], 1e-9)
        low, high = min(start, end), max(start, end)
        if high > 0.0:
            late[t] = min(max((high - budget_s) / max(high - low, 1e-9), 0.0), 1.0)
    return late


@compiled
def waits_too_long(
    rate_rps: FloatArray,
    probability: FloatArray,
    decay: FloatArray,
    waits_s: FloatArray,
    behind: FloatArray,
    backlog_s: FloatArray,
    replicas: FloatArray,
) -> FloatArray:
    """Share of each member's requests in each bin that wait too long, shape (M, T); 0 where it has none.

    By the tail of `wait_tail`, by a backlog that is `overdue`, or by what the autoscaler is behind: the most of them.

    Parameters
    ----------
    rate_rps : ndarray, shape (M, T)
    probability, decay : ndarray, shape (T,)
    waits_s : ndarray, shape (M, Q)
        Waiting times that still keep the objective, at equally likely service times.
    behind : ndarray, shape (T,)
        Share of all requests that are late because replicas come late.
    backlog_s : ndarray, shape (T,), replica-seconds
    replicas : ndarray, shape (T,)
    """
    members, bins = rate_rps.shape
    late = np.zeros((members, bins))
    for m in range(members):
        over, shortest_s = overdue(backlog_s, replicas, waits_s[m].mean()), waits_s[m].min()
        for t in range(bins):
            if rate_rps[m, t] > 0.0:
                if shortest_s * decay[t] < NEVER:
                    for q in range(waits_s.shape[1]):
                        late[m, t] += probability[t] * math.exp(-waits_s[m, q] * decay[t])
                late[m, t] = max(late[m, t] / waits_s.shape[1], behind[t], over[t])
    return late
